// WatchAccount: the history of one account as it happens.
//
// A watch keeps a cursor, the last entry it has handed to gRPC. A commit that touches the account
// wakes it; awake, it reads the history after its cursor from the store, a page at a time, and
// sends it. So nothing is skipped or repeated, whatever happens between two wakes, and a client
// that reads slowly costs the server one page.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "kengred/v1/ledger_service.pb.h"
#include "server/rpc/service_context.h"

namespace kengred::rpc {

// A reactor that owns itself until gRPC is done with it.
grpc::ServerWriteReactor<v1::WatchAccountResponse>* StartWatchStream(
    const ServiceContext& services, grpc::CallbackServerContext* context,
    const v1::WatchAccountRequest* request);

}  // namespace kengred::rpc
