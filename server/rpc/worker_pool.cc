#include "server/rpc/worker_pool.h"

#include <utility>

namespace kengred::rpc {

WorkerPool::WorkerPool(size_t threads, size_t queue_tasks_max) : queue_tasks_max_(queue_tasks_max) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

WorkerPool::~WorkerPool() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::TryPost(Task task) {
  const absl::MutexLock lock(&mutex_);
  if (queue_.size() >= queue_tasks_max_) return false;
  queue_.push_back(std::move(task));
  return true;
}

void WorkerPool::Post(Task task) {
  const absl::MutexLock lock(&mutex_);
  queue_.push_back(std::move(task));
}

void WorkerPool::Run() {
  while (true) {
    Task task;
    {
      const absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !queue_.empty();
      };
      mutex_.Await(absl::Condition(&ready));
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace kengred::rpc
