// RequestReconversion: an approved professional locks units until the euros are paid.
#include <algorithm>

#include "server/rules/rule.h"

namespace kengred::rules {
namespace {

// A member needs an approval valid today. A shop that left (its membership was ended, or not
// renewed) keeps its right for the policy's days, where its approval was valid on its last day as a
// member and it was not suspended. Grace prolongs a membership and not the approval that was given
// for the same time, so that the last day is the membership's own.
Ruling CheckMayReconvert(const Context& context, const v1::Account& account) {
  const v1::Approval& approval = account.approval();
  if (approval.suspended_day() != 0) {
    return Refuse(v1::VERDICT_SUSPENDED, {{"suspended_day", Figure(approval.suspended_day())}});
  }
  if (!account.has_membership()) return Refuse(v1::VERDICT_NOT_MEMBER);
  const v1::Membership& membership = account.membership();
  const int32_t last = LastMemberDay(context.policy(), membership);
  if (context.today() < membership.from_day() ||
      context.today() > last + static_cast<int32_t>(context.policy().leaver_reconversion_days())) {
    return Refuse(v1::VERDICT_NOT_MEMBER, {{"until_day", Figure(last)}});
  }
  const int32_t day =
      std::max(membership.from_day(), std::min({context.today(), last, membership.until_day()}));
  if (!account.has_approval() || day < approval.from_day() || day > approval.until_day()) {
    return Refuse(v1::VERDICT_NOT_APPROVED, {{"until_day", Figure(approval.until_day())}});
  }
  return std::nullopt;
}

}  // namespace

Ruling Apply(const v1::RequestReconversion& operation, const Context& context, Draft& draft) {
  AccountId id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.account_id(), &id));
  KENGRED_RETURN_IF_REFUSED(CheckAmount(operation.amount_minor()));
  const v1::Currency* currency = nullptr;
  KENGRED_RETURN_IF_REFUSED(CheckCurrency(context, operation.currency(), &currency));
  if (currency->kind() != v1::CURRENCY_KIND_BACKED) {
    return Refuse(v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED);
  }
  const AccountRecord account = draft.FindAccount(id);
  if (!account) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", id.ToHex()}});
  KENGRED_RETURN_IF_REFUSED(CheckSignedByHolder(context, *account));
  if (account->kind() != v1::HOLDER_KIND_PROFESSIONAL) {
    return Refuse(v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED);
  }
  KENGRED_RETURN_IF_REFUSED(CheckMayReconvert(context, *account));
  const int64_t amount = operation.amount_minor();
  const int64_t minimum = LimitsOf(context.policy(), currency->code()).reconversion_min_minor();
  if (amount < minimum) {
    return Refuse(
        v1::VERDICT_RECONVERSION_BELOW_MINIMUM,
        {{"limit", Figure(minimum)}, {"given", Figure(amount)}, {"currency", currency->code()}});
  }
  const int64_t available = draft.Balance(id, currency->code());
  if (available < amount) {
    return Refuse(v1::VERDICT_INSUFFICIENT_BALANCE, {{"needed", Figure(amount)},
                                                     {"available", Figure(available)},
                                                     {"currency", currency->code()}});
  }
  const std::vector<Move> moves = {
      {id, currency->code(), -amount},
      {SystemAccountId(kLocked, currency->code()), currency->code(), amount}};
  KENGRED_RETURN_IF_REFUSED(draft.CheckMoves(moves));

  v1::Reconversion reconversion;
  reconversion.set_reconversion_id(
      ReconversionIdOf(context.transaction.verified().id(), context.operation_index).ToBytes());
  reconversion.set_account_id(id.ToBytes());
  reconversion.set_currency(currency->code());
  reconversion.set_gross_minor(amount);
  reconversion.set_commission_minor(BasisPointsHalfUp(amount, context.policy().commission_bps()));
  reconversion.set_state(v1::RECONVERSION_STATE_REQUESTED);
  *reconversion.mutable_request_time() = context.Time();
  draft.PutReconversion(reconversion);
  draft.Post(moves, context.operation_index);
  return std::nullopt;
}

}  // namespace kengred::rules
