#include "files/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace kengred {
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

// Why a secret's file could not be made, by errno.
absl::Status NoSecretFile(const std::string& path, int error) {
  if (error == EEXIST) return absl::AlreadyExistsError(path + " is there already");
  const std::string what = "cannot write " + path + ": " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) {
    return absl::ResourceExhaustedError(what + "; free space on that disk");
  }
  return absl::PermissionDeniedError(what + "; choose another place for it");
}

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

absl::Status WriteFileAtomically(const std::string& path, std::string_view content) {
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

absl::Status WriteFileDurably(const std::string& path, std::string_view content) {
  if (absl::Status status = WriteFileAtomically(path, content); !status.ok()) return status;
  return SyncParent(path);
}

absl::Status RemoveFile(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return FileStatus(errno, "cannot remove " + path);
}

absl::Status SyncParent(const std::string& path) {
  std::string parent = std::filesystem::path(path).parent_path().string();
  if (parent.empty()) parent = ".";
  const int directory = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = directory >= 0 && ::fsync(directory) == 0;
  const int error = errno;
  if (directory >= 0) ::close(directory);
  return synced ? absl::OkStatus() : FileStatus(error, "cannot sync " + parent);
}

absl::Status CreateSecretFile(const std::string& path, std::string_view content) {
  const std::string draft = path + ".new-" + std::to_string(::getpid());
  const Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) return NoSecretFile(path, errno);
  // A link fails where the name is taken.
  const bool named =
      ::write(file.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      ::fsync(file.get()) == 0 && ::link(draft.c_str(), path.c_str()) == 0;
  const int error = errno;
  ::unlink(draft.c_str());
  return named ? SyncParent(path) : NoSecretFile(path, error);
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return FileStatus(errno, "cannot read " + path);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError("others may read the secret " + path +
                                         "; run: chmod 600 " + path);
  }
  return ReadSmallFile(path);
}

}  // namespace kengred
