#include "server/sequence/sequencer.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "kengred/core/charter.h"
#include "kengred/core/limits.h"
#include "server/publish/proofs.h"
#include "server/rules/prefetch.h"
#include "server/rules/rules.h"
#include "server/sequence/batch_builder.h"
#include "server/sequence/civil_clock.h"
#include "server/sequence/layered_view.h"
#include "server/sequence/side_keys.h"
#include "server/sequence/side_records.h"
#include "server/sequence/state_cache.h"
#include "server/sequence/store_view.h"
#include "server/sequence/tree.h"

namespace kengred::sequence {
namespace {

// How often an idle writer tells the store that it lives.
constexpr absl::Duration kRenewInterval = absl::Seconds(5);

// While a batch is being committed, so many are judged together: waking for each few of them takes
// longer, and takes the processor from the threads that verify.
constexpr size_t kJudgedTogether = 64;

// A batch of so many transactions, or bytes, does not wait for more: what a commit costs by itself
// is little beside theirs. Nor does one that has waited for so many others, whatever became of
// them: who sends what is refused delays nobody.
constexpr size_t kCommittedTogether = 512;
constexpr size_t kCommittedTogetherBytes = kBatchBytesMax / 2;

// What is looked up for a payment: its id, and of two accounts the record and a balance.
constexpr size_t kKeysOfPayment = 5;

// The journal's charter and the time of its last entry: all that starting needs to read.
struct Opened {
  std::string charter_bytes;
  v1::Charter charter;
  int64_t last_time_us = 0;
  TreeFrontier tree;
  PublicKey log_key;
};

// Whether rules or side records may ask for a key: not for histories nor private texts.
bool IsReadBack(std::string_view key) {
  return !key.starts_with(rules::key::kHistories) && !IsSideRecordKey(key);
}

absl::StatusOr<Opened> ReadLedger(storage::Store* store, const storage::Head& head) {
  if (head.sequence == 0) {
    return absl::FailedPreconditionError("the store is empty; run `kengred-server init` first");
  }
  Opened opened;
  for (const Sequence sequence : {Sequence{1}, head.sequence}) {
    absl::StatusOr<storage::JournalPage> page = store->journal(sequence - 1, 1);
    if (!page.ok()) return page.status();
    v1::JournalEntry entry;
    if (page->entries.empty() || !entry.ParseFromString(page->entries.front().second)) {
      return absl::DataLossError("journal entry " + std::to_string(sequence) + " cannot be read");
    }
    if (sequence == 1) opened.charter_bytes = entry.charter();
    opened.last_time_us = MicrosOf(entry.time());
  }
  if (!opened.charter.ParseFromString(opened.charter_bytes)) {
    return absl::DataLossError("journal entry 1 is not a charter");
  }
  if (const absl::Status status = ValidateCharter(opened.charter); !status.ok()) {
    return absl::DataLossError("the charter in the journal is not valid: " +
                               std::string(status.message()));
  }
  absl::StatusOr<TreeFrontier> tree = OpenTree(store, head);
  if (!tree.ok()) return tree.status();
  opened.tree = *std::move(tree);
  const auto keys = publish::ProofReader(store).LogKeys(opened.charter);
  if (!keys.ok()) return keys.status();
  opened.log_key = keys->back().public_key;
  return opened;
}

}  // namespace

struct Sequencer::Impl {
  Impl(SequencerOptions opts, storage::Store* the_store, publish::WatchHub* the_hub,
       const storage::Head& head, Opened opened, const CivilClock& the_clock)
      : options(std::move(opts)),
        store(the_store),
        hub(the_hub),
        clock(the_clock),
        charter_bytes(std::move(opened.charter_bytes)),
        charter(std::move(opened.charter)),
        ledger_id(LedgerIdOf(charter_bytes)),
        system_accounts(SystemAccountsOf(charter)),
        base(the_store),
        epoch(head.epoch),
        cache(the_store, options.state_cache_bytes),
        last_time_us(opened.last_time_us),
        building(PendingBatch::After(head.sequence)),
        tree(std::move(opened.tree)),
        checkpoints(charter.origin(), options.log_keys, opened.log_key) {}

