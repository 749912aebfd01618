#include "server/audit/importer.h"

#include <utility>

#include "kengred/core/limits.h"
#include "server/rules/state.h"
#include "server/sequence/batch_builder.h"
#include "server/sequence/tree.h"

namespace kengred::audit {
namespace {

class Importer : public Observer {
 public:
  Importer(storage::Store* store, uint64_t epoch)
      : store_(store), epoch_(epoch), batch_(sequence::PendingBatch::After(0)) {}

  absl::Status OnEntry(Sequence sequence, const std::string& bytes,
                       const std::map<std::string, std::string>& writes,
                       const std::vector<Subtree>& subtrees) override;
  absl::Status OnCheckpoint(const publish::StoredCheckpoint& checkpoint) override;
  absl::StatusOr<std::optional<Finding>> Flush() override { return std::nullopt; }
  absl::StatusOr<std::optional<Finding>> Finish(const Replay& replay,
                                                const TreeFrontier& tree) override;

 private:
  // Commits what is there where `bytes` more would be too much.
  absl::Status MakeRoom(size_t bytes);
  absl::Status Commit();

  storage::Store* const store_;
  const uint64_t epoch_;
  sequence::PendingBatch batch_;
  TreeFrontier tree_;  // of what is committed
};

absl::Status Importer::Commit() {
  const Sequence last_sequence = batch_.last_sequence();
  storage::Batch batch = std::move(batch_.storage);
  batch_ = sequence::PendingBatch::After(last_sequence);
  batch.epoch = epoch_;
  sequence::AppendToTree(&tree_, &batch);
  sequence::SortWrites(&batch.writes);
  const absl::StatusOr<storage::CommitResult> result = store_->commit(batch);
  if (!result.ok()) return result.status();
  if (*result == storage::CommitResult::kDurable) return absl::OkStatus();
  return absl::UnavailableError(
      "the new store could not be written; look at the disk and try again");
}

absl::Status Importer::MakeRoom(size_t bytes) {
  const bool full = batch_.storage.journal.size() >= kBatchTransactionsMax ||
                    batch_.bytes + bytes > kBatchBytesMax;
  if (!full || (!batch_.has_entries() && batch_.storage.writes.empty())) return absl::OkStatus();
  return Commit();
}

absl::Status Importer::OnEntry(Sequence /*sequence*/, const std::string& bytes,
                               const std::map<std::string, std::string>& writes,
                               const std::vector<Subtree>& /*subtrees*/) {
  sequence::Addition addition;
  addition.entry_bytes = bytes;
  addition.bytes = bytes.size() + sequence::kTreeBytesPerEntry;
  for (const auto& [key, value] : writes) {
    addition.bytes += key.size() + value.size();
    addition.writes.push_back({key, value});
  }
  if (absl::Status status = MakeRoom(addition.bytes); !status.ok()) return status;
  batch_.Add(std::move(addition));
  return absl::OkStatus();
}

absl::Status Importer::OnCheckpoint(const publish::StoredCheckpoint& checkpoint) {
  std::string key = rules::key::Checkpoint(checkpoint.size);
  const size_t bytes = key.size() + checkpoint.note.size();
  if (absl::Status status = MakeRoom(bytes); !status.ok()) return status;
  batch_.storage.writes.push_back({std::move(key), checkpoint.note});
  batch_.bytes += bytes;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Finding>> Importer::Finish(const Replay& /*replay*/,
                                                        const TreeFrontier& tree) {
  if (absl::Status status = Commit(); !status.ok()) return status;
  if (absl::Status status = store_->release(epoch_); !status.ok()) return status;
  const absl::StatusOr<storage::Head> head = store_->head();
  if (!head.ok()) return head.status();
  if (head->sequence == tree.size() && head->hash == sequence::HashOf(tree.Root())) {
    return std::nullopt;
  }
  return absl::InternalError("the new store does not have the root of the journal");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Observer>> NewImporter(storage::Store* store) {
  const absl::StatusOr<storage::Head> head = store->acquire("kengred-server import");
  if (!head.ok()) return head.status();
  if (head->sequence != 0) {
    return absl::FailedPreconditionError(
        "this store already holds a ledger; choose an empty directory");
  }
  return std::make_unique<Importer>(store, head->epoch);
}

}  // namespace kengred::audit
