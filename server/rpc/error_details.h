// How a "no" leaves the server. Inside the pipeline there are Refusals (a rule says no) and
// Statuses (the machine failed); on the wire both are a grpc::Status, told apart by their details:
//
//   a Refusal  the code of the verdict's hundred, its sentence, and in grpc-status-details-bin a
//              google.rpc.Status with one google.rpc.ErrorInfo: reason = the verdict's name, domain
//              "kengred", metadata = the figures
//   a failure  UNAVAILABLE where trying again may help, else INTERNAL; a sentence without figures,
//              since messages of a storage engine name files
#pragma once

#include <absl/status/status.h>
#include <grpcpp/support/status.h>

#include <string>

#include "kengred/core/verdict.h"

namespace kengred::rpc {

inline constexpr char kErrorDomain[] = "kengred";

grpc::Status ToStatus(const Refusal& refusal);
grpc::Status ToStatus(v1::Verdict verdict);
// REQUEST_MALFORMED with the figure `field`.
grpc::Status MalformedField(const std::string& field);

// To bytes that are no message of the method, in the words of gRPC itself.
grpc::Status UnreadableRequest();

// What a caller learns of a failed read. `failure` is not OK.
grpc::Status ToStatus(const absl::Status& failure);

}  // namespace kengred::rpc
