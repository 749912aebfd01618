#include "kengred/core/log_trust.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "kengred/core/verification.h"

namespace kengred {
namespace {

// Whether governance has signed a transaction of this ledger that puts the key in force.
absl::Status CheckRotation(const v1::Charter& charter, const LedgerId& ledger_id,
                           const v1::LogKey& log_key) {
  auto parsed = Parse(log_key.rotation(), ledger_id);
  if (std::holds_alternative<Refusal>(parsed)) {
    return absl::InvalidArgumentError("a log key comes without a transaction of this ledger");
  }
  const auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
  const auto* transaction = std::get_if<VerifiedTransaction>(&verified);
  if (transaction == nullptr) {
    return absl::UnauthenticatedError("the transaction behind a log key is wrongly signed");
  }
  const auto& operations = transaction->transaction().operations();
  const bool names_it =
      std::any_of(operations.begin(), operations.end(), [&log_key](const v1::Operation& operation) {
        return operation.rotate_log_key().log_public_key() == log_key.public_key();
      });
  if (!names_it) {
    return absl::InvalidArgumentError("the transaction behind a log key names another one");
  }
  const auto& governors = charter.governance().public_keys();
  const auto signed_by = static_cast<uint32_t>(
      std::count_if(governors.begin(), governors.end(), [transaction](const std::string& key) {
        const auto& signers = transaction->signers();
        return std::any_of(signers.begin(), signers.end(),
                           [&key](const PublicKey& signer) { return signer.view() == key; });
      }));
  if (signed_by < charter.governance().threshold()) {
    return absl::UnauthenticatedError("governance has not signed for a key of the log");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<TrustedLogKey>> VerifyLogKeys(const v1::Charter& charter,
                                                         const LedgerId& ledger_id,
                                                         std::span<const v1::LogKey> log_keys) {
  if (log_keys.empty() || log_keys.front().public_key() != charter.log_public_key()) {
    return absl::InvalidArgumentError("the first log key is not the charter's");
  }
  std::vector<TrustedLogKey> trusted;
  for (const v1::LogKey& log_key : log_keys) {
    if (!trusted.empty()) {
      if (log_key.since_sequence() < trusted.back().since) {
        return absl::InvalidArgumentError("the log keys are not in order");
      }
      if (absl::Status status = CheckRotation(charter, ledger_id, log_key); !status.ok()) {
        return status;
      }
    }
    const auto public_key = PublicKey::FromBytes(log_key.public_key());
    if (!public_key) return absl::InvalidArgumentError("a log key is not 32 bytes");
    absl::StatusOr<VerifierKey> key =
        VerifierKey::Make(charter.origin(), KeyType::kEd25519, *public_key);
    if (!key.ok()) return key.status();
    trusted.push_back({*std::move(key), log_key.since_sequence()});
  }
  return trusted;
}

std::vector<VerifierKey> KeysOf(std::span<const TrustedLogKey> log_keys) {
  std::vector<VerifierKey> keys;
  keys.reserve(log_keys.size());
  for (const TrustedLogKey& log_key : log_keys) keys.push_back(log_key.key);
  return keys;
}

}  // namespace kengred
