// Where test material from outside the project lies: public vectors that are not copied into it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace kengred::testing {

// A file or folder below the shared material ("vectors/bip/bip350_bech32m.json"): in the folder
// that KENGRED_SHARED_DIR names, else in the folder "shared" beside the source tree. Nothing where
// it is not there; the test then says so and skips.
std::optional<std::filesystem::path> FindSharedFile(std::string_view relative_path);

// The project's own source tree (environment KENGRED_SOURCE_DIR, which ctest sets; else the current
// folder).
std::filesystem::path SourceDir();

// The whole file; empty where it cannot be read.
std::string ReadWholeFile(const std::filesystem::path& path);

}  // namespace kengred::testing
