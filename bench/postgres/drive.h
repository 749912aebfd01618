// Many clients of PostgreSQL at once, each sending its next call when it has the answer to the
// last.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/histogram.h"
#include "bench/postgres/gateway.h"
#include "bench/postgres/transfers.h"

namespace kengred::bench::postgres {

struct DriveOptions {
  size_t clients = 32;  // connections
  size_t pipeline = 1;  // calls sent and not answered on each
  size_t batch = 1;     // transfers in a call, which is one transaction
  size_t threads = 1;   // that share the connections
  int64_t warm_up_seconds = 2;
  int64_t duration_seconds = 10;
  int64_t postmaster_pid = 0;  // of the server, for its CPU time; 0: not measured
};

// Of the measured time, but for what is named otherwise.
struct DriveResult {
  int64_t duration_us = 0;
  uint64_t accepted = 0;  // transfers
  uint64_t refused = 0;
  uint64_t duplicates = 0;
  uint64_t accepted_in_all = 0;  // since the first call, to the last answer
  uint64_t repeated = 0;  // calls that PostgreSQL broke off (deadlock) and that were sent again
  Histogram latency;      // of calls, from before their signatures are verified
  int64_t client_cpu_us = 0;
  int64_t server_cpu_us = 0;
  int64_t busy_us = 0;  // of all cores, whoever used them
};

// Drives. With a gateway, what is sent was verified by it first, on the sending thread; it must
// hold as much as can be verified in that time. Without one, transfers come from `sources`, one for
// each thread. UNAVAILABLE where a connection fails or a call fails for another reason than a
// deadlock.
absl::StatusOr<DriveResult> Drive(const DriveOptions& options, Gateway* gateway,
                                  std::vector<TransferSource>* sources);

}  // namespace kengred::bench::postgres
