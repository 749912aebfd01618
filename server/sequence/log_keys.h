// The keys that sign checkpoints. They lie apart from the store: whoever copies the one has not the
// other.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/merkle.h"
#include "kengred/core/signed_note.h"
#include "kengred/v1/transaction.pb.h"

namespace kengred::sequence {

// How many a server may hold at once, and what the checkpoint of a batch takes of its bytes then.
inline constexpr size_t kLogKeysMax = 8;
inline constexpr size_t kCheckpointBytesMax = 4096;

// What a server holds. Fixed once made; any thread.
using HeldLogKeys = std::vector<std::shared_ptr<const NoteSigner>>;

// The held key with that public key; null where there is none.
const NoteSigner* FindHeld(const HeldLogKeys& held, const PublicKey& public_key);

// The keys that a transaction makes the log's, in its order.
std::vector<PublicKey> RotationsIn(const v1::Transaction& transaction);

// Signs checkpoints with the key that is the log's. For one thread.
class CheckpointSigner {
 public:
  // `current` must be among the held. The origin is the charter's, and the name of every key.
  CheckpointSigner(std::string origin, HeldLogKeys held, const PublicKey& current)
      : origin_(std::move(origin)), held_(std::move(held)), current_(current) {}

  // The checkpoint of the tree after a commit that brought these rotations, of keys that are held:
  // signed by the key before them and by each of them. The last is the log's from then on.
  std::string Sign(const TreeFrontier& tree, const std::vector<PublicKey>& rotations);

 private:
  const std::string origin_;
  const HeldLogKeys held_;
  PublicKey current_;
};

}  // namespace kengred::sequence
