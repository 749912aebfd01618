// Goal and method: rules_table.h, for OpenProgramme, Reward and CloseProgramme; and the exact
// postings of each where it is accepted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "kengred/core/civil_day.h"
#include "rules_table.h"

namespace kengred::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

std::string Number(int64_t number) { return std::to_string(number); }

// ---- OpenProgramme ----

using Terms = v1::ProgrammeTerms;

Terms* TermsOf(Attempt& attempt) {
  return attempt.operation.mutable_open_programme()->mutable_terms();
}

std::vector<Fault> TermFaults(
    const std::string& spoils, v1::Verdict verdict,
    const std::vector<std::pair<const char*, std::function<void(Terms*)>>>& changes) {
  std::vector<Fault> faults;
  for (const auto& [name, change] : changes) {
    faults.push_back(
        {name, spoils, verdict, {}, [change = change](Attempt& a) { change(TermsOf(a)); }});
  }
  return faults;
}

std::vector<Fault> BadActivities() {
  const auto first = [](Terms* terms) { return terms->mutable_activities(0); };
  return TermFaults(
      "activities", v1::VERDICT_ACTIVITIES_MALFORMED,
      {{"no activity", [](Terms* t) { t->clear_activities(); }},
       {"33 activities",
        [](Terms* t) {
          while (t->activities().size() < 33) {
            *t->add_activities() = t->activities(0);
            t->mutable_activities()->rbegin()->set_code("a" + Number(t->activities().size()));
          }
        }},
       {"no code", [=](Terms* t) { first(t)->clear_code(); }},
       {"a long code", [=](Terms* t) { first(t)->set_code(std::string(33, 'a')); }},
       {"an upper-case code", [=](Terms* t) { first(t)->set_code("Session"); }},
       {"a code with a space", [=](Terms* t) { first(t)->set_code("a b"); }},
       {"a code twice", [=](Terms* t) { first(t)->set_code("minute"); }},
       {"no unit", [=](Terms* t) { first(t)->clear_unit(); }},
       {"a long unit", [=](Terms* t) { first(t)->set_unit(std::string(17, 'u')); }},
       {"a unit with a digit", [=](Terms* t) { first(t)->set_unit("m2"); }},
       {"a unit with a hyphen", [=](Terms* t) { first(t)->set_unit("half-day"); }},
       {"a rate of nothing", [=](Terms* t) { first(t)->set_rate_minor(0); }},
       {"a rate below nothing", [=](Terms* t) { first(t)->set_rate_minor(-1); }},
       {"no quantity", [=](Terms* t) { first(t)->set_quantity_max(0); }}});
}

std::vector<Fault> BadValidators() {
  return TermFaults(
      "validators", v1::VERDICT_VALIDATORS_MALFORMED,
      {{"no validator", [](Terms* t) { t->clear_validator_account_ids(); }},
       {"65 validators",
        [](Terms* t) {
          for (int i = 0; t->validator_account_ids().size() < 65; ++i) {
            t->add_validator_account_ids(std::string(19, 'v') + static_cast<char>(i));
          }
        }},
       {"none required", [](Terms* t) { t->set_validators_required(0); }},
       {"more required than named", [](Terms* t) { t->set_validators_required(4); }},
       {"a short id", [](Terms* t) { t->set_validator_account_ids(1, std::string(19, 'v')); }},
       {"one twice",
        [](Terms* t) { t->set_validator_account_ids(1, t->validator_account_ids(0)); }},
       {"the association itself",
        [](Terms* t) { t->set_validator_account_ids(1, t->association_account_id()); }}});
}

std::vector<Fault> BadCaps() {
  return TermFaults(
      "caps", v1::VERDICT_CAPS_MALFORMED,
      {{"no total cap", [](Terms* t) { t->set_total_cap_minor(0); }},
       {"a total cap below nothing", [](Terms* t) { t->set_total_cap_minor(-1); }},
       {"no person's cap", [](Terms* t) { t->set_person_period_cap_minor(0); }},
       {"no yearly cap", [](Terms* t) { t->set_person_yearly_cap_minor(0); }},
       {"no period", [](Terms* t) { t->set_period(v1::CAP_PERIOD_UNSPECIFIED); }},
       {"an unknown period", [](Terms* t) { t->set_period(static_cast<v1::CapPeriod>(5)); }}});
}

