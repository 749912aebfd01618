#include "server/storage/store_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <set>
#include <string_view>

namespace kengred::storage {
namespace {

constexpr char kFormatFile[] = "FORMAT";
constexpr char kTemporaryFile[] = "FORMAT.tmp";
constexpr std::string_view kFormatWord = "kengred-store ";
constexpr uint32_t kFormatNumber = 3;

absl::Status FromErrno(int error, const std::string& what) {
  const std::string text = what + ": " + std::strerror(error);
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(
          text + "; give this user the right to write there, or mount the disk read-write");
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(text + "; free space on that disk");
    default:
      return absl::UnavailableError(text);
  }
}

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

absl::StatusOr<std::set<std::string>> List(const std::string& path) {
  DIR* const directory = ::opendir(path.c_str());
  if (directory == nullptr) return FromErrno(errno, "cannot list " + path);
  std::set<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) names.insert(entry->d_name);
  const int error = errno;
  ::closedir(directory);
  if (error != 0) return FromErrno(error, "cannot list " + path);
  names.erase(".");
  names.erase("..");
  return names;
}

absl::Status CheckFormat(const std::string& path) {
  const Descriptor file(::open((path + "/" + kFormatFile).c_str(), O_RDONLY | O_CLOEXEC));
  // Longer than any line of ours, so that a longer file is seen to be another's.
  std::array<char, 64> buffer{};
  const ssize_t count = file.get() < 0 ? -1 : ::read(file.get(), buffer.data(), buffer.size());
  if (count < 0) return FromErrno(errno, "cannot read " + path + "/" + kFormatFile);
  const std::string_view text(buffer.data(), static_cast<size_t>(count));

  uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const char* const digits = text.data() + std::min(kFormatWord.size(), text.size());
  const auto [rest, error] = std::from_chars(digits, end, number);
  if (!text.starts_with(kFormatWord) || error != std::errc() || end - rest != 1 || *rest != '\n') {
    return absl::FailedPreconditionError(path +
                                         " is not a Kengred store: its file FORMAT is not ours; "
                                         "give the directory of a Kengred store");
  }
  if (number != kFormatNumber) {
    return absl::FailedPreconditionError(
        path + " has store format " + std::to_string(number) + ", and this program knows " +
        std::to_string(kFormatNumber) + ": use the release of Kengred that wrote it");
  }
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) {
    return FromErrno(errno, "cannot sync " + path);
  }
  return absl::OkStatus();
}

absl::Status WriteSynced(const std::string& path, std::string_view text) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file.get() < 0) return FromErrno(errno, "cannot create " + path);
  const ssize_t count = ::write(file.get(), text.data(), text.size());
  if (count < 0 || ::fsync(file.get()) != 0) return FromErrno(errno, "cannot write " + path);
  if (static_cast<size_t>(count) != text.size()) return FromErrno(ENOSPC, "cannot write " + path);
  return absl::OkStatus();
}

// The directory that holds the path.
std::string Parent(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

}  // namespace

absl::StatusOr<StoreDirectory> InspectDirectory(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return StoreDirectory::kEmpty;
    return FromErrno(errno, "cannot look at " + path);
  }
  if (!S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(path + " is a file: give the directory of a store");
  }
  absl::StatusOr<std::set<std::string>> names = List(path);
  if (!names.ok()) return names.status();
  names->erase(kTemporaryFile);
  if (names->empty()) return StoreDirectory::kEmpty;
  if (!names->contains(kFormatFile)) {
    return absl::FailedPreconditionError(path + " is not a Kengred store: it holds " +
                                         *names->begin() +
                                         " and no FORMAT; give the directory of a Kengred store, "
                                         "or an empty one to create it in");
  }
  if (absl::Status format = CheckFormat(path); !format.ok()) return format;
  if (names->contains("CURRENT")) return StoreDirectory::kStore;
  // CURRENT is written before any table or log, so the making of this store was interrupted, unless
  // there is one: then making it again would throw away what it holds.
  for (const std::string& name : *names) {
    if (name.ends_with(".sst") || name.ends_with(".log")) {
      return absl::DataLossError(path + " has lost its file CURRENT: restore it from a backup");
    }
  }
  return StoreDirectory::kUnfinished;
}

absl::Status NoStore(StoreDirectory found, const std::string& path) {
  if (found == StoreDirectory::kEmpty) {
    return absl::NotFoundError("there is no store in " + path +
                               ": give the directory of a Kengred store, or create one");
  }
  return absl::FailedPreconditionError("the making of the store in " + path +
                                       " was interrupted: create it again");
}

absl::Status MakeDirectory(const std::string& path) {
  const std::string parent = Parent(path);
  if (::mkdir(path.c_str(), S_IRWXU) == 0) {
    if (absl::Status synced = SyncDirectory(parent); !synced.ok()) return synced;
  } else if (errno == ENOENT) {
    return absl::NotFoundError("cannot create " + path + ": there is no directory " + parent +
                               "; make it first");
  } else if (errno != EEXIST) {
    return FromErrno(errno, "cannot create " + path);
  }
  const std::string temporary = path + "/" + kTemporaryFile;
  const std::string text = std::string(kFormatWord) + std::to_string(kFormatNumber) + "\n";
  if (absl::Status written = WriteSynced(temporary, text); !written.ok()) return written;
  if (::rename(temporary.c_str(), (path + "/" + kFormatFile).c_str()) != 0) {
    return FromErrno(errno, "cannot create " + path + "/" + kFormatFile);
  }
  return SyncDirectory(path);
}

absl::Status CheckWritable(const std::string& path) {
  if (::faccessat(AT_FDCWD, path.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return absl::OkStatus();
  return FromErrno(errno, "cannot write in " + path);
}

}  // namespace kengred::storage
