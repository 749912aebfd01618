// LedgerService: what wallets and tills call. See ledger_service.proto for the contract.
#pragma once

#include "server/rpc/served_service.h"
#include "server/rpc/service_context.h"

namespace kengred::rpc {

// All but SubmitTransaction, which SubmitCalls serves. The services outlive the calls.
Methods LedgerMethods(const ServiceContext& services);

}  // namespace kengred::rpc
