// Goal: the second look catches what a mistake in a rule would do. Method: outcomes made by hand
// that break one invariant each, on a state that is right, and the name that must be found; the
// outcomes of the real rules, which break none; and states that no transaction could bring about,
// on which Apply itself must refuse.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "kengred/core/system_accounts.h"
#include "rules_table.h"
#include "server/rules/invariants.h"

namespace kengred::testing {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

// An outcome made by hand on TownBench.
class HandMade {
 public:
  // A posting, and the balance it leads to.
  HandMade& Move(const AccountId& account, const std::string& currency, int64_t amount,
                 uint32_t operation_index = 0) {
    Post(account, currency, amount, operation_index);
    const std::string key = rules::key::Balance(account, currency);
    const auto known = outcome_.writes.find(key);
    const int64_t before = known != outcome_.writes.end()
                               ? static_cast<int64_t>(rules::DecodeNumber(known->second))
                               : bench_.reader().Balance(account, currency);
    outcome_.writes[key] = rules::EncodeNumber(static_cast<uint64_t>(before + amount));
    return *this;
  }
  HandMade& Move(const std::string& name, const std::string& currency, int64_t amount,
                 uint32_t operation_index = 0) {
    return Move(Town().account(name), currency, amount, operation_index);
  }
  HandMade& MoveSystem(std::string_view system, const std::string& currency, int64_t amount,
                       const std::string& served = kHeol) {
    return Move(SystemAccountId(system, served), currency, amount);
  }
  // A posting alone.
  HandMade& Post(const AccountId& account, const std::string& currency, int64_t amount,
                 uint32_t operation_index = 0) {
    v1::Posting& posting = outcome_.postings.emplace_back();
    posting.set_account_id(account.ToBytes());
    posting.set_currency(currency);
    posting.set_amount_minor(amount);
    posting.set_operation_index(operation_index);
    return *this;
  }
  HandMade& Write(const std::string& key, const std::string& value) {
    outcome_.writes[key] = value;
    return *this;
  }
  HandMade& Operation(const v1::Operation& operation) {
    *transaction_.add_operations() = operation;
    return *this;
  }
  HandMade& Paid(int64_t paid_minor) {
    v1::Programme programme = bench_.programme("repair");
    programme.set_paid_minor(paid_minor);
    return Write(rules::key::Programme(Town().account("repair")), programme.SerializeAsString());
  }
  rules::Outcome& outcome() { return outcome_; }

  std::string Broken() const {
    return std::string(
        rules::FindBrokenInvariant(Town().charter(), bench_, transaction_, outcome_));
  }

