// From one master seed to the keys of many accounts: SLIP-0010 for Ed25519
// (https://github.com/satoshilabs/slips/blob/master/slip-0010.md).
//
// Kengred's keys live at
//
//     m / 44' / 4365' / i'
//
// where 44' is the purpose of BIP-44, 4365' Kengred (its port, H-E-O-L on a telephone keypad) and
// i' the number of the account, from 0. So the words of one person restore all their accounts, on
// any ledger. Every step is hardened: Ed25519 has no other kind.
//
// Threads: pure functions; call them from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "kengred/core/signing.h"
#include "kengred/keys/mnemonic.h"
#include "kengred/keys/secret_bytes.h"

namespace kengred::keys {

// Set in the index of a hardened child.
inline constexpr uint32_t kHardened = 0x80000000u;
inline constexpr uint32_t kPurpose = 44;
inline constexpr uint32_t kCoinType = 4365;
inline constexpr uint32_t kAccountNumberMax = kHardened - 1;
inline constexpr size_t kPathStepsMax = 16;

// A node of the tree of keys.
struct ExtendedKey {
  SecretBytes seed;        // 32 bytes: the Ed25519 seed of RFC 8032
  SecretBytes chain_code;  // 32 bytes
};

// The root. InvalidArgument unless `master_seed` has 16 to 64 bytes.
absl::StatusOr<ExtendedKey> MasterKey(const SecretBytes& master_seed);

// A child. InvalidArgument unless `index` has kHardened set, or `parent` is not a whole node.
absl::StatusOr<ExtendedKey> ChildKey(const ExtendedKey& parent, uint32_t index);

// The node at a path such as m/44'/4365'/0', with ' or h or H after every number. InvalidArgument
// says what is wrong with the path; a step that is not hardened is.
absl::StatusOr<ExtendedKey> DerivePath(const SecretBytes& master_seed, std::string_view path);

// "m/44'/4365'/i'".
std::string AccountPath(uint32_t account_number);

// The signing key of an account. InvalidArgument above kAccountNumberMax.
absl::StatusOr<SecretKey> DeriveAccountKey(const Mnemonic& mnemonic, uint32_t account_number);

}  // namespace kengred::keys
