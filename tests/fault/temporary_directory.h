// A directory that is gone with the test, and files as strings.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

namespace kengred::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (Place() / "kengred-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  // In memory where there is room, as tests of storage sync thousands of times.
  static std::filesystem::path Place() {
    constexpr uintmax_t kRoomBytes = 256 * 1024 * 1024;
    const std::filesystem::path memory = "/dev/shm";
    std::error_code missing;
    const std::filesystem::space_info space = std::filesystem::space(memory, missing);
    const bool room = !missing && space.available >= kRoomBytes;
    return room ? memory : std::filesystem::temp_directory_path();
  }

  std::string path_;
};

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

inline void WriteFile(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

// Whether any file below the directory holds these bytes.
inline bool AnyFileHolds(const std::filesystem::path& directory, std::string_view bytes) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && ReadFile(entry.path()).find(bytes) != std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace kengred::testing
