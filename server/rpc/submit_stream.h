// SubmitTransactions: many transactions over one call. Answers come in the order of the requests,
// as soon as the first unanswered one has its answer; the next message is read only when its
// transactions still fit among the unanswered, so that a client that does not read its answers is
// held back by gRPC's flow control.
#pragma once

#include <grpcpp/support/server_callback.h>

#include "kengred/v1/ledger_service.pb.h"
#include "server/rpc/service_context.h"

namespace kengred::rpc {

// A reactor that owns itself until gRPC is done with it.
grpc::ServerBidiReactor<v1::SubmitTransactionsRequest, v1::SubmitTransactionsResponse>*
StartSubmitStream(const ServiceContext& services);

}  // namespace kengred::rpc
