#include "server/storage/batch_check.h"

#include "kengred/core/limits.h"

namespace kengred::storage {
namespace {

// Keys are bytes, often personal in meaning: a message says where a key stands, never what it is.
absl::Status Wrong(const std::string& what) {
  return absl::InvalidArgumentError("batch refused: " + what);
}

}  // namespace

size_t BatchBytes(const Batch& batch) {
  size_t bytes = 0;
  for (const std::string& entry : batch.journal) bytes += entry.size();
  for (const Write& write : batch.writes) {
    bytes += write.key.size();
    if (write.value) bytes += write.value->size();
  }
  return bytes;
}

absl::Status CheckBatch(const Batch& batch) {
  if (batch.epoch == 0) return Wrong("its epoch is 0, which no writer ever has");
  const size_t bytes = BatchBytes(batch);
  if (bytes > kBatchBytesMax) {
    return Wrong("it has " + std::to_string(bytes) + " bytes, more than " +
                 std::to_string(kBatchBytesMax));
  }
  if (batch.journal.empty() != (batch.hash == batch.parent_hash)) {
    return Wrong(batch.journal.empty() ? "its hash changes though it has no journal entry"
                                       : "its hash stays though it has journal entries");
  }
  for (size_t i = 0; i < batch.writes.size(); ++i) {
    const std::string& key = batch.writes[i].key;
    if (absl::Status status = CheckKey(key); !status.ok()) {
      return Wrong("write " + std::to_string(i) + ": " + std::string(status.message()));
    }
    if (i > 0 && !(batch.writes[i - 1].key < key)) {
      return Wrong("write " + std::to_string(i) + " is not after the one before it");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> BuiltOn(const Batch& batch, const HeadRecord& record) {
  if (record.writer.empty() || batch.epoch != record.head.epoch) return false;
  if (batch.parent_hash != record.head.hash) return false;
  // The hash covers the whole journal, so the same hash means the same sequence.
  if (batch.first_sequence != record.head.sequence + 1) {
    return Wrong("it starts at sequence " + std::to_string(batch.first_sequence) +
                 " but the head is " + std::to_string(record.head.sequence));
  }
  return true;
}

HeadRecord Advance(const HeadRecord& record, const Batch& batch) {
  HeadRecord next = record;
  next.head.sequence += batch.journal.size();
  next.head.hash = batch.hash;
  return next;
}

absl::Status CheckEpoch(uint64_t epoch, const HeadRecord& record) {
  if (!record.writer.empty() && epoch == record.head.epoch) return absl::OkStatus();
  const std::string now = std::to_string(record.head.epoch);
  return absl::FailedPreconditionError(
      "epoch " + std::to_string(epoch) + " is fenced: " +
      (record.writer.empty() ? "epoch " + now + " was released and nobody has acquired the next"
                             : "epoch " + now + " belongs to " + record.writer));
}

absl::Status CheckWriter(std::string_view writer) {
  if (!writer.empty() && writer.size() <= kWriterBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError("a writer's name has 1 to " + std::to_string(kWriterBytesMax) +
                                    " bytes");
}

absl::Status CheckKey(std::string_view key) {
  if (key.empty()) return absl::InvalidArgumentError("the key is empty");
  if (key.front() == kEnginePrefix) {
    return absl::InvalidArgumentError("the key starts with the byte that is the engine's own");
  }
  return absl::OkStatus();
}

absl::Status CheckSideKeys(const std::vector<std::string>& keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].empty() || keys[i].front() != kSidePrefix) {
      return absl::InvalidArgumentError("cannot erase: key " + std::to_string(i) +
                                        " is not a side key");
    }
  }
  return absl::OkStatus();
}

}  // namespace kengred::storage
