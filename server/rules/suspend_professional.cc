// SuspendProfessional: from today on the shop is neither paid nor reconverts; the past stays valid.
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling Apply(const v1::SuspendProfessional& operation, const Context& context, Draft& draft) {
  AccountId id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.account_id(), &id));
  KENGRED_RETURN_IF_REFUSED(CheckCommitment(operation.has_reason(), operation.reason(), true));
  KENGRED_RETURN_IF_REFUSED(CheckSignedByRole(context, draft, v1::ROLE_COMMITTEE,
                                              context.policy().committee_quorum(), id));
  std::optional<v1::Account> account = draft.CopyAccount(id);
  if (!account) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", id.ToHex()}});
  if (account->kind() != v1::HOLDER_KIND_PROFESSIONAL) {
    return Refuse(v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED);
  }
  if (!account->has_approval()) return Refuse(v1::VERDICT_NOT_APPROVED);
  if (account->approval().suspended_day() != 0) {
    return Refuse(v1::VERDICT_SUSPENDED,
                  {{"suspended_day", Figure(account->approval().suspended_day())}});
  }

  account->mutable_approval()->set_suspended_day(context.today());
  draft.PutAccount(*account);
  return std::nullopt;
}

}  // namespace kengred::rules
