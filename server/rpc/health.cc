#include "server/rpc/health.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/clock.h>

#include <memory>
#include <optional>
#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "server/rpc/call.h"
#include "server/rpc/error_details.h"

namespace kengred::rpc {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr size_t kHealthWatchesMax = 256;

HealthCheckResponse::ServingStatus StatusOf(const Health& health, const std::string& service) {
  if (!health.Knows(service)) return HealthCheckResponse::SERVICE_UNKNOWN;
  return health.serving() ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

class HealthCheck final : public CallHandler {
 public:
  HealthCheck(Call* call, const Health& health) : CallHandler(call), health_(health) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      Finish(UnreadableRequest());
    } else if (!health_.Knows(request_.service())) {
      Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "This server has no such service."));
    } else {
      HealthCheckResponse response;
      response.set_status(StatusOf(health_, request_.service()));
      FinishWith(response);
    }
  }
  void OnDone() override { delete this; }

 private:
  const Health& health_;
  HealthCheckRequest request_;
};

// Says how the service is, and again whenever that has changed.
class HealthWatch final : public CallHandler,
                          public OpenStream,
                          public std::enable_shared_from_this<HealthWatch> {
 public:
  HealthWatch(Call* call, Health* health) : CallHandler(call), health_(*health) {}

  void Start() {
    self_ = shared_from_this();
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    {
      const absl::MutexLock lock(&mutex_);
      open_ = true;
      if (!ok) {
        refused_ = UnreadableRequest();
      } else if (const auto verdict = health_.watches().Add(weak_from_this(), &id_)) {
        refused_ = ToStatus(*verdict);
      }
    }
    Step();
  }
  void OnWriteDone(bool ok) override {
    {
      const absl::MutexLock lock(&mutex_);
      writing_ = false;
    }
    if (ok) {
      Step();
    } else {
      OnCancel();
    }
  }
  void OnCancel() override {
    {
      const absl::MutexLock lock(&mutex_);
      if (!refused_) refused_ = grpc::Status::CANCELLED;
    }
    Step();
  }
  void OnDone() override {
    health_.watches().Remove(id_);
    const std::shared_ptr<HealthWatch> self = std::move(self_);
  }

  // ---- OpenStream ----
  void Stop() override {
    {
      const absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    Step();
  }
  void Tick(absl::Time /*now*/) override { Step(); }

 private:
  // Does what can be done now. Under the lock, since nothing is called back from within.
  void Step() {
    const absl::MutexLock lock(&mutex_);
    if (!open_ || writing_ || finished_) return;
    const auto status = StatusOf(health_, request_.service());
    if (!refused_ && said_ != status) {
      HealthCheckResponse response;
      response.set_status(status);
      said_ = status;
      writing_ = true;
      StartWrite(response);
    } else if (refused_ || stopping_) {
      finished_ = true;
      Finish(refused_ ? *refused_ : ToStatus(v1::VERDICT_STOPPING));
    }
  }

  Health& health_;
  HealthCheckRequest request_;
  uint64_t id_ = 0;
  std::shared_ptr<HealthWatch> self_;  // until OnDone

  absl::Mutex mutex_;
  std::optional<HealthCheckResponse::ServingStatus> said_ ABSL_GUARDED_BY(mutex_);
  // Why it ends at once; else it ends when the server stops, with its last word said.
  std::optional<grpc::Status> refused_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;  // the request is there
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

Health::Health(std::set<std::string> services)
    : services_(std::move(services)), watches_(kHealthWatchesMax) {}

void Health::SetServing(bool serving) {
  serving_ = serving;
  watches_.Tick(absl::Now());
}

void Health::Stop() {
  SetServing(false);
  watches_.StopAll();
}

Methods Health::MakeMethods() {
  return {{"Check", [this](Call* call) { new HealthCheck(call, *this); }},
          {"Watch", [this](Call* call) { std::make_shared<HealthWatch>(call, this)->Start(); }}};
}

}  // namespace kengred::rpc
