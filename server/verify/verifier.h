// The verify stage: stateless checks on a pool of threads, then on to the sequencer.
//
// It does not look at the validity window: the same bytes sent again get their first answer for
// ever, also when they have expired since, and only the sequencer knows what was accepted.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/v1/ledger_service.pb.h"
#include "server/publish/answer.h"

namespace kengred::sequence {
class Sequencer;
}

namespace kengred::verify {

struct VerifierOptions {
  LedgerId ledger_id;
  // 0: as many as the machine has cores.
  size_t threads = 0;
  // Transactions waiting for a thread; past that QUEUE_FULL at once.
  size_t queue_transactions_max = 4096;
};

// Thread-safe.
class Verifier {
 public:
  // The sequencer must outlive it.
  Verifier(VerifierOptions options, sequence::Sequencer* sequencer);
  // Answers what waits with STOPPING, then joins its threads.
  ~Verifier();

  // Never blocks. `done` is called once, perhaps before it returns.
  void Submit(v1::SubmitTransactionRequest request, publish::Done done);

  // How many wait for a thread.
  size_t queued() const;

 private:
  struct Job {
    v1::SubmitTransactionRequest request;
    publish::Done done;
  };

  void Run();
  void Verify(Job job);

  const VerifierOptions options_;
  sequence::Sequencer* const sequencer_;
  mutable absl::Mutex mutex_;
  std::deque<Job> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace kengred::verify
