// ProgrammeService: programmes and their budgets. See programme_service.proto for the contract.
#pragma once

#include "server/rpc/served_service.h"
#include "server/rpc/service_context.h"

namespace kengred::rpc {

// The services outlive the calls.
Methods ProgrammeMethods(const ServiceContext& services);

}  // namespace kengred::rpc
