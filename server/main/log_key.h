// The files of the keys that sign checkpoints. They lie apart from the store, so that whoever
// copies the one, a backup say, has not the other.
//
// The form is that of kengred/core/note_secret.h, with the log's origin as name.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>

#include "kengred/core/signed_note.h"
#include "server/main/exit_code.h"
#include "server/main/io.h"

namespace kengred::server {

// Where a ledger's log key lies when nobody says otherwise: beside its directory, "ledger.log-key".
std::string DefaultLogKeyFile(const std::string& data);

// Makes a new key and its file, readable by its owner only. AlreadyExists where a file is there.
absl::StatusOr<std::shared_ptr<const NoteSigner>> MakeLogKeyFile(const std::string& path,
                                                                 const std::string& origin);

// Reads a key. NotFound, FailedPrecondition where others may read the file, InvalidArgument where
// it is not a key; each says what to do.
absl::StatusOr<std::shared_ptr<const NoteSigner>> ReadLogKeyFile(const std::string& path);

struct LogKeyNewOptions {
  std::string data;  // the ledger whose key it will be; its server may run
  std::string file;
  bool json = false;
};
// Makes a key for a rotation, and says how to go on.
ExitCode RunLogKeyNew(const LogKeyNewOptions& options, Io& io);

struct LogKeyShowOptions {
  std::string file;
};
// Prints the verifier key of a key file.
ExitCode RunLogKeyShow(const LogKeyShowOptions& options, Io& io);

}  // namespace kengred::server
