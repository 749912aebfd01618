// A charter as people write it: a TOML file, checked value by value, so that each mistake is named
// with its line. deploy/charter.example.toml is the form, explained.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "kengred/v1/charter.pb.h"

namespace kengred::server {

// Reads a charter that ValidateCharter accepts and whose time zone this machine knows. `file` is
// how messages call the text. A salt that the text does not give is random, an
// origin follows from prefix and salt, and the log key is a placeholder: `init` puts the real one.
//
// InvalidArgument names every mistake, one "file:line: what to write" per line: a key that is not
// known, one that is missing, a value of the wrong kind, and whatever ValidateCharter refuses.
absl::StatusOr<v1::Charter> ParseCharterToml(const std::string& text, const std::string& file);

// A public key as 64 hexadecimal digits, or as base64 with or without padding, in the alphabet of
// RFC 4648 section 4 or 5. InvalidArgument says what to write.
absl::StatusOr<std::string> ParsePublicKey(std::string_view text);

// The commented example, the text of deploy/charter.example.toml. It is complete but for the
// governance's keys, which nobody but its members can write.
std::string_view CharterExample();

}  // namespace kengred::server
