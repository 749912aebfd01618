// Goal and method: rules_table.h, for RequestReconversion, SettleReconversion and FailReconversion;
// and the exact postings of each where it is accepted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "kengred/core/system_accounts.h"
#include "rules_table.h"

namespace kengred::testing {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

std::string Number(int64_t number) { return std::to_string(number); }

// biocoop and librairie have earned 400.00 each.
RuleBench ShopBench() {
  RuleBench bench = TownBench();
  const auto result = bench.Submit(
      {Town().Issue("biocoop", 40000, "SHOP-1"), Town().Issue("librairie", 40000, "SHOP-2")},
      {"issuer"});
  if (!result.ok()) std::abort();
  return bench;
}

// ---- RequestReconversion ----

RuleTable RequestTable() {
  const auto request = [](Attempt& a) { return a.operation.mutable_request_reconversion(); };
  const auto set_holder = [request](Attempt& a, const std::string& name) {
    request(a)->set_account_id(a.community().account(name).ToBytes());
    a.signers = {name};
  };
  RuleTable table;
  table.name = "RequestReconversion";
  table.file = "request_reconversion.cc";
  table.good = [] {
    return Attempt{ShopBench(), Town().RequestReconversion("biocoop", 40000), {"biocoop"}};
  };
  table.faults =
      MalformedIds(
          "holder",
          [request](Attempt& a, std::string id) { request(a)->set_account_id(std::move(id)); }) +
      BadAmounts([request](Attempt& a, int64_t amount) { request(a)->set_amount_minor(amount); }) +
      std::vector<Fault>{
          {"an unknown currency",
           "currency",
           v1::VERDICT_CURRENCY_UNKNOWN,
           {},
           [request](Attempt& a) { request(a)->set_currency("FRF"); }},
          // R12: hours are never convertible.
          {"hours",
           "currency",
           v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED,
           {},
           [request](Attempt& a) { request(a)->set_currency(kHours); }},
          {"euros",
           "currency",
           v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED,
           {},
           [request](Attempt& a) { request(a)->set_currency(kEur); }},
          {"an account that is not there",
           "holder",
           v1::VERDICT_ACCOUNT_UNKNOWN,
           {{"account_id", Town().account("trio").ToHex()}},
           [request](Attempt& a) {
             request(a)->set_account_id(a.community().account("trio").ToBytes());
           }},
          {"signed by the treasurer",
           "signers",
           v1::VERDICT_NOT_SIGNED_BY_HOLDER,
           {{"needed", "1"}, {"signed", "0"}},
           [](Attempt& a) {
             a.signers = {"treasurer", "alice"};
           }},
          {"a person",
           "holder signers",
           v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED,
           {},
           [set_holder](Attempt& a) { set_holder(a, "alice"); }},
          {"an association",
           "holder signers",
           v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED,
           {},
           [set_holder](Attempt& a) { set_holder(a, "choir"); }},
          {"a suspended shop",
           "holder",
           v1::VERDICT_SUSPENDED,
           {{"suspended_day", Number(kToday)}},
           [](Attempt& a) {
             a.bench.Submit({a.community().SuspendProfessional("biocoop")},
                            {"committee1", "committee2"});
           }},
          {"a shop that was never a member",
           "holder signers",
           v1::VERDICT_NOT_MEMBER,
           {},
           [set_holder](Attempt& a) {
             a.bench.Submit({a.community().OpenAccount("newshop")}, {"newshop"});
             set_holder(a, "newshop");
           }},
          {"a shop that left long ago",
           "holder",
           v1::VERDICT_NOT_MEMBER,
           {{"until_day", Number(kToday + 4)}},
           [](Attempt& a) {
             a.bench.AdvanceDays(5);
             a.bench.Submit({a.community().EndMembership("biocoop")}, {"registrar"});
             a.bench.AdvanceDays(90);
           }},
          {"a member that was never approved",
           "holder signers",
           v1::VERDICT_NOT_APPROVED,
           {{"until_day", "0"}},
           [set_holder](Attempt& a) { set_holder(a, "corner"); }},
          {"a member whose approval is over",
           "holder",
           v1::VERDICT_NOT_APPROVED,
           {{"until_day", Number(kToday + 3)}},
           [](Attempt& a) {
             a.bench.Submit({a.community().ApproveProfessional("biocoop", kToday + 3)},
                            {"committee1", "committee2"});
             a.bench.AdvanceDays(4);
           }},
          {"a shop that left after its approval was over",
           "holder",
           v1::VERDICT_NOT_APPROVED,
           {{"until_day", Number(kToday + 3)}},
           [](Attempt& a) {
             a.bench.Submit({a.community().ApproveProfessional("biocoop", kToday + 3)},
                            {"committee1", "committee2"});
             a.bench.AdvanceDays(5);
             a.bench.Submit({a.community().EndMembership("biocoop")}, {"registrar"});
           }},
          {"less than may be asked at once",
           "amount",
           v1::VERDICT_RECONVERSION_BELOW_MINIMUM,
           {{"limit", "1000"}, {"given", "999"}, {"currency", kHeol}},
           [request](Attempt& a) { request(a)->set_amount_minor(999); }},
          {"more than there is",
           "amount",
           v1::VERDICT_INSUFFICIENT_BALANCE,
           {{"needed", "40001"}, {"available", "40000"}, {"currency", kHeol}},
           [request](Attempt& a) { request(a)->set_amount_minor(40001); }},
          {"locked units that would overflow",
           "locked",
           v1::VERDICT_AMOUNT_OVERFLOW,
           {},
           [](Attempt& a) { a.bench.ForceBalance(SystemAccountId(kLocked, kHeol), kHeol, kMax); }},
      };
  return table;
}

TEST(RequestReconversionTest, LocksTheUnitsAndFixesTheCommission) {
  RuleBench bench = ShopBench();
  const v1::SignedTransaction transaction = Town().Transaction(
      kNowSeconds, {Town().RequestReconversion("biocoop", 10010)}, {"biocoop/2"});
  const auto result = bench.Submit(transaction);
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings),
              ElementsAre("biocoop -10010 HEOL", "locked(HEOL) +10010 HEOL"));
  const auto record = bench.reader().FindReconversion(ReconversionOf(transaction));
  ASSERT_TRUE(record);
  v1::Reconversion expected;
  expected.set_reconversion_id(ReconversionOf(transaction).ToBytes());
  expected.set_account_id(Town().account("biocoop").ToBytes());
  expected.set_currency(kHeol);
  expected.set_gross_minor(10010);
  expected.set_commission_minor(501);  // 500.5, half up
  expected.set_state(v1::RECONVERSION_STATE_REQUESTED);
  expected.mutable_request_time()->set_seconds(kNowSeconds);
  EXPECT_EQ(record->SerializeAsString(), expected.SerializeAsString());
  EXPECT_TRUE(bench.Get(
      rules::key::ReconversionOf(Town().account("biocoop"), ReconversionOf(transaction))));
}

