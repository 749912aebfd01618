// CloseProgramme: what is left returns to those who funded it.
#include "server/rules/rule.h"

namespace kengred::rules {
namespace {

// In proportion to what each funder paid, rounded down; the remainder to the association.
std::vector<Move> ReturnToFunders(const v1::Programme& programme, int64_t pot) {
  const std::string& currency = programme.terms().currency();
  // AddFunding keeps this sum within 64 bits.
  int64_t funded = 0;
  for (const v1::ProgrammeFunder& funder : programme.funders()) funded += funder.amount_minor();
  std::vector<Move> moves = {{*AccountId::FromBytes(programme.account_id()), currency, -pot}};
  int64_t left = pot;
  for (const v1::ProgrammeFunder& funder : programme.funders()) {
    const int64_t part = ProportionDown(pot, funder.amount_minor(), funded);
    moves.push_back({*AccountId::FromBytes(funder.account_id()), currency, part});
    left -= part;
  }
  moves.push_back(
      {*AccountId::FromBytes(programme.terms().association_account_id()), currency, left});
  return moves;
}

}  // namespace

Ruling Apply(const v1::CloseProgramme& operation, const Context& context, Draft& draft) {
  AccountId id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.programme_account_id(), &id));
  KENGRED_RETURN_IF_REFUSED(CheckCommitment(operation.has_reason(), operation.reason(), false));
  std::optional<v1::Programme> programme = draft.FindProgramme(id);
  if (!programme) return Refuse(v1::VERDICT_PROGRAMME_UNKNOWN);
  const AccountId association_id =
      *AccountId::FromBytes(programme->terms().association_account_id());
  const AccountRecord association = draft.FindAccount(association_id);
  if (!association) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN);
  KENGRED_RETURN_IF_REFUSED(CheckSignedByHolder(context, *association));
  if (programme->closed_day() != 0) {
    return Refuse(v1::VERDICT_PROGRAMME_CLOSED, {{"closed_day", Figure(programme->closed_day())}});
  }
  const std::vector<Move> moves =
      ReturnToFunders(*programme, draft.Balance(id, programme->terms().currency()));
  KENGRED_RETURN_IF_REFUSED(draft.CheckMoves(moves));

  programme->set_closed_day(context.today());
  draft.PutProgramme(*programme);
  draft.Touch(association_id);
  draft.Post(moves, context.operation_index);
  return std::nullopt;
}

}  // namespace kengred::rules
