// WatchAccount: the history of one account as it happens.
//
// A watch keeps a cursor, the last entry it has handed to gRPC. A commit that touches the account
// wakes it; awake, it reads the history after its cursor from the store, a page at a time, and
// sends it. So nothing is skipped or repeated, whatever happens between two wakes, and a client
// that reads slowly costs the server one page.
#pragma once

#include "server/rpc/call.h"
#include "server/rpc/service_context.h"

namespace kengred::rpc {

// Serves a call of WatchAccount. The services outlive it.
void StartWatchStream(const ServiceContext& services, Call* call);

}  // namespace kengred::rpc
