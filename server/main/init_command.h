// `kengred-server init` and `kengred-server charter`: from a charter's text to a new ledger.
#pragma once

#include <string>

#include "server/main/exit_code.h"
#include "server/main/io.h"

namespace kengred::server {

struct InitOptions {
  std::string charter_file;
  std::string data;
  // Where the key that signs checkpoints is made, or lies already; empty: DefaultLogKeyFile.
  std::string log_key_file;
  bool json = false;
};
// Makes the ledger. Touches nothing on disk unless the charter is good, and nothing that is in the
// directory already.
ExitCode RunInit(const InitOptions& options, Io& io);

struct CharterCheckOptions {
  std::string charter_file;
};
// Says whether `init` would accept the charter, and what it means.
ExitCode RunCharterCheck(const CharterCheckOptions& options, Io& io);

// Prints the commented example.
ExitCode RunCharterExample(Io& io);

}  // namespace kengred::server
