#include "wallet/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kengred/core/hash.h"
#include "kengred/core/signing.h"
#include "wallet/manners.h"
#include "wallet/status_macros.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

std::string ErrorText() { return std::strerror(errno); }

absl::Status CannotWrite(const std::string& path) {
  return Fail(ExitCode::kFile, Tr("Cannot write {}: {}.", path, ErrorText()),
              _("Check that the folder exists, is yours, and has room."));
}

// Closes a descriptor on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t bytes_max) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    return Fail(ExitCode::kFile, Tr("Cannot read {}: {}.", path, ErrorText()),
                _("Check the file's name and that you may read it."));
  }
  std::string content;
  char buffer[16384];
  for (;;) {
    const ssize_t n = read(file.get(), buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return Fail(ExitCode::kFile, Tr("Cannot read {}: {}.", path, ErrorText()),
                  _("Check the file's name and that you may read it."));
    }
    if (n == 0) return content;
    content.append(buffer, static_cast<size_t>(n));
    if (content.size() > bytes_max) {
      return Fail(ExitCode::kFile, Tr("{} is too large: at most {} bytes.", path, bytes_max),
                  _("Check that this is the right file."));
    }
  }
}

absl::Status WritePrivateFile(const std::string& path, std::string_view content, bool overwrite) {
  if (!overwrite && FileExists(path)) {
    return Fail(ExitCode::kFile, Tr("{} exists already.", path),
                _("Choose another name, or move the file away."));
  }
  const std::string folder = FolderOf(path);
  const std::string temporary =
      path + "." + Sha256({RandomBytes(16)}).ToHex().substr(0, 16) + ".tmp";
  {
    const Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) return CannotWrite(path);
    while (!content.empty()) {
      const ssize_t n = write(file.get(), content.data(), content.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        const absl::Status status = CannotWrite(path);
        unlink(temporary.c_str());
        return status;
      }
      content.remove_prefix(static_cast<size_t>(n));
    }
    if (fsync(file.get()) != 0) {
      const absl::Status status = CannotWrite(path);
      unlink(temporary.c_str());
      return status;
    }
  }
  // link refuses to replace a file that appeared meanwhile; rename replaces at once.
  const int placed =
      overwrite ? rename(temporary.c_str(), path.c_str()) : link(temporary.c_str(), path.c_str());
  if (placed != 0) {
    const absl::Status status = CannotWrite(path);
    unlink(temporary.c_str());
    return status;
  }
  if (!overwrite) unlink(temporary.c_str());
  const Descriptor directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) fsync(directory.get());
  return absl::OkStatus();
}

absl::Status MakePrivateFolder(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    if (mkdir(path.substr(0, slash).c_str(), 0700) != 0 && errno != EEXIST) {
      return Fail(ExitCode::kFile,
                  Tr("Cannot make the folder {}: {}.", path.substr(0, slash), ErrorText()),
                  _("Set XDG_DATA_HOME to a folder that you may write to."));
    }
  }
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Fail(ExitCode::kFile, Tr("Cannot make the folder {}: {}.", path, ErrorText()),
                _("Set XDG_DATA_HOME to a folder that you may write to."));
  }
  return absl::OkStatus();
}

std::vector<std::string> ListFiles(const std::string& folder, std::string_view ending) {
  std::vector<std::string> files;
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) return files;
  while (const dirent* item = readdir(directory)) {
    const std::string_view name = item->d_name;
    if (name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending) {
      files.push_back(folder + "/" + std::string(name));
    }
  }
  closedir(directory);
  std::sort(files.begin(), files.end());
  return files;
}

void RemoveFile(const std::string& path) { unlink(path.c_str()); }

bool FileExists(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0;
}

}  // namespace kengred::wallet
