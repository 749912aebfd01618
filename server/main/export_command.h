// `kengred-server export`: a ledger's complete journal as one file that proves itself.
#pragma once

#include <string>

#include "server/main/exit_code.h"
#include "server/main/io.h"

namespace kengred::server {

struct ExportOptions {
  std::string data;  // the ledger; its server may run
  std::string file;  // replaced where it is there
  bool json = false;
};

// The file is there whole or not at all. kExitStore: the ledger cannot be read, or its entries do
// not lead to its checkpoints. kExitUsage: the file cannot be made there.
ExitCode RunExport(const ExportOptions& options, Io& io);

}  // namespace kengred::server
