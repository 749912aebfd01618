// Tells watchers that an account's history has grown. It carries no entries: a watcher reads them
// from the store after its own cursor, so that nothing is skipped or repeated whatever the timing.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "kengred/core/ids.h"

namespace kengred::publish {

// Thread-safe.
class WatchHub {
 public:
  // Called after a commit that touched the account, on the committer's thread: must only hand over.
  using Wake = std::function<void(Sequence head)>;

  // Ends the watch when it goes away; after that Wake is not called and not running. Must not
  // outlive the hub.
  class Subscription {
   public:
    Subscription(WatchHub* hub, const AccountId& account, uint64_t id)
        : hub_(hub), account_(account), id_(id) {}
    ~Subscription() { hub_->Remove(account_, id_); }
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

   private:
    WatchHub* hub_;
    AccountId account_;
    uint64_t id_;
  };

  std::unique_ptr<Subscription> Subscribe(const AccountId& account, Wake wake);

  // A commit up to `head` is durable and touched these accounts, in any order, some perhaps more
  // than once.
  void Publish(std::vector<AccountId> touched, Sequence head);

  // How many watches are open.
  size_t size() const;

 private:
  void Remove(const AccountId& account, uint64_t id);

  mutable absl::Mutex mutex_;
  std::unordered_map<AccountId, std::map<uint64_t, Wake>> watches_ ABSL_GUARDED_BY(mutex_);
  size_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace kengred::publish