 private:
  RuleBench bench_ = TownBench();
  v1::Transaction transaction_;
  rules::Outcome outcome_;
};

v1::Operation AnyReward() {
  return Town().Reward("repair", {Town().Award("chloe", "session", 1, "x")});
}

TEST(InvariantTest, ATransferMadeByHandBreaksNone) {
  EXPECT_EQ(HandMade().Move("alice", kHeol, -5).Move("bruno", kHeol, 5).Broken(), "");
  EXPECT_EQ(HandMade().Broken(), "");
}

// ---- I1 ----

TEST(InvariantTest, I1UnitsFromNowhere) {
  EXPECT_EQ(HandMade().Move("bruno", kHeol, 5).Broken(), "BALANCE");
  EXPECT_EQ(HandMade().Move("alice", kHeol, -5).Broken(), "BALANCE");
  EXPECT_EQ(HandMade().Move("alice", kHeol, -5).Move("bruno", kHeol, 6).Broken(), "BALANCE");
}

// Scenario 98: what one currency loses another does not win.
TEST(InvariantTest, I1CurrenciesDoNotAddUp) {
  EXPECT_EQ(HandMade().Move("alice", kHeol, -5).Move("bruno", kHours, 5).Broken(), "BALANCE");
}

TEST(InvariantTest, I1ABalanceWithoutAPosting) {
  EXPECT_EQ(HandMade()
                .Write(rules::key::Balance(Town().account("bruno"), kHeol), rules::EncodeNumber(9))
                .Broken(),
            "BALANCE");
}

TEST(InvariantTest, I1APostingWithoutItsBalance) {
  EXPECT_EQ(HandMade()
                .Post(Town().account("alice"), kHeol, -5)
                .Post(Town().account("bruno"), kHeol, 5)
                .Broken(),
            "BALANCE");
}

TEST(InvariantTest, I1ABalanceThatIsNotWhatItWasAndThePosting) {
  EXPECT_EQ(
      HandMade()
          .Move("alice", kHeol, -5)
          .Move("bruno", kHeol, 5)
          .Write(rules::key::Balance(Town().account("bruno"), kHeol), rules::EncodeNumber(5006))
          .Broken(),
      "BALANCE");
}

TEST(InvariantTest, I1APostingOnNoAccount) {
  HandMade made;
  made.outcome().postings.emplace_back().set_account_id("short");
  EXPECT_EQ(made.Broken(), "BALANCE");
}

TEST(InvariantTest, I1SumsThatOverflow) {
  EXPECT_EQ(HandMade()
                .Post(Town().account("alice"), kHeol, kMax)
                .Post(Town().account("alice"), kHeol, kMax)
                .Post(Town().account("bruno"), kHeol, 2)
                .Broken(),
            "BALANCE");
}

// ---- I2 ----

TEST(InvariantTest, I2UnitsWithoutEuros) {
  EXPECT_EQ(HandMade().MoveSystem(kCirculation, kHeol, -5).Move("bruno", kHeol, 5).Broken(),
            "BACKING");
}

TEST(InvariantTest, I2UnitsWithTooFewEuros) {
  EXPECT_EQ(HandMade()
                .MoveSystem(kCirculation, kHeol, -5)
                .Move("bruno", kHeol, 5)
                .MoveSystem(kBank, kEur, -4)
                .MoveSystem(kFundDigital, kEur, 4)
                .Broken(),
            "BACKING");
}

// Euros in the paper fund back no digital unit.
TEST(InvariantTest, I2UnitsWithEurosInThePaperFund) {
  EXPECT_EQ(HandMade()
                .MoveSystem(kCirculation, kHeol, -5)
                .Move("bruno", kHeol, 5)
                .MoveSystem(kBank, kEur, -5)
                .MoveSystem(kFundPaper, kEur, 5)
                .Broken(),
            "BACKING");
}

TEST(InvariantTest, I2EurosThatGoOut) {
  EXPECT_EQ(HandMade().MoveSystem(kFundDigital, kEur, -1).MoveSystem(kBank, kEur, 1).Broken(),
            "BACKING");
}

TEST(InvariantTest, I2IsAboutBackedCurrencies) {
  EXPECT_EQ(
      HandMade().MoveSystem(kCirculation, kHours, -5, kHours).Move("timebank", kHours, 5).Broken(),
      "");
}

// ---- I3 ----

TEST(InvariantTest, I3AHolderBelowZero) {
  EXPECT_EQ(HandMade().Move("alice", kHeol, -20001).Move("bruno", kHeol, 20001).Broken(),
            "NO_OVERDRAFT");
  EXPECT_EQ(HandMade().Move("chloe", kHours, -1).Move("bruno", kHours, 1).Broken(), "NO_OVERDRAFT");
}

TEST(InvariantTest, I3ASystemAccountThatMayNotBelowZero) {
  EXPECT_EQ(HandMade().MoveSystem(kLocked, kHeol, -1).Move("bruno", kHeol, 1).Broken(),
            "NO_OVERDRAFT");
  EXPECT_EQ(HandMade().MoveSystem(kCommission, kHeol, -1).Move("bruno", kHeol, 1).Broken(),
            "NO_OVERDRAFT");
  EXPECT_EQ(HandMade().MoveSystem(kFundPaper, kEur, -1).MoveSystem(kFundDigital, kEur, 1).Broken(),
            "NO_OVERDRAFT");
}

// Circulation may be negative in its own currency, the bank in euros, and nowhere else.
TEST(InvariantTest, I3TheRightAccountInTheWrongCurrency) {
  EXPECT_EQ(HandMade().MoveSystem(kBank, kHeol, -1).Move("bruno", kHeol, 1).Broken(),
            "NO_OVERDRAFT");
  EXPECT_EQ(
      HandMade().MoveSystem(kCirculation, kEur, -1).MoveSystem(kFundDigital, kEur, 1).Broken(),
      "NO_OVERDRAFT");
  EXPECT_EQ(HandMade().MoveSystem(kCirculation, kHours, -1).Move("bruno", kHours, 1).Broken(),
            "NO_OVERDRAFT");
}

// R9: euros stay on system accounts.
TEST(InvariantTest, I3EurosInAHoldersHands) {
  EXPECT_EQ(HandMade().MoveSystem(kBank, kEur, -5).Move("alice", kEur, 5).Broken(), "NO_OVERDRAFT");
}

TEST(InvariantTest, I3ACurrencyThatIsNotInTheCharter) {
  EXPECT_EQ(HandMade().Move("alice", "USD", 0).Broken(), "NO_OVERDRAFT");
}

// ---- I5 ----

TEST(InvariantTest, I5AReferenceThatIsTakenAgain) {
  EXPECT_EQ(
      HandMade().Write(rules::key::Reference("FOUND-ALICE"), rules::EncodeNumber(99)).Broken(),
      "ONCE");
  EXPECT_EQ(HandMade().Write(rules::key::Reference("NEW"), rules::EncodeNumber(99)).Broken(), "");
}

TEST(InvariantTest, I5AnAwardThatIsPaidAgain) {
  RuleBench bench = TownBench();
  const v1::SignedTransaction reward =
      Town().Transaction(kNowSeconds, {AnyReward()}, {"assoc", "validator1", "validator2"});
  rules::Outcome again = bench.Judge(reward);
  ASSERT_FALSE(again.refusal);
  ASSERT_TRUE(bench.Submit(reward).ok());
  v1::Transaction body;
  ASSERT_TRUE(body.ParseFromString(reward.transaction()));
  // The same outcome once more: money apart, it writes the same award.
  again.postings.clear();
  const std::string balances = rules::key::BalancesOf(AccountId()).substr(0, 1);
  std::vector<rules::StateWrites::Write> writes = std::move(again.writes).Take();
  std::erase_if(writes, [&](const auto& write) { return write.first.starts_with(balances); });
  again.writes = rules::StateWrites(std::move(writes));
  EXPECT_EQ(rules::FindBrokenInvariant(Town().charter(), bench, body, again), "ONCE");
}

// ---- I9 ----

TEST(InvariantTest, I9AProgrammePaysByRewardAndClosingOnly) {
  const auto pay = [](const v1::Operation& operation) {
    return HandMade()
        .Operation(operation)
        .Move("repair", kHeol, -1500)
        .Move("chloe", kHeol, 1500)
        .Paid(1500)
        .Broken();
  };
  EXPECT_EQ(pay(AnyReward()), "");
  EXPECT_EQ(pay(Town().Transfer("repair", "chloe", 1500)), "FUNDED");
  EXPECT_EQ(pay(Town().Issue("chloe", 1500, "X")), "FUNDED");
  EXPECT_EQ(HandMade()
                .Operation(Town().CloseProgramme("repair"))
                .Move("repair", kHeol, -70000)
                .Move("assoc", kHeol, 70000)
                .Broken(),
            "");
}

TEST(InvariantTest, I9APostingOfNoOperation) {
  EXPECT_EQ(HandMade()
                .Operation(AnyReward())
                .Move("repair", kHeol, -1500, 1)
                .Move("chloe", kHeol, 1500, 1)
                .Paid(1500)
                .Broken(),
            "FUNDED");
}

TEST(InvariantTest, I9MoreThanTheTotalCap) {
  const auto pay = [](int64_t paid) {
    return HandMade()
        .Operation(AnyReward())
        .Move("repair", kHeol, -paid)
        .Move("biocoop", kHeol, paid)
        .Paid(paid)
        .Broken();
  };
  EXPECT_EQ(pay(50000), "");
  EXPECT_EQ(pay(50001), "FUNDED");
}

// A reward that the programme does not count would never reach its cap.
TEST(InvariantTest, I9APayThatIsNotCounted) {
  EXPECT_EQ(HandMade()
                .Operation(AnyReward())
                .Move("repair", kHeol, -1500)
                .Move("chloe", kHeol, 1500)
                .Paid(1499)
                .Broken(),
            "FUNDED");
}

// ---- which is named first ----

TEST(InvariantTest, TheFirstBrokenOneIsNamed) {
  EXPECT_EQ(HandMade()
                .Move("alice", kHeol, -20001)
                .Write(rules::key::Reference("FOUND-ALICE"), rules::EncodeNumber(9))
                .Broken(),
            "BALANCE");
  EXPECT_EQ(HandMade()
                .MoveSystem(kCirculation, kHeol, -5)
                .Move("bruno", kHeol, 5)
                .Write(rules::key::Reference("FOUND-ALICE"), rules::EncodeNumber(9))
                .Broken(),
            "BACKING");
}

// ---- through Apply ----

TEST(InvariantTest, ApplyRefusesAndNamesTheInvariant) {
  RuleBench bench = TownBench();
  bench.ForceBalance(SystemAccountId(kFundDigital, kHeol), kEur, 134000);
  // An issue brings as many euros as units, so that what is missing stays missing.
  const auto result = bench.Submit({Town().Issue("alice", 1, "A")}, {"issuer"});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_INVARIANT_BROKEN);
  const std::map<std::string, std::string> figures = {{"invariant", "BACKING"}};
  EXPECT_EQ(result.refusal->figures, figures);
  EXPECT_FALSE(bench.reader().FindReference("A"));
  // Euros make it right.
  EXPECT_TRUE(bench.Submit({Town().EurosIn(v1::FUND_DIGITAL, 1000, "B")}, {"treasurer"}).ok());
  EXPECT_TRUE(bench.Submit({Town().Issue("alice", 1, "A")}, {"issuer"}).ok());
}

