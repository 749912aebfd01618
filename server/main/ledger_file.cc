#include "server/main/ledger_file.h"

#include <utility>

#include "kengred/core/charter.h"
#include "server/storage/rocksdb_store.h"

namespace kengred::server {

absl::StatusOr<LedgerFile> OpenLedgerFile(const std::string& data, bool read_only) {
  storage::RocksDbOptions options;
  options.path = data;
  options.read_only = read_only;
  absl::StatusOr<std::unique_ptr<storage::Store>> store = storage::OpenRocksDbStore(options);
  if (!store.ok()) return store.status();
  LedgerFile ledger;
  ledger.store = *std::move(store);
  const absl::StatusOr<storage::Head> head = ledger.store->head();
  if (!head.ok()) return head.status();
  ledger.head = *head;
  if (head->sequence == 0) {
    return absl::FailedPreconditionError(data +
                                         " holds no ledger yet; make one with `kengred-server init "
                                         "--charter FILE --data " +
                                         data + "`");
  }
  for (const Sequence sequence : {Sequence{1}, head->sequence}) {
    const absl::StatusOr<storage::JournalPage> page = ledger.store->journal(sequence - 1, 1);
    if (!page.ok()) return page.status();
    if (page->entries.empty() || !ledger.last_entry.ParseFromString(page->entries.front().second)) {
      return absl::DataLossError("journal entry " + std::to_string(sequence) + " cannot be read");
    }
    if (sequence != 1) continue;
    ledger.ledger_id = LedgerIdOf(ledger.last_entry.charter());
    if (!ledger.charter.ParseFromString(ledger.last_entry.charter())) {
      return absl::DataLossError("journal entry 1 is not a charter");
    }
  }
  return ledger;
}

std::string HashHex(const storage::Hash& hash) { return Digest(hash).ToHex(); }

}  // namespace kengred::server
