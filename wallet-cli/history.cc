#include "wallet/history.h"

#include <optional>

#include "kengred/core/limits.h"
#include "wallet/describe.h"
#include "wallet/status_macros.h"

namespace kengred::wallet {
namespace {

std::string ReferenceOf(const v1::Operation& operation) {
  switch (operation.operation_case()) {
    case v1::Operation::kTransfer:
      return operation.transfer().payee_reference();
    case v1::Operation::kIssue:
      return operation.issue().reference();
    case v1::Operation::kRecordFund:
      return operation.record_fund().reference();
    case v1::Operation::kSettleReconversion:
      return operation.settle_reconversion().bank_reference();
    default:
      return {};
  }
}

}  // namespace

std::vector<HistoryRow> RowsOf(const v1::HistoryItem& item) {
  std::vector<HistoryRow> rows;
  const auto transaction = TransactionId::FromBytes(item.transaction_id());
  for (const v1::HistoryOperation& operation : item.operations()) {
    HistoryRow base;
    base.sequence = item.sequence();
    base.transaction_id = transaction.has_value() ? transaction->ToHex() : std::string();
    base.time_seconds = item.time().seconds();
    base.operation = &operation;
    base.counterparty = AccountId::FromBytes(operation.counterparty_account_id());
    base.reference = ReferenceOf(operation.operation());
    const size_t first = rows.size();
    for (const v1::Posting& posting : operation.postings()) {
      // Several awards of one reward are one line.
      bool added = false;
      for (size_t i = first; i < rows.size(); ++i) {
        if (rows[i].currency != posting.currency()) continue;
        rows[i].amount_minor += posting.amount_minor();
        added = true;
      }
      if (added) continue;
      HistoryRow row = base;
      row.currency = posting.currency();
      row.amount_minor = posting.amount_minor();
      for (const v1::Balance& balance : operation.balances_after()) {
        if (balance.currency() == row.currency) row.balance_after_minor = balance.amount_minor();
      }
      rows.push_back(std::move(row));
    }
    if (rows.size() == first) rows.push_back(std::move(base));
  }
  return rows;
}

Json RowToJson(Session& session, const HistoryRow& row) {
  const Currencies& currencies = session.currencies();
  Json json;
  json["sequence"] = row.sequence;
  json["transaction_id"] = row.transaction_id;
  json["time"] = FormatTimeUtc(row.time_seconds);
  json["operation_index"] = row.operation->operation_index();
  json["operation"] = OperationName(row.operation->operation());
  json["counterparty"] =
      row.counterparty.has_value() ? Json(session.Address(*row.counterparty)) : Json(nullptr);
  json["counterparty_name"] = row.operation->counterparty_name();
  if (row.currency.empty()) {
    json["amount"] = nullptr;
    json["balance_after"] = nullptr;
  } else {
    json["amount"] = currencies.ToJson(row.currency, row.amount_minor);
    json["balance_after"] = currencies.ToJson(row.currency, row.balance_after_minor);
  }
  json["reference"] = row.reference;
  json["memo"] = row.operation->memo();
  return json;
}

absl::Status ForEachItem(Session& session, v1::ListHistoryRequest request,
                         const std::function<bool(const v1::HistoryItem&)>& visit) {
  WALLET_ASSIGN_OR_RETURN(const client::Reader* reader, session.reader());
  if (request.account_id().empty()) request.set_account_id(reader->account().ToBytes());
  if (request.page_size() == 0) request.set_page_size(kPageSizeMax);
  do {
    WALLET_ASSIGN_OR_RETURN(const v1::ListHistoryResponse page,
                            session.ledger().ListHistory(*reader, request));
    for (const v1::HistoryItem& item : page.items()) {
      if (!visit(item)) return absl::OkStatus();
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

absl::StatusOr<v1::HistoryItem> FindEntry(Session& session, Sequence sequence) {
  v1::ListHistoryRequest request;
  request.set_newest_first(true);
  std::optional<v1::HistoryItem> found;
  WALLET_RETURN_IF_ERROR(ForEachItem(session, request, [&](const v1::HistoryItem& item) {
    if (item.sequence() == sequence) found = item;
    return item.sequence() > sequence;
  }));
  if (!found.has_value()) return FailRefused({v1::VERDICT_TRANSACTION_UNKNOWN, {}});
  return *found;
}

}  // namespace kengred::wallet
