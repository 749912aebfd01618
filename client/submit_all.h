// Many submissions over one stream. Internal to this folder.
#pragma once

#include <absl/status/status.h>

#include <cstddef>
#include <functional>
#include <vector>

#include "kengred/client/session.h"
#include "kengred/v1/ledger_service.pb.h"

namespace kengred::client {

// See Client::SubmitAll.
absl::Status SubmitAll(
    Session* session, const std::vector<v1::SubmitTransactionRequest>& requests,
    const std::function<void(size_t index, const v1::SubmitResult& result)>& on_result,
    size_t per_message, size_t messages_ahead);

}  // namespace kengred::client
