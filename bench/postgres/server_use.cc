#include "bench/postgres/server_use.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace kengred::bench::postgres {
namespace {

struct Stat {
  int64_t parent = 0;
  int64_t own_ticks = 0;
  int64_t reaped_ticks = 0;  // of children that were waited for
};

std::optional<Stat> ReadStat(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string line;
  std::getline(file, line);
  // The name in parentheses may hold anything; what follows it are the fields from the third on.
  const size_t name_end = line.rfind(')');
  if (!file || name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  Stat stat;
  fields >> skipped >> stat.parent;
  constexpr int kUserTime = 14;
  for (int i = 5; i < kUserTime; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  int64_t reaped_user = 0;
  int64_t reaped_system = 0;
  fields >> user >> system >> reaped_user >> reaped_system;
  stat.own_ticks = user + system;
  stat.reaped_ticks = reaped_user + reaped_system;
  return stat;
}

}  // namespace

int64_t FamilyCpuUs(int64_t pid) {
  const auto head = ReadStat(std::to_string(pid));
  if (!head) return 0;
  int64_t ticks = head->own_ticks + head->reaped_ticks;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto stat = ReadStat(name);
    if (stat && stat->parent == pid) ticks += stat->own_ticks;
  }
  return ticks * (1'000'000 / sysconf(_SC_CLK_TCK));
}

}  // namespace kengred::bench::postgres
