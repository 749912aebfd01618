// Small value types for what is easily swapped. All are fixed-size byte strings; each has a type of
// its own, so that an account id cannot be passed where a transaction id is meant.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kengred {

// N bytes with the meaning that Tag names. Value-initialized to zeroes.
template <typename Tag, size_t N>
class FixedBytes {
 public:
  static constexpr size_t kSize = N;

  constexpr FixedBytes() = default;
  explicit constexpr FixedBytes(const std::array<uint8_t, N>& bytes) : bytes_(bytes) {}

  // Nothing unless `bytes` has exactly N bytes.
  static std::optional<FixedBytes> FromBytes(std::string_view bytes) {
    if (bytes.size() != N) return std::nullopt;
    FixedBytes result;
    std::memcpy(result.bytes_.data(), bytes.data(), N);
    return result;
  }
  // Nothing unless `hex` has exactly 2 N hexadecimal digits of either case.
  static std::optional<FixedBytes> FromHex(std::string_view hex) {
    if (hex.size() != 2 * N) return std::nullopt;
    FixedBytes result;
    for (size_t i = 0; i < N; ++i) {
      const int high = HexDigit(hex[2 * i]);
      const int low = HexDigit(hex[2 * i + 1]);
      if (high < 0 || low < 0) return std::nullopt;
      result.bytes_[i] = static_cast<uint8_t>(high * 16 + low);
    }
    return result;
  }

  const uint8_t* data() const { return bytes_.data(); }
  uint8_t* data() { return bytes_.data(); }
  static constexpr size_t size() { return N; }
  // Valid as long as this object.
  std::string_view view() const {
    return {static_cast<const char*>(static_cast<const void*>(bytes_.data())), N};
  }
  std::string ToBytes() const { return std::string(view()); }
  std::string ToHex() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * N);
    for (const uint8_t byte : bytes_) {
      hex.push_back(kDigits[byte >> 4]);
      hex.push_back(kDigits[byte & 15]);
    }
    return hex;
  }

  friend auto operator<=>(const FixedBytes&, const FixedBytes&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const FixedBytes& id) {
    return H::combine(std::move(h), id.bytes_);
  }

 private:
  static int HexDigit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  std::array<uint8_t, N> bytes_{};
};

using Digest = FixedBytes<struct DigestTag, 32>;      // a SHA-256
using LedgerId = FixedBytes<struct LedgerIdTag, 32>;  // SHA-256 of the charter's bytes
using TransactionId = FixedBytes<struct TransactionIdTag, 32>;
using AccountId = FixedBytes<struct AccountIdTag, 20>;
using ReconversionId = FixedBytes<struct ReconversionIdTag, 20>;
using PublicKey = FixedBytes<struct PublicKeyTag, 32>;  // Ed25519

// The place of an entry in the journal; 1 is the charter.
using Sequence = uint64_t;

}  // namespace kengred

template <typename Tag, size_t N>
struct std::hash<kengred::FixedBytes<Tag, N>> {
  size_t operator()(const kengred::FixedBytes<Tag, N>& id) const noexcept {
    return std::hash<std::string_view>{}(id.view());
  }
};
