#include "net/http_connection.h"

#include <absl/time/clock.h>
#include <httplib.h>

#include <charconv>
#include <exception>
#include <utility>

#include "net/httplib_stream.h"

namespace kengred::net {
namespace {

// The framing of a chunked body may be several times as long as the body.
constexpr uint64_t kChunkFraming = 8;
constexpr uint64_t kBodyFramingBytes = 16 * 1024;
constexpr absl::Duration kLinger = absl::Seconds(1);

HttpResponse Refusal(int status, const std::string& why) {
  return {status, "text/plain; charset=utf-8", why + "\n", {}};
}

// cpp-httplib parses and writes; it has no socket, thread or time of its own here.
class Connection final : private httplib::Server {
 public:
  Connection(Channel* channel, std::string peer, const HttpHandler& handler,
             const HttpServerOptions& options)
      : channel_(*channel), peer_(std::move(peer)), handler_(handler), options_(options) {
    set_payload_max_length(options.body_bytes_max);
    // Before routing and so for every method; only a POST goes on, to have its body read.
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
      if (body_follows_) return HandlerResponse::Unhandled;
      Answer(&response);
      return HandlerResponse::Handled;
    });
    // Every target is "/" by then.
    Post("/", [this](const httplib::Request&, httplib::Response& response,
                     const httplib::ContentReader& reader) {
      ReadBody(reader);
      Answer(&response);
    });
  }

  // Whether the last request may not have been read to its end.
  bool left_unread() const { return left_unread_; }

  // Serves one request; whether another may follow.
  bool ServeOne(bool last) {
    request_ = HttpRequest{};
    refusal_.reset();
    begun_ = false;
    left_unread_ = true;
    body_follows_ = false;
    over_ = last;
    channel_.set_budget(options_.header_bytes_max);
    const absl::Time deadline = absl::Now() + options_.request_timeout;
    channel_.set_read_deadline(deadline);
    channel_.set_write_deadline(deadline);
    HttplibStream stream(&channel_);
    bool closed_by_client = false;
    try {
      const bool written = process_request(stream, last, closed_by_client,
                                           [this](httplib::Request& request) { Begin(&request); });
      if (!written || !begun_) over_ = true;
    } catch (const std::exception&) {
      // Memory, most likely: this connection has had its chance.
      over_ = true;
    }
    return !over_ && !closed_by_client;
  }

 private:
  // The headers are there. Decides whether a body is to be read, and keeps from cpp-httplib all
  // that it would otherwise do by itself: decode, decompress, cut into parts and ranges, match
  // targets.
  void Begin(httplib::Request* request) {
    begun_ = true;
    left_unread_ = false;
    request_.method = request->method;
    request_.target = request->target;
    request_.peer = peer_;
    for (const auto& [name, value] : request->headers) request_.headers.emplace_back(name, value);
    request->path = "/";
    request->params.clear();
    request->ranges.clear();
    for (const char* name : {"Range", "Accept-Encoding", "Content-Type"}) {
      request->headers.erase(name);
    }
    Judge(*request);
    if (over_) {
      // So it says "Connection: close", and does not ask for the rest.
      request->headers.erase("Connection");
      request->set_header("Connection", "close");
    }
    if (!body_follows_) request->headers.erase("Expect");
    channel_.set_budget(body_follows_ ? kChunkFraming * options_.body_bytes_max + kBodyFramingBytes
                                      : 0);
  }

  void Judge(const httplib::Request& request) {
    const auto count = [&request](const char* name) { return request.headers.count(name); };
    const std::string length_text = request.get_header_value("Content-Length");
    const char* const end = length_text.data() + length_text.size();
    uint64_t length = 0;
    const auto [rest, error] = std::from_chars(length_text.data(), end, length);
    const bool too_long = error == std::errc::result_out_of_range;
    if (count("Content-Length") + count("Transfer-Encoding") > 1 ||
        (count("Content-Length") == 1 && (rest != end || (error != std::errc() && !too_long)))) {
      Refuse(400, "the length of the body is not clear");
    } else if (count("Transfer-Encoding") == 1 &&
               request.get_header_value("Transfer-Encoding") != "chunked") {
      Refuse(501, "of the transfer encodings only chunked is understood");
    } else if (count("Content-Encoding") > 0) {
      Refuse(415, "send the body without a content encoding");
    } else if (length > options_.body_bytes_max || too_long) {
      RefuseBody();
    } else if (length > 0 || count("Transfer-Encoding") == 1) {
      body_follows_ = request.method == "POST";
      // What is not read must not be taken for the next request.
      if (!body_follows_) left_unread_ = over_ = true;
    }
  }

  void ReadBody(const httplib::ContentReader& reader) {
    bool too_large = false;
    const bool whole = reader([&](const char* data, size_t size) {
      if (request_.body.size() + size > options_.body_bytes_max) {
        too_large = true;
        return false;
      }
      request_.body.append(data, size);
      return true;
    });
    if (whole) return;
    if (too_large || channel_.exhausted()) {
      RefuseBody();
    } else {
      Refuse(channel_.timed_out() ? 408 : 400, "the body did not come as it should");
    }
  }

  void RefuseBody() {
    Refuse(413,
           "a body of more than " + std::to_string(options_.body_bytes_max) + " bytes is not read");
  }
  void Refuse(int status, const std::string& why) {
    refusal_ = Refusal(status, why);
    left_unread_ = over_ = true;
  }

  void Answer(httplib::Response* response) {
    HttpResponse answer;
    if (refusal_) {
      answer = *std::move(refusal_);
    } else {
      try {
        answer = handler_(request_);
      } catch (const std::exception&) {
        answer = Refusal(500, "something went wrong here");
        over_ = true;
      }
    }
    response->status = answer.status;
    if (over_) response->set_header("Connection", "close");
    for (const auto& [name, value] : answer.headers) response->set_header(name, value);
    if (!answer.content_type.empty()) {
      response->set_content(answer.body, answer.content_type);
    }
    channel_.set_write_deadline(absl::Now() + options_.request_timeout);
  }

  Channel& channel_;
  const std::string peer_;
  const HttpHandler& handler_;
  const HttpServerOptions& options_;
  // Of the request at hand.
  HttpRequest request_;
  std::optional<HttpResponse> refusal_;
  bool begun_ = false;  // the headers could be read
  bool left_unread_ = false;
  bool body_follows_ = false;  // and will be read
  bool over_ = false;          // the connection ends after it
};

}  // namespace

void ServeConnection(Channel* channel, const std::string& peer, const HttpHandler& handler,
                     const HttpServerOptions& options, const Signal& stop, const Signal& crowded) {
  Connection connection(channel, peer, handler, options);
  for (size_t served = 0; served < options.connection_requests_max; ++served) {
    // Who has just come is given time to speak; who has been served gives way.
    const bool first = served == 0;
    if (!channel->WaitForInput(
            absl::Now() + (first ? options.request_timeout : options.idle_timeout),
            first ? nullptr : &crowded)) {
      break;
    }
    const bool last = served + 1 == options.connection_requests_max || stop.raised();
    if (!connection.ServeOne(last)) break;
  }
  // Closing a socket with bytes that nobody has read would take the answer back.
  if (connection.left_unread()) channel->Linger(kLinger);
}

void RefuseConnection(Channel* channel) {
  constexpr std::string_view kFull =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n"
      "Retry-After: 1\r\n\r\n";
  channel->set_write_deadline(absl::Now());
  channel->Write(kFull.data(), kFull.size());
  channel->Linger(absl::ZeroDuration());
}

}  // namespace kengred::net
