// Goal and method: rules_table.h, for the operations on accounts, memberships, approvals and roles;
// and what each of them changes where it is accepted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kengred/core/charter.h"
#include "rules_table.h"
#include "tests/support/mixed_order_key.h"

namespace kengred::testing {
namespace {

using ::testing::IsEmpty;

std::string Number(int64_t number) { return std::to_string(number); }

std::vector<Fault> BadDays(const std::function<void(Attempt&, int32_t)>& set_day) {
  std::vector<Fault> faults;
  for (const int32_t day : {kToday - 1, kToday + 3661, 0, -1, INT32_MIN, INT32_MAX}) {
    faults.push_back({"the day " + Number(day),
                      "day",
                      v1::VERDICT_DATE_OUT_OF_RANGE,
                      {{"day", Number(day)}, {"today", Number(kToday)}},
                      [day, set_day](Attempt& attempt) { set_day(attempt, day); }});
  }
  return faults;
}

Fault NotSignedByRole(const std::string& role, const std::string& needed, const std::string& by,
                      const std::string& count) {
  return {"signed by " + by + " alone",
          "signers",
          v1::VERDICT_NOT_SIGNED_BY_ROLE,
          {{"role", role}, {"needed", needed}, {"signed", count}},
          [by](Attempt& attempt) { attempt.signers = {by}; }};
}

Fault UnknownAccount(const std::function<void(Attempt&, std::string)>& set_id) {
  return {"an account that is not open",
          "id",
          v1::VERDICT_ACCOUNT_UNKNOWN,
          {{"account_id", Town().account("trio").ToHex()}},
          [set_id](Attempt& a) { set_id(a, a.community().account("trio").ToBytes()); }};
}

Fault ProgrammeInstead(const std::function<void(Attempt&, std::string)>& set_id) {
  return {"a programme", "id", v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED, {}, [set_id](Attempt& a) {
            set_id(a, a.community().account("repair").ToBytes());
          }};
}

Fault PersonInstead(const std::function<void(Attempt&, std::string)>& set_id) {
  return {"a person", "id", v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED, {}, [set_id](Attempt& a) {
            set_id(a, a.community().account("alice").ToBytes());
          }};
}

// ---- OpenAccount ----

void AddKeyOf(Attempt& attempt, const std::string& name) {
  v1::Authority* authority = attempt.operation.mutable_open_account()->mutable_authority();
  *authority = attempt.community().holder("trio").authority;
  authority->add_public_keys(name == "governance"
                                 ? attempt.community().charter().governance().public_keys(0)
                                 : attempt.community().key(name).public_key().ToBytes());
  attempt.signers = {"trio/all", name + "/1"};
}

RuleTable OpenAccountTable() {
  RuleTable table;
  table.name = "OpenAccount";
  table.file = "open_account.cc";
  table.good = [] { return Attempt{TownBench(), Town().OpenAccount("trio"), {"trio/all"}}; };
  for (const int kind : {0, 4, 5, 6, 99}) {
    table.faults.push_back({"kind " + Number(kind),
                            "kind",
                            v1::VERDICT_HOLDER_KIND_NOT_ALLOWED,
                            {},
                            [kind](Attempt& a) {
                              a.operation.mutable_open_account()->set_kind(
                                  static_cast<v1::HolderKind>(kind));
                            }});
  }
  table.faults = table.faults +
                 std::vector<Fault>{
                     {"no authority",
                      "authority",
                      v1::VERDICT_AUTHORITY_MALFORMED,
                      {},
                      [](Attempt& a) { a.operation.mutable_open_account()->clear_authority(); }},
                     {"a threshold above the keys",
                      "authority",
                      v1::VERDICT_AUTHORITY_MALFORMED,
                      {},
                      [](Attempt& a) {
                        a.operation.mutable_open_account()->mutable_authority()->set_threshold(4);
                      }},
                     {"a key of small order",
                      "authority",
                      v1::VERDICT_AUTHORITY_MALFORMED,
                      {},
                      [](Attempt& a) {
                        a.operation.mutable_open_account()->mutable_authority()->set_public_keys(
                            0, std::string(32, '\0'));
                      }},
                 };
  table.faults =
      table.faults +
      BadCommitments(
          [](Attempt& a) { return a.operation.mutable_open_account()->mutable_profile(); }, nullptr,
          false) +
      std::vector<Fault>{
          {"signed by the threshold and not by all",
           "signers",
           v1::VERDICT_NOT_SIGNED_BY_HOLDER,
           {{"needed", "3"}, {"signed", "2"}},
           [](Attempt& a) { a.signers = {"trio"}; }},
          {"signed by somebody else",
           "signers",
           v1::VERDICT_NOT_SIGNED_BY_HOLDER,
           {{"needed", "3"}, {"signed", "0"}},
           [](Attempt& a) { a.signers = {"alice"}; }},
          {"the same account again",
           "authority",
           v1::VERDICT_ACCOUNT_EXISTS,
           {{"account_id", Town().account("trio").ToHex()}},
           [](Attempt& a) { a.bench.Submit({a.community().OpenAccount("trio")}, {"trio/all"}); }},
          {"a key of another account",
           "authority signers",
           v1::VERDICT_KEY_IN_USE,
           {},
           [](Attempt& a) { AddKeyOf(a, "alice"); }},
          {"a key of governance",
           "authority signers",
           v1::VERDICT_KEY_IN_USE,
           {},
           [](Attempt& a) { AddKeyOf(a, "governance"); }},
          {"the same keys in another order",
           "authority",
           v1::VERDICT_KEY_IN_USE,
           {},
           [](Attempt& a) {
             a.bench.Submit({a.community().OpenAccount("trio")}, {"trio/all"});
             a.operation.mutable_open_account()
                 ->mutable_authority()
                 ->mutable_public_keys()
                 ->SwapElements(0, 2);
           }},
      };
  return table;
}

TEST(OpenAccountTest, OpensAnAccountWithNothingButKeys) {
  RuleBench bench = TownBench();
  const auto result = bench.Submit({Town().OpenAccount("trio")}, {"trio/all"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result.postings, IsEmpty());
  v1::Account expected;
  expected.set_account_id(Town().account("trio").ToBytes());
  expected.set_kind(v1::HOLDER_KIND_PERSON);
  *expected.mutable_authority() = Town().holder("trio").authority;
  *expected.mutable_profile() = Town().OpenAccount("trio").open_account().profile();
  expected.set_opened_sequence(result.sequence);
  EXPECT_EQ(bench.account("trio").SerializeAsString(), expected.SerializeAsString());
  for (const SecretKey& key : Town().holder("trio").keys) {
    EXPECT_EQ(bench.reader().FindKeyOwner(key.public_key()), Town().account("trio"));
  }
  // A person stands in no public list.
  EXPECT_FALSE(bench.Get(rules::key::Listed(v1::HOLDER_KIND_PERSON, Town().account("trio"))));
}

TEST(OpenAccountTest, ListsShopsAndAssociations) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(bench.Submit({Town().OpenAccount("newshop")}, {"newshop"}).ok());
  EXPECT_TRUE(
      bench.Get(rules::key::Listed(v1::HOLDER_KIND_PROFESSIONAL, Town().account("newshop"))));
  v1::Operation association = Town().OpenAccount("newcomer");
  association.mutable_open_account()->set_kind(v1::HOLDER_KIND_ASSOCIATION);
  ASSERT_TRUE(bench.Submit({association}, {"newcomer"}).ok());
  EXPECT_TRUE(
      bench.Get(rules::key::Listed(v1::HOLDER_KIND_ASSOCIATION, Town().account("newcomer"))));
}

TEST(OpenAccountTest, NeedsNoProfile) {
  RuleBench bench = TownBench();
  v1::Operation operation = Town().OpenAccount("trio");
  operation.mutable_open_account()->clear_profile();
  ASSERT_TRUE(bench.Submit({operation}, {"trio/all"}).ok());
  EXPECT_FALSE(bench.account("trio").has_profile());
}

// A signature by a key of mixed order may verify; the key may own nothing all the same.
TEST(OpenAccountTest, AKeyOfMixedOrderIsRefusedThoughItHasSigned) {
  const MixedOrderKey mixed;
  v1::Operation open = Town().OpenAccount("newcomer");
  open.mutable_open_account()->mutable_authority()->set_public_keys(0,
                                                                    mixed.public_key().ToBytes());
  RuleBench bench = TownBench();
  v1::SignedTransaction transaction = Town().Transaction(bench.now_seconds(), {open}, {});
  mixed.Sign(&transaction);
  const auto result = bench.Submit(transaction);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_AUTHORITY_MALFORMED);
}

// Two openings of one transaction see each other.
TEST(OpenAccountTest, AKeyOpensOneAccountOfOneTransaction) {
  RuleBench bench = TownBench();
  const auto result =
      bench.Submit({Town().OpenAccount("trio"), Town().OpenAccount("trio")}, {"trio/all"});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_ACCOUNT_EXISTS);
  EXPECT_EQ(result.refusal->figures.at("operation_index"), "1");
}

