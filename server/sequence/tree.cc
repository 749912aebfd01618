#include "server/sequence/tree.h"

#include <cstring>
#include <map>
#include <utility>

#include "server/publish/proofs.h"
#include "server/rules/state.h"

namespace kengred::sequence {

storage::Hash HashOf(const Digest& root) {
  storage::Hash hash;
  std::memcpy(hash.data(), root.data(), hash.size());
  return hash;
}

absl::StatusOr<TreeFrontier> OpenTree(storage::Store* store, const storage::Head& head) {
  if (head.sequence == 0) return TreeFrontier();
  publish::StoreHashReader reader(store);
  absl::StatusOr<std::vector<Digest>> peaks = Peaks(head.sequence, reader);
  if (!peaks.ok()) return peaks.status();
  absl::StatusOr<TreeFrontier> tree = TreeFrontier::FromPeaks(head.sequence, *std::move(peaks));
  if (tree.ok() && HashOf(tree->Root()) != head.hash) {
    return absl::DataLossError(
        "the stored hashes of the journal do not lead to its root; restore the store from a "
        "backup, or look for the damage with `kengred-server audit`");
  }
  return tree;
}

void AddTreeRuns(const std::vector<Subtree>& made, std::vector<storage::Write>* writes) {
  std::map<uint32_t, size_t> open;  // level -> the write of its last run
  for (const Subtree& subtree : made) {
    if (!IsStoredLevel(subtree.level)) continue;
    const auto run = open.find(subtree.level);
    if (run != open.end() && subtree.index % kTileHashes != 0) {
      (*writes)[run->second].value->append(subtree.hash.view());
    } else {
      open[subtree.level] = writes->size();
      writes->push_back(
          {rules::key::TreeRun(subtree.level, subtree.index), subtree.hash.ToBytes()});
    }
  }
}

void AppendToTree(TreeFrontier* tree, storage::Batch* batch) {
  // The store's head has zeroes where there is no entry yet.
  batch->parent_hash = tree->size() == 0 ? storage::Hash{} : HashOf(tree->Root());
  std::vector<Subtree> made;
  for (const std::string& entry_bytes : batch->journal) tree->Append(LeafHash(entry_bytes), &made);
  AddTreeRuns(made, &batch->writes);
  batch->hash = batch->journal.empty() ? batch->parent_hash : HashOf(tree->Root());
}

}  // namespace kengred::sequence
