#include "tests/support/shared_files.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace kengred::testing {

std::optional<std::filesystem::path> FindSharedFile(std::string_view relative_path) {
  const char* named = std::getenv("KENGRED_SHARED_DIR");
  const std::filesystem::path folder =
      named != nullptr ? std::filesystem::path(named) : SourceDir() / ".." / "shared";
  std::error_code ignored;
  std::filesystem::path path = folder / relative_path;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  return path;
}

std::filesystem::path SourceDir() {
  const char* named = std::getenv("KENGRED_SOURCE_DIR");
  return named != nullptr ? std::filesystem::path(named) : std::filesystem::current_path();
}

std::string ReadWholeFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace kengred::testing
