// Small files, read and written whole, and files that hold secrets. Any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace kengred {

// No file that people write for us is larger.
inline constexpr size_t kSmallFileBytesMax = 1024 * 1024;

// What errno says, with what to do: NotFound, PermissionDenied, ResourceExhausted, else
// Unavailable.
absl::Status FileStatus(int error, const std::string& what);

// The content of a file. NotFound, PermissionDenied or FailedPrecondition (a directory, too large)
// name it and say what to do.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

// Puts `content` in a file, in place of what was there: it is there whole or not at all, whatever
// happens.
absl::Status WriteFileAtomically(const std::string& path, std::string_view content);
// Also: once this is OK, a power loss does not take it back.
absl::Status WriteFileDurably(const std::string& path, std::string_view content);

// Removes a file; it is no error where there is none.
absl::Status RemoveFile(const std::string& path);

// Syncs the directory that holds a path, so that a new name in it survives a power loss.
absl::Status SyncParent(const std::string& path);

// ---- secrets ----

// Creates a file that only its owner may read; it never holds half a secret. AlreadyExists where
// one is there: a key is never replaced. ResourceExhausted or PermissionDenied otherwise.
absl::Status CreateSecretFile(const std::string& path, std::string_view content);
// As ReadSmallFile; also FailedPrecondition where others than its owner may read it. The caller
// wipes the content.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path);

}  // namespace kengred
