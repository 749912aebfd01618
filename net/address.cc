#include "net/address.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace kengred::net {
namespace {

absl::Status Invalid(std::string_view text, const std::string& why) {
  return absl::InvalidArgumentError("\"" + std::string(text) + "\" " + why);
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  if (text.empty() || error != std::errc() || rest != end) return std::nullopt;
  return port;
}

// The host as it stands before a port, or nothing: brackets belong to IPv6 addresses and to nothing
// else.
std::optional<std::string> ParseHost(std::string_view text) {
  const bool brackets = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const std::string_view host = brackets ? text.substr(1, text.size() - 2) : text;
  const bool six = host.find(':') != std::string_view::npos;
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '%';
  });
  if (host.empty() || !plain || six != brackets) return std::nullopt;
  return std::string(host);
}

}  // namespace

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return Invalid(text, "is no address; write it like 127.0.0.1:4367");
  }
  const auto port = ParsePort(text.substr(colon + 1));
  if (!port) return Invalid(text, "has no port; write one from 0 to 65535 after the colon");
  const auto host = ParseHost(text.substr(0, colon));
  if (!host) {
    return Invalid(text, "names no host; write an address, with brackets around one of IPv6");
  }
  return HostPort{*host, *port};
}

std::string FormatHostPort(const HostPort& address) {
  const bool six = address.host.find(':') != std::string::npos;
  return (six ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

absl::StatusOr<Url> ParseUrl(std::string_view text) {
  if (text.size() > kUrlBytesMax ||
      !std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; })) {
    return absl::InvalidArgumentError("the URL is longer than " + std::to_string(kUrlBytesMax) +
                                      " bytes, or holds spaces or letters beyond ASCII");
  }
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    url.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return Invalid(text, "is no URL; write it like https://witness.example/path");
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  url.path = slash == rest.size() ? "/" : std::string(rest.substr(slash));
  if (authority.find('@') != std::string_view::npos ||
      rest.find_first_of("?#") != std::string_view::npos) {
    return Invalid(text, "holds a user, a query or a fragment; leave them out");
  }
  const size_t colon = authority.rfind(':');
  // A colon within brackets belongs to the address.
  if (colon != std::string_view::npos && authority.back() != ']') {
    auto server = ParseHostPort(authority);
    if (!server.ok()) return server.status();
    url.server = *std::move(server);
  } else {
    const auto host = ParseHost(authority);
    if (!host) return Invalid(text, "names no host");
    url.server = {*host, static_cast<uint16_t>(url.tls ? 443 : 80)};
  }
  if (url.server.port == 0) return Invalid(text, "has port 0, which nobody can call");
  return url;
}

}  // namespace kengred::net
