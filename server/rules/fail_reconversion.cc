// FailReconversion: the euros could not be paid; the units go back to the professional.
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling CheckRequested(const v1::Reconversion& reconversion) {
  if (reconversion.state() == v1::RECONVERSION_STATE_SETTLED) {
    return Refuse(v1::VERDICT_RECONVERSION_SETTLED);
  }
  if (reconversion.state() == v1::RECONVERSION_STATE_FAILED) {
    return Refuse(v1::VERDICT_RECONVERSION_FAILED);
  }
  return std::nullopt;
}

Ruling Apply(const v1::FailReconversion& operation, const Context& context, Draft& draft) {
  const auto id = ReconversionId::FromBytes(operation.reconversion_id());
  if (!id) return Refuse(v1::VERDICT_ID_MALFORMED);
  KENGRED_RETURN_IF_REFUSED(CheckCommitment(operation.has_reason(), operation.reason(), true));
  KENGRED_RETURN_IF_REFUSED(CheckSignedByRole(context, draft, v1::ROLE_TREASURER, 1));
  std::optional<v1::Reconversion> reconversion = draft.FindReconversion(*id);
  if (!reconversion) return Refuse(v1::VERDICT_RECONVERSION_UNKNOWN);
  KENGRED_RETURN_IF_REFUSED(CheckRequested(*reconversion));
  // Nothing is asked of the professional: its own units return whatever has become of its
  // membership.
  const std::vector<Move> moves = {{SystemAccountId(kLocked, reconversion->currency()),
                                    reconversion->currency(), -reconversion->gross_minor()},
                                   {*AccountId::FromBytes(reconversion->account_id()),
                                    reconversion->currency(), reconversion->gross_minor()}};
  KENGRED_RETURN_IF_REFUSED(draft.CheckMoves(moves));

  reconversion->set_state(v1::RECONVERSION_STATE_FAILED);
  *reconversion->mutable_decision_time() = context.Time();
  draft.PutReconversion(*reconversion);
  draft.Post(moves, context.operation_index);
  return std::nullopt;
}

}  // namespace kengred::rules