  // Whether a batch of so many transactions should be committed now.
  bool IsDue(size_t transactions) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // ---- the sequencer's thread ----
  void RunSequencer();
  // Reads in one go what judging them will ask for.
  void Prefetch(const std::deque<std::unique_ptr<Submission>>& submissions);
  void Take(std::unique_ptr<Submission> submission);
  // Whether it was a duplicate, and answered or about to be.
  bool AnswerDuplicate(Submission* submission, const LayeredView& view);
  void AddToBatch(Addition addition, PendingAnswer answer);
  // Hands the batch over and starts the next one after it. Waits until the last one is committed.
  void HandOver();
  // The same, and commits it on this thread. Only where nothing is being committed.
  void CommitAlone();
  // Makes the batch that is built the one that is committed, by whom `alone` says.
  std::shared_ptr<PendingBatch> BeginCommit(bool alone);

  // ---- the committer's thread ----
  void RunCommitter();

  // ---- the thread that commits, of the two ----
  void CommitBatch(PendingBatch* batch);

  // Any thread: nothing more is accepted.
  void Fail(const std::string& why);
  void Refuse(const publish::Done& done, v1::Verdict verdict);
  void Refuse(const publish::Done& done, Refusal refusal);

  const SequencerOptions options;
  storage::Store* const store;
  publish::WatchHub* const hub;
  const CivilClock clock;
  const std::string charter_bytes;
  const v1::Charter charter;
  const LedgerId ledger_id;
  const std::set<AccountId> system_accounts;
  const StoreView base;
  const uint64_t epoch;

  // The sequencer's thread only.
  StateCache cache;
  int64_t last_time_us;
  PendingBatch building;
  std::shared_ptr<const PendingBatch> below;  // the last batch handed over

  // Of the thread that commits: the committer's but where commits_alone.
  TreeFrontier tree;
  CheckpointSigner checkpoints;

  mutable absl::Mutex mutex;
  std::deque<std::unique_ptr<Submission>> queue ABSL_GUARDED_BY(mutex);
  size_t announced ABSL_GUARDED_BY(mutex) = 0;  // on their way to the queue
  size_t settled ABSL_GUARDED_BY(mutex) = 0;    // since the last batch: have come, or were refused
  // Handed over and not committed yet; null: the committer is idle.
  std::shared_ptr<PendingBatch> committing ABSL_GUARDED_BY(mutex);
  // It is the sequencer's thread that commits it.
  bool commits_alone ABSL_GUARDED_BY(mutex) = false;
  bool at_rest ABSL_GUARDED_BY(mutex) = false;         // the sequencer's thread has nothing in hand
  bool stopping ABSL_GUARDED_BY(mutex) = false;        // take nothing more
  bool sequencer_done ABSL_GUARDED_BY(mutex) = false;  // nothing more will be handed over

  std::atomic<size_t> queued{0};  // the queue's size
  std::atomic<bool> healthy{true};
  std::atomic<uint64_t> accepted{0};
  std::atomic<uint64_t> duplicates{0};
  std::atomic<uint64_t> refused{0};
  std::atomic<uint64_t> commits{0};

  std::thread sequencer_thread;
  std::thread committer_thread;
};

void Sequencer::Impl::Refuse(const publish::Done& done, Refusal refusal) {
  refused.fetch_add(1, std::memory_order_relaxed);
  done(std::move(refusal));
}

void Sequencer::Impl::Refuse(const publish::Done& done, v1::Verdict verdict) {
  Refuse(done, Refusal{verdict, {}});
}

void Sequencer::Impl::Fail(const std::string& why) {
  if (healthy.exchange(false) && options.on_storage_stopped) options.on_storage_stopped(why);
}

bool Sequencer::Impl::IsDue(size_t transactions) const {
  if (committing != nullptr || transactions == 0) return false;
  return transactions >= std::min(announced, kCommittedTogether) || settled >= kCommittedTogether ||
         building.bytes >= kCommittedTogetherBytes;
}

void Sequencer::Impl::RunSequencer() {
  // What `top -H` shows.
  ::pthread_setname_np(::pthread_self(), "sequence");
  std::deque<std::unique_ptr<Submission>> taken;
  while (true) {
    {
      const absl::MutexLock lock(&mutex);
      // A lone payment waits for nobody.
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
        return stopping || queue.size() >= kJudgedTogether ||
               IsDue(building.answers.size() + queue.size());
      };
      at_rest = building.empty();
      mutex.Await(absl::Condition(&ready));
      if (stopping) break;
      at_rest = false;
      const size_t room =
          kBatchTransactionsMax - std::min(kBatchTransactionsMax, building.answers.size());
      for (size_t i = 0; i < room && !queue.empty(); ++i) {
        taken.push_back(std::move(queue.front()));
        queue.pop_front();
      }
      queued.store(queue.size(), std::memory_order_relaxed);
    }
    Prefetch(taken);
    for (std::unique_ptr<Submission>& submission : taken) Take(std::move(submission));
    taken.clear();
    bool hand_over = building.answers.size() >= kBatchTransactionsMax;
    bool alone = false;
    if (!hand_over && !building.empty()) {
      const absl::MutexLock lock(&mutex);
      hand_over = IsDue(building.answers.size());
      alone = hand_over && queue.empty() && building.answers.size() == 1;
    }
    if (alone) {
      CommitAlone();
    } else if (hand_over) {
      HandOver();
    }
  }
  {
    const absl::MutexLock lock(&mutex);
    taken.swap(queue);
  }
  for (const auto& submission : taken) Refuse(submission->done, v1::VERDICT_STOPPING);
  if (!building.empty()) HandOver();
  const absl::MutexLock lock(&mutex);
  sequencer_done = true;
}