Fault BadDays(const char* name, int32_t from, int32_t until, int32_t figure) {
  return {name,
          "days",
          v1::VERDICT_DATE_OUT_OF_RANGE,
          {{"day", Number(figure)}, {"today", Number(kToday)}},
          [from, until](Attempt& a) {
            TermsOf(a)->set_from_day(from);
            TermsOf(a)->set_until_day(until);
          }};
}

RuleTable OpenProgrammeTable() {
  const auto set_association = [](Attempt& a, const std::string& name) {
    TermsOf(a)->set_association_account_id(a.community().account(name).ToBytes());
  };
  RuleTable table;
  table.name = "OpenProgramme";
  table.file = "open_programme.cc";
  table.good = [] { return Attempt{TownBench(), Town().OpenProgramme(kToday), {"assoc"}}; };
  table.faults =
      MalformedIds("association",
                   [](Attempt& a, std::string id) {
                     TermsOf(a)->set_association_account_id(std::move(id));
                   }) +
      BadActivities() + BadValidators() + BadCaps() +
      std::vector<Fault>{
          BadDays("over yesterday", kToday - 9, kToday - 1, kToday - 1),
          BadDays("too long", kToday, kToday + 3661, kToday + 3661),
          BadDays("reversed", kToday + 2, kToday + 1, kToday + 2),
          BadDays("from the beginning of time", 0, kToday + 1, 0),
          BadDays("from before", INT32_MIN, INT32_MAX, INT32_MAX),
      } +
      BadCommitments([](Attempt& a) { return TermsOf(a)->mutable_profile(); }, nullptr, false) +
      std::vector<Fault>{
          {"an unknown currency",
           "currency",
           v1::VERDICT_CURRENCY_UNKNOWN,
           {},
           [](Attempt& a) { TermsOf(a)->set_currency("CO2"); }},
          {"euros",
           "currency",
           v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED,
           {},
           [](Attempt& a) { TermsOf(a)->set_currency(kEur); }},
      } +
      TermFaults(
          "currency ground", v1::VERDICT_LEGAL_GROUND_MALFORMED,
          {{"no ground", [](Terms* t) { t->set_legal_ground(v1::LEGAL_GROUND_UNSPECIFIED); }},
           {"an unknown ground",
            [](Terms* t) { t->set_legal_ground(static_cast<v1::LegalGround>(6)); }},
           {"not convertible, in euro-backed units",
            [](Terms* t) { t->set_legal_ground(v1::LEGAL_GROUND_NOT_CONVERTIBLE); }}}) +
      std::vector<Fault>{
          {"an association that is not there",
           "association",
           v1::VERDICT_ACCOUNT_UNKNOWN,
           {{"account_id", Town().account("trio").ToHex()}},
           [=](Attempt& a) { set_association(a, "trio"); }},
          {"signed by one of two",
           "association signers",
           v1::VERDICT_NOT_SIGNED_BY_HOLDER,
           {{"needed", "2"}, {"signed", "1"}},
           [](Attempt& a) { a.signers = {"assoc/2"}; }},
          {"a shop",
           "association signers",
           v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED,
           {},
           [=](Attempt& a) {
             set_association(a, "biocoop");
             a.signers = {"biocoop"};
           }},
          {"an association that is no member",
           "association",
           v1::VERDICT_NOT_MEMBER,
           {{"until_day", Number(kToday + 366)}},
           [](Attempt& a) {
             a.bench.Submit({a.community().EndMembership("assoc")}, {"registrar"});
           }},
          {"a validator that is not there",
           "validators",
           v1::VERDICT_ACCOUNT_UNKNOWN,
           {{"account_id", Town().account("newcomer").ToHex()}},
           [](Attempt& a) {
             TermsOf(a)->set_validator_account_ids(0, a.community().account("newcomer").ToBytes());
           }},
          {"a validator without the role",
           "validators",
           v1::VERDICT_VALIDATOR_ROLE_MISSING,
           {{"account_id", Town().account("alice").ToHex()}},
           [](Attempt& a) {
             TermsOf(a)->set_validator_account_ids(1, a.community().account("alice").ToBytes());
           }},
      };
  return table;
}

