// EndMembership: from today on, nothing more comes in; what is there stays the holder's.
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling Apply(const v1::EndMembership& operation, const Context& context, Draft& draft) {
  AccountId id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.account_id(), &id));
  KENGRED_RETURN_IF_REFUSED(CheckCommitment(operation.has_reason(), operation.reason(), true));
  KENGRED_RETURN_IF_REFUSED(CheckSignedByRole(context, draft, v1::ROLE_REGISTRAR, 1));
  std::optional<v1::Account> account = draft.CopyAccount(id);
  if (!account) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", id.ToHex()}});
  if (account->membership().ended_day() != 0) return Refuse(v1::VERDICT_MEMBERSHIP_ENDED);
  KENGRED_RETURN_IF_REFUSED(CheckMember(context, *account));

  account->mutable_membership()->set_ended_day(context.today());
  draft.PutAccount(*account);
  return std::nullopt;
}

}  // namespace kengred::rules