void Sequencer::Impl::Prefetch(const std::deque<std::unique_ptr<Submission>>& submissions) {
  std::vector<std::string> keys;
  keys.reserve(kKeysOfPayment * submissions.size());
  for (const std::unique_ptr<Submission>& submission : submissions) {
    keys.push_back(rules::key::Transaction(submission->verified.id()));
    rules::AddKeysOf(submission->verified.transaction(), &keys);
  }
  cache.Fetch(std::move(keys));
}

void Sequencer::Impl::HandOver() { BeginCommit(/*alone=*/false); }

void Sequencer::Impl::CommitAlone() {
  const std::shared_ptr<PendingBatch> batch = BeginCommit(/*alone=*/true);
  CommitBatch(batch.get());
  const absl::MutexLock lock(&mutex);
  committing = nullptr;
  commits_alone = false;
}

std::shared_ptr<PendingBatch> Sequencer::Impl::BeginCommit(bool alone) {
  auto batch = std::make_shared<PendingBatch>(std::move(building));
  building = PendingBatch::After(batch->last_sequence());
  building.ReserveAs(*batch);
  const absl::MutexLock lock(&mutex);
  const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return committing == nullptr; };
  mutex.Await(absl::Condition(&idle));
  // What lay below before is durable by now, so that the store has it.
  cache.SetDurable(batch->storage.first_sequence - 1);
  below = batch;
  committing = batch;
  commits_alone = alone;
  settled = 0;
  return batch;
}

bool Sequencer::Impl::AnswerDuplicate(Submission* submission, const LayeredView& view) {
  const TransactionId& id = submission->verified.id();
  const rules::StateReader reader(view);
  const std::optional<v1::JournalEntry> entry = reader.FindEntry(id);
  if (!entry) return false;
  v1::SubmitTransactionResponse response = AnswerOf(id, *entry);
  response.set_duplicate(true);
  duplicates.fetch_add(1, std::memory_order_relaxed);
  // It may not be durable yet: its answer goes with the batch being built, which is committed after
  // it.
  building.answers.push_back({std::move(submission->done), std::move(response)});
  return true;
}

