// Goal: what a transaction meets between the wire and its answer keeps its promises: order, once,
// all or nothing, durable before the answer, nothing after a fault. Method: the real verifier and
// sequencer on a store in memory whose faults are planned. Runs under ThreadSanitizer too, so no
// test waits for time, only for answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <span>
#include <thread>

#include "kengred/core/checkpoint.h"
#include "kengred/core/hash.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"
#include "kengred/core/receipt.h"
#include "kengred/core/side_record.h"
#include "server/publish/proofs.h"
#include "server/rules/rules.h"
#include "server/sequence/batch_builder.h"
#include "server/sequence/sequencer.h"
#include "server/sequence/side_keys.h"
#include "server/sequence/store_view.h"
#include "server/sequence/tree.h"
#include "server/storage/memory_store.h"
#include "server/verify/verifier.h"
#include "tests/support/community.h"
#include "tests/support/forwarding_store.h"

namespace kengred {
namespace {

using publish::Answer;
using testing::Community;
using ::testing::IsEmpty;
using testing::kNowSeconds;

// A store that commits only when it is let, to hold transactions between acceptance and durability.
class GatedStore : public testing::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  void Close() { SetOpen(false); }
  void Open() { SetOpen(true); }
  // Waits until a commit stands before the closed gate.
  void AwaitCommitWaiting() {
    const absl::MutexLock lock(&mutex_);
    const auto waits = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return waiting_; };
    mutex_.Await(absl::Condition(&waits));
  }

  absl::StatusOr<storage::CommitResult> commit(const storage::Batch& batch) override {
    {
      const absl::MutexLock lock(&mutex_);
      std::array<char, 16> name{};
      ::pthread_getname_np(::pthread_self(), name.data(), name.size());
      committed_by_ = name.data();
      waiting_ = true;
      const auto open = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return open_; };
      mutex_.Await(absl::Condition(&open));
      waiting_ = false;
    }
    return ForwardingStore::commit(batch);
  }
  // The name of the thread that committed last.
  std::string committed_by() {
    const absl::MutexLock lock(&mutex_);
    return committed_by_;
  }
  absl::StatusOr<storage::Read> get(const std::vector<std::string>& keys) override {
    if (failing_reads) return absl::UnavailableError("planned");
    return ForwardingStore::get(keys);
  }

  std::atomic<bool> failing_reads{false};

 private:
  void SetOpen(bool open) {
    const absl::MutexLock lock(&mutex_);
    open_ = open;
  }

  absl::Mutex mutex_;
  bool open_ ABSL_GUARDED_BY(mutex_) = true;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
  std::string committed_by_ ABSL_GUARDED_BY(mutex_);
};

v1::Verdict VerdictOf(const Answer& answer) {
  const auto* refusal = std::get_if<Refusal>(&answer);
  return refusal == nullptr ? v1::VERDICT_UNSPECIFIED : refusal->verdict;
}

class PipelineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    InitializeCrypto();
    Start();
  }

  // A server's life: from opening the image to Stop().
  void Start() {
    store_ = std::make_unique<GatedStore>(storage::NewMemoryStore(image_));
    if (!initialized_) {
      const auto ledger = sequence::InitializeLedger(store_.get(), community_.charter_bytes(),
                                                     community_.log_keys().front(), now_us_);
      ASSERT_TRUE(ledger.ok()) << ledger.status();
      ASSERT_EQ(*ledger, community_.ledger_id());
    }
    sequence::SequencerOptions options;
    options.queue_transactions_max = 200;
    options.now_us = [this] { return now_us_.load(); };
    options.log_keys = community_.log_keys(log_keys_held_);
    options.on_storage_stopped = [this](const std::string&) { ++stops_; };
    auto sequencer = sequence::Sequencer::Start(options, store_.get(), &hub_);
    ASSERT_TRUE(sequencer.ok()) << sequencer.status();
    sequencer_ = *std::move(sequencer);
    verifier_ = std::make_unique<verify::Verifier>(
        verify::VerifierOptions{.ledger_id = community_.ledger_id(), .threads = 2},
        sequencer_.get());
    if (!initialized_) {
      initialized_ = true;
      for (const v1::SubmitTransactionRequest& request : community_.Found(kNowSeconds)) {
        ASSERT_EQ(VerdictOf(Submit(request).get()), v1::VERDICT_UNSPECIFIED);
      }
    }
  }
  void Stop() {
    verifier_.reset();
    sequencer_->Stop();
    sequencer_.reset();
  }
  void TearDown() override {
    store_->Open();
    Stop();
  }

  std::future<Answer> Submit(v1::SubmitTransactionRequest request) {
    auto promise = std::make_shared<std::promise<Answer>>();
    verifier_->Submit(std::move(request),
                      [promise](Answer answer) { promise->set_value(std::move(answer)); });
    return promise->get_future();
  }
  v1::SubmitTransactionRequest Payment(const std::string& payer, const std::string& payee,
                                       int64_t amount) const {
    v1::SubmitTransactionRequest request;
    *request.mutable_signed_transaction() =
        community_.Transaction(kNowSeconds, {community_.Transfer(payer, payee, amount)}, {payer});
    return request;
  }
  int64_t Balance(const std::string& name) {
    const sequence::StoreView view(store_.get());
    return rules::StateReader(view).Balance(community_.account(name), testing::kHeol);
  }
  Sequence Head() { return store_->head()->sequence; }

  Community community_;
  std::atomic<int64_t> now_us_{kNowSeconds * 1'000'000};
  std::atomic<int> stops_{0};
  int log_keys_held_ = 1;
  bool initialized_ = false;
  std::shared_ptr<storage::MemoryImage> image_ = std::make_shared<storage::MemoryImage>();
  publish::WatchHub hub_;
  std::unique_ptr<GatedStore> store_;
  std::unique_ptr<sequence::Sequencer> sequencer_;
  std::unique_ptr<verify::Verifier> verifier_;
};

TEST_F(PipelineTest, AnAcceptedPaymentIsDurableWhenItIsAnswered) {
  const Sequence before = Head();
  const Answer answer = Submit(Payment("alice", "biocoop", 1250)).get();
  const auto& response = std::get<v1::SubmitTransactionResponse>(answer);
  EXPECT_EQ(response.sequence(), before + 1);
  EXPECT_FALSE(response.duplicate());
  EXPECT_EQ(response.postings().size(), 2);
  EXPECT_EQ(Head(), before + 1);
  EXPECT_EQ(Balance("alice"), 20000 - 1250);
  EXPECT_EQ(Balance("biocoop"), 1250);
}

TEST_F(PipelineTest, TheSameBytesGetTheFirstAnswerForEver) {
  const v1::SubmitTransactionRequest payment = Payment("alice", "biocoop", 1250);
  const auto first = std::get<v1::SubmitTransactionResponse>(Submit(payment).get());
  // Also when the money is gone, the validity over, and the server another.
  ASSERT_EQ(VerdictOf(Submit(Payment("alice", "librairie", 18750)).get()), v1::VERDICT_UNSPECIFIED);
  now_us_ += int64_t{100} * 24 * 3600 * 1'000'000;
  Stop();
  Start();
  const auto again = std::get<v1::SubmitTransactionResponse>(Submit(payment).get());
  EXPECT_TRUE(again.duplicate());
  EXPECT_EQ(again.sequence(), first.sequence());
  EXPECT_EQ(again.time().seconds(), first.time().seconds());
  EXPECT_EQ(again.postings().size(), 2);
  EXPECT_EQ(Balance("biocoop"), 1250);
  // Another signature on the same bytes is still the same transaction.
  v1::SubmitTransactionRequest countersigned = payment;
  community_.Sign("bruno", countersigned.mutable_signed_transaction());
  EXPECT_TRUE(std::get<v1::SubmitTransactionResponse>(Submit(countersigned).get()).duplicate());
}

