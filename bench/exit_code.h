// How kengred-bench ends.
#pragma once

namespace kengred::bench {

enum ExitCode {
  kAgrees = 0,       // everything measured, everything there
  kDiffers = 1,      // a balance differs, or something acknowledged is missing
  kUsage = 2,        // the command line
  kServer = 3,       // the server refused or cannot be reached, or keeps another ledger
  kFile = 4,         // a file cannot be read or written
  kInterrupted = 5,  // stopped before anything was measured
};

}  // namespace kengred::bench
