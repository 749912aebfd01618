#include "server/sequence/layered_view.h"

namespace kengred::sequence {

std::optional<std::string> LayeredView::Get(const std::string& key) const {
  return cache_->Get(key);
}

rules::AccountRecord LayeredView::GetAccount(const std::string& key) const {
  return cache_->GetAccount(key);
}

std::optional<std::string> LayeredView::Entry(Sequence sequence) const {
  for (const PendingBatch* batch : {building_, committing_}) {
    if (batch == nullptr) continue;
    if (const std::string* entry = batch->FindEntry(sequence)) return *entry;
  }
  return base_->Entry(sequence);
}

void LayeredView::Expect(const std::vector<std::string>& keys) const { cache_->Fetch(keys); }

}  // namespace kengred::sequence
