// How a command ends when something is wrong: one way of saying it, one exit code.
#pragma once

#include <absl/status/status.h>

#include "server/main/exit_code.h"
#include "server/main/io.h"

namespace kengred::server {

// Says what is wrong on io.err, each line of the message as a line of its own, and answers `code`.
ExitCode Complain(const absl::Status& status, ExitCode code, Io& io);

}  // namespace kengred::server