// Scenario 12.
TEST(OpenAccountTest, GivesNoRight) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(bench.Submit({Town().OpenAccount("newcomer")}, {"newcomer", "registrar"}).ok());
  EXPECT_EQ(bench.account("newcomer").roles().size(), 0);
  EXPECT_FALSE(bench.account("newcomer").has_membership());
}

// ---- AdmitMember ----

RuleTable AdmitMemberTable() {
  const auto set_id = [](Attempt& a, std::string id) {
    a.operation.mutable_admit_member()->set_account_id(std::move(id));
  };
  RuleTable table;
  table.name = "AdmitMember";
  table.file = "admit_member.cc";
  table.good = [] {
    return Attempt{TownBench(), Town().AdmitMember("friend", kToday + 3660), {"registrar"}};
  };
  table.faults = MalformedIds("id", set_id) + BadDays([](Attempt& a, int32_t day) {
                   a.operation.mutable_admit_member()->set_until_day(day);
                 }) +
                 std::vector<Fault>{NotSignedByRole("REGISTRAR", "1", "alice", "0"),
                                    UnknownAccount(set_id), ProgrammeInstead(set_id)};
  table.out_of_reach = {{v1::VERDICT_CONFLICT_OF_INTEREST, kNobodyConcerned}};
  return table;
}

