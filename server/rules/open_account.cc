// OpenAccount: a new account with its holder's keys.
#include <algorithm>

#include "server/rules/rule.h"

namespace kengred::rules {

Ruling Apply(const v1::OpenAccount& operation, const Context& context, Draft& draft) {
  if (operation.kind() != v1::HOLDER_KIND_PERSON &&
      operation.kind() != v1::HOLDER_KIND_PROFESSIONAL &&
      operation.kind() != v1::HOLDER_KIND_ASSOCIATION) {
    return Refuse(v1::VERDICT_HOLDER_KIND_NOT_ALLOWED);
  }
  const auto& keys = operation.authority().public_keys();
  // Whether a key may be one takes long to see: verification has seen it, on other threads.
  if (!HasAuthorityShape(operation.authority()) ||
      std::any_of(keys.begin(), keys.end(), [&context](const std::string& key) {
        return context.transaction.verified().IsUnacceptable(key);
      })) {
    return Refuse(v1::VERDICT_AUTHORITY_MALFORMED);
  }
  KENGRED_RETURN_IF_REFUSED(CheckCommitment(operation.has_profile(), operation.profile(), false));

  // All keys sign, whatever the threshold: otherwise anybody could register somebody else's key.
  v1::Account account;
  *account.mutable_authority() = operation.authority();
  v1::Account everybody = account;
  everybody.mutable_authority()->set_threshold(static_cast<uint32_t>(keys.size()));
  KENGRED_RETURN_IF_REFUSED(CheckSignedByHolder(context, everybody));

  const AccountId id = AccountIdOf(operation.authority());
  if (draft.FindAccount(id)) {
    return Refuse(v1::VERDICT_ACCOUNT_EXISTS, {{"account_id", id.ToHex()}});
  }
  for (const std::string& bytes : keys) {
    const auto& governance = context.charter.governance().public_keys();
    if (draft.FindKeyOwner(*PublicKey::FromBytes(bytes)) ||
        std::find(governance.begin(), governance.end(), bytes) != governance.end()) {
      return Refuse(v1::VERDICT_KEY_IN_USE);
    }
  }

  account.set_account_id(id.ToBytes());
  account.set_kind(operation.kind());
  account.set_opened_sequence(context.transaction.sequence());
  if (operation.has_profile()) *account.mutable_profile() = operation.profile();
  draft.PutAccount(account);
  for (const std::string& bytes : keys) {
    draft.Put(key::KeyOwner(*PublicKey::FromBytes(bytes)), id.ToBytes());
  }
  if (operation.kind() != v1::HOLDER_KIND_PERSON) draft.Put(key::Listed(operation.kind(), id), "");
  return std::nullopt;
}

}  // namespace kengred::rules
