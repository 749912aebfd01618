// Records kept outside of memory for as long as a process needs them.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kengred::remote {

// A file without a name in the folder for temporary files ($TMPDIR, /tmp): nobody else can open it,
// and it is gone with the process, however that ends. Memory: 8 bytes a record. For one thread.
// Errors: Unavailable, or ResourceExhausted where the disk is full, naming the folder.
class Spool {
 public:
  static absl::StatusOr<std::unique_ptr<Spool>> Create();
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  absl::Status Append(std::string_view record);
  size_t size() const { return ends_.size(); }
  // Up to `count` records from `first` on, which is below size(): as many as have at most
  // `bytes_max` bytes together, but at least one.
  absl::StatusOr<std::vector<std::string>> Read(size_t first, size_t count, size_t bytes_max) const;

 private:
  Spool(int file, std::string folder) : file_(file), folder_(std::move(folder)) {}
  uint64_t BeginOf(size_t record) const { return record == 0 ? 0 : ends_[record - 1]; }

  const int file_;
  const std::string folder_;
  std::vector<uint64_t> ends_;
};

}  // namespace kengred::remote
