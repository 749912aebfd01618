#include "net/http_message.h"

#include <algorithm>

namespace kengred::net {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::optional<std::string> Find(const std::vector<HttpHeader>& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (std::equal(key.begin(), key.end(), name.begin(), name.end(),
                   [](char a, char b) { return Lower(a) == Lower(b); })) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> HttpRequest::Header(std::string_view name) const {
  return Find(headers, name);
}

std::optional<std::string> HttpResponse::Header(std::string_view name) const {
  return Find(headers, name);
}

}  // namespace kengred::net
