// Ed25519 (RFC 8032) by libsodium. Call InitializeCrypto once, early in main.
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <string>
#include <string_view>

#include "kengred/core/ids.h"
#include "kengred/v1/transaction.pb.h"

namespace kengred {

inline constexpr size_t kSignatureBytes = 64;
inline constexpr size_t kSeedBytes = 32;

// Aborts where the machine has no source of randomness. May be called again.
void InitializeCrypto();

// `size` bytes from the machine's source of randomness.
std::string RandomBytes(size_t size);

// A secret key. Wiped when it goes away; moved, never copied. Any thread may sign.
class SecretKey {
 public:
  // From a 32-byte seed. InvalidArgument for another size.
  static absl::StatusOr<SecretKey> FromSeed(std::string_view seed);
  // A new random key.
  static SecretKey Generate();

  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey();

  const PublicKey& public_key() const { return public_key_; }
  // 64 bytes.
  std::string Sign(std::string_view message) const;

 private:
  SecretKey() = default;

  std::array<uint8_t, 64> secret_{};
  PublicKey public_key_;
};

// As libsodium decides: refuses S >= L, and keys or R of small order or not canonical.
bool VerifySignature(const PublicKey& key, std::string_view message, std::string_view signature);

// Whether a key may be part of an authority: a canonical point of the prime-order group.
bool IsAcceptablePublicKey(const PublicKey& key);

// SHA-256 of the domain tag and the signed bytes.
TransactionId TransactionIdOf(std::string_view transaction_bytes);
// What a signature of a transaction covers: the domain tag and the id.
std::string TransactionSigningInput(const TransactionId& id);

}  // namespace kengred
