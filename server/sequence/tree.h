// The Merkle tree over the journal, as a batch carries it: the hashes to store and the new root.
// The hash of a store's head is the root.
#pragma once

#include <absl/status/statusor.h>

#include <vector>

#include "kengred/core/merkle.h"
#include "server/storage/store.h"

namespace kengred::sequence {

// What a batch's tree hashes take of its bytes, at most: per entry, and once.
inline constexpr size_t kTreeBytesPerEntry = 48;
inline constexpr size_t kTreeBytes = 512;

// The tree at the store's head. DataLoss where the stored hashes do not lead to the head's.
absl::StatusOr<TreeFrontier> OpenTree(storage::Store* store, const storage::Head& head);

// Appends the batch's entries to the tree it was built on: sets its hashes, and adds the tree's at
// the end of its writes, which are to be sorted before they are committed.
void AppendToTree(TreeFrontier* tree, storage::Batch* batch);

// Adds the hashes to be stored of the subtrees that appending has made, in the order they were
// made: for each level a write for each tile that they lie in.
void AddTreeRuns(const std::vector<Subtree>& made, std::vector<storage::Write>* writes);

storage::Hash HashOf(const Digest& root);

}  // namespace kengred::sequence
