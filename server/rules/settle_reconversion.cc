// SettleReconversion: the euros were paid. Burns the net, shares the commission, takes the euros
// out of the fund: one entry.
#include "server/rules/rule.h"

namespace kengred::rules {
namespace {

// The commission's parts sum to it exactly: each share is rounded down, and what is left goes to
// the remainder account. An account that is not open gives its part to the remainder, and the
// remainder's to the system account.
std::vector<Move> ShareCommission(const Context& context, const Draft& draft,
                                  const std::string& currency, int64_t commission) {
  std::vector<Move> moves;
  int64_t left = commission;
  for (const v1::CommissionShare& share : context.policy().commission_shares()) {
    const AccountId id = *AccountId::FromBytes(share.account_id());
    if (!draft.FindAccount(id)) continue;
    const int64_t part = ProportionDown(commission, share.share_bps(), kBasisPoints);
    moves.push_back({id, currency, part});
    left -= part;
  }
  AccountId remainder = SystemAccountId(kCommission, currency);
  const auto named = AccountId::FromBytes(context.policy().commission_remainder_account_id());
  if (named && draft.FindAccount(*named)) remainder = *named;
  moves.push_back({remainder, currency, left});
  return moves;
}

}  // namespace

Ruling Apply(const v1::SettleReconversion& operation, const Context& context, Draft& draft) {
  const auto id = ReconversionId::FromBytes(operation.reconversion_id());
  if (!id) return Refuse(v1::VERDICT_ID_MALFORMED);
  KENGRED_RETURN_IF_REFUSED(CheckReference(operation.bank_reference(), true));
  std::optional<v1::Reconversion> reconversion = draft.FindReconversion(*id);
  KENGRED_RETURN_IF_REFUSED(CheckSignedByRole(
      context, draft, v1::ROLE_TREASURER, 1,
      reconversion ? AccountId::FromBytes(reconversion->account_id()) : std::nullopt));
  if (!reconversion) return Refuse(v1::VERDICT_RECONVERSION_UNKNOWN);
  KENGRED_RETURN_IF_REFUSED(CheckRequested(*reconversion));
  KENGRED_RETURN_IF_REFUSED(CheckUnusedReference(draft, operation.bank_reference()));
  const std::string& code = reconversion->currency();
  const std::string& euro = FindCurrency(context.charter, code)->backing_currency();
  const int64_t gross = reconversion->gross_minor();
  const int64_t net = gross - reconversion->commission_minor();
  std::vector<Move> moves = {{SystemAccountId(kLocked, code), code, -gross},
                             {SystemAccountId(kCirculation, code), code, net},
                             {SystemAccountId(kFundDigital, code), euro, -net},
                             {SystemAccountId(kBank, code), euro, net}};
  for (Move& move : ShareCommission(context, draft, code, reconversion->commission_minor())) {
    moves.push_back(std::move(move));
  }
  KENGRED_RETURN_IF_REFUSED(draft.CheckMoves(moves));

  reconversion->set_state(v1::RECONVERSION_STATE_SETTLED);
  reconversion->set_bank_reference(operation.bank_reference());
  *reconversion->mutable_decision_time() = context.Time();
  draft.PutReconversion(*reconversion);
  draft.PutNumber(key::Reference(operation.bank_reference()),
                  static_cast<int64_t>(context.transaction.sequence()));
  draft.Post(moves, context.operation_index);
  return std::nullopt;
}

}  // namespace kengred::rules
