#include "server/sequence/store_view.h"

namespace kengred::sequence {

std::optional<std::string> StoreView::Get(const std::string& key) const {
  absl::StatusOr<storage::Read> read = store_->get({key});
  if (!read.ok()) {
    Remember(read.status());
    return std::nullopt;
  }
  return std::move(read->values.front());
}

std::optional<std::string> StoreView::Entry(Sequence sequence) const {
  if (sequence == 0) return std::nullopt;
  absl::StatusOr<storage::JournalPage> page = store_->journal(sequence - 1, 1);
  if (!page.ok()) {
    Remember(page.status());
    return std::nullopt;
  }
  if (page->entries.empty()) return std::nullopt;
  return std::move(page->entries.front().second);
}

absl::Status StoreView::status() const {
  const absl::MutexLock lock(&mutex_);
  return status_;
}

void StoreView::Remember(const absl::Status& status) const {
  const absl::MutexLock lock(&mutex_);
  if (status_.ok()) status_ = status;
  failed_.store(true, std::memory_order_release);
}

}  // namespace kengred::sequence
