// The long-lived calls that are open: counted against a limit, ticked by the server's clock, and
// ended when the server stops.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "kengred/v1/verdict.pb.h"

namespace kengred::rpc {

// A long-lived call. Both functions may be called from any thread, at any time between Add and the
// stream's end, and must not block.
class OpenStream {
 public:
  virtual ~OpenStream() = default;
  // Ends the call, with STOPPING, as soon as what it has taken is answered.
  virtual void Stop() = 0;
  // Time passes.
  virtual void Tick(absl::Time now) = 0;
};

// Thread-safe.
class OpenStreams {
 public:
  explicit OpenStreams(size_t streams_max) : streams_max_(streams_max) {}

  // Counts a stream in; the caller calls Remove(*id) at its end. TOO_MANY_STREAMS or STOPPING where
  // it may not open.
  std::optional<v1::Verdict> Add(std::weak_ptr<OpenStream> stream, uint64_t* id);
  void Remove(uint64_t id);

  void Tick(absl::Time now);
  // Stops all, and lets no other open.
  void StopAll();

  size_t size() const;

 private:
  std::map<uint64_t, std::weak_ptr<OpenStream>> Streams() const;

  const size_t streams_max_;
  mutable absl::Mutex mutex_;
  std::map<uint64_t, std::weak_ptr<OpenStream>> streams_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace kengred::rpc
