// The sequence stage: one thread gives each verified transaction its place and time, applies the
// rules, and hands batches to the committer; one thread commits. The next batch is built while the
// last one syncs, and goes on growing, within a bound, as long as more are on their way than are in
// it: then all processors are busy, and every commit costs them a signature and a sync. A payment
// that comes alone is committed by the sequencer's thread itself, since waking the committer would
// take as long as half a sync.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/verification.h"
#include "kengred/v1/charter.pb.h"
#include "kengred/v1/side_record.pb.h"
#include "server/publish/answer.h"
#include "server/publish/watch_hub.h"
#include "server/rules/sequenced_transaction.h"
#include "server/sequence/log_keys.h"
#include "server/storage/store.h"

namespace kengred::sequence {

struct SequencerOptions {
  // Transactions waiting for the sequencer; past that QUEUE_FULL at once.
  size_t queue_transactions_max = 8192;
  // Memory for the state that transactions read: values of accounts and balances that were used
  // lately. Some 1000 bytes for an account in use.
  size_t state_cache_bytes = 64 * 1024 * 1024;
  // The log's key must be among them; keys to come may be.
  HeldLogKeys log_keys;
  // Microseconds since 1970.
  std::function<int64_t()> now_us;
  // Called once, from a pipeline thread, when the store has stopped accepting writes.
  std::function<void(const std::string& why)> on_storage_stopped;
};

// A verified transaction on its way in.
struct Submission {
  VerifiedTransaction verified;
  std::vector<v1::SideRecord> side_records;
  bool validate_only = false;
  publish::Done done;
};

struct PipelineCounters {
  uint64_t accepted = 0;
  uint64_t duplicates = 0;
  uint64_t refused = 0;
  uint64_t commits = 0;
};

// Thread-safe.
class Sequencer {
 public:
  // Becomes the store's writer and starts. The store must hold a charter (InitializeLedger) and,
  // like the hub, outlive the sequencer. FailedPrecondition where the charter's time zone is
  // unknown to this machine, the store is empty, or the log's key is not among the options';
  // DataLoss where the stored tree does not lead to the head's root.
  static absl::StatusOr<std::unique_ptr<Sequencer>> Start(SequencerOptions options,
                                                          storage::Store* store,
                                                          publish::WatchHub* hub);
  // Stop().
  ~Sequencer();

  // So many are on their way, so that a batch may wait for them.
  void Announce(size_t count);
  // Takes them in this order; so many of the announced are now here or were refused. Never blocks;
  // an answer may come before it returns.
  void Enqueue(std::vector<std::unique_ptr<Submission>> submissions, size_t announced);
  // One that was not announced.
  void Enqueue(Submission submission);

  // Commits what it has taken, answers the rest with STOPPING, releases the store. May be called
  // twice.
  void Stop();

  const LedgerId& ledger_id() const;
  // The charter, and its bytes as stored.
  const v1::Charter& charter() const;
  const std::string& charter_bytes() const;

  // The civil day in the charter's time zone at a time.
  int32_t CivilDay(int64_t time_us) const;
  // The civil day of now.
  int32_t Today() const;

  // False after a fault of the store: nothing more is accepted until the server is restarted.
  bool healthy() const;
  PipelineCounters counters() const;
  // Transactions waiting. Takes no lock.
  size_t queued() const;
  // Whether the queue has no room. Takes no lock.
  bool full() const;
  // Whether nothing waits, is being judged or committed.
  bool idle() const;

 private:
  struct Impl;
  explicit Sequencer(std::unique_ptr<Impl> impl);
  // The only place where a transaction gets its place and time.
  static rules::SequencedTransaction Stamp(VerifiedTransaction verified, Sequence sequence,
                                           int64_t time_us, int32_t civil_day);
  std::unique_ptr<Impl> impl_;
};

// Writes the charter as entry 1 of an empty store, and its checkpoint, signed with the charter's
// log key. AlreadyExists where the store is not empty; InvalidArgument for a charter that
// ValidateCharter refuses or that names another log key. Answers the ledger id.
absl::StatusOr<LedgerId> InitializeLedger(storage::Store* store, const std::string& charter_bytes,
                                          const std::shared_ptr<const NoteSigner>& log_key,
                                          int64_t now_us);

}  // namespace kengred::sequence