TEST(AdmitMemberTest, AdmitsFromTodayOn) {
  RuleBench bench = TownBench();
  const auto result = bench.Submit({Town().AdmitMember("friend", kToday)}, {"registrar"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result.postings, IsEmpty());
  const v1::Membership membership = bench.account("friend").membership();
  EXPECT_EQ(membership.from_day(), kToday);
  EXPECT_EQ(membership.until_day(), kToday);
  EXPECT_EQ(membership.ended_day(), 0);
}

TEST(AdmitMemberTest, ProlongsARunningMembershipAndKeepsItsFirstDay) {
  RuleBench bench = TownBench();
  bench.AdvanceDays(366 + 30);  // the last day of grace
  ASSERT_TRUE(bench.Submit({Town().AdmitMember("alice", bench.today() + 10)}, {"registrar"}).ok());
  EXPECT_EQ(bench.account("alice").membership().from_day(), kToday);
  EXPECT_EQ(bench.account("alice").membership().until_day(), bench.today() + 10);
}

TEST(AdmitMemberTest, StartsAgainAfterItWasOver) {
  RuleBench bench = TownBench();
  bench.AdvanceDays(366 + 31);
  ASSERT_TRUE(bench.Submit({Town().AdmitMember("alice", bench.today() + 10)}, {"registrar"}).ok());
  EXPECT_EQ(bench.account("alice").membership().from_day(), bench.today());
}

TEST(AdmitMemberTest, StartsAgainAfterItWasEnded) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(bench.Submit({Town().EndMembership("alice")}, {"registrar"}).ok());
  bench.AdvanceDays(2);
  ASSERT_TRUE(bench.Submit({Town().AdmitMember("alice", bench.today() + 10)}, {"registrar"}).ok());
  EXPECT_EQ(bench.account("alice").membership().from_day(), kToday + 2);
  EXPECT_EQ(bench.account("alice").membership().ended_day(), 0);
}

