// Collects cosignatures: asks each witness, as C2SP tlog-witness specifies, to cosign the latest
// checkpoint, and keeps what the charter's witnesses have signed in publish::Cosignatures.
//
// A thread for each witness, so that one which hangs delays nobody; all of them ask for the same
// checkpoint, so that their cosignatures meet under it.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "kengred/core/signed_note.h"
#include "net/http_client.h"
#include "server/publish/cosignatures.h"
#include "server/publish/proofs.h"
#include "server/storage/store.h"

namespace kengred::cosign {

// How it goes with a witness.
enum class WitnessState {
  kUnknown,      // not asked yet
  kCosigning,    // it has cosigned what it was asked for
  kUnreachable,  // no answer, or none that the protocol knows
  kUnbelieved,   // it answers, but with no valid cosignature of a witness that the charter lists
  kStranger,     // it does not know this log, or not the key that signs for it now
  kDisputing,    // it has seen another history of this log, or a longer one
};
std::string_view WitnessStateName(WitnessState state);

struct CollectorOptions {
  // Submission prefixes, http or https; at most kWitnessesMax.
  std::vector<std::string> witness_urls;
  // Whose cosignatures count: the charter's. Those of others are dropped.
  std::vector<VerifierKey> witness_keys;
  // How often there may be something new to ask for.
  absl::Duration interval = absl::Seconds(1);
  // For one answer.
  absl::Duration timeout = absl::Seconds(5);
  // A witness that did not cosign is asked again after the interval, then after twice that, and so
  // on up to this.
  absl::Duration retry_max = absl::Minutes(1);
  // A witness is asked again for the same checkpoint after this, so that cosignatures of a quiet
  // ledger do not grow old.
  absl::Duration renew = absl::Hours(1);
  // Told when the state of a witness changes; the message is for the operator, and holds nothing
  // that the witness said. Called on the collector's threads.
  std::function<void(const std::string& url, WitnessState state, const std::string& message)>
      on_change;
};

class Collector {
 public:
  // Asks from now on. Store and cosignatures outlive it. InvalidArgument for a URL, or where the
  // charter lists no witness.
  static absl::StatusOr<std::unique_ptr<Collector>> Start(CollectorOptions options,
                                                          storage::Store* store,
                                                          publish::Cosignatures* cosignatures);
  // Stop().
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // Breaks off what is under way. May be called twice.
  void Stop();

 private:
  struct Witness;
  struct Outcome;
  Collector(CollectorOptions options, storage::Store* store, publish::Cosignatures* cosignatures);
  void Follow(Witness* witness);
  // The checkpoint that everybody asks for now.
  absl::StatusOr<publish::StoredCheckpoint> Target();
  Outcome Ask(Witness* witness, const publish::StoredCheckpoint& target);
  Outcome TakeCosignatures(const publish::StoredCheckpoint& target, const std::string& lines);
  bool SleepUnlessStopped(absl::Duration pause);

  const CollectorOptions options_;
  const publish::ProofReader proofs_;
  publish::Cosignatures& cosignatures_;
  net::HttpClient client_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  publish::StoredCheckpoint target_ ABSL_GUARDED_BY(mutex_);
  absl::Time target_time_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::vector<std::unique_ptr<Witness>> witnesses_;
};

}  // namespace kengred::cosign
