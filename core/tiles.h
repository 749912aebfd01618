// Tiles, as C2SP tlog-tiles specifies them: the hashes and entries of a log as files that never
// change.
//
//   path    = "tile/" level "/" number [ ".p/" width ]      ; 32 * width bytes: hashes
//           / "tile/entries/" number [ ".p/" width ]        ; an entry bundle
//   level   = "0" to "63"                                   ; hashes of merkle.h's level 8 * level
//   number  = *( "x" 3DIGIT "/" ) 3DIGIT                    ; 1234067 is x001/x234/067
//   width   = "1" to "255"                                  ; of a partial tile; a full one has 256
//   bundle  = *( 2-byte-length entry )                      ; big-endian
//
// Tile n of a level holds its hashes 256 n .. 256 n + 255; a bundle holds the entries of the tile
// with the same number at level 0.
//
// A bundle's lengths end at 65,535 bytes. Journal entries may be larger (kEntryBytesMax): a bundle
// with such an entry cannot be written, and EncodeEntryBundle says so. The tiles of hashes have no
// such limit.
//
// Any thread. Errors: InvalidArgument, in words.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/merkle.h"

namespace kengred {

inline constexpr uint32_t kTileLevelMax = 63;
inline constexpr uint64_t kTileNumberMax = 999'999'999'999'999'999;
inline constexpr size_t kBundleEntryBytesMax = 65535;

// Which tile.
struct TilePath {
  std::optional<uint32_t> level;  // 0 to 63; none: an entry bundle
  uint64_t number = 0;            // at most kTileNumberMax
  uint32_t width = kTileHashes;   // 1 to 256

  friend bool operator==(const TilePath&, const TilePath&) = default;
};

absl::StatusOr<std::string> FormatTilePath(const TilePath& path);
// Strict: FormatTilePath of what is read is the text again.
absl::StatusOr<TilePath> ParseTilePath(std::string_view text);

// The width of a tile in a tree of that size; 0 where the tree does not reach it.
uint32_t TileWidth(uint32_t level, uint64_t number, uint64_t size);
// The bundle that holds the entry of leaf `index` in a tree of that size; `index` below `size`.
absl::StatusOr<TilePath> EntryBundleOf(uint64_t index, uint64_t size);

// 1 to 256 hashes one after the other.
absl::StatusOr<std::string> EncodeTile(std::span<const Digest> hashes);
absl::StatusOr<std::vector<Digest>> ParseTile(std::string_view bytes);

// At most 256 entries.
absl::StatusOr<std::string> EncodeEntryBundle(std::span<const std::string> entries);
absl::StatusOr<std::vector<std::string>> ParseEntryBundle(std::string_view bytes);

}  // namespace kengred
