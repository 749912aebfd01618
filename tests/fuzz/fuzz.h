// What fuzz targets share: a check that holds in every build, and an input read piece by piece.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace kengred::fuzz {

// Aborts, which libFuzzer reports with the input, where `condition` does not hold.
#define KENGRED_FUZZ_CHECK(condition)                                                     \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

inline std::string_view AsText(const uint8_t* data, size_t size) {
  return {static_cast<const char*>(static_cast<const void*>(data)), size};
}

// Small choices taken from the front of an input; zeroes when it is used up.
class Choices {
 public:
  Choices(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  uint8_t Byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  // 0 to count - 1; count at most 256.
  size_t Below(size_t count) { return Byte() % count; }
  // Mostly small, sometimes at the ends of int64, also negative.
  int64_t Amount() {
    switch (Below(8)) {
      case 0:
        return INT64_MAX - Byte();
      case 1:
        return -int64_t{Byte()};
      case 2:
        return int64_t{Byte()} << (Byte() % 48);
      default:
        return int64_t{Byte()} * 100 + Byte();
    }
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

}  // namespace kengred::fuzz
