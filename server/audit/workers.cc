#include "server/audit/workers.h"

#include <algorithm>
#include <utility>

namespace kengred::audit {

class Workers::Round {
 public:
  Round(size_t pieces, std::function<void(size_t)> do_piece)
      : count(pieces), piece(std::move(do_piece)), left(pieces) {}

  const size_t count;
  const std::function<void(size_t)> piece;
  // Guarded by the workers' mutex.
  size_t next = 0;
  size_t left;
};

Workers::Workers(size_t threads) {
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Workers::~Workers() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

std::shared_ptr<Workers::Round> Workers::Start(size_t count, std::function<void(size_t)> piece) {
  auto round = std::make_shared<Round>(count, std::move(piece));
  if (count == 0) return round;
  const absl::MutexLock lock(&mutex_);
  rounds_.push_back(round);
  return round;
}

void Workers::Wait(const std::shared_ptr<Round>& round) {
  const absl::MutexLock lock(&mutex_);
  const auto done = [&round]() { return round->left == 0; };
  mutex_.Await(absl::Condition(&done));
}

void Workers::Run() {
  const absl::MutexLock lock(&mutex_);
  while (true) {
    const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return stopping_ || !rounds_.empty();
    };
    mutex_.Await(absl::Condition(&ready));
    if (rounds_.empty()) return;
    // Several at once, so that the lock is not what they wait for.
    const std::shared_ptr<Round> round = rounds_.front();
    const size_t begin = round->next;
    const size_t share = std::max<size_t>(1, (round->count - begin) / (4 * threads_.size()));
    const size_t end = std::min(round->count, begin + share);
    round->next = end;
    if (end == round->count) rounds_.pop_front();
    mutex_.Unlock();
    for (size_t i = begin; i < end; ++i) round->piece(i);
    mutex_.Lock();
    round->left -= end - begin;
  }
}

}  // namespace kengred::audit
