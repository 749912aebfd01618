// Goal: I4, a right is used by enough distinct persons, never by enough signatures. Method: the
// same act with signatures that come close.
#include <gtest/gtest.h>

#include "rules_table.h"

namespace kengred::testing {
namespace {

class AuthorityRuleTest : public ::testing::Test {
 protected:
  AuthorityRuleTest() {
    community_.AddHolder("pair", v1::HOLDER_KIND_PERSON, 2, 2);
    community_.AddHolder("double", v1::HOLDER_KIND_PERSON, 2, 1);
    bench_ = RuleBench::Founded(&community_);
    EXPECT_TRUE(bench_
                    ->Submit({community_.OpenAccount("pair"), community_.OpenAccount("double")},
                             {"pair/all", "double/all"})
                    .ok());
    EXPECT_TRUE(bench_
                    ->Submit({community_.GrantRole("pair", v1::ROLE_COMMITTEE),
                              community_.GrantRole("double", v1::ROLE_COMMITTEE)},
                             {"governance"})
                    .ok());
  }

  // How many persons were counted; -1: enough.
  int Suspend(const std::vector<std::string>& signers) {
    RuleBench bench = *bench_;
    const auto result = bench.Submit({community_.SuspendProfessional("biocoop")}, signers);
    if (result.ok()) return -1;
    EXPECT_EQ(result.refusal->verdict, v1::VERDICT_NOT_SIGNED_BY_ROLE);
    EXPECT_EQ(result.refusal->figures.at("needed"), "2");
    return std::stoi(result.refusal->figures.at("signed"));
  }

  Community community_;
  std::optional<RuleBench> bench_;
};

TEST_F(AuthorityRuleTest, TwoPersonsAreTwo) {
  EXPECT_EQ(Suspend({"committee1", "committee2"}), -1);
  EXPECT_EQ(Suspend({"committee3", "committee1", "committee2"}), -1);
  EXPECT_EQ(Suspend({"pair/all", "double/2"}), -1);
}

TEST_F(AuthorityRuleTest, TwoKeysOfOnePersonAreOne) {
  EXPECT_EQ(Suspend({"double/all"}), 1);
  EXPECT_EQ(Suspend({"double/all", "pair/1"}), 1);
}

TEST_F(AuthorityRuleTest, HalfAnAuthorityIsNobody) {
  EXPECT_EQ(Suspend({"pair/1", "committee1"}), 1);
  EXPECT_EQ(Suspend({"pair/2"}), 0);
}

TEST_F(AuthorityRuleTest, OtherRolesAndKeysOfNobodyDoNotCount) {
  EXPECT_EQ(Suspend({"committee1", "registrar", "treasurer", "governance", "newcomer"}), 1);
}

TEST_F(AuthorityRuleTest, ARoleEndsOnItsLastDay) {
  ASSERT_TRUE(bench_
                  ->Submit({community_.GrantRole("committee2", v1::ROLE_COMMITTEE, kToday + 5)},
                           {"governance"})
                  .ok());
  bench_->AdvanceDays(5);
  EXPECT_EQ(Suspend({"committee1", "committee2"}), -1);
  bench_->AdvanceDays(1);
  EXPECT_EQ(Suspend({"committee1", "committee2"}), 1);
}

TEST_F(AuthorityRuleTest, TheQuorumIsThePolicys) {
  bench_->policy().set_committee_quorum(4);
  EXPECT_FALSE(
      bench_
          ->Judge(community_.Transaction(kNowSeconds, {community_.SuspendProfessional("biocoop")},
                                         {"committee1", "committee2", "committee3", "double"}))
          .refusal);
  const auto refusal =
      bench_
          ->Judge(community_.Transaction(kNowSeconds, {community_.SuspendProfessional("biocoop")},
                                         {"committee1", "committee2", "committee3"}))
          .refusal;
  EXPECT_EQ(refusal->figures.at("needed"), "4");
  EXPECT_EQ(refusal->figures.at("signed"), "3");
}

TEST_F(AuthorityRuleTest, AnyTwoOfGovernanceSuffice) {
  for (const auto& pair : std::vector<std::vector<std::string>>{{"governance/1", "governance/2"},
                                                                {"governance/1", "governance/3"},
                                                                {"governance/2", "governance/3"},
                                                                {"governance/all"}}) {
    EXPECT_FALSE(bench_
                     ->Judge(community_.Transaction(
                         kNowSeconds, {community_.GrantRole("alice", v1::ROLE_ISSUER)}, pair))
                     .refusal);
  }
}

// Operations are judged in order: a right that an earlier one gives or takes counts for the later.
TEST_F(AuthorityRuleTest, RightsChangeInsideATransaction) {
  EXPECT_TRUE(bench_
                  ->Submit({community_.GrantRole("alice", v1::ROLE_ISSUER),
                            community_.Issue("alice", 1, "A")},
                           {"governance", "alice"})
                  .ok());
  const auto result = bench_->Submit(
      {community_.RevokeRole("alice", v1::ROLE_ISSUER), community_.Issue("alice", 1, "B")},
      {"governance", "alice"});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.refusal->figures.at("operation_index"), "1");
  // The refusal undid the revocation as well.
  EXPECT_TRUE(bench_->Submit({community_.Issue("alice", 1, "B")}, {"alice"}).ok());
}

// A new account's own signature counts from the operation that opens it.
TEST_F(AuthorityRuleTest, AnAccountMayActInTheTransactionThatOpensIt) {
  const auto result = bench_->Submit(
      {community_.OpenAccount("newcomer"), community_.Transfer("alice", "newcomer", 500),
       community_.Transfer("newcomer", "bruno", 200)},
      {"newcomer", "alice"});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(bench_->balance("newcomer"), 300);
}

// Scenario 44: a good signature of a key that belongs to nobody.
TEST_F(AuthorityRuleTest, AStrangersSignatureOpensNothing) {
  const auto result = bench_->Submit({community_.Transfer("newcomer", "bruno", 1)}, {"newcomer"});
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_PAYER_UNKNOWN);
}

}  // namespace
}  // namespace kengred::testing
