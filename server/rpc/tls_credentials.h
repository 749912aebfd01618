// Server credentials from PEM texts, checked before gRPC sees them: gRPC says of a bad certificate
// only that the port could not be bound.
#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "server/rpc/server.h"

namespace kengred::rpc {

// InvalidArgument says which of the texts is wrong, and how.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeTlsCredentials(
    const TlsOptions& options);

}  // namespace kengred::rpc
