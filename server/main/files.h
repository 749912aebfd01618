// Small files, read and written whole.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <string>

namespace kengred::server {

// No file that people write for us is larger.
inline constexpr size_t kSmallFileBytesMax = 1024 * 1024;

// What errno says, with what to do: NotFound, PermissionDenied, ResourceExhausted, else
// Unavailable.
absl::Status FileStatus(int error, const std::string& what);

// The content of a file. NotFound, PermissionDenied or FailedPrecondition (a directory, too large)
// name it and say what to do.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

// Puts `content` in a file that others wait for: it is there whole or not at all, whatever happens.
absl::Status WriteFileAtomically(const std::string& path, const std::string& content);

// Removes a file; it is no error where there is none.
absl::Status RemoveFile(const std::string& path);

}  // namespace kengred::server
