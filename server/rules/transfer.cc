// Transfer: the payer pays.
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling Apply(const v1::Transfer& operation, const Context& context, Draft& draft) {
  AccountId payer_id;
  AccountId payee_id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.payer_account_id(), &payer_id));
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.payee_account_id(), &payee_id));
  KENGRED_RETURN_IF_REFUSED(CheckAmount(operation.amount_minor()));
  if (payer_id == payee_id) return Refuse(v1::VERDICT_SELF_PAYMENT);
  KENGRED_RETURN_IF_REFUSED(CheckReference(operation.payee_reference(), false));
  KENGRED_RETURN_IF_REFUSED(CheckCommitment(operation.has_memo(), operation.memo(), false));
  const v1::Currency* currency = nullptr;
  KENGRED_RETURN_IF_REFUSED(CheckCurrency(context, operation.currency(), &currency));
  if (currency->kind() == v1::CURRENCY_KIND_FIAT) {
    return Refuse(v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED);
  }
  const AccountRecord payer = draft.FindAccount(payer_id);
  if (!payer) return Refuse(v1::VERDICT_PAYER_UNKNOWN, {{"account_id", payer_id.ToHex()}});
  if (payer->kind() == v1::HOLDER_KIND_PROGRAMME) {
    return Refuse(v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED);
  }
  KENGRED_RETURN_IF_REFUSED(CheckSignedByHolder(context, *payer));
  const AccountRecord payee = draft.FindAccount(payee_id);
  if (!payee) return Refuse(v1::VERDICT_PAYEE_UNKNOWN, {{"account_id", payee_id.ToHex()}});
  const int64_t amount = operation.amount_minor();
  KENGRED_RETURN_IF_REFUSED(
      CheckPayable(context.charter, draft, *payee, currency->code(), amount, context.today()));
  const v1::CurrencyLimits& limits = LimitsOf(context.policy(), currency->code());
  if (limits.transfer_max_minor() > 0 && amount > limits.transfer_max_minor()) {
    return Refuse(v1::VERDICT_TRANSFER_LIMIT, {{"limit", Figure(limits.transfer_max_minor())},
                                               {"given", Figure(amount)},
                                               {"currency", currency->code()}});
  }
  const int64_t available = draft.Balance(payer_id, currency->code());
  if (available < amount) {
    return Refuse(v1::VERDICT_INSUFFICIENT_BALANCE, {{"needed", Figure(amount)},
                                                     {"available", Figure(available)},
                                                     {"currency", currency->code()}});
  }
  const std::vector<Move> moves = {{payer_id, currency->code(), -amount},
                                   {payee_id, currency->code(), amount}};
  KENGRED_RETURN_IF_REFUSED(draft.CheckMoves(moves));
  if (payee->kind() == v1::HOLDER_KIND_PROGRAMME) {
    KENGRED_RETURN_IF_REFUSED(AddFunding(draft, payee_id, payer_id, amount));
  }

  draft.Post(moves, context.operation_index);
  return std::nullopt;
}

}  // namespace kengred::rules
