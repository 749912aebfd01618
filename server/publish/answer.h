// What becomes of a submitted transaction, on its way back.
#pragma once

#include <functional>
#include <variant>

#include "kengred/core/verdict.h"
#include "kengred/v1/ledger_service.pb.h"

namespace kengred::publish {

// Accepted (and durable, unless validate_only), or refused.
using Answer = std::variant<v1::SubmitTransactionResponse, Refusal>;

// Called exactly once per transaction, on a thread of the pipeline: must not block, nor call back
// into the pipeline's destructors.
using Done = std::function<void(Answer)>;

}  // namespace kengred::publish