void Sequencer::Impl::Take(std::unique_ptr<Submission> submission) {
  if (!healthy) {
    Refuse(submission->done, v1::VERDICT_STORAGE_STOPPED);
    return;
  }
  const LayeredView view(&building, below.get(), &cache, &base);
  if (AnswerDuplicate(submission.get(), view)) return;
  const int64_t time_us = std::max(options.now_us(), last_time_us);
  rules::SequencedTransaction transaction = Stamp(
      std::move(submission->verified), building.last_sequence() + 1, time_us, clock.DayOf(time_us));
  rules::Outcome outcome = rules::Apply(charter, view, transaction);
  auto side = outcome.refusal
                  ? std::variant<std::map<std::string, std::string>, Refusal>(*outcome.refusal)
                  : SideWrites(transaction.verified().id(), transaction.verified().transaction(),
                               submission->side_records, view);
  if (base.failed() || !cache.status().ok()) {
    const absl::Status status = base.failed() ? base.status() : cache.status();
    Fail("a read failed: " + std::string(status.message()));
    Refuse(submission->done, v1::VERDICT_STORAGE_STOPPED);
    return;
  }
  if (auto* refusal = std::get_if<Refusal>(&side)) {
    Refuse(submission->done, std::move(*refusal));
    return;
  }
  PendingAnswer answer;
  Addition addition = MakeAddition(std::move(transaction), std::move(outcome),
                                   std::get<0>(std::move(side)), system_accounts, &answer.response);
  if (addition.bytes > kBatchBytesMax - kBatchOverheadBytes) {
    Refuse(submission->done,
           Refusal{v1::VERDICT_EFFECT_TOO_LARGE,
                   {{"limit", std::to_string(kBatchBytesMax - kBatchOverheadBytes)},
                    {"given", std::to_string(addition.bytes)}}});
    return;
  }
  for (const PublicKey& key : addition.rotations) {
    if (FindHeld(options.log_keys, key) != nullptr) continue;
    Refuse(submission->done, v1::VERDICT_LOG_KEY_NOT_HELD);
    return;
  }
  if (submission->validate_only) {
    answer.response.clear_sequence();
    submission->done(std::move(answer.response));
    return;
  }
  last_time_us = time_us;
  answer.done = std::move(submission->done);
  AddToBatch(std::move(addition), std::move(answer));
}

void Sequencer::Impl::AddToBatch(Addition addition, PendingAnswer answer) {
  if (building.bytes + addition.bytes > kBatchBytesMax) HandOver();
  const Sequence sequence = building.last_sequence() + 1;
  for (const storage::Write& write : addition.writes) {
    if (IsReadBack(write.key)) cache.Put(write.key, *write.value, sequence);
  }
  building.Add(std::move(addition));
  building.answers.push_back(std::move(answer));
  accepted.fetch_add(1, std::memory_order_relaxed);
}

void Sequencer::Impl::RunCommitter() {
  ::pthread_setname_np(::pthread_self(), "commit");
  while (true) {
    std::shared_ptr<PendingBatch> batch;
    {
      const absl::MutexLock lock(&mutex);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
        return (committing != nullptr && !commits_alone) || sequencer_done;
      };
      mutex.AwaitWithTimeout(absl::Condition(&ready), kRenewInterval);
      if (committing == nullptr && sequencer_done) return;
      if (!commits_alone) batch = committing;
    }
    if (batch == nullptr) {
      if (!healthy) continue;
      if (const absl::Status status = store->renew(epoch); !status.ok()) {
        Fail("the store could not be kept: " + std::string(status.message()));
      }
      continue;
    }
    CommitBatch(batch.get());
    const absl::MutexLock lock(&mutex);
    committing = nullptr;
  }
}

void Sequencer::Impl::CommitBatch(PendingBatch* batch) {
  if (healthy && batch->has_entries()) {
    // A tree that runs ahead of the store after a fault harms nobody: nothing more is committed.
    storage::Batch& written = batch->storage;
    written.epoch = epoch;
    AppendToTree(&tree, &written);
    written.writes.push_back(
        {rules::key::Checkpoint(tree.size()), checkpoints.Sign(tree, batch->rotations)});
    SortWrites(&written.writes);
    const absl::StatusOr<storage::CommitResult> result = store->commit(written);
    if (!result.ok()) {
      Fail("a commit failed: " + std::string(result.status().message()));
    } else if (*result == storage::CommitResult::kFenced) {
      Fail("another writer has taken the store");
    } else if (*result == storage::CommitResult::kUnknown) {
      Fail("a commit may or may not be on disk; restart the server to find out");
    } else {
      commits.fetch_add(1, std::memory_order_relaxed);
      hub->Publish(std::move(batch->touched), batch->last_sequence());
    }
  }
  // Told to send the same bytes again, a client loses nothing whatever is on disk.
  const bool durable = healthy;
  const publish::AnswerGroup together(batch->answers.size());
  for (PendingAnswer& answer : batch->answers) {
    if (durable) {
      answer.done(std::move(answer.response));
    } else {
      Refuse(answer.done, v1::VERDICT_STORAGE_STOPPED);
    }
  }
}