TEST(OpenProgrammeTest, OpensAnEmptyPot) {
  RuleBench bench = TownBench();
  v1::Operation operation = Town().OpenProgramme(kToday);
  *operation.mutable_open_programme()->mutable_terms()->mutable_profile() =
      Town().text("profile").commitment;
  const v1::SignedTransaction transaction = Town().Transaction(kNowSeconds, {operation}, {"assoc"});
  const auto result = bench.Submit(transaction);
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result.postings, IsEmpty());
  const AccountId id = ProgrammeOf(transaction);
  const auto account = bench.reader().FindAccount(id);
  ASSERT_TRUE(account);
  EXPECT_EQ(account->kind(), v1::HOLDER_KIND_PROGRAMME);
  EXPECT_FALSE(account->has_authority());
  EXPECT_EQ(account->profile().sha256(), Town().text("profile").commitment.sha256());
  EXPECT_EQ(account->opened_sequence(), result.sequence);
  const auto programme = bench.reader().FindProgramme(id);
  ASSERT_TRUE(programme);
  EXPECT_EQ(programme->terms().SerializeAsString(),
            operation.open_programme().terms().SerializeAsString());
  EXPECT_EQ(programme->paid_minor(), 0);
  EXPECT_EQ(programme->closed_day(), 0);
  EXPECT_TRUE(bench.Get(rules::key::Listed(v1::HOLDER_KIND_PROGRAMME, id)));
  // In the history of the association as well.
  EXPECT_TRUE(bench.Get(rules::key::History(Town().account("assoc"), result.sequence)));
}

TEST(OpenProgrammeTest, AcceptsTheBounds) {
  RuleBench bench = TownBench();
  v1::Operation operation = Town().OpenProgramme(kToday);
  Terms* terms = operation.mutable_open_programme()->mutable_terms();
  terms->clear_activities();
  for (int i = 0; i < 32; ++i) {
    v1::Activity* activity = terms->add_activities();
    activity->set_code(std::string(30, 'a') + std::to_string(10 + i));
    activity->set_unit(std::string(16, 'u'));
    activity->set_rate_minor(kMax);
    activity->set_quantity_max(kMax);
  }
  terms->set_validators_required(3);
  terms->set_total_cap_minor(kMax);
  terms->set_from_day(1);
  terms->set_until_day(kToday + 3660);
  EXPECT_TRUE(bench.Submit({operation}, {"assoc"}).ok());
  terms->set_from_day(kToday);
  terms->set_until_day(kToday);
  EXPECT_TRUE(bench.Submit({operation}, {"assoc"}).ok());
}

// EARNED units may be given on any ground.
TEST(OpenProgrammeTest, AnyGroundFitsEarnedUnits) {
  RuleBench bench = TownBench();
  for (int ground = 1; ground <= 5; ++ground) {
    v1::Operation operation = Town().OpenTimebank(kToday);
    operation.mutable_open_programme()->mutable_terms()->set_legal_ground(
        static_cast<v1::LegalGround>(ground));
    EXPECT_TRUE(bench.Submit({operation}, {"assoc"}).ok()) << ground;
  }
}

// ---- Reward ----

const std::vector<std::string> kConfirmed = {"assoc", "validator1", "validator3"};

v1::Award* AwardOf(Attempt& attempt) {
  return attempt.operation.mutable_reward()->mutable_awards(0);
}

// Changes the programme's terms as if it had been opened so.
void EditProgramme(Attempt& attempt, const std::function<void(v1::Programme*)>& edit) {
  v1::Programme record = attempt.bench.programme("repair");
  edit(&record);
  attempt.bench.state()[rules::key::Programme(attempt.community().account("repair"))] =
      record.SerializeAsString();
}

