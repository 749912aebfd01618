// The first entry of a ledger: its charter.
#include "kengred/core/charter.h"
#include "server/sequence/batch_builder.h"
#include "server/sequence/chain.h"
#include "server/sequence/civil_clock.h"
#include "server/sequence/sequencer.h"

namespace kengred::sequence {

absl::StatusOr<LedgerId> InitializeLedger(storage::Store* store, const std::string& charter_bytes,
                                          int64_t now_us) {
  v1::Charter charter;
  if (!charter.ParseFromString(charter_bytes)) {
    return absl::InvalidArgumentError("the charter's bytes are not a charter");
  }
  if (const absl::Status status = ValidateCharter(charter); !status.ok()) return status;
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
  batch.parent_hash = head->hash;
  batch.first_sequence = 1;
  batch.journal.push_back(entry.SerializeAsString());
  batch.hash = ChainHash(head->hash, batch.journal.front());
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
