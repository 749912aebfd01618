#include "kengred/keys/utf8.h"

#include <cstddef>

namespace kengred::keys {

std::optional<char32_t> TakeCodePoint(std::string_view& text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  size_t size = 1;
  char32_t c = first;
  char32_t least = 0;  // the smallest code point that needs this many bytes
  if (first >= 0xF0 && first <= 0xF4) {
    size = 4, c = first & 0x07u, least = 0x10000;
  } else if (first >= 0xE0 && first < 0xF0) {
    size = 3, c = first & 0x0Fu, least = 0x800;
  } else if (first >= 0xC0 && first < 0xE0) {
    size = 2, c = first & 0x1Fu, least = 0x80;
  } else if (first >= 0x80) {
    text.remove_prefix(1);
    return std::nullopt;
  }
  bool good = size <= text.size();
  for (size_t i = 1; good && i < size; ++i) {
    good = (byte(i) & 0xC0u) == 0x80u;
    c = (c << 6) | (byte(i) & 0x3Fu);
  }
  if (!good || c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
    text.remove_prefix(1);
    return std::nullopt;
  }
  text.remove_prefix(size);
  return c;
}

bool IsWhiteSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool IsPlainText(std::string_view text) {
  while (!text.empty()) {
    const std::optional<char32_t> c = TakeCodePoint(text);
    if (!c.has_value() || *c < 0x20 || (*c >= 0x7F && *c <= 0x9F)) return false;
    if (*c == 0x2028 || *c == 0x2029) return false;  // line and paragraph separators
  }
  return true;
}

}  // namespace kengred::keys