// ---- SettleReconversion ----

struct Requested {
  RuleBench bench;
  ReconversionId id;
};

Requested RequestedBench(int64_t amount = 10000, const std::string& shop = "biocoop") {
  RuleBench bench = ShopBench();
  const v1::SignedTransaction request =
      Town().Transaction(kNowSeconds, {Town().RequestReconversion(shop, amount)}, {shop});
  if (!bench.Submit(request).ok()) std::abort();
  return {bench, ReconversionOf(request)};
}

// As if it had been decided already.
Fault Decided(const char* name, v1::ReconversionState state, v1::Verdict verdict) {
  return {name, "id", verdict, {}, [state](Attempt& a) {
            const auto id = ReconversionId::FromBytes(
                a.operation.has_fail_reconversion()
                    ? a.operation.fail_reconversion().reconversion_id()
                    : a.operation.settle_reconversion().reconversion_id());
            v1::Reconversion record = *a.bench.reader().FindReconversion(*id);
            record.set_state(state);
            a.bench.state()[rules::key::Reconversion(*id)] = record.SerializeAsString();
          }};
}

std::vector<Fault> StateFaults() {
  return {
      Decided("settled already", v1::RECONVERSION_STATE_SETTLED, v1::VERDICT_RECONVERSION_SETTLED),
      Decided("failed already", v1::RECONVERSION_STATE_FAILED, v1::VERDICT_RECONVERSION_FAILED)};
}

