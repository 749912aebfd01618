// Goal: no bytes that arrive as a transaction crash the stateless checks, or pass them without
// being what was signed. Method: the input is a SignedTransaction as it comes from the wire.
#include "fuzz.h"
#include "kengred/core/side_record.h"
#include "kengred/core/signing.h"
#include "kengred/core/verification.h"

namespace kengred {

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  v1::SignedTransaction signed_transaction;
  if (!signed_transaction.ParseFromArray(data, static_cast<int>(size))) return 0;
  const std::string bytes = signed_transaction.transaction();
  // For whichever ledger it was made, so that the checks after that one are reached.
  v1::Transaction transaction;
  const bool readable = transaction.ParseFromString(bytes);
  const auto ledger_id = LedgerId::FromBytes(readable ? transaction.ledger_id() : "");
  auto parsed = Parse(signed_transaction, ledger_id.value_or(LedgerId()));
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    KENGRED_FUZZ_CHECK(VerdictName(refusal->verdict) != "UNKNOWN_VERDICT");
    KENGRED_FUZZ_CHECK(!VerdictSentence(*refusal).empty());
    return 0;
  }
  auto& good = std::get<ParsedTransaction>(parsed);
  KENGRED_FUZZ_CHECK(good.id() == TransactionIdOf(bytes));
  KENGRED_FUZZ_CHECK(good.signed_transaction().transaction() == bytes);
  KENGRED_FUZZ_CHECK(!good.transaction().operations().empty());
  CommitmentsIn(good.transaction());
  const int signatures = signed_transaction.signatures().size();
  auto verified = VerifySignatures(std::move(good));
  if (const auto* result = std::get_if<VerifiedTransaction>(&verified)) {
    KENGRED_FUZZ_CHECK(result->signers().size() == static_cast<size_t>(signatures));
  }
  return 0;
}

}  // namespace kengred
