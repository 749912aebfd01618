#include "server/main/large_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "files/small_file.h"

namespace kengred::server {
namespace {

constexpr size_t kBufferBytes = 1024 * 1024;
constexpr size_t kWindowBytes = 256 * 1024;

class FileBytes : public audit::ExportBytes {
 public:
  FileBytes(std::string path, int file, uint64_t size)
      : path_(std::move(path)), file_(file), size_(size) {}
  ~FileBytes() override { ::close(file_); }
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  uint64_t size() const override { return size_; }

  absl::StatusOr<std::string> Read(uint64_t offset, size_t count) override {
    if (offset < begin_ || offset + count > begin_ + window_.size()) {
      if (absl::Status status = MoveWindow(offset, count); !status.ok()) return status;
    }
    return window_.substr(offset - begin_, count);
  }

 private:
  absl::Status MoveWindow(uint64_t offset, size_t count) {
    begin_ = offset;
    window_.resize(std::min<uint64_t>(std::max(count, kWindowBytes), size_ - offset));
    for (size_t done = 0; done < window_.size();) {
      const ssize_t part = ::pread(file_, window_.data() + done, window_.size() - done,
                                   static_cast<off_t>(offset + done));
      if (part < 0 && errno == EINTR) continue;
      if (part <= 0) {
        const int error = errno;
        window_.clear();
        if (part == 0) return absl::DataLossError(path_ + " has become shorter while it was read");
        return FileStatus(error, "cannot read " + path_);
      }
      done += static_cast<size_t>(part);
    }
    return absl::OkStatus();
  }

  const std::string path_;
  const int file_;
  const uint64_t size_;
  uint64_t begin_ = 0;
  std::string window_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LargeFileWriter>> LargeFileWriter::Create(const std::string& path) {
  std::string draft = path + ".tmp" + std::to_string(::getpid());
  const int file =
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return FileStatus(errno, "cannot create " + draft);
  return std::unique_ptr<LargeFileWriter>(new LargeFileWriter(path, std::move(draft), file));
}

LargeFileWriter::LargeFileWriter(std::string path, std::string draft, int file)
    : path_(std::move(path)), draft_(std::move(draft)), file_(file) {}

LargeFileWriter::~LargeFileWriter() {
  ::close(file_);
  if (!finished_) ::unlink(draft_.c_str());
}

absl::Status LargeFileWriter::Write(std::string_view bytes) {
  buffer_ += bytes;
  return buffer_.size() < kBufferBytes ? absl::OkStatus() : WriteBuffer();
}

absl::Status LargeFileWriter::WriteBuffer() {
  for (std::string_view left = buffer_; !left.empty();) {
    const ssize_t part = ::write(file_, left.data(), left.size());
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return FileStatus(errno, "cannot write " + path_);
    left.remove_prefix(static_cast<size_t>(part));
  }
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status LargeFileWriter::Finish() {
  if (absl::Status status = WriteBuffer(); !status.ok()) return status;
  if (::fsync(file_) != 0 || ::rename(draft_.c_str(), path_.c_str()) != 0) {
    return FileStatus(errno, "cannot write " + path_);
  }
  finished_ = true;
  return SyncParent(path_);
}

absl::StatusOr<std::unique_ptr<audit::ExportBytes>> OpenLargeFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) return FileStatus(errno, "cannot read " + path);
  struct stat info {};
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(file);
    return absl::FailedPreconditionError(path + " is no regular file; give a file");
  }
  return std::make_unique<FileBytes>(path, file, static_cast<uint64_t>(info.st_size));
}

}  // namespace kengred::server