// ---- EndMembership ----

RuleTable EndMembershipTable() {
  const auto set_id = [](Attempt& a, std::string id) {
    a.operation.mutable_end_membership()->set_account_id(std::move(id));
  };
  RuleTable table;
  table.name = "EndMembership";
  table.file = "end_membership.cc";
  table.good = [] { return Attempt{TownBench(), Town().EndMembership("alice"), {"registrar"}}; };
  table.faults =
      MalformedIds("id", set_id) +
      BadCommitments(
          [](Attempt& a) { return a.operation.mutable_end_membership()->mutable_reason(); },
          [](Attempt& a) { a.operation.mutable_end_membership()->clear_reason(); }, true) +
      std::vector<Fault>{
          NotSignedByRole("REGISTRAR", "1", "committee1", "0"),
          UnknownAccount(set_id),
          {"ended already",
           "id today",
           v1::VERDICT_MEMBERSHIP_ENDED,
           {},
           [](Attempt& a) {
             a.bench.Submit({a.community().EndMembership("alice")}, {"registrar"});
           }},
          {"never a member",
           "id",
           v1::VERDICT_NOT_MEMBER,
           {},
           [set_id](Attempt& a) { set_id(a, a.community().account("friend").ToBytes()); }},
          {"over by its dates",
           "id today",
           v1::VERDICT_NOT_MEMBER,
           {{"until_day", Number(kToday + 366)}},
           [](Attempt& a) { a.bench.AdvanceDays(366 + 31); }},
      };
  table.out_of_reach = {{v1::VERDICT_CONFLICT_OF_INTEREST, kNobodyConcerned}};
  return table;
}

