#include "kengred/core/transaction_builder.h"

#include "kengred/core/limits.h"

namespace kengred {

TransactionBuilder::TransactionBuilder(const LedgerId& ledger_id, int64_t from_seconds,
                                       int64_t seconds) {
  transaction_.set_ledger_id(ledger_id.ToBytes());
  transaction_.set_nonce(RandomBytes(kNonceBytes));
  transaction_.mutable_valid_from()->set_seconds(from_seconds);
  transaction_.mutable_valid_until()->set_seconds(from_seconds + seconds);
}

v1::Operation* TransactionBuilder::Add() { return transaction_.add_operations(); }

v1::SignedTransaction TransactionBuilder::Build() const {
  v1::SignedTransaction result;
  transaction_.SerializeToString(result.mutable_transaction());
  return result;
}

void AddSignature(const SecretKey& key, v1::SignedTransaction* signed_transaction) {
  const std::string public_key = key.public_key().ToBytes();
  for (const v1::Signature& signature : signed_transaction->signatures()) {
    if (signature.public_key() == public_key) return;
  }
  v1::Signature* signature = signed_transaction->add_signatures();
  signature->set_scheme(v1::SIGNATURE_SCHEME_ED25519);
  signature->set_public_key(public_key);
  signature->set_signature(
      key.Sign(TransactionSigningInput(TransactionIdOf(signed_transaction->transaction()))));
}

}  // namespace kengred
