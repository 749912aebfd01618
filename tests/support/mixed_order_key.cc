#include "tests/support/mixed_order_key.h"

#include <absl/strings/escaping.h>
#include <sodium.h>

#include <cstdlib>

#include "kengred/core/signing.h"

namespace kengred::testing {
namespace {

using Scalar = std::array<uint8_t, crypto_core_ed25519_SCALARBYTES>;
using Point = std::array<uint8_t, crypto_core_ed25519_BYTES>;

constexpr char kOfOrder8[] = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";

void Must(bool done) {
  if (!done) std::abort();
}

Point TimesBase(const Scalar& scalar) {
  Point point;
  Must(crypto_scalarmult_ed25519_base_noclamp(point.data(), scalar.data()) == 0);
  return point;
}

// RFC 8032, section 5.1.7: SHA-512 of R, the key and the message, as a scalar.
Scalar Challenge(const Point& nonce_point, const PublicKey& key, std::string_view message) {
  std::string input(nonce_point.begin(), nonce_point.end());
  input += key.view();
  input += message;
  std::array<uint8_t, crypto_hash_sha512_BYTES> hash;
  crypto_hash_sha512(hash.data(), reinterpret_cast<const uint8_t*>(input.data()), input.size());
  Scalar scalar;
  crypto_core_ed25519_scalar_reduce(scalar.data(), hash.data());
  return scalar;
}

}  // namespace

MixedOrderKey::MixedOrderKey() {
  Must(sodium_init() >= 0);
  crypto_core_ed25519_scalar_random(scalar_.data());
  const Point point = TimesBase(scalar_);
  const std::string of_order_8 = absl::HexStringToBytes(kOfOrder8);
  Must(crypto_core_ed25519_add(public_key_.data(), point.data(),
                               reinterpret_cast<const uint8_t*>(of_order_8.data())) == 0);
}

std::string MixedOrderKey::Sign(std::string_view message) const {
  while (true) {
    Scalar nonce;
    crypto_core_ed25519_scalar_random(nonce.data());
    const Point nonce_point = TimesBase(nonce);
    const Scalar challenge = Challenge(nonce_point, public_key_, message);
    if (challenge[0] % 8 != 0) continue;
    Scalar product;
    crypto_core_ed25519_scalar_mul(product.data(), challenge.data(), scalar_.data());
    Scalar sum;
    crypto_core_ed25519_scalar_add(sum.data(), nonce.data(), product.data());
    std::string signature(nonce_point.begin(), nonce_point.end());
    signature.append(sum.begin(), sum.end());
    return signature;
  }
}

void MixedOrderKey::Sign(v1::SignedTransaction* transaction) const {
  v1::Signature* signature = transaction->add_signatures();
  signature->set_scheme(v1::SIGNATURE_SCHEME_ED25519);
  signature->set_public_key(public_key_.ToBytes());
  signature->set_signature(
      Sign(TransactionSigningInput(TransactionIdOf(transaction->transaction()))));
}

}  // namespace kengred::testing
