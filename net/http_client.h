// HTTP/1.1 as a client, in clear and with TLS: one request, one connection, and a limit on the time
// and the bytes that all of it may take, whatever the server does.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "net/http_message.h"

namespace kengred::net {

struct HttpClientOptions {
  // From the look-up of the name to the last byte of the answer.
  absl::Duration timeout = absl::Seconds(5);
  // Of an answer's body. Headers and framing are limited to a few times as much.
  size_t body_bytes_max = size_t{64} * 1024;
  // PEM: the authorities that https servers are believed with. Empty: the system's.
  std::string ca_file{};
};

// Thread-safe. Redirects are answers like any other; cookies, proxies and compression do not exist.
//
// Errors: InvalidArgument for a URL (address.h), Unavailable where the server cannot be reached, is
// not believed or does not speak HTTP, DeadlineExceeded, ResourceExhausted for an answer past the
// limit, Cancelled after Cancel. Every answer, of whatever status, is OK. Messages name the server
// but not what it said.
class HttpClient {
 public:
  // SIGPIPE is ignored from then on.
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  absl::StatusOr<HttpResponse> Get(const std::string& url,
                                   const std::vector<HttpHeader>& headers = {});
  absl::StatusOr<HttpResponse> Post(const std::string& url, const std::string& body,
                                    const std::string& content_type);

  // Calls under way and all later ones end at once. May be called twice.
  void Cancel();

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace kengred::net
