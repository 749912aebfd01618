// What there is to erase: the side records of one account or of one transaction. The journal is not
// touched; it keeps the commitments, which say nothing without salt and text.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/v1/journal.pb.h"
#include "server/storage/store.h"

namespace kengred::server {

struct ErasurePlan {
  // What is there now; a second erasure finds nothing.
  size_t profiles = 0;
  size_t aliases = 0;
  size_t texts = 0;  // memos, reasons, evidence
  // For Store::erase, sorted.
  std::vector<std::string> keys;
};

// The commitments in one operation of an entry that are about an account:
//   - its profile (OpenAccount, OpenProgramme);
//   - what stands in a message that names it: the memo of a payment from or to it, the reason of a
//     decision about it, the evidence of an award to it;
//   - what stands in a message that names nobody, where the operation moves something of its: the
//     memo of a refund, the reason of a failed reconversion.
// The texts of an operation about others stay, even where the account signed it.
std::vector<Digest> CommitmentsAbout(const AccountId& account, const v1::JournalEntry& entry,
                                     const TransactionId& transaction, uint32_t operation_index,
                                     const v1::Operation& operation);

// An account's profile, its alias and the texts about it in its whole history. NotFound where the
// ledger has no such account. Errors of the store are passed on.
absl::StatusOr<ErasurePlan> PlanAccountErasure(storage::Store* store, const AccountId& account);

// Every text of one transaction, with the aliases of the profiles in it. NotFound where the ledger
// has no such transaction.
absl::StatusOr<ErasurePlan> PlanTransactionErasure(storage::Store* store,
                                                   const TransactionId& transaction);

// Recomputes the Merkle root over the whole journal. DataLoss where it is not the head's: then the
// journal is not what was committed. Takes time with the journal.
absl::StatusOr<storage::Head> CheckJournal(storage::Store* store);

}  // namespace kengred::server