RuleTable RewardTable() {
  const auto set_payee = [](Attempt& a, const std::string& name) {
    AwardOf(a)->set_beneficiary_account_id(a.community().account(name).ToBytes());
  };
  RuleTable table;
  table.name = "Reward";
  table.file = "reward.cc";
  // 3 sessions at 15.00.
  table.good = [] {
    return Attempt{TownBench(),
                   Town().Reward("repair", {Town().Award("chloe", "session", 3, "line 1")}),
                   kConfirmed};
  };
  std::vector<Fault> faults = {
      {"no award",
       "awards payee reference activity amount commitment",
       v1::VERDICT_AWARD_MALFORMED,
       {{"limit", "1000"}},
       [](Attempt& a) { a.operation.mutable_reward()->clear_awards(); }},
      {"1001 awards",
       "awards payee reference activity amount commitment",
       v1::VERDICT_AWARD_MALFORMED,
       {{"limit", "1000"}},
       [](Attempt& a) {
         while (a.operation.reward().awards().size() < 1001) {
           a.operation.mutable_reward()->add_awards()->set_quantity(1);
         }
       }},
  };
  for (const Fault& fault : MalformedIds("payee", [](Attempt&a, std::string id) {
         AwardOf(a)->set_beneficiary_account_id(std::move(id));
       })) {
    faults.push_back(fault);
  }
  for (const int64_t quantity : {int64_t{0}, int64_t{-1}}) {
    faults.push_back({"a quantity of " + Number(quantity),
                      "amount",
                      v1::VERDICT_AWARD_MALFORMED,
                      {},
                      [quantity](Attempt& a) { AwardOf(a)->set_quantity(quantity); }});
  }
  for (const size_t size : {0u, 15u, 33u}) {
    faults.push_back({"a reference of " + Number(static_cast<int64_t>(size)) + " bytes",
                      "reference",
                      v1::VERDICT_REFERENCE_MALFORMED,
                      {{"limit", "32"}},
                      [size](Attempt& a) { AwardOf(a)->set_reference(std::string(size, 'r')); }});
  }
  faults = faults + BadCommitments([](Attempt& a) { return AwardOf(a)->mutable_evidence(); },
                                   nullptr, false);
  const std::vector<Fault> programme_faults = {
      {"a programme that is not there",
       "programme",
       v1::VERDICT_PROGRAMME_UNKNOWN,
       {},
       [](Attempt& a) {
         a.operation.mutable_reward()->set_programme_account_id(
             a.community().account("alice").ToBytes());
       }},
      {"signed by one of the association",
       "signers",
       v1::VERDICT_NOT_SIGNED_BY_HOLDER,
       {{"needed", "2"}, {"signed", "1"}},
       [](Attempt& a) {
         a.signers = {"assoc/1", "validator1", "validator2"};
       }},
      {"signed by one validator",
       "signers",
       v1::VERDICT_NOT_SIGNED_BY_VALIDATORS,
       {{"needed", "2"}, {"signed", "1"}},
       [](Attempt& a) {
         a.signers = {"assoc", "validator2", "alice"};
       }},
      {"signed by one validator and one who lost the role",
       "validators",
       v1::VERDICT_NOT_SIGNED_BY_VALIDATORS,
       {{"needed", "2"}, {"signed", "1"}},
       [](Attempt& a) {
         a.bench.Submit({a.community().RevokeRole("validator3", v1::ROLE_VALIDATOR)},
                        {"governance"});
       }},
      {"a closed programme",
       "programme",
       v1::VERDICT_PROGRAMME_CLOSED,
       {{"closed_day", Number(kToday)}},
       [](Attempt& a) { a.bench.Submit({a.community().CloseProgramme("repair")}, {"assoc"}); }},
      {"a programme that has not started",
       "days today",
       v1::VERDICT_PROGRAMME_NOT_STARTED,
       {{"from_day", Number(kToday + 1)}},
       [](Attempt& a) {
         EditProgramme(a, [](v1::Programme* p) { p->mutable_terms()->set_from_day(kToday + 1); });
       }},
      {"a programme that is over",
       "days today",
       v1::VERDICT_PROGRAMME_ENDED,
       {{"until_day", Number(kToday + 365)}},
       [](Attempt& a) { a.bench.AdvanceDays(366); }},
  };
  std::vector<Fault> award_faults = {
      {"a beneficiary that is not there",
       "payee",
       v1::VERDICT_PAYEE_UNKNOWN,
       {{"account_id", Town().account("trio").ToHex()}},
       [=](Attempt& a) { set_payee(a, "trio"); }},
      {"a programme as beneficiary",
       "payee",
       v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED,
       {},
       [=](Attempt& a) { set_payee(a, "timebank"); }},
      {"a validator that does not sign",
       "payee",
       v1::VERDICT_BENEFICIARY_IS_VALIDATOR,
       {},
       [=](Attempt& a) { set_payee(a, "validator2"); }},
      {"the association",
       "payee",
       v1::VERDICT_BENEFICIARY_IS_ASSOCIATION,
       {},
       [=](Attempt& a) { set_payee(a, "assoc"); }},
      {"an activity that is not named",
       "activity",
       v1::VERDICT_ACTIVITY_UNKNOWN,
       {},
       [](Attempt& a) { AwardOf(a)->set_activity("sessions"); }},
      {"more than one award may count",
       "activity amount",
       v1::VERDICT_QUANTITY_LIMIT,
       {{"limit", "4"}, {"given", "5"}},
       [](Attempt& a) { AwardOf(a)->set_quantity(5); }},
      {"a service that was paid",
       "reference",
       v1::VERDICT_AWARD_PAID,
       {{"sequence", Number(static_cast<int64_t>(TownBench().head()) + 1)}},
       [](Attempt& a) {
         a.bench.Submit({a.community().Reward(
                            "repair", {a.community().Award("denis", "minute", 1, "line 1")})},
                        kConfirmed);
       }},
      {"a pay that does not fit",
       "activity amount",
       v1::VERDICT_AMOUNT_OVERFLOW,
       {},
       [](Attempt& a) {
         EditProgramme(a, [](v1::Programme* p) {
           p->mutable_terms()->mutable_activities(0)->set_rate_minor(kMax / 2);
         });
       }},
  };
  award_faults =
      award_faults + UnpayableHolders(4500, set_payee) +
      std::vector<Fault>{
          {"more than the total cap",
           "total",
           v1::VERDICT_TOTAL_CAP,
           {{"limit", "50000"}, {"paid", "45501"}, {"given", "4500"}, {"currency", kHeol}},
           [](Attempt& a) {
             EditProgramme(a, [](v1::Programme* p) { p->set_paid_minor(45501); });
           }},
          {"more than the person's cap of the month",
           "payee today",
           v1::VERDICT_PERSON_CAP,
           {{"limit", "10000"}, {"paid", "6000"}, {"given", "4500"}, {"currency", kHeol}},
           [](Attempt& a) {
             a.bench.state()[rules::key::PaidInPeriod(
                 a.community().account("repair"), a.community().account("chloe"), 2026 * 12 + 11)] =
                 rules::EncodeNumber(6000);
           }},
          {"more than the person's cap of the year",
           "payee today",
           v1::VERDICT_YEARLY_CAP,
           {{"limit", "30000"}, {"paid", "25501"}, {"given", "4500"}, {"currency", kHeol}},
           [](Attempt& a) {
             a.bench.state()[rules::key::PaidInYear(a.community().account("repair"),
                                                    a.community().account("chloe"), 2026)] =
                 rules::EncodeNumber(25501);
           }},
          {"more than the pot holds",
           "pot",
           v1::VERDICT_PROGRAMME_EXHAUSTED,
           {{"needed", "4500"}, {"available", "4499"}, {"currency", kHeol}},
           [](Attempt& a) { a.bench.ForceBalance(a.community().account("repair"), kHeol, 4499); }},
      };
  for (Fault& fault : award_faults) fault.figures["award_index"] = "0";
  for (size_t i = 2; i < faults.size(); ++i) faults[i].figures["award_index"] = "0";
  table.faults =
      MalformedIds("programme",
                   [](Attempt& a, std::string id) {
                     a.operation.mutable_reward()->set_programme_account_id(std::move(id));
                   }) +
      faults + programme_faults + award_faults;
  table.out_of_reach = {{v1::VERDICT_ACCOUNT_UNKNOWN, "a programme's association never goes away"},
                        {v1::VERDICT_CURRENCY_MISMATCH, "a programme is no beneficiary"}};
  return table;
}

