// Whether checkpoints are signed by the key that is the log's at their place.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/signed_note.h"
#include "kengred/v1/charter.pb.h"
#include "server/audit/finding.h"
#include "server/publish/proofs.h"

namespace kengred::audit {

// One checkpoint with all that judging it takes: independent of every other.
struct CheckpointJob {
  publish::StoredCheckpoint stored;
  std::string origin;
  Digest root;                       // of the entries up to its size
  uint64_t previous_size = 0;        // of the checkpoint before it
  std::vector<VerifierKey> signers;  // each must have signed; none: only look at what it says

  // Any thread.
  std::optional<Finding> Judge() const;
};

// Follows the log's keys through a journal: the charter's, then those that entries bring. The
// checkpoint of a commit that brings keys is signed by the one before and by each of them, as the
// sequencer does. For one thread.
class LogKeyTrail {
 public:
  // The charter is valid.
  explicit LogKeyTrail(const v1::Charter& charter);

  // Keys that the next entry makes the log's.
  void Rotate(const std::vector<PublicKey>& keys);
  // The checkpoint after the entries so far.
  CheckpointJob Next(publish::StoredCheckpoint stored, const Digest& root);

  // The key of the log after the last checkpoint.
  const VerifierKey& current() const { return current_; }

 private:
  const std::string origin_;
  VerifierKey current_;
  std::vector<VerifierKey> pending_;
  uint64_t last_size_ = 0;  // of the last checkpoint
};

}  // namespace kengred::audit
