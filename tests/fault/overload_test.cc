// Ten times more than the pipeline can take.
//
// Goal: accepted work stays at capacity, what is taken and not answered yet stays within the bounds
// of the queues, who finds them full is told so at once, who is taken waits for what was ahead of
// him and no longer, everybody is answered once, and the first transaction after the overload is
// accepted like any other.
//
// Method: the store lets one commit through at a time, when the test says so: capacity is one full
// batch a turn, whatever the machine. Each turn the driver sends, without waiting, ten times as
// much as the largest batch so far, and then lets one commit through. What is refused is sent again
// later, as clients do. Nothing is measured in seconds.
//
// KENGRED_OVERLOAD_SECONDS: goes on for so long instead of a few turns, and prints what it does.
#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include "kengred/core/limits.h"
#include "kengred/core/signing.h"
#include "server/storage/memory_store.h"
#include "tests/support/books.h"
#include "tests/support/community.h"
#include "tests/support/forwarding_store.h"
#include "tests/support/pipeline_rig.h"

namespace kengred {
namespace {

using testing::kNowSeconds;
using testing::PipelineRig;

constexpr size_t kVerifierQueueMax = 2048;
constexpr size_t kSequencerQueueMax = 1024;
// Taken and not answered: in both queues, in the batch being built and in the one being committed.
constexpr size_t kTakenMax = kVerifierQueueMax + kSequencerQueueMax + 2 * kBatchTransactionsMax;
// A moment longer: on their way from one queue to the other.
constexpr size_t kUnderWayMax = kVerifierQueueMax;
constexpr size_t kOverload = 10;
constexpr uint64_t kTurns = 10;

// Lets through as many commits as it is told to.
class TurnstileStore : public testing::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  absl::StatusOr<storage::CommitResult> commit(const storage::Batch& batch) override {
    {
      const absl::MutexLock lock(&mutex_);
      waiting_ = true;
      const auto may_pass = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return passed_ < allowed_;
      };
      mutex_.Await(absl::Condition(&may_pass));
      waiting_ = false;
      ++passed_;
      largest_ = std::max(largest_, batch.journal.size());
    }
    return ForwardingStore::commit(batch);
  }

  // Waits until a commit stands before it, and lets it through.
  void LetOneThrough() {
    const absl::MutexLock lock(&mutex_);
    const auto waits = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return waiting_; };
    mutex_.Await(absl::Condition(&waits));
    waiting_ = false;
    ++allowed_;
  }
  void Close() {
    const absl::MutexLock lock(&mutex_);
    allowed_ = passed_;
  }
  void Open() {
    const absl::MutexLock lock(&mutex_);
    allowed_ = UINT64_MAX;
  }
  uint64_t passed() const {
    const absl::MutexLock lock(&mutex_);
    return passed_;
  }
  // Entries of the largest batch so far.
  size_t largest() const {
    const absl::MutexLock lock(&mutex_);
    return largest_;
  }

 private:
  mutable absl::Mutex mutex_;
  uint64_t allowed_ ABSL_GUARDED_BY(mutex_) = UINT64_MAX;
  uint64_t passed_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t largest_ ABSL_GUARDED_BY(mutex_) = 0;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
};

class Overload : public ::testing::Test {
 protected:
  Overload() : store_(storage::NewMemoryStore()) {
    InitializeCrypto();
    testing::FoundIn(&store_, &community_);
    founding_ = store_.head()->sequence;
    testing::RigOptions options;
    options.verifier_queue_max = kVerifierQueueMax;
    options.sequencer_queue_max = kSequencerQueueMax;
    rig_.emplace(community_, &store_, options);
  }

  // The pipeline ends by committing what it has taken.
  void TearDown() override {
    store_.Open();
    rig_->Stop();
  }

  struct Call {
    v1::SubmitTransactionRequest request;
    uint64_t head = 0;   // when it was sent
    size_t ahead = 0;    // sent before it and not answered then
    bool open = false;   // sent and not answered
    bool taken = false;  // accepted
  };

  // One to send: refused before, or new. Money goes to and fro, so that it never ends.
  std::shared_ptr<Call> Next() {
    {
      const absl::MutexLock lock(&mutex_);
      if (!refused_.empty()) {
        std::shared_ptr<Call> call = std::move(refused_.front());
        refused_.pop_front();
        return call;
      }
    }
    const bool to = made_++ % 2 == 0;
    auto call = std::make_shared<Call>();
    *call->request.mutable_signed_transaction() = community_.Transaction(
        kNowSeconds, {community_.Transfer(to ? "alice" : "choir", to ? "choir" : "alice", 1)},
        {to ? "alice" : "choir"});
    return call;
  }

  void Send(const std::shared_ptr<Call>& call) {
    {
      const absl::MutexLock lock(&mutex_);
      call->ahead = open_;
      EXPECT_FALSE(call->open);
      call->open = true;
      ++open_;
      ++sent_;
      open_max_ = std::max(open_max_, open_);
      EXPECT_LE(open_, kTakenMax + kUnderWayMax + 1);
    }
    call->head = store_.head()->sequence;
    rig_->Submit(call->request,
                 [this, call](const publish::Answer& answer) { Take(call, answer); });
  }

