// `kengred-server import`: a new ledger on disk from an export, after an audit of all of it.
#pragma once

#include <string>
#include <vector>

#include "server/main/exit_code.h"
#include "server/main/io.h"

namespace kengred::server {

struct ImportOptions {
  std::string file;
  std::string data;          // where the ledger will live; missing or empty
  std::string log_key_file;  // empty: none; else the key must be the log's
  // As in AuditOptions.
  std::string ledger_id;
  std::vector<std::string> verifier_keys;
  size_t threads = 0;
  bool json = false;
};

// The ledger is there whole or not at all. kExitNo: the audit has found something wrong.
// kExitUsage: a key or an id cannot be read, or the key is not the log's. kExitStore: the export
// cannot be read, or no ledger can be made there.
ExitCode RunImport(const ImportOptions& options, Io& io);

}  // namespace kengred::server
