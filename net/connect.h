// How a client gets a connection, in a time that is limited. Internal to net/.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <string>

#include "net/address.h"
#include "net/channel.h"

namespace kengred::net {

// Looks a name up and connects to the first of its addresses that answers. The descriptor does not
// block. Unavailable, DeadlineExceeded, or Cancelled where `stop` was raised.
absl::StatusOr<int> Connect(const HostPort& server, absl::Time deadline, const Signal& stop);

// Whom to believe that a server is who it says.
struct TlsTrust {
  std::string host;     // the name or address that its certificate must hold
  std::string ca_file;  // PEM, authorities; empty: the system's
};
// Takes over a connected socket and does the TLS handshake, at least TLS 1.2. Unavailable says why
// the server is not believed; InvalidArgument where ca_file cannot be read; DeadlineExceeded;
// Cancelled.
absl::StatusOr<std::unique_ptr<Channel>> NewTlsChannel(int socket, const TlsTrust& trust,
                                                       absl::Time deadline, const Signal* stop);

// Why a wait did not end well.
absl::Status WaitFailure(const Signal& stop, const std::string& what);

}  // namespace kengred::net
