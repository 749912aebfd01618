#include "kengred/core/tiles.h"

#include <algorithm>

#include "kengred/core/decimal.h"
#include "kengred/core/limits.h"

namespace kengred {
namespace {

constexpr std::string_view kTile = "tile/";
constexpr std::string_view kEntries = "entries";
constexpr std::string_view kPartial = ".p/";
constexpr size_t kGroupsMax = 6;  // of three digits each: kTileNumberMax

absl::Status Invalid(const std::string& why) { return absl::InvalidArgumentError(why); }

std::string FormatNumber(uint64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, (3 - digits.size() % 3) % 3, '0');
  std::string text;
  for (size_t i = 0; i < digits.size(); i += 3) {
    const bool last = i + 3 == digits.size();
    text.append(last ? "" : "x").append(digits, i, 3).append(last ? "" : "/");
  }
  return text;
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  for (size_t groups = 1; groups <= kGroupsMax; ++groups) {
    const bool last = !text.starts_with('x');
    if (!last) text.remove_prefix(1);
    if (text.size() < 3) return std::nullopt;
    for (const char c : text.substr(0, 3)) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + static_cast<uint64_t>(c - '0');
    }
    text.remove_prefix(3);
    if (last) return text.empty() ? std::optional(number) : std::nullopt;
    // No group of zeroes at the front.
    if (number == 0 || !text.starts_with('/')) return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::string> FormatTilePath(const TilePath& path) {
  if (path.level.value_or(0) > kTileLevelMax || path.number > kTileNumberMax || path.width < 1 ||
      path.width > kTileHashes) {
    return Invalid("there is no such tile");
  }
  std::string text(kTile);
  text += path.level ? std::to_string(*path.level) : std::string(kEntries);
  text += "/" + FormatNumber(path.number);
  if (path.width < kTileHashes) text.append(kPartial).append(std::to_string(path.width));
  return text;
}

absl::StatusOr<TilePath> ParseTilePath(std::string_view text) {
  const absl::Status invalid =
      Invalid("a tile's path is like tile/0/x001/x234/067.p/89 or tile/entries/067");
  if (!text.starts_with(kTile)) return invalid;
  text.remove_prefix(kTile.size());
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return invalid;
  TilePath path;
  if (const std::string_view level = text.substr(0, slash); level != kEntries) {
    const auto number = ParseDecimal(level);
    if (!number || *number > kTileLevelMax) return invalid;
    path.level = static_cast<uint32_t>(*number);
  }
  text.remove_prefix(slash + 1);
  if (const size_t partial = text.find(kPartial); partial != std::string_view::npos) {
    const auto width = ParseDecimal(text.substr(partial + kPartial.size()));
    if (!width || *width < 1 || *width >= kTileHashes) return invalid;
    path.width = static_cast<uint32_t>(*width);
    text = text.substr(0, partial);
  }
  const auto number = ParseNumber(text);
  if (!number) return invalid;
  path.number = *number;
  return path;
}

uint32_t TileWidth(uint32_t level, uint64_t number, uint64_t size) {
  // 2^64 leaves would be eight levels.
  const uint64_t hashes = level < 8 ? size >> (level * kTileHeight) : 0;
  if (number > hashes / kTileHashes) return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(hashes - number * kTileHashes, kTileHashes));
}

absl::StatusOr<TilePath> EntryBundleOf(uint64_t index, uint64_t size) {
  if (index >= size) {
    return Invalid("entry " + std::to_string(index) + " is not in a tree of " +
                   std::to_string(size) + " entries");
  }
  const uint64_t number = index / kTileHashes;
  return TilePath{std::nullopt, number, TileWidth(0, number, size)};
}

absl::StatusOr<std::string> EncodeTile(std::span<const Digest> hashes) {
  if (hashes.empty() || hashes.size() > kTileHashes) return Invalid("a tile has 1 to 256 hashes");
  std::string bytes;
  bytes.reserve(hashes.size() * Digest::kSize);
  for (const Digest& hash : hashes) bytes.append(hash.view());
  return bytes;
}

absl::StatusOr<std::vector<Digest>> ParseTile(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kTileHashes * Digest::kSize ||
      bytes.size() % Digest::kSize != 0) {
    return Invalid("a tile has 1 to 256 hashes of 32 bytes, not " + std::to_string(bytes.size()) +
                   " bytes");
  }
  std::vector<Digest> hashes;
  hashes.reserve(bytes.size() / Digest::kSize);
  for (size_t i = 0; i < bytes.size(); i += Digest::kSize) {
    hashes.push_back(*Digest::FromBytes(bytes.substr(i, Digest::kSize)));
  }
  return hashes;
}

absl::StatusOr<std::string> EncodeEntryBundle(std::span<const std::string> entries) {
  if (entries.size() > kTileHashes) return Invalid("a bundle has at most 256 entries");
  std::string bytes;
  for (const std::string& entry : entries) {
    if (entry.size() > kBundleEntryBytesMax) {
      return Invalid("an entry of " + std::to_string(entry.size()) +
                     " bytes does not fit a bundle, whose lengths end at 65535");
    }
    bytes.push_back(static_cast<char>(entry.size() >> 8));
    bytes.push_back(static_cast<char>(entry.size() & 0xff));
    bytes += entry;
  }
  return bytes;
}

absl::StatusOr<std::vector<std::string>> ParseEntryBundle(std::string_view bytes) {
  std::vector<std::string> entries;
  while (!bytes.empty()) {
    if (entries.size() == kTileHashes) return Invalid("a bundle has at most 256 entries");
    if (bytes.size() < 2) return Invalid("the bundle ends in the middle of a length");
    const size_t size =
        size_t{static_cast<uint8_t>(bytes[0])} << 8 | static_cast<uint8_t>(bytes[1]);
    bytes.remove_prefix(2);
    if (bytes.size() < size) return Invalid("the bundle ends in the middle of an entry");
    entries.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return entries;
}

}  // namespace kengred
