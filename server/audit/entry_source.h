// Where an audit reads a journal: a store, an export, or whatever else implements this.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "server/publish/proofs.h"
#include "server/storage/store.h"

namespace kengred::audit {

// A journal and its checkpoints, which do not change while the source lives: asked twice, it says
// the same twice. (A source over which somebody else has power, such as a server, has to keep what
// it was given once.) For one thread. Errors are those of reading: what was read is for the auditor
// to judge.
class EntrySource {
 public:
  virtual ~EntrySource() = default;
  // How many entries there are.
  virtual Sequence size() const = 0;
  // Up to `max` entries after `after`, in order, at most kJournalPageBytesMax bytes of them but at
  // least one; `after` is below size(). Also goes back: a refund asks for the entry it refunds.
  virtual absl::StatusOr<std::vector<std::string>> Entries(Sequence after, size_t max) = 0;
  // Up to `max` checkpoints of more than `after` entries, in order, each size once. Their sizes are
  // what the source believes: the auditor reads the notes.
  virtual absl::StatusOr<std::vector<publish::StoredCheckpoint>> Checkpoints(uint64_t after,
                                                                             size_t max) = 0;
};

// The journal of a store, up to its head of now. The store must outlive the source.
absl::StatusOr<std::unique_ptr<EntrySource>> OpenStoreSource(storage::Store* store);

}  // namespace kengred::audit
