// What the sequencer's thread reads of the state: the newest value of each key, durable or not. A
// value that is not durable yet is always here; of the others as many as fit, the rest is read from
// the store. Not among those that fit are the keys that are written once (storage::kOncePrefixes):
// they are as many as transactions and awards, and what is asked for again and again should lie
// close together.
//
// There is no way back: what is not durable either becomes so or is the last thing this process
// has taken, so that one value per key is enough.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>
#include <absl/status/status.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/rules/state.h"
#include "server/storage/store.h"

namespace kengred::sequence {

// For one thread.
class StateCache {
 public:
  // Keeps up to about `bytes_max` bytes of keys and values, more only where that many are not
  // durable yet. The store must outlive it, and be written to by nobody else.
  StateCache(storage::Store* store, size_t bytes_max) : store_(store), bytes_max_(bytes_max) {}

  // The newest value of a state or side key; nothing where it has none, or where reading failed.
  std::optional<std::string> Get(const std::string& key);

  // The same of a key of the table of accounts. Of an account that is asked for again and again the
  // parsed record is kept, and counted.
  rules::AccountRecord GetAccount(const std::string& key);

  // Reads those of the keys that are not here in one go, as they are about to be asked for. A key
  // may come twice.
  void Fetch(std::vector<std::string> keys);

  // The value that entry `sequence` gives a key. Sequences never fall.
  void Put(std::string_view key, std::string_view value, Sequence sequence);

  // Entries up to here are durable.
  void SetDurable(Sequence sequence);

  // The first read that failed; OK where none did. Check it before believing an absence.
  const absl::Status& status() const { return status_; }

  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kRecentSlots = 4096;  // 64 KiB

  // Two lines of a processor's cache: the key, and what is asked for.
  struct alignas(64) Slot {
    // Empty where the slot is free. Most keys lie in the slot itself.
    absl::InlinedVector<char, 48> key;
    std::optional<std::string> value;
    rules::AccountRecord account;  // the value parsed, or null
    Sequence written = 0;          // 0: as read from the store
    bool used = false;             // since the hand last came by
  };

  // A slot and the print of its key, when it was found.
  struct Recent {
    uint64_t print = 0;
    Slot* slot = nullptr;
  };

  Slot* Find(std::string_view key);
  // The same, read from the store where it is not here; null where it could not be read.
  Slot* FindOrFetch(const std::string& key);
  Recent& RecentOf(uint64_t print);
  // The slot of a key; a new one, without a value, where it has none.
  Slot& FindOrInsert(std::string_view key);
  void Erase(Slot* slot);
  // Empties slots that have not been used for a round and are durable, until there is room.
  void MakeRoom(size_t bytes);
  static std::string_view KeyOf(const Slot& slot) { return {slot.key.data(), slot.key.size()}; }
  static size_t BytesOf(const Slot& slot);

  storage::Store* const store_;
  const size_t bytes_max_;
  // The CLOCK algorithm (Corbato 1968): a ring of slots, and a hand that goes round. A deque, since
  // the index points into it.
  std::deque<Slot> slots_;
  std::vector<Slot*> free_;
  // What was put under keys that are written once, and is not durable yet; in order.
  std::deque<std::pair<Sequence, Slot*>> once_;
  size_t hand_ = 0;
  // Slots found lately, each at the place that its key's print says: what a batch uses is looked up
  // again and again, and the whole index lies too far from the processor. A slot may have been
  // given to another key since.
  std::vector<Recent> recent_ = std::vector<Recent>(kRecentSlots);
  absl::flat_hash_map<std::string_view, Slot*> index_;
  size_t bytes_ = 0;
  Sequence durable_ = 0;
  absl::Status status_;
};

}  // namespace kengred::sequence
