// Where to listen and whom to call, as people write it. Any thread.
//
// Errors: InvalidArgument says what to write instead.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace kengred::net {

struct HostPort {
  std::string host;  // an address without brackets, or a name
  uint16_t port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

// "127.0.0.1:4367", "[::1]:0", "witness.example:443".
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);
// ParseHostPort reads the same again.
std::string FormatHostPort(const HostPort& address);

// An http or https URL without user, query and fragment.
struct Url {
  bool tls = false;
  HostPort server;   // with the scheme's port where none is written
  std::string path;  // as written; starts with "/"

  friend bool operator==(const Url&, const Url&) = default;
};

// At most kUrlBytesMax bytes of printable ASCII.
inline constexpr size_t kUrlBytesMax = 2048;
absl::StatusOr<Url> ParseUrl(std::string_view text);

}  // namespace kengred::net
