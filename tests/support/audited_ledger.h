// A small ledger as plain data, to be tampered with: made by the real sequencer, one commit for
// each entry, and put back into stores.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/signed_note.h"
#include "server/audit/entry_source.h"
#include "server/storage/store.h"
#include "tests/support/community.h"

namespace kengred::testing {

struct LedgerData {
  std::vector<std::string> journal;          // entry n at n - 1
  std::map<std::string, std::string> pairs;  // state and side
  storage::Hash hash{};                      // of the head

  // The root of the first `size` entries, as they are now.
  Digest RootOf(uint64_t size) const;
  // Cuts the tree's runs into single hashes, as lone commits would have left them.
  void SplitTreeRuns();
  // Computes tree, checkpoints and head anew, so that only the entries tell: what somebody could do
  // who has the store and `log_key`.
  void Forge(const NoteSigner& log_key);
};

// The community's founding, payments, a refund, rewards, a reconversion and its settlement, and two
// rotations of the log's key. Aborts where anything is refused.
LedgerData MakeAuditedLedger(Community* community);

LedgerData ReadLedgerData(storage::Store* store);
// A store in memory that holds it.
std::unique_ptr<storage::Store> StoreOf(const LedgerData& data);
// The journal and the checkpoints alone.
std::unique_ptr<audit::EntrySource> SourceOf(const LedgerData& data);

}  // namespace kengred::testing
