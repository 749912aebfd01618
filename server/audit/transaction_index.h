// Which transactions a replay has seen, and where: 16 bytes each, since a ledger of years has tens
// of millions.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "kengred/core/ids.h"

namespace kengred::audit {

// Keeps 11 bytes of each id and 5 of its place. Ids that agree in their first 11 bytes (chance
// makes none, but who has a machine for it can) are told apart by asking for the earlier entry's
// whole id. For one thread.
class TransactionIndex {
 public:
  // The id of the transaction in an entry that was added; nothing where it cannot be read, and then
  // it counts as another.
  using IdOfEntry = std::function<std::optional<TransactionId>(Sequence)>;

  explicit TransactionIndex(IdOfEntry id_of_entry) : id_of_entry_(std::move(id_of_entry)) {}

  // Where it was added.
  std::optional<Sequence> Find(const TransactionId& id) const;
  // `id` is not there yet, and `sequence` at most kTreeLeavesMax.
  void Add(const TransactionId& id, Sequence sequence);

 private:
  static constexpr size_t kIdBytes = 11;
  struct Slot {
    std::array<uint8_t, kIdBytes> id;
    std::array<uint8_t, 5> sequence;  // big-endian

    friend bool operator==(const Slot& a, const Slot& b) { return a.id == b.id; }
    template <typename H>
    friend H AbslHashValue(H h, const Slot& slot) {
      return H::combine(std::move(h), slot.id);
    }
  };
  static Slot SlotOf(const TransactionId& id, Sequence sequence);

  IdOfEntry id_of_entry_;
  absl::flat_hash_set<Slot> slots_;
  std::map<TransactionId, Sequence> alike_;  // those whose slot is another's
};

}  // namespace kengred::audit
