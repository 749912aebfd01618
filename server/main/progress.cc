#include "server/main/progress.h"

#include <algorithm>
#include <utility>

namespace kengred::server {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kRedrawMicros = kMicrosPerSecond / 5;
constexpr uint64_t kBarChars = 30;

}  // namespace

ProgressBar::ProgressBar(std::string verb, Io* io)
    : verb_(std::move(verb)), io_(io), start_us_(io->now_us()) {}

ProgressBar::~ProgressBar() { Clear(); }

void ProgressBar::Show(uint64_t done, uint64_t all) {
  if (!io_->err_is_terminal || all == 0) return;
  const int64_t now_us = io_->now_us();
  if (visible_ && now_us - drawn_us_ < kRedrawMicros) return;
  visible_ = true;
  drawn_us_ = now_us;
  const uint64_t full = std::min(done, all) * kBarChars / all;
  const uint64_t rate = PerSecond(done, now_us - start_us_);
  io_->err << "\r\x1b[K" << verb_ << " [" << std::string(full, '=')
           << std::string(kBarChars - full, ' ') << "] " << done * 100 / all << "%  "
           << Grouped(done) << " of " << Grouped(all) << " entries, " << Grouped(rate) << "/s";
  if (rate > 0) io_->err << ", " << Grouped((all - done) / rate) << " s left";
  io_->err << std::flush;
}

void ProgressBar::Clear() {
  if (visible_) io_->err << "\r\x1b[K" << std::flush;
  visible_ = false;
}

std::string Grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, ",");
  return text;
}

uint64_t PerSecond(uint64_t count, int64_t elapsed_us) {
  if (elapsed_us <= 0) return 0;
  return count * static_cast<uint64_t>(kMicrosPerSecond) / static_cast<uint64_t>(elapsed_us);
}

}  // namespace kengred::server
