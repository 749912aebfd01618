// A load on a running server, measured and then checked.
#pragma once

#include <absl/status/statusor.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "bench/driver.h"
#include "bench/load_check.h"

namespace kengred::bench {

struct LoadOptions {
  // How it is driven; what it reads, watches and measures is filled in by Load.
  DriveOptions drive;
  uint64_t accounts = 1000;
  uint64_t watches = 0;
  size_t rewards_per_transaction = 100;
  bool one_payee = false;
  // The server's process, for its CPU and memory; 0: not measured.
  int64_t server_pid = 0;
  // A directory on the disk to measure; empty: not measured.
  std::string data_dir;
  // Opens the accounts and ends.
  bool setup_only = false;
};

// What the measured time cost.
struct LoadCosts {
  int64_t client_cpu_us = 0;
  // With a server's process only.
  std::optional<int64_t> server_cpu_us;
  std::optional<int64_t> server_memory_bytes;       // at its end
  std::optional<int64_t> server_memory_peak_bytes;  // since the server started
  std::optional<int64_t> write_bytes;               // sent to the disk by the server
  std::optional<int64_t> others_cpu_us;             // what neither used, over all cores
};

struct LoadReport {
  LoadOptions options;
  size_t cores = 1;
  size_t transaction_bytes = 0;  // mean, with what frames it in a message
  DriveResult result;
  LoadCosts costs;
  // Verifications of libsodium per second of one core's time, before and after.
  int64_t bare_before = 0;
  int64_t bare_after = 0;
  // The same by all cores at once, together.
  int64_t all_cores_before = 0;
  int64_t all_cores_after = 0;
  std::optional<int64_t> sync_us;  // median fdatasync of a small append, before
  LoadCheck check;

  int64_t bare() const { return (bare_before + bare_after) / 2; }
  int64_t all_cores_bare() const { return (all_cores_before + all_cores_after) / 2; }
};

// Sets up, signs, drives, measures, checks. Nothing where only the set-up was asked for. Errors:
// INVALID_ARGUMENT for options that contradict each other, FAILED_PRECONDITION where the ledger is
// another one, CANCELLED where `stop` came before the run, and those of Drive.
absl::StatusOr<std::optional<LoadReport>> Load(const LoadOptions& options,
                                               const std::atomic<bool>& stop);

}  // namespace kengred::bench
