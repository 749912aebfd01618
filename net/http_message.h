// Requests and responses of HTTP/1.1 as the two ends of net/ pass them on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kengred::net {

// Name and value of a header line. Names are compared without regard to case.
using HttpHeader = std::pair<std::string, std::string>;

struct HttpRequest {
  // "GET", "HEAD", "POST", ...: as sent, always upper case.
  std::string method;
  // What stands in the request line, as sent: nothing is decoded. "/tile/0/000?x=1"; need not start
  // with a slash.
  std::string target;
  std::vector<HttpHeader> headers;
  // Only a POST's body is read.
  std::string body;
  // The address that it came from, without its port.
  std::string peer;

  // The target up to its first "?", and what follows that.
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view query() const {
    const size_t mark = target.find('?');
    return mark == std::string::npos ? "" : std::string_view(target).substr(mark + 1);
  }
  // The value of the first header of that name; nothing where there is none.
  std::optional<std::string> Header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  // Empty where there is no body.
  std::string content_type;
  std::string body;
  // All others. A client's response holds Content-Type here too.
  std::vector<HttpHeader> headers;

  std::optional<std::string> Header(std::string_view name) const;
};

}  // namespace kengred::net
