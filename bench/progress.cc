#include "bench/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace kengred::bench {
namespace {

constexpr size_t kBarCells = 30;
constexpr std::chrono::milliseconds kRedraw{100};

}  // namespace

Progress::Progress(std::string what, size_t total)
    : what_(std::move(what)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()),
      drawn_(start_) {
  if (terminal_) Draw();
}

Progress::~Progress() {
  if (!terminal_) return;
  Draw();
  fmt::print(stderr, "\n");
}

void Progress::Set(size_t done) {
  done_ = done;
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - drawn_ < kRedraw) return;
  drawn_ = now;
  Draw();
}

void Progress::Draw() const {
  const size_t filled = total_ == 0 ? kBarCells : kBarCells * std::min(done_, total_) / total_;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start_);
  const auto per_second =
      static_cast<int64_t>(done_) * 1000 / std::max<int64_t>(1, elapsed.count());
  // Up to the end of the line, since what stood there may have been longer.
  fmt::print(stderr, "\r{:<18} [{}{}] {}/{} {}\x1b[K", what_, std::string(filled, '#'),
             std::string(kBarCells - filled, '.'), done_, total_,
             note_.empty() ? std::to_string(per_second) + "/s" : note_);
  std::fflush(stderr);
}

}  // namespace kengred::bench
