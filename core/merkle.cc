#include "kengred/core/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "kengred/core/hash.h"
#include "kengred/core/limits.h"

namespace kengred {
namespace {

static_assert(kTreeLeavesMax == uint64_t{kTileHashes} << kStoredLevelMax,
              "the tiles of the highest stored level must cover the largest tree");

absl::Status Invalid(const std::string& why) { return absl::InvalidArgumentError(why); }

absl::Status CheckSize(uint64_t size) {
  if (size <= kTreeLeavesMax) return absl::OkStatus();
  return Invalid("a tree of " + std::to_string(size) + " entries is larger than any ledger's (" +
                 std::to_string(kTreeLeavesMax) + ")");
}

absl::Status CheckProofLength(std::span<const Digest> proof) {
  if (proof.size() <= kProofHashesMax) return absl::OkStatus();
  return Invalid("the proof has " + std::to_string(proof.size()) +
                 " hashes; none needs more than " + std::to_string(kProofHashesMax));
}

// The largest power of two below `size`, which is at least 2: where RFC 6962 splits a tree.
uint64_t SplitOf(uint64_t size) { return std::bit_floor(size - 1); }

// Folds peaks, the largest first, into the root they stand for; at least one.
Digest FoldPeaks(std::span<const Digest> peaks) {
  Digest root = peaks.back();
  for (size_t i = peaks.size() - 1; i > 0; --i) root = NodeHash(peaks[i - 1], root);
  return root;
}

// Hashes of a tree of one size, computed from its tiles, each of which is read once.
class TileCache {
 public:
  TileCache(uint64_t size, HashReader& reader) : size_(size), reader_(reader) {}

  // Of a complete subtree within the size.
  absl::StatusOr<Digest> Node(uint32_t level, uint64_t index) {
    const uint32_t tile_level = std::min(level / kTileHeight * kTileHeight, kStoredLevelMax);
    const uint32_t height = level - tile_level;  // at most 8
    const uint64_t first = index << height;
    const auto tile = Tile(tile_level, first / kTileHashes);
    if (!tile.ok()) return tile.status();
    std::array<Digest, kTileHashes> hashes;
    size_t count = size_t{1} << height;
    const size_t offset = first % kTileHashes;
    std::copy_n(tiles_[*tile].hashes.begin() + static_cast<ptrdiff_t>(offset), count,
                hashes.begin());
    for (; count > 1; count /= 2) {
      for (size_t i = 0; i < count / 2; ++i) {
        hashes[i] = NodeHash(hashes[2 * i], hashes[2 * i + 1]);
      }
    }
    return hashes[0];
  }

  // Of the complete subtrees that leaves begin .. end - 1 consist of, the largest first. `begin` is
  // a multiple of a power of two not below end - begin.
  absl::StatusOr<std::vector<Digest>> PeaksOf(uint64_t begin, uint64_t end) {
    std::vector<Digest> peaks;
    while (begin < end) {
      const uint64_t leaves = std::bit_floor(end - begin);
      const auto level = static_cast<uint32_t>(std::countr_zero(leaves));
      const auto node = Node(level, begin >> level);
      if (!node.ok()) return node.status();
      peaks.push_back(*node);
      begin += leaves;
    }
    return peaks;
  }

  // Of the subtree over leaves begin .. end - 1, which RFC 6962's splitting leads to.
  absl::StatusOr<Digest> Range(uint64_t begin, uint64_t end) {
    const auto peaks = PeaksOf(begin, end);
    if (!peaks.ok()) return peaks.status();
    return FoldPeaks(*peaks);
  }

  // Adds Range to a proof.
  absl::Status AddRange(uint64_t begin, uint64_t end, std::vector<Digest>* proof) {
    const auto hash = Range(begin, end);
    if (!hash.ok()) return hash.status();
    proof->push_back(*hash);
    return absl::OkStatus();
  }

 private:
  struct CachedTile {
    uint32_t level;
    uint64_t number;
    std::vector<Digest> hashes;
  };

