// kengred-storebench: fills a store with millions of payments and says what that costs.
//
// CPU is that of this process, so that a busy machine does not disturb it: of the thread that
// commits, of reading, and of RocksDB's own threads (flush and compaction), which is the process's
// without this thread's. Bytes written are those the kernel counts for the process, log, tables and
// all. Exit codes: 0, 1 for a failure, and those of CLI11 for wrong usage.
#include <fmt/core.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/micro/ledger_filler.h"
#include "server/sequence/tree.h"
#include "server/storage/batch_check.h"
#include "server/storage/rocksdb_store.h"

namespace kengred::bench {
namespace {

constexpr uint64_t kMebibyte = 1024 * 1024;

struct Options {
  storage::RocksDbOptions store;
  FillerOptions filler;
  uint64_t entries = 1'000'000;
  size_t batch = 512;
  uint64_t reports = 4;
  bool make_accounts = false;
  bool read = false;
  bool kill = false;
};

[[noreturn]] void Die(const std::string& what) {
  fmt::print(stderr, "kengred-storebench: {}\n", what);
  std::exit(1);
}

double Seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// The number after `name` in a file of /proc.
uint64_t ProcNumber(const char* file, std::string_view name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size(), nullptr, 10);
  }
  return 0;
}

uint64_t BytesIn(const std::string& folder) {
  uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::error_code gone;
    const uint64_t size = file.file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

// Everything measured, as it stands; differences of two are what lay between.
struct Costs {
  uint64_t entries = 0;
  uint64_t user_bytes = 0;
  double commit_cpu = 0;
  double read_cpu = 0;
  double background_cpu = 0;
  uint64_t bytes_written = 0;
  double longest_commit = 0;

  void Observe() {
    background_cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID) - Seconds(CLOCK_THREAD_CPUTIME_ID);
    bytes_written = ProcNumber("/proc/self/io", "write_bytes:");
  }
};

void Print(const char* what, const Costs& from, const Costs& to, const std::string& path) {
  const auto entries = static_cast<double>(to.entries - from.entries);
  if (entries == 0) return;
  const double commit = (to.commit_cpu - from.commit_cpu) * 1e6 / entries;
  const double read = (to.read_cpu - from.read_cpu) * 1e6 / entries;
  const double background = (to.background_cpu - from.background_cpu) * 1e6 / entries;
  const auto written = static_cast<double>(to.bytes_written - from.bytes_written);
  const auto user = static_cast<double>(to.user_bytes - from.user_bytes);
  fmt::print(
      "{:12} {:>10} entries: CPU {:6.2f} us (commit {:5.2f}, background {:5.2f}; reads {:5.2f}), "
      "written {:6.0f} B of {:4.0f} ({:4.2f} x), longest commit {:5.0f} ms, store {:6} MiB, "
      "resident {:5} MiB (peak {})\n",
      what, to.entries, commit + background, commit, background, read, written / entries,
      user / entries, written / user, to.longest_commit * 1e3, BytesIn(path) / kMebibyte,
      ProcNumber("/proc/self/status", "VmRSS:") / 1024,
      ProcNumber("/proc/self/status", "VmHWM:") / 1024);
  std::fflush(stdout);
}