  void Take(const std::shared_ptr<Call>& call, const publish::Answer& answer) {
    const absl::MutexLock lock(&mutex_);
    ASSERT_TRUE(call->open) << "answered twice";
    call->open = false;
    --open_;
    if (const auto* response = std::get_if<v1::SubmitTransactionResponse>(&answer)) {
      ++accepted_;
      EXPECT_FALSE(response->duplicate());
      EXPECT_FALSE(call->taken);
      call->taken = true;
      // Nobody who came later is before it.
      EXPECT_LE(response->sequence(), call->head + call->ahead + 1);
      return;
    }
    EXPECT_EQ(testing::VerdictOf(answer), v1::VERDICT_QUEUE_FULL);
    refused_.push_back(call);
    ++refusals_;
  }

  // Waits until no more than `max` are unanswered. That long it takes only where they never are.
  void AwaitOpen(size_t max) {
    const absl::MutexLock lock(&mutex_);
    const auto few = [this, max]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return open_ <= max; };
    ASSERT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&few), absl::Minutes(2)))
        << open_ << " are unanswered, and at most " << max << " may be";
  }
  size_t accepted() const {
    const absl::MutexLock lock(&mutex_);
    return accepted_;
  }
  void Report(uint64_t turns) const {
    const absl::MutexLock lock(&mutex_);
    std::printf(
        "%llu turns: %zu sent, %zu accepted, %zu refused; at most %zu unanswered, largest batch "
        "%zu\n",
        static_cast<unsigned long long>(turns), sent_, accepted_, refusals_, open_max_,
        store_.largest());
    std::fflush(stdout);
  }

  testing::Community community_;
  TurnstileStore store_;
  uint64_t founding_ = 0;
  std::optional<PipelineRig> rig_;
  uint64_t made_ = 0;
  mutable absl::Mutex mutex_;
  std::deque<std::shared_ptr<Call>> refused_ ABSL_GUARDED_BY(mutex_);
  size_t open_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t open_max_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t sent_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t refusals_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST_F(Overload, AcceptsWhatItCanAndRefusesTheRestAtOnce) {
  const char* const value = std::getenv("KENGRED_OVERLOAD_SECONDS");
  const std::chrono::seconds seconds(value == nullptr ? 0 : std::strtol(value, nullptr, 10));
  const auto start = std::chrono::steady_clock::now();
  const auto goes_on = [&seconds, &start](uint64_t turn) {
    return turn < kTurns || std::chrono::steady_clock::now() < start + seconds;
  };
  store_.Close();
  auto told = start;
  uint64_t turn = 0;
  for (; goes_on(turn) && !HasFailure(); ++turn) {
    const size_t burst = kOverload * std::max<size_t>(store_.largest(), kBatchTransactionsMax / 2);
    for (size_t i = 0; i < burst && !HasFailure(); ++i) Send(Next());
    if (HasFailure()) return;
    // With the turnstile shut: who finds no room is told so without waiting for the disk.
    ASSERT_NO_FATAL_FAILURE(AwaitOpen(kTakenMax));
    // What is taken gets as far as it can.
    while (rig_->verifying() > 0 && rig_->sequencer().queued() < kSequencerQueueMax) {
      std::this_thread::yield();
    }
    store_.LetOneThrough();
    if (seconds.count() > 0 && std::chrono::steady_clock::now() > told + std::chrono::seconds(5)) {
      told = std::chrono::steady_clock::now();
      Report(turn + 1);
    }
  }
  Report(turn);
  const size_t in_turns = accepted();
  // Half of the largest batch in each turn but the first.
  EXPECT_GE(in_turns, (turn - 1) * store_.largest() / 2);
  EXPECT_GT(store_.largest(), kBatchTransactionsMax / 4);

  // The overload is over: who has been taken is served, and then nobody waits.
  store_.Open();
  ASSERT_NO_FATAL_FAILURE(AwaitOpen(0));
  EXPECT_EQ(rig_->sequencer().queued(), 0U);
  const uint64_t commits = store_.passed();
  const std::shared_ptr<Call> lone = Next();
  Send(lone);
  ASSERT_NO_FATAL_FAILURE(AwaitOpen(0));
  EXPECT_TRUE(lone->taken);
  EXPECT_EQ(store_.passed(), commits + 1);
  // So is who has been refused, when it comes again.
  const size_t before = accepted();
  constexpr size_t kAgain = 500;
  for (size_t i = 0; i < kAgain; ++i) Send(Next());
  ASSERT_NO_FATAL_FAILURE(AwaitOpen(0));
  EXPECT_EQ(accepted(), before + kAgain);
  rig_->Stop();
  EXPECT_EQ(testing::ExpectAuditAgrees(&store_, community_), founding_ + accepted());
}

}  // namespace
}  // namespace kengred
