#include "bench/pacer.h"

#include <algorithm>
#include <chrono>

namespace kengred::bench {

Pacer::Pacer(grpc::CompletionQueue* queue, void* tag)
    : queue_(queue), tag_(tag), thread_([this] { Run(); }) {}

Pacer::~Pacer() { Stop(); }

void Pacer::Stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void Pacer::Run() {
  // It looks again at least so often, as the time asked for may have moved to an earlier one.
  constexpr int64_t kNapMaxNs = 1'000'000;
  constexpr int64_t kNapMinNs = 20'000;
  while (!stop_) {
    const int64_t left = due_ns_ - std::chrono::steady_clock::now().time_since_epoch().count();
    if (left <= 0 && !under_way_.exchange(true)) {
      // A time that has passed: reported at once.
      alarm_.Set(queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), tag_);
    }
    std::this_thread::sleep_for(
        std::chrono::nanoseconds(std::clamp<int64_t>(left, kNapMinNs, kNapMaxNs)));
  }
}

}  // namespace kengred::bench
