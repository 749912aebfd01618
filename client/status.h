// From what gRPC says to what a caller reads. Not part of the interface; the load driver of bench/
// reads its statuses here too.
#pragma once

#include <absl/status/status.h>
#include <grpcpp/support/status.h>

#include <string>

#include "kengred/v1/ledger_service.pb.h"

namespace kengred::client {

// The status of a call to the server at `target`: the same code; a refusal with its verdict and
// figures as a payload that RefusalOf reads; for everything else a message that names the target
// and says what to look at.
absl::Status ToStatus(const grpc::Status& status, const std::string& target, bool tls);

// A refusal that came inside a stream, as the unary call would have answered it.
absl::Status ToStatus(const v1::SubmitRefusal& refusal);

// Whether the same call may succeed later: the server was not reached, is stopping, is full, or the
// answer was lost. A refusal by a rule is not passing.
bool IsPassing(const absl::Status& status);

// The same status with a longer message.
absl::Status Annotate(const absl::Status& status, const std::string& more);

}  // namespace kengred::client
