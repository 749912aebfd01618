// QR codes in a terminal.
#pragma once

#include <absl/status/statusor.h>

#include <string>

namespace kengred::wallet {

// Two modules per character, with half blocks, dark on light whatever the terminal's colours. A
// usage error where the text is too long for a code.
absl::StatusOr<std::string> QrCode(const std::string& text, bool color);

}  // namespace kengred::wallet
