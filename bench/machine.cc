#include "bench/machine.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "bench/parallel.h"
#include "kengred/core/signing.h"

namespace kengred::bench {
namespace {

constexpr int64_t kMicros = 1'000'000;
constexpr size_t kSyncs = 200;
constexpr size_t kAppendBytes = 512;
constexpr size_t kBareKeys = 256;

int64_t ToMicros(const timeval& time) { return time.tv_sec * kMicros + time.tv_usec; }

int64_t TicksToMicros(int64_t ticks) { return ticks * (kMicros / sysconf(_SC_CLK_TCK)); }

// The number after "<name>:" in a file of lines.
std::optional<int64_t> Field(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::atoll(line.c_str() + name.size() + 1);
  }
  return std::nullopt;
}

int64_t ThreadCpuUs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * kMicros + time.tv_nsec / 1000;
}

}  // namespace

absl::StatusOr<ProcessUse> ReadProcess(int64_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  std::ifstream file(folder + "/stat");
  std::string line;
  std::getline(file, line);
  // The name in parentheses may hold anything; what follows it are the fields from the third on.
  const size_t name_end = line.rfind(')');
  if (!file || name_end == std::string::npos) {
    return absl::NotFoundError("there is no process " + std::to_string(pid));
  }
  std::istringstream fields(line.substr(name_end + 1));
  constexpr int kUserTime = 14;
  std::string skipped;
  for (int i = 3; i < kUserTime; ++i) fields >> skipped;
  int64_t user_ticks = 0;
  int64_t system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  ProcessUse use;
  use.cpu_us = TicksToMicros(user_ticks + system_ticks);
  use.memory_bytes = Field(folder + "/status", "VmRSS").value_or(0) * 1024;
  use.memory_peak_bytes = Field(folder + "/status", "VmHWM").value_or(0) * 1024;
  use.write_bytes = Field(folder + "/io", "write_bytes");
  return use;
}

int64_t OwnCpuUs() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return ToMicros(usage.ru_utime) + ToMicros(usage.ru_stime);
}

int64_t MachineBusyUs() {
  std::ifstream file("/proc/stat");
  std::string name;
  file >> name;
  // user, nice, system, idle, iowait, irq, softirq, steal
  std::array<int64_t, 8> ticks{};
  for (int64_t& value : ticks) file >> value;
  return TicksToMicros(ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7]);
}

absl::StatusOr<int64_t> MeasureSyncUs(const std::string& directory) {
  std::string path = directory + "/kengred-bench.XXXXXX";
  const int file = mkstemp(path.data());
  if (file < 0) return absl::NotFoundError("cannot write a file in " + directory);
  const std::string append(kAppendBytes, 'k');
  std::vector<int64_t> durations;
  bool good = true;
  for (size_t i = 0; i < kSyncs && good; ++i) {
    good = write(file, append.data(), append.size()) == static_cast<ssize_t>(append.size());
    const auto start = std::chrono::steady_clock::now();
    good = good && fdatasync(file) == 0;
    durations.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
                            std::chrono::steady_clock::now() - start)
                            .count());
  }
  close(file);
  unlink(path.c_str());
  if (!good) return absl::NotFoundError("cannot sync a file in " + directory);
  std::sort(durations.begin(), durations.end());
  return durations[durations.size() / 2];
}

int64_t MeasureBareRate(std::chrono::microseconds time) {
  struct Sample {
    PublicKey key;
    std::string input;
    std::string signature;
  };
  std::vector<Sample> samples;
  for (size_t i = 0; i < kBareKeys; ++i) {
    const SecretKey key = SecretKey::Generate();
    const std::string input =
        TransactionSigningInput(TransactionIdOf("a transaction " + std::to_string(i)));
    samples.push_back({key.public_key(), input, key.Sign(input)});
  }
  const int64_t start = ThreadCpuUs();
  int64_t verified = 0;
  int64_t used = 0;
  do {
    for (const Sample& sample : samples) {
      if (VerifySignature(sample.key, sample.input, sample.signature)) ++verified;
    }
    used = ThreadCpuUs() - start;
  } while (used < time.count());
  return verified * kMicros / std::max<int64_t>(used, 1);
}

int64_t MeasureAllCoresRate(std::chrono::microseconds time) {
  std::atomic<int64_t> sum = 0;
  OnAllCores(CoreCount(), [&](size_t /*core*/) { sum += MeasureBareRate(time); });
  return sum;
}

uint64_t RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace kengred::bench
