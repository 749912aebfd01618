// Goal: the rules that local currencies live by, each under its number in the list that the project
// was built from (R1 to R9, R11, R13, R16). Method: small stories on the bench.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "kengred/core/civil_day.h"
#include "kengred/core/system_accounts.h"
#include "rules_table.h"

namespace kengred::testing {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
const std::vector<std::string> kConfirmed = {"assoc", "validator1", "validator2"};

class FieldTest : public ::testing::Test {
 protected:
  // The verdict's name; "" where it is accepted.
  std::string Do(const std::vector<v1::Operation>& operations,
                 const std::vector<std::string>& signers) {
    const auto result = bench_.Submit(operations, signers);
    return result.ok() ? "" : VerdictName(result.refusal->verdict);
  }
  std::string Do(const v1::Operation& operation, const std::vector<std::string>& signers) {
    return Do(std::vector<v1::Operation>{operation}, signers);
  }
  int64_t Circulation() const { return rules::CirculationOf(bench_.reader(), kHeol); }
  int64_t Fund() const { return bench_.system_balance(kFundDigital, kEur); }
  // Requests a reconversion; its id, or the verdict.
  std::variant<ReconversionId, std::string> Request(const std::string& shop, int64_t amount) {
    const v1::SignedTransaction request = Town().Transaction(
        bench_.now_seconds(), {Town().RequestReconversion(shop, amount)}, {shop});
    const auto result = bench_.Submit(request);
    if (!result.ok()) return VerdictName(result.refusal->verdict);
    return ReconversionOf(request);
  }
  std::string Requested(const std::string& shop, int64_t amount) {
    const auto result = Request(shop, amount);
    return std::holds_alternative<std::string>(result) ? std::get<std::string>(result) : "";
  }