  // The place of a tile in tiles_.
  absl::StatusOr<size_t> Tile(uint32_t level, uint64_t number) {
    for (size_t i = 0; i < tiles_.size(); ++i) {
      if (tiles_[i].level == level && tiles_[i].number == number) return i;
    }
    const uint64_t first = number * kTileHashes;
    const auto count =
        static_cast<size_t>(std::min<uint64_t>((size_ >> level) - first, kTileHashes));
    auto hashes = reader_.Read(level, first, count);
    if (!hashes.ok()) return hashes.status();
    if (hashes->size() != count) {
      return absl::InternalError("asked for " + std::to_string(count) + " hashes of level " +
                                 std::to_string(level) + " from " + std::to_string(first) +
                                 " on, got " + std::to_string(hashes->size()));
    }
    tiles_.push_back({level, number, *std::move(hashes)});
    return tiles_.size() - 1;
  }

  const uint64_t size_;
  HashReader& reader_;
  std::vector<CachedTile> tiles_;  // at most 10
};

}  // namespace

Digest EmptyTreeRoot() { return Sha256({}); }

Digest LeafHash(std::string_view entry_bytes) {
  return Sha256({std::string_view("\0", 1), entry_bytes});
}

Digest NodeHash(const Digest& left, const Digest& right) {
  // One piece, since each costs a call.
  std::array<char, 1 + 2 * Digest::kSize> bytes;
  bytes[0] = '\x01';
  std::memcpy(bytes.data() + 1, left.data(), Digest::kSize);
  std::memcpy(bytes.data() + 1 + Digest::kSize, right.data(), Digest::kSize);
  return Sha256({std::string_view(bytes.data(), bytes.size())});
}

absl::Status VerifyInclusion(const Digest& leaf_hash, uint64_t index, uint64_t size,
                             std::span<const Digest> proof, const Digest& root) {
  if (absl::Status status = CheckSize(size); !status.ok()) return status;
  if (index >= size) {
    return Invalid("leaf " + std::to_string(index) + " is not in a tree of " +
                   std::to_string(size) + " entries");
  }
  if (absl::Status status = CheckProofLength(proof); !status.ok()) return status;
  uint64_t node = index;
  uint64_t last = size - 1;
  Digest hash = leaf_hash;
  for (const Digest& sibling : proof) {
    if (last == 0) return Invalid("the inclusion proof has too many hashes");
    if (node % 2 == 1 || node == last) {
      hash = NodeHash(sibling, hash);
      while (node % 2 == 0 && node != 0) {
        node /= 2;
        last /= 2;
      }
    } else {
      hash = NodeHash(hash, sibling);
    }
    node /= 2;
    last /= 2;
  }
  if (last != 0) return Invalid("the inclusion proof has too few hashes");
  if (hash != root) return Invalid("the inclusion proof does not lead to the root");
  return absl::OkStatus();
}

absl::Status VerifyConsistency(uint64_t old_size, const Digest& old_root, uint64_t new_size,
                               const Digest& new_root, std::span<const Digest> proof) {
  if (absl::Status status = CheckSize(new_size); !status.ok()) return status;
  if (old_size > new_size) {
    return Invalid("a tree of " + std::to_string(new_size) + " entries cannot continue one of " +
                   std::to_string(old_size));
  }
  if (absl::Status status = CheckProofLength(proof); !status.ok()) return status;
  if (old_size == 0 && old_root != EmptyTreeRoot()) {
    return Invalid("the root of the tree of 0 entries is not that of the empty tree");
  }
  if (old_size == 0 || old_size == new_size) {
    if (!proof.empty()) return Invalid("the consistency proof has too many hashes");
    if (old_size == new_size && old_root != new_root) {
      return Invalid("two trees of " + std::to_string(old_size) + " entries have different roots");
    }
    return absl::OkStatus();
  }
  if (proof.empty()) return Invalid("the consistency proof has too few hashes");

  uint64_t node = old_size - 1;
  uint64_t last = new_size - 1;
  while (node % 2 == 1) {
    node /= 2;
    last /= 2;
  }
  // A complete old tree is itself the first hash, and so not part of the proof.
  const bool old_is_complete = std::has_single_bit(old_size);
  Digest old_hash = old_is_complete ? old_root : proof.front();
  Digest new_hash = old_hash;
  for (const Digest& sibling : proof.subspan(old_is_complete ? 0 : 1)) {
    if (last == 0) return Invalid("the consistency proof has too many hashes");
    if (node % 2 == 1 || node == last) {
      old_hash = NodeHash(sibling, old_hash);
      new_hash = NodeHash(sibling, new_hash);
      while (node % 2 == 0 && node != 0) {
        node /= 2;
        last /= 2;
      }
    } else {
      new_hash = NodeHash(new_hash, sibling);
    }
    node /= 2;
    last /= 2;
  }
  if (last != 0) return Invalid("the consistency proof has too few hashes");
  if (old_hash != old_root) return Invalid("the consistency proof does not lead to the old root");
  if (new_hash != new_root) return Invalid("the consistency proof does not lead to the new root");
  return absl::OkStatus();
}

absl::StatusOr<TreeFrontier> TreeFrontier::FromPeaks(uint64_t size, std::vector<Digest> peaks) {
  if (absl::Status status = CheckSize(size); !status.ok()) return status;
  if (peaks.size() != static_cast<size_t>(std::popcount(size))) {
    return Invalid("a tree of " + std::to_string(size) + " entries has " +
                   std::to_string(std::popcount(size)) + " peaks, not " +
                   std::to_string(peaks.size()));
  }
  TreeFrontier frontier;
  frontier.size_ = size;
  frontier.peaks_ = std::move(peaks);
  return frontier;
}

void TreeFrontier::Append(const Digest& leaf_hash, std::vector<Subtree>* made) {
  if (size_ >= kTreeLeavesMax) std::abort();
  Subtree subtree{0, size_, leaf_hash};
  if (made != nullptr) made->push_back(subtree);
  while (subtree.index % 2 == 1) {
    subtree.hash = NodeHash(peaks_.back(), subtree.hash);
    peaks_.pop_back();
    subtree.index /= 2;
    ++subtree.level;
    if (made != nullptr) made->push_back(subtree);
  }
  peaks_.push_back(subtree.hash);
  ++size_;
}

Digest TreeFrontier::Root() const { return peaks_.empty() ? EmptyTreeRoot() : FoldPeaks(peaks_); }

absl::StatusOr<std::vector<Digest>> InclusionProof(uint64_t index, uint64_t size,
                                                   HashReader& reader) {
  if (absl::Status status = CheckSize(size); !status.ok()) return status;
  if (index >= size) {
    return Invalid("leaf " + std::to_string(index) + " is not in a tree of " +
                   std::to_string(size) + " entries");
  }
  TileCache tiles(size, reader);
  std::vector<Digest> proof;
  uint64_t begin = 0;
  uint64_t end = size;
  while (end - begin > 1) {
    const uint64_t middle = begin + SplitOf(end - begin);
    const bool left = index < middle;
    if (absl::Status status =
            left ? tiles.AddRange(middle, end, &proof) : tiles.AddRange(begin, middle, &proof);
        !status.ok()) {
      return status;
    }
    (left ? end : begin) = middle;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::StatusOr<std::vector<Digest>> ConsistencyProof(uint64_t old_size, uint64_t new_size,
                                                     HashReader& reader) {
  if (absl::Status status = CheckSize(new_size); !status.ok()) return status;
  if (old_size > new_size) {
    return Invalid("a tree of " + std::to_string(new_size) + " entries cannot continue one of " +
                   std::to_string(old_size));
  }
  std::vector<Digest> proof;
  if (old_size == 0 || old_size == new_size) return proof;
  TileCache tiles(new_size, reader);
  uint64_t begin = 0;
  uint64_t end = new_size;
  while (end != old_size) {
    const uint64_t middle = begin + SplitOf(end - begin);
    const bool left = old_size <= middle;
    if (absl::Status status =
            left ? tiles.AddRange(middle, end, &proof) : tiles.AddRange(begin, middle, &proof);
        !status.ok()) {
      return status;
    }
    (left ? end : begin) = middle;
  }
  // The verifier knows a complete old tree's hash: it is the old root.
  if (begin != 0) {
    if (absl::Status status = tiles.AddRange(begin, end, &proof); !status.ok()) return status;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::StatusOr<std::vector<Digest>> Peaks(uint64_t size, HashReader& reader) {
  if (absl::Status status = CheckSize(size); !status.ok()) return status;
  return TileCache(size, reader).PeaksOf(0, size);
}

absl::StatusOr<Digest> RootAt(uint64_t size, HashReader& reader) {
  const auto peaks = Peaks(size, reader);
  if (!peaks.ok()) return peaks.status();
  return peaks->empty() ? EmptyTreeRoot() : FoldPeaks(*peaks);
}

}  // namespace kengred
