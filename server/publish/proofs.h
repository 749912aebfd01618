// What a ledger can prove of itself, read from what is durable: checkpoints, proofs, log keys,
// receipts.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/merkle.h"
#include "kengred/v1/charter.pb.h"
#include "server/publish/cosignatures.h"
#include "server/storage/store.h"

namespace kengred::publish {

// The stored hashes of the tree. For one thread at a time.
class StoreHashReader : public HashReader {
 public:
  // The store must outlive it.
  explicit StoreHashReader(storage::Store* store) : store_(store) {}
  // The store's errors; DataLoss where a hash that should be there is not.
  absl::StatusOr<std::vector<Digest>> Read(uint32_t level, uint64_t first, size_t count) override;

 private:
  storage::Store* store_;
};

// A key of the log, and from which entry on checkpoints are signed with it.
struct LogKeyPeriod {
  PublicKey public_key;
  Sequence since = 1;
};

// Thread-safe. Errors are the store's; DataLoss where what is stored cannot be.
class ProofReader {
 public:
  // The store must outlive it and hold a ledger; the cosignatures (null: none) must outlive it too.
  explicit ProofReader(storage::Store* store, const Cosignatures* cosignatures = nullptr)
      : store_(store), cosignatures_(cosignatures) {}

  // The last one, with the cosignatures that have come for it.
  absl::StatusOr<StoredCheckpoint> LatestCheckpoint() const;
  // Up to `max` checkpoints of more than `after` entries, in order.
  absl::StatusOr<std::vector<StoredCheckpoint>> Checkpoints(uint64_t after, size_t max) const;
  // That entry `sequence` is in the tree of `size` entries: 1 <= sequence <= size <= the head.
  absl::StatusOr<std::vector<Digest>> Inclusion(Sequence sequence, uint64_t size) const;
  // That the tree of `new_size` entries starts with that of `old_size`: old_size <= new_size <= the
  // head.
  absl::StatusOr<std::vector<Digest>> Consistency(uint64_t old_size, uint64_t new_size) const;
  // The keys of the log, the charter's first, in the order they came.
  absl::StatusOr<std::vector<LogKeyPeriod>> LogKeys(const v1::Charter& charter) const;
  // A receipt (kengred/core/receipt.h) of an entry: under the checkpoint that covers it and that
  // most witnesses have cosigned, or else under the last one.
  absl::StatusOr<std::string> Receipt(Sequence sequence, std::string entry_bytes,
                                      const std::string& charter_bytes) const;

 private:
  storage::Store* store_;
  const Cosignatures* cosignatures_;
};

}  // namespace kengred::publish
