#include "kengred/core/verification.h"

#include <algorithm>
#include <set>

#include "kengred/core/limits.h"
#include "kengred/core/side_record.h"
#include "kengred/core/signing.h"

namespace kengred {
namespace {

// Timestamps from year 1 to 9999, as protobuf allows; here from 1970.
constexpr int64_t kSecondsMax = 253402300799;

bool IsWholeSeconds(const google::protobuf::Timestamp& time) {
  return time.nanos() == 0 && time.seconds() > 0 && time.seconds() <= kSecondsMax;
}

Refusal CountRefusal(v1::Verdict verdict, size_t limit, size_t given) {
  return {verdict, {{"limit", std::to_string(limit)}, {"given", std::to_string(given)}}};
}

std::optional<Refusal> CheckShape(const v1::Transaction& transaction, const LedgerId& ledger_id) {
  if (HasUnknownFields(transaction)) return Refusal{v1::VERDICT_UNKNOWN_FIELD, {}};
  if (transaction.ledger_id() != ledger_id.view()) return Refusal{v1::VERDICT_WRONG_LEDGER, {}};
  if (transaction.nonce().size() != kNonceBytes) return Refusal{v1::VERDICT_NONCE_MALFORMED, {}};
  if (!transaction.has_valid_from() || !transaction.has_valid_until() ||
      !IsWholeSeconds(transaction.valid_from()) || !IsWholeSeconds(transaction.valid_until()) ||
      transaction.valid_until().seconds() < transaction.valid_from().seconds() ||
      transaction.valid_until().seconds() - transaction.valid_from().seconds() >
          kValiditySecondsMax) {
    return Refusal{v1::VERDICT_VALIDITY_MALFORMED, {}};
  }
  const auto operations = static_cast<size_t>(transaction.operations().size());
  if (operations < 1 || operations > kOperationsMax) {
    return CountRefusal(v1::VERDICT_OPERATION_COUNT, kOperationsMax, operations);
  }
  for (int i = 0; i < transaction.operations().size(); ++i) {
    if (transaction.operations(i).operation_case() == v1::Operation::OPERATION_NOT_SET) {
      return Refusal{v1::VERDICT_OPERATION_EMPTY, {{"operation_index", std::to_string(i)}}};
    }
  }
  return std::nullopt;
}

std::optional<Refusal> CheckSignatureShapes(const v1::SignedTransaction& signed_transaction) {
  const auto count = static_cast<size_t>(signed_transaction.signatures().size());
  if (count == 0) return Refusal{v1::VERDICT_SIGNATURE_MISSING, {}};
  if (count > kSignaturesMax)
    return CountRefusal(v1::VERDICT_SIGNATURE_COUNT, kSignaturesMax, count);
  for (const v1::Signature& signature : signed_transaction.signatures()) {
    if (signature.scheme() != v1::SIGNATURE_SCHEME_ED25519) {
      return Refusal{v1::VERDICT_SIGNATURE_SCHEME_UNSUPPORTED, {}};
    }
    if (signature.public_key().size() != PublicKey::kSize ||
        signature.signature().size() != kSignatureBytes) {
      return Refusal{v1::VERDICT_SIGNATURE_MALFORMED, {}};
    }
  }
  return std::nullopt;
}

// What VerifiedTransaction::IsUnacceptable knows. `signers`: sorted.
std::vector<PublicKey> FindUnacceptable(const v1::Transaction& transaction,
                                        const std::vector<PublicKey>& signers) {
  std::set<PublicKey> looked_at;
  std::vector<PublicKey> unacceptable;
  for (const v1::Operation& operation : transaction.operations()) {
    for (const std::string& bytes : operation.open_account().authority().public_keys()) {
      const auto key = PublicKey::FromBytes(bytes);
      // The rule refuses a key that is none.
      if (!key) return unacceptable;
      if (!looked_at.insert(*key).second) continue;
      if (!IsAcceptablePublicKey(*key)) unacceptable.push_back(*key);
      if (!std::binary_search(signers.begin(), signers.end(), *key)) return unacceptable;
    }
  }
  return unacceptable;
}

}  // namespace

bool VerifiedTransaction::IsUnacceptable(std::string_view public_key) const {
  return std::any_of(unacceptable_.begin(), unacceptable_.end(),
                     [public_key](const PublicKey& key) { return key.view() == public_key; });
}

std::variant<ParsedTransaction, Refusal> Parse(v1::SignedTransaction signed_transaction,
                                               const LedgerId& ledger_id) {
  const std::string& bytes = signed_transaction.transaction();
  if (bytes.size() > kTransactionBytesMax) {
    return CountRefusal(v1::VERDICT_TRANSACTION_TOO_LARGE, kTransactionBytesMax, bytes.size());
  }
  ParsedTransaction parsed;
  if (bytes.empty() || !parsed.transaction_.ParseFromString(bytes)) {
    return Refusal{v1::VERDICT_TRANSACTION_MALFORMED, {}};
  }
  if (HasUnknownFields(signed_transaction)) return Refusal{v1::VERDICT_UNKNOWN_FIELD, {}};
  if (auto refusal = CheckShape(parsed.transaction_, ledger_id)) return *std::move(refusal);
  if (auto refusal = CheckSignatureShapes(signed_transaction)) return *std::move(refusal);
  std::vector<std::string_view> keys;
  for (const v1::Signature& signature : signed_transaction.signatures()) {
    keys.push_back(signature.public_key());
  }
  std::sort(keys.begin(), keys.end());
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) {
    return Refusal{v1::VERDICT_SIGNATURE_DUPLICATE, {}};
  }
  parsed.id_ = TransactionIdOf(bytes);
  parsed.signed_transaction_ = std::move(signed_transaction);
  return parsed;
}

std::variant<VerifiedTransaction, Refusal> VerifySignatures(ParsedTransaction parsed) {
  const std::string input = TransactionSigningInput(parsed.id());
  VerifiedTransaction verified(std::move(parsed));
  const v1::SignedTransaction& signed_transaction = verified.signed_transaction();
  for (int i = 0; i < signed_transaction.signatures().size(); ++i) {
    const v1::Signature& signature = signed_transaction.signatures(i);
    const PublicKey key = *PublicKey::FromBytes(signature.public_key());
    if (!VerifySignature(key, input, signature.signature())) {
      return Refusal{v1::VERDICT_SIGNATURE_INVALID, {{"signature_index", std::to_string(i)}}};
    }
    verified.signers_.push_back(key);
  }
  std::sort(verified.signers_.begin(), verified.signers_.end());
  verified.unacceptable_ = FindUnacceptable(verified.transaction(), verified.signers_);
  return verified;
}

std::optional<Refusal> CheckWindow(const v1::Transaction& transaction, int64_t now_seconds) {
  const int64_t from = transaction.valid_from().seconds();
  const int64_t until = transaction.valid_until().seconds();
  if (now_seconds + kClockSkewSecondsMax < from) {
    return Refusal{v1::VERDICT_NOT_YET_VALID,
                   {{"valid_from", std::to_string(from)}, {"now", std::to_string(now_seconds)}}};
  }
  if (now_seconds > until) {
    return Refusal{v1::VERDICT_EXPIRED,
                   {{"valid_until", std::to_string(until)}, {"now", std::to_string(now_seconds)}}};
  }
  return std::nullopt;
}

}  // namespace kengred
