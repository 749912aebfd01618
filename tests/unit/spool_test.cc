// Goal: what was appended is read back, in pages that keep their bounds; and nobody else can open
// what is kept. Method: records of sizes around the bounds.
#include "server/remote/spool.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace kengred::remote {
namespace {

std::string Record(size_t i) { return std::string(i * 10, static_cast<char>('a' + i % 26)); }

TEST(SpoolTest, ReadsWhatWasAppended) {
  const auto spool = Spool::Create();
  ASSERT_TRUE(spool.ok()) << spool.status();
  EXPECT_EQ((*spool)->size(), 0u);
  for (size_t i = 0; i < 100; ++i) {
    ASSERT_TRUE((*spool)->Append(Record(i)).ok());
    // Reading between does not disturb.
    EXPECT_EQ(*(*spool)->Read(i, 1, 1'000'000), std::vector{Record(i)});
  }
  EXPECT_EQ((*spool)->size(), 100u);
  for (size_t first = 0; first < 100; ++first) {
    const auto page = (*spool)->Read(first, 7, 1'000'000);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_EQ(page->size(), std::min<size_t>(7, 100 - first));
    for (size_t i = 0; i < page->size(); ++i) EXPECT_EQ((*page)[i], Record(first + i));
  }
}

TEST(SpoolTest, KeepsToItsBoundsButGivesOne) {
  const auto spool = Spool::Create();
  ASSERT_TRUE(spool.ok()) << spool.status();
  for (size_t i = 0; i < 10; ++i) ASSERT_TRUE((*spool)->Append(Record(i)).ok());
  EXPECT_EQ((*spool)->Read(9, 5, 1)->size(), 1u) << "at least one";
  // 30 + 40 + 50 bytes.
  EXPECT_EQ((*spool)->Read(3, 5, 120)->size(), 3u);
  EXPECT_EQ((*spool)->Read(3, 5, 119)->size(), 2u);
  EXPECT_EQ((*spool)->Read(0, 1, 0)->front(), "");
}

TEST(SpoolTest, HasNoName) {
  std::string folder = (std::filesystem::temp_directory_path() / "kengred-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  ASSERT_EQ(setenv("TMPDIR", folder.c_str(), 1), 0);
  const auto spool = Spool::Create();
  unsetenv("TMPDIR");
  ASSERT_TRUE(spool.ok()) << spool.status();
  ASSERT_TRUE((*spool)->Append("an entry").ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_EQ((*spool)->Read(0, 1, 100)->front(), "an entry");
  std::filesystem::remove(folder);
}

}  // namespace
}  // namespace kengred::remote