TEST(RewardTest, PaysEachAwardOutOfThePot) {
  RuleBench bench = TownBench();
  const auto result =
      bench.Submit({Town().Reward("repair", {Town().Award("chloe", "session", 2, "line 1"),
                                             Town().Award("denis", "minute", 90, "line 2"),
                                             Town().Award("chloe", "session", 1, "line 3")})},
                   kConfirmed);
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings),
              ElementsAre("repair -3000 HEOL", "chloe +3000 HEOL", "repair -2250 HEOL",
                          "denis +2250 HEOL", "repair -1500 HEOL", "chloe +1500 HEOL"));
  EXPECT_EQ(bench.programme("repair").paid_minor(), 6750);
  const AccountId repair = Town().account("repair");
  const AccountId chloe = Town().account("chloe");
  EXPECT_EQ(bench.reader().Number(rules::key::PaidInPeriod(repair, chloe, 2026 * 12 + 11)), 4500);
  EXPECT_EQ(bench.reader().Number(rules::key::PaidInYear(repair, chloe, 2026)), 4500);
  EXPECT_EQ(
      bench.reader().FindAward(repair, Town().Award("chloe", "session", 1, "line 3").reference()),
      result.sequence);
}

TEST(RewardTest, ARefusedAwardRefusesAllAndSaysWhich) {
  RuleBench bench = TownBench();
  const auto before = bench.state();
  const auto result =
      bench.Submit({Town().Transfer("alice", "bruno", 1),
                    Town().Reward("repair", {Town().Award("chloe", "session", 4, "line 1"),
                                             Town().Award("denis", "session", 4, "line 2"),
                                             Town().Award("chloe", "session", 4, "line 3")})},
                   {"assoc", "validator1", "validator3", "alice"});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_PERSON_CAP);
  const std::map<std::string, std::string> figures = {
      {"limit", "10000"},  {"paid", "6000"},     {"given", "6000"},
      {"currency", kHeol}, {"award_index", "2"}, {"operation_index", "1"}};
  EXPECT_EQ(result.refusal->figures, figures);
  EXPECT_EQ(bench.state(), before);
}

