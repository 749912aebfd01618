// The first entry of a ledger: its charter.
#include "kengred/core/charter.h"
#include "server/sequence/batch_builder.h"
#include "server/sequence/civil_clock.h"
#include "server/sequence/log_keys.h"
#include "server/sequence/sequencer.h"
#include "server/sequence/tree.h"

namespace kengred::sequence {

absl::StatusOr<LedgerId> InitializeLedger(storage::Store* store, const std::string& charter_bytes,
                                          const std::shared_ptr<const NoteSigner>& log_key,
                                          int64_t now_us) {
  v1::Charter charter;
  if (!charter.ParseFromString(charter_bytes)) {
    return absl::InvalidArgumentError("the charter's bytes are not a charter");
  }
  if (const absl::Status status = ValidateCharter(charter); !status.ok()) return status;
  const VerifierKey& verifier_key = log_key->verifier_key();
  if (verifier_key.public_key().view() != charter.log_public_key() ||
      verifier_key.name() != charter.origin()) {
    return absl::InvalidArgumentError("the charter names another log key than the one given");
  }
  const absl::StatusOr<CivilClock> clock = CivilClock::Load(charter.time_zone());
  if (!clock.ok()) return clock.status();
  const absl::StatusOr<storage::Head> head = store->acquire("initialize");
  if (!head.ok()) return head.status();
  if (head->sequence != 0) {
    return absl::AlreadyExistsError("this store already holds a ledger; choose an empty directory");
  }
  v1::JournalEntry entry;
  entry.set_sequence(1);
  *entry.mutable_time() = TimestampOf(now_us);
  entry.set_civil_day(clock->DayOf(now_us));
  entry.set_charter(charter_bytes);

  storage::Batch batch;
  batch.epoch = head->epoch;
  batch.first_sequence = 1;
  batch.journal.push_back(entry.SerializeAsString());
  TreeFrontier tree;
  AppendToTree(&tree, &batch);
  CheckpointSigner signer(charter.origin(), {log_key}, verifier_key.public_key());
  batch.writes.push_back({rules::key::Checkpoint(1), signer.Sign(tree, {})});
  SortWrites(&batch.writes);
  const absl::StatusOr<storage::CommitResult> result = store->commit(batch);
  if (!result.ok()) return result.status();
  if (*result != storage::CommitResult::kDurable) {
    return absl::UnavailableError(
        "the charter could not be written; look at the disk and try again");
  }
  if (const absl::Status status = store->release(head->epoch); !status.ok()) return status;
  return LedgerIdOf(charter_bytes);
}

}  // namespace kengred::sequence
