// What every engine asks of a batch before it writes anything.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/storage/head_record.h"
#include "server/storage/store.h"

namespace kengred::storage {

// The bytes of a batch that count against kBatchBytesMax: keys, values and journal entries.
size_t BatchBytes(const Batch& batch);

// InvalidArgument, with the reason, where the batch is wrong whatever the head: too large, writes
// out of order, a key twice, a key that is empty or the engine's, a hash that moves without journal
// entries or stays with them, an epoch of zero.
absl::Status CheckBatch(const Batch& batch);

// Whether the batch was built on this head by the writer that holds it. False: fenced.
// InvalidArgument where it names the right head but a first sequence that does not follow it.
absl::StatusOr<bool> BuiltOn(const Batch& batch, const HeadRecord& record);

// The head record after the batch.
HeadRecord Advance(const HeadRecord& record, const Batch& batch);

// FailedPrecondition, naming who has it now, where `epoch` is not the one held.
absl::Status CheckEpoch(uint64_t epoch, const HeadRecord& record);

// InvalidArgument where the name of a writer is empty or too long.
absl::Status CheckWriter(std::string_view writer);

// InvalidArgument where a key is empty or the engine's.
absl::Status CheckKey(std::string_view key);

// InvalidArgument where a key is not a side key.
absl::Status CheckSideKeys(const std::vector<std::string>& keys);

}  // namespace kengred::storage
