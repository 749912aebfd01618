// Reading an account's history, page by page.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "wallet/session.h"

namespace kengred::wallet {

// One line of a statement: what one operation moved of one currency, or an operation that moved
// nothing.
struct HistoryRow {
  Sequence sequence = 0;
  std::string transaction_id;  // hexadecimal
  int64_t time_seconds = 0;
  const v1::HistoryOperation* operation = nullptr;  // of the item it was made from
  std::string currency;                             // empty: nothing moved
  int64_t amount_minor = 0;
  // After the whole entry; meaningless where nothing moved.
  int64_t balance_after_minor = 0;
  std::optional<AccountId> counterparty;
  std::string reference;  // payee reference, euro reference or bank reference
};

// The rows of one entry. They point into `item`.
std::vector<HistoryRow> RowsOf(const v1::HistoryItem& item);
Json RowToJson(Session& session, const HistoryRow& row);

// Calls `visit` for each item until it says false or the history ends.
absl::Status ForEachItem(Session& session, v1::ListHistoryRequest request,
                         const std::function<bool(const v1::HistoryItem&)>& visit);

// One's own entry of that number. TRANSACTION_UNKNOWN where there is none.
absl::StatusOr<v1::HistoryItem> FindEntry(Session& session, Sequence sequence);

}  // namespace kengred::wallet
