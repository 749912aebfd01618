// Addresses: account ids as text, bech32m (BIP-350) with the charter's prefix: "heol1...". A
// mistyped address is refused, never another account.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/ids.h"

namespace kengred {

// A decoded bech32m string: the human-readable part in lower case and the data in groups of 5 bits.
struct Bech32m {
  std::string prefix;
  std::vector<uint8_t> groups;
};

// BIP-350 decoding, at most 90 characters. InvalidArgument says what is wrong (mixed case, a
// character that is not in the alphabet, the checksum).
absl::StatusOr<Bech32m> DecodeBech32m(std::string_view text);
// BIP-350 encoding; `prefix` is lower case, `groups` are below 32.
std::string EncodeBech32m(std::string_view prefix, const std::vector<uint8_t>& groups);

// The address of an account on a ledger with this address prefix.
std::string EncodeAddress(std::string_view prefix, const AccountId& account);
// InvalidArgument where it is no address, or one of another ledger's prefix.
absl::StatusOr<AccountId> DecodeAddress(std::string_view prefix, std::string_view address);

}  // namespace kengred
