// Checks of shape that several operations share.
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling CheckAmount(int64_t amount_minor) {
  if (amount_minor >= 1) return std::nullopt;
  return Refuse(v1::VERDICT_AMOUNT_NOT_POSITIVE, {{"given", Figure(amount_minor)}});
}

Ruling CheckAccountId(std::string_view bytes, AccountId* id) {
  const auto parsed = AccountId::FromBytes(bytes);
  if (!parsed) return Refuse(v1::VERDICT_ID_MALFORMED);
  *id = *parsed;
  return std::nullopt;
}

Ruling CheckCommitment(bool present, const v1::Commitment& commitment, bool required) {
  if (!present && !required) return std::nullopt;
  if (commitment.sha256().size() == Digest::kSize) return std::nullopt;
  return Refuse(v1::VERDICT_COMMITMENT_MALFORMED);
}

Ruling CheckReference(std::string_view reference, bool required) {
  bool good = reference.size() <= kReferenceBytesMax && !(required && reference.empty());
  for (const char c : reference) good = good && c >= ' ' && c <= '~';
  if (good) return std::nullopt;
  return Refuse(v1::VERDICT_REFERENCE_MALFORMED,
                {{"limit", Figure(static_cast<int64_t>(kReferenceBytesMax))}});
}

Ruling CheckFutureDay(int32_t day, const Context& context) {
  // In 64 bits, since a hostile day may be near the end of 32.
  const int64_t ahead = int64_t{day} - context.today();
  if (ahead >= 0 && ahead <= kDaysAheadMax) return std::nullopt;
  return Refuse(v1::VERDICT_DATE_OUT_OF_RANGE,
                {{"day", Figure(day)}, {"today", Figure(context.today())}});
}

Ruling CheckCurrency(const Context& context, std::string_view code, const v1::Currency** currency) {
  *currency = FindCurrency(context.charter, code);
  if (*currency != nullptr) return std::nullopt;
  return Refuse(v1::VERDICT_CURRENCY_UNKNOWN);
}

Ruling CheckUnusedReference(const Draft& draft, std::string_view reference) {
  const std::optional<Sequence> used = draft.FindReference(reference);
  if (!used) return std::nullopt;
  return Refuse(v1::VERDICT_REFERENCE_USED, {{"sequence", std::to_string(*used)}});
}

}  // namespace kengred::rules
