// The thread on which gRPC's calls move: it reads from all connections, hears of everything that
// gRPC has done, and runs what others leave for it.
//
// There is one, and nothing else of gRPC's waits for the network beside it. gRPC's callback API
// would: its threads take turns with this one at every event, and wake each other for it, which
// costs a third more for every call.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

namespace kengred::rpc {

// Whom gRPC tells that something is done: the tag of an operation.
class CallEvent {
 public:
  // On the queue's thread: must not block. `ok` as gRPC says for the operation.
  virtual void OnEvent(bool ok) = 0;

 protected:
  virtual ~CallEvent() = default;
};

// What another thread leaves for the queue's. Waits in one queue at a time.
class CallTask {
 public:
  // On the queue's thread: must not block.
  virtual void Run() = 0;

 protected:
  virtual ~CallTask() = default;

 private:
  friend class CallQueue;
  CallTask* next_ = nullptr;
};

class CallQueue {
 public:
  explicit CallQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue);
  // Stop().
  ~CallQueue();

  // Starts the thread, which runs `first` before anything else, and `after_burst` whenever it has
  // told of all that was done, or of 64 things.
  void Start(const std::function<void()>& first, std::function<void()> after_burst);

  // Any thread, while a call is open. Takes no lock, and wakes the thread once for all that is
  // left until it wakes.
  void Post(CallTask* task);

  // Waits until every call has left, then until the thread has ended. After the server's Shutdown.
  // May be called twice.
  void Stop();

  // ---- on the queue's thread ----
  grpc::ServerCompletionQueue* queue() { return queue_.get(); }
  // A call that has entered keeps the thread until it leaves.
  void Enter() { ++open_calls_; }
  void Leave() { --open_calls_; }

 private:
  struct Wake final : public CallEvent {
    explicit Wake(CallQueue* of) : calls(of) {}
    void OnEvent(bool ok) override;
    CallQueue* const calls;
  };
  struct StopTask final : public CallTask {
    explicit StopTask(CallQueue* of) : calls(of) {}
    void Run() override { calls->stopping_ = true; }
    CallQueue* const calls;
  };

  void Run();
  void RunTasks();

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  // The last task left, which leads to those before it. Who finds none before their own sets the
  // alarm, so that it is set once until the thread has taken all.
  std::atomic<CallTask*> tasks_{nullptr};
  grpc::Alarm alarm_;
  Wake wake_{this};
  StopTask stop_task_{this};
  std::thread thread_;

  // The thread's.
  std::function<void()> after_burst_;
  size_t open_calls_ = 0;
  bool stopping_ = false;
};

}  // namespace kengred::rpc
