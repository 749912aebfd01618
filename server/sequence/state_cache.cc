#include "server/sequence/state_cache.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace kengred::sequence {
namespace {

// A slot, its place in the index and what the allocator adds.
constexpr size_t kOverheadBytes = 128;

bool IsWrittenOnce(std::string_view key) {
  return storage::kOncePrefixes.find(key.front()) != std::string_view::npos;
}

// A number that tells most keys apart: of their first and last bytes, where their ids and
// references stand.
uint64_t PrintOf(std::string_view key) {
  uint64_t first = 0;
  uint64_t last = 0;
  const size_t size = std::min(key.size(), sizeof(first));
  std::memcpy(&first, key.data(), size);
  std::memcpy(&last, key.data() + key.size() - size, size);
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 by the golden ratio (Knuth 6.4)
  return (first + last * kOdd) * kOdd;
}

}  // namespace

size_t StateCache::BytesOf(const Slot& slot) {
  return slot.key.size() + (slot.value ? slot.value->size() : 0) +
         (slot.account ? slot.account->SpaceUsedLong() : 0) + kOverheadBytes;
}

StateCache::Recent& StateCache::RecentOf(uint64_t print) {
  return recent_[print / (std::numeric_limits<uint64_t>::max() / kRecentSlots + 1)];
}

StateCache::Slot* StateCache::Find(std::string_view key) {
  const uint64_t print = PrintOf(key);
  Recent& recent = RecentOf(print);
  if (recent.print == print && recent.slot != nullptr && KeyOf(*recent.slot) == key) {
    return recent.slot;
  }
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  recent = {print, found->second};
  return found->second;
}

void StateCache::Erase(Slot* slot) {
  bytes_ -= BytesOf(*slot);
  index_.erase(KeyOf(*slot));
  slot->key.clear();
  slot->value.reset();
  slot->account.reset();
  slot->written = 0;
  slot->used = false;
  free_.push_back(slot);
}

void StateCache::MakeRoom(size_t bytes) {
  // Two rounds: the first may only take their marks from slots that were used.
  for (size_t steps = 2 * slots_.size(); bytes_ + bytes > bytes_max_ && steps > 0; --steps) {
    hand_ = (hand_ + 1) % slots_.size();
    Slot& slot = slots_[hand_];
    if (slot.key.empty() || slot.written > durable_) continue;
    if (std::exchange(slot.used, false)) continue;
    Erase(&slot);
  }
}

StateCache::Slot& StateCache::FindOrInsert(std::string_view key) {
  if (Slot* slot = Find(key)) return *slot;
  MakeRoom(key.size() + kOverheadBytes);
  if (free_.empty()) free_.push_back(&slots_.emplace_back());
  Slot& slot = *free_.back();
  free_.pop_back();
  slot.key.assign(key.begin(), key.end());
  bytes_ += BytesOf(slot);
  index_.emplace(KeyOf(slot), &slot);
  const uint64_t print = PrintOf(key);
  RecentOf(print) = {print, &slot};
  return slot;
}

StateCache::Slot* StateCache::FindOrFetch(const std::string& key) {
  Slot* slot = Find(key);
  if (slot != nullptr) return slot;
  Fetch({key});
  return Find(key);
}

std::optional<std::string> StateCache::Get(const std::string& key) {
  Slot* slot = FindOrFetch(key);
  if (slot == nullptr) return std::nullopt;
  slot->used = true;
  return slot->value;
}

rules::AccountRecord StateCache::GetAccount(const std::string& key) {
  Slot* slot = FindOrFetch(key);
  if (slot == nullptr) return nullptr;
  const bool again = std::exchange(slot->used, true);
  if (slot->account) return slot->account;
  rules::AccountRecord account = rules::ParseAccount(slot->value);
  if (account && again) {
    slot->account = account;
    bytes_ += account->SpaceUsedLong();
  }
  return account;
}

void StateCache::Fetch(std::vector<std::string> keys) {
  // Memory is waited for once for many keys, and not for one after the other.
  for (const std::string& key : keys) {
    if (const Slot* slot = RecentOf(PrintOf(key)).slot; slot != nullptr) {
      __builtin_prefetch(&slot->key);
      __builtin_prefetch(&slot->written);
    }
    index_.prefetch(key);
  }
  std::erase_if(keys, [this](const std::string& key) {
    const Slot* slot = Find(key);
    if (slot != nullptr && slot->account) __builtin_prefetch(slot->account.get());
    return slot != nullptr;
  });
  if (keys.empty()) return;
  absl::StatusOr<storage::Read> read = store_->get(keys);
  if (!read.ok()) {
    if (status_.ok()) status_ = read.status();
    return;
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    Slot& slot = FindOrInsert(keys[i]);
    if (slot.value) continue;  // it came twice
    slot.value = std::move(read->values[i]);
    if (slot.value) bytes_ += slot.value->size();
  }
}

void StateCache::Put(std::string_view key, std::string_view value, Sequence sequence) {
  Slot& slot = FindOrInsert(key);
  if (IsWrittenOnce(key)) once_.emplace_back(sequence, &slot);
  bytes_ -= BytesOf(slot);
  slot.value = value;
  slot.account.reset();
  slot.written = sequence;
  bytes_ += BytesOf(slot);
}

void StateCache::SetDurable(Sequence sequence) {
  durable_ = sequence;
  for (; !once_.empty() && once_.front().first <= durable_; once_.pop_front()) {
    const auto [written, slot] = once_.front();
    if (slot->written == written) Erase(slot);  // else it was put again
  }
}

}  // namespace kengred::sequence
