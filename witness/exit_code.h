// The exit codes of kengred-witness. Scripts and service managers rely on them: they are frozen,
// and are those of kengred-server.
#pragma once

namespace kengred::witness {

enum ExitCode : int {
  kExitOk = 0,
  // The command line is wrong, or what it names is there already.
  kExitUsage = 2,
  // The directory cannot be used: missing, in use, damaged, or the disk is full.
  kExitDirectory = 3,
  // The address to listen on is taken by another process, or cannot be used.
  kExitAddress = 4,
  // A fault of this program or this machine.
  kExitInternal = 70,
};

}  // namespace kengred::witness
