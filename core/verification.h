// Verification: the stateless checks of a transaction, in two steps, each a type that only its step
// can make. Server, auditor and shops offline call the same code.
//
//   SignedTransaction --Parse--> ParsedTransaction --VerifySignatures--> VerifiedTransaction
//
// The cheap step comes first, so that garbage never costs an Ed25519 verification. Any thread.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/verdict.h"
#include "kengred/v1/transaction.pb.h"

namespace kengred::audit {
class Replay;
}

namespace kengred {

// A transaction whose shape is right: sizes, counts, ledger, nonce, validity, no unknown field.
// Nobody has checked who signed it, nor what its operations say.
class ParsedTransaction {
 public:
  const TransactionId& id() const { return id_; }
  const v1::Transaction& transaction() const { return transaction_; }
  const v1::SignedTransaction& signed_transaction() const { return signed_transaction_; }

 private:
  friend std::variant<ParsedTransaction, Refusal> Parse(v1::SignedTransaction, const LedgerId&);
  friend class VerifiedTransaction;
  ParsedTransaction() = default;

  TransactionId id_;
  v1::Transaction transaction_;
  v1::SignedTransaction signed_transaction_;
};

// A transaction whose every signature verifies.
class VerifiedTransaction {
 public:
  const TransactionId& id() const { return parsed_.id_; }
  const v1::Transaction& transaction() const { return parsed_.transaction_; }
  // As received: what is stored.
  const v1::SignedTransaction& signed_transaction() const { return parsed_.signed_transaction_; }
  // The same, without copying it; the rest is not to be used any more.
  v1::SignedTransaction TakeSignedTransaction() && {
    return std::move(parsed_.signed_transaction_);
  }
  // The keys that signed, sorted, each once.
  const std::vector<PublicKey>& signers() const { return signers_; }
  // Whether it is known of a key that an account is to be opened with that no authority may have it
  // (IsAcceptablePublicKey). Known of those that signed, and of the first that did not: as all keys
  // of a new account must sign, that one refuses the transaction in any case.
  bool IsUnacceptable(std::string_view public_key) const;

 private:
  friend std::variant<VerifiedTransaction, Refusal> VerifySignatures(ParsedTransaction);
  // The auditor's, for entries of a prefix whose signatures it has verified before.
  friend class audit::Replay;
  explicit VerifiedTransaction(ParsedTransaction parsed) : parsed_(std::move(parsed)) {}

  ParsedTransaction parsed_;
  std::vector<PublicKey> signers_;
  std::vector<PublicKey> unacceptable_;
};

// Checks the shape, in order of precedence: size, parse, unknown fields, ledger, nonce, validity,
// operation count, empty operations, signatures' count, scheme, lengths, repetition.
std::variant<ParsedTransaction, Refusal> Parse(v1::SignedTransaction signed_transaction,
                                               const LedgerId& ledger_id);

// Verifies every signature; the first bad one refuses. Then looks at the keys that accounts are to
// be opened with, at one more than signed at most: who sends it has paid for each with a signature.
std::variant<VerifiedTransaction, Refusal> VerifySignatures(ParsedTransaction parsed);

// Whether the validity window contains `now_seconds` (5 minutes of skew at its start); the refusal
// where it does not. Applied early by the server's clock, and for good by the entry's own time.
std::optional<Refusal> CheckWindow(const v1::Transaction& transaction, int64_t now_seconds);

}  // namespace kengred
