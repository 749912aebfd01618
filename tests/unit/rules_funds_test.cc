// Goal and method: rules_table.h, for RecordFund (a table for each kind of movement) and Issue; and
// the exact postings of each where it is accepted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "kengred/core/system_accounts.h"
#include "rules_table.h"

namespace kengred::testing {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

v1::RecordFund* Record(Attempt& attempt) { return attempt.operation.mutable_record_fund(); }

std::vector<Fault> BadMovements(const std::vector<std::function<void(v1::RecordFund*)>>& more) {
  std::vector<Fault> faults;
  for (const int movement : {0, 5, 99, -1}) {
    faults.push_back({"movement " + std::to_string(movement),
                      "movement",
                      v1::VERDICT_FUND_MOVEMENT_MALFORMED,
                      {},
                      [movement](Attempt& a) {
                        Record(a)->set_movement(static_cast<v1::FundMovement>(movement));
                      }});
  }
  for (size_t i = 0; i < more.size(); ++i) {
    faults.push_back({"fields that do not belong, " + std::to_string(i),
                      "movement",
                      v1::VERDICT_FUND_MOVEMENT_MALFORMED,
                      {},
                      [change = more[i]](Attempt& a) { change(Record(a)); }});
  }
  return faults;
}

std::vector<Fault> FundFaults() {
  return BadAmounts([](Attempt& a, int64_t amount) { Record(a)->set_amount_minor(amount); }) +
         BadReferences([](Attempt& a, std::string r) { Record(a)->set_reference(std::move(r)); },
                       true) +
         std::vector<Fault>{
             {"signed by an issuer",
              "signers",
              v1::VERDICT_NOT_SIGNED_BY_ROLE,
              {{"role", "TREASURER"}, {"needed", "1"}, {"signed", "0"}},
              [](Attempt& a) {
                a.signers = {"issuer", "alice"};
              }},
             {"an unknown currency",
              "currency",
              v1::VERDICT_CURRENCY_UNKNOWN,
              {},
              [](Attempt& a) { Record(a)->set_currency("heol"); }},
             {"an earned currency",
              "currency",
              v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED,
              {},
              [](Attempt& a) { Record(a)->set_currency(kHours); }},
             {"euros themselves",
              "currency",
              v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED,
              {},
              [](Attempt& a) { Record(a)->set_currency(kEur); }},
             {"a reference that was used",
              "reference",
              v1::VERDICT_REFERENCE_USED,
              {{"sequence", "7"}},  // the founding's fifth transaction but one
              [](Attempt& a) { Record(a)->set_reference("FOUND-ALICE"); }},
         };
}

std::vector<Fault> NoteHolderFaults() {
  return {
      {"a holder that is not there",
       "holder payee",
       v1::VERDICT_ACCOUNT_UNKNOWN,
       {{"account_id", Town().account("trio").ToHex()}},
       [](Attempt& a) { Record(a)->set_account_id(a.community().account("trio").ToBytes()); }},
      {"a programme",
       "holder payee",
       v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED,
       {},
       [](Attempt& a) { Record(a)->set_account_id(a.community().account("repair").ToBytes()); }},
  };
}

void ForceSystem(RuleBench* bench, std::string_view system, const std::string& currency,
                 int64_t amount) {
  bench->ForceBalance(SystemAccountId(system, kHeol), currency, amount);
}

RuleTable EurosOutTable() {
  RuleTable table;
  table.out_of_reach = {{v1::VERDICT_CONFLICT_OF_INTEREST, kNobodyConcerned},
                        {v1::VERDICT_PROGRAMME_UNKNOWN, "a programme deposits no notes"},
                        {v1::VERDICT_PROGRAMME_CLOSED, "a programme deposits no notes"},
                        {v1::VERDICT_PROGRAMME_ENDED, "a programme deposits no notes"},
                        {v1::VERDICT_CURRENCY_MISMATCH, "a programme deposits no notes"}};
  table.name = "RecordFundEurosOut";
  table.file = "record_fund.cc";
  table.good = [] {
    RuleBench bench = TownBench();
    bench.Submit({Town().EurosIn(v1::FUND_DIGITAL, 100, "GIFT")}, {"treasurer"});
    return Attempt{bench, Town().EurosOut(v1::FUND_DIGITAL, 100, "OUT"), {"treasurer"}};
  };
  table.faults = BadMovements({[](v1::RecordFund* r) { r->set_fund(v1::FUND_UNSPECIFIED); },
                               [](v1::RecordFund* r) { r->set_fund(static_cast<v1::Fund>(3)); },
                               [](v1::RecordFund* r) {
                                 r->set_account_id(Town().account("alice").ToBytes());
                               }}) +
                 FundFaults() +
                 std::vector<Fault>{
                     {"a bank that would overflow",
                      "fund",
                      v1::VERDICT_AMOUNT_OVERFLOW,
                      {},
                      [](Attempt& a) { ForceSystem(&a.bench, kBank, kEur, kMax); }},
                     {"less than what circulates",
                      "amount",
                      v1::VERDICT_FUND_INSUFFICIENT,
                      {{"fund", "134999"}, {"circulation", "135000"}, {"currency", kEur}},
                      [](Attempt& a) { Record(a)->set_amount_minor(101); }},
                     {"less than no notes",
                      "amount",
                      v1::VERDICT_FUND_INSUFFICIENT,
                      {{"fund", "-1"}, {"circulation", "0"}, {"currency", kEur}},
                      [](Attempt& a) {
                        Record(a)->set_fund(v1::FUND_PAPER);
                        Record(a)->set_amount_minor(1);
                      }},
                 };
  return table;
}

RuleTable NotesDepositedTable() {
  RuleTable table;
  table.name = "RecordFundNotesDeposited";
  table.file = "record_fund.cc";
  table.good = [] {
    RuleBench bench = TownBench();
    bench.Submit({Town().EurosIn(v1::FUND_PAPER, 100, "NOTES-SOLD")}, {"treasurer"});
    return Attempt{bench, Town().NotesDeposited("chloe", 100, "DESK-1"), {"treasurer"}};
  };
  table.faults =
      BadMovements({[](v1::RecordFund* r) { r->set_fund(v1::FUND_PAPER); }}) +
      MalformedIds("holder payee",
                   [](Attempt& a, std::string id) { Record(a)->set_account_id(std::move(id)); }) +
      FundFaults() + NoteHolderFaults() +
      UnpayableHolders(100,
                       [](Attempt& a, const std::string& name) {
                         Record(a)->set_account_id(a.community().account(name).ToBytes());
                       }) +
      std::vector<Fault>{
          {"a fund that would overflow",
           "fund",
           v1::VERDICT_AMOUNT_OVERFLOW,
           {},
           [](Attempt& a) { ForceSystem(&a.bench, kFundDigital, kEur, kMax); }},
          {"more notes than there are",
           "amount",
           v1::VERDICT_FUND_INSUFFICIENT,
           {{"fund", "-1"}, {"circulation", "0"}, {"currency", kEur}},
           [](Attempt& a) { Record(a)->set_amount_minor(101); }},
      };
  return table;
}

RuleTable NotesWithdrawnTable() {
  RuleTable table;
  table.name = "RecordFundNotesWithdrawn";
  table.file = "record_fund.cc";
  table.good = [] {
    return Attempt{
        TownBench(), Town().NotesWithdrawn("alice", 20000, "DESK-2"), {"treasurer", "alice"}};
  };
  table.faults =
      BadMovements({[](v1::RecordFund* r) { r->set_fund(v1::FUND_DIGITAL); }}) +
      MalformedIds("holder",
                   [](Attempt& a, std::string id) { Record(a)->set_account_id(std::move(id)); }) +
      FundFaults() + NoteHolderFaults() +
      std::vector<Fault>{
          {"the treasurer alone",
           "signers",
           v1::VERDICT_NOT_SIGNED_BY_HOLDER,
           {{"needed", "1"}, {"signed", "0"}},
           [](Attempt& a) { a.signers = {"treasurer"}; }},
          {"more than the holder has",
           "amount",
           v1::VERDICT_INSUFFICIENT_BALANCE,
           {{"needed", "20001"}, {"available", "20000"}, {"currency", kHeol}},
           [](Attempt& a) { Record(a)->set_amount_minor(20001); }},
          {"a fund that would overflow",
           "fund",
           v1::VERDICT_AMOUNT_OVERFLOW,
           {},
           [](Attempt& a) { ForceSystem(&a.bench, kFundPaper, kEur, kMax); }},
      };
  return table;
}

TEST(RecordFundTest, EurosComeIntoEitherFund) {
  RuleBench bench = TownBench();
  auto result = bench.Submit({Town().EurosIn(v1::FUND_DIGITAL, 123, "A")}, {"treasurer"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings),
              ElementsAre("bank(HEOL) -123 EUR", "fund-digital(HEOL) +123 EUR"));
  result = bench.Submit({Town().EurosIn(v1::FUND_PAPER, 456, "B")}, {"treasurer"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings),
              ElementsAre("bank(HEOL) -456 EUR", "fund-paper(HEOL) +456 EUR"));
  EXPECT_EQ(bench.reader().FindReference("B"), result.sequence);
}

TEST(RecordFundTest, EurosGoOutDownToWhatCirculates) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(bench.Submit({Town().EurosIn(v1::FUND_DIGITAL, 123, "A")}, {"treasurer"}).ok());
  const auto result = bench.Submit({Town().EurosOut(v1::FUND_DIGITAL, 123, "B")}, {"treasurer"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings),
              ElementsAre("fund-digital(HEOL) -123 EUR", "bank(HEOL) +123 EUR"));
  EXPECT_EQ(bench.system_balance(kFundDigital, kEur), 135000);
}

