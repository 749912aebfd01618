// `kengred-server erase`: removes private texts from the side store, for good. The server must be
// stopped, except for a dry run.
#pragma once

#include <string>

#include "server/main/exit_code.h"
#include "server/main/io.h"

namespace kengred::server {

struct EraseOptions {
  std::string data;
  // One of them.
  std::string account;      // an address
  std::string transaction;  // 64 hexadecimal digits
  bool dry_run = false;     // only count
  bool yes = false;         // do not ask
  bool json = false;
};

ExitCode RunErase(const EraseOptions& options, Io& io);

}  // namespace kengred::server
