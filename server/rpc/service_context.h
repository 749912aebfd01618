// What every service stands on, and how a unary read is run.
#pragma once

#include <absl/time/time.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <cstddef>
#include <functional>
#include <string>

#include "server/publish/cosignatures.h"
#include "server/publish/history.h"
#include "server/publish/watch_hub.h"
#include "server/rpc/access.h"
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

// Runs a read on the workers: finds out who calls, then
//   grpc::Status handler(const MaybeCaller&, LedgerReader&, const Request&, Response*)
// Whatever it answers, a failed read wins. RESOURCE_EXHAUSTED (QUEUE_FULL) where too many reads
// wait.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* RunRead(const ServiceContext& services,
                                  grpc::CallbackServerContext* context, const Request* request,
                                  Response* response, Handler handler) {
  // The context, the messages and the reactor live until Finish.
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool taken =
      services.workers->TryPost([&services, context, request, response, handler, reactor] {
        if (context->IsCancelled()) {
          reactor->Finish(grpc::Status::CANCELLED);
          return;
        }
        LedgerReader reader(services.store);
        MaybeCaller caller;
        grpc::Status status = services.access->Identify(*context, reader, &caller);
        if (status.ok()) status = handler(caller, reader, *request, response);
        if (!reader.status().ok()) status = services.Failed(reader.status());
        reactor->Finish(status);
      });
  if (!taken) reactor->Finish(ToStatus(v1::VERDICT_QUEUE_FULL));
  return reactor;
}

}  // namespace kengred::rpc
