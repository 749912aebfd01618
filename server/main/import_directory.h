// The directory in which an import writes, beside the one that it will be.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>

namespace kengred::server {

// "DATA.importing". What is in it cannot be opened as a ledger, also not after a crash, until
// Publish gives it its name. One process at a time; what a crashed one has left is thrown away. For
// one thread.
class ImportDirectory {
 public:
  // FailedPrecondition where there is something at `data` or another import writes there already;
  // other errors are those of the disk.
  static absl::StatusOr<std::unique_ptr<ImportDirectory>> Make(const std::string& data);
  // Removes it with all that is in it, unless it was published.
  ~ImportDirectory();
  ImportDirectory(const ImportDirectory&) = delete;
  ImportDirectory& operator=(const ImportDirectory&) = delete;

  // Where the store is made.
  const std::string& path() const { return path_; }
  // After the store was made: takes away the file by which it is known as one.
  absl::Status Hide();
  // After the store was closed: puts the file back, and gives the directory the name `data`.
  absl::Status Publish();

 private:
  ImportDirectory(std::string data, std::string path, int lock);

  const std::string data_;
  const std::string path_;
  const int lock_;
  bool published_ = false;
};

}  // namespace kengred::server
