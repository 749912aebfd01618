// A TCP connection without manners, and a TCP server that says what a test wants: for tests of what
// reads from the network.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

namespace kengred::testing {

class RawSocket {
 public:
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {}
  ~RawSocket() { Close(); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  // To a port of 127.0.0.1.
  static int Connect(int port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(port);
    if (::connect(descriptor, static_cast<sockaddr*>(static_cast<void*>(&address)),
                  sizeof(address)) != 0) {
      std::abort();
    }
    return descriptor;
  }
  static sockaddr_in Loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  // False where the other end has gone.
  bool Write(const std::string& text) {
    for (size_t written = 0; written < text.size();) {
      const ssize_t n =
          ::send(descriptor_, text.data() + written, text.size() - written, MSG_NOSIGNAL);
      if (n <= 0) return false;
      written += static_cast<size_t>(n);
    }
    return true;
  }
  void FinishWriting() { ::shutdown(descriptor_, SHUT_WR); }
  // Up to and including `end`, or all there is where the other end closes before.
  std::string ReadUntil(const std::string& end) {
    std::string text;
    char c = 0;
    while (end.empty() || text.find(end) == std::string::npos) {
      const ssize_t n = ::recv(descriptor_, &c, 1, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      text.push_back(c);
    }
    return text;
  }
  std::string ReadAll() { return ReadUntil(""); }
  void Close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_;
};

// Serves connections one after the other with `serve`, until it goes away.
class RawServer {
 public:
  explicit RawServer(std::function<void(RawSocket&)> serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = RawSocket::Loopback(0);
    auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
    socklen_t size = sizeof(address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      while (true) {
        const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (descriptor < 0) return;
        RawSocket socket(descriptor);
        serve_(socket);
      }
    });
  }
  // `serve` must come to its end.
  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  const std::function<void(RawSocket&)> serve_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace kengred::testing
