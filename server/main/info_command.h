// `kengred-server info`: what a store holds, for the operator. It may look beside a running server.
#pragma once

#include <string>

#include "server/main/exit_code.h"
#include "server/main/io.h"

namespace kengred::server {

struct InfoOptions {
  std::string data;
  bool json = false;
};

ExitCode RunInfo(const InfoOptions& options, Io& io);

}  // namespace kengred::server