Fault NotSignedByTreasurer() {
  return {"signed by the issuer",
          "signers",
          v1::VERDICT_NOT_SIGNED_BY_ROLE,
          {{"role", "TREASURER"}, {"needed", "1"}, {"signed", "0"}},
          [](Attempt& a) { a.signers = {"issuer"}; }};
}

RuleTable SettleTable() {
  const auto settle = [](Attempt& a) { return a.operation.mutable_settle_reconversion(); };
  RuleTable table;
  table.name = "SettleReconversion";
  table.file = "settle_reconversion.cc";
  table.good = [] {
    const Requested requested = RequestedBench();
    return Attempt{
        requested.bench, Town().SettleReconversion(requested.id, "SEPA-1"), {"treasurer"}};
  };
  table.faults =
      MalformedIds(
          "id",
          [settle](Attempt& a, std::string id) { settle(a)->set_reconversion_id(std::move(id)); }) +
      BadReferences(
          [settle](Attempt& a, std::string r) { settle(a)->set_bank_reference(std::move(r)); },
          true) +
      std::vector<Fault>{
          NotSignedByTreasurer(),
          {"the shop signs as treasurer",
           "signers id",
           v1::VERDICT_CONFLICT_OF_INTEREST,
           {},
           [](Attempt& a) {
             a.bench.Submit({a.community().GrantRole("biocoop", v1::ROLE_TREASURER)},
                            {"governance"});
             a.signers = {"biocoop"};
           }},
          {"a reconversion that is not there",
           "id",
           v1::VERDICT_RECONVERSION_UNKNOWN,
           {},
           [settle](Attempt& a) { settle(a)->set_reconversion_id(std::string(20, 'x')); }},
      } +
      StateFaults() +
      std::vector<Fault>{
          {"a reference that was used",
           "reference",
           v1::VERDICT_REFERENCE_USED,
           {{"sequence", "7"}},
           [settle](Attempt& a) { settle(a)->set_bank_reference("FOUND-ALICE"); }},
          {"a bank that would overflow",
           "fund",
           v1::VERDICT_AMOUNT_OVERFLOW,
           {},
           [](Attempt& a) { a.bench.ForceBalance(SystemAccountId(kBank, kHeol), kEur, kMax); }},
      };
  return table;
}

// R4 and R5: burned, shared and paid in one entry. The commission of 5 % is 500; 60 % of it is
// choir's, the rest the ledger's own.
TEST(SettleReconversionTest, BurnsSharesAndPaysInOneEntry) {
  Requested requested = RequestedBench(10000);
  requested.bench.AdvanceSeconds(3);
  const auto result =
      requested.bench.Submit({Town().SettleReconversion(requested.id, "SEPA-1")}, {"treasurer"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings),
              ElementsAre("locked(HEOL) -10000 HEOL", "circulation(HEOL) +9500 HEOL",
                          "fund-digital(HEOL) -9500 EUR", "bank(HEOL) +9500 EUR", "choir +300 HEOL",
                          "commission(HEOL) +200 HEOL"));
  const auto record = requested.bench.reader().FindReconversion(requested.id);
  EXPECT_EQ(record->state(), v1::RECONVERSION_STATE_SETTLED);
  EXPECT_EQ(record->bank_reference(), "SEPA-1");
  EXPECT_EQ(record->decision_time().seconds(), kNowSeconds + 3);
  EXPECT_EQ(record->request_time().seconds(), kNowSeconds);
  EXPECT_EQ(requested.bench.reader().FindReference("SEPA-1"), result.sequence);
  EXPECT_EQ(rules::CirculationOf(requested.bench.reader(), kHeol),
            requested.bench.system_balance(kFundDigital, kEur));
}

TEST(SettleReconversionTest, OnceIsForEver) {
  Requested requested = RequestedBench();
  ASSERT_TRUE(
      requested.bench.Submit({Town().SettleReconversion(requested.id, "A")}, {"treasurer"}).ok());
  EXPECT_EQ(requested.bench.Submit({Town().SettleReconversion(requested.id, "B")}, {"treasurer"})
                .refusal->verdict,
            v1::VERDICT_RECONVERSION_SETTLED);
  EXPECT_EQ(requested.bench.Submit({Town().FailReconversion(requested.id)}, {"treasurer"})
                .refusal->verdict,
            v1::VERDICT_RECONVERSION_SETTLED);
}

