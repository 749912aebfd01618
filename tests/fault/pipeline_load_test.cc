// The pipeline under a scripted load: what happens to clients in the middle of it.
//
// Goal: under load, and while a store fails, a server stops, a clock is set back or watches come
// and go, every transaction is answered once, an acceptance is for good, journal time never goes
// back, every watch hears of the last commit, and the auditor agrees. Method: several clients keep
// payments outstanding in the real verifier, sequencer and watch hub, on a store in memory. Runs
// under ThreadSanitizer, which is half of its purpose, so that no part of it is RocksDB.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kengred/core/signing.h"
#include "kengred/v1/journal.pb.h"
#include "server/storage/memory_store.h"
#include "tests/support/books.h"
#include "tests/support/community.h"
#include "tests/support/forwarding_store.h"
#include "tests/support/pipeline_rig.h"

namespace kengred {
namespace {

using storage::MemoryImage;
using testing::kNowSeconds;
using testing::PipelineRig;
using testing::Sent;
using testing::Told;

constexpr int64_t kSecondUs = 1'000'000;

// A store whose commits take a moment, so that batches are built meanwhile.
class SlowStore : public testing::ForwardingStore {
 public:
  SlowStore(std::shared_ptr<MemoryImage> image, std::chrono::microseconds by)
      : ForwardingStore(storage::NewMemoryStore(image)), image_(std::move(image)), by_(by) {}

  absl::StatusOr<storage::CommitResult> commit(const storage::Batch& batch) override {
    std::this_thread::sleep_for(by_);
    if (commits_ == fail_after_) image_->fail_next_commit(fault_);
    if (commits_ >= hold_after_) {
      held_ = true;
      while (!released_) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    auto result = ForwardingStore::commit(batch);
    ++commits_;
    return result;
  }

  // The commit after so many fails. Before the first.
  void FailAfter(uint64_t commits, MemoryImage::Fault fault) {
    fail_after_ = commits;
    fault_ = fault;
  }
  // The commit after so many waits for Release(); that one and later ones then take longer than it
  // takes anybody to do something about it. Before the first.
  void HoldAfter(uint64_t commits) { hold_after_ = commits; }
  void AwaitHeld() const {
    while (!held_) std::this_thread::yield();
  }
  void Release() { released_ = true; }

 private:
  const std::shared_ptr<MemoryImage> image_;
  const std::chrono::microseconds by_;
  uint64_t commits_ = 0;
  uint64_t fail_after_ = UINT64_MAX;
  uint64_t hold_after_ = UINT64_MAX;
  std::atomic<bool> held_{false};
  std::atomic<bool> released_{false};
  MemoryImage::Fault fault_ = MemoryImage::Fault::kNone;
};

class PipelineLoad : public ::testing::Test {
 protected:
  void SetUp() override {
    InitializeCrypto();
    const auto store = storage::NewMemoryStore(image_);
    testing::FoundIn(store.get(), &community_);
    founding_entries_ = store->head()->sequence;
  }

  std::unique_ptr<SlowStore> OpenStore() {
    return std::make_unique<SlowStore>(image_, std::chrono::microseconds(500));
  }

  // As many clients as `clients`; every second payment spends what the one before it has brought.
  void MakePayments(size_t clients, size_t of_each) {
    payments_.assign(clients, {});
    for (std::vector<Sent>& of_one : payments_) {
      for (size_t i = 0; i < of_each; ++i) {
        of_one.push_back(i % 2 == 0
                             ? testing::MakePayment(community_, kNowSeconds, "choir", {"chloe", 3},
                                                    {"librairie", 2}, number_++)
                             : testing::MakePayment(community_, kNowSeconds, "chloe",
                                                    {"biocoop", 1}, {"denis", 2}, number_++));
      }
    }
  }
  size_t all() const {
    size_t count = 0;
    for (const std::vector<Sent>& of_one : payments_) count += of_one.size();
    return count;
  }

  // What must hold whenever no pipeline runs; answers how many of the payments are there.
  size_t ExpectSound() {
    const auto store = storage::NewMemoryStore(image_);
    size_t present = 0;
    for (std::vector<Sent>& of_one : payments_) {
      testing::ExpectWholeOrAbsent(store.get(), community_, &of_one);
      for (const Sent& sent : of_one) present += sent.present ? 1U : 0U;
    }
    EXPECT_EQ(testing::ExpectAuditAgrees(store.get(), community_), founding_entries_ + present);
    return present;
  }

