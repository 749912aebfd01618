// Files that do not fit in memory: written so that others see all of one or nothing, and read from
// anywhere.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>

#include "server/audit/export_file.h"

namespace kengred::server {

// A file that comes into being when it is finished, for its owner's eyes only, whatever was there
// before; without that nothing changes. For one thread.
class LargeFileWriter {
 public:
  // NotFound, PermissionDenied, ResourceExhausted or Unavailable, as all of the following.
  static absl::StatusOr<std::unique_ptr<LargeFileWriter>> Create(const std::string& path);
  // Throws away what was not finished.
  ~LargeFileWriter();
  LargeFileWriter(const LargeFileWriter&) = delete;
  LargeFileWriter& operator=(const LargeFileWriter&) = delete;

  absl::Status Write(std::string_view bytes);
  // Syncs the file and gives it its name.
  absl::Status Finish();

 private:
  LargeFileWriter(std::string path, std::string draft, int file);
  absl::Status WriteBuffer();

  const std::string path_;
  const std::string draft_;
  const int file_;
  std::string buffer_;
  bool finished_ = false;
};

// Reads a file through a window of 256 KiB. FailedPrecondition where it is no regular file; a read
// is DataLoss where the file has become shorter.
absl::StatusOr<std::unique_ptr<audit::ExportBytes>> OpenLargeFile(const std::string& path);

}  // namespace kengred::server
