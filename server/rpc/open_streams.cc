#include "server/rpc/open_streams.h"

#include <utility>

namespace kengred::rpc {

std::optional<v1::Verdict> OpenStreams::Add(std::weak_ptr<OpenStream> stream, uint64_t* id) {
  const absl::MutexLock lock(&mutex_);
  if (stopping_) return v1::VERDICT_STOPPING;
  if (streams_.size() >= streams_max_) return v1::VERDICT_TOO_MANY_STREAMS;
  *id = next_id_++;
  streams_.emplace(*id, std::move(stream));
  return std::nullopt;
}

void OpenStreams::Remove(uint64_t id) {
  const absl::MutexLock lock(&mutex_);
  streams_.erase(id);
}

// Streams are called without the lock: one that ends meanwhile removes itself.
void OpenStreams::Tick(absl::Time now) {
  for (const auto& [id, weak] : Streams()) {
    if (const auto stream = weak.lock()) stream->Tick(now);
  }
}

void OpenStreams::StopAll() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (const auto& [id, weak] : Streams()) {
    if (const auto stream = weak.lock()) stream->Stop();
  }
}

size_t OpenStreams::size() const {
  const absl::MutexLock lock(&mutex_);
  return streams_.size();
}

std::map<uint64_t, std::weak_ptr<OpenStream>> OpenStreams::Streams() const {
  const absl::MutexLock lock(&mutex_);
  return streams_;
}

}  // namespace kengred::rpc
