// `kengred-server serve`: the stages put together, started in the order of the way back and stopped
// in the order a transaction meets them.
#pragma once

#include <map>
#include <string>

#include "server/main/exit_code.h"
#include "server/main/io.h"

namespace kengred::server {

struct ServeOptions {
  // Flags given, by the setting's name (config.h).
  std::map<std::string, std::string> flags;
  // Empty: $KENGRED_CONFIG, or no file.
  std::string config_file;
  // Show the configuration and stop.
  bool print_config = false;
};

// Serves until SIGTERM or SIGINT. The first stops it gracefully: no new calls, what has begun is
// finished and committed, the store is released; a second ends it at once, which loses nothing that
// was acknowledged. SIGHUP does nothing. Call it before other threads are made.
ExitCode RunServe(const ServeOptions& options, Io& io);

}  // namespace kengred::server