TEST(RewardTest, TheSameServiceTwiceInOneListIsRefused) {
  RuleBench bench = TownBench();
  const auto result =
      bench.Submit({Town().Reward("repair", {Town().Award("chloe", "session", 1, "line 1"),
                                             Town().Award("denis", "session", 1, "line 1")})},
                   kConfirmed);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_AWARD_PAID);
  EXPECT_EQ(result.refusal->figures.at("award_index"), "1");
}

TEST(RewardTest, TheSameReferenceInAnotherProgrammeIsAnotherService) {
  RuleBench bench = TownBench();
  EXPECT_TRUE(
      bench
          .Submit({Town().Reward("repair", {Town().Award("chloe", "session", 1, "line 1")}),
                   Town().Reward("timebank", {Town().Award("chloe", "minute", 60, "line 1")})},
                  kConfirmed)
          .ok());
  EXPECT_EQ(bench.balance("chloe"), 1500);
  EXPECT_EQ(bench.balance("chloe", kHours), 60);
}

// The yearly cap is for natural persons; a business is paid on its own ground.
TEST(RewardTest, TheYearlyCapIsForPersons) {
  RuleBench bench = TownBench();
  const AccountId repair = Town().account("repair");
  for (const char* name : {"biocoop", "chloe"}) {
    bench.state()[rules::key::PaidInYear(repair, Town().account(name), 2026)] =
        rules::EncodeNumber(30000);
  }
  EXPECT_TRUE(bench
                  .Submit({Town().Reward("repair", {Town().Award("biocoop", "session", 1, "a")})},
                          kConfirmed)
                  .ok());
  EXPECT_EQ(
      bench
          .Submit({Town().Reward("repair", {Town().Award("chloe", "session", 1, "b")})}, kConfirmed)
          .refusal->verdict,
      v1::VERDICT_YEARLY_CAP);
}

