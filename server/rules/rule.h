// What every rule file shares. A rule file is one operation: a flat list of checks in order of
// precedence, each with a verdict of its own, then a block that cannot fail.
//
// To add an operation: write its message (operations.proto, and its line in the oneof of
// transaction.proto), its verdicts (verdict.proto, core/verdict.cc), and one file here that defines
// Apply for it. The dispatch is made from the proto.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/amount.h"
#include "kengred/core/charter.h"
#include "kengred/core/limits.h"
#include "kengred/core/system_accounts.h"
#include "kengred/core/verdict.h"
#include "server/rules/rules.h"
#include "server/rules/state.h"

namespace kengred::rules {

// A refusal, or nothing: go on.
using Ruling = std::optional<Refusal>;
using Figures = std::map<std::string, std::string>;

// Runs a check and returns from the rule where it refuses.
#define KENGRED_RETURN_IF_REFUSED(check)                \
  do {                                                  \
    if (Ruling ruling = (check); ruling) return ruling; \
  } while (false)

inline Ruling Refuse(v1::Verdict verdict, Figures figures = {}) {
  return Refusal{verdict, std::move(figures)};
}
inline std::string Figure(int64_t number) { return std::to_string(number); }

// What a rule may know besides the state.
struct Context {
  const v1::Charter& charter;
  const SequencedTransaction& transaction;
  uint32_t operation_index = 0;

  const v1::Policy& policy() const { return charter.policy(); }
  int32_t today() const { return transaction.civil_day(); }
  // The entry's time.
  google::protobuf::Timestamp Time() const;
  bool HasSigned(const PublicKey& key) const;
};

#define KENGRED_OPERATION(Message, field) \
  Ruling Apply(const v1::Message& operation, const Context& context, Draft& draft);
#include "kengred/operations.inc"
#undef KENGRED_OPERATION

// ---- shape (checks.cc) ----
// AMOUNT_NOT_POSITIVE
Ruling CheckAmount(int64_t amount_minor);
// ID_MALFORMED, else the id through `id`.
Ruling CheckAccountId(std::string_view bytes, AccountId* id);
// COMMITMENT_MALFORMED where present and not 32 bytes, or absent and `required`.
Ruling CheckCommitment(bool present, const v1::Commitment& commitment, bool required);
// REFERENCE_MALFORMED; an empty one only where it is `required`.
Ruling CheckReference(std::string_view reference, bool required);
// DATE_OUT_OF_RANGE unless today <= day <= today + 3660.
Ruling CheckFutureDay(int32_t day, const Context& context);
// CURRENCY_UNKNOWN, else the currency through `currency`.
Ruling CheckCurrency(const Context& context, std::string_view code, const v1::Currency** currency);
// REFERENCE_USED
Ruling CheckUnusedReference(const Draft& draft, std::string_view reference);

// ---- who signs (authority.cc) ----
// NOT_SIGNED_BY_HOLDER
Ruling CheckSignedByHolder(const Context& context, const v1::Account& account);
// NOT_SIGNED_BY_GOVERNANCE
Ruling CheckSignedByGovernance(const Context& context);
// NOT_SIGNED_BY_ROLE unless `needed` distinct accounts with the role have signed, not counting
// `concerned`; CONFLICT_OF_INTEREST where only they are missing because one of them is `concerned`.
Ruling CheckSignedByRole(const Context& context, const Draft& draft, v1::Role role, uint32_t needed,
                         const std::optional<AccountId>& concerned = std::nullopt);
// The distinct accounts whose authority is satisfied by the signatures, sorted.
std::vector<AccountRecord> SigningAccounts(const Context& context, const Draft& draft);

// ---- membership and approval (membership.cc) ----
// The last day on which a membership counts, grace included; the day before it was ended.
int32_t LastMemberDay(const v1::Policy& policy, const v1::Membership& membership);
bool IsMember(const v1::Policy& policy, const v1::Account& account, int32_t civil_day);
// NOT_MEMBER
Ruling CheckMember(const Context& context, const v1::Account& account);
// Limits of a currency; all zero where the policy names none.
const v1::CurrencyLimits& LimitsOf(const v1::Policy& policy, std::string_view currency);

// ---- reconversions (fail_reconversion.cc) ----
// RECONVERSION_SETTLED, RECONVERSION_FAILED
Ruling CheckRequested(const v1::Reconversion& reconversion);

// ---- programmes (funding.cc) ----
// Books a payment into a programme's pot as `funder`'s. FUNDERS_LIMIT.
Ruling AddFunding(Draft& draft, const AccountId& programme, const AccountId& funder,
                  int64_t amount_minor);

}  // namespace kengred::rules
