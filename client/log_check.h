// Keeping watch over a ledger's log. Internal to this folder.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "kengred/client/client.h"
#include "kengred/client/session.h"
#include "kengred/core/ids.h"

namespace kengred::client {

// What is shown to others when a log misbehaves: two notes, and the proof that does not hold.
struct Evidence {
  std::string known;  // the one remembered
  std::string shown;
  std::vector<Digest> proof = {};
  // `known` is not remembered, but shown as what witnesses have cosigned.
  bool is_cosigned = false;
};

// Fetches the last checkpoint and checks it: signed by a key that follows from the charter, and a
// continuation of the one remembered, which it replaces. Without a memory only the former. DataLoss
// is the alarm: it names both checkpoints and where the evidence lies.
absl::StatusOr<LogState> CheckLog(Session* session);

// The same for a checkpoint that came with something else: a receipt. `keys` were checked.
absl::Status FollowLog(Session* session, const std::string& checkpoint,
                       const std::vector<TrustedLogKey>& keys);

// An error for which IsAlarm holds.
absl::Status AlarmError(const std::string& message);
// The same about the log, with its evidence kept where there is a memory.
absl::Status Alarm(const Session& session, const std::string& why, const Evidence& evidence);

// Whether the tree of the one checkpoint starts with that of the other, which is no smaller: asks
// the server to prove it. An alarm where it does not; `evidence` names both.
absl::Status CheckGrowth(Session* session, const Checkpoint& before, const Checkpoint& now,
                         Evidence evidence);

}  // namespace kengred::client