// R3, there and back.
TEST(RecordFundTest, NotesMoveEurosBetweenTheFundsInOneEntry) {
  RuleBench bench = TownBench();
  auto result = bench.Submit({Town().NotesWithdrawn("alice", 5000, "A")}, {"treasurer2", "alice"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings),
              ElementsAre("alice -5000 HEOL", "circulation(HEOL) +5000 HEOL",
                          "fund-digital(HEOL) -5000 EUR", "fund-paper(HEOL) +5000 EUR"));
  EXPECT_EQ(rules::CirculationOf(bench.reader(), kHeol), 130000);
  result = bench.Submit({Town().NotesDeposited("chloe", 5000, "B")}, {"treasurer"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings),
              ElementsAre("fund-paper(HEOL) -5000 EUR", "fund-digital(HEOL) +5000 EUR",
                          "circulation(HEOL) -5000 HEOL", "chloe +5000 HEOL"));
  EXPECT_EQ(bench.balance("chloe"), 5000);
  EXPECT_EQ(bench.system_balance(kFundPaper, kEur), 0);
}

// ---- Issue ----

RuleTable IssueTable() {
  const auto issue = [](Attempt& a) { return a.operation.mutable_issue(); };
  const auto set_payee = [issue](Attempt& a, const std::string& name) {
    issue(a)->set_account_id(a.community().account(name).ToBytes());
  };
  RuleTable table;
  table.name = "Issue";
  table.file = "issue.cc";
  table.good = [] {
    return Attempt{TownBench(), Town().Issue("chloe", 100, "RECEIPT-1"), {"issuer"}};
  };
  table.faults =
      MalformedIds("payee", [issue](Attempt& a,
                                    std::string id) { issue(a)->set_account_id(std::move(id)); }) +
      BadAmounts([issue](Attempt& a, int64_t amount) { issue(a)->set_amount_minor(amount); }) +
      BadReferences([issue](Attempt& a, std::string r) { issue(a)->set_reference(std::move(r)); },
                    true) +
      std::vector<Fault>{
          {"signed by a treasurer",
           "signers",
           v1::VERDICT_NOT_SIGNED_BY_ROLE,
           {{"role", "ISSUER"}, {"needed", "1"}, {"signed", "0"}},
           [](Attempt& a) { a.signers = {"treasurer"}; }},
          {"an unknown currency",
           "currency",
           v1::VERDICT_CURRENCY_UNKNOWN,
           {},
           [issue](Attempt& a) { issue(a)->set_currency(""); }},
          {"euros",
           "currency",
           v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED,
           {},
           [issue](Attempt& a) { issue(a)->set_currency(kEur); }},
          {"a reference that was used",
           "reference",
           v1::VERDICT_REFERENCE_USED,
           {{"sequence", "7"}},
           [issue](Attempt& a) { issue(a)->set_reference("FOUND-BRUNO"); }},
          {"a payee that is not there",
           "payee",
           v1::VERDICT_PAYEE_UNKNOWN,
           {{"account_id", Town().account("trio").ToHex()}},
           [set_payee](Attempt& a) { set_payee(a, "trio"); }},
          {"hours to a person",
           "payee currency",
           v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED,
           {},
           [issue](Attempt& a) { issue(a)->set_currency(kHours); }},
      } +
      UnpayableHolders(100, set_payee) + UnpayableProgrammes(set_payee) +
      std::vector<Fault>{
          {"a fund that would overflow",
           "fund",
           v1::VERDICT_AMOUNT_OVERFLOW,
           {},
           [](Attempt& a) { ForceSystem(&a.bench, kFundDigital, kEur, kMax); }},
          {"a programme with 128 funders",
           "payee",
           v1::VERDICT_FUNDERS_LIMIT,
           {{"limit", "128"}},
           [set_payee](Attempt& a) {
             set_payee(a, "repair");
             FillFunders(&a.bench, "repair");
           }},
      };
  table.out_of_reach = {
      {v1::VERDICT_PROGRAMME_UNKNOWN, "an account of kind PROGRAMME always has its record"},
      {v1::VERDICT_CONFLICT_OF_INTEREST, kNobodyConcerned}};
  return table;
}

