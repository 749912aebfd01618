// Issue: units against a euro receipt, guarantee fund and units in one entry.
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling Apply(const v1::Issue& operation, const Context& context, Draft& draft) {
  AccountId id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.account_id(), &id));
  KENGRED_RETURN_IF_REFUSED(CheckAmount(operation.amount_minor()));
  KENGRED_RETURN_IF_REFUSED(CheckReference(operation.reference(), true));
  KENGRED_RETURN_IF_REFUSED(CheckSignedByRole(context, draft, v1::ROLE_ISSUER, 1));
  const v1::Currency* currency = nullptr;
  KENGRED_RETURN_IF_REFUSED(CheckCurrency(context, operation.currency(), &currency));
  if (currency->kind() == v1::CURRENCY_KIND_FIAT) {
    return Refuse(v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED);
  }
  KENGRED_RETURN_IF_REFUSED(CheckUnusedReference(draft, operation.reference()));
  const AccountRecord account = draft.FindAccount(id);
  if (!account) return Refuse(v1::VERDICT_PAYEE_UNKNOWN, {{"account_id", id.ToHex()}});
  // EARNED units are earned: they come out of programmes only.
  if (currency->kind() == v1::CURRENCY_KIND_EARNED &&
      account->kind() != v1::HOLDER_KIND_PROGRAMME) {
    return Refuse(v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED);
  }
  const int64_t amount = operation.amount_minor();
  KENGRED_RETURN_IF_REFUSED(
      CheckPayable(context.charter, draft, *account, currency->code(), amount, context.today()));
  std::vector<Move> moves = {
      {SystemAccountId(kCirculation, currency->code()), currency->code(), -amount},
      {id, currency->code(), amount}};
  if (currency->kind() == v1::CURRENCY_KIND_BACKED) {
    moves.push_back(
        {SystemAccountId(kBank, currency->code()), currency->backing_currency(), -amount});
    moves.push_back(
        {SystemAccountId(kFundDigital, currency->code()), currency->backing_currency(), amount});
  }
  KENGRED_RETURN_IF_REFUSED(draft.CheckMoves(moves));
  if (account->kind() == v1::HOLDER_KIND_PROGRAMME) {
    const auto association =
        *AccountId::FromBytes(draft.FindProgramme(id)->terms().association_account_id());
    KENGRED_RETURN_IF_REFUSED(AddFunding(draft, id, association, amount));
  }

  draft.PutNumber(key::Reference(operation.reference()),
                  static_cast<int64_t>(context.transaction.sequence()));
  draft.Post(moves, context.operation_index);
  return std::nullopt;
}

}  // namespace kengred::rules
