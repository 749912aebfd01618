// SubmitTransactions: many transactions over one call. Answers come in the order of the requests,
// as soon as the first unanswered one has its answer; the next message is read only when its
// transactions still fit among the unanswered, so that a client that does not read its answers is
// held back by gRPC's flow control.
#pragma once

#include "server/rpc/call.h"
#include "server/rpc/service_context.h"

namespace kengred::rpc {

// Serves a call of SubmitTransactions. The services outlive it.
void StartSubmitStream(const ServiceContext& services, Call* call);

}  // namespace kengred::rpc