TEST_F(PipelineTest, ADuplicateIsNotAnsweredBeforeTheFirstIsDurable) {
  const v1::SubmitTransactionRequest payment = Payment("alice", "biocoop", 100);
  store_->Close();
  std::vector<std::future<Answer>> answers;
  answers.push_back(Submit(payment));
  store_->AwaitCommitWaiting();
  for (int i = 0; i < 9; ++i) answers.push_back(Submit(payment));
  // A later transaction that depends on the first is sequenced on top of it, before it is durable.
  answers.push_back(Submit(Payment("biocoop", "librairie", 100)));
  for (const auto& answer : answers) {
    EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  }
  store_->Open();
  int created = 0;
  for (size_t i = 0; i < 10; ++i) {
    created += std::get<v1::SubmitTransactionResponse>(answers[i].get()).duplicate() ? 0 : 1;
  }
  EXPECT_EQ(created, 1);
  EXPECT_EQ(VerdictOf(answers.back().get()), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(Balance("librairie"), 100);
  EXPECT_EQ(sequencer_->counters().duplicates, 9U);
}

TEST_F(PipelineTest, OfTwoPaymentsThatOnlyFitAloneOneSucceeds) {
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 8; ++i) answers.push_back(Submit(Payment("bruno", "biocoop", 3000)));
  int accepted = 0;
  for (auto& answer : answers) {
    const Answer got = answer.get();
    if (VerdictOf(got) == v1::VERDICT_UNSPECIFIED) {
      ++accepted;
    } else {
      EXPECT_EQ(VerdictOf(got), v1::VERDICT_INSUFFICIENT_BALANCE);
    }
  }
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(Balance("bruno"), 2000);
}

TEST_F(PipelineTest, WhatCameFirstIsSequencedFirstHoweverLongItsVerificationTakes) {
  // chloe has nothing but what the long transaction brings her.
  for (int round = 0; round < 5; ++round) {
    v1::SubmitTransactionRequest slow;
    *slow.mutable_signed_transaction() = community_.Transaction(
        kNowSeconds,
        std::vector<v1::Operation>(kOperationsMax, community_.Transfer("alice", "chloe", 1)),
        {"alice", "bruno", "chloe", "denis", "biocoop", "librairie", "issuer", "treasurer"});
    const v1::SubmitTransactionRequest quick = Payment("chloe", "biocoop", kOperationsMax);
    std::future<Answer> first = Submit(std::move(slow));
    std::future<Answer> second = Submit(quick);
    EXPECT_EQ(VerdictOf(first.get()), v1::VERDICT_UNSPECIFIED);
    EXPECT_EQ(VerdictOf(second.get()), v1::VERDICT_UNSPECIFIED);
  }
}

