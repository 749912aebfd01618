// A store that passes everything on to another one: the base of stores that change one thing.
// Threads and errors are those of the other.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/storage/store.h"

namespace kengred::testing {

class ForwardingStore : public storage::Store {
 public:
  explicit ForwardingStore(std::unique_ptr<storage::Store> store)
      : owned_(std::move(store)), store_(owned_.get()) {}
  // The store must outlive it.
  explicit ForwardingStore(storage::Store* store) : store_(store) {}

  absl::StatusOr<storage::Head> acquire(std::string_view writer) override {
    return store_->acquire(writer);
  }
  absl::StatusOr<storage::CommitResult> commit(const storage::Batch& batch) override {
    return store_->commit(batch);
  }
  absl::Status renew(uint64_t epoch) override { return store_->renew(epoch); }
  absl::Status release(uint64_t epoch) override { return store_->release(epoch); }
  absl::StatusOr<storage::Head> head() override { return store_->head(); }
  absl::StatusOr<storage::Head> wait_for(uint64_t sequence, absl::Duration timeout) override {
    return store_->wait_for(sequence, timeout);
  }
  absl::StatusOr<storage::Read> get(const std::vector<std::string>& keys) override {
    return store_->get(keys);
  }
  absl::StatusOr<storage::Scan> scan(std::string_view prefix, std::string_view after, size_t max,
                                     bool reverse) override {
    return store_->scan(prefix, after, max, reverse);
  }
  absl::StatusOr<storage::JournalPage> journal(uint64_t after, size_t max) override {
    return store_->journal(after, max);
  }
  absl::Status erase(const std::vector<std::string>& side_keys) override {
    return store_->erase(side_keys);
  }

 private:
  const std::unique_ptr<storage::Store> owned_;  // null: somebody else's
  storage::Store* const store_;
};

}  // namespace kengred::testing
