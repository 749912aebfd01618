// RecordFund: euros in or out of a guarantee fund, and notes deposited or withdrawn.
#include "server/rules/rule.h"

namespace kengred::rules {
namespace {

bool IsNoteMovement(v1::FundMovement movement) {
  return movement == v1::FUND_MOVEMENT_NOTES_DEPOSITED ||
         movement == v1::FUND_MOVEMENT_NOTES_WITHDRAWN;
}

// Each movement has its own fields; one that does not belong is refused, so that it may mean
// something later.
bool IsWellFormedMovement(const v1::RecordFund& operation) {
  switch (operation.movement()) {
    case v1::FUND_MOVEMENT_EUROS_IN:
    case v1::FUND_MOVEMENT_EUROS_OUT:
      return (operation.fund() == v1::FUND_DIGITAL || operation.fund() == v1::FUND_PAPER) &&
             operation.account_id().empty();
    case v1::FUND_MOVEMENT_NOTES_DEPOSITED:
    case v1::FUND_MOVEMENT_NOTES_WITHDRAWN:
      return operation.fund() == v1::FUND_UNSPECIFIED;
    default:
      return false;
  }
}

}  // namespace

Ruling Apply(const v1::RecordFund& operation, const Context& context, Draft& draft) {
  if (!IsWellFormedMovement(operation)) return Refuse(v1::VERDICT_FUND_MOVEMENT_MALFORMED);
  const bool notes = IsNoteMovement(operation.movement());
  AccountId holder;
  if (notes) KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.account_id(), &holder));
  KENGRED_RETURN_IF_REFUSED(CheckAmount(operation.amount_minor()));
  KENGRED_RETURN_IF_REFUSED(CheckReference(operation.reference(), true));
  KENGRED_RETURN_IF_REFUSED(CheckSignedByRole(context, draft, v1::ROLE_TREASURER, 1));
  const v1::Currency* currency = nullptr;
  KENGRED_RETURN_IF_REFUSED(CheckCurrency(context, operation.currency(), &currency));
  if (currency->kind() != v1::CURRENCY_KIND_BACKED) {
    return Refuse(v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED);
  }
  KENGRED_RETURN_IF_REFUSED(CheckUnusedReference(draft, operation.reference()));

  const std::string& code = currency->code();
  const std::string& euro = currency->backing_currency();
  const AccountId circulation = SystemAccountId(kCirculation, code);
  const AccountId digital = SystemAccountId(kFundDigital, code);
  const AccountId paper = SystemAccountId(kFundPaper, code);
  const AccountId bank = SystemAccountId(kBank, code);
  const AccountId fund = operation.fund() == v1::FUND_PAPER ? paper : digital;
  const int64_t amount = operation.amount_minor();
  std::vector<Move> moves;
  if (notes) {
    const AccountRecord account = draft.FindAccount(holder);
    if (!account) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", holder.ToHex()}});
    if (account->kind() == v1::HOLDER_KIND_PROGRAMME) {
      return Refuse(v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED);
    }
    if (operation.movement() == v1::FUND_MOVEMENT_NOTES_DEPOSITED) {
      KENGRED_RETURN_IF_REFUSED(
          CheckPayable(context.charter, draft, *account, code, amount, context.today()));
      moves = {{paper, euro, -amount},
               {digital, euro, amount},
               {circulation, code, -amount},
               {holder, code, amount}};
    } else {
      KENGRED_RETURN_IF_REFUSED(CheckSignedByHolder(context, *account));
      if (draft.Balance(holder, code) < amount) {
        return Refuse(v1::VERDICT_INSUFFICIENT_BALANCE,
                      {{"needed", Figure(amount)},
                       {"available", Figure(draft.Balance(holder, code))},
                       {"currency", code}});
      }
      moves = {{holder, code, -amount},
               {circulation, code, amount},
               {digital, euro, -amount},
               {paper, euro, amount}};
    }
  } else if (operation.movement() == v1::FUND_MOVEMENT_EUROS_IN) {
    moves = {{bank, euro, -amount}, {fund, euro, amount}};
  } else {
    moves = {{fund, euro, -amount}, {bank, euro, amount}};
  }
  KENGRED_RETURN_IF_REFUSED(draft.CheckMoves(moves));
  // Neither fund goes below zero, and the digital one not below what circulates.
  for (const auto& [id, floor] :
       {std::pair{digital, CirculationOf(draft, code)}, std::pair{paper, int64_t{0}}}) {
    int64_t fund_after = draft.Balance(id, euro);
    int64_t floor_after = floor;
    for (const Move& move : moves) {
      if (move.account == id) fund_after += move.amount_minor;
      if (id == digital && move.account == circulation) floor_after -= move.amount_minor;
    }
    if (fund_after < floor_after) {
      return Refuse(
          v1::VERDICT_FUND_INSUFFICIENT,
          {{"fund", Figure(fund_after)}, {"circulation", Figure(floor_after)}, {"currency", euro}});
    }
  }

  draft.PutNumber(key::Reference(operation.reference()),
                  static_cast<int64_t>(context.transaction.sequence()));
  draft.Post(moves, context.operation_index);
  return std::nullopt;
}

}  // namespace kengred::rules
