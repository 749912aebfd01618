#include "server/sequence/log_keys.h"

#include "kengred/core/checkpoint.h"

namespace kengred::sequence {

const NoteSigner* FindHeld(const HeldLogKeys& held, const PublicKey& public_key) {
  for (const auto& key : held) {
    if (key->verifier_key().public_key() == public_key) return key.get();
  }
  return nullptr;
}

std::vector<PublicKey> RotationsIn(const v1::Transaction& transaction) {
  std::vector<PublicKey> rotations;
  for (const v1::Operation& operation : transaction.operations()) {
    if (!operation.has_rotate_log_key()) continue;
    // The rule has looked at its length.
    rotations.push_back(*PublicKey::FromBytes(operation.rotate_log_key().log_public_key()));
  }
  return rotations;
}

std::string CheckpointSigner::Sign(const TreeFrontier& tree,
                                   const std::vector<PublicKey>& rotations) {
  SignedNote note;
  // Origin and size are in bounds, and the names are the origin: nothing here can be malformed.
  note.text = *FormatCheckpoint({origin_, tree.size(), tree.Root(), {}});
  note.signatures.push_back(FindHeld(held_, current_)->Sign(note.text));
  for (const PublicKey& key : rotations) {
    note.signatures.push_back(FindHeld(held_, key)->Sign(note.text));
    current_ = key;
  }
  return *FormatNote(note);
}

}  // namespace kengred::sequence
