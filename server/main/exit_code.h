// The exit codes of kengred-server. Scripts and service managers rely on them: they are frozen.
#pragma once

#include <absl/status/status.h>

namespace kengred::server {

enum ExitCode : int {
  kExitOk = 0,
  // The answer is no: nothing to erase, or the operator did not confirm.
  kExitNo = 1,
  // The command line, the configuration, the charter or a certificate is wrong.
  kExitUsage = 2,
  // The store cannot be used: missing, foreign, of another format, in use, read-only, damaged, or
  // the disk is full. For `audit --server` also: the server cannot be reached, or does not let the
  // auditor read.
  kExitStore = 3,
  // An address to listen on is taken by another process, or cannot be used.
  kExitAddress = 4,
  // A fault of this program or this machine.
  kExitInternal = 70,
  // A second signal came while stopping, and the server ended at once; 128 + SIGINT.
  kExitInterrupted = 130,
};

}  // namespace kengred::server
