#include "server/audit/transaction_index.h"

#include <algorithm>

namespace kengred::audit {

TransactionIndex::Slot TransactionIndex::SlotOf(const TransactionId& id, Sequence sequence) {
  Slot slot;
  std::copy_n(id.data(), kIdBytes, slot.id.begin());
  for (size_t i = slot.sequence.size(); i-- > 0; sequence >>= 8) {
    slot.sequence[i] = static_cast<uint8_t>(sequence & 0xff);
  }
  return slot;
}

std::optional<Sequence> TransactionIndex::Find(const TransactionId& id) const {
  const auto slot = slots_.find(SlotOf(id, 0));
  if (slot == slots_.end()) return std::nullopt;
  Sequence sequence = 0;
  for (const uint8_t byte : slot->sequence) sequence = sequence << 8 | byte;
  if (id_of_entry_(sequence) == id) return sequence;
  const auto alike = alike_.find(id);
  if (alike == alike_.end()) return std::nullopt;
  return alike->second;
}

void TransactionIndex::Add(const TransactionId& id, Sequence sequence) {
  if (!slots_.insert(SlotOf(id, sequence)).second) alike_[id] = sequence;
}

}  // namespace kengred::audit
