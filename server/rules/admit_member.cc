// AdmitMember: membership until a date.
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling Apply(const v1::AdmitMember& operation, const Context& context, Draft& draft) {
  AccountId id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.account_id(), &id));
  KENGRED_RETURN_IF_REFUSED(CheckFutureDay(operation.until_day(), context));
  KENGRED_RETURN_IF_REFUSED(CheckSignedByRole(context, draft, v1::ROLE_REGISTRAR, 1));
  std::optional<v1::Account> account = draft.CopyAccount(id);
  if (!account) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", id.ToHex()}});
  if (account->kind() == v1::HOLDER_KIND_PROGRAMME) {
    return Refuse(v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED);
  }

  // A membership that still runs keeps its first day; another one starts today.
  const bool running = IsMember(context.policy(), *account, context.today());
  v1::Membership* membership = account->mutable_membership();
  if (!running) membership->set_from_day(context.today());
  membership->set_until_day(operation.until_day());
  membership->set_ended_day(0);
  draft.PutAccount(*account);
  return std::nullopt;
}

}  // namespace kengred::rules
