// Trust in a ledger's log that rests on its charter alone: which keys may sign its checkpoints.
//
// The charter, whose hash is the ledger id, names the first key; each later one is put in force by
// a RotateLogKey that the charter's governance has signed. So whoever knows a ledger id needs
// nobody's word for the key of today. Any thread.
#pragma once

#include <absl/status/statusor.h>

#include <span>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/signed_note.h"
#include "kengred/v1/charter.pb.h"
#include "kengred/v1/transparency_service.pb.h"

namespace kengred {

struct TrustedLogKey {
  VerifierKey key;
  // Checkpoints of at least so many entries are signed with it, until the next key's.
  Sequence since = 1;
};

// The keys as a server shows them, each checked: the charter's first, and every other one with a
// rotation that enough of governance has signed. InvalidArgument for a list that cannot be,
// Unauthenticated where governance has not signed; in words.
absl::StatusOr<std::vector<TrustedLogKey>> VerifyLogKeys(const v1::Charter& charter,
                                                         const LedgerId& ledger_id,
                                                         std::span<const v1::LogKey> log_keys);

// The keys alone, to verify receipts of any time.
std::vector<VerifierKey> KeysOf(std::span<const TrustedLogKey> log_keys);

}  // namespace kengred
