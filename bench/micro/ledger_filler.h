// A large made-up ledger, straight into a store: no signatures, no rules, but keys, values and
// batches of the size and shape that real payments have. For one thread.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kengred/core/checkpoint.h"
#include "kengred/core/ids.h"
#include "kengred/core/merkle.h"
#include "server/storage/store.h"

namespace kengred::bench {

struct FillerOptions {
  uint64_t accounts = 1'000'000;
  // Letters of tables (server/rules/state.h) that are left out, 'J' for the journal's bytes: what
  // they cost is the difference.
  std::string without;
};

class LedgerFiller {
 public:
  explicit LedgerFiller(const FillerOptions& options);

  // Where the store stands, the writer's epoch in it, and the tree at its head.
  void StartAt(const storage::Head& head, TreeFrontier tree);

  // The records of accounts `first`, `first` + 1, ...: account, owner of its key, directory,
  // balance. As many as fit; `*count` says how many. No entries: opening them is not what is
  // measured.
  storage::Batch Accounts(uint64_t first, uint64_t* count) const;

  // So many payments between accounts chosen at random, one after the other in the journal. Each
  // batch must be committed before the next is made.
  storage::Batch Payments(size_t count);

  // What the sequencer asks the store before it judges the payments of such a batch: the
  // transactions, which are not there, and the payers' and payees' accounts and balances.
  const std::vector<std::string>& keys_to_read() const { return keys_to_read_; }

 private:
  struct Party {
    AccountId account;
    std::string public_key;
  };
  static Party PartyOf(uint64_t number);
  std::string RandomBytes(size_t count);
  bool With(char table) const { return options_.without.find(table) == std::string::npos; }

  FillerOptions options_;
  NoteSigner log_key_;
  TreeFrontier tree_;
  uint64_t epoch_ = 0;
  storage::Hash hash_{};
  Sequence sequence_ = 0;
  std::mt19937_64 random_;
  std::vector<std::string> keys_to_read_;
};

}  // namespace kengred::bench
