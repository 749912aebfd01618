#include "server/main/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace kengred::server {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  const int number_;
};

}  // namespace

absl::Status FileStatus(int error, const std::string& what) {
  const std::string text = what + ": " + std::strerror(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(text + "; look at the path");
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text + "; give this user the right to it");
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(text + "; free space on that disk");
    default:
      return absl::UnavailableError(text);
  }
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  // A pipe or terminal without a writer must not hang us before we can say so.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) return FileStatus(errno, "cannot read " + path);
  std::string content;
  std::array<char, 16 * 1024> buffer;
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EISDIR) {
      return absl::FailedPreconditionError(path + " is a directory; give a file");
    }
    if (count < 0) return FileStatus(errno, "cannot read " + path);
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<size_t>(count));
    if (content.size() > kSmallFileBytesMax) {
      return absl::FailedPreconditionError(path + " is larger than 1 MiB; give the right file");
    }
  }
}

absl::Status WriteFileAtomically(const std::string& path, const std::string& content) {
  const std::string temporary = path + ".tmp" + std::to_string(::getpid());
  bool written = false;
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                 S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH));
    if (file.get() < 0) return FileStatus(errno, "cannot create " + temporary);
    errno = ENOSPC;  // what a short write means
    written = ::write(file.get(), content.data(), content.size()) ==
                  static_cast<ssize_t>(content.size()) &&
              ::fsync(file.get()) == 0;
  }
  if (written && ::rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  const absl::Status status = FileStatus(errno, "cannot write " + path);
  ::unlink(temporary.c_str());
  return status;
}

absl::Status RemoveFile(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return FileStatus(errno, "cannot remove " + path);
}

}  // namespace kengred::server