  // A new server takes all that the last one did not.
  void ExpectGoesOn(size_t present) {
    const auto store = OpenStore();
    PipelineRig rig(community_, store.get());
    const Told told = testing::RunClients(&rig, &payments_, 32);
    EXPECT_EQ(told.accepted, all());
    EXPECT_EQ(told.duplicates, present);
    rig.Stop();
    EXPECT_EQ(ExpectSound(), all());
  }

  testing::Community community_;
  const std::shared_ptr<MemoryImage> image_ = std::make_shared<MemoryImage>();
  uint64_t founding_entries_ = 0;
  uint64_t number_ = 0;
  std::vector<std::vector<Sent>> payments_;
};

TEST_F(PipelineLoad, EverybodyIsAnsweredAndEveryWatchHearsOfTheLastCommit) {
  MakePayments(4, 60);
  const auto store = OpenStore();
  PipelineRig rig(community_, store.get());
  // Wake-ups come from one thread, one after the other.
  uint64_t woken = 0;
  const auto watch =
      rig.hub().Subscribe(community_.account("chloe"), [&woken, &store](Sequence head) {
        EXPECT_GT(head, woken);
        EXPECT_GE(store->head()->sequence, head);
        woken = head;
      });
  // Others come and go, and read what is durable meanwhile.
  std::atomic<bool> over{false};
  std::vector<std::thread> visitors;
  for (const char* name : {"biocoop", "chloe"}) {
    visitors.emplace_back([this, name, &rig, &store, &over] {
      std::atomic<uint64_t> heard{0};
      while (!over) {
        const auto visit = rig.hub().Subscribe(community_.account(name),
                                               [&heard](Sequence head) { heard = head; });
        EXPECT_GE(testing::HeolOf(store.get(), community_, {name}).at(name), 0);
        const uint64_t told_of = heard;
        EXPECT_LE(told_of, store->head()->sequence);
      }
    });
  }
  const Told told = testing::RunClients(&rig, &payments_, 16);
  over = true;
  for (std::thread& visitor : visitors) visitor.join();
  rig.Stop();
  EXPECT_EQ(told.accepted, all());
  EXPECT_EQ(told.duplicates, 0U);
  EXPECT_EQ(woken, founding_entries_ + all());
  EXPECT_EQ(rig.hub().size(), 1U);
  EXPECT_LT(rig.sequencer().counters().commits, all()) << "nothing was ever batched";
  EXPECT_EQ(ExpectSound(), all());
}

TEST_F(PipelineLoad, AServerThatStopsKeepsWhatItHasAcknowledged) {
  MakePayments(4, 80);
  const auto store = OpenStore();
  size_t acknowledged = 0;
  {
    store->HoldAfter(3);
    PipelineRig rig(community_, store.get());
    std::thread stop([&store, &rig] {
      // One batch is being committed, and what came after it waits.
      store->AwaitHeld();
      while (rig.verifying() > 0) std::this_thread::yield();
      store->Release();
      rig.sequencer().Stop();
    });
    const Told told = testing::RunClients(&rig, &payments_, 16);
    stop.join();
    EXPECT_EQ(told.accepted + told.stopping, all());
    EXPECT_GT(told.stopping, 0U);
    acknowledged = told.accepted;
    EXPECT_EQ(rig.stops(), 0);
  }
  // Nobody was told that a payment of his may or may not be there.
  EXPECT_EQ(ExpectSound(), acknowledged);
  ExpectGoesOn(acknowledged);
}

TEST_F(PipelineLoad, AVerifierThatStopsAnswersWhatWaits) {
  MakePayments(1, 300);
  const auto store = OpenStore();
  std::vector<std::atomic<int>> answers(all());
  std::atomic<size_t> accepted{0};
  {
    PipelineRig rig(community_, store.get());
    for (size_t i = 0; i < all(); ++i) {
      rig.Submit(payments_[0][i].request, [&, i](const publish::Answer& answer) {
        ++answers[i];
        const v1::Verdict verdict = testing::VerdictOf(answer);
        if (verdict == v1::VERDICT_UNSPECIFIED) {
          ++accepted;
        } else {
          // One that spends may come to the sequencer, and one that brings not.
          EXPECT_TRUE(verdict == v1::VERDICT_STOPPING ||
                      verdict == v1::VERDICT_INSUFFICIENT_BALANCE)
              << v1::Verdict_Name(verdict);
        }
      });
    }
  }
  for (const std::atomic<int>& count : answers) EXPECT_EQ(count, 1);
  EXPECT_EQ(ExpectSound(), accepted);
}

class FailingStore : public PipelineLoad,
                     public ::testing::WithParamInterface<MemoryImage::Fault> {};

TEST_P(FailingStore, StopsThePipelineUntilARestart) {
  MakePayments(4, 80);
  const auto store = OpenStore();
  size_t acknowledged = 0;
  {
    store->FailAfter(3, GetParam());
    PipelineRig rig(community_, store.get());
    const Told told = testing::RunClients(&rig, &payments_, 16);
    EXPECT_EQ(told.accepted + told.stopped, all());
    EXPECT_GT(told.accepted, 0U);
    EXPECT_GT(told.stopped, 0U);
    acknowledged = told.accepted;
    EXPECT_EQ(rig.stops(), 1);
    EXPECT_FALSE(rig.sequencer().healthy());
  }
  const size_t present = ExpectSound();
  if (GetParam() == MemoryImage::Fault::kUnknownApplied) {
    EXPECT_GT(present, acknowledged);
  } else {
    EXPECT_EQ(present, acknowledged);
  }
  ExpectGoesOn(present);
}

INSTANTIATE_TEST_SUITE_P(All, FailingStore,
                         ::testing::Values(MemoryImage::Fault::kUnknownApplied,
                                           MemoryImage::Fault::kUnknownNotApplied));

// ---- clocks ----

// A clock that somebody sets back by an hour, and right again, after every few looks.
class SteppingClock {
 public:
  int64_t Now() {
    constexpr int64_t kLooks = 5;
    const int64_t look = looks_++;
    const int64_t back = look / kLooks % 2 == 1 ? 3600 : 0;
    return (kNowSeconds + 1800 - back) * kSecondUs + look;
  }

