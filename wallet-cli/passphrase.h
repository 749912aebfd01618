// Where a passphrase comes from, in this order: --passphrase-fd, --passphrase-file,
// KENGRED_PASSPHRASE_FILE, the terminal. Never an argument, never a variable.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "kengred/keys/secret_bytes.h"
#include "wallet/manners.h"
#include "wallet/profile.h"

namespace kengred::wallet {

// An existing passphrase. The first line of the file or descriptor, without its end; a file that
// others may read is refused.
absl::StatusOr<keys::SecretString> GetPassphrase(const Io& io, const std::string& profile_name);
// A new one: on the terminal it is asked twice, until both agree. Never empty.
absl::StatusOr<keys::SecretString> GetNewPassphrase(const Io& io, const std::string& prompt);
// Reads one secret line (or, with `all`, everything) from a descriptor, without copies.
absl::StatusOr<keys::SecretString> ReadSecretFd(int fd, bool all);
// The same from a file that only its owner may use.
absl::StatusOr<keys::SecretString> ReadSecretFile(const std::string& path, bool all);

}  // namespace kengred::wallet
