#include "kengred/core/signing.h"

#include <sodium.h>

#include <cstdlib>

#include "kengred/core/hash.h"

namespace kengred {
namespace {

const unsigned char* Bytes(std::string_view text) {
  return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}

}  // namespace

void InitializeCrypto() {
  if (sodium_init() < 0) std::abort();
}

std::string RandomBytes(size_t size) {
  InitializeCrypto();
  std::string bytes(size, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

absl::StatusOr<SecretKey> SecretKey::FromSeed(std::string_view seed) {
  static_assert(crypto_sign_ed25519_SECRETKEYBYTES == 64 &&
                crypto_sign_ed25519_SEEDBYTES == kSeedBytes);
  if (seed.size() != kSeedBytes) return absl::InvalidArgumentError("a seed has 32 bytes");
  InitializeCrypto();
  SecretKey key;
  crypto_sign_ed25519_seed_keypair(key.public_key_.data(), key.secret_.data(), Bytes(seed));
  return key;
}

SecretKey SecretKey::Generate() {
  InitializeCrypto();
  SecretKey key;
  crypto_sign_ed25519_keypair(key.public_key_.data(), key.secret_.data());
  return key;
}

SecretKey::SecretKey(SecretKey&& other) noexcept
    : secret_(other.secret_), public_key_(other.public_key_) {
  sodium_memzero(other.secret_.data(), other.secret_.size());
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this != &other) {
    secret_ = other.secret_;
    public_key_ = other.public_key_;
    sodium_memzero(other.secret_.data(), other.secret_.size());
  }
  return *this;
}

SecretKey::~SecretKey() { sodium_memzero(secret_.data(), secret_.size()); }

std::string SecretKey::Sign(std::string_view message) const {
  std::array<unsigned char, kSignatureBytes> signature;
  crypto_sign_ed25519_detached(signature.data(), nullptr, Bytes(message), message.size(),
                               secret_.data());
  return {signature.begin(), signature.end()};
}

bool VerifySignature(const PublicKey& key, std::string_view message, std::string_view signature) {
  if (signature.size() != kSignatureBytes) return false;
  return crypto_sign_ed25519_verify_detached(Bytes(signature), Bytes(message), message.size(),
                                             key.data()) == 0;
}

bool IsAcceptablePublicKey(const PublicKey& key) {
  return crypto_core_ed25519_is_valid_point(key.data()) == 1;
}

TransactionId TransactionIdOf(std::string_view transaction_bytes) {
  return *TransactionId::FromBytes(Sha256({domain::kTransactionId, transaction_bytes}).view());
}

std::string TransactionSigningInput(const TransactionId& id) {
  std::string input(domain::kTransaction);
  input.append(id.view());
  return input;
}

}  // namespace kengred
