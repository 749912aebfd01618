#include "server/main/import_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "files/small_file.h"
#include "server/main/large_file.h"
#include "server/storage/store_directory.h"

namespace kengred::server {
namespace {

std::string WithoutSlash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

absl::Status Empty(const std::string& path) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    std::filesystem::remove_all(entry.path(), error);
    if (error) break;
  }
  return error ? FileStatus(error.value(), "cannot empty " + path) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ImportDirectory>> ImportDirectory::Make(const std::string& data) {
  const std::string name = WithoutSlash(data);
  const absl::StatusOr<storage::StoreDirectory> found = storage::InspectDirectory(name);
  if (!found.ok()) return found.status();
  if (*found != storage::StoreDirectory::kEmpty) {
    return absl::FailedPreconditionError(data + " already holds a store; choose another directory");
  }
  std::string path = name + ".importing";
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return FileStatus(errno, "cannot create " + path);
  }
  const int lock = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0) return FileStatus(errno, "cannot open " + path);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return absl::FailedPreconditionError("another import writes in " + path +
                                         " already; wait until it has ended");
  }
  std::unique_ptr<ImportDirectory> directory(new ImportDirectory(name, std::move(path), lock));
  if (absl::Status status = Empty(directory->path()); !status.ok()) return status;
  return directory;
}

ImportDirectory::ImportDirectory(std::string data, std::string path, int lock)
    : data_(std::move(data)), path_(std::move(path)), lock_(lock) {}

ImportDirectory::~ImportDirectory() {
  std::error_code ignored;
  if (!published_) std::filesystem::remove_all(path_, ignored);
  ::close(lock_);
}

absl::Status ImportDirectory::Hide() {
  if (::rename((path_ + "/FORMAT").c_str(), (path_ + "/FORMAT.tmp").c_str()) == 0) {
    return absl::OkStatus();
  }
  return FileStatus(errno, "cannot rename " + path_ + "/FORMAT");
}

absl::Status ImportDirectory::Publish() {
  if (::rename((path_ + "/FORMAT.tmp").c_str(), (path_ + "/FORMAT").c_str()) != 0 ||
      ::fsync(lock_) != 0 || ::rename(path_.c_str(), data_.c_str()) != 0) {
    return FileStatus(errno, "cannot move " + path_ + " to " + data_);
  }
  published_ = true;
  return SyncParent(data_);
}

}  // namespace kengred::server
