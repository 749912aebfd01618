// The tree's hashes in a store.
//
// Goal: whatever commits the entries came in, every range of hashes is read as a plain
// computation has it, and a run that is missing or cut is named, never skipped. Method: random
// batches into a store in memory, every kind of range, then damage.
#include "server/sequence/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "kengred/core/hash.h"
#include "server/publish/proofs.h"
#include "server/rules/state.h"
#include "server/sequence/batch_builder.h"
#include "server/storage/memory_store.h"

namespace kengred::sequence {
namespace {

// A tree of entries that were committed in batches of these sizes.
struct Written {
  std::unique_ptr<storage::Store> store = storage::NewMemoryStore();
  uint64_t epoch = store->acquire("test")->epoch;
  TreeFrontier tree;
  std::map<uint32_t, std::vector<Digest>> hashes;  // of each stored level

  void Commit(size_t entries) {
    storage::Batch batch;
    batch.epoch = epoch;
    batch.first_sequence = tree.size() + 1;
    TreeFrontier beside = tree;
    std::vector<Subtree> made;
    for (size_t i = 0; i < entries; ++i) {
      batch.journal.push_back("entry " + std::to_string(batch.first_sequence + i));
      beside.Append(LeafHash(batch.journal.back()), &made);
    }
    for (const Subtree& subtree : made) {
      if (IsStoredLevel(subtree.level)) hashes[subtree.level].push_back(subtree.hash);
    }
    AppendToTree(&tree, &batch);
    SortWrites(&batch.writes);
    Write(std::move(batch));
  }

  void Change(const std::string& key, std::optional<std::string> value) {
    storage::Batch batch;
    batch.epoch = epoch;
    batch.first_sequence = tree.size() + 1;
    batch.parent_hash = batch.hash = store->head()->hash;
    batch.writes.push_back({key, std::move(value)});
    Write(std::move(batch));
  }

  void Write(const storage::Batch& batch) const {
    const auto result = store->commit(batch);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(*result, storage::CommitResult::kDurable);
  }
};

TEST(TreeTest, ReadsEveryRangeWhateverTheCommits) {
  std::mt19937_64 random(7);
  for (const size_t largest : {1U, 3U, 100U, 700U}) {
    SCOPED_TRACE(largest);
    Written written;
    while (written.tree.size() < 1500) written.Commit(1 + random() % largest);
    publish::StoreHashReader reader(written.store.get());
    for (const auto& [level, hashes] : written.hashes) {
      for (int i = 0; i < 300; ++i) {
        const size_t first = random() % hashes.size();
        const size_t count = 1 + random() % std::min<size_t>(hashes.size() - first, 400);
        const auto read = reader.Read(level, first, count);
        ASSERT_TRUE(read.ok()) << read.status();
        const auto begin = hashes.begin() + static_cast<std::ptrdiff_t>(first);
        EXPECT_EQ(*read, std::vector<Digest>(begin, begin + static_cast<std::ptrdiff_t>(count)));
      }
    }
    const auto opened = OpenTree(written.store.get(), *written.store->head());
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->Root(), written.tree.Root());
  }
}

TEST(TreeTest, ARunStaysInItsTile) {
  Written written;
  written.Commit(250);
  written.Commit(700);
  const auto scan = written.store->scan(rules::key::TreeHashes(0), "", 100);
  ASSERT_TRUE(scan.ok()) << scan.status();
  std::vector<std::pair<uint64_t, size_t>> runs;
  for (const auto& [key, run] : scan->pairs) {
    runs.emplace_back(rules::DecodeNumber(std::string_view(key).substr(2)),
                      run.size() / Digest::kSize);
  }
  EXPECT_THAT(runs,
              ::testing::ElementsAre(std::pair(0, 250), std::pair(250, 6), std::pair(256, 256),
                                     std::pair(512, 256), std::pair(768, 182)));
}

TEST(TreeTest, NamesWhatIsMissing) {
  Written written;
  for (int i = 0; i < 30; ++i) written.Commit(10);
  publish::StoreHashReader reader(written.store.get());
  const auto expect_lost = [&reader](uint64_t first, size_t count, const std::string& which) {
    const auto read = reader.Read(0, first, count);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(read.status().message()),
                ::testing::HasSubstr("hash " + which + " of"));
  };
  expect_lost(290, 11, "300");
  expect_lost(300, 1, "300");
  written.Change(rules::key::TreeRun(0, 100), std::nullopt);
  expect_lost(90, 20, "100");
  expect_lost(105, 1, "105");
  EXPECT_TRUE(reader.Read(0, 110, 10).ok());
  written.Change(rules::key::TreeRun(0, 200), std::string(9 * Digest::kSize, 'x'));
  expect_lost(195, 20, "209");
  written.Change(rules::key::TreeRun(0, 200), std::string(9 * Digest::kSize + 5, 'x'));
  expect_lost(195, 20, "200");
}

}  // namespace
}  // namespace kengred::sequence
