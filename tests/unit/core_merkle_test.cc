// Goal: roots and proofs are those of RFC 6962, a wrong proof is refused, and proofs cost few
// reads. Method: a slow, literal copy of the RFC's recursion beside the code, for every pair of
// small sizes and for sizes around the edges of tiles; the 8-leaf tree of Certificate Transparency
// (retyped); a tree of 2^40 equal leaves; the shared vectors where they are there.
#include <absl/strings/escaping.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "kengred/core/base64.h"
#include "kengred/core/hash.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"
#include "tests/support/shared_files.h"

namespace kengred {
namespace {

using ::testing::HasSubstr;

// ---- RFC 6962 section 2.1, word for word; D[a:b] are the leaves a .. b - 1 ----

using Leaves = std::span<const Digest>;

uint64_t LargestPowerOfTwoBelow(uint64_t n) {
  uint64_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

Digest Mth(Leaves d) {
  if (d.empty()) return Sha256({});
  if (d.size() == 1) return d[0];
  const uint64_t k = LargestPowerOfTwoBelow(d.size());
  const Digest left = Mth(d.subspan(0, k));
  const Digest right = Mth(d.subspan(k));
  return Sha256({"\x01", left.view(), right.view()});
}

std::vector<Digest> Path(uint64_t m, Leaves d) {
  if (d.size() == 1) return {};
  const uint64_t k = LargestPowerOfTwoBelow(d.size());
  std::vector<Digest> path = m < k ? Path(m, d.subspan(0, k)) : Path(m - k, d.subspan(k));
  path.push_back(m < k ? Mth(d.subspan(k)) : Mth(d.subspan(0, k)));
  return path;
}

std::vector<Digest> Subproof(uint64_t m, Leaves d, bool b) {
  if (m == d.size()) return b ? std::vector<Digest>() : std::vector<Digest>{Mth(d)};
  const uint64_t k = LargestPowerOfTwoBelow(d.size());
  std::vector<Digest> proof =
      m <= k ? Subproof(m, d.subspan(0, k), b) : Subproof(m - k, d.subspan(k), false);
  proof.push_back(m <= k ? Mth(d.subspan(k)) : Mth(d.subspan(0, k)));
  return proof;
}

// ---- a tree whose stored hashes are kept in memory ----

class StoredTree : public HashReader {
 public:
  // Leaf i is the hash of its number in decimal.
  explicit StoredTree(uint64_t size) {
    std::vector<Subtree> made;
    for (uint64_t i = 0; i < size; ++i) {
      leaves_.push_back(LeafHash(std::to_string(i)));
      made.clear();
      frontier_.Append(leaves_.back(), &made);
      for (const Subtree& subtree : made) {
        if (!IsStoredLevel(subtree.level)) continue;
        EXPECT_EQ(levels_[subtree.level].size(), subtree.index);
        levels_[subtree.level].push_back(subtree.hash);
      }
    }
  }

  absl::StatusOr<std::vector<Digest>> Read(uint32_t level, uint64_t first, size_t count) override {
    EXPECT_TRUE(IsStoredLevel(level)) << level;
    EXPECT_EQ(first % kTileHashes, 0u);
    EXPECT_TRUE(count >= 1 && count <= kTileHashes) << count;
    EXPECT_TRUE(read_.insert({level, first}).second) << "read twice: " << level << " " << first;
    const auto& hashes = levels_[level];
    EXPECT_LE(first + count, hashes.size());
    if (first + count > hashes.size()) return absl::NotFoundError("beyond the tree");
    const auto begin = hashes.begin() + static_cast<ptrdiff_t>(first);
    return std::vector<Digest>(begin, begin + static_cast<ptrdiff_t>(count));
  }

  // For a new proof: the tiles read so far may be read again.
  StoredTree& Fresh() {
    read_.clear();
    return *this;
  }
  size_t tiles_read() const { return read_.size(); }
  const TreeFrontier& frontier() const { return frontier_; }
  Leaves leaves(uint64_t size) const { return Leaves(leaves_).subspan(0, size); }

 private:
  TreeFrontier frontier_;
  std::vector<Digest> leaves_;
  std::map<uint32_t, std::vector<Digest>> levels_;
  std::set<std::pair<uint32_t, uint64_t>> read_;
};

Digest Flipped(Digest digest, size_t bit) {
  digest.data()[bit / 8] = static_cast<uint8_t>(digest.data()[bit / 8] ^ (1U << bit % 8));
  return digest;
}

// The 8-leaf tree of Certificate Transparency's own tests, and the roots of its first leaves.
constexpr const char* kCtLeaves[] = {"",
                                     "00",
                                     "10",
                                     "2021",
                                     "3031",
                                     "40414243",
                                     "5051525354555657",
                                     "606162636465666768696a6b6c6d6e6f"};
constexpr const char* kCtRoots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

TEST(MerkleTest, AgreesWithCertificateTransparency) {
  EXPECT_EQ(EmptyTreeRoot().ToHex(), kCtRoots[0]);
  EXPECT_EQ(LeafHash("L123456").ToHex(),
            "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
  TreeFrontier frontier;
  EXPECT_EQ(frontier.Root().ToHex(), kCtRoots[0]);
  for (size_t i = 0; i < std::size(kCtLeaves); ++i) {
    frontier.Append(LeafHash(absl::HexStringToBytes(kCtLeaves[i])));
    EXPECT_EQ(frontier.size(), i + 1);
    EXPECT_EQ(frontier.Root().ToHex(), kCtRoots[i + 1]) << i;
  }
}

TEST(MerkleTest, EveryProofOfSmallTreesIsTheRfcs) {
  StoredTree tree(70);
  for (uint64_t size = 0; size <= 70; ++size) {
    const Digest root = Mth(tree.leaves(size));
    EXPECT_EQ(*RootAt(size, tree.Fresh()), root) << size;
    for (uint64_t index = 0; index < size; ++index) {
      const auto proof = InclusionProof(index, size, tree.Fresh());
      ASSERT_TRUE(proof.ok()) << proof.status();
      EXPECT_EQ(*proof, Path(index, tree.leaves(size))) << index << " of " << size;
      EXPECT_TRUE(VerifyInclusion(tree.leaves(size)[index], index, size, *proof, root).ok());
    }
    for (uint64_t old_size = 0; old_size <= size; ++old_size) {
      const auto proof = ConsistencyProof(old_size, size, tree.Fresh());
      ASSERT_TRUE(proof.ok()) << proof.status();
      if (old_size > 0) {
        EXPECT_EQ(*proof, Subproof(old_size, tree.leaves(size), true)) << old_size << " " << size;
      }
      EXPECT_TRUE(VerifyConsistency(old_size, Mth(tree.leaves(old_size)), size, root, *proof).ok())
          << old_size << " to " << size;
    }
  }
}

// Sizes around the edges of tiles, of a tree that is larger than what is asked about.
TEST(MerkleTest, ProofsAtTheEdgesOfTilesAreTheRfcs) {
  StoredTree tree(65800);
  for (const uint64_t size : {255u, 256u, 257u}) {
    const Digest root = Mth(tree.leaves(size));
    EXPECT_EQ(*RootAt(size, tree.Fresh()), root);
    for (uint64_t index = 0; index < size; ++index) {
      const auto proof = *InclusionProof(index, size, tree.Fresh());
      EXPECT_EQ(proof, Path(index, tree.leaves(size))) << index << " of " << size;
      EXPECT_TRUE(VerifyInclusion(tree.leaves(size)[index], index, size, proof, root).ok());
      const auto growth = *ConsistencyProof(index + 1, size, tree.Fresh());
      EXPECT_EQ(growth, Subproof(index + 1, tree.leaves(size), true)) << index + 1 << " " << size;
    }
  }
  for (const uint64_t size : {511u, 512u, 769u, 65535u, 65536u, 65537u, 65793u}) {
    const Digest root = Mth(tree.leaves(size));
    EXPECT_EQ(*RootAt(size, tree.Fresh()), root);
    for (const uint64_t index : {uint64_t{0}, uint64_t{255}, uint64_t{256}, size / 2, size - 1}) {
      const auto proof = *InclusionProof(index, size, tree.Fresh());
      EXPECT_LE(tree.tiles_read(), 5u);
      EXPECT_EQ(proof, Path(index, tree.leaves(size))) << index << " of " << size;
      EXPECT_TRUE(VerifyInclusion(tree.leaves(size)[index], index, size, proof, root).ok());
      const auto growth = *ConsistencyProof(index + 1, size, tree.Fresh());
      EXPECT_LE(tree.tiles_read(), 5u);
      EXPECT_EQ(growth, Subproof(index + 1, tree.leaves(size), true)) << index + 1 << " " << size;
      EXPECT_TRUE(
          VerifyConsistency(index + 1, Mth(tree.leaves(index + 1)), size, root, growth).ok());
    }
  }
}

TEST(MerkleTest, AMillionLeaves) {
  constexpr uint64_t kSize = 1'000'003;
  StoredTree tree(kSize);
  const Digest root = Mth(tree.leaves(kSize));
  EXPECT_EQ(tree.frontier().Root(), root);
  EXPECT_EQ(*RootAt(kSize, tree.Fresh()), root);
  EXPECT_EQ(*InclusionProof(777'777, kSize, tree.Fresh()), Path(777'777, tree.leaves(kSize)));
  for (const uint64_t index : {uint64_t{0}, uint64_t{65'536}, uint64_t{999'999}, kSize - 1}) {
    const auto proof = *InclusionProof(index, kSize, tree.Fresh());
    EXPECT_LE(tree.tiles_read(), 6u);
    EXPECT_TRUE(VerifyInclusion(tree.leaves(kSize)[index], index, kSize, proof, root).ok());
  }
  for (const uint64_t old_size : {1u, 65'535u, 65'536u, 524'288u, 1'000'002u}) {
    const auto proof = *ConsistencyProof(old_size, kSize, tree.Fresh());
    EXPECT_LE(tree.tiles_read(), 6u);
    const Digest old_root = *RootAt(old_size, tree.Fresh());
    EXPECT_TRUE(VerifyConsistency(old_size, old_root, kSize, root, proof).ok()) << old_size;
  }
}

TEST(MerkleTest, AFrontierGoesOnFromPeaksAndReportsWhatItMakes) {
  StoredTree tree(600);
  for (uint64_t size = 0; size < 600; size += 7) {
    auto frontier = TreeFrontier::FromPeaks(size, *Peaks(size, tree.Fresh()));
    ASSERT_TRUE(frontier.ok()) << frontier.status();
    EXPECT_EQ(frontier->Root(), Mth(tree.leaves(size)));
    const TreeFrontier before = *frontier;
    for (uint64_t i = size; i < std::min<uint64_t>(size + 20, 600); ++i) {
      std::vector<Subtree> made;
      frontier->Append(tree.leaves(i + 1)[i], &made);
      // One level for each time i + 1 divides by two, and the leaf.
      ASSERT_EQ(made.size(), static_cast<size_t>(std::countr_zero(i + 1)) + 1);
      for (uint32_t level = 0; level < made.size(); ++level) {
        const uint64_t leaves = uint64_t{1} << level;
        EXPECT_EQ(made[level].level, level);
        EXPECT_EQ(made[level].index, i / leaves);
        EXPECT_EQ(made[level].hash, Mth(tree.leaves(i + 1).subspan(i + 1 - leaves)));
      }
      EXPECT_EQ(frontier->Root(), Mth(tree.leaves(i + 1)));
      EXPECT_EQ(frontier->size(), i + 1);
    }
    EXPECT_EQ(before.Root(), Mth(tree.leaves(size))) << "a copy must not change";
  }
}

TEST(MerkleTest, PeaksBelongToASize) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{1}, uint64_t{6}, uint64_t{255}}) {
    const auto peaks = static_cast<size_t>(std::popcount(size));
    EXPECT_TRUE(TreeFrontier::FromPeaks(size, std::vector<Digest>(peaks)).ok());
    EXPECT_FALSE(TreeFrontier::FromPeaks(size, std::vector<Digest>(peaks + 1)).ok());
    if (peaks > 0) {
      EXPECT_FALSE(TreeFrontier::FromPeaks(size, std::vector<Digest>(peaks - 1)).ok());
    }
  }
  EXPECT_FALSE(TreeFrontier::FromPeaks(kTreeLeavesMax + 1, std::vector<Digest>(2)).ok());
}

// Every hash of a proof, and both ends of it, in every bit.
TEST(MerkleTest, NoBitOfAnInclusionProofMayChange) {
  StoredTree tree(13);
  const Digest root = Mth(tree.leaves(13));
  for (uint64_t index = 0; index < 13; ++index) {
    const Digest leaf = tree.leaves(13)[index];
    const auto proof = *InclusionProof(index, 13, tree.Fresh());
    ASSERT_TRUE(VerifyInclusion(leaf, index, 13, proof, root).ok());
    for (size_t bit = 0; bit < 256; ++bit) {
      EXPECT_FALSE(VerifyInclusion(Flipped(leaf, bit), index, 13, proof, root).ok());
      EXPECT_FALSE(VerifyInclusion(leaf, index, 13, proof, Flipped(root, bit)).ok());
      for (size_t i = 0; i < proof.size(); ++i) {
        auto changed = proof;
        changed[i] = Flipped(changed[i], bit);
        EXPECT_FALSE(VerifyInclusion(leaf, index, 13, changed, root).ok());
      }
    }
    for (uint64_t other = 0; other < 20; ++other) {
      EXPECT_EQ(VerifyInclusion(leaf, other, 13, proof, root).ok(), other == index);
    }
    auto longer = proof;
    longer.push_back(root);
    EXPECT_FALSE(VerifyInclusion(leaf, index, 13, longer, root).ok());
    longer.insert(longer.begin(), leaf);
    EXPECT_FALSE(VerifyInclusion(leaf, index, 13, longer, root).ok());
    EXPECT_FALSE(
        VerifyInclusion(leaf, index, 13, Leaves(proof).subspan(0, proof.size() - 1), root).ok());
    EXPECT_FALSE(VerifyInclusion(leaf, index, 13, Leaves(proof).subspan(1), root).ok());
    EXPECT_FALSE(VerifyInclusion(leaf, index, 13, {}, root).ok());
  }
}

TEST(MerkleTest, NoBitOfAConsistencyProofMayChange) {
  StoredTree tree(13);
  const Digest root = Mth(tree.leaves(13));
  for (uint64_t old_size = 1; old_size < 13; ++old_size) {
    const Digest old_root = Mth(tree.leaves(old_size));
    const auto proof = *ConsistencyProof(old_size, 13, tree.Fresh());
    ASSERT_TRUE(VerifyConsistency(old_size, old_root, 13, root, proof).ok());
    for (size_t bit = 0; bit < 256; ++bit) {
      EXPECT_FALSE(VerifyConsistency(old_size, Flipped(old_root, bit), 13, root, proof).ok());
      EXPECT_FALSE(VerifyConsistency(old_size, old_root, 13, Flipped(root, bit), proof).ok());
      for (size_t i = 0; i < proof.size(); ++i) {
        auto changed = proof;
        changed[i] = Flipped(changed[i], bit);
        EXPECT_FALSE(VerifyConsistency(old_size, old_root, 13, root, changed).ok());
      }
    }
    for (uint64_t other = 0; other < 20; ++other) {
      if (other == old_size) continue;
      EXPECT_FALSE(VerifyConsistency(other, old_root, 13, root, proof).ok()) << other;
    }
    auto longer = proof;
    longer.push_back(root);
    EXPECT_FALSE(VerifyConsistency(old_size, old_root, 13, root, longer).ok());
    longer.insert(longer.begin(), old_root);
    EXPECT_FALSE(VerifyConsistency(old_size, old_root, 13, root, longer).ok());
    EXPECT_FALSE(
        VerifyConsistency(old_size, old_root, 13, root, Leaves(proof).subspan(0, proof.size() - 1))
            .ok());
    EXPECT_FALSE(VerifyConsistency(old_size, old_root, 13, root, Leaves(proof).subspan(1)).ok());
    EXPECT_FALSE(VerifyConsistency(old_size, old_root, 13, root, {}).ok());
  }
}

TEST(MerkleTest, EveryTreeContinuesTheEmptyOne) {
  const Digest root = LeafHash("a");
  const std::vector<Digest> one = {root};
  EXPECT_TRUE(VerifyConsistency(0, EmptyTreeRoot(), 0, EmptyTreeRoot(), {}).ok());
  EXPECT_TRUE(VerifyConsistency(0, EmptyTreeRoot(), 1, root, {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, root, 1, root, {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, root, 0, root, {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, EmptyTreeRoot(), 0, root, {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, EmptyTreeRoot(), 1, root, one).ok());
  EXPECT_FALSE(VerifyConsistency(1, root, 0, EmptyTreeRoot(), {}).ok());
  EXPECT_TRUE(VerifyConsistency(1, root, 1, root, {}).ok());
  EXPECT_FALSE(VerifyConsistency(1, root, 1, root, one).ok());
  EXPECT_THAT(std::string(VerifyConsistency(1, root, 1, EmptyTreeRoot(), {}).message()),
              HasSubstr("different roots"));
}

TEST(MerkleTest, LimitsAreRefusedInWords) {
  StoredTree tree(3);
  const Digest root = tree.frontier().Root();
  const std::vector<Digest> long_proof(kProofHashesMax + 1);
  const uint64_t too_large = kTreeLeavesMax + 1;
  const std::pair<absl::Status, const char*> cases[] = {
      {VerifyInclusion(root, 3, 3, {}, root), "not in a tree"},
      {VerifyInclusion(root, 0, 0, {}, root), "not in a tree"},
      {VerifyInclusion(root, 0, too_large, {}, root), "larger"},
      {VerifyInclusion(root, 0, UINT64_MAX, {}, root), "larger"},
      {VerifyInclusion(root, 0, 3, long_proof, root), "has 42 hashes"},
      {VerifyInclusion(root, 0, 3, {}, root), "too few"},
      {VerifyInclusion(root, 0, 1, std::vector<Digest>(1), root), "too many"},
      {VerifyInclusion(root, 0, 3, std::vector<Digest>(2), root), "does not lead"},
      {VerifyConsistency(4, root, 3, root, {}), "cannot continue"},
      {VerifyConsistency(1, root, too_large, root, {}), "larger"},
      {VerifyConsistency(1, root, 3, root, long_proof), "has 42 hashes"},
      {VerifyConsistency(1, root, 3, root, {}), "too few"},
      {VerifyConsistency(1, root, 3, root, std::vector<Digest>(3)), "too many"},
      {VerifyConsistency(1, root, 3, root, std::vector<Digest>(2)), "new root"},
      {VerifyConsistency(3, root, 4, root, std::vector<Digest>(3)), "old root"},
      {InclusionProof(3, 3, tree).status(), "not in a tree"},
      {InclusionProof(0, too_large, tree).status(), "larger"},
      {ConsistencyProof(4, 3, tree).status(), "cannot continue"},
      {ConsistencyProof(4, too_large, tree).status(), "larger"},
      {Peaks(too_large, tree).status(), "larger"},
      {RootAt(too_large, tree).status(), "larger"},
  };
  for (const auto& [status, words] : cases) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << words;
    EXPECT_THAT(std::string(status.message()), HasSubstr(words));
  }
}

// All leaves are the same, and so all complete subtrees of a level: a tree of any size for nothing.
class EqualLeaves : public HashReader {
 public:
  EqualLeaves() {
    hashes_.push_back(LeafHash("same"));
    while (hashes_.size() <= 40) hashes_.push_back(NodeHash(hashes_.back(), hashes_.back()));
  }
  absl::StatusOr<std::vector<Digest>> Read(uint32_t level, uint64_t first, size_t count) override {
    EXPECT_TRUE(IsStoredLevel(level));
    EXPECT_EQ(first % kTileHashes, 0u);
    EXPECT_TRUE(read_.insert({level, first}).second);
    return std::vector<Digest>(count, hashes_[level]);
  }
  EqualLeaves& Fresh() {
    read_.clear();
    return *this;
  }
  size_t tiles_read() const { return read_.size(); }
  const Digest& complete(uint32_t level) const { return hashes_[level]; }

 private:
  std::vector<Digest> hashes_;
  std::set<std::pair<uint32_t, uint64_t>> read_;
};

TEST(MerkleTest, TheLargestTreeCanBeProved) {
  EqualLeaves tree;
  EXPECT_EQ(*RootAt(kTreeLeavesMax, tree.Fresh()), tree.complete(40));
  for (const uint64_t size : {kTreeLeavesMax, kTreeLeavesMax - 1, kTreeLeavesMax / 3 * 2}) {
    const Digest root = *RootAt(size, tree.Fresh());
    EXPECT_LE(tree.tiles_read(), 5u);
    for (const uint64_t index : {uint64_t{0}, size / 5, size / 2 + 1, size - 1}) {
      const auto proof = *InclusionProof(index, size, tree.Fresh());
      EXPECT_LE(tree.tiles_read(), 10u);
      EXPECT_LE(proof.size(), 40u);
      EXPECT_TRUE(VerifyInclusion(LeafHash("same"), index, size, proof, root).ok());
      const auto growth = *ConsistencyProof(index + 1, size, tree.Fresh());
      EXPECT_LE(tree.tiles_read(), 10u);
      EXPECT_LE(growth.size(), kProofHashesMax);
      const Digest old_root = *RootAt(index + 1, tree.Fresh());
      EXPECT_TRUE(VerifyConsistency(index + 1, old_root, size, root, growth).ok()) << index;
    }
  }
  // Nothing needs more hashes than this.
  EXPECT_EQ(ConsistencyProof(1, kTreeLeavesMax, tree.Fresh())->size(), 40u);
  EXPECT_EQ(ConsistencyProof(3, kTreeLeavesMax, tree.Fresh())->size(), kProofHashesMax);
}

TEST(MerkleDeathTest, AFullTreeTakesNoMore) {
  auto frontier = *TreeFrontier::FromPeaks(kTreeLeavesMax, std::vector<Digest>(1));
  EXPECT_DEATH(frontier.Append(Digest()), "");
}

class BrokenReader : public HashReader {
 public:
  explicit BrokenReader(absl::StatusOr<std::vector<Digest>> answer) : answer_(std::move(answer)) {}
  absl::StatusOr<std::vector<Digest>> Read(uint32_t, uint64_t, size_t) override { return answer_; }

 private:
  absl::StatusOr<std::vector<Digest>> answer_;
};

TEST(MerkleTest, AReadersErrorIsPassedOn) {
  BrokenReader failing(absl::DataLossError("the disk is gone"));
  EXPECT_EQ(InclusionProof(1, 9, failing).status().message(), "the disk is gone");
  EXPECT_EQ(ConsistencyProof(3, 9, failing).status().message(), "the disk is gone");
  EXPECT_EQ(Peaks(9, failing).status().message(), "the disk is gone");
  EXPECT_EQ(RootAt(9, failing).status().message(), "the disk is gone");
  for (const size_t count : {0u, 8u, 10u}) {
    BrokenReader short_reader{std::vector<Digest>(count)};
    EXPECT_EQ(InclusionProof(1, 9, short_reader).status().code(), absl::StatusCode::kInternal);
    EXPECT_EQ(RootAt(9, short_reader).status().code(), absl::StatusCode::kInternal);
  }
}

// ---- the shared vectors of transparency-dev/merkle ----

// Nothing for a hash that is not 32 bytes: such cases are refused before any computation.
std::optional<Digest> ToDigest(const nlohmann::json& base64) {
  return Digest::FromBytes(DecodeBase64(base64.get<std::string>()).value_or(""));
}

std::optional<std::vector<Digest>> ToProof(const nlohmann::json& list) {
  std::vector<Digest> proof;
  for (const auto& item : list) {
    const auto hash = ToDigest(item);
    if (!hash) return std::nullopt;
    proof.push_back(*hash);
  }
  return proof;
}

TEST(MerkleTest, AgreesWithTheSharedInclusionProofs) {
  const auto path = testing::FindSharedFile("vectors/merkle/inclusion.json");
  if (!path) GTEST_SKIP() << "the shared Merkle vectors are not there";
  const auto cases = nlohmann::json::parse(testing::ReadWholeFile(*path));
  EXPECT_GE(cases.size(), 98u);
  for (const auto& c : cases) {
    const auto leaf = ToDigest(c.at("leafHash"));
    const auto root = ToDigest(c.at("root"));
    const auto proof = ToProof(c.at("proof"));
    const bool accepted = leaf && root && proof &&
                          VerifyInclusion(*leaf, c.at("leafIdx").get<uint64_t>(),
                                          c.at("treeSize").get<uint64_t>(), *proof, *root)
                              .ok();
    EXPECT_EQ(accepted, !c.at("wantErr").get<bool>()) << c.at("file");
  }
}

TEST(MerkleTest, AgreesWithTheSharedConsistencyProofs) {
  const auto path = testing::FindSharedFile("vectors/merkle/consistency.json");
  if (!path) GTEST_SKIP() << "the shared Merkle vectors are not there";
  const auto cases = nlohmann::json::parse(testing::ReadWholeFile(*path));
  EXPECT_GE(cases.size(), 98u);
  for (const auto& c : cases) {
    const auto old_root = ToDigest(c.at("root1"));
    const auto new_root = ToDigest(c.at("root2"));
    const auto proof = ToProof(c.at("proof"));
    const bool accepted = old_root && new_root && proof &&
                          VerifyConsistency(c.at("size1").get<uint64_t>(), *old_root,
                                            c.at("size2").get<uint64_t>(), *new_root, *proof)
                              .ok();
    // Equal roots that are no hashes satisfy other implementations, but not this one.
    EXPECT_EQ(accepted, !c.at("wantErr").get<bool>() && old_root && new_root) << c.at("file");
  }
}

TEST(MerkleTest, AgreesWithTheSharedReferenceTree) {
  const auto path = testing::FindSharedFile("vectors/merkle/ct_reference_tree.json");
  if (!path) GTEST_SKIP() << "the shared Merkle vectors are not there";
  const auto reference = nlohmann::json::parse(testing::ReadWholeFile(*path));
  std::vector<Digest> leaves;
  for (const auto& input : reference.at("leaf_inputs")) {
    leaves.push_back(LeafHash(absl::HexStringToBytes(input.get<std::string>())));
  }
  const auto& levels = reference.at("node_hashes_by_level");
  TreeFrontier frontier;
  std::vector<Subtree> made;
  for (const Digest& leaf : leaves) frontier.Append(leaf, &made);
  for (const Subtree& subtree : made) {
    EXPECT_EQ(subtree.hash.ToHex(), levels.at(subtree.level).at(subtree.index));
  }
  for (const auto& c : reference.at("audit_paths")) {
    const auto leaf = c.at("leaf_1based").get<uint64_t>();
    const auto size = c.at("tree_size").get<uint64_t>();
    if (leaf == 0) continue;
    std::vector<std::string> made_path;
    for (const Digest& hash : Path(leaf - 1, Leaves(leaves).subspan(0, size))) {
      made_path.push_back(hash.ToHex());
    }
    EXPECT_EQ(made_path, c.at("path").get<std::vector<std::string>>()) << c;
  }
  for (const auto& c : reference.at("consistency_proofs")) {
    const Leaves all(leaves);
    std::vector<Digest> proof;
    for (const auto& hex : c.at("proof")) {
      proof.push_back(*Digest::FromHex(hex.get<std::string>()));
    }
    const auto old_size = c.at("size1").get<uint64_t>();
    const auto new_size = c.at("size2").get<uint64_t>();
    EXPECT_TRUE(VerifyConsistency(old_size, Mth(all.subspan(0, old_size)), new_size,
                                  Mth(all.subspan(0, new_size)), proof)
                    .ok())
        << c;
  }
}

}  // namespace
}  // namespace kengred
