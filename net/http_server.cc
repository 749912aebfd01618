#include "net/http_server.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/clock.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "net/address.h"
#include "net/channel.h"
#include "net/http_connection.h"

namespace kengred::net {
namespace {

constexpr int kBacklog = 128;
// How long to wait when the process has no descriptor left.
constexpr absl::Duration kNoDescriptorPause = absl::Milliseconds(100);

absl::Status CannotListen(const std::string& address, const std::string& why) {
  return absl::UnavailableError("cannot listen on " + address + ": " + why);
}

// A socket that listens on the first address of the host that can be.
absl::StatusOr<int> Listen(const HostPort& address) {
  const std::string text = FormatHostPort(address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  if (const int error = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found)) {
    return CannotListen(text, "\"" + address.host + "\" is not known here (" +
                                  ::gai_strerror(error) + "); write an address of this machine");
  }
  absl::Status status = CannotListen(text, "the host has no address");
  int listener = -1;
  for (const addrinfo* one = found; one != nullptr && listener < 0; one = one->ai_next) {
    listener = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    if (listener >= 0 && ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        ::bind(listener, one->ai_addr, one->ai_addrlen) == 0 && ::listen(listener, kBacklog) == 0) {
      break;
    }
    const int error = errno;
    status = CannotListen(
        text, error == EADDRINUSE ? "another process listens there; stop it, or choose another"
              : error == EACCES
                  ? "this user may not; choose a port from 1024 on"
                  : std::string(std::strerror(error)) + "; write an address of this machine");
    if (listener >= 0) ::close(listener);
    listener = -1;
  }
  ::freeaddrinfo(found);
  if (listener < 0) return status;
  return listener;
}

// The numeric host and the port of a socket's own or other end.
HostPort NameOf(const sockaddr_storage& bytes, socklen_t size) {
  char host[NI_MAXHOST] = "";
  char port[NI_MAXSERV] = "0";
  const auto* address = static_cast<const sockaddr*>(static_cast<const void*>(&bytes));
  ::getnameinfo(address, size, host, sizeof(host), port, sizeof(port),
                NI_NUMERICHOST | NI_NUMERICSERV);
  return {host, static_cast<uint16_t>(std::strtoul(port, nullptr, 10))};
}

}  // namespace

struct HttpServer::Impl {
  Impl(HttpHandler the_handler, const HttpServerOptions& the_options)
      : handler(std::move(the_handler)), options(the_options) {}

  void TakeConnections();
  void Take(int socket, const std::string& peer);
  void Work();

  // A connection that waits for a thread.
  struct Waiting {
    int socket;
    std::string peer;
  };

  const HttpHandler handler;
  const HttpServerOptions options;
  HostPort bound;
  int listener = -1;
  Signal stop;
  // Raised while connections wait that no thread is free for.
  Signal crowded;
  std::thread taker;
  std::vector<std::thread> workers;

  absl::Mutex mutex;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::deque<Waiting> waiting ABSL_GUARDED_BY(mutex);
  size_t open ABSL_GUARDED_BY(mutex) = 0;
  size_t idle_workers ABSL_GUARDED_BY(mutex) = 0;
  absl::Mutex stop_mutex;  // one Stop at a time
};

void HttpServer::Impl::TakeConnections() {
  while (WaitReady(listener, POLLIN, absl::InfiniteFuture(), &stop) || !stop.raised()) {
    sockaddr_storage from{};
    socklen_t size = sizeof(from);
    auto* address = static_cast<sockaddr*>(static_cast<void*>(&from));
    const int socket = ::accept4(listener, address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket >= 0) {
      Take(socket, NameOf(from, size).host);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // The connection stays in the backlog until there is room.
      WaitReady(-1, 0, absl::Now() + kNoDescriptorPause, &stop);
    }
  }
}

void HttpServer::Impl::Take(int socket, const std::string& peer) {
  bool full = false;
  {
    const absl::MutexLock lock(&mutex);
    full = open >= options.connections_max;
    if (!full) {
      ++open;
      waiting.push_back({socket, peer});
      if (waiting.size() > idle_workers) crowded.Raise();
    }
  }
  if (!full) return;
  Channel channel(socket, &stop);
  RefuseConnection(&channel);
}

void HttpServer::Impl::Work() {
  while (true) {
    Waiting next;
    {
      const absl::MutexLock lock(&mutex);
      ++idle_workers;
      mutex.Await(absl::Condition(
          +[](Impl* impl) ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl->mutex) {
            return impl->stopping || !impl->waiting.empty();
          },
          this));
      --idle_workers;
      if (waiting.empty()) return;
      next = std::move(waiting.front());
      waiting.pop_front();
      if (waiting.empty()) crowded.Lower();
    }
    {
      Channel channel(next.socket, &stop);
      if (!stop.raised()) ServeConnection(&channel, next.peer, handler, options, stop, crowded);
    }
    const absl::MutexLock lock(&mutex);
    --open;
  }
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& listen,
                                                              HttpHandler handler,
                                                              const HttpServerOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto address = ParseHostPort(listen);
  if (!address.ok()) return address.status();
  const auto listener = Listen(*address);
  if (!listener.ok()) return listener.status();
  auto impl = std::make_unique<Impl>(std::move(handler), options);
  impl->listener = *listener;
  sockaddr_storage bytes{};
  socklen_t size = sizeof(bytes);
  ::getsockname(*listener, static_cast<sockaddr*>(static_cast<void*>(&bytes)), &size);
  impl->bound = {address->host, NameOf(bytes, size).port};
  for (size_t i = 0; i < options.threads; ++i) {
    impl->workers.emplace_back([server = impl.get()] { server->Work(); });
  }
  impl->taker = std::thread([server = impl.get()] { server->TakeConnections(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { Stop(); }

int HttpServer::port() const { return impl_->bound.port; }

std::string HttpServer::address() const { return FormatHostPort(impl_->bound); }

void HttpServer::Stop() {
  const absl::MutexLock one_at_a_time(&impl_->stop_mutex);
  if (impl_->stop.raised()) return;
  impl_->stop.Raise();
  {
    const absl::MutexLock lock(&impl_->mutex);
    impl_->stopping = true;
  }
  impl_->taker.join();
  for (std::thread& worker : impl_->workers) worker.join();
  ::close(impl_->listener);
}

}  // namespace kengred::net
