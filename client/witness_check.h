// What the charter's witnesses say of the log. Internal to this folder.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <vector>

#include "kengred/client/client.h"
#include "kengred/client/session.h"
#include "kengred/v1/transparency_service.pb.h"

namespace kengred::client {

// What each witness of the charter has cosigned, of what the answer holds. All of it must be signed
// by the log and be consistent with `latest`, the answer's checkpoint, which was checked with
// `keys`: an alarm otherwise. A cosignature that is not valid is none.
absl::StatusOr<std::vector<WitnessState>> CheckWitnesses(Session* session,
                                                         const v1::GetCheckpointResponse& response,
                                                         const Checkpoint& latest,
                                                         const std::vector<TrustedLogKey>& keys);

// FailedPrecondition, with a WitnessShortage, where fewer count than the session's policy asks for.
absl::Status CheckPolicy(const Session& session, const std::vector<WitnessState>& witnesses);

}  // namespace kengred::client
