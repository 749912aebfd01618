// Who may be paid, and what membership and approval mean on a day.
#include <algorithm>

#include "server/rules/rule.h"

namespace kengred::rules {
namespace {

// A PROGRAMME: while it is open and in its own currency.
Ruling CheckProgrammePayable(const StateReader& state, const AccountId& id,
                             std::string_view currency, int64_t amount_minor, int32_t civil_day) {
  const std::optional<v1::Programme> programme = state.FindProgramme(id);
  if (!programme) return Refuse(v1::VERDICT_PROGRAMME_UNKNOWN);
  if (programme->closed_day() != 0) {
    return Refuse(v1::VERDICT_PROGRAMME_CLOSED, {{"closed_day", Figure(programme->closed_day())}});
  }
  if (civil_day > programme->terms().until_day()) {
    return Refuse(v1::VERDICT_PROGRAMME_ENDED,
                  {{"until_day", Figure(programme->terms().until_day())}});
  }
  if (amount_minor > 0 && currency != programme->terms().currency()) {
    return Refuse(v1::VERDICT_CURRENCY_MISMATCH, {{"currency", programme->terms().currency()}});
  }
  return std::nullopt;
}

}  // namespace

const v1::CurrencyLimits& LimitsOf(const v1::Policy& policy, std::string_view currency) {
  for (const v1::CurrencyLimits& limits : policy.limits()) {
    if (limits.currency() == currency) return limits;
  }
  return v1::CurrencyLimits::default_instance();
}

int32_t LastMemberDay(const v1::Policy& policy, const v1::Membership& membership) {
  const int32_t last =
      membership.until_day() + static_cast<int32_t>(policy.membership_grace_days());
  return membership.ended_day() == 0 ? last : std::min(last, membership.ended_day() - 1);
}

bool IsMember(const v1::Policy& policy, const v1::Account& account, int32_t civil_day) {
  return account.has_membership() && civil_day >= account.membership().from_day() &&
         civil_day <= LastMemberDay(policy, account.membership());
}

Ruling CheckMember(const Context& context, const v1::Account& account) {
  if (IsMember(context.policy(), account, context.today())) return std::nullopt;
  Figures figures;
  if (account.has_membership()) figures["until_day"] = Figure(account.membership().until_day());
  return Refuse(v1::VERDICT_NOT_MEMBER, std::move(figures));
}

std::optional<Refusal> CheckPayable(const v1::Charter& charter, const StateReader& state,
                                    const v1::Account& account, std::string_view currency,
                                    int64_t amount_minor, int32_t civil_day) {
  const AccountId id = *AccountId::FromBytes(account.account_id());
  if (account.kind() == v1::HOLDER_KIND_PROGRAMME) {
    return CheckProgrammePayable(state, id, currency, amount_minor, civil_day);
  }
  const v1::CurrencyLimits& limits = LimitsOf(charter.policy(), currency);
  const auto after = CheckedAdd(state.Balance(id, currency), amount_minor);
  if (!after) return Refuse(v1::VERDICT_AMOUNT_OVERFLOW);
  if (!account.has_membership()) {
    const bool small = account.kind() != v1::HOLDER_KIND_PROFESSIONAL &&
                       limits.unadmitted_balance_max_minor() > 0 &&
                       *after <= limits.unadmitted_balance_max_minor();
    if (!small) {
      return Refuse(v1::VERDICT_PAYEE_NOT_MEMBER,
                    {{"limit", Figure(limits.unadmitted_balance_max_minor())},
                     {"balance_after", Figure(*after)},
                     {"currency", std::string(currency)}});
    }
  } else if (!IsMember(charter.policy(), account, civil_day)) {
    return Refuse(v1::VERDICT_PAYEE_MEMBERSHIP_EXPIRED,
                  {{"until_day", Figure(LastMemberDay(charter.policy(), account.membership()))}});
  }
  if (account.kind() == v1::HOLDER_KIND_PROFESSIONAL) {
    const v1::Approval& approval = account.approval();
    if (approval.suspended_day() != 0) {
      return Refuse(v1::VERDICT_PAYEE_SUSPENDED,
                    {{"suspended_day", Figure(approval.suspended_day())}});
    }
    if (!account.has_approval() || civil_day < approval.from_day() ||
        civil_day > approval.until_day()) {
      return Refuse(v1::VERDICT_PAYEE_NOT_APPROVED, {{"until_day", Figure(approval.until_day())}});
    }
  }
  if (account.kind() == v1::HOLDER_KIND_PERSON && limits.person_balance_max_minor() > 0 &&
      amount_minor > 0 && *after > limits.person_balance_max_minor()) {
    return Refuse(v1::VERDICT_BALANCE_LIMIT, {{"limit", Figure(limits.person_balance_max_minor())},
                                              {"balance_after", Figure(*after)},
                                              {"currency", std::string(currency)}});
  }
  return std::nullopt;
}

}  // namespace kengred::rules
