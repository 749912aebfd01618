// RevokeRole: governance takes a right away, from the next transaction on.
#include <algorithm>

#include "server/rules/rule.h"

namespace kengred::rules {

Ruling Apply(const v1::RevokeRole& operation, const Context& context, Draft& draft) {
  AccountId id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.account_id(), &id));
  if (!v1::Role_IsValid(operation.role()) || operation.role() == v1::ROLE_UNSPECIFIED) {
    return Refuse(v1::VERDICT_ROLE_MALFORMED);
  }
  KENGRED_RETURN_IF_REFUSED(CheckCommitment(operation.has_reason(), operation.reason(), false));
  KENGRED_RETURN_IF_REFUSED(CheckSignedByGovernance(context));
  std::optional<v1::Account> account = draft.CopyAccount(id);
  if (!account) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", id.ToHex()}});
  const auto grant =
      std::find_if(account->roles().begin(), account->roles().end(),
                   [&](const v1::RoleGrant& held) { return held.role() == operation.role(); });
  if (grant == account->roles().end()) return Refuse(v1::VERDICT_ROLE_NOT_GRANTED);

  account->mutable_roles()->erase(grant);
  draft.PutAccount(*account);
  return std::nullopt;
}

}  // namespace kengred::rules
