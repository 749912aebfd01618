// A small HTTP/1.1 server in clear: a listening socket, a few threads, and limits on all that comes
// from outside. TLS is for a proxy in front of it.
//
//   threads   one takes connections, HttpServerOptions::threads serve them, each one at a time; a
//             connection that is idle gives way to one that waits
//   limits    connections, header and body bytes, time for a request to come and for its answer to
//             be taken; past them 503, 400, 413, or the end of the connection
//   refused   400 what is malformed, ambiguous in length, or has headers past the limit; 413 a body
//             past it; 414 a target past 8 KiB; 415 a Content-Encoding; 501 a Transfer-Encoding
//             other than chunked. Nothing of these reaches the handler
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "net/http_message.h"

namespace kengred::net {

struct HttpServerOptions {
  // Of a POST; those of other methods are never read.
  size_t body_bytes_max = size_t{64} * 1024;
  // The request line and all header lines.
  size_t header_bytes_max = size_t{16} * 1024;
  // Requests served at once.
  size_t threads = 8;
  // Connections open at once, served and waiting; one more is told 503.
  size_t connections_max = 128;
  // For a request to come whole, from its first byte (or the connection) on; and, after the
  // handler, for the answer to be taken.
  absl::Duration request_timeout = absl::Seconds(10);
  // Between two requests of a connection.
  absl::Duration idle_timeout = absl::Seconds(30);
  // Requests of one connection.
  size_t connection_requests_max = 1000;
};

// Called on several threads at once; must not throw. The body of an answer to HEAD is not sent.
using HttpHandler = std::function<HttpResponse(const HttpRequest& request)>;

class HttpServer {
 public:
  // Listens on "host:port" ("127.0.0.1:0": any free port; "[::1]:4367"), and serves.
  // InvalidArgument for what is no address, Unavailable where it cannot be listened on; the message
  // says why and what to do. SIGPIPE is ignored from then on.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& listen,
                                                           HttpHandler handler,
                                                           const HttpServerOptions& options = {});
  // Stop().
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;
  // The address with the port that was found for port 0.
  std::string address() const;

  // Takes no more connections, lets requests that have come whole be answered, drops the others,
  // and returns when no handler runs any more: about a second after the last has returned at the
  // latest. Not from a handler. May be called twice.
  void Stop();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kengred::net
