// ApproveProfessional: a member shop may be paid and reconvert until a date. Lifts a suspension.
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling Apply(const v1::ApproveProfessional& operation, const Context& context, Draft& draft) {
  AccountId id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.account_id(), &id));
  KENGRED_RETURN_IF_REFUSED(CheckFutureDay(operation.until_day(), context));
  KENGRED_RETURN_IF_REFUSED(CheckCommitment(operation.has_reason(), operation.reason(), true));
  KENGRED_RETURN_IF_REFUSED(CheckSignedByRole(context, draft, v1::ROLE_COMMITTEE,
                                              context.policy().committee_quorum(), id));
  std::optional<v1::Account> account = draft.CopyAccount(id);
  if (!account) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", id.ToHex()}});
  if (account->kind() != v1::HOLDER_KIND_PROFESSIONAL) {
    return Refuse(v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED);
  }
  KENGRED_RETURN_IF_REFUSED(CheckMember(context, *account));

  v1::Approval* approval = account->mutable_approval();
  const bool running = approval->suspended_day() == 0 && approval->until_day() >= context.today();
  if (!running) approval->set_from_day(context.today());
  approval->set_until_day(operation.until_day());
  approval->set_suspended_day(0);
  draft.PutAccount(*account);
  return std::nullopt;
}

}  // namespace kengred::rules
