#include "server/storage/rocksdb_status.h"

#include <cerrno>
#include <cstring>
#include <string_view>

namespace kengred::storage {
namespace {

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

absl::Status ToStatus(const rocksdb::Status& status, const std::string& what) {
  const std::string text = what + ": " + status.ToString();
  if (status.IsCorruption() || status.IsPathNotFound()) {
    return absl::DataLossError(text +
                               "; the disk or its file system has damaged the store: check the "
                               "disk, then restore the store from a backup");
  }
  if (status.IsNoSpace()) {
    return absl::ResourceExhaustedError(text + "; free space on that disk");
  }
  if (Contains(text, std::strerror(EACCES)) || Contains(text, std::strerror(EROFS))) {
    return absl::PermissionDeniedError(
        text + "; give this user the right to write there, or mount the disk read-write");
  }
  return absl::UnavailableError(text);
}

absl::Status InUse(const std::string& path) {
  return absl::FailedPreconditionError(
      path + " is already in use by another process: stop it, or give another directory");
}

bool IsLockHeld(const rocksdb::Status& status) {
  return Contains(status.ToString(), "While lock file") ||
         Contains(status.ToString(), "lock hold by current process");
}

absl::Status TryLock(const std::string& path, rocksdb::Env* env) {
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status status = env->LockFile(path + "/LOCK", &lock);
  if (!status.ok()) {
    return IsLockHeld(status) ? InUse(path) : ToStatus(status, "cannot lock " + path);
  }
  env->UnlockFile(lock).PermitUncheckedError();
  return absl::OkStatus();
}

}  // namespace kengred::storage
