// RotateLogKey: governance replaces the key that signs checkpoints.
#include "kengred/core/signing.h"
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling Apply(const v1::RotateLogKey& operation, const Context& context, Draft& draft) {
  const auto key = PublicKey::FromBytes(operation.log_public_key());
  if (!key) return Refuse(v1::VERDICT_LOG_KEY_MALFORMED);
  KENGRED_RETURN_IF_REFUSED(CheckSignedByGovernance(context));
  // This takes as long as verifying a signature: only governance may ask for it.
  if (!IsAcceptablePublicKey(*key)) return Refuse(v1::VERDICT_LOG_KEY_MALFORMED);
  if (key->view() == context.charter.log_public_key() || draft.FindLogKey(*key)) {
    return Refuse(v1::VERDICT_LOG_KEY_USED);
  }

  draft.PutLogKey(*key, context.transaction.sequence(), context.operation_index);
  return std::nullopt;
}

}  // namespace kengred::rules
