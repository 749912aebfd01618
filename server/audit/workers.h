// Threads that share out the pieces of a round: verifying signatures takes most of an audit's time,
// and no entry's waits for another's.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace kengred::audit {

// For one thread that starts rounds and waits for them.
class Workers {
 public:
  class Round;

  // 0 threads: as many as the machine has cores.
  explicit Workers(size_t threads);
  // Every round must have been waited for.
  ~Workers();

  // Begins piece(0), ..., piece(count - 1), each once, on any thread and in any order. What `piece`
  // refers to must live until Wait() has returned.
  std::shared_ptr<Round> Start(size_t count, std::function<void(size_t)> piece);
  // Waits until every piece of a round is done.
  void Wait(const std::shared_ptr<Round>& round);

  size_t threads() const { return threads_.size(); }

 private:
  void Run();

  absl::Mutex mutex_;
  std::deque<std::shared_ptr<Round>> rounds_ ABSL_GUARDED_BY(mutex_);  // with pieces to begin
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace kengred::audit
