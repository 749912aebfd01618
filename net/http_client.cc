#include "net/http_client.h"

#include <absl/time/clock.h>
#include <httplib.h>

#include <csignal>
#include <exception>
#include <utility>

#include "net/address.h"
#include "net/channel.h"
#include "net/connect.h"
#include "net/httplib_stream.h"

namespace kengred::net {
namespace {

constexpr size_t kHeaderBytesMax = 32 * 1024;
// The framing of a chunked body may be several times as long as the body.
constexpr uint64_t kChunkFraming = 8;

// cpp-httplib writes the request and parses the answer; the connection is ours.
class Exchange final : private httplib::ClientImpl {
 public:
  explicit Exchange(const std::string& host) : httplib::ClientImpl(host) {
    set_decompress(false);
    set_follow_location(false);
  }

  bool Run(Channel* channel, httplib::Request* request, httplib::Response* response) {
    HttplibStream stream(channel);
    httplib::Error error = httplib::Error::Success;
    return process_request(stream, *request, *response, /*close_connection=*/true, error);
  }
};

}  // namespace

struct HttpClient::Impl {
  explicit Impl(HttpClientOptions the_options) : options(std::move(the_options)) {}

  absl::StatusOr<HttpResponse> Call(const std::string& url, httplib::Request request);

  const HttpClientOptions options;
  Signal stop;
};

absl::StatusOr<HttpResponse> HttpClient::Impl::Call(const std::string& text,
                                                    httplib::Request request) {
  const auto url = ParseUrl(text);
  if (!url.ok()) return url.status();
  const absl::Time deadline = absl::Now() + options.timeout;
  const auto socket = Connect(url->server, deadline, stop);
  if (!socket.ok()) return socket.status();
  std::unique_ptr<Channel> channel;
  if (url->tls) {
    auto secure = NewTlsChannel(*socket, {url->server.host, options.ca_file}, deadline, &stop);
    if (!secure.ok()) return secure.status();
    channel = *std::move(secure);
  } else {
    channel = std::make_unique<Channel>(*socket, &stop);
  }
  channel->set_read_deadline(deadline);
  channel->set_write_deadline(deadline);
  channel->set_budget(kHeaderBytesMax + kChunkFraming * options.body_bytes_max);

  request.path = url->path;
  request.set_header("Host", FormatHostPort(url->server));
  request.set_header("Accept", "*/*");
  request.set_header("Accept-Encoding", "identity");
  request.set_header("User-Agent", "kengred");
  std::string body;
  bool too_large = false;
  request.content_receiver = [&](const char* data, size_t size, uint64_t /*offset*/,
                                 uint64_t /*total*/) {
    too_large = body.size() + size > options.body_bytes_max;
    if (!too_large) body.append(data, size);
    return !too_large;
  };
  httplib::Response response;
  bool whole = false;
  try {
    whole = Exchange(url->server.host).Run(channel.get(), &request, &response);
  } catch (const std::exception&) {
    // What cpp-httplib cannot read as a number, for one.
  }
  const std::string server = FormatHostPort(url->server);
  if (!whole) {
    if (stop.raised() || channel->timed_out()) {
      return WaitFailure(stop, server + " does not answer in time");
    }
    if (too_large || channel->exhausted()) {
      return absl::ResourceExhaustedError(server + " answers more than " +
                                          std::to_string(options.body_bytes_max) + " bytes");
    }
    return absl::UnavailableError(server + " does not answer as a web server does");
  }
  HttpResponse answer{
      response.status, response.get_header_value("Content-Type"), std::move(body), {}};
  for (const auto& [name, value] : response.headers) answer.headers.emplace_back(name, value);
  return answer;
}

HttpClient::HttpClient(HttpClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {
  std::signal(SIGPIPE, SIG_IGN);
}

HttpClient::~HttpClient() = default;

absl::StatusOr<HttpResponse> HttpClient::Get(const std::string& url,
                                             const std::vector<HttpHeader>& headers) {
  httplib::Request request;
  request.method = "GET";
  for (const auto& [name, value] : headers) request.set_header(name, value);
  return impl_->Call(url, std::move(request));
}

absl::StatusOr<HttpResponse> HttpClient::Post(const std::string& url, const std::string& body,
                                              const std::string& content_type) {
  httplib::Request request;
  request.method = "POST";
  request.body = body;
  request.set_header("Content-Type", content_type);
  return impl_->Call(url, std::move(request));
}

void HttpClient::Cancel() { impl_->stop.Raise(); }

}  // namespace kengred::net
