// The verify stage: stateless checks on a pool of threads, then on to the sequencer.
//
// Transactions leave in the order in which they came, however long each takes: who sends a payment
// in and then one that spends it, on one stream, finds both accepted. Refusals do not wait.
//
// It does not look at the validity window: the same bytes sent again get their first answer for
// ever, also when they have expired since, and only the sequencer knows what was accepted.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/v1/ledger_service.pb.h"
#include "server/publish/answer.h"
#include "server/sequence/sequencer.h"

namespace kengred::verify {

// A transaction as it came. `done` is called once.
struct Arrival {
  v1::SubmitTransactionRequest request;
  publish::Done done;
};

struct VerifierOptions {
  LedgerId ledger_id;
  // 0: as many as the machine has cores.
  size_t threads = 0;
  // Transactions taken and not handed on yet; past that QUEUE_FULL at once.
  size_t queue_transactions_max = 4096;
};

// Thread-safe.
class Verifier {
 public:
  // The sequencer must outlive it.
  Verifier(VerifierOptions options, sequence::Sequencer* sequencer);
  // Answers what waits with STOPPING, then joins its threads.
  ~Verifier();

  // Never blocks; a small transaction that comes alone to an idle pipeline is verified before it
  // returns, which spares it the waking of a thread. Past the bound, and while the sequencer's
  // queue is full, the answer is QUEUE_FULL before anything is verified. An answer may come before
  // it returns.
  void Submit(v1::SubmitTransactionRequest request, publish::Done done);
  // Many at once, in this order; cheaper than one after the other.
  void Submit(std::vector<Arrival> arrivals);

  // How many were taken and not handed on yet.
  size_t queued() const;

 private:
  // The place of a transaction among those that came before and after it.
  struct Place {
    bool verified = false;
    std::unique_ptr<sequence::Submission> submission;  // null: it was refused
  };

  void Run();
  // Verifies it on this thread and hands it on, where nothing else is under way.
  bool SubmitAlone(Arrival* arrival);
  // What goes on to the sequencer; null where it was refused, and answered.
  std::unique_ptr<sequence::Submission> Verify(Arrival arrival);
  // Fills the places from `ticket` on, and hands on what is next in order. One thread at a time
  // does that, without the lock.
  void HandOn(uint64_t ticket, std::vector<std::unique_ptr<sequence::Submission>> submissions);

  const VerifierOptions options_;
  const size_t threads_max_;
  sequence::Sequencer* const sequencer_;
  mutable absl::Mutex mutex_;
  std::deque<Arrival> queue_ ABSL_GUARDED_BY(mutex_);
  // One per transaction taken and not handed on yet, in order of their tickets.
  std::deque<Place> places_ ABSL_GUARDED_BY(mutex_);
  uint64_t first_ticket_ ABSL_GUARDED_BY(mutex_) = 0;
  bool handing_on_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace kengred::verify
