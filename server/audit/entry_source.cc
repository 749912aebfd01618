#include "server/audit/entry_source.h"

#include <algorithm>
#include <utility>

namespace kengred::audit {
namespace {

class StoreSource : public EntrySource {
 public:
  StoreSource(storage::Store* store, Sequence size) : store_(store), proofs_(store), size_(size) {}

  Sequence size() const override { return size_; }

  absl::StatusOr<std::vector<std::string>> Entries(Sequence after, size_t max) override {
    absl::StatusOr<storage::JournalPage> page =
        store_->journal(after, std::min<uint64_t>(max, size_ - after));
    if (!page.ok()) return page.status();
    std::vector<std::string> entries;
    entries.reserve(page->entries.size());
    for (auto& [sequence, bytes] : page->entries) entries.push_back(std::move(bytes));
    if (entries.empty()) {
      return absl::DataLossError("journal entry " + std::to_string(after + 1) +
                                 " is missing; restore the store from a backup");
    }
    return entries;
  }

  absl::StatusOr<std::vector<publish::StoredCheckpoint>> Checkpoints(uint64_t after,
                                                                     size_t max) override {
    return proofs_.Checkpoints(after, max);
  }

 private:
  storage::Store* const store_;
  const publish::ProofReader proofs_;
  const Sequence size_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<EntrySource>> OpenStoreSource(storage::Store* store) {
  const absl::StatusOr<storage::Head> head = store->head();
  if (!head.ok()) return head.status();
  return std::make_unique<StoreSource>(store, head->sequence);
}

}  // namespace kengred::audit
