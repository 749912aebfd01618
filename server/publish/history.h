// History: the journal as one account sees it. Built from the entries themselves at every read;
// nothing of it is stored but the index of which entries touch which account.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/v1/charter.pb.h"
#include "kengred/v1/ledger_service.pb.h"
#include "server/storage/store.h"

namespace kengred::publish {

// Where the side record of a commitment lies. Handed in, since the keys of private texts belong to
// the sequence stage, which stands on this library.
using SideRecordKeyOf = std::string (*)(const Digest& commitment);

// Which part of whose history.
struct HistoryQuery {
  AccountId account;
  // Only what moved this currency; empty: everything, also what moved nothing.
  std::string currency;
  // Only entries that moved something to or from this account.
  std::optional<AccountId> counterparty;
  // Only entries at or after, and before, these times (microseconds since 1970).
  std::optional<int64_t> from_us;
  std::optional<int64_t> until_us;
  bool newest_first = false;
};

struct HistoryPage {
  std::vector<v1::HistoryItem> items;
  // Where the next page begins: after this entry (before it, where newest first). Counts what was
  // looked at and left out.
  Sequence cursor = 0;
  // Whether there may be more. A page may be empty and say so: the work of one read is bounded,
  // whatever the filters leave out.
  bool more = false;
  // The head at which the index was read: with `more` false and oldest first, everything up to here
  // has been seen.
  Sequence head = 0;
};

// Any thread. Errors are the store's; DataLoss where an entry cannot be read.
class HistoryReader {
 public:
  // The store must outlive it; the charter need not.
  HistoryReader(storage::Store* store, const v1::Charter& charter, SideRecordKeyOf side_record_key);

  // Up to `items_max` (at least 1) items after the cursor of the page before; 0: from the start.
  absl::StatusOr<HistoryPage> Read(const HistoryQuery& query, Sequence cursor,
                                   size_t items_max) const;

  // The operations of an entry that touch an account, as it sees them, without balances, texts and
  // names. Empty where none does.
  absl::StatusOr<std::vector<v1::HistoryOperation>> OperationsOf(
      const AccountId& account, const v1::JournalEntry& entry) const;

 private:
  // The page with its texts and names.
  absl::StatusOr<HistoryPage> Finished(HistoryPage page) const;

  storage::Store* const store_;
  const SideRecordKeyOf side_record_key_;
  std::set<AccountId> system_accounts_;
};

}  // namespace kengred::publish
