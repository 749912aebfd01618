// Refund: the payee of a transfer gives back, at most what is left of it.
#include "server/rules/rule.h"

namespace kengred::rules {

Ruling Apply(const v1::Refund& operation, const Context& context, Draft& draft) {
  const auto original_id = TransactionId::FromBytes(operation.transaction_id());
  if (!original_id) return Refuse(v1::VERDICT_ID_MALFORMED);
  KENGRED_RETURN_IF_REFUSED(CheckAmount(operation.amount_minor()));
  KENGRED_RETURN_IF_REFUSED(CheckCommitment(operation.has_memo(), operation.memo(), false));
  const std::optional<v1::JournalEntry> entry = draft.FindEntry(*original_id);
  if (!entry) return Refuse(v1::VERDICT_TRANSACTION_UNKNOWN);
  v1::Transaction original;
  // The entry was parsed when it was accepted.
  original.ParseFromString(entry->signed_transaction().transaction());
  const uint32_t index = operation.operation_index();
  if (index >= static_cast<uint32_t>(original.operations().size()) ||
      !original.operations(static_cast<int>(index)).has_transfer()) {
    return Refuse(v1::VERDICT_NOT_A_TRANSFER);
  }
  const v1::Transfer& transfer = original.operations(static_cast<int>(index)).transfer();
  const AccountId payer_id = *AccountId::FromBytes(transfer.payer_account_id());
  const AccountId payee_id = *AccountId::FromBytes(transfer.payee_account_id());
  const AccountRecord payee = draft.FindAccount(payee_id);
  const AccountRecord payer = draft.FindAccount(payer_id);
  if (!payee || !payer) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN);
  // What was paid into a programme returns when it closes.
  if (payee->kind() == v1::HOLDER_KIND_PROGRAMME) {
    return Refuse(v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED);
  }
  KENGRED_RETURN_IF_REFUSED(CheckSignedByHolder(context, *payee));
  const auto window = static_cast<int32_t>(context.policy().refund_window_days());
  if (window > 0 && context.today() > entry->civil_day() + window) {
    return Refuse(v1::VERDICT_REFUND_WINDOW_OVER,
                  {{"paid_day", Figure(entry->civil_day())},
                   {"last_day", Figure(entry->civil_day() + window)}});
  }
  const int64_t amount = operation.amount_minor();
  const int64_t refunded = draft.Refunded(*original_id, index);
  const int64_t left = transfer.amount_minor() - refunded;
  if (amount > left) {
    return Refuse(
        v1::VERDICT_REFUND_EXCEEDS_ORIGINAL,
        {{"left", Figure(left)}, {"given", Figure(amount)}, {"currency", transfer.currency()}});
  }
  // Limits hold on every path: the money goes back only to somebody who may be paid.
  KENGRED_RETURN_IF_REFUSED(
      CheckPayable(context.charter, draft, *payer, transfer.currency(), amount, context.today()));
  const int64_t available = draft.Balance(payee_id, transfer.currency());
  if (available < amount) {
    return Refuse(v1::VERDICT_INSUFFICIENT_BALANCE, {{"needed", Figure(amount)},
                                                     {"available", Figure(available)},
                                                     {"currency", transfer.currency()}});
  }
  const std::vector<Move> moves = {{payee_id, transfer.currency(), -amount},
                                   {payer_id, transfer.currency(), amount}};
  KENGRED_RETURN_IF_REFUSED(draft.CheckMoves(moves));

  draft.PutNumber(key::Refunded(*original_id, index), refunded + amount);
  draft.Post(moves, context.operation_index);
  return std::nullopt;
}

}  // namespace kengred::rules
