// Goal: tiles and entry bundles are those of C2SP tlog-tiles. Method: paths written and read both
// ways, every path of a small alphabet around good ones, bundles at their limits, the shared paths,
// and the whole of a public log made by another implementation, from entries to checkpoints.
#include <absl/strings/escaping.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kengred/core/checkpoint.h"
#include "kengred/core/merkle.h"
#include "kengred/core/tiles.h"
#include "tests/support/shared_files.h"

namespace kengred {
namespace {

struct Known {
  TilePath path;
  const char* text;
};

// The specification's examples, and the ends of each range.
const Known kKnown[] = {
    {{0, 0, 256}, "tile/0/000"},
    {{0, 1234067, 256}, "tile/0/x001/x234/067"},
    {{0, 273, 112}, "tile/0/273.p/112"},
    {{1, 0, 1}, "tile/1/000.p/1"},
    {{2, 999, 255}, "tile/2/999.p/255"},
    {{63, 1000, 256}, "tile/63/x001/000"},
    {{15, kTileNumberMax, 41}, "tile/15/x999/x999/x999/x999/x999/999.p/41"},
    {{std::nullopt, 0, 256}, "tile/entries/000"},
    {{std::nullopt, 123456789, 8}, "tile/entries/x123/x456/789.p/8"},
};

TEST(TilePathTest, ReadsAndWrites) {
  for (const Known& known : kKnown) {
    EXPECT_EQ(*FormatTilePath(known.path), known.text);
    const auto path = ParseTilePath(known.text);
    ASSERT_TRUE(path.ok()) << known.text;
    EXPECT_EQ(*path, known.path) << known.text;
  }
}

TEST(TilePathTest, EveryNumberHasOnePath) {
  for (uint64_t number = 1; number < kTileNumberMax / 7; number = number * 7 + 3) {
    for (const uint64_t n : {number, number / 1000 * 1000, number * 6}) {
      const TilePath path{3, n, 256};
      EXPECT_EQ(*ParseTilePath(*FormatTilePath(path)), path) << n;
    }
  }
}

TEST(TilePathTest, RefusesOtherForms) {
  for (const char* text : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile//000",
                           "/tile/0/000",
                           "tile/0/000/",
                           "tile/00/000",
                           "tile/64/000",
                           "tile/-1/000",
                           "tile/+1/000",
                           "tile/a/000",
                           "tile/entry/000",
                           "tile/0/0",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/0/x000/001",
                           "tile/0/x001",
                           "tile/0/x001/",
                           "tile/0/001/002",
                           "tile/0/x001/x002",
                           "tile/0/X001/002",
                           "tile/0/x0a1/002",
                           "tile/0/x001//002",
                           "tile/0/000.p",
                           "tile/0/000.p/",
                           "tile/0/000.p/0",
                           "tile/0/000.p/01",
                           "tile/0/000.p/256",
                           "tile/0/000.p/-1",
                           "tile/0/000.p/1.p/1",
                           "tile/0/000.p/1/",
                           "tile/0/.p/1",
                           "tile/0/000 ",
                           "tile/0/000\n",
                           "tile/0/x001/.p/001",
                           "Tile/0/000",
                           "tile/0/x001/x000/x000/x000/x000/x000/000"}) {
    EXPECT_FALSE(ParseTilePath(text).ok()) << text;
  }
  // What is read is what would be written.
  for (const Known& known : kKnown) {
    const std::string good = known.text;
    for (size_t i = 0; i < good.size(); ++i) {
      for (const char c : std::string("0129x/.pte")) {
        std::string changed = good;
        changed[i] = c;
        const auto path = ParseTilePath(changed);
        if (path.ok()) {
          EXPECT_EQ(*FormatTilePath(*path), changed);
        }
        changed.insert(i, 1, good[i]);
        const auto longer = ParseTilePath(changed);
        if (longer.ok()) {
          EXPECT_EQ(*FormatTilePath(*longer), changed);
        }
      }
    }
  }
  for (const TilePath& path :
       std::vector<TilePath>{{64, 0, 256}, {0, kTileNumberMax + 1, 256}, {0, 0, 0}, {0, 0, 257}}) {
    EXPECT_FALSE(FormatTilePath(path).ok());
  }
}

// The specification's tree of 70,000: 273 full tiles and one of 112, one full and one of 17, one of
// 1.
TEST(TilePathTest, WidthsFollowFromTheSize) {
  EXPECT_EQ(TileWidth(0, 272, 70000), 256u);
  EXPECT_EQ(TileWidth(0, 273, 70000), 112u);
  EXPECT_EQ(TileWidth(0, 274, 70000), 0u);
  EXPECT_EQ(TileWidth(1, 0, 70000), 256u);
  EXPECT_EQ(TileWidth(1, 1, 70000), 17u);
  EXPECT_EQ(TileWidth(2, 0, 70000), 1u);
  EXPECT_EQ(TileWidth(2, 1, 70000), 0u);
  EXPECT_EQ(TileWidth(3, 0, 70000), 0u);
  EXPECT_EQ(TileWidth(0, 0, 256), 256u);
  EXPECT_EQ(TileWidth(0, 1, 256), 0u);
  EXPECT_EQ(TileWidth(1, 0, 256), 1u);
  EXPECT_EQ(TileWidth(0, 0, 0), 0u);
  EXPECT_EQ(TileWidth(7, 0, UINT64_MAX), 255u);
  EXPECT_EQ(TileWidth(8, 0, UINT64_MAX), 0u);
  EXPECT_EQ(TileWidth(63, 0, UINT64_MAX), 0u);
  EXPECT_EQ(TileWidth(0, UINT64_MAX, UINT64_MAX), 0u);
  EXPECT_FALSE(EntryBundleOf(3, 3).ok());
}

TEST(TileTest, IsHashesOneAfterTheOther) {
  const std::vector<Digest> two = {LeafHash("a"), LeafHash("b")};
  EXPECT_EQ(*EncodeTile(two), two[0].ToBytes() + two[1].ToBytes());
  EXPECT_EQ(*ParseTile(*EncodeTile(two)), two);
  EXPECT_TRUE(ParseTile(std::string(8192, 'h')).ok());
  for (const size_t size : {0u, 1u, 31u, 33u, 8191u, 8224u}) {
    EXPECT_FALSE(ParseTile(std::string(size, 'h')).ok()) << size;
  }
  EXPECT_FALSE(EncodeTile({}).ok());
  EXPECT_FALSE(EncodeTile(std::vector<Digest>(257)).ok());
}

TEST(EntryBundleTest, IsEntriesWithTheirLengths) {
  const std::vector<std::string> entries = {"", "a", std::string(65535, 'b'), ""};
  const std::string bytes = *EncodeEntryBundle(entries);
  EXPECT_EQ(bytes.substr(0, 7), std::string("\0\0\0\1a\xff\xff", 7));
  EXPECT_EQ(*ParseEntryBundle(bytes), entries);
  EXPECT_EQ(ParseEntryBundle("")->size(), 0u);
  for (size_t size = 1; size < bytes.size(); ++size) {
    // Whole entries remain at three places only.
    const bool whole = size == 2 || size == 5 || size == bytes.size() - 2;
    EXPECT_EQ(ParseEntryBundle(std::string_view(bytes).substr(0, size)).ok(), whole) << size;
  }
  EXPECT_TRUE(ParseEntryBundle(std::string(512, '\0')).ok());
  EXPECT_FALSE(ParseEntryBundle(std::string(514, '\0')).ok());
  EXPECT_FALSE(EncodeEntryBundle(std::vector<std::string>(257)).ok());
}

TEST(EntryBundleTest, HasNoPlaceForLargeEntries) {
  const auto bundle = EncodeEntryBundle(std::vector{std::string(65536, 'c')});
  EXPECT_EQ(bundle.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(bundle.status().message().find("65536"), absl::string_view::npos);
}

TEST(TilePathTest, AgreesWithTheSharedPaths) {
  const auto file = testing::FindSharedFile("vectors/c2sp/tile_paths.json");
  if (!file) GTEST_SKIP() << "the shared tile paths are not there";
  const auto vectors = nlohmann::json::parse(testing::ReadWholeFile(*file));
  const auto width = [](const nlohmann::json& partial) {
    return partial == 0 ? kTileHashes : partial.get<uint32_t>();
  };
  for (const auto& c : vectors.at("tile")) {
    const TilePath path{c.at("level").get<uint32_t>(), c.at("index").get<uint64_t>(),
                        width(c.at("partial"))};
    EXPECT_EQ(*FormatTilePath(path), c.at("path"));
  }
  for (const auto& c : vectors.at("entries")) {
    const TilePath path{std::nullopt, c.at("index").get<uint64_t>(), width(c.at("partial"))};
    EXPECT_EQ(*FormatTilePath(path), c.at("path"));
  }
  for (const auto& c : vectors.at("entry_bundle_for_leaf")) {
    const auto path = EntryBundleOf(c.at("leaf").get<uint64_t>(), c.at("log_size").get<uint64_t>());
    EXPECT_EQ(*FormatTilePath(*path), c.at("path"));
  }
  for (const auto& c : vectors.at("parse")) {
    const auto path = ParseTilePath("tile/" + c.at("level").get<std::string>() + "/" +
                                    c.at("path").get<std::string>());
    ASSERT_EQ(path.ok(), c.at("expect") == "ok") << c;
    if (!path.ok()) continue;
    const TilePath want{c.at("want")[0].get<uint32_t>(), c.at("want")[1].get<uint64_t>(),
                        width(c.at("want")[2])};
    EXPECT_EQ(*path, want) << c;
  }
  for (const auto& c : vectors.at("bundle")) {
    const auto entries = ParseEntryBundle(absl::HexStringToBytes(c.at("hex").get<std::string>()));
    ASSERT_EQ(entries.ok(), c.at("expect") == "ok") << c;
    if (!entries.ok()) continue;
    std::vector<std::string> want;
    for (const auto& hex : c.at("entries"))
      want.push_back(absl::HexStringToBytes(hex.get<std::string>()));
    EXPECT_EQ(*entries, want) << c;
  }
}

// Serves one tile of leaf hashes.
class OneTile : public HashReader {
 public:
  explicit OneTile(std::vector<Digest> hashes) : hashes_(std::move(hashes)) {}
  absl::StatusOr<std::vector<Digest>> Read(uint32_t level, uint64_t first, size_t count) override {
    if (level != 0 || first != 0 || count > hashes_.size()) return absl::NotFoundError("no tile");
    return std::vector<Digest>(hashes_.begin(), hashes_.begin() + static_cast<ptrdiff_t>(count));
  }

 private:
  std::vector<Digest> hashes_;
};

TEST(TesseraLogTest, EverythingOfItVerifies) {
  const auto folder = testing::FindSharedFile("vectors/c2sp/tessera_log");
  if (!folder) GTEST_SKIP() << "the shared log is not there";
  constexpr uint64_t kSize = 15;
  std::string key_text = testing::ReadWholeFile(*folder / "VKEY.txt");
  key_text.erase(key_text.find_last_not_of('\n') + 1);
  const std::vector<VerifierKey> keys = {*VerifierKey::Parse(key_text)};

  std::vector<Checkpoint> checkpoints;
  for (uint64_t size = 0; size <= kSize; ++size) {
    const auto opened = OpenCheckpoint(
        testing::ReadWholeFile(*folder / ("checkpoint." + std::to_string(size))), keys);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->checkpoint.size, size);
    checkpoints.push_back(opened->checkpoint);
  }
  EXPECT_EQ(OpenCheckpoint(testing::ReadWholeFile(*folder / "checkpoint"), keys)->checkpoint,
            checkpoints.back());

  std::vector<Digest> leaves;
  for (uint64_t size = 1; size <= kSize; ++size) {
    const auto width = TileWidth(0, 0, size);
    const auto tile = ParseTile(testing::ReadWholeFile(*folder / *FormatTilePath({0, 0, width})));
    ASSERT_TRUE(tile.ok()) << tile.status();
    const std::string bundle_bytes =
        testing::ReadWholeFile(*folder / *FormatTilePath(*EntryBundleOf(size - 1, size)));
    const auto entries = ParseEntryBundle(bundle_bytes);
    ASSERT_TRUE(entries.ok()) << entries.status();
    EXPECT_EQ(*EncodeEntryBundle(*entries), bundle_bytes);
    ASSERT_EQ(entries->size(), size);
    leaves.clear();
    TreeFrontier frontier;
    for (const std::string& entry : *entries) {
      leaves.push_back(LeafHash(entry));
      frontier.Append(leaves.back());
    }
    EXPECT_EQ(leaves, *tile);
    EXPECT_EQ(frontier.Root(), checkpoints[size].root) << size;
  }

  OneTile reader(leaves);
  for (uint64_t size = 0; size <= kSize; ++size) {
    const Checkpoint& checkpoint = checkpoints[size];
    EXPECT_EQ(*RootAt(size, reader), checkpoint.root);
    for (uint64_t index = 0; index < size; ++index) {
      const auto proof = InclusionProof(index, size, reader);
      ASSERT_TRUE(proof.ok()) << proof.status();
      EXPECT_TRUE(VerifyInclusion(leaves[index], index, size, *proof, checkpoint.root).ok());
    }
    for (uint64_t old_size = 0; old_size <= size; ++old_size) {
      const auto proof = ConsistencyProof(old_size, size, reader);
      ASSERT_TRUE(proof.ok()) << proof.status();
      EXPECT_TRUE(
          VerifyConsistency(old_size, checkpoints[old_size].root, size, checkpoint.root, *proof)
              .ok())
          << old_size << " to " << size;
    }
  }
}

}  // namespace
}  // namespace kengred
