// grpc.health.v1: whether the server serves. gRPC has one of its own, but that brings the threads
// of the callback API with it (see call_queue.h).
#pragma once

#include <atomic>
#include <set>
#include <string>

#include "server/rpc/open_streams.h"
#include "server/rpc/served_service.h"

namespace kengred::rpc {

// All functions: any thread.
class Health {
 public:
  // Knows these services by their full names; they all serve or do not, like the server itself,
  // whose name is empty.
  explicit Health(std::set<std::string> services);

  // Tells those who watch.
  void SetServing(bool serving);
  // Says NOT_SERVING for ever, and ends the watches after they have been told.
  void Stop();

  // Check and Watch. The health outlives their calls.
  Methods MakeMethods();

  bool Knows(const std::string& service) const { return services_.contains(service); }
  bool serving() const { return serving_; }
  OpenStreams& watches() { return watches_; }

 private:
  const std::set<std::string> services_;
  std::atomic<bool> serving_{false};
  OpenStreams watches_;
};

}  // namespace kengred::rpc
