// Secrets that come from outside the program: a descriptor, a file, the terminal. Never an argument
// and never a variable, which others can see.
//
// Threads: call these from any thread; two that read one descriptor at once share what it has.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "kengred/keys/secret_bytes.h"

namespace kengred::keys {

inline constexpr size_t kSecretInputBytesMax = 4096;

// The first line of a descriptor, without its end, or with `all` everything; without copies.
// UNAVAILABLE says what the system says; OUT_OF_RANGE where it is longer than kSecretInputBytesMax.
absl::StatusOr<SecretString> ReadSecretFd(int fd, bool all);

// The same from a file. FAILED_PRECONDITION where others may use it.
absl::StatusOr<SecretString> ReadSecretFile(const std::string& path, bool all);

// Shows `prompt` on a terminal and reads a line without showing it. OUT_OF_RANGE at the end of
// input (^D), CANCELLED by ^C, UNAVAILABLE where the descriptor is no terminal. The terminal is as
// it was on every way out.
absl::StatusOr<SecretString> ReadSecretTerminal(int fd, std::string_view prompt);

// The same on the terminal of this process, /dev/tty, whatever standard input and output are.
absl::StatusOr<SecretString> AskForSecret(std::string_view prompt);

}  // namespace kengred::keys
