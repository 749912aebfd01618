// What every service stands on, and how a unary read is run.
#pragma once

#include <absl/time/time.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <functional>
#include <string>

#include "server/publish/cosignatures.h"
#include "server/publish/history.h"
#include "server/publish/watch_hub.h"
#include "server/rpc/access.h"
#include "server/rpc/call.h"
#include "server/rpc/error_details.h"
#include "server/rpc/ledger_reader.h"
#include "server/rpc/open_streams.h"
#include "server/rpc/worker_pool.h"
#include "server/sequence/sequencer.h"
#include "server/storage/store.h"
#include "server/verify/verifier.h"

namespace kengred::rpc {

// All outlive the services.
struct ServiceContext {
  storage::Store* store = nullptr;
  const sequence::Sequencer* sequencer = nullptr;
  verify::Verifier* verifier = nullptr;
  publish::WatchHub* hub = nullptr;
  const publish::HistoryReader* history = nullptr;
  // Null where no witness is asked.
  const publish::Cosignatures* cosignatures = nullptr;
  const Access* access = nullptr;
  WorkerPool* workers = nullptr;
  OpenStreams* watches = nullptr;
  OpenStreams* submit_streams = nullptr;
  // Transactions of one stream that may wait for an answer; at least kStreamRequestsMax.
  size_t stream_unanswered_max = 0;
  // A watch that has been silent this long says that it lives.
  absl::Duration watch_keepalive;
  // Told what a caller is not: why a read of the store failed.
  std::function<void(const std::string& why)> on_failure;

  const v1::Charter& charter() const { return sequencer->charter(); }
  // The answer to a call whose reads have failed, told to the operator. `failure` is not OK.
  grpc::Status Failed(const absl::Status& failure) const {
    if (on_failure) on_failure(failure.ToString());
    return ToStatus(failure);
  }
};

// Answers a read: finds out who calls, then calls the handler. Whatever that answers, a failed read
// wins.
template <typename Request, typename Response>
using ReadHandler = grpc::Status (*)(const ServiceContext& services, const MaybeCaller& caller,
                                     LedgerReader& reader, const Request& request,
                                     Response* response);

// A read on the workers; RESOURCE_EXHAUSTED (QUEUE_FULL) where too many wait.
template <typename Request, typename Response>
class ReadCall final : public CallHandler {
 public:
  ReadCall(Call* call, const ServiceContext& services, ReadHandler<Request, Response> handler)
      : CallHandler(call), services_(services), handler_(handler) {
    StartRead(&request_);
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) {
      Finish(UnreadableRequest());
    } else if (!services_.workers->TryPost([this] { Answer(); })) {
      Finish(ToStatus(v1::VERDICT_QUEUE_FULL));
    }
  }
  void OnDone() override { delete this; }

  void Answer() {
    if (context().IsCancelled()) {
      Finish(grpc::Status::CANCELLED);
      return;
    }
    LedgerReader reader(services_.store);
    MaybeCaller caller;
    grpc::Status status = services_.access->Identify(context(), reader, &caller);
    if (status.ok()) status = handler_(services_, caller, reader, request_, &response_);
    if (!reader.status().ok()) status = services_.Failed(reader.status());
    if (status.ok()) {
      FinishWith(response_);
    } else {
      Finish(status);
    }
  }

  const ServiceContext& services_;
  const ReadHandler<Request, Response> handler_;
  Request request_;
  Response response_;
};

// Serves a method as a read. The services outlive its calls.
template <typename Request, typename Response>
StartCall RunRead(const ServiceContext& services, ReadHandler<Request, Response> handler) {
  return [&services, handler](Call* call) {
    new ReadCall<Request, Response>(call, services, handler);
  };
}

}  // namespace kengred::rpc
