// The connection. Not part of the interface; the load driver of bench/ makes its channels here too.
#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "kengred/client/client.h"

namespace kengred::client {

// `target` with the default port where it names none: "till.local" is "till.local:4365", "::1" is
// "[::1]:4365".
std::string CompleteTarget(const std::string& target);

// Whether what is sent to `target` stays on this machine.
bool IsOnThisMachine(const std::string& target);

// A channel with a connection of its own. Does not connect yet. InvalidArgument where the options
// contradict each other. `options.target` must be complete.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options);

}  // namespace kengred::client