struct PeriodCase {
  v1::CapPeriod period;
  const char* before;  // the last day of the period
  const char* after;   // the first of the next
};

class CapPeriodTest : public ::testing::TestWithParam<PeriodCase> {};

TEST_P(CapPeriodTest, CountsAgainInTheNextPeriod) {
  RuleBench bench = TownBench();
  v1::Programme record = bench.programme("repair");
  record.mutable_terms()->set_period(GetParam().period);
  record.mutable_terms()->set_person_period_cap_minor(1500);
  record.mutable_terms()->set_until_day(kToday + 3000);
  bench.state()[rules::key::Programme(Town().account("repair"))] = record.SerializeAsString();
  ASSERT_TRUE(bench.Submit({Town().AdmitMember("chloe", kToday + 3000)}, {"registrar"}).ok());
  const auto reward = [&bench](const std::string& reference) {
    return bench.Submit({Town().Reward("repair", {Town().Award("chloe", "session", 1, reference)})},
                        kConfirmed);
  };
  bench.SetDay(*ParseDay(GetParam().before));
  ASSERT_TRUE(reward("one").ok());
  EXPECT_EQ(reward("two").refusal->verdict, v1::VERDICT_PERSON_CAP);
  bench.SetDay(*ParseDay(GetParam().after));
  if (GetParam().period == v1::CAP_PERIOD_PROGRAMME) {
    EXPECT_EQ(reward("two").refusal->verdict, v1::VERDICT_PERSON_CAP);
    return;
  }
  EXPECT_TRUE(reward("two").ok());
  EXPECT_EQ(reward("three").refusal->verdict, v1::VERDICT_PERSON_CAP);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, CapPeriodTest,
    ::testing::Values(PeriodCase{v1::CAP_PERIOD_DAY, "2026-11-30", "2026-12-01"},
                      PeriodCase{v1::CAP_PERIOD_MONTH, "2026-12-31", "2027-01-01"},
                      PeriodCase{v1::CAP_PERIOD_MONTH, "2028-02-29", "2028-03-01"},
                      PeriodCase{v1::CAP_PERIOD_YEAR, "2026-12-31", "2027-01-01"},
                      PeriodCase{v1::CAP_PERIOD_PROGRAMME, "2026-11-24", "2029-11-24"}),
    [](const ::testing::TestParamInfo<PeriodCase>& one) {
      return v1::CapPeriod_Name(one.param.period) + std::to_string(one.index);
    });

// The months of two years are not the same month, nor a December of one the start of another.
TEST(RewardTest, MonthsOfDifferentYearsAreDifferentPeriods) {
  RuleBench bench = TownBench();
  v1::Programme record = bench.programme("repair");
  record.mutable_terms()->set_person_period_cap_minor(1500);
  record.mutable_terms()->set_until_day(kToday + 800);
  bench.state()[rules::key::Programme(Town().account("repair"))] = record.SerializeAsString();
  ASSERT_TRUE(bench.Submit({Town().AdmitMember("chloe", kToday + 800)}, {"registrar"}).ok());
  for (const char* day : {"2026-11-24", "2026-12-01", "2027-01-01", "2027-11-24", "2027-12-01",
                          "2028-01-01", "2028-11-24"}) {
    bench.SetDay(*ParseDay(day));
    EXPECT_TRUE(bench
                    .Submit({Town().Reward("repair", {Town().Award("chloe", "session", 1, day)})},
                            kConfirmed)
                    .ok())
        << day;
  }
}

// ---- CloseProgramme ----