TEST(EndMembershipTest, EndsTodayAndTakesNothing) {
  RuleBench bench = TownBench();
  const auto result = bench.Submit({Town().EndMembership("alice")}, {"registrar"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result.postings, IsEmpty());
  EXPECT_EQ(bench.account("alice").membership().ended_day(), kToday);
  EXPECT_EQ(bench.balance("alice"), 20000);
}

// ---- ApproveProfessional ----

// A bench on which the shop sits in the committee.
RuleBench WithShopInCommittee(RuleBench bench, const std::string& shop) {
  bench.Submit({bench.community().GrantRole(shop, v1::ROLE_COMMITTEE)}, {"governance"});
  return bench;
}

RuleTable ApproveProfessionalTable() {
  const auto set_id = [](Attempt& a, std::string id) {
    a.operation.mutable_approve_professional()->set_account_id(std::move(id));
  };
  RuleTable table;
  table.name = "ApproveProfessional";
  table.file = "approve_professional.cc";
  table.good = [] {
    return Attempt{TownBench(),
                   Town().ApproveProfessional("corner", kToday + 366),
                   {"committee1", "committee3"}};
  };
  table.faults =
      MalformedIds("id", set_id) + BadDays([](Attempt& a, int32_t day) {
        a.operation.mutable_approve_professional()->set_until_day(day);
      }) +
      BadCommitments(
          [](Attempt& a) { return a.operation.mutable_approve_professional()->mutable_reason(); },
          [](Attempt& a) { a.operation.mutable_approve_professional()->clear_reason(); }, true) +
      std::vector<Fault>{
          NotSignedByRole("COMMITTEE", "2", "committee1", "1"),
          NotSignedByRole("COMMITTEE", "2", "governance", "0"),
          {"the shop signs as one of two",
           "signers id",
           v1::VERDICT_CONFLICT_OF_INTEREST,
           {},
           [](Attempt& a) {
             a.bench = WithShopInCommittee(a.bench, "corner");
             a.signers = {"committee1", "corner"};
           }},
          UnknownAccount(set_id),
          PersonInstead(set_id),
          {"a shop that is no member",
           "id",
           v1::VERDICT_NOT_MEMBER,
           {},
           [set_id](Attempt& a) {
             a.bench.Submit({a.community().OpenAccount("newshop")}, {"newshop"});
             set_id(a, a.community().account("newshop").ToBytes());
           }},
          {"a shop whose membership was ended",
           "id",
           v1::VERDICT_NOT_MEMBER,
           {{"until_day", Number(kToday + 366)}},
           [](Attempt& a) {
             a.bench.Submit({a.community().EndMembership("corner")}, {"registrar"});
           }},
      };
  return table;
}

TEST(ApproveProfessionalTest, ApprovesFromTodayOn) {
  RuleBench bench = TownBench();
  const auto result = bench.Submit({Town().ApproveProfessional("corner", kToday + 3660)},
                                   {"committee2", "committee3"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result.postings, IsEmpty());
  EXPECT_EQ(bench.account("corner").approval().from_day(), kToday);
  EXPECT_EQ(bench.account("corner").approval().until_day(), kToday + 3660);
}

TEST(ApproveProfessionalTest, ProlongsARunningApprovalAndLiftsASuspension) {
  RuleBench bench = TownBench();
  bench.AdvanceDays(5);
  const int32_t until = bench.today() + 20;
  ASSERT_TRUE(
      bench.Submit({Town().ApproveProfessional("biocoop", until)}, {"committee1", "committee2"})
          .ok());
  EXPECT_EQ(bench.account("biocoop").approval().from_day(), kToday);
  ASSERT_TRUE(
      bench.Submit({Town().SuspendProfessional("biocoop")}, {"committee1", "committee2"}).ok());
  bench.AdvanceDays(1);
  ASSERT_TRUE(
      bench.Submit({Town().ApproveProfessional("biocoop", until)}, {"committee1", "committee2"})
          .ok());
  EXPECT_EQ(bench.account("biocoop").approval().from_day(), kToday + 6);
  EXPECT_EQ(bench.account("biocoop").approval().suspended_day(), 0);
}

TEST(ApproveProfessionalTest, TheShopsOwnVoteIsIgnoredWhereOthersSuffice) {
  RuleBench bench = WithShopInCommittee(TownBench(), "corner");
  EXPECT_TRUE(bench
                  .Submit({Town().ApproveProfessional("corner", kToday)},
                          {"committee1", "committee2", "corner"})
                  .ok());
}

// ---- SuspendProfessional ----

RuleTable SuspendProfessionalTable() {
  const auto set_id = [](Attempt& a, std::string id) {
    a.operation.mutable_suspend_professional()->set_account_id(std::move(id));
  };
  RuleTable table;
  table.name = "SuspendProfessional";
  table.file = "suspend_professional.cc";
  table.good = [] {
    return Attempt{
        TownBench(), Town().SuspendProfessional("biocoop"), {"committee1", "committee2"}};
  };
  table.faults =
      MalformedIds("id", set_id) +
      BadCommitments(
          [](Attempt& a) { return a.operation.mutable_suspend_professional()->mutable_reason(); },
          [](Attempt& a) { a.operation.mutable_suspend_professional()->clear_reason(); }, true) +
      std::vector<Fault>{
          NotSignedByRole("COMMITTEE", "2", "committee3", "1"),
          {"the shop signs as one of two",
           "signers id",
           v1::VERDICT_CONFLICT_OF_INTEREST,
           {},
           [](Attempt& a) {
             a.bench = WithShopInCommittee(a.bench, "biocoop");
             a.signers = {"committee1", "biocoop"};
           }},
          UnknownAccount(set_id),
          PersonInstead(set_id),
          {"a shop that was never approved",
           "id",
           v1::VERDICT_NOT_APPROVED,
           {},
           [set_id](Attempt& a) { set_id(a, a.community().account("corner").ToBytes()); }},
          {"a suspended shop",
           "id",
           v1::VERDICT_SUSPENDED,
           {{"suspended_day", Number(kToday)}},
           [](Attempt& a) {
             a.bench.Submit({a.community().SuspendProfessional("biocoop")},
                            {"committee1", "committee2"});
           }},
      };
  return table;
}

TEST(SuspendProfessionalTest, SuspendsFromTodayOn) {
  RuleBench bench = TownBench();
  const auto result =
      bench.Submit({Town().SuspendProfessional("biocoop")}, {"committee1", "committee2"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result.postings, IsEmpty());
  EXPECT_EQ(bench.account("biocoop").approval().suspended_day(), kToday);
  EXPECT_EQ(bench.account("biocoop").approval().from_day(), kToday);
}

// ---- GrantRole and RevokeRole ----

std::vector<Fault> BadRoles(const std::function<void(Attempt&, v1::Role)>& set_role) {
  std::vector<Fault> faults;
  for (const int role : {0, 8, 99, -1}) {
    faults.push_back(
        {"role " + Number(role), "role", v1::VERDICT_ROLE_MALFORMED, {}, [=](Attempt& a) {
           set_role(a, static_cast<v1::Role>(role));
         }});
  }
  return faults;
}

const Fault& NotSignedByGovernance() {
  static const auto* const kFault = new Fault{"signed by one of governance and a role",
                                              "signers",
                                              v1::VERDICT_NOT_SIGNED_BY_GOVERNANCE,
                                              {{"needed", "2"}, {"signed", "1"}},
                                              [](Attempt& a) {
                                                a.signers = {"governance/3", "registrar"};
                                              }};
  return *kFault;
}

RuleTable GrantRoleTable() {
  const auto set_id = [](Attempt& a, std::string id) {
    a.operation.mutable_grant_role()->set_account_id(std::move(id));
  };
  std::vector<Fault> days;
  for (Fault fault : BadDays(
           [](Attempt&a, int32_t day) { a.operation.mutable_grant_role()->set_until_day(day); })) {
    if (fault.figures["day"] != "0") days.push_back(fault);  // 0: without end
  }
  RuleTable table;
  table.name = "GrantRole";
  table.file = "grant_role.cc";
  table.good = [] {
    return Attempt{TownBench(), Town().GrantRole("alice", v1::ROLE_ISSUER, kToday), {"governance"}};
  };
  table.faults = MalformedIds("id", set_id) + BadRoles([](Attempt& a, v1::Role role) {
                   a.operation.mutable_grant_role()->set_role(role);
                 }) +
                 days +
                 std::vector<Fault>{
                     NotSignedByGovernance(),
                     UnknownAccount(set_id),
                     ProgrammeInstead(set_id),
                     {"the same role to the same day",
                      "id role day",
                      v1::VERDICT_ROLE_ALREADY_GRANTED,
                      {},
                      [](Attempt& a) {
                        a.bench.Submit({a.community().GrantRole("alice", v1::ROLE_ISSUER, kToday)},
                                       {"governance"});
                      }},
                 };
  return table;
}

TEST(GrantRoleTest, GrantsAndChangesTheLastDay) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(bench
                  .Submit({Town().GrantRole("alice", v1::ROLE_ISSUER),
                           Town().GrantRole("alice", v1::ROLE_AUDITOR, kToday + 5)},
                          {"governance"})
                  .ok());
  EXPECT_EQ(bench.account("alice").roles().size(), 2);
  ASSERT_TRUE(
      bench.Submit({Town().GrantRole("alice", v1::ROLE_ISSUER, kToday + 9)}, {"governance"}).ok());
  ASSERT_EQ(bench.account("alice").roles().size(), 2);
  EXPECT_EQ(bench.account("alice").roles(0).until_day(), kToday + 9);
  EXPECT_TRUE(rules::HasRole(bench.account("alice"), v1::ROLE_ISSUER, kToday + 9));
  EXPECT_FALSE(rules::HasRole(bench.account("alice"), v1::ROLE_ISSUER, kToday + 10));
  EXPECT_FALSE(rules::HasRole(bench.account("alice"), v1::ROLE_TREASURER, kToday));
}

RuleTable RevokeRoleTable() {
  const auto set_id = [](Attempt& a, std::string id) {
    a.operation.mutable_revoke_role()->set_account_id(std::move(id));
  };
  RuleTable table;
  table.name = "RevokeRole";
  table.file = "revoke_role.cc";
  table.good = [] {
    return Attempt{TownBench(), Town().RevokeRole("issuer", v1::ROLE_ISSUER), {"governance"}};
  };
  table.faults =
      MalformedIds("id", set_id) + BadRoles([](Attempt& a, v1::Role role) {
        a.operation.mutable_revoke_role()->set_role(role);
      }) +
      BadCommitments([](Attempt& a) { return a.operation.mutable_revoke_role()->mutable_reason(); },
                     nullptr, false) +
      std::vector<Fault>{
          NotSignedByGovernance(),
          UnknownAccount(set_id),
          {"a role it does not have",
           "id role",
           v1::VERDICT_ROLE_NOT_GRANTED,
           {},
           [](Attempt& a) { a.operation.mutable_revoke_role()->set_role(v1::ROLE_TREASURER); }},
      };
  return table;
}

// Scenario 55: from the next entry on.
TEST(RevokeRoleTest, TakesTheRightAwayFromTheNextTransactionOn) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(bench.Submit({Town().Issue("alice", 1, "A")}, {"issuer"}).ok());
  ASSERT_TRUE(bench.Submit({Town().RevokeRole("issuer", v1::ROLE_ISSUER)}, {"governance"}).ok());
  const auto result = bench.Submit({Town().Issue("alice", 1, "B")}, {"issuer"});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_NOT_SIGNED_BY_ROLE);
  // Scenario 56.
  EXPECT_EQ(
      bench.Submit({Town().RevokeRole("issuer", v1::ROLE_ISSUER)}, {"governance"}).refusal->verdict,
      v1::VERDICT_ROLE_NOT_GRANTED);
}

