// Making and signing transactions. What is signed is bytes: once built, they are never serialized
// again.
#pragma once

#include <cstdint>
#include <string>

#include "kengred/core/ids.h"
#include "kengred/core/signing.h"
#include "kengred/v1/transaction.pb.h"

namespace kengred {

// Collects operations and serializes them once. Not thread-safe.
class TransactionBuilder {
 public:
  // Valid from `from_seconds` (seconds since 1970) for `seconds`, at most 90 days.
  TransactionBuilder(const LedgerId& ledger_id, int64_t from_seconds, int64_t seconds);

  // A new operation at the end; fill it in before Build. Owned by the builder.
  v1::Operation* Add();
  // For tests and for work that must be repeatable; by default the nonce is random.
  void set_nonce(std::string nonce) { transaction_.set_nonce(std::move(nonce)); }

  const v1::Transaction& transaction() const { return transaction_; }
  // The bytes to sign.
  v1::SignedTransaction Build() const;

 private:
  v1::Transaction transaction_;
};

// Adds a signature by `key`. Does nothing where that key has signed already.
void AddSignature(const SecretKey& key, v1::SignedTransaction* signed_transaction);

}  // namespace kengred
