#include "net/connect.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/clock.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace kengred::net {
namespace {

// Addresses of one name that are tried.
constexpr size_t kAddressesMax = 8;

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

// A look-up of a name. The system's resolver cannot be interrupted, so it has a thread of its own,
// which keeps this alive until it has its answer, however late.
struct Lookup {
  Signal done;
  absl::Mutex mutex;
  int error ABSL_GUARDED_BY(mutex) = 0;
  std::vector<SocketAddress> found ABSL_GUARDED_BY(mutex);
};

int Resolve(const HostPort& server, int flags, std::vector<SocketAddress>* found) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(server.port);
  if (const int error = ::getaddrinfo(server.host.c_str(), port.c_str(), &hints, &list)) {
    return error;
  }
  for (const addrinfo* one = list; one != nullptr && found->size() < kAddressesMax;
       one = one->ai_next) {
    SocketAddress address;
    if (one->ai_addrlen > sizeof(address.bytes)) continue;
    std::memcpy(&address.bytes, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    found->push_back(address);
  }
  ::freeaddrinfo(list);
  return 0;
}

absl::StatusOr<std::vector<SocketAddress>> ResolveWithin(const HostPort& server,
                                                         absl::Time deadline, const Signal& stop) {
  std::vector<SocketAddress> numeric;
  if (Resolve(server, AI_NUMERICHOST, &numeric) == 0) return numeric;
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, server] {
    std::vector<SocketAddress> found;
    const int error = Resolve(server, 0, &found);
    {
      const absl::MutexLock lock(&lookup->mutex);
      lookup->error = error;
      lookup->found = std::move(found);
    }
    lookup->done.Raise();
  }).detach();
  if (!WaitReady(lookup->done.descriptor(), POLLIN, deadline, &stop)) {
    return WaitFailure(stop, "the name " + server.host + " is not found in time");
  }
  const absl::MutexLock lock(&lookup->mutex);
  if (lookup->error != 0) {
    return absl::UnavailableError("the name " + server.host +
                                  " is not found: " + ::gai_strerror(lookup->error));
  }
  return lookup->found;
}

absl::StatusOr<int> ConnectTo(const SocketAddress& address, const std::string& server,
                              absl::Time deadline, const Signal& stop) {
  const int descriptor =
      ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) {
    return absl::UnavailableError(std::string("no socket can be made: ") + std::strerror(errno));
  }
  const auto* to = static_cast<const sockaddr*>(static_cast<const void*>(&address.bytes));
  absl::Status status;
  if (::connect(descriptor, to, address.size) != 0) {
    int error = errno;
    if (error == EINPROGRESS) {
      if (WaitReady(descriptor, POLLOUT, deadline, &stop)) {
        socklen_t size = sizeof(error);
        if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
      } else {
        status = WaitFailure(stop, server + " does not answer");
      }
    }
    if (status.ok() && error != 0) {
      status = absl::UnavailableError("cannot connect to " + server + ": " + std::strerror(error));
    }
  }
  if (status.ok()) return descriptor;
  ::close(descriptor);
  return status;
}

}  // namespace

absl::Status WaitFailure(const Signal& stop, const std::string& what) {
  return stop.raised() ? absl::CancelledError("told to stop") : absl::DeadlineExceededError(what);
}

absl::StatusOr<int> Connect(const HostPort& server, absl::Time deadline, const Signal& stop) {
  const auto addresses = ResolveWithin(server, deadline, stop);
  if (!addresses.ok()) return addresses.status();
  const std::string name = FormatHostPort(server);
  absl::Status last = absl::UnavailableError("the name " + server.host + " has no address");
  for (size_t i = 0; i < addresses->size(); ++i) {
    // One that is silent must leave time for those after it.
    const absl::Time now = absl::Now();
    const absl::Time until = now + (deadline - now) / static_cast<int64_t>(addresses->size() - i);
    const auto connected = ConnectTo((*addresses)[i], name, until, stop);
    if (connected.ok() || absl::IsCancelled(connected.status())) return connected;
    last = connected.status();
  }
  return last;
}

}  // namespace kengred::net
