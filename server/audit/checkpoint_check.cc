#include "server/audit/checkpoint_check.h"

#include <utility>

#include "kengred/core/checkpoint.h"

namespace kengred::audit {
namespace {

// An acceptable key under a well-formed origin: the charter's check and the rule have looked.
VerifierKey KeyOf(const std::string& origin, const PublicKey& public_key) {
  return *VerifierKey::Make(origin, KeyType::kEd25519, public_key);
}

}  // namespace

std::optional<Finding> CheckpointJob::Judge() const {
  const auto invalid = [this](const std::string& why) {
    return MakeFinding(Fault::kCheckpointInvalid, stored.size,
                       "the checkpoint of " + std::to_string(stored.size) + " entries: " + why);
  };
  const auto note = ParseNote(stored.note);
  if (!note.ok()) return invalid(std::string(note.status().message()));
  const auto checkpoint = ParseCheckpoint(note->text);
  if (!checkpoint.ok()) return invalid(std::string(checkpoint.status().message()));
  if (checkpoint->origin != origin) return invalid("it is of the log " + checkpoint->origin);
  if (checkpoint->size != stored.size) {
    return invalid("it says " + std::to_string(checkpoint->size) + " entries");
  }
  if (!signers.empty()) {
    const auto signed_by = VerifyNote(*note, signers);
    if (!signed_by.ok()) return invalid(std::string(signed_by.status().message()));
    if (signed_by->size() != signers.size()) {
      return invalid("a new key takes over here, and not both have signed");
    }
  }
  if (checkpoint->root != root) {
    Finding finding = MakeFinding(
        Fault::kRootDiffers, stored.size,
        "the entries do not lead to the root that was signed, so that one of those since the "
        "checkpoint of " +
            std::to_string(previous_size) + " entries is not what was committed");
    finding.first_sequence = previous_size + 1;
    return finding;
  }
  return std::nullopt;
}

LogKeyTrail::LogKeyTrail(const v1::Charter& charter)
    : origin_(charter.origin()),
      current_(KeyOf(origin_, *PublicKey::FromBytes(charter.log_public_key()))) {}

void LogKeyTrail::Rotate(const std::vector<PublicKey>& keys) {
  for (const PublicKey& key : keys) pending_.push_back(KeyOf(origin_, key));
}

CheckpointJob LogKeyTrail::Next(publish::StoredCheckpoint stored, const Digest& root) {
  CheckpointJob job;
  job.origin = origin_;
  job.root = root;
  job.previous_size = std::exchange(last_size_, stored.size);
  job.stored = std::move(stored);
  job.signers = {current_};
  job.signers.insert(job.signers.end(), pending_.begin(), pending_.end());
  current_ = job.signers.back();
  pending_.clear();
  return job;
}

}  // namespace kengred::audit
