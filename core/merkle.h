// The Merkle tree over the journal: SHA-256 as in RFC 6962 section 2.1 and RFC 9162 section 2.1,
// whose roots stand in checkpoints.
//
//   leaf hash = SHA-256( 0x00 entry )          node hash = SHA-256( 0x01 left right )
//
// Leaves are numbered from 0: entry s of the journal is leaf s - 1. A tree of n leaves splits at
// the largest power of two below n; a *complete subtree* of level l covers the 2^l leaves from
// index * 2^l on. Trees have at most kTreeLeavesMax leaves.
//
// Only the hashes of levels 0, 8, 16, 24 and 32 are stored, as the tiles of C2SP tlog-tiles
// (tiles.h): what lies between follows from them. Functions are pure and may be called from any
// thread; objects are for one thread at a time.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kengred/core/ids.h"

namespace kengred {

// A tile holds 2^8 hashes; the hashes of one level of tiles lie 8 levels above those of the one
// below.
inline constexpr uint32_t kTileHeight = 8;
inline constexpr uint32_t kTileHashes = 1U << kTileHeight;
inline constexpr uint32_t kStoredLevelMax = 32;

// Whether the hashes of complete subtrees of this level are stored.
constexpr bool IsStoredLevel(uint32_t level) {
  return level % kTileHeight == 0 && level <= kStoredLevelMax;
}

// The root of the tree without leaves: SHA-256 of nothing.
Digest EmptyTreeRoot();
Digest LeafHash(std::string_view entry_bytes);
Digest NodeHash(const Digest& left, const Digest& right);

// ---- verifying ----
// InvalidArgument says in words what is wrong: sizes or indexes that cannot be, too many or too few
// hashes, or hashes that do not lead to the root.

// That the leaf with this hash is number `index` of the tree with that root (RFC 9162 section
// 2.1.3.2). `proof` goes from the leaf's sibling up.
absl::Status VerifyInclusion(const Digest& leaf_hash, uint64_t index, uint64_t size,
                             std::span<const Digest> proof, const Digest& root);

// That the tree of `new_size` leaves starts with the `old_size` leaves of the other one (RFC 9162
// section 2.1.4.2). Every tree starts with the empty one: there, and between equal sizes, the proof
// is empty, and a root of size 0 must be EmptyTreeRoot().
absl::Status VerifyConsistency(uint64_t old_size, const Digest& old_root, uint64_t new_size,
                               const Digest& new_root, std::span<const Digest> proof);

// ---- growing ----

// A complete subtree and its hash.
struct Subtree {
  uint32_t level = 0;
  uint64_t index = 0;
  Digest hash;
};

// All that is needed to append to a tree: the hashes of the complete subtrees it consists of, its
// *peaks*, at most 40. A plain value: copy it to be able to go back.
class TreeFrontier {
 public:
  // Of the tree without leaves.
  TreeFrontier() = default;
  // Of a tree of `size` leaves with these peaks, the largest first (see Peaks below).
  // InvalidArgument where their number is not that of the ones in `size`.
  static absl::StatusOr<TreeFrontier> FromPeaks(uint64_t size, std::vector<Digest> peaks);

  uint64_t size() const { return size_; }
  // The largest first.
  const std::vector<Digest>& peaks() const { return peaks_; }

  // Appends a leaf: on average two hashes, at most 40. The complete subtrees that come into being,
  // the leaf itself (level 0) first, are added at the end of `made` unless it is null; a writer
  // stores those for which IsStoredLevel. A tree that is full is the caller's bug and aborts.
  void Append(const Digest& leaf_hash, std::vector<Subtree>* made = nullptr);

  // O(log size).
  Digest Root() const;

 private:
  uint64_t size_ = 0;
  std::vector<Digest> peaks_;
};

// ---- proving ----

// Where stored hashes are read from. Implemented by whoever keeps them.
class HashReader {
 public:
  virtual ~HashReader() = default;
  // The hashes of the complete subtrees first .. first + count - 1 of `level` (0, 8, 16, 24 or 32).
  // Asked for is always the beginning of one tile: `first` is a multiple of 256 and `count` 1 to
  // 256, never beyond the size given to the functions below. Every error is passed on; exactly
  // `count` hashes are expected otherwise.
  virtual absl::StatusOr<std::vector<Digest>> Read(uint32_t level, uint64_t first,
                                                   size_t count) = 0;
};

// Each of these reads a tile at most once: at most 5 for Peaks and RootAt, 10 for a proof. They may
// be asked about any size up to what the reader holds. InvalidArgument where index or sizes are out
// of range, Internal where the reader returns another number of hashes; else the reader's errors.

// The proof for VerifyInclusion; `index` below `size`.
absl::StatusOr<std::vector<Digest>> InclusionProof(uint64_t index, uint64_t size,
                                                   HashReader& reader);
// The proof for VerifyConsistency; `old_size` at most `new_size`.
absl::StatusOr<std::vector<Digest>> ConsistencyProof(uint64_t old_size, uint64_t new_size,
                                                     HashReader& reader);
// The peaks of the tree of that size, the largest first, to start a TreeFrontier.
absl::StatusOr<std::vector<Digest>> Peaks(uint64_t size, HashReader& reader);
// The root of the tree of that size.
absl::StatusOr<Digest> RootAt(uint64_t size, HashReader& reader);

}  // namespace kengred
