// Checkpoints, as C2SP tlog-checkpoint specifies them: the size and root of a log's tree, as a
// signed note (signed_note.h) whose text is
//
//   origin LF size LF base64( root ) LF *( extension LF )
//
//   origin     names the log; 1 to kKeyNameBytesMax bytes. The name of a log's key is its origin.
//   size       entries in the tree, decimal without leading zeroes, at most kTreeLeavesMax
//   root       32 bytes; for size 0 that of the empty tree
//   extension  lines that are not empty; this project writes none, and gives none a meaning
//
// Any thread. Errors: InvalidArgument for what is malformed, Unauthenticated for signatures that
// prove nothing; the message says which, in words.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/signed_note.h"

namespace kengred {

struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  Digest root;
  std::vector<std::string> extensions;

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The text of the note. Strict: FormatCheckpoint of what is read is the text again.
absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text);
absl::StatusOr<std::string> FormatCheckpoint(const Checkpoint& checkpoint);

// The signed note. InvalidArgument also where the signer's name is not the origin.
absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const NoteSigner& signer);

// A checkpoint that a known log signed.
struct SignedCheckpoint {
  Checkpoint checkpoint;
  SignedNote note;  // with the lines of witnesses, for VerifyCosignatures
  size_t log = 0;   // the place of the log's key in the list of the known ones
};

// Reads and verifies a checkpoint. `log_keys` are the keys of the logs that are trusted (more than
// one: of several logs, or an old and a new key of one). The log that the checkpoint names must
// have signed; a signature by another known log is not enough. InvalidArgument also where a key's
// type is not kEd25519.
absl::StatusOr<SignedCheckpoint> OpenCheckpoint(std::string_view note,
                                                std::span<const VerifierKey> log_keys);

}  // namespace kengred
