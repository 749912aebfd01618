// Writes what an audit finds good into a new store, so that it holds what the old one held.
#pragma once

#include <absl/status/statusor.h>

#include <memory>

#include "server/audit/auditor.h"
#include "server/storage/store.h"

namespace kengred::audit {

// Becomes the writer of an empty store, which must outlive the observer: journal, state, indexes,
// tree and checkpoints, in batches as the sequencer's. It writes before the audit has ended: a
// store whose audit has not ended well must be thrown away. FailedPrecondition where the store is
// not empty; then the store's errors, and Unavailable where a commit may or may not be on disk.
absl::StatusOr<std::unique_ptr<Observer>> NewImporter(storage::Store* store);

}  // namespace kengred::audit
