// Samples for the micro benchmarks: signed payments and journals that look like real ones. Keys are
// random, ledgers made up. For one thread.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/merkle.h"
#include "kengred/core/signing.h"
#include "kengred/v1/transaction.pb.h"

namespace kengred::bench {

inline constexpr int64_t kSampleTimeSeconds = 1795510800;  // 2026-11-24 09:00 UTC

// What a benchmark measures has failed: its figure would mean nothing.
[[noreturn]] void Die(const std::string& what);

// Payments of one signature each, all of different people.
class Payments {
 public:
  explicit Payments(size_t count);

  const LedgerId& ledger_id() const { return ledger_id_; }
  const std::vector<v1::SignedTransaction>& signed_transactions() const { return transactions_; }
  // Serialized JournalEntry messages with the payments, from sequence `first` on.
  std::vector<std::string> Entries(uint64_t first) const;

 private:
  LedgerId ledger_id_;
  std::vector<v1::SignedTransaction> transactions_;
};

// A tree of any size in memory: the stored hashes of `size` made-up leaves.
class SampleTree : public HashReader {
 public:
  explicit SampleTree(uint64_t size);
  // Made once for each size, since a large one takes seconds.
  static SampleTree& Of(uint64_t size);
  absl::StatusOr<std::vector<Digest>> Read(uint32_t level, uint64_t first, size_t count) override;
  const TreeFrontier& frontier() const { return frontier_; }

 private:
  TreeFrontier frontier_;
  std::vector<std::vector<Digest>> levels_;  // of level 8 i at i
};

}  // namespace kengred::bench
