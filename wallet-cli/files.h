// Files of this machine: whole, private, and replaced atomically.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

namespace kengred::wallet {

// Reads at most `bytes_max`. Errors are Fail(kFile) with a hint.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t bytes_max);
// Writes mode 0600 from creation, syncs, renames. With `overwrite` false an existing file is an
// error.
absl::Status WritePrivateFile(const std::string& path, std::string_view content, bool overwrite);
// Makes a folder and its parents, mode 0700.
absl::Status MakePrivateFolder(const std::string& path);
// The files of a folder whose names end so, with the folder's path, sorted; none where there is no
// such folder.
std::vector<std::string> ListFiles(const std::string& folder, std::string_view ending);
// Nothing where there is none.
void RemoveFile(const std::string& path);
bool FileExists(const std::string& path);

}  // namespace kengred::wallet
