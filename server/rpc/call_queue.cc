#include "server/rpc/call_queue.h"

#include <grpc/support/time.h>
#include <pthread.h>

#include <utility>

namespace kengred::rpc {
namespace {

// What arrives together is handed on together, up to so many events.
constexpr size_t kBurstEvents = 64;

}  // namespace

CallQueue::CallQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : queue_(std::move(queue)) {}

CallQueue::~CallQueue() {
  if (thread_.joinable()) {
    Stop();
    return;
  }
  // Never started, or stopped: gRPC wants every queue shut down and empty.
  queue_->Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
  }
}

void CallQueue::Start(const std::function<void()>& first, std::function<void()> after_burst) {
  after_burst_ = std::move(after_burst);
  thread_ = std::thread([this, first] {
    ::pthread_setname_np(::pthread_self(), "calls");  // what `top -H` shows
    first();
    Run();
  });
}

void CallQueue::Post(CallTask* task) {
  CallTask* last = tasks_.load(std::memory_order_relaxed);
  do {
    task->next_ = last;
  } while (!tasks_.compare_exchange_weak(last, task, std::memory_order_release,
                                         std::memory_order_relaxed));
  if (last == nullptr) {
    alarm_.Set(queue_.get(), gpr_time_0(GPR_CLOCK_MONOTONIC), static_cast<CallEvent*>(&wake_));
  }
}

void CallQueue::Stop() {
  if (!thread_.joinable()) return;
  Post(&stop_task_);
  thread_.join();
}

void CallQueue::Wake::OnEvent(bool /*ok*/) { calls->RunTasks(); }

void CallQueue::RunTasks() {
  CallTask* last = tasks_.exchange(nullptr, std::memory_order_acquire);
  // In the order in which they were left.
  CallTask* first = nullptr;
  while (last != nullptr) {
    CallTask* const before = last->next_;
    last->next_ = first;
    first = last;
    last = before;
  }
  while (first != nullptr) {
    CallTask* const next = first->next_;
    first->Run();  // may be its end
    first = next;
  }
}

void CallQueue::Run() {
  void* tag = nullptr;
  bool ok = false;
  bool shut_down = false;
  while (queue_->Next(&tag, &ok)) {
    size_t events = 0;
    do {
      static_cast<CallEvent*>(tag)->OnEvent(ok);
    } while (++events < kBurstEvents &&
             queue_->AsyncNext(&tag, &ok, gpr_time_0(GPR_CLOCK_MONOTONIC)) ==
                 grpc::CompletionQueue::GOT_EVENT);
    after_burst_();
    if (stopping_ && open_calls_ == 0 && !shut_down) {
      queue_->Shutdown();
      shut_down = true;
    }
  }
}

}  // namespace kengred::rpc
