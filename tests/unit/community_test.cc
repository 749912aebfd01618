// Goal: the community that other tests stand on is what its header says, and follows from its seed
// alone. Method: found it on the bench, compare balances, and make it twice.
#include "tests/support/community.h"

#include <gtest/gtest.h>

#include "kengred/core/charter.h"
#include "kengred/core/system_accounts.h"
#include "tests/support/rule_bench.h"

namespace kengred::testing {
namespace {

TEST(CommunityTest, TheCharterIsValid) { EXPECT_TRUE(ValidateCharter(Community().charter()).ok()); }

TEST(CommunityTest, FoundingGivesTheBalancesThatTheHeaderNames) {
  Community community;
  const RuleBench bench = RuleBench::Founded(&community);
  EXPECT_EQ(bench.balance("alice"), 20000);
  EXPECT_EQ(bench.balance("bruno"), 5000);
  EXPECT_EQ(bench.balance("choir"), 10000);
  EXPECT_EQ(bench.balance("assoc"), 30000);
  EXPECT_EQ(bench.balance("repair"), 70000);
  EXPECT_EQ(bench.balance("timebank", kHours), 6000);
  EXPECT_EQ(rules::CirculationOf(bench.reader(), kHeol), 135000);
  EXPECT_EQ(bench.system_balance(kFundDigital, kEur), 135000);
  EXPECT_EQ(bench.account("newcomer").kind(), v1::HOLDER_KIND_UNSPECIFIED);
  EXPECT_EQ(bench.account("biocoop").kind(), v1::HOLDER_KIND_PROFESSIONAL);
}

TEST(CommunityTest, TheSameSeedMakesTheSameBytes) {
  Community one(7);
  Community two(7);
  Community three(8);
  EXPECT_EQ(one.charter_bytes(), two.charter_bytes());
  EXPECT_NE(one.charter_bytes(), three.charter_bytes());
  const auto founding = one.Found(kNowSeconds);
  const auto again = two.Found(kNowSeconds);
  ASSERT_EQ(founding.size(), again.size());
  for (size_t i = 0; i < founding.size(); ++i) {
    EXPECT_EQ(founding[i].SerializeAsString(), again[i].SerializeAsString());
  }
}

}  // namespace
}  // namespace kengred::testing
