// Keeping watch over a ledger's log. Internal to this folder.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "kengred/client/client.h"
#include "kengred/client/session.h"

namespace kengred::client {

// Fetches the last checkpoint and checks it: signed by a key that follows from the charter, and a
// continuation of the one remembered, which it replaces. Without a memory only the former. DataLoss
// is the alarm: it names both checkpoints and where the evidence lies.
absl::StatusOr<LogState> CheckLog(Session* session);

// The same for a checkpoint that came with something else: a receipt. `keys` were checked.
absl::Status FollowLog(Session* session, const std::string& checkpoint,
                       const std::vector<TrustedLogKey>& keys);

// An error for which IsAlarm holds.
absl::Status AlarmError(const std::string& message);

}  // namespace kengred::client
