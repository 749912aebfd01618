// Base64 (RFC 4648) in the two variants the formats use. Decoding is strict: no spaces or newlines,
// exactly the padding that belongs there, no bits left over, so that every string of bytes has one
// text. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kengred {

// Section 4, padded: notes, checkpoints and receipts.
std::string EncodeBase64(std::string_view bytes);
std::optional<std::string> DecodeBase64(std::string_view text);

// Section 5, not padded: tokens.
std::string EncodeBase64Url(std::string_view bytes);
std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace kengred