// ---- RotateLogKey ----

RuleTable RotateLogKeyTable() {
  const auto malformed = [](const char* name, std::string key) {
    return Fault{
        name, "key", v1::VERDICT_LOG_KEY_MALFORMED, {}, [key = std::move(key)](Attempt& a) {
          a.operation.mutable_rotate_log_key()->set_log_public_key(key);
        }};
  };
  RuleTable table;
  table.name = "RotateLogKey";
  table.file = "rotate_log_key.cc";
  table.good = [] { return Attempt{TownBench(), Town().RotateLogKey(1), {"governance"}}; };
  table.faults = {
      malformed("no key", ""),
      malformed("half a key", std::string(31, 'k')),
      NotSignedByGovernance(),
      malformed("a key of small order", std::string(32, '\0')),
      {"the charter's log key",
       "key",
       v1::VERDICT_LOG_KEY_USED,
       {},
       [](Attempt& a) { a.operation = Town().RotateLogKey(0); }},
      {"a log key of before",
       "key",
       v1::VERDICT_LOG_KEY_USED,
       {},
       [](Attempt& a) {
         ASSERT_TRUE(a.bench.Submit({Town().RotateLogKey(1)}, {"governance"}).ok());
         ASSERT_TRUE(a.bench.Submit({Town().RotateLogKey(2)}, {"governance"}).ok());
       }},
  };
  return table;
}

TEST(RotateLogKeyTest, SaysSinceWhichEntry) {
  RuleBench bench = TownBench();
  const auto result = bench.Submit({Town().RotateLogKey(1)}, {"governance"});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(bench.reader().FindLogKey(Town().log_key(1).public_key()), bench.head());
  EXPECT_EQ(bench.reader().FindLogKey(Town().log_key(0).public_key()), std::nullopt);
}

}  // namespace

std::vector<RuleTable> MemberTables() {
  return {OpenAccountTable(),         AdmitMemberTable(),         EndMembershipTable(),
          ApproveProfessionalTable(), SuspendProfessionalTable(), GrantRoleTable(),
          RevokeRoleTable(),          RotateLogKeyTable()};
}

}  // namespace kengred::testing
