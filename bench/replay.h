// Replays a real history through a running server and compares every balance with a sum made
// without any ledger.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/history_file.h"
#include "kengred/client/client.h"

namespace kengred::bench {

struct ReplayOptions {
  uint64_t seed = 1;
  // Where the server keeps its files, to measure bytes per transaction; empty: not measured.
  std::string data_dir;
  // The server's process, to measure its memory; 0: not measured.
  int64_t server_pid = 0;
};

struct ReplayReport {
  size_t accounts = 0;
  size_t rows = 0;
  size_t rewards = 0;
  size_t payments = 0;
  int64_t setup_ms = 0;
  int64_t replay_ms = 0;
  int64_t rows_per_second = 0;
  int64_t moved_cents = 0;
  int64_t circulation_cents = 0;
  int64_t fund_cents = 0;
  size_t balances_compared = 0;
  // The first ones that differ, as text; empty: all agree.
  std::vector<std::string> differences;
  size_t difference_count = 0;
  // Of all transactions, those that open accounts included.
  uint64_t transactions = 0;
  int64_t store_bytes = 0;
  int64_t server_memory_bytes = 0;  // resident, at the end
};

// The ledger must be new: made from CharterToml of the same seed, with nothing in it but its
// charter. FAILED_PRECONDITION where it is another one or is not empty; the error of the first
// refused transaction where the server refuses one.
absl::StatusOr<ReplayReport> Replay(client::Client* client, const std::vector<HistoryRow>& rows,
                                    const ReplayOptions& options);

}  // namespace kengred::bench
