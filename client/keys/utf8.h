// The little of Unicode that keys need. Internal to this folder.
#pragma once

#include <optional>
#include <string_view>

namespace kengred::keys {

// Takes one code point off the front of `text`. Malformed bytes (overlong forms, surrogates, a cut
// sequence) take one byte off and give nothing. `text` must not be empty.
std::optional<char32_t> TakeCodePoint(std::string_view& text);

// Unicode's White_Space property.
bool IsWhiteSpace(char32_t c);

// Well-formed UTF-8 without control characters, so that it can be shown in a terminal and stands on
// one line of a text file.
bool IsPlainText(std::string_view text);

}  // namespace kengred::keys