std::unique_ptr<storage::Store> Open(const Options& options) {
  const double wall = Seconds(CLOCK_MONOTONIC);
  const double cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  auto store = storage::OpenRocksDbStore(options.store);
  if (!store.ok()) Die(std::string(store.status().message()));
  fmt::print(
      "opened in {:.0f} ms, {:.0f} ms of CPU; store {} MiB, resident {} MiB\n",
      (Seconds(CLOCK_MONOTONIC) - wall) * 1e3, (Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e3,
      BytesIn(options.store.path) / kMebibyte, ProcNumber("/proc/self/status", "VmRSS:") / 1024);
  return *std::move(store);
}

void Commit(storage::Store* store, const storage::Batch& batch, Costs* costs) {
  const double cpu = Seconds(CLOCK_THREAD_CPUTIME_ID);
  const double wall = Seconds(CLOCK_MONOTONIC);
  const auto result = store->commit(batch);
  costs->longest_commit = std::max(costs->longest_commit, Seconds(CLOCK_MONOTONIC) - wall);
  costs->commit_cpu += Seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
  if (!result.ok()) Die(std::string(result.status().message()));
  if (*result != storage::CommitResult::kDurable) Die("a commit failed");
  costs->user_bytes += storage::BatchBytes(batch);
}

void MakeAccounts(const Options& options, const LedgerFiller& filler, storage::Store* store) {
  Costs costs;
  costs.Observe();
  const Costs before = costs;
  for (uint64_t made = 0; made < options.filler.accounts;) {
    uint64_t count = 0;
    const storage::Batch batch = filler.Accounts(made, &count);
    Commit(store, batch, &costs);
    made += count;
    costs.entries = made;
  }
  costs.Observe();
  Print("accounts", before, costs, options.store.path);
}

void Fill(const Options& options, LedgerFiller* filler, storage::Store* store) {
  Costs costs;
  costs.Observe();
  const Costs before = costs;
  Costs last = costs;
  const uint64_t step = std::max<uint64_t>(1, options.entries / options.reports);
  while (costs.entries < options.entries) {
    const storage::Batch batch = filler->Payments(options.batch);
    if (options.read) {
      const double cpu = Seconds(CLOCK_THREAD_CPUTIME_ID);
      const auto read = store->get(filler->keys_to_read());
      if (!read.ok()) Die(std::string(read.status().message()));
      costs.read_cpu += Seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    }
    Commit(store, batch, &costs);
    costs.entries += options.batch;
    if (costs.entries - last.entries >= step) {
      costs.Observe();
      Print("payments", last, costs, options.store.path);
      last = costs;
    }
  }
  costs.Observe();
  Print("all payments", before, costs, options.store.path);
}

int Run(const Options& options) {
  std::unique_ptr<storage::Store> store = Open(options);
  const auto head = store->acquire("storebench");
  if (!head.ok()) Die(std::string(head.status().message()));
  auto tree = sequence::OpenTree(store.get(), *head);
  if (!tree.ok()) Die(std::string(tree.status().message()));
  LedgerFiller filler(options.filler);
  filler.StartAt(*head, *std::move(tree));
  if (options.make_accounts) MakeAccounts(options, filler, store.get());
  if (options.entries > 0) Fill(options, &filler, store.get());
  if (options.kill) ::_exit(0);
  return 0;
}

int Main(int argc, char** argv) {
  Options options;
  options.store.create_if_missing = true;
  uint64_t cache_mib = options.store.block_cache_bytes / kMebibyte;
  uint64_t buffer_mib = options.store.write_buffer_bytes / kMebibyte;
  CLI::App app("Fills a store with made-up payments and says what they cost.");
  app.add_option("directory", options.store.path, "the store; made where it is missing")
      ->required();
  app.add_option("--accounts", options.filler.accounts, "accounts that pay each other");
  app.add_flag("--make-accounts", options.make_accounts, "first write the accounts' records");
  app.add_option("--entries", options.entries, "payments to commit");
  app.add_option("--batch", options.batch, "payments in a commit")->check(CLI::Range(1, 1024));
  app.add_option("--without", options.filler.without, "tables to leave out, such as TH");
  app.add_flag("--read", options.read, "before each commit, read what the sequencer would");
  app.add_option("--reports", options.reports, "lines on the way")->check(CLI::Range(1, 1000));
  app.add_flag("--kill", options.kill, "end as a killed process does, without closing the store");
  app.add_option("--block-cache-mib", cache_mib);
  app.add_option("--write-buffer-mib", buffer_mib);
  CLI11_PARSE(app, argc, argv);
  options.store.block_cache_bytes = cache_mib * kMebibyte;
  options.store.write_buffer_bytes = buffer_mib * kMebibyte;
  return Run(options);
}

}  // namespace
}  // namespace kengred::bench

int main(int argc, char** argv) { return kengred::bench::Main(argc, argv); }
