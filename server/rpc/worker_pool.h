// The threads on which reads run. gRPC's own threads must not wait for a disk, and the pipeline's
// must not wait for a reader; both only hand over to this pool.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

namespace kengred::rpc {

// Thread-safe.
class WorkerPool {
 public:
  using Task = std::function<void()>;

  WorkerPool(size_t threads, size_t queue_tasks_max);
  // Runs what waits, then joins its threads.
  ~WorkerPool();

  // False, and the task is not taken, where too many wait.
  bool TryPost(Task task);
  // Takes the task whatever waits: for callers that post one task at a time and are counted
  // elsewhere (an open watch).
  void Post(Task task);

 private:
  void Run();

  const size_t queue_tasks_max_;
  absl::Mutex mutex_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace kengred::rpc
