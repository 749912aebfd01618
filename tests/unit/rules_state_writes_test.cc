// What a transaction puts into the state.
//
// Goal: a sorted list that answers as a map would. Method: random writes next to a std::map.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "server/rules/state_writes.h"

namespace kengred::rules {
namespace {

TEST(StateWritesTest, AnswersAsAMapDoes) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 200; ++round) {
    std::map<std::string, std::string> map;
    for (uint64_t i = random() % 20; i > 0; --i) {
      map[std::to_string(random() % 100)] = std::to_string(i);
    }
    std::vector<StateWrites::Write> shuffled(map.begin(), map.end());
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    StateWrites writes(std::move(shuffled));
    for (uint64_t i = random() % 5; i > 0; --i) {
      const std::string key = std::to_string(random() % 100);
      map[key] = writes[key] = "again";
    }
    EXPECT_EQ(writes.empty(), map.empty());
    EXPECT_EQ(writes.size(), map.size());
    for (int i = 0; i < 100; ++i) {
      const std::string key = std::to_string(i);
      const auto found = map.find(key);
      ASSERT_EQ(writes.find(key) == writes.end(), found == map.end());
      if (found != map.end()) {
        EXPECT_EQ(writes.find(key)->second, found->second);
      }
      const auto next = map.lower_bound(key);
      ASSERT_EQ(writes.lower_bound(key) == writes.end(), next == map.end());
      if (next != map.end()) {
        EXPECT_EQ(writes.lower_bound(key)->first, next->first);
      }
    }
    EXPECT_EQ(std::move(writes).Take(), std::vector<StateWrites::Write>(map.begin(), map.end()));
  }
}

}  // namespace
}  // namespace kengred::rules
