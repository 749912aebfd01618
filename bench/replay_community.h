// The people of a replayed history. All keys follow from a seed, so that a ledger can be made for a
// replay before the server runs: `kengred-bench charter` prints the charter, `replay` brings the
// people.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "kengred/core/ids.h"
#include "kengred/core/signing.h"
#include "kengred/v1/account.pb.h"

namespace kengred::bench {

inline constexpr char kCurrency[] = "HEOL";
// The party that may read everything. Its key follows from words, as a wallet's does.
inline constexpr char kAuditor[] = "auditor";

// One person or body with one key.
struct Party {
  SecretKey key;
  AccountId account;
  v1::Authority authority;
};

// The party that a name stands for under a seed. The seed is no secret: such a ledger holds play
// money.
Party MakeParty(uint64_t seed, std::string_view name);

// Writes the auditor's key as a wallet's key file without passphrase, for `kengred-server audit
// --server`; replaces what is there. Errors as of keys::WriteKeyFile.
absl::Status WriteAuditorKey(uint64_t seed, const std::string& path);

// The charter as `kengred-server init` reads it: HEOL backed by EUR, governed by one key, no
// limits.
std::string CharterToml(uint64_t seed);

}  // namespace kengred::bench
