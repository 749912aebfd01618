#include "kengred/client/retry.h"

#include <algorithm>
#include <random>
#include <thread>

#include "kengred/client/status.h"

namespace kengred::client {

std::chrono::milliseconds Backoff::Bounded(std::chrono::milliseconds pause) {
  return std::clamp(pause, std::chrono::milliseconds(1), kPauseMax);
}

std::chrono::milliseconds Backoff::Next() {
  thread_local std::minstd_rand chance{std::random_device{}()};
  const int64_t whole = pause_.count();
  pause_ = Bounded(pause_ * 2);
  return std::chrono::milliseconds(
      std::uniform_int_distribution<int64_t>(whole - whole / 2, whole)(chance));
}

bool PauseBefore(SteadyTime deadline, Backoff* backoff) {
  const SteadyTime until = std::chrono::steady_clock::now() + backoff->Next();
  if (until >= deadline) return false;
  std::this_thread::sleep_until(until);
  return true;
}

absl::Status Retry(SteadyTime deadline, Backoff backoff,
                   const std::function<absl::Status()>& attempt) {
  absl::Status last;
  while (true) {
    const absl::Status status = attempt();
    if (absl::IsDeadlineExceeded(status) && !last.ok()) return last;
    if (status.ok() || !IsPassing(status) || !PauseBefore(deadline, &backoff)) return status;
    last = status;
  }
}

}  // namespace kengred::client
