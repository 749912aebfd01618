// Who has signed: counted by distinct persons, never by signatures.
#include <algorithm>

#include "server/rules/rule.h"

namespace kengred::rules {
namespace {

// How many keys of an authority have signed.
uint32_t CountSigned(const Context& context, const v1::Authority& authority) {
  uint32_t count = 0;
  for (const std::string& bytes : authority.public_keys()) {
    const auto key = PublicKey::FromBytes(bytes);
    if (key && context.HasSigned(*key)) ++count;
  }
  return count;
}

bool IsSatisfied(const Context& context, const v1::Authority& authority) {
  return authority.threshold() > 0 && CountSigned(context, authority) >= authority.threshold();
}

}  // namespace

bool Context::HasSigned(const PublicKey& key) const {
  const std::vector<PublicKey>& signers = transaction.verified().signers();
  return std::binary_search(signers.begin(), signers.end(), key);
}

Ruling CheckSignedByHolder(const Context& context, const v1::Account& account) {
  if (IsSatisfied(context, account.authority())) return std::nullopt;
  return Refuse(v1::VERDICT_NOT_SIGNED_BY_HOLDER,
                {{"needed", Figure(account.authority().threshold())},
                 {"signed", Figure(CountSigned(context, account.authority()))}});
}

Ruling CheckSignedByGovernance(const Context& context) {
  const v1::Authority& governance = context.charter.governance();
  if (IsSatisfied(context, governance)) return std::nullopt;
  return Refuse(v1::VERDICT_NOT_SIGNED_BY_GOVERNANCE,
                {{"needed", Figure(governance.threshold())},
                 {"signed", Figure(CountSigned(context, governance))}});
}

std::vector<AccountRecord> SigningAccounts(const Context& context, const Draft& draft) {
  std::vector<AccountId> owners;
  for (const PublicKey& key : context.transaction.verified().signers()) {
    if (const auto owner = draft.FindKeyOwner(key)) owners.push_back(*owner);
  }
  std::sort(owners.begin(), owners.end());
  owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
  std::vector<AccountRecord> accounts;
  for (const AccountId& owner : owners) {
    AccountRecord account = draft.FindAccount(owner);
    if (account && IsSatisfied(context, account->authority())) {
      accounts.push_back(std::move(account));
    }
  }
  return accounts;
}

bool HasRole(const v1::Account& account, v1::Role role, int32_t civil_day) {
  return std::any_of(account.roles().begin(), account.roles().end(),
                     [role, civil_day](const v1::RoleGrant& grant) {
                       return grant.role() == role &&
                              (grant.until_day() == 0 || civil_day <= grant.until_day());
                     });
}

Ruling CheckSignedByRole(const Context& context, const Draft& draft, v1::Role role, uint32_t needed,
                         const std::optional<AccountId>& concerned) {
  uint32_t count = 0;
  bool conflict = false;
  for (const AccountRecord& account : SigningAccounts(context, draft)) {
    if (!HasRole(*account, role, context.today())) continue;
    if (concerned && account->account_id() == concerned->view()) {
      conflict = true;
    } else {
      ++count;
    }
  }
  if (count >= needed) return std::nullopt;
  if (conflict && count + 1 >= needed) return Refuse(v1::VERDICT_CONFLICT_OF_INTEREST);
  // "ROLE_TREASURER" without its prefix.
  return Refuse(v1::VERDICT_NOT_SIGNED_BY_ROLE, {{"role", v1::Role_Name(role).substr(5)},
                                                 {"needed", Figure(needed)},
                                                 {"signed", Figure(count)}});
}

}  // namespace kengred::rules
