// The real thing that models are held against: the real sequencer and rules on a real store,
// without the network. It can lose power in the middle of work and come back.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "server/publish/answer.h"
#include "server/publish/watch_hub.h"
#include "server/sequence/sequencer.h"
#include "server/storage/store.h"
#include "tests/support/community.h"

namespace kengred::testing {

// Where the store's bytes are, and how they are lost.
class StorePlace {
 public:
  virtual ~StorePlace() = default;
  // Opens what is there.
  virtual std::unique_ptr<storage::Store> Open() = 0;
  // Makes some commit from now on fail.
  virtual void PlanCrash(std::mt19937_64* random) = 0;
  // The store is destroyed; what was not durable may be gone.
  virtual void Crash(std::mt19937_64* random) = 0;
  // Whether a crash can come while a commit runs: called then, before the store is destroyed.
  virtual void PullThePlug() = 0;
};

std::unique_ptr<StorePlace> NewMemoryPlace();
// RocksDB, in a directory that goes away with the place.
std::unique_ptr<StorePlace> NewDiskPlace();

// One thread uses it.
class LedgerMachine {
 public:
  // An empty ledger of the community.
  LedgerMachine(std::unique_ptr<StorePlace> place, const Community& community);
  ~LedgerMachine();

  // The machine's clock; it stands until it is moved.
  int64_t now_seconds() const { return now_us_ / 1'000'000; }
  void AdvanceSeconds(int64_t seconds) { now_us_ += seconds * 1'000'000; }
  int32_t today() const { return sequencer_->Today(); }

  // Sends them all at once, in order, and waits for the answers. A transaction that does not verify
  // is refused as the verifier does.
  std::vector<publish::Answer> Submit(const std::vector<v1::SignedTransaction>& transactions);
  // What would become of it; nothing is recorded.
  publish::Answer DryRun(const v1::SignedTransaction& transaction);
  // Crashes some time after these are sent and comes back. What was not answered before is sent
  // again, in order, as a client does, until it is.
  std::vector<publish::Answer> SubmitThroughCrash(
      const std::vector<v1::SignedTransaction>& transactions, std::mt19937_64* random);
  // An orderly stop and start.
  void Restart();

  // All pairs of a table, "B" for balances.
  std::map<std::string, std::string> Table(const std::string& prefix);
  // All entries.
  std::vector<std::string> Journal();
  storage::Head head();

 private:
  void Start();
  // Hands over without waiting; the answers come into `answers`.
  struct Waiting;
  std::shared_ptr<Waiting> Send(const std::vector<v1::SignedTransaction>& transactions,
                                bool validate_only = false);

  const std::unique_ptr<StorePlace> place_;
  const Community& community_;
  std::atomic<int64_t> now_us_ = kNowSeconds * 1'000'000;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<publish::WatchHub> hub_;
  std::unique_ptr<sequence::Sequencer> sequencer_;
};

}  // namespace kengred::testing