  RuleBench bench_ = TownBench();
};

// ---- R1 par ----

TEST_F(FieldTest, R1OneUnitIsOneEuroToTheCent) {
  for (const int64_t amount : {int64_t{1}, int64_t{33}, int64_t{9007199254740993}}) {
    const int64_t fund = Fund();
    const int64_t circulation = Circulation();
    EXPECT_EQ(Do(Town().Issue("choir", amount, "R1-" + std::to_string(amount)), {"issuer"}), "");
    EXPECT_EQ(Fund() - fund, amount);
    EXPECT_EQ(Circulation() - circulation, amount);
  }
}

// Scenario 88: the payer keeps its money.
TEST_F(FieldTest, R1WhatDoesNotFitIsRefusedAndNothingMoves) {
  bench_.ForceBalance(Town().account("choir"), kHeol, kMax);
  const auto before = bench_.state();
  EXPECT_EQ(Do(Town().Transfer("alice", "choir", 1), {"alice"}), "AMOUNT_OVERFLOW");
  EXPECT_EQ(Do(Town().Issue("choir", 1, "R1"), {"issuer"}), "AMOUNT_OVERFLOW");
  EXPECT_EQ(bench_.state(), before);
}

// ---- R2 backing ----

TEST_F(FieldTest, R2UnitsNeverExceedTheEurosOfTheirFund) {
  EXPECT_EQ(Circulation(), Fund());
  EXPECT_EQ(Do(Town().EurosOut(v1::FUND_DIGITAL, 1, "OUT-1"), {"treasurer"}), "FUND_INSUFFICIENT");
  EXPECT_EQ(Do(Town().EurosIn(v1::FUND_DIGITAL, 1000, "GIFT"), {"treasurer"}), "");
  EXPECT_EQ(Do(Town().EurosOut(v1::FUND_DIGITAL, 1001, "OUT-2"), {"treasurer"}),
            "FUND_INSUFFICIENT");
  EXPECT_EQ(Do(Town().EurosOut(v1::FUND_DIGITAL, 1000, "OUT-3"), {"treasurer"}), "");
  EXPECT_EQ(Circulation(), Fund());
  // Euros that back notes back no digital unit.
  EXPECT_EQ(Do(Town().EurosIn(v1::FUND_PAPER, 5000, "NOTES"), {"treasurer"}), "");
  EXPECT_EQ(Do(Town().EurosOut(v1::FUND_DIGITAL, 1, "OUT-4"), {"treasurer"}), "FUND_INSUFFICIENT");
}

// Scenarios 156 and 160. One space of references for all that the bank tells.
TEST_F(FieldTest, R2AEuroReferenceCountsOnceForEverWhateverItIsFor) {
  EXPECT_EQ(Do(Town().Issue("biocoop", 10000, "REF"), {"issuer"}), "");
  bench_.AdvanceDays(300);
  EXPECT_EQ(Do(Town().Issue("alice", 1, "REF"), {"issuer"}), "REFERENCE_USED");
  EXPECT_EQ(Do(Town().EurosIn(v1::FUND_DIGITAL, 1, "REF"), {"treasurer"}), "REFERENCE_USED");
  EXPECT_EQ(Do(Town().NotesWithdrawn("alice", 1, "REF"), {"treasurer", "alice"}), "REFERENCE_USED");
  const auto id = std::get<ReconversionId>(Request("biocoop", 1000));
  EXPECT_EQ(Do(Town().SettleReconversion(id, "REF"), {"treasurer"}), "REFERENCE_USED");
  EXPECT_EQ(Do(Town().SettleReconversion(id, "SEPA"), {"treasurer"}), "");
  EXPECT_EQ(Do(Town().Issue("alice", 1, "SEPA"), {"issuer"}), "REFERENCE_USED");
  // Twice in one transaction is twice.
  EXPECT_EQ(Do({Town().Issue("alice", 1, "TWICE"), Town().Issue("bruno", 1, "TWICE")}, {"issuer"}),
            "REFERENCE_USED");
  EXPECT_EQ(Do(Town().Issue("alice", 1, "TWICE"), {"issuer"}), "");
}

// A refused transaction does not use its reference up (scenario 66).
TEST_F(FieldTest, R2ARefusedIssueLeavesItsReferenceFree) {
  EXPECT_EQ(Do(Town().Issue("newcomer", 1, "FREE"), {"issuer"}), "PAYEE_UNKNOWN");
  EXPECT_EQ(Do(Town().Issue("alice", 1, "FREE"), {"issuer"}), "");
}

// ---- R3 paper and digital ----

TEST_F(FieldTest, R3NotesMoveEurosWithoutMakingOrLosingAny) {
  EXPECT_EQ(Do(Town().NotesWithdrawn("alice", 3000, "N-1"), {"treasurer", "alice"}), "");
  EXPECT_EQ(bench_.system_balance(kFundPaper, kEur), 3000);
  EXPECT_EQ(Fund(), 132000);
  EXPECT_EQ(Circulation(), 132000);
  EXPECT_EQ(bench_.system_balance(kBank, kEur), -135000);
  EXPECT_EQ(Do(Town().NotesDeposited("bruno", 3001, "N-2"), {"treasurer"}), "FUND_INSUFFICIENT");
  EXPECT_EQ(Do(Town().NotesDeposited("bruno", 3000, "N-2"), {"treasurer"}), "");
  EXPECT_EQ(bench_.system_balance(kFundPaper, kEur), 0);
  EXPECT_EQ(Circulation(), 135000);
  EXPECT_EQ(bench_.balance("bruno"), 8000);
}

// ---- R4 reconversion ----

TEST_F(FieldTest, R4OnlyAProfessionalWithApprovalAndMembershipOfToday) {
  ASSERT_EQ(
      Do({Town().Issue("biocoop", 50000, "A"), Town().Issue("librairie", 50000, "B")}, {"issuer"}),
      "");
  EXPECT_EQ(Requested("biocoop", 1000), "");
  EXPECT_EQ(Requested("alice", 1000), "ACCOUNT_KIND_NOT_ALLOWED");
  EXPECT_EQ(Requested("choir", 1000), "ACCOUNT_KIND_NOT_ALLOWED");
  ASSERT_EQ(Do(Town().SuspendProfessional("biocoop"), {"committee1", "committee2"}), "");
  EXPECT_EQ(Requested("biocoop", 1000), "SUSPENDED");
  ASSERT_EQ(Do(Town().ApproveProfessional("biocoop", kToday + 10), {"committee1", "committee2"}),
            "");
  EXPECT_EQ(Requested("biocoop", 1000), "");
  bench_.AdvanceDays(10);
  EXPECT_EQ(Requested("biocoop", 1000), "");
  bench_.AdvanceDays(1);
  EXPECT_EQ(Requested("biocoop", 1000), "NOT_APPROVED");
}

// A reward's beneficiary is a person like another.
TEST_F(FieldTest, R4ABeneficiaryCannotReconvertItsReward) {
  ASSERT_EQ(Do(Town().Reward("repair", {Town().Award("chloe", "session", 4, "x")}), kConfirmed),
            "");
  EXPECT_EQ(Requested("chloe", 6000), "ACCOUNT_KIND_NOT_ALLOWED");
}

TEST_F(FieldTest, R4LockedUnitsAreNobodysUntilTheBankHasPaid) {
  ASSERT_EQ(Do(Town().Issue("biocoop", 5000, "A"), {"issuer"}), "");
  const auto id = std::get<ReconversionId>(Request("biocoop", 5000));
  EXPECT_EQ(bench_.balance("biocoop"), 0);
  EXPECT_EQ(Circulation(), Fund());
  EXPECT_EQ(Do(Town().Transfer("biocoop", "bruno", 1), {"biocoop"}), "INSUFFICIENT_BALANCE");
  EXPECT_EQ(Do(Town().FailReconversion(id), {"treasurer"}), "");
  EXPECT_EQ(bench_.balance("biocoop"), 5000);
}

// Scenario 158.
TEST_F(FieldTest, R4MoreThanTheShopHasIsRefused) {
  ASSERT_EQ(Do(Town().Issue("biocoop", 5000, "A"), {"issuer"}), "");
  EXPECT_EQ(Requested("biocoop", 5001), "INSUFFICIENT_BALANCE");
  EXPECT_EQ(Requested("biocoop", 3000), "");
  EXPECT_EQ(Requested("biocoop", 3000), "INSUFFICIENT_BALANCE");
}

// ---- R5 commission, R6 gift ----

// 3 % gift and 2 % running cost, as the Eusko has it: shares of one commission, exact together.
TEST_F(FieldTest, R5R6TheGiftAndTheRestAreTheCommission) {
  v1::CommissionShare* gift = bench_.policy().mutable_commission_shares(0);
  gift->set_share_bps(6000);
  bench_.policy().set_commission_remainder_account_id(Town().account("assoc").ToBytes());
  ASSERT_EQ(Do(Town().Issue("biocoop", 33333, "A"), {"issuer"}), "");
  const auto id = std::get<ReconversionId>(Request("biocoop", 33333));
  const int64_t choir = bench_.balance("choir");
  const int64_t assoc = bench_.balance("assoc");
  ASSERT_EQ(Do(Town().SettleReconversion(id, "SEPA"), {"treasurer"}), "");
  // 5 % of 333.33 is 16.6665, so 16.67; 60 % of that is 10.002, so 10.00; the rest is 6.67.
  EXPECT_EQ(bench_.balance("choir") - choir, 1000);
  EXPECT_EQ(bench_.balance("assoc") - assoc, 667);
  EXPECT_EQ(Circulation(), 135000 + 1667);
}

// ---- R7 membership ----

TEST_F(FieldTest, R7ExpiryBlocksPaymentsInAndTakesNothing) {
  bench_.AdvanceDays(366);  // the last day
  EXPECT_EQ(Do(Town().Transfer("alice", "bruno", 1), {"alice"}), "");
  bench_.AdvanceDays(30);  // the last day of grace
  EXPECT_EQ(Do(Town().Transfer("alice", "bruno", 1), {"alice"}), "");
  bench_.AdvanceDays(1);
  EXPECT_EQ(Do(Town().Transfer("alice", "bruno", 1), {"alice"}), "PAYEE_MEMBERSHIP_EXPIRED");
  EXPECT_EQ(Do(Town().Issue("alice", 1, "A"), {"issuer"}), "PAYEE_MEMBERSHIP_EXPIRED");
  EXPECT_EQ(bench_.balance("bruno"), 5002);
  // What is there may be spent at who is a member.
  ASSERT_EQ(Do(Town().AdmitMember("alice", bench_.today() + 100), {"registrar"}), "");
  EXPECT_EQ(Do(Town().Transfer("bruno", "alice", 5002), {"bruno"}), "");
}

TEST_F(FieldTest, R7BeforeAdmissionSmallSumsOnly) {
  EXPECT_EQ(Do(Town().Transfer("alice", "friend", 15000), {"alice"}), "");
  EXPECT_EQ(Do(Town().Transfer("alice", "friend", 1), {"alice"}), "PAYEE_NOT_MEMBER");
  ASSERT_EQ(Do(Town().AdmitMember("friend", kToday + 1), {"registrar"}), "");
  EXPECT_EQ(Do(Town().Transfer("alice", "friend", 1), {"alice"}), "");
}

TEST_F(FieldTest, R7ALeavingShopKeepsItsRightToReconvert) {
  ASSERT_EQ(Do(Town().Issue("biocoop", 5000, "A"), {"issuer"}), "");
  bench_.AdvanceDays(3);
  ASSERT_EQ(Do(Town().EndMembership("biocoop"), {"registrar"}), "");
  EXPECT_EQ(Do(Town().Transfer("alice", "biocoop", 1), {"alice"}), "PAYEE_MEMBERSHIP_EXPIRED");
  EXPECT_EQ(Requested("biocoop", 1000), "");
  // Its last day was yesterday; 90 days after that.
  bench_.AdvanceDays(89);
  EXPECT_EQ(Requested("biocoop", 1000), "");
  bench_.AdvanceDays(1);
  EXPECT_EQ(Requested("biocoop", 1000), "NOT_MEMBER");
}

// Approvals are given for the same year as memberships. A shop that renews neither has left as
// well: it may reconvert in the days of grace and after them.
TEST_F(FieldTest, R7AShopThatDoesNotRenewKeepsItsRightToReconvert) {
  ASSERT_EQ(Do(Town().Issue("biocoop", 9000, "A"), {"issuer"}), "");
  const v1::Account shop = bench_.account("biocoop");
  ASSERT_EQ(shop.membership().until_day(), shop.approval().until_day());
  bench_.AdvanceDays(366);
  EXPECT_EQ(Requested("biocoop", 1000), "");
  for (const int32_t days : {1, 29, 1, 89}) {  // grace, its last day, after it, the last of all
    bench_.AdvanceDays(days);
    EXPECT_EQ(Requested("biocoop", 1000), "") << bench_.today() - kToday - 366;
  }
  bench_.AdvanceDays(1);
  EXPECT_EQ(Requested("biocoop", 1000), "NOT_MEMBER");
}

TEST_F(FieldTest, R7ASuspendedShopThatLeavesHasNoRightToKeep) {
  ASSERT_EQ(Do(Town().Issue("biocoop", 5000, "A"), {"issuer"}), "");
  ASSERT_EQ(Do(Town().SuspendProfessional("biocoop"), {"committee1", "committee2"}), "");
  ASSERT_EQ(Do(Town().EndMembership("biocoop"), {"registrar"}), "");
  EXPECT_EQ(Requested("biocoop", 1000), "SUSPENDED");
}

TEST_F(FieldTest, R7AShopThatLeavesOnItsFirstDay) {
  ASSERT_EQ(Do(Town().OpenAccount("newshop"), {"newshop"}), "");
  ASSERT_EQ(Do({Town().AdmitMember("newshop", kToday + 9),
                Town().ApproveProfessional("newshop", kToday + 9),
                Town().Issue("newshop", 1000, "A"), Town().EndMembership("newshop")},
               {"registrar", "committee1", "committee2", "issuer"}),
            "");
  EXPECT_EQ(Requested("newshop", 1000), "");
}

// ---- R8 approval ----

TEST_F(FieldTest, R8TwoOfTheCommitteeWithAReason) {
  EXPECT_EQ(Do(Town().ApproveProfessional("corner", kToday), {"committee1"}), "NOT_SIGNED_BY_ROLE");
  v1::Operation without = Town().ApproveProfessional("corner", kToday);
  without.mutable_approve_professional()->clear_reason();
  EXPECT_EQ(Do(without, {"committee1", "committee2"}), "COMMITMENT_MALFORMED");
  EXPECT_EQ(Do(Town().ApproveProfessional("corner", kToday), {"committee1", "committee2"}), "");
  EXPECT_EQ(Do(Town().Transfer("alice", "corner", 1), {"alice"}), "");
  bench_.AdvanceDays(1);
  EXPECT_EQ(Do(Town().Transfer("alice", "corner", 1), {"alice"}), "PAYEE_NOT_APPROVED");
}

TEST_F(FieldTest, R8PastPaymentsStayValidAfterASuspension) {
  const v1::SignedTransaction payment =
      Town().Transaction(kNowSeconds, {Town().Transfer("alice", "biocoop", 500)}, {"alice"});
  ASSERT_TRUE(bench_.Submit(payment).ok());
  bench_.AdvanceDays(1);
  ASSERT_EQ(Do(Town().SuspendProfessional("biocoop"), {"committee2", "committee3"}), "");
  EXPECT_EQ(bench_.balance("biocoop"), 500);
  EXPECT_EQ(Do(Town().Transfer("alice", "biocoop", 1), {"alice"}), "PAYEE_SUSPENDED");
  // It may spend, and give back, what it was paid.
  EXPECT_EQ(Do(Town().Refund(IdOf(payment), 0, 100), {"biocoop"}), "");
  EXPECT_EQ(Do(Town().Transfer("biocoop", "librairie", 400), {"biocoop"}), "");
}

// ---- R9 no euro change ----

TEST_F(FieldTest, R9EurosNeverReachAHolder) {
  EXPECT_EQ(Do(Town().Transfer("alice", "biocoop", 1, kEur), {"alice"}),
            "CURRENCY_KIND_NOT_ALLOWED");
  EXPECT_EQ(Do(Town().Issue("alice", 1, "A", kEur), {"issuer"}), "CURRENCY_KIND_NOT_ALLOWED");
  for (const auto& [key, value] : bench_.state()) {
    if (!key.starts_with(rules::key::BalancesOf(AccountId()).substr(0, 1))) continue;
    const auto account = *AccountId::FromBytes(std::string_view(key).substr(1, 20));
    EXPECT_TRUE(key.substr(21) != kEur || !SystemAccountName(account, kHeol).empty());
  }
}

// ---- R11 reward ----

TEST_F(FieldTest, R11OutOfAFundedPotOnly) {
  ASSERT_EQ(Do(Town().OpenProgramme(kToday), {"assoc"}), "");
  const v1::SignedTransaction opening =
      Town().Transaction(kNowSeconds, {Town().OpenProgramme(kToday)}, {"assoc"});
  ASSERT_TRUE(bench_.Submit(opening).ok());
  const auto reward = [&](int64_t minutes, const std::string& reference) {
    v1::Operation operation =
        Town().Reward("repair", {Town().Award("chloe", "minute", minutes, reference)});
    operation.mutable_reward()->set_programme_account_id(ProgrammeOf(opening).ToBytes());
    return operation;
  };
  const auto fund = [&](int64_t amount) {
    v1::Operation operation = Town().Transfer("choir", "repair", amount);
    operation.mutable_transfer()->set_payee_account_id(ProgrammeOf(opening).ToBytes());
    return operation;
  };
  EXPECT_EQ(Do(reward(1, "a"), kConfirmed), "PROGRAMME_EXHAUSTED");
  ASSERT_EQ(Do(fund(99), {"choir"}), "");
  EXPECT_EQ(Do(reward(4, "a"), kConfirmed), "PROGRAMME_EXHAUSTED");
  EXPECT_EQ(Do(reward(3, "a"), kConfirmed), "");
  EXPECT_EQ(Circulation(), 135000) << "nothing was minted";
}

TEST_F(FieldTest, R11WithinTheTotalCap) {
  const v1::Programme programme = bench_.programme("repair");
  ASSERT_EQ(programme.terms().total_cap_minor(), 50000);
  ASSERT_GT(bench_.balance("repair"), 50000);
  int64_t paid = 0;
  const std::vector<std::string> people = {"alice",   "bruno",     "chloe",     "denis",
                                           "biocoop", "librairie", "treasurer", "registrar"};
  for (const std::string& name : people) {
    for (const char* visit : {"1", "2"}) {
      if (paid + 5000 > 50000) break;
      ASSERT_EQ(Do(Town().Reward("repair", {Town().Award(name, "minute", 200, name + visit)}),
                   kConfirmed),
                "");
      paid += 5000;
    }
  }
  EXPECT_EQ(paid, 50000);
  EXPECT_EQ(
      Do(Town().Reward("repair", {Town().Award("auditor", "minute", 1, "one more")}), kConfirmed),
      "TOTAL_CAP");
}

TEST_F(FieldTest, R11NobodyConfirmsTheirOwnService) {
  for (const char* name : {"validator1", "validator2", "validator3"}) {
    EXPECT_EQ(Do(Town().Reward("repair", {Town().Award(name, "session", 1, name)}),
                 {"assoc", "validator1", "validator2", "validator3"}),
              "BENEFICIARY_IS_VALIDATOR");
  }
  EXPECT_EQ(Do(Town().Reward("repair", {Town().Award("assoc", "session", 1, "a")}), kConfirmed),
            "BENEFICIARY_IS_ASSOCIATION");
}

TEST_F(FieldTest, R11ValidatorsAreDistinctPersonsWithTheRole) {
  const v1::Operation reward = Town().Reward("repair", {Town().Award("chloe", "session", 1, "a")});
  EXPECT_EQ(Do(reward, {"assoc", "validator1"}), "NOT_SIGNED_BY_VALIDATORS");
  EXPECT_EQ(Do(reward, {"assoc", "validator1", "mediator", "committee1"}),
            "NOT_SIGNED_BY_VALIDATORS");
  EXPECT_EQ(Do(reward, {"validator1", "validator2"}), "NOT_SIGNED_BY_HOLDER");
  EXPECT_EQ(Do(reward, {"assoc", "validator3", "validator2"}), "");
}

TEST_F(FieldTest, R11OneServiceIsPaidOnceForEver) {
  const v1::Operation reward =
      Town().Reward("repair", {Town().Award("chloe", "session", 1, "service 7")});
  EXPECT_EQ(Do(reward, kConfirmed), "");
  bench_.AdvanceDays(200);
  EXPECT_EQ(Do(reward, kConfirmed), "AWARD_PAID");
  EXPECT_EQ(
      Do(Town().Reward("repair", {Town().Award("denis", "minute", 9, "service 7")}), kConfirmed),
      "AWARD_PAID");
}

TEST_F(FieldTest, R11OnlyOnTheProgrammesDays) {
  bench_.SetDay(kToday + 365);
  EXPECT_EQ(Do(Town().Reward("repair", {Town().Award("chloe", "session", 1, "a")}), kConfirmed),
            "");
  bench_.SetDay(kToday + 366);
  EXPECT_EQ(Do(Town().Reward("repair", {Town().Award("chloe", "session", 1, "b")}), kConfirmed),
            "PROGRAMME_ENDED");
}

// The pot has no keys; not even its association pays otherwise out of it.
TEST_F(FieldTest, R11ThePotIsMovedByTheRulesAlone) {
  EXPECT_EQ(Do(Town().Transfer("repair", "assoc", 1), {"assoc", "governance"}),
            "ACCOUNT_KIND_NOT_ALLOWED");
  EXPECT_EQ(Do(Town().NotesWithdrawn("repair", 1, "N"), {"treasurer", "assoc"}),
            "ACCOUNT_KIND_NOT_ALLOWED");
  EXPECT_EQ(Requested("assoc", 1000), "ACCOUNT_KIND_NOT_ALLOWED");
}

// ---- R13 legal ground ----

TEST_F(FieldTest, R13EveryBackedProgrammeStatesItsGroundAndAYearlyCap) {
  v1::Operation operation = Town().OpenProgramme(kToday);
  v1::ProgrammeTerms* terms = operation.mutable_open_programme()->mutable_terms();
  terms->set_legal_ground(v1::LEGAL_GROUND_UNSPECIFIED);
  EXPECT_EQ(Do(operation, {"assoc"}), "LEGAL_GROUND_MALFORMED");
  terms->set_legal_ground(v1::LEGAL_GROUND_NOT_CONVERTIBLE);
  EXPECT_EQ(Do(operation, {"assoc"}), "LEGAL_GROUND_MALFORMED");
  terms->set_legal_ground(v1::LEGAL_GROUND_EXPENSE);
  terms->set_person_yearly_cap_minor(0);
  EXPECT_EQ(Do(operation, {"assoc"}), "CAPS_MALFORMED");
  terms->set_person_yearly_cap_minor(1);
  EXPECT_EQ(Do(operation, {"assoc"}), "");
}

TEST_F(FieldTest, R13TheYearlyCapHoldsForACalendarYear) {
  // 300.00 a year, 100.00 a month: three months fill it.
  ASSERT_EQ(Do({Town().AdmitMember("chloe", kToday + 800)}, {"registrar"}), "");
  v1::Programme record = bench_.programme("repair");
  record.mutable_terms()->set_until_day(kToday + 800);
  bench_.state()[rules::key::Programme(Town().account("repair"))] = record.SerializeAsString();
  for (const char* day : {"2027-01-15", "2027-03-15", "2027-06-15"}) {
    bench_.SetDay(*ParseDay(day));
    EXPECT_EQ(
        Do(Town().Reward("repair", {Town().Award("chloe", "minute", 200, std::string(day)),
                                    Town().Award("chloe", "minute", 200, std::string(day) + "b")}),
           kConfirmed),
        "");
  }
  bench_.SetDay(*ParseDay("2027-12-31"));
  EXPECT_EQ(Do(Town().Reward("repair", {Town().Award("chloe", "minute", 1, "x")}), kConfirmed),
            "YEARLY_CAP");
  bench_.SetDay(*ParseDay("2028-01-01"));
  EXPECT_EQ(Do(Town().Reward("repair", {Town().Award("chloe", "minute", 1, "x")}), kConfirmed), "");
}

// ---- R16 refund, under the same limits ----

TEST_F(FieldTest, R16ARefundIsANewEntryAndTheFirstStays) {
  const v1::SignedTransaction payment =
      Town().Transaction(kNowSeconds, {Town().Transfer("alice", "bruno", 500)}, {"alice"});
  ASSERT_TRUE(bench_.Submit(payment).ok());
  const std::string entry = *bench_.Entry(bench_.head());
  EXPECT_EQ(Do(Town().Refund(IdOf(payment), 0, 500), {"bruno"}), "");
  EXPECT_EQ(*bench_.Entry(bench_.head() - 1), entry);
  EXPECT_EQ(bench_.balance("alice"), 20000);
}

TEST_F(FieldTest, R16ARefundPassesNoLimit) {
  const v1::SignedTransaction payment =
      Town().Transaction(kNowSeconds, {Town().Transfer("alice", "bruno", 500)}, {"alice"});
  ASSERT_TRUE(bench_.Submit(payment).ok());
  const v1::Operation refund = Town().Refund(IdOf(payment), 0, 500);
  // The payer has since become rich, or left; the payee has spent the money (scenario 153).
  RuleBench kept = bench_;
  bench_.ForceBalance(Town().account("alice"), kHeol, 299501);
  EXPECT_EQ(Do(refund, {"bruno"}), "BALANCE_LIMIT");
  bench_ = kept;
  ASSERT_EQ(Do(Town().EndMembership("alice"), {"registrar"}), "");
  EXPECT_EQ(Do(refund, {"bruno"}), "PAYEE_MEMBERSHIP_EXPIRED");
  bench_ = kept;
  ASSERT_EQ(Do(Town().Transfer("bruno", "chloe", 5001), {"bruno"}), "");
  EXPECT_EQ(Do(refund, {"bruno"}), "INSUFFICIENT_BALANCE");
}

// Limits hold on every path, in batches too: what came just before counts.
TEST_F(FieldTest, R16ABatchPassesNoLimit) {
  EXPECT_EQ(Do({Town().Transfer("alice", "friend", 8000), Town().Transfer("alice", "friend", 7001)},
               {"alice"}),
            "PAYEE_NOT_MEMBER");
  EXPECT_EQ(Do({Town().Transfer("alice", "bruno", 12000), Town().Transfer("alice", "chloe", 8001)},
               {"alice"}),
            "INSUFFICIENT_BALANCE");
  bench_.ForceBalance(Town().account("chloe"), kHeol, 290000);
  EXPECT_EQ(Do({Town().Transfer("alice", "chloe", 9000), Town().Issue("chloe", 1001, "A")},
               {"alice", "issuer"}),
            "BALANCE_LIMIT");
  EXPECT_EQ(Do({Town().NotesWithdrawn("bruno", 5000, "N"),
                Town().NotesDeposited("chloe", 5000, "M"), Town().Transfer("alice", "chloe", 5001)},
               {"treasurer", "bruno", "alice"}),
            "BALANCE_LIMIT");
}

}  // namespace
}  // namespace kengred::testing
