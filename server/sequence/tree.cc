#include "server/sequence/tree.h"

#include <algorithm>
#include <cstring>
#include <iterator>
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

void AddWrites(std::vector<storage::Write> writes, storage::Batch* batch) {
  const auto by_key = [](const storage::Write& a, const storage::Write& b) {
    return a.key < b.key;
  };
  std::sort(writes.begin(), writes.end(), by_key);
  const auto middle = static_cast<std::ptrdiff_t>(batch->writes.size());
  batch->writes.insert(batch->writes.end(), std::make_move_iterator(writes.begin()),
                       std::make_move_iterator(writes.end()));
  std::inplace_merge(batch->writes.begin(), batch->writes.begin() + middle, batch->writes.end(),
                     by_key);
}

void AppendToTree(TreeFrontier* tree, storage::Batch* batch) {
  // The store's head has zeroes where there is no entry yet.
  batch->parent_hash = tree->size() == 0 ? storage::Hash{} : HashOf(tree->Root());
  std::vector<Subtree> made;
  for (const std::string& entry_bytes : batch->journal) tree->Append(LeafHash(entry_bytes), &made);
  std::vector<storage::Write> writes;
  for (const Subtree& subtree : made) {
    if (!IsStoredLevel(subtree.level)) continue;
    writes.push_back({rules::key::TreeHash(subtree.level, subtree.index), subtree.hash.ToBytes()});
  }
  AddWrites(std::move(writes), batch);
  batch->hash = batch->journal.empty() ? batch->parent_hash : HashOf(tree->Root());
}

}  // namespace kengred::sequence