TEST_F(PipelineTest, ARefusedTransactionLeavesNothingAndMaySucceedLater) {
  const v1::SubmitTransactionRequest payment = Payment("bruno", "biocoop", 6000);
  const Sequence before = Head();
  EXPECT_EQ(VerdictOf(Submit(payment).get()), v1::VERDICT_INSUFFICIENT_BALANCE);
  EXPECT_EQ(Head(), before);
  ASSERT_EQ(VerdictOf(Submit(Payment("alice", "bruno", 1000)).get()), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(VerdictOf(Submit(payment).get()), v1::VERDICT_UNSPECIFIED);
}

TEST_F(PipelineTest, ValidateOnlySaysWhatWouldHappenAndRecordsNothing) {
  v1::SubmitTransactionRequest payment = Payment("alice", "biocoop", 700);
  payment.set_validate_only(true);
  const Sequence before = Head();
  const auto tried = std::get<v1::SubmitTransactionResponse>(Submit(payment).get());
  EXPECT_EQ(tried.sequence(), 0U);
  EXPECT_EQ(tried.postings().size(), 2);
  EXPECT_EQ(Head(), before);
  payment.set_validate_only(false);
  const auto done = std::get<v1::SubmitTransactionResponse>(Submit(payment).get());
  EXPECT_FALSE(done.duplicate());
  v1::SubmitTransactionRequest too_much = Payment("alice", "biocoop", 9999999);
  too_much.set_validate_only(true);
  EXPECT_NE(VerdictOf(Submit(too_much).get()), v1::VERDICT_UNSPECIFIED);
}

TEST_F(PipelineTest, GarbageIsRefusedByItsOwnName) {
  v1::SubmitTransactionRequest request;
  EXPECT_EQ(VerdictOf(Submit(request).get()), v1::VERDICT_TRANSACTION_MALFORMED);
  request = Payment("alice", "biocoop", 1);
  request.mutable_signed_transaction()->mutable_signatures(0)->mutable_signature()->at(7) ^= 1;
  EXPECT_EQ(VerdictOf(Submit(request).get()), v1::VERDICT_SIGNATURE_INVALID);
  request = Payment("alice", "biocoop", 1);
  request.mutable_signed_transaction()->clear_signatures();
  EXPECT_EQ(VerdictOf(Submit(request).get()), v1::VERDICT_SIGNATURE_MISSING);
}

TEST_F(PipelineTest, AFullQueueAnswersAtOnce) {
  store_->Close();
  std::vector<std::future<Answer>> answers;
  answers.push_back(Submit(Payment("alice", "biocoop", 1)));
  store_->AwaitCommitWaiting();
  // The batch being built takes kBatchTransactionsMax, the queue 200 more.
  const size_t many = kBatchTransactionsMax + 600;
  for (size_t i = 0; i < many; ++i) answers.push_back(Submit(Payment("alice", "biocoop", 1)));
  // The verifier's own queue is longer than `many`, so that what overflows is the sequencer's.
  while (verifier_->queued() > 0) std::this_thread::yield();
  store_->Open();
  size_t full = 0;
  for (auto& answer : answers) {
    const v1::Verdict verdict = VerdictOf(answer.get());
    if (verdict == v1::VERDICT_QUEUE_FULL) ++full;
    EXPECT_TRUE(verdict == v1::VERDICT_QUEUE_FULL || verdict == v1::VERDICT_UNSPECIFIED);
  }
  EXPECT_GT(full, 0U);
  EXPECT_EQ(static_cast<size_t>(Balance("biocoop")), answers.size() - full);
}

TEST_F(PipelineTest, WhatComesAloneWakesNoOtherThread) {
  v1::SubmitTransactionRequest forged = Payment("alice", "biocoop", 1);
  forged.mutable_signed_transaction()->mutable_signatures(0)->mutable_signature()->at(7) ^= 1;
  while (!sequencer_->idle()) std::this_thread::yield();
  std::thread::id verified_by;
  verifier_->Submit(forged, [&](const Answer&) { verified_by = std::this_thread::get_id(); });
  EXPECT_EQ(verified_by, std::this_thread::get_id());
  ASSERT_EQ(VerdictOf(Submit(Payment("alice", "biocoop", 1)).get()), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(store_->committed_by(), "sequence");
}

TEST_F(PipelineTest, ABatchWaitsForAsManyAsItHolds) {
  constexpr size_t kComing = 10;
  while (!sequencer_->idle()) std::this_thread::yield();
  const uint64_t commits = sequencer_->counters().commits;
  sequencer_->Announce(kComing);
  std::vector<std::future<Answer>> answers;
  for (size_t i = 1; i < kComing; ++i) answers.push_back(Submit(Payment("alice", "biocoop", 1)));
  while (verifier_->queued() > 0) std::this_thread::yield();
  for (const auto& answer : answers) {
    EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  }
  answers.push_back(Submit(Payment("alice", "biocoop", 1)));
  for (auto& answer : answers) EXPECT_EQ(VerdictOf(answer.get()), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(sequencer_->counters().commits, commits + 1);
  // And for nobody who will not come.
  std::future<Answer> last = Submit(Payment("alice", "biocoop", 1));
  while (verifier_->queued() > 0) std::this_thread::yield();
  EXPECT_EQ(last.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  sequencer_->Enqueue({}, kComing);
  EXPECT_EQ(VerdictOf(last.get()), v1::VERDICT_UNSPECIFIED);
  // Nor for ever, however many are sent only to be refused.
  constexpr size_t kMany = 100'000;
  sequencer_->Announce(kMany);
  last = Submit(Payment("alice", "biocoop", 1));
  for (size_t refused = 0; refused < 512; ++refused) sequencer_->Enqueue({}, 1);
  EXPECT_EQ(VerdictOf(last.get()), v1::VERDICT_UNSPECIFIED);
}

TEST_F(PipelineTest, TimeNeverGoesBack) {
  const auto first =
      std::get<v1::SubmitTransactionResponse>(Submit(Payment("alice", "bruno", 1)).get());
  now_us_ -= int64_t{3600} * 1'000'000;
  const auto second =
      std::get<v1::SubmitTransactionResponse>(Submit(Payment("alice", "bruno", 1)).get());
  EXPECT_GE(sequence::MicrosOf(second.time()), sequence::MicrosOf(first.time()));
  // Nor over a restart.
  Stop();
  Start();
  const auto third =
      std::get<v1::SubmitTransactionResponse>(Submit(Payment("alice", "bruno", 1)).get());
  EXPECT_GE(sequence::MicrosOf(third.time()), sequence::MicrosOf(second.time()));
}

// After a commit whose fate is unknown nobody is told yes, nothing more is accepted, and a restart
// finds either all of it or none.
class FaultTest : public PipelineTest,
                  public ::testing::WithParamInterface<storage::MemoryImage::Fault> {};

TEST_P(FaultTest, NothingIsAcceptedAfterAnUnknownCommit) {
  const v1::SubmitTransactionRequest payment = Payment("alice", "biocoop", 500);
  image_->fail_next_commit(GetParam());
  EXPECT_EQ(VerdictOf(Submit(payment).get()), v1::VERDICT_STORAGE_STOPPED);
  EXPECT_FALSE(sequencer_->healthy());
  EXPECT_EQ(VerdictOf(Submit(Payment("alice", "biocoop", 1)).get()), v1::VERDICT_STORAGE_STOPPED);
  EXPECT_EQ(stops_, 1);
  Stop();
  Start();
  // Sending the same bytes again is right in both cases.
  const auto again = std::get<v1::SubmitTransactionResponse>(Submit(payment).get());
  EXPECT_EQ(again.duplicate(), GetParam() == storage::MemoryImage::Fault::kUnknownApplied);
  EXPECT_EQ(Balance("biocoop"), 500);
}

INSTANTIATE_TEST_SUITE_P(Fates, FaultTest,
                         ::testing::Values(storage::MemoryImage::Fault::kUnknownApplied,
                                           storage::MemoryImage::Fault::kUnknownNotApplied),
                         [](const auto& fate) {
                           return fate.param == storage::MemoryImage::Fault::kUnknownApplied
                                      ? "Applied"
                                      : "NotApplied";
                         });

TEST_F(PipelineTest, AReadThatFailsIsNoVerdict) {
  store_->failing_reads = true;
  // Without the reads, "unknown payer" would be the rules' answer.
  EXPECT_EQ(VerdictOf(Submit(Payment("alice", "biocoop", 1)).get()), v1::VERDICT_STORAGE_STOPPED);
  EXPECT_FALSE(sequencer_->healthy());
  store_->failing_reads = false;
}

TEST_F(PipelineTest, AnotherWriterFencesThisOne) {
  const auto other = storage::NewMemoryStore(image_);
  ASSERT_TRUE(other->acquire("other").ok());
  EXPECT_EQ(VerdictOf(Submit(Payment("alice", "biocoop", 1)).get()), v1::VERDICT_STORAGE_STOPPED);
  EXPECT_EQ(Balance("biocoop"), 0);
}

TEST_F(PipelineTest, StoppingCommitsWhatWasTakenAndRefusesTheRest) {
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(Submit(Payment("alice", "biocoop", 1)));
  Stop();
  int accepted = 0;
  for (auto& answer : answers) {
    const v1::Verdict verdict = VerdictOf(answer.get());
    if (verdict == v1::VERDICT_UNSPECIFIED) ++accepted;
    EXPECT_TRUE(verdict == v1::VERDICT_UNSPECIFIED || verdict == v1::VERDICT_STOPPING);
  }
  Start();
  EXPECT_EQ(Balance("biocoop"), accepted);
}

TEST_F(PipelineTest, SideRecordsGoWithTheirTransactionOnly) {
  const testing::Text memo = community_.text("panier de légumes");
  v1::Operation transfer = community_.Transfer("alice", "biocoop", 100);
  *transfer.mutable_transfer()->mutable_memo() = memo.commitment;
  v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() =
      community_.Transaction(kNowSeconds, {transfer}, {"alice"});
  *request.add_side_records() = community_.text("something else").record;
  EXPECT_EQ(VerdictOf(Submit(request).get()), v1::VERDICT_SIDE_RECORD_MALFORMED);
  *request.mutable_side_records(0) = memo.record;
  ASSERT_EQ(VerdictOf(Submit(request).get()), v1::VERDICT_UNSPECIFIED);
  const std::string key = sequence::SideRecordKey(CommitmentOf(memo.record));
  const auto read = store_->get({key});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->values.front(), memo.record.SerializeAsString());
  // The journal holds the commitment and not the text.
  const auto page = store_->journal(Head() - 1, 1);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->entries.front().second.find("panier"), std::string::npos);
}

TEST_F(PipelineTest, AnAliasBelongsToTheFirstAndToNoPerson) {
  const auto open = [this](const std::string& name, v1::HolderKind kind, const std::string& alias) {
    community_.AddHolder(name, kind);
    v1::Profile profile;
    profile.set_display_name("Somebody");
    profile.set_alias(alias);
    const v1::SideRecord record = MakeSideRecord(profile.SerializeAsString());
    v1::Operation operation = community_.OpenAccount(name);
    *operation.mutable_open_account()->mutable_profile() = MakeCommitment(record);
    v1::SubmitTransactionRequest request;
    *request.mutable_signed_transaction() =
        community_.Transaction(kNowSeconds, {operation}, {name + "/all"});
    *request.add_side_records() = record;
    return VerdictOf(Submit(request).get());
  };
  EXPECT_EQ(open("one", v1::HOLDER_KIND_PROFESSIONAL, "halles"), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(open("two", v1::HOLDER_KIND_PROFESSIONAL, "halles"), v1::VERDICT_ALIAS_IN_USE);
  EXPECT_EQ(open("three", v1::HOLDER_KIND_PERSON, "jeanne"), v1::VERDICT_PROFILE_MALFORMED);
  EXPECT_EQ(open("four", v1::HOLDER_KIND_PROFESSIONAL, "Bad Alias"), v1::VERDICT_PROFILE_MALFORMED);
}

TEST_F(PipelineTest, WatchersAreWokenByWhatTouchesThem) {
  std::atomic<uint64_t> woken_alice{0};
  std::atomic<uint64_t> woken_chloe{0};
  const auto alice = hub_.Subscribe(community_.account("alice"),
                                    [&woken_alice](Sequence head) { woken_alice = head; });
  const auto chloe = hub_.Subscribe(community_.account("chloe"),
                                    [&woken_chloe](Sequence head) { woken_chloe = head; });
  EXPECT_EQ(hub_.size(), 2U);
  const auto answer =
      std::get<v1::SubmitTransactionResponse>(Submit(Payment("alice", "biocoop", 1)).get());
  EXPECT_EQ(woken_alice, answer.sequence());
  EXPECT_EQ(woken_chloe, 0U);
}

// The root as RFC 6962 section 2.1 writes it down.
Digest LiteralRoot(std::span<const std::string> entries) {
  if (entries.size() == 1) return Sha256({std::string_view("\0", 1), entries[0]});
  size_t left = 1;
  while (left * 2 < entries.size()) left *= 2;
  return Sha256(
      {"\x01", LiteralRoot(entries.first(left)).view(), LiteralRoot(entries.subspan(left)).view()});
}

TEST_F(PipelineTest, EveryCommitHasACheckpointOfTheJournalAsStored) {
  for (int i = 0; i < 20; ++i) Submit(Payment("alice", "biocoop", 1)).get();
  // Over a restart too.
  Stop();
  Start();
  for (int i = 0; i < 300; ++i) Submit(Payment("alice", "biocoop", 1));
  const auto last =
      std::get<v1::SubmitTransactionResponse>(Submit(Payment("alice", "biocoop", 1)).get());
  std::vector<std::string> entries;
  while (true) {
    const auto page = store_->journal(entries.size(), 1000);
    ASSERT_TRUE(page.ok());
    if (page->entries.empty()) break;
    for (const auto& [number, bytes] : page->entries) {
      ASSERT_EQ(number, entries.size() + 1);
      entries.push_back(bytes);
    }
  }
  ASSERT_EQ(entries.size(), last.sequence());
  EXPECT_EQ(store_->head()->hash, sequence::HashOf(LiteralRoot(entries)));
  const publish::ProofReader proofs(store_.get());
  const auto checkpoints = proofs.Checkpoints(0, 10000);
  ASSERT_TRUE(checkpoints.ok());
  ASSERT_GT(checkpoints->size(), 20U);
  EXPECT_EQ(checkpoints->front().size, 1U);
  EXPECT_EQ(checkpoints->back().size, entries.size());
  EXPECT_EQ(proofs.LatestCheckpoint()->note, checkpoints->back().note);
  const std::vector<VerifierKey> keys = {community_.log_keys()[0]->verifier_key()};
  for (const publish::StoredCheckpoint& stored : *checkpoints) {
    const auto opened = OpenCheckpoint(stored.note, keys);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->checkpoint.origin, community_.charter().origin());
    EXPECT_EQ(opened->checkpoint.size, stored.size);
    EXPECT_EQ(opened->checkpoint.root,
              LiteralRoot(std::span<const std::string>(entries).first(stored.size)));
    const auto proof = proofs.Consistency(stored.size, entries.size());
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(VerifyConsistency(stored.size, opened->checkpoint.root, entries.size(),
                                  LiteralRoot(entries), *proof)
                    .ok());
  }
  for (Sequence sequence = 1; sequence <= entries.size(); sequence += 7) {
    const auto text = proofs.Receipt(sequence, entries[sequence - 1], community_.charter_bytes());
    ASSERT_TRUE(text.ok()) << text.status();
    const auto receipt = VerifyReceipt(*ParseReceipt(*text), keys, {}, 0);
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_EQ(receipt->entry.sequence(), sequence);
    EXPECT_EQ(receipt->ledger_id, community_.ledger_id());
  }
}

TEST_F(PipelineTest, TheLogKeyIsReplacedByAnEntry) {
  const auto rotate = [this](int number) {
    v1::SubmitTransactionRequest request;
    *request.mutable_signed_transaction() =
        community_.Transaction(kNowSeconds, {community_.RotateLogKey(number)}, {"governance"});
    return request;
  };
  const auto signers = [this](uint64_t size) {
    const auto stored = publish::ProofReader(store_.get()).Checkpoints(size - 1, 1);
    EXPECT_EQ(stored->front().size, size);
    std::vector<size_t> numbers;
    for (size_t i = 0; i < 3; ++i) {
      const std::vector<VerifierKey> key = {community_.log_keys(3)[i]->verifier_key()};
      if (OpenCheckpoint(stored->front().note, key).ok()) numbers.push_back(i);
    }
    return numbers;
  };
  // A key that the server does not hold would leave it without a signature.
  EXPECT_EQ(VerdictOf(Submit(rotate(1)).get()), v1::VERDICT_LOG_KEY_NOT_HELD);
  log_keys_held_ = 3;
  Stop();
  Start();
  const auto first = std::get<v1::SubmitTransactionResponse>(Submit(rotate(1)).get());
  EXPECT_EQ(signers(first.sequence() - 1), std::vector<size_t>({0}));
  EXPECT_EQ(signers(first.sequence()), std::vector<size_t>({0, 1}));
  const auto after =
      std::get<v1::SubmitTransactionResponse>(Submit(Payment("alice", "biocoop", 1)).get());
  EXPECT_EQ(signers(after.sequence()), std::vector<size_t>({1}));
  // The second one after a restart, which finds the first again.
  Stop();
  Start();
  const auto second = std::get<v1::SubmitTransactionResponse>(Submit(rotate(2)).get());
  EXPECT_EQ(signers(second.sequence()), std::vector<size_t>({1, 2}));
  const auto periods = publish::ProofReader(store_.get()).LogKeys(community_.charter());
  ASSERT_EQ(periods->size(), 3U);
  EXPECT_EQ((*periods)[1].since, first.sequence());
  EXPECT_EQ((*periods)[2].public_key, community_.log_key(2).public_key());
  // Without the key of today nothing starts.
  Stop();
  sequence::SequencerOptions options;
  options.now_us = [this] { return now_us_.load(); };
  options.log_keys = community_.log_keys(2);
  EXPECT_EQ(sequence::Sequencer::Start(options, store_.get(), &hub_).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Start();
}

TEST_F(PipelineTest, AStoreWhoseTreeWasChangedDoesNotStart) {
  Submit(Payment("alice", "biocoop", 1)).get();
  Stop();
  const auto head = store_->acquire("vandal");
  ASSERT_TRUE(head.ok());
  storage::Batch batch;
  batch.epoch = head->epoch;
  batch.parent_hash = batch.hash = head->hash;
  batch.first_sequence = head->sequence + 1;
  batch.writes.push_back({rules::key::TreeRun(0, 3), std::string(32, 'x')});
  ASSERT_EQ(*store_->commit(batch), storage::CommitResult::kDurable);
  sequence::SequencerOptions options;
  options.now_us = [this] { return now_us_.load(); };
  options.log_keys = community_.log_keys();
  EXPECT_EQ(sequence::Sequencer::Start(options, store_.get(), &hub_).status().code(),
            absl::StatusCode::kDataLoss);
  batch.epoch = store_->acquire("mender")->epoch;
  const auto entry = store_->journal(3, 1);
  batch.writes[0].value = LeafHash(entry->entries.front().second).ToBytes();
  ASSERT_EQ(*store_->commit(batch), storage::CommitResult::kDurable);
  Start();
}

TEST_F(PipelineTest, ManyThreadsAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kPayments = 100;
  std::atomic<int> accepted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, &accepted] {
      std::vector<std::future<Answer>> answers;
      for (int i = 0; i < kPayments; ++i) answers.push_back(Submit(Payment("alice", "biocoop", 2)));
      for (auto& answer : answers) {
        if (VerdictOf(answer.get()) == v1::VERDICT_UNSPECIFIED) ++accepted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(accepted, 0);
  EXPECT_EQ(Balance("biocoop"), 2 * accepted);
  EXPECT_EQ(Balance("alice"), 20000 - 2 * accepted);
}

TEST_F(PipelineTest, AStoreWithoutACharterDoesNotStart) {
  const auto empty = storage::NewMemoryStore();
  const auto sequencer = sequence::Sequencer::Start({}, empty.get(), &hub_);
  EXPECT_EQ(sequencer.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(PipelineTest, ALedgerIsInitializedOnce) {
  const auto store = storage::NewMemoryStore();
  ASSERT_TRUE(sequence::InitializeLedger(store.get(), community_.charter_bytes(),
                                         community_.log_keys().front(), now_us_)
                  .ok());
  EXPECT_EQ(sequence::InitializeLedger(store.get(), community_.charter_bytes(),
                                       community_.log_keys().front(), now_us_)
                .status()
                .code(),
            absl::StatusCode::kAlreadyExists);
  const auto other = storage::NewMemoryStore();
  EXPECT_EQ(
      sequence::InitializeLedger(other.get(), "garbage\xff", community_.log_keys().front(), now_us_)
          .status()
          .code(),
      absl::StatusCode::kInvalidArgument);
  v1::Charter unknown_zone = community_.charter();
  unknown_zone.set_time_zone("Europe/Ys");
  EXPECT_EQ(sequence::InitializeLedger(other.get(), unknown_zone.SerializeAsString(),
                                       community_.log_keys().front(), now_us_)
                .status()
                .code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace kengred
