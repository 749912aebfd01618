// Wakes the thread of a completion queue at a given time, since gRPC's own timers are only good to
// a millisecond.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <thread>

namespace kengred::bench {

// Has a thread of its own. What it calls belongs to the queue's thread.
class Pacer {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  // The queue reports `tag` at the time asked for. It must be drained before the pacer goes away.
  Pacer(grpc::CompletionQueue* queue, void* tag);
  ~Pacer();
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  // Nanoseconds of the steady clock; replaces what was asked for before.
  void WakeAt(int64_t ns) { due_ns_ = ns; }
  // The queue has reported the tag; only then will it report it again.
  void OnWoken() { under_way_ = false; }
  // Nothing more will be reported but what is under way. May be called twice.
  void Stop();

 private:
  void Run();

  grpc::CompletionQueue* const queue_;
  void* const tag_;
  std::atomic<int64_t> due_ns_{kNever};
  std::atomic<bool> under_way_{false};
  std::atomic<bool> stop_{false};
  grpc::Alarm alarm_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace kengred::bench