TEST(InvariantTest, ApplyRefusesOnAnAccountThatWasBelowZero) {
  RuleBench bench = TownBench();
  bench.ForceBalance(Town().account("chloe"), kHeol, -500);
  const auto result = bench.Submit({Town().Transfer("alice", "chloe", 499)}, {"alice"});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.refusal->figures.at("invariant"), "NO_OVERDRAFT");
}

// The window is judged by the entry's own time, before any operation.
TEST(ApplyTest, TheWindowComesBeforeEveryOperation) {
  RuleBench bench = TownBench();
  v1::Operation bad = Town().Transfer("alice", "alice", 0);
  const v1::SignedTransaction transaction = Town().Transaction(kNowSeconds, {bad}, {"alice"});
  bench.AdvanceSeconds(3600);
  EXPECT_EQ(bench.Judge(transaction).refusal->verdict, v1::VERDICT_AMOUNT_NOT_POSITIVE);
  bench.AdvanceSeconds(1);
  const auto late = bench.Judge(transaction).refusal;
  EXPECT_EQ(late->verdict, v1::VERDICT_EXPIRED);
  EXPECT_FALSE(late->figures.contains("operation_index"));
  bench.AdvanceSeconds(-3600 - 1 - 301);
  EXPECT_EQ(bench.Judge(transaction).refusal->verdict, v1::VERDICT_NOT_YET_VALID);
}

}  // namespace
}  // namespace kengred::testing
