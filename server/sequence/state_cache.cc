#include "server/sequence/state_cache.h"

#include <utility>

namespace kengred::sequence {
namespace {

// A slot, its place in the index and what the allocator adds.
constexpr size_t kOverheadBytes = 128;

bool IsWrittenOnce(std::string_view key) {
  return storage::kOncePrefixes.find(key.front()) != std::string_view::npos;
}

}  // namespace

size_t StateCache::BytesOf(const Slot& slot) {
  return slot.key.size() + (slot.value ? slot.value->size() : 0) + kOverheadBytes;
}

StateCache::Slot* StateCache::Find(std::string_view key) {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : found->second;
}

void StateCache::Erase(Slot* slot) {
  bytes_ -= BytesOf(*slot);
  index_.erase(KeyOf(*slot));
  slot->key.clear();
  slot->value.reset();
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
  MakeRoom(key.size() + kOverheadBytes);
  const auto found = index_.lazy_emplace(key, [&](const auto& emplace) {
    if (free_.empty()) free_.push_back(&slots_.emplace_back());
    Slot& slot = *free_.back();
    free_.pop_back();
    slot.key.assign(key.begin(), key.end());
    bytes_ += BytesOf(slot);
    emplace(KeyOf(slot), &slot);
  });
  return *found->second;
}

std::optional<std::string> StateCache::Get(const std::string& key) {
  Slot* slot = Find(key);
  if (slot == nullptr) {
    Fetch({key});
    slot = Find(key);
    if (slot == nullptr) return std::nullopt;  // it could not be read
  }
  slot->used = true;
  return slot->value;
}

void StateCache::Fetch(std::vector<std::string> keys) {
  std::erase_if(keys, [this](const std::string& key) { return index_.contains(key); });
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
