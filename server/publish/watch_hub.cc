#include "server/publish/watch_hub.h"

#include <algorithm>

namespace kengred::publish {

std::unique_ptr<WatchHub::Subscription> WatchHub::Subscribe(const AccountId& account, Wake wake) {
  const absl::MutexLock lock(&mutex_);
  const uint64_t id = next_id_++;
  watches_[account].emplace(id, std::move(wake));
  ++size_;
  return std::make_unique<Subscription>(this, account, id);
}

void WatchHub::Publish(std::vector<AccountId> touched, Sequence head) {
  // Under the lock, so that a subscription that has gone is never called; wakes only hand over.
  const absl::MutexLock lock(&mutex_);
  if (watches_.empty()) return;
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (const AccountId& account : touched) {
    const auto found = watches_.find(account);
    if (found == watches_.end()) continue;
    for (const auto& [id, wake] : found->second) wake(head);
  }
}

size_t WatchHub::size() const {
  const absl::MutexLock lock(&mutex_);
  return size_;
}

void WatchHub::Remove(const AccountId& account, uint64_t id) {
  const absl::MutexLock lock(&mutex_);
  const auto found = watches_.find(account);
  if (found == watches_.end() || found->second.erase(id) == 0) return;
  --size_;
  if (found->second.empty()) watches_.erase(found);
}

}  // namespace kengred::publish
