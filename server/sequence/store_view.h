// The rules' view of a store: reads the last durable state.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/synchronization/mutex.h>

#include <atomic>

#include "server/rules/state.h"
#include "server/storage/store.h"

namespace kengred::sequence {

// Each read sees the state of its own moment; for several reads of one moment read through the
// writer, or accept that a balance may move between two of them. Thread-safe.
class StoreView : public rules::StateView {
 public:
  // The store must outlive it.
  explicit StoreView(storage::Store* store) : store_(store) {}

  std::optional<std::string> Get(const std::string& key) const override;
  std::optional<std::string> Entry(Sequence sequence) const override;

  // The first read that failed; OK where none did. Check it before believing an absence.
  absl::Status status() const;
  // Whether one has failed. Takes no lock.
  bool failed() const { return failed_.load(std::memory_order_acquire); }

 private:
  void Remember(const absl::Status& status) const;

  storage::Store* store_;
  mutable std::atomic<bool> failed_{false};
  mutable absl::Mutex mutex_;
  mutable absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kengred::sequence
