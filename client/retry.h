// Pauses between tries, and the loop that tries. Internal to this folder.
#pragma once

#include <absl/status/status.h>

#include <chrono>
#include <functional>

namespace kengred::client {

using SteadyTime = std::chrono::steady_clock::time_point;

inline constexpr std::chrono::milliseconds kPauseMax{2'000};

// Pauses that double from `first` up to kPauseMax. Each is shortened by chance to between half and
// the whole, so that clients that failed together do not come back together. Not thread-safe.
class Backoff {
 public:
  explicit Backoff(std::chrono::milliseconds first) : first_(Bounded(first)), pause_(first_) {}

  std::chrono::milliseconds Next();
  // After a success: the next pause is the first again.
  void Reset() { pause_ = first_; }

 private:
  static std::chrono::milliseconds Bounded(std::chrono::milliseconds pause);

  std::chrono::milliseconds first_;
  std::chrono::milliseconds pause_;
};

// Sleeps for the next pause, or answers false at once where it would end after `deadline`.
bool PauseBefore(SteadyTime deadline, Backoff* backoff);

// Calls `attempt` until it succeeds, fails for good, or `deadline` leaves no time for another try.
// Answers the last failure that is not the deadline's own: why the tries before failed tells more
// than that time ran out in the last one.
absl::Status Retry(SteadyTime deadline, Backoff backoff,
                   const std::function<absl::Status()>& attempt);

}  // namespace kengred::client
