// What witnesses have cosigned of this ledger since the server was started. Kept in memory: after a
// restart they are asked again.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/signed_note.h"

namespace kengred::publish {

// A checkpoint as it was signed.
struct StoredCheckpoint {
  uint64_t size = 0;
  std::string note;
};

// Thread-safe. Holds one checkpoint for each witness, its latest, and the one that most witnesses
// have cosigned.
class Cosignatures {
 public:
  // A line of `witness`, which the caller has verified, under a checkpoint that the log alone has
  // signed. One that is older than what the witness has cosigned already changes nothing.
  void Add(const StoredCheckpoint& checkpoint, const PublicKey& witness, const NoteSignature& line);

  // The note with the cosignatures that have come for this very checkpoint.
  std::string With(const StoredCheckpoint& checkpoint) const;
  // For each witness its latest checkpoint with the cosignatures of it: one for those that cosigned
  // the same, the largest first.
  std::vector<std::string> Latest() const;
  // Of the checkpoints of at least `size_min` entries the one that most witnesses have cosigned,
  // the largest among equals; nothing where there is none.
  std::optional<StoredCheckpoint> Best(uint64_t size_min) const;

 private:
  struct Cosigned {
    std::string note;
    std::map<PublicKey, NoteSignature> lines;
  };
  static std::string Joined(const Cosigned& cosigned);
  void Prune() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  // By size.
  std::map<uint64_t, Cosigned> cosigned_ ABSL_GUARDED_BY(mutex_);
  std::map<PublicKey, uint64_t> latest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kengred::publish
