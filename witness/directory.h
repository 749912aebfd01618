// What a witness keeps on disk:
//
//   DIR/key                     its secret key (kengred/core/note_secret.h, type 4), mode 0600
//   DIR/lock                    held by whoever changes anything
//   DIR/logs/HASH.log           a log it watches: the origin, then one verifier key a line
//   DIR/logs/HASH.checkpoint    the last checkpoint of it that was cosigned: a signed note
//
// HASH is the SHA-256 of the origin in hexadecimal, as in the address of the checkpoint. Files are
// replaced whole and synced. Losing a checkpoint would let its log go back behind it: restore DIR
// from a backup never, or make a new witness.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/checkpoint.h"
#include "kengred/core/cosignature.h"
#include "kengred/core/signed_note.h"

namespace kengred::witness {

// Keys of one log: old ones stay known.
inline constexpr size_t kLogKeysMax = 64;

// The name of a log's files, and its part of an address.
std::string OriginHash(std::string_view origin);

// A checkpoint that was cosigned.
struct Cosigned {
  Checkpoint checkpoint;
  int64_t time_seconds = 0;
  std::string note;  // with the log's signature and the cosignature
};

struct KnownLog {
  std::string origin;
  std::vector<VerifierKey> keys;
  std::optional<Cosigned> last;
};

// Thread-safe for checkpoints of different logs.
//
// Errors: NotFound, AlreadyExists, InvalidArgument (a name or key that cannot be one),
// FailedPrecondition (in use, or others may read the key), DataLoss (a file that is not as it was
// written), and those of files/small_file.h; each says what to do.
class Directory {
 public:
  // Makes the directory, which may be there but must be empty, with a new key of that name.
  static absl::Status Make(const std::string& path, const std::string& name);

  enum class Access { kRead, kAlone };
  // Alone: nobody else has it open so, in this process or another, until it goes away.
  static absl::StatusOr<std::unique_ptr<Directory>> Open(const std::string& path, Access access);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  const Cosigner& cosigner() const { return cosigner_; }
  // In the order of their origins. Every checkpoint is verified.
  absl::StatusOr<std::vector<KnownLog>> Logs() const;
  // Watches a log from now on, or believes one more key of it. AlreadyExists where nothing is new.
  absl::Status Add(const std::string& origin, const VerifierKey& key);
  // Once this is OK, the note is what Logs reads, whatever happens.
  absl::Status SaveCheckpoint(const std::string& origin, const std::string& note) const;

 private:
  Directory(std::string path, int lock, Cosigner cosigner);
  std::string FileOf(std::string_view origin, std::string_view suffix) const;
  absl::StatusOr<KnownLog> ReadLog(const std::string& file) const;
  absl::StatusOr<Cosigned> ReadCosigned(const KnownLog& log, const std::string& file) const;

  const std::string path_;
  const int lock_;
  const Cosigner cosigner_;
};

}  // namespace kengred::witness
