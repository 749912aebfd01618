// A ledger on disk, for the commands that look at one without serving it.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "kengred/core/ids.h"
#include "kengred/v1/charter.pb.h"
#include "kengred/v1/journal.pb.h"
#include "server/storage/store.h"

namespace kengred::server {

struct LedgerFile {
  std::unique_ptr<storage::Store> store;
  storage::Head head;
  LedgerId ledger_id;
  v1::Charter charter;
  v1::JournalEntry last_entry;
};

// Opens the ledger in a directory. Errors are the store's; FailedPrecondition where it holds no
// charter yet, DataLoss where its first or last entry cannot be read.
absl::StatusOr<LedgerFile> OpenLedgerFile(const std::string& data, bool read_only);

std::string HashHex(const storage::Hash& hash);

}  // namespace kengred::server