// R2: one entry.
TEST(IssueTest, PutsEurosAndUnitsIntoOneEntry) {
  RuleBench bench = TownBench();
  const auto result = bench.Submit({Town().Issue("chloe", 2500, "RECEIPT-1")}, {"issuer"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings),
              ElementsAre("circulation(HEOL) -2500 HEOL", "chloe +2500 HEOL",
                          "bank(HEOL) -2500 EUR", "fund-digital(HEOL) +2500 EUR"));
  EXPECT_EQ(bench.reader().FindReference("RECEIPT-1"), result.sequence);
}

TEST(IssueTest, OfEarnedUnitsTouchesNoFund) {
  RuleBench bench = TownBench();
  const auto result =
      bench.Submit({Town().Issue("timebank", 60, "DECISION-1", kHours)}, {"issuer"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings),
              ElementsAre("circulation(HOURS) -60 HOURS", "timebank +60 HOURS"));
}

TEST(IssueTest, IntoAProgrammeCountsAsItsAssociations) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(bench.Submit({Town().Issue("repair", 700, "RECEIPT-1")}, {"issuer"}).ok());
  const v1::Programme programme = bench.programme("repair");
  ASSERT_EQ(programme.funders().size(), 2);
  EXPECT_EQ(programme.funders(0).account_id(), Town().account("assoc").ToBytes());
  EXPECT_EQ(programme.funders(0).amount_minor(), 50700);
}

// Circulation is shown and checked as minus the balance of its account, so that must exist.
TEST(IssueTest, CirculationFitsItsOwnNegative) {
  RuleBench bench = TownBench();
  const v1::SignedTransaction second =
      Town().Transaction(kNowSeconds, {Town().OpenTimebank(kToday)}, {"assoc"});
  ASSERT_TRUE(bench.Submit(second).ok());
  v1::Operation issue = Town().Issue("timebank", kMax - 6000, "MOST", kHours);
  ASSERT_TRUE(bench.Submit({issue}, {"issuer"}).ok());
  EXPECT_EQ(rules::CirculationOf(bench.reader(), kHours), kMax);
  issue = Town().Issue("timebank", 1, "ONE-MORE", kHours);
  issue.mutable_issue()->set_account_id(ProgrammeOf(second).ToBytes());
  const auto result = bench.Submit({issue}, {"issuer"});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_AMOUNT_OVERFLOW);
}

}  // namespace

std::vector<RuleTable> FundTables() {
  return {EurosOutTable(), NotesDepositedTable(), NotesWithdrawnTable(), IssueTable()};
}

}  // namespace kengred::testing
