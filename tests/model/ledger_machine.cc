#include "ledger_machine.h"

#include <absl/synchronization/blocking_counter.h>

#include <cstdio>
#include <cstdlib>

#include "faulty_files.h"
#include "kengred/core/verification.h"
#include "server/storage/memory_store.h"
#include "server/storage/rocksdb_store.h"
#include "server/storage/rocksdb_store_testing.h"
#include "temporary_directory.h"

namespace kengred::testing {
namespace {

template <typename T>
T Must(absl::StatusOr<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "the machine fails: %s\n", result.status().ToString().c_str());
    std::abort();
  }
  return *std::move(result);
}

class MemoryPlace : public StorePlace {
 public:
  std::unique_ptr<storage::Store> Open() override { return storage::NewMemoryStore(image_); }
  void PlanCrash(std::mt19937_64* random) override {
    image_->fail_next_commit((*random)() % 2 == 0
                                 ? storage::MemoryImage::Fault::kUnknownApplied
                                 : storage::MemoryImage::Fault::kUnknownNotApplied);
  }
  void Crash(std::mt19937_64*) override {
    image_->fail_next_commit(storage::MemoryImage::Fault::kNone);
  }
  void PullThePlug() override {}

 private:
  const std::shared_ptr<storage::MemoryImage> image_ = std::make_shared<storage::MemoryImage>();
};

class DiskPlace : public StorePlace {
 public:
  std::unique_ptr<storage::Store> Open() override {
    storage::RocksDbOptions options;
    options.path = directory_ / "store";
    options.create_if_missing = true;
    return Must(storage::OpenRocksDbStoreOn(options, files_.env()));
  }
  void PlanCrash(std::mt19937_64* random) override {
    constexpr Damage kDamages[] = {Damage::kRefused, Damage::kTorn, Damage::kDoneButNo,
                                   Damage::kDiskFull};
    files_.Plan(1 + (*random)() % 6, kDamages[(*random)() % 4], true);
  }
  void Crash(std::mt19937_64* random) override {
    constexpr Loss kLosses[] = {Loss::kNone, Loss::kHalf, Loss::kAll};
    files_.Restart(kLosses[(*random)() % 3]);
  }
  void PullThePlug() override { files_.Kill(); }

 private:
  TemporaryDirectory directory_;
  FaultyFiles files_;
};

bool IsUnanswered(const publish::Answer& answer) {
  const auto* refusal = std::get_if<Refusal>(&answer);
  return refusal != nullptr && (refusal->verdict == v1::VERDICT_STORAGE_STOPPED ||
                                refusal->verdict == v1::VERDICT_STOPPING);
}

}  // namespace

std::unique_ptr<StorePlace> NewMemoryPlace() { return std::make_unique<MemoryPlace>(); }
std::unique_ptr<StorePlace> NewDiskPlace() { return std::make_unique<DiskPlace>(); }

struct LedgerMachine::Waiting {
  explicit Waiting(size_t count) : answers(count), left(static_cast<int>(count)) {}

  std::vector<publish::Answer> answers;  // each written once, before `left` counts it
  absl::BlockingCounter left;
};

LedgerMachine::LedgerMachine(std::unique_ptr<StorePlace> place, const Community& community)
    : place_(std::move(place)), community_(community) {
  store_ = place_->Open();
  Must(sequence::InitializeLedger(store_.get(), community.charter_bytes(),
                                  community.log_keys().front(), now_us_));
  Start();
}

LedgerMachine::~LedgerMachine() { sequencer_->Stop(); }

void LedgerMachine::Start() {
  hub_ = std::make_unique<publish::WatchHub>();
  sequence::SequencerOptions options;
  options.now_us = [this] { return now_us_.load(); };
  options.log_keys = community_.log_keys();
  sequencer_ = Must(sequence::Sequencer::Start(std::move(options), store_.get(), hub_.get()));
}

std::shared_ptr<LedgerMachine::Waiting> LedgerMachine::Send(
    const std::vector<v1::SignedTransaction>& transactions, bool validate_only) {
  auto waiting = std::make_shared<Waiting>(transactions.size());
  for (size_t i = 0; i < transactions.size(); ++i) {
    const publish::Done done = [waiting, i](publish::Answer answer) {
      waiting->answers[i] = std::move(answer);
      waiting->left.DecrementCount();
    };
    auto parsed = Parse(transactions[i], community_.ledger_id());
    if (auto* refusal = std::get_if<Refusal>(&parsed)) {
      done(std::move(*refusal));
      continue;
    }
    auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
    if (auto* refusal = std::get_if<Refusal>(&verified)) {
      done(std::move(*refusal));
      continue;
    }
    sequencer_->Enqueue(
        {std::get<VerifiedTransaction>(std::move(verified)), {}, validate_only, done});
  }
  return waiting;
}

std::vector<publish::Answer> LedgerMachine::Submit(
    const std::vector<v1::SignedTransaction>& transactions) {
  const std::shared_ptr<Waiting> waiting = Send(transactions);
  waiting->left.Wait();
  return waiting->answers;
}

publish::Answer LedgerMachine::DryRun(const v1::SignedTransaction& transaction) {
  const std::shared_ptr<Waiting> waiting = Send({transaction}, true);
  waiting->left.Wait();
  return waiting->answers.front();
}

std::vector<publish::Answer> LedgerMachine::SubmitThroughCrash(
    const std::vector<v1::SignedTransaction>& transactions, std::mt19937_64* random) {
  // Half of the crashes begin with a commit that fails, half come out of the blue.
  const bool planned = (*random)() % 2 == 0;
  if (planned) place_->PlanCrash(random);
  const std::shared_ptr<Waiting> waiting = Send(transactions);
  if (!planned) place_->PullThePlug();
  waiting->left.Wait();
  std::vector<publish::Answer> answers = waiting->answers;
  // Whatever happened, closing the store must not tidy up.
  place_->PullThePlug();
  sequencer_.reset();
  store_.reset();
  place_->Crash(random);
  store_ = place_->Open();
  Start();
  for (size_t i = 0; i < transactions.size(); ++i) {
    if (IsUnanswered(answers[i])) answers[i] = Submit({transactions[i]}).front();
  }
  return answers;
}

void LedgerMachine::Restart() {
  sequencer_.reset();
  store_.reset();
  store_ = place_->Open();
  Start();
}

std::map<std::string, std::string> LedgerMachine::Table(const std::string& prefix) {
  std::map<std::string, std::string> table;
  std::string after;
  while (true) {
    const storage::Scan scan = Must(store_->scan(prefix, after, 1000));
    if (scan.pairs.empty()) return table;
    after = scan.pairs.back().first;
    table.insert(scan.pairs.begin(), scan.pairs.end());
  }
}

std::vector<std::string> LedgerMachine::Journal() {
  std::vector<std::string> entries;
  while (true) {
    const storage::JournalPage page = Must(store_->journal(entries.size(), 1000));
    if (page.entries.empty()) return entries;
    for (const auto& [sequence, bytes] : page.entries) {
      if (sequence != entries.size() + 1) std::abort();
      entries.push_back(bytes);
    }
  }
}

storage::Head LedgerMachine::head() { return Must(store_->head()); }

}  // namespace kengred::testing
