// A public key that lets its owner sign and that no authority may have: a point of the prime-order
// group plus one of order 8 ("mixed order", see "Taming the many EdDSAs", 2020). libsodium verifies
// its signatures where the hash is a multiple of 8, for which nonces are tried.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "kengred/core/ids.h"
#include "kengred/v1/transaction.pb.h"

namespace kengred::testing {

class MixedOrderKey {
 public:
  // Another one each time.
  MixedOrderKey();

  const PublicKey& public_key() const { return public_key_; }
  std::string Sign(std::string_view message) const;
  // Adds its signature to a transaction.
  void Sign(v1::SignedTransaction* transaction) const;

 private:
  std::array<uint8_t, 32> scalar_{};
  PublicKey public_key_;
};

}  // namespace kengred::testing
