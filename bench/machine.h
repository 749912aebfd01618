// What a run costs: the figures of Linux (/proc) for a process and the machine, and what its disk
// and its cores can do at best.
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace kengred::bench {

// What a process has used since it started.
struct ProcessUse {
  int64_t cpu_us = 0;  // user and system, in steps of a clock tick (10 ms)
  int64_t memory_bytes = 0;
  int64_t memory_peak_bytes = 0;
  // Sent to the disk; nothing where this user may not know.
  std::optional<int64_t> write_bytes;
};

// NOT_FOUND where there is no such process.
absl::StatusOr<ProcessUse> ReadProcess(int64_t pid);
// CPU time of this process, user and system.
int64_t OwnCpuUs();
// CPU time of all cores that was not idle, what a hypervisor took included.
int64_t MachineBusyUs();

// The median time of an fdatasync after a small append to a file of its own in `directory`, which
// is gone afterwards. The disk should be idle. NOT_FOUND where no file can be written there.
absl::StatusOr<int64_t> MeasureSyncUs(const std::string& directory);

// Verifications of libsodium per second of CPU time, on the calling thread, over about so much CPU
// time: of signatures of transactions by many keys.
int64_t MeasureBareRate(std::chrono::microseconds time);
// The sum over all cores that do so at the same time: less than the cores' number times the bare
// rate, where they share a clock, a cache or each other's units.
int64_t MeasureAllCoresRate(std::chrono::microseconds time);

// Allows this process as many files as it may have; answers how many.
uint64_t RaiseFileLimit();

}  // namespace kengred::bench