 private:
  std::atomic<int64_t> looks_{0};
};

// The times of all entries, which must not go back; answers the last.
int64_t ExpectTimesInOrder(storage::Store* store) {
  int64_t last = 0;
  const auto page = store->journal(0, 1'000'000);
  EXPECT_TRUE(page.ok()) << page.status();
  for (const auto& [sequence, bytes] : page->entries) {
    v1::JournalEntry entry;
    EXPECT_TRUE(entry.ParseFromString(bytes));
    const int64_t time = entry.time().seconds() * kSecondUs + entry.time().nanos() / 1000;
    EXPECT_GE(time, last) << "entry " << sequence;
    last = time;
  }
  return last;
}

TEST_F(PipelineLoad, AClockSetBackTakesNothingBackAndRefusesNobody) {
  // Payments are valid from half an hour before what the clock says first, for an hour: set back,
  // it says that they are not valid yet.
  MakePayments(4, 60);
  std::vector<std::vector<Sent>> later(1);
  std::swap(later[0], payments_[3]);
  SteppingClock clock;
  testing::RigOptions options;
  options.now_us = [&clock] { return clock.Now(); };
  {
    const auto store = OpenStore();
    PipelineRig rig(community_, store.get(), options);
    // Between commits, one payment each, and while all are at work.
    EXPECT_EQ(testing::RunClients(&rig, &later, 1).accepted, later[0].size());
    EXPECT_EQ(testing::RunClients(&rig, &payments_, 8).accepted, all());
  }
  payments_[3] = std::move(later[0]);
  EXPECT_EQ(ExpectSound(), all());
  const int64_t last_us = ExpectTimesInOrder(storage::NewMemoryStore(image_).get());
  EXPECT_GE(last_us, (kNowSeconds + 1800) * kSecondUs);

  // Nor does a server that starts while the clock is behind.
  options.now_us = [] { return (kNowSeconds - 1800) * kSecondUs; };
  MakePayments(2, 10);
  founding_entries_ = storage::NewMemoryStore(image_)->head()->sequence;
  {
    const auto store = OpenStore();
    PipelineRig rig(community_, store.get(), options);
    EXPECT_EQ(testing::RunClients(&rig, &payments_, 4).accepted, all());
  }
  EXPECT_EQ(ExpectSound(), all());
  EXPECT_EQ(ExpectTimesInOrder(storage::NewMemoryStore(image_).get()), last_us);
}

}  // namespace
}  // namespace kengred
