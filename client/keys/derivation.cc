#include "kengred/keys/derivation.h"

#include <sodium.h>

#include <charconv>
#include <cstring>
#include <span>
#include <system_error>
#include <utility>

namespace kengred::keys {
namespace {

constexpr size_t kHalfBytes = 32;
constexpr std::string_view kCurveKey = "ed25519 seed";  // SLIP-0010's key for this curve

// HMAC-SHA512, the left half the seed, the right half the chain code.
ExtendedKey Split(std::span<const uint8_t> key, const SecretBytes& message) {
  crypto_auth_hmacsha512_state state;
  SecretBytes mac(crypto_auth_hmacsha512_BYTES);
  crypto_auth_hmacsha512_init(&state, key.data(), key.size());
  crypto_auth_hmacsha512_update(&state, message.data(), message.size());
  crypto_auth_hmacsha512_final(&state, mac.data());
  sodium_memzero(&state, sizeof(state));
  const std::span<const uint8_t> halves = mac.span();
  return {.seed = SecretBytes::CopyOf(halves.first(kHalfBytes)),
          .chain_code = SecretBytes::CopyOf(halves.last(kHalfBytes))};
}

absl::Status BadPath(std::string_view path, std::string_view why) {
  return absl::InvalidArgumentError("derivation path " + std::string(path) + ": " +
                                    std::string(why));
}

}  // namespace

absl::StatusOr<ExtendedKey> MasterKey(const SecretBytes& master_seed) {
  if (master_seed.size() < 16 || master_seed.size() > 64) {
    return absl::InvalidArgumentError("a master seed has 16 to 64 bytes, not " +
                                      std::to_string(master_seed.size()));
  }
  return Split(
      {static_cast<const uint8_t*>(static_cast<const void*>(kCurveKey.data())), kCurveKey.size()},
      master_seed);
}

absl::StatusOr<ExtendedKey> ChildKey(const ExtendedKey& parent, uint32_t index) {
  if (parent.seed.size() != kHalfBytes || parent.chain_code.size() != kHalfBytes) {
    return absl::InvalidArgumentError(
        "an extended key has a seed and a chain code of 32 bytes each");
  }
  if ((index & kHardened) == 0) {
    return absl::InvalidArgumentError("Ed25519 keys have hardened children only (SLIP-0010)");
  }
  SecretBytes message(1 + kHalfBytes + 4);  // 0x00 || seed || index, most significant byte first
  std::memcpy(message.data() + 1, parent.seed.data(), kHalfBytes);
  for (size_t i = 0; i < 4; ++i) {
    message.data()[1 + kHalfBytes + i] = static_cast<uint8_t>(index >> (24 - 8 * i));
  }
  return Split(parent.chain_code.span(), message);
}

absl::StatusOr<ExtendedKey> DerivePath(const SecretBytes& master_seed, std::string_view path) {
  absl::StatusOr<ExtendedKey> node = MasterKey(master_seed);
  if (!node.ok()) return node;
  if (path.substr(0, 1) != "m") return BadPath(path, "starts with m");
  std::string_view rest = path.substr(1);
  for (size_t steps = 0; !rest.empty(); ++steps) {
    if (steps == kPathStepsMax) return BadPath(path, "has at most 16 steps");
    if (rest.front() != '/') return BadPath(path, "has a / before each step");
    rest.remove_prefix(1);
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error == std::errc::invalid_argument) return BadPath(path, "has a number in each step");
    if (error != std::errc() || number > kAccountNumberMax) {
      return BadPath(path, "has numbers up to 2147483647");
    }
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    if (rest.empty() || (rest.front() != '\'' && rest.front() != 'h' && rest.front() != 'H')) {
      return BadPath(path, "has a ' after each number: Ed25519 keys have hardened children only");
    }
    rest.remove_prefix(1);
    node = ChildKey(*node, kHardened | number);
    if (!node.ok()) return node;
  }
  return node;
}

std::string AccountPath(uint32_t account_number) {
  return "m/" + std::to_string(kPurpose) + "'/" + std::to_string(kCoinType) + "'/" +
         std::to_string(account_number) + "'";
}

absl::StatusOr<SecretKey> DeriveAccountKey(const Mnemonic& mnemonic, uint32_t account_number) {
  absl::StatusOr<ExtendedKey> node = DerivePath(mnemonic.Seed(), AccountPath(account_number));
  if (!node.ok()) return node.status();
  return SecretKey::FromSeed(node->seed.view());
}

}  // namespace kengred::keys
