// GrantRole: governance gives an account a right.
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling Apply(const v1::GrantRole& operation, const Context& context, Draft& draft) {
  AccountId id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.account_id(), &id));
  if (!v1::Role_IsValid(operation.role()) || operation.role() == v1::ROLE_UNSPECIFIED) {
    return Refuse(v1::VERDICT_ROLE_MALFORMED);
  }
  if (operation.until_day() != 0) {
    KENGRED_RETURN_IF_REFUSED(CheckFutureDay(operation.until_day(), context));
  }
  KENGRED_RETURN_IF_REFUSED(CheckSignedByGovernance(context));
  std::optional<v1::Account> account = draft.CopyAccount(id);
  if (!account) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", id.ToHex()}});
  if (account->kind() == v1::HOLDER_KIND_PROGRAMME) {
    return Refuse(v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED);
  }
  v1::RoleGrant* grant = nullptr;
  for (v1::RoleGrant& held : *account->mutable_roles()) {
    if (held.role() == operation.role()) grant = &held;
  }
  if (grant != nullptr && grant->until_day() == operation.until_day()) {
    return Refuse(v1::VERDICT_ROLE_ALREADY_GRANTED);
  }

  if (grant == nullptr) grant = account->add_roles();
  grant->set_role(operation.role());
  grant->set_until_day(operation.until_day());
  draft.PutAccount(*account);
  return std::nullopt;
}

}  // namespace kengred::rules
