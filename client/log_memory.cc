#include "kengred/client/log_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "kengred/core/limits.h"

namespace kengred::client {
namespace {

constexpr std::string_view kHeader = "kengred-log/v1\n";
constexpr std::string_view kKey = "key ";

absl::Status NotWritten(const std::string& path) {
  return absl::UnavailableError("cannot write " + path + ": " + std::strerror(errno));
}

class FileLogMemory final : public LogMemory {
 public:
  explicit FileLogMemory(std::string directory) : directory_(std::move(directory)) {}

  absl::StatusOr<std::optional<RememberedLog>> Load(const LedgerId& ledger) override {
    const std::string path = PathOf(ledger);
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      if (!std::filesystem::exists(path)) return std::nullopt;
      return absl::UnavailableError("cannot read " + path);
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::string_view rest = text;
    const absl::Status damaged = absl::DataLossError(
        path + " is damaged; move it away to trust the ledger anew, as on first use");
    if (!rest.starts_with(kHeader) || rest.size() > 2 * kNoteBytesMax) return damaged;
    rest.remove_prefix(kHeader.size());
    RememberedLog log;
    while (rest.starts_with(kKey)) {
      const size_t end = rest.find('\n');
      if (end == std::string_view::npos) return damaged;
      log.verifier_keys.emplace_back(rest.substr(kKey.size(), end - kKey.size()));
      rest.remove_prefix(end + 1);
    }
    if (log.verifier_keys.empty() || !rest.starts_with('\n')) return damaged;
    log.checkpoint = rest.substr(1);
    return log;
  }

  absl::Status Save(const LedgerId& ledger, const RememberedLog& log) override {
    std::string text(kHeader);
    for (const std::string& key : log.verifier_keys) text.append(kKey).append(key).append("\n");
    text += "\n" + log.checkpoint;
    return Replace(PathOf(ledger), text);
  }

  absl::StatusOr<std::string> KeepEvidence(const LedgerId& ledger,
                                           const std::string& text) override {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    char time[32];
    std::strftime(time, sizeof(time), "%Y%m%dT%H%M%SZ", &utc);
    const std::string path =
        directory_ + "/evidence-" + ledger.ToHex().substr(0, 16) + "-" + time + ".txt";
    if (absl::Status status = Replace(path, text); !status.ok()) return status;
    return path;
  }

 private:
  std::string PathOf(const LedgerId& ledger) const {
    return directory_ + "/" + ledger.ToHex() + ".log";
  }

  absl::Status Replace(const std::string& path, const std::string& text) const {
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    std::string draft = path + ".XXXXXX";
    const int file = ::mkostemp(draft.data(), O_CLOEXEC);
    if (file < 0) return NotWritten(path);
    const bool written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file) == 0 && ::rename(draft.c_str(), path.c_str()) == 0;
    const absl::Status status = written ? absl::OkStatus() : NotWritten(path);
    ::close(file);
    if (!written) ::unlink(draft.c_str());
    return status;
  }

  const std::string directory_;
};

}  // namespace

std::shared_ptr<LogMemory> NewFileLogMemory(const std::string& directory) {
  return std::make_shared<FileLogMemory>(directory);
}

}  // namespace kengred::client
