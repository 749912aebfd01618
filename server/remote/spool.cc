#include "server/remote/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace kengred::remote {
namespace {

absl::Status Failed(const std::string& what, const std::string& folder) {
  const std::string message =
      what + " a temporary file in " + folder + ": " + std::strerror(errno) +
      "; the journal is kept there while it is audited. Set TMPDIR to a folder with room.";
  return errno == ENOSPC || errno == EDQUOT || errno == EFBIG
             ? absl::ResourceExhaustedError(message)
             : absl::UnavailableError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> Spool::Create() {
  std::error_code error;
  const std::filesystem::path found = std::filesystem::temp_directory_path(error);
  const std::string folder = error ? "/tmp" : found.string();
  std::string name = folder + "/kengred-audit-XXXXXX";
  const int file = ::mkostemp(name.data(), O_CLOEXEC);  // readable by its owner only
  if (file < 0) return Failed("cannot create", folder);
  ::unlink(name.c_str());
  return std::unique_ptr<Spool>(new Spool(file, folder));
}

Spool::~Spool() { ::close(file_); }

absl::Status Spool::Append(std::string_view record) {
  uint64_t end = BeginOf(ends_.size());
  while (!record.empty()) {
    const ssize_t part = ::pwrite(file_, record.data(), record.size(), static_cast<off_t>(end));
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return Failed("cannot write", folder_);
    record.remove_prefix(static_cast<size_t>(part));
    end += static_cast<uint64_t>(part);
  }
  ends_.push_back(end);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> Spool::Read(size_t first, size_t count,
                                                     size_t bytes_max) const {
  const uint64_t begin = BeginOf(first);
  size_t end = first + 1;
  while (end < std::min(ends_.size(), first + count) && ends_[end] - begin <= bytes_max) ++end;
  std::string bytes(ends_[end - 1] - begin, '\0');
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t part =
        ::pread(file_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(begin + done));
    if (part < 0 && errno == EINTR) continue;
    if (part == 0) errno = EIO;
    if (part <= 0) return Failed("cannot read", folder_);
    done += static_cast<size_t>(part);
  }
  std::vector<std::string> records;
  records.reserve(end - first);
  for (size_t i = first; i < end; ++i) {
    records.push_back(bytes.substr(BeginOf(i) - begin, ends_[i] - BeginOf(i)));
  }
  return records;
}

}  // namespace kengred::remote