RuleTable CloseProgrammeTable() {
  const auto close = [](Attempt& a) { return a.operation.mutable_close_programme(); };
  RuleTable table;
  table.name = "CloseProgramme";
  table.file = "close_programme.cc";
  table.good = [] { return Attempt{TownBench(), Town().CloseProgramme("repair"), {"assoc"}}; };
  table.faults =
      MalformedIds("programme",
                   [close](Attempt& a, std::string id) {
                     close(a)->set_programme_account_id(std::move(id));
                   }) +
      BadCommitments([close](Attempt& a) { return close(a)->mutable_reason(); }, nullptr, false) +
      std::vector<Fault>{
          {"a programme that is not there",
           "programme",
           v1::VERDICT_PROGRAMME_UNKNOWN,
           {},
           [close](Attempt& a) {
             close(a)->set_programme_account_id(a.community().account("assoc").ToBytes());
           }},
          {"signed by a funder and validators",
           "signers",
           v1::VERDICT_NOT_SIGNED_BY_HOLDER,
           {{"needed", "2"}, {"signed", "0"}},
           [](Attempt& a) {
             a.signers = {"choir", "validator1", "validator2", "governance"};
           }},
          {"closed already",
           "programme",
           v1::VERDICT_PROGRAMME_CLOSED,
           {{"closed_day", Number(kToday - 1)}},
           [](Attempt& a) {
             EditProgramme(a, [](v1::Programme* p) { p->set_closed_day(kToday - 1); });
           }},
          {"a funder whose balance would overflow",
           "funder",
           v1::VERDICT_AMOUNT_OVERFLOW,
           {},
           [](Attempt& a) { a.bench.ForceBalance(a.community().account("choir"), kHeol, kMax); }},
      };
  table.out_of_reach = {{v1::VERDICT_ACCOUNT_UNKNOWN, "a programme's association never goes away"}};
  return table;
}

// 700.00 by assoc (500.00) and choir (200.00); 45.00 paid; 655.00 is left: 467.857... and
// 187.142...
TEST(CloseProgrammeTest, ReturnsWhatIsLeftInProportionAndTheRemainderToTheAssociation) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(
      bench
          .Submit({Town().Reward("repair", {Town().Award("chloe", "session", 3, "x")})}, kConfirmed)
          .ok());
  const auto result = bench.Submit({Town().CloseProgramme("repair")}, {"assoc"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings), ElementsAre("repair -65500 HEOL", "assoc +46785 HEOL",
                                                         "choir +18714 HEOL", "assoc +1 HEOL"));
  EXPECT_EQ(bench.balance("repair"), 0);
  EXPECT_EQ(bench.programme("repair").closed_day(), kToday);
}

TEST(CloseProgrammeTest, OnceIsForEver) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(bench.Submit({Town().CloseProgramme("repair")}, {"assoc"}).ok());
  bench.AdvanceDays(1);
  const auto result = bench.Submit({Town().CloseProgramme("repair")}, {"assoc"});
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_PROGRAMME_CLOSED);
  EXPECT_EQ(result.refusal->figures.at("closed_day"), Number(kToday));
}

TEST(CloseProgrammeTest, AnEmptyPotReturnsNothing) {
  RuleBench bench = TownBench();
  const v1::SignedTransaction opening =
      Town().Transaction(kNowSeconds, {Town().OpenProgramme(kToday)}, {"assoc"});
  ASSERT_TRUE(bench.Submit(opening).ok());
  v1::Operation close = Town().CloseProgramme("repair");
  close.mutable_close_programme()->set_programme_account_id(ProgrammeOf(opening).ToBytes());
  const auto result = bench.Submit({close}, {"assoc"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result.postings, IsEmpty());
}

// R7: what was given comes back whatever has become of the giver.
TEST(CloseProgrammeTest, ReturnsToAFunderThatMayNotBePaidAnyMore) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(
      bench.Submit({Town().EndMembership("choir"), Town().EndMembership("assoc")}, {"registrar"})
          .ok());
  ASSERT_TRUE(bench.Submit({Town().CloseProgramme("repair")}, {"assoc"}).ok());
  EXPECT_EQ(bench.balance("choir"), 10000 + 20000);
}

}  // namespace

std::vector<RuleTable> ProgrammeTables() {
  return {OpenProgrammeTable(), RewardTable(), CloseProgrammeTable()};
}

}  // namespace kengred::testing