absl::StatusOr<std::unique_ptr<Sequencer>> Sequencer::Start(SequencerOptions options,
                                                            storage::Store* store,
                                                            publish::WatchHub* hub) {
  // Read only after the store is ours: nothing can change under what is read.
  const absl::StatusOr<storage::Head> head = store->acquire("kengred-server");
  if (!head.ok()) return head.status();
  absl::StatusOr<Opened> opened = ReadLedger(store, *head);
  if (!opened.ok()) return opened.status();
  const absl::StatusOr<CivilClock> clock = CivilClock::Load(opened->charter.time_zone());
  if (!clock.ok()) return clock.status();
  if (options.log_keys.size() > kLogKeysMax) {
    return absl::FailedPreconditionError("a server holds at most " + std::to_string(kLogKeysMax) +
                                         " log keys");
  }
  for (const auto& key : options.log_keys) {
    if (key->verifier_key().name() != opened->charter.origin()) {
      return absl::FailedPreconditionError("the log key \"" + key->verifier_key().name() +
                                           "\" is of another log; this one is \"" +
                                           opened->charter.origin() + "\"");
    }
  }
  if (FindHeld(options.log_keys, opened->log_key) == nullptr) {
    return absl::FailedPreconditionError(
        "the key that signs this ledger's checkpoints is not here; give its file with --log-key");
  }
  auto impl =
      std::make_unique<Impl>(std::move(options), store, hub, *head, *std::move(opened), *clock);
  Impl* running = impl.get();
  impl->sequencer_thread = std::thread([running] { running->RunSequencer(); });
  impl->committer_thread = std::thread([running] { running->RunCommitter(); });
  return std::unique_ptr<Sequencer>(new Sequencer(std::move(impl)));
}

Sequencer::Sequencer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Sequencer::~Sequencer() { Stop(); }

rules::SequencedTransaction Sequencer::Stamp(VerifiedTransaction verified,
                                             kengred::Sequence sequence, int64_t time_us,
                                             int32_t civil_day) {
  return {std::move(verified), sequence, time_us, civil_day};
}

void Sequencer::Announce(size_t count) {
  const absl::MutexLock lock(&impl_->mutex);
  impl_->announced += count;
}

void Sequencer::Enqueue(std::vector<std::unique_ptr<Submission>> submissions, size_t announced) {
  v1::Verdict verdict = v1::VERDICT_STOPPING;
  size_t taken = 0;
  {
    const absl::MutexLock lock(&impl_->mutex);
    impl_->announced -= announced;
    impl_->settled += announced;
    if (!impl_->stopping) {
      verdict = v1::VERDICT_QUEUE_FULL;
      const size_t max = impl_->options.queue_transactions_max;
      for (; taken < submissions.size() && impl_->queue.size() < max; ++taken) {
        impl_->queue.push_back(std::move(submissions[taken]));
      }
      impl_->queued.store(impl_->queue.size(), std::memory_order_relaxed);
    }
  }
  for (; taken < submissions.size(); ++taken) impl_->Refuse(submissions[taken]->done, verdict);
}

void Sequencer::Enqueue(Submission submission) {
  std::vector<std::unique_ptr<Submission>> one;
  one.push_back(std::make_unique<Submission>(std::move(submission)));
  Enqueue(std::move(one), /*announced=*/0);
}

void Sequencer::Stop() {
  {
    const absl::MutexLock lock(&impl_->mutex);
    if (impl_->stopping) return;
    impl_->stopping = true;
  }
  impl_->sequencer_thread.join();
  impl_->committer_thread.join();
  // A store that has failed cannot be released; opening it anew takes it over.
  if (impl_->healthy) static_cast<void>(impl_->store->release(impl_->epoch));
}

const LedgerId& Sequencer::ledger_id() const { return impl_->ledger_id; }
const v1::Charter& Sequencer::charter() const { return impl_->charter; }
const std::string& Sequencer::charter_bytes() const { return impl_->charter_bytes; }
int32_t Sequencer::CivilDay(int64_t time_us) const { return impl_->clock.DayOf(time_us); }
int32_t Sequencer::Today() const { return CivilDay(impl_->options.now_us()); }
bool Sequencer::healthy() const { return impl_->healthy; }

PipelineCounters Sequencer::counters() const {
  return {impl_->accepted, impl_->duplicates, impl_->refused, impl_->commits};
}

size_t Sequencer::queued() const { return impl_->queued.load(std::memory_order_relaxed); }

bool Sequencer::idle() const {
  const absl::MutexLock lock(&impl_->mutex);
  return impl_->at_rest && impl_->queue.empty() && impl_->committing == nullptr;
}

bool Sequencer::full() const { return queued() >= impl_->options.queue_transactions_max; }

}  // namespace kengred::sequence
