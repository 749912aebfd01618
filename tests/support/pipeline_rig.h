// A server without its network: verifier, sequencer and watch hub on a store of the test's making;
// and clients that keep payments outstanding in it.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "server/publish/answer.h"
#include "server/publish/watch_hub.h"
#include "server/sequence/sequencer.h"
#include "server/storage/store.h"
#include "server/verify/verifier.h"
#include "tests/support/books.h"
#include "tests/support/community.h"

namespace kengred::testing {

struct RigOptions {
  size_t verifier_queue_max = 4096;
  size_t sequencer_queue_max = 8192;
  // Microseconds since 1970. Empty: always kNowSeconds.
  std::function<int64_t()> now_us;
};

// Writes the community's charter and founding into an empty store; they must succeed.
void FoundIn(storage::Store* store, Community* community);

// Thread-safe but for Stop() and destruction.
class PipelineRig {
 public:
  // Starts on a store that holds the community's charter; a start that fails ends the test program.
  // Store and community must outlive it.
  PipelineRig(const Community& community, storage::Store* store, RigOptions options = {});
  // Stop().
  ~PipelineRig();
  PipelineRig(const PipelineRig&) = delete;
  PipelineRig& operator=(const PipelineRig&) = delete;

  // As Verifier::Submit.
  void Submit(v1::SubmitTransactionRequest request, publish::Done done);
  // Waits for the answer.
  publish::Answer SubmitAndWait(v1::SubmitTransactionRequest request);

  // Transactions taken, verified or not, that no batch has taken up.
  size_t verifying() const { return verifier_->queued(); }
  sequence::Sequencer& sequencer() { return *sequencer_; }
  publish::WatchHub& hub() { return hub_; }
  // How often the sequencer said that the store has stopped.
  int stops() const { return stops_; }

  // Stops in the order of a server. May be called twice.
  void Stop();

 private:
  publish::WatchHub hub_;
  std::atomic<int> stops_{0};
  std::unique_ptr<sequence::Sequencer> sequencer_;
  std::unique_ptr<verify::Verifier> verifier_;
};

// The verdict of a refusal; VERDICT_UNSPECIFIED for an acceptance.
v1::Verdict VerdictOf(const publish::Answer& answer);

// What many clients have been told.
struct Told {
  size_t accepted = 0;
  size_t duplicates = 0;  // among the accepted
  size_t stopped = 0;     // STORAGE_STOPPED
  size_t stopping = 0;    // STOPPING
};

// One thread for each list sends its payments in order, at most `ahead` of them unanswered, and
// goes on after refusals. Sets `sequence` of what is accepted. Expects of what it is told: exactly
// one answer for each; no verdict but those of Told; a client's entries in the order in which it
// sent them; and once a client has been told STORAGE_STOPPED, no acceptance of what it sends
// afterwards. Answers when everything has been answered.
Told RunClients(PipelineRig* rig, std::vector<std::vector<Sent>>* payments, size_t ahead);

}  // namespace kengred::testing