TEST(SettleReconversionTest, AnotherTreasurerMaySettleForATreasurersShop) {
  Requested requested = RequestedBench();
  ASSERT_TRUE(
      requested.bench.Submit({Town().GrantRole("biocoop", v1::ROLE_TREASURER)}, {"governance"})
          .ok());
  EXPECT_TRUE(
      requested.bench
          .Submit({Town().SettleReconversion(requested.id, "SEPA-1")}, {"biocoop", "treasurer2"})
          .ok());
}

TEST(SettleReconversionTest, InTheSameTransactionAsTheRequest) {
  RuleBench bench = ShopBench();
  // The id follows from the transaction's own id, which follows from its bytes: it cannot be named
  // inside.
  EXPECT_EQ(bench
                .Submit({Town().RequestReconversion("biocoop", 1000),
                         Town().SettleReconversion(ReconversionId(), "SEPA-1")},
                        {"biocoop", "treasurer"})
                .refusal->verdict,
            v1::VERDICT_RECONVERSION_UNKNOWN);
}

// ---- FailReconversion ----

RuleTable FailTable() {
  const auto fail = [](Attempt& a) { return a.operation.mutable_fail_reconversion(); };
  RuleTable table;
  table.name = "FailReconversion";
  table.file = "fail_reconversion.cc";
  table.good = [] {
    const Requested requested = RequestedBench();
    return Attempt{requested.bench, Town().FailReconversion(requested.id), {"treasurer"}};
  };
  table.faults =
      MalformedIds("id", [fail](Attempt& a,
                                std::string id) { fail(a)->set_reconversion_id(std::move(id)); }) +
      BadCommitments([fail](Attempt& a) { return fail(a)->mutable_reason(); },
                     [fail](Attempt& a) { fail(a)->clear_reason(); }, true) +
      std::vector<Fault>{
          NotSignedByTreasurer(),
          {"a reconversion that is not there",
           "id",
           v1::VERDICT_RECONVERSION_UNKNOWN,
           {},
           [fail](Attempt& a) { fail(a)->set_reconversion_id(std::string(20, 'x')); }},
      } +
      StateFaults() +
      std::vector<Fault>{
          {"a balance that would overflow",
           "holder",
           v1::VERDICT_AMOUNT_OVERFLOW,
           {},
           [](Attempt& a) { a.bench.ForceBalance(a.community().account("biocoop"), kHeol, kMax); }},
      };
  table.out_of_reach = {{v1::VERDICT_CONFLICT_OF_INTEREST, kNobodyConcerned}};
  return table;
}

TEST(FailReconversionTest, OnceIsForEver) {
  Requested requested = RequestedBench();
  ASSERT_TRUE(requested.bench.Submit({Town().FailReconversion(requested.id)}, {"treasurer"}).ok());
  EXPECT_EQ(requested.bench.Submit({Town().SettleReconversion(requested.id, "B")}, {"treasurer"})
                .refusal->verdict,
            v1::VERDICT_RECONVERSION_FAILED);
  EXPECT_EQ(requested.bench.Submit({Town().FailReconversion(requested.id)}, {"treasurer"})
                .refusal->verdict,
            v1::VERDICT_RECONVERSION_FAILED);
}

TEST(FailReconversionTest, UnlocksWhateverHasBecomeOfTheShop) {
  Requested requested = RequestedBench(10000);
  ASSERT_TRUE(
      requested.bench.Submit({Town().SuspendProfessional("biocoop")}, {"committee1", "committee2"})
          .ok());
  ASSERT_TRUE(requested.bench.Submit({Town().EndMembership("biocoop")}, {"registrar"}).ok());
  const auto result =
      requested.bench.Submit({Town().FailReconversion(requested.id)}, {"treasurer"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings),
              ElementsAre("locked(HEOL) -10000 HEOL", "biocoop +10000 HEOL"));
  EXPECT_EQ(requested.bench.reader().FindReconversion(requested.id)->state(),
            v1::RECONVERSION_STATE_FAILED);
  EXPECT_EQ(requested.bench.balance("biocoop"), 40000);
}

}  // namespace

std::vector<RuleTable> ReconversionTables() { return {RequestTable(), SettleTable(), FailTable()}; }

}  // namespace kengred::testing
