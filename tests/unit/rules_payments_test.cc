// Goal and method: rules_table.h, for Transfer (to a holder, to a programme) and Refund; and the
// exact postings of each where it is accepted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "rules_table.h"

namespace kengred::testing {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

std::string Number(int64_t number) { return std::to_string(number); }

v1::Transfer* TransferOf(Attempt& attempt) { return attempt.operation.mutable_transfer(); }

void SetPayee(Attempt& attempt, const std::string& name) {
  TransferOf(attempt)->set_payee_account_id(attempt.community().account(name).ToBytes());
}

std::vector<Fault> BeforeThePayee() {
  return MalformedIds("payer",
                      [](Attempt& a, std::string id) {
                        TransferOf(a)->set_payer_account_id(std::move(id));
                      }) +
         MalformedIds("payee",
                      [](Attempt& a, std::string id) {
                        TransferOf(a)->set_payee_account_id(std::move(id));
                      }) +
         BadAmounts([](Attempt& a, int64_t amount) { TransferOf(a)->set_amount_minor(amount); }) +
         std::vector<Fault>{{"a payment to oneself",
                             "payer payee",
                             v1::VERDICT_SELF_PAYMENT,
                             {},
                             [](Attempt& a) {
                               TransferOf(a)->set_payee_account_id(
                                   TransferOf(a)->payer_account_id());
                             }}} +
         BadReferences(
             [](Attempt& a, std::string r) { TransferOf(a)->set_payee_reference(std::move(r)); },
             false) +
         BadCommitments([](Attempt& a) { return TransferOf(a)->mutable_memo(); }, nullptr, false) +
         std::vector<Fault>{
             {"an unknown currency",
              "currency",
              v1::VERDICT_CURRENCY_UNKNOWN,
              {},
              [](Attempt& a) { TransferOf(a)->set_currency("USD"); }},
             {"euros",
              "currency",
              v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED,
              {},
              [](Attempt& a) { TransferOf(a)->set_currency(kEur); }},
             {"a payer that is not there",
              "payer",
              v1::VERDICT_PAYER_UNKNOWN,
              {{"account_id", Town().account("trio").ToHex()}},
              [](Attempt& a) {
                TransferOf(a)->set_payer_account_id(a.community().account("trio").ToBytes());
                a.signers.push_back("trio/all");
              }},
             {"a programme as payer",
              "payer payee",
              v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED,
              {},
              [](Attempt& a) {
                TransferOf(a)->set_payer_account_id(a.community().account("closed").ToBytes());
              }},
             {"not signed by the payer",
              "payer signers",
              v1::VERDICT_NOT_SIGNED_BY_HOLDER,
              {{"needed", "1"}, {"signed", "0"}},
              [](Attempt& a) {
                a.signers = {"bruno", "governance", "issuer"};
              }},
             {"not signed by enough keys of the payer",
              "payer signers",
              v1::VERDICT_NOT_SIGNED_BY_HOLDER,
              {{"needed", "2"}, {"signed", "1"}},
              [](Attempt& a) {
                TransferOf(a)->set_payer_account_id(a.community().account("assoc").ToBytes());
                a.signers = {"assoc/3"};
              }},
         };
}

std::vector<Fault> AfterThePayee() {
  return {
      {"more than one transfer may move",
       "amount limit",
       v1::VERDICT_TRANSFER_LIMIT,
       {{"limit", "99"}, {"given", "100"}, {"currency", kHeol}},
       [](Attempt& a) { a.bench.policy().mutable_limits(0)->set_transfer_max_minor(99); }},
      {"more than the payer has",
       "payer amount",
       v1::VERDICT_INSUFFICIENT_BALANCE,
       {{"needed", "100"}, {"available", "99"}, {"currency", kHeol}},
       [](Attempt& a) { a.bench.ForceBalance(a.community().account("alice"), kHeol, 99); }},
  };
}

RuleTable TransferTable() {
  RuleTable table;
  table.name = "Transfer";
  table.file = "transfer.cc";
  table.good = [] {
    return Attempt{TownBench(), Town().Transfer("alice", "chloe", 100), {"alice"}};
  };
  table.faults = BeforeThePayee() +
                 std::vector<Fault>{{"a payee that is not there",
                                     "payee",
                                     v1::VERDICT_PAYEE_UNKNOWN,
                                     {{"account_id", Town().account("newcomer").ToHex()}},
                                     [](Attempt& a) { SetPayee(a, "newcomer"); }}} +
                 UnpayableHolders(100, SetPayee) + AfterThePayee();
  // The programme's own are in the table below; the pot's overflow too.
  table.out_of_reach = {
      {v1::VERDICT_PROGRAMME_UNKNOWN, "an account of kind PROGRAMME always has its record"}};
  return table;
}

RuleTable TransferToProgrammeTable() {
  RuleTable table = TransferTable();
  table.name = "TransferToProgramme";
  table.good = [] {
    return Attempt{TownBench(), Town().Transfer("alice", "repair", 100), {"alice"}};
  };
  table.faults = BeforeThePayee() + UnpayableProgrammes(SetPayee) + AfterThePayee() +
                 std::vector<Fault>{
                     {"a pot that would overflow",
                      "payee",
                      v1::VERDICT_AMOUNT_OVERFLOW,
                      {},
                      [](Attempt& a) {
                        a.bench.ForceBalance(a.community().account("repair"), kHeol, kMax - 99);
                      }},
                     {"a programme with 128 funders",
                      "payee",
                      v1::VERDICT_FUNDERS_LIMIT,
                      {{"limit", "128"}},
                      [](Attempt& a) { FillFunders(&a.bench, "repair"); }},
                     {"funds that would overflow though the pot does not",
                      "payee",
                      v1::VERDICT_AMOUNT_OVERFLOW,
                      {},
                      [](Attempt& a) {
                        v1::Programme record = a.bench.programme("repair");
                        record.mutable_funders(0)->set_amount_minor(kMax - 20000);
                        a.bench.state()[rules::key::Programme(a.community().account("repair"))] =
                            record.SerializeAsString();
                      }},
                 };
  return table;
}

// Scenario 16.
TEST(TransferTest, MovesExactlyTheAmount) {
  RuleBench bench = TownBench();
  const Sequence before = bench.head();
  const auto result = bench.Submit({Town().Transfer("alice", "bruno", 123)}, {"alice"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings), ElementsAre("alice -123 HEOL", "bruno +123 HEOL"));
  EXPECT_EQ(bench.balance("alice"), 20000 - 123);
  EXPECT_EQ(bench.balance("bruno"), 5000 + 123);
  EXPECT_EQ(bench.head(), before + 1);
}

TEST(TransferTest, CarriesAReferenceAndAMemo) {
  RuleBench bench = TownBench();
  v1::Operation operation = Town().Transfer("alice", "biocoop", 100);
  operation.mutable_transfer()->set_payee_reference(std::string(64, '~'));
  *operation.mutable_transfer()->mutable_memo() = Town().text("panier").commitment;
  EXPECT_TRUE(bench.Submit({operation}, {"alice"}).ok());
}

TEST(TransferTest, IntoAProgrammeIsRememberedAsFunding) {
  RuleBench bench = TownBench();
  const auto result = bench.Submit(
      {Town().Transfer("alice", "repair", 100), Town().Transfer("alice", "repair", 50)}, {"alice"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings), ElementsAre("alice -100 HEOL", "repair +100 HEOL",
                                                         "alice -50 HEOL", "repair +50 HEOL"));
  const v1::Programme programme = bench.programme("repair");
  ASSERT_EQ(programme.funders().size(), 3);
  EXPECT_EQ(programme.funders(2).account_id(), Town().account("alice").ToBytes());
  EXPECT_EQ(programme.funders(2).amount_minor(), 150);
}

TEST(TransferTest, AtEveryLimitIsAccepted) {
  RuleBench bench = TownBench();
  bench.ForceBalance(Town().account("assoc"), kHeol, 400000);
  bench.ForceBalance(Town().account("chloe"), kHeol, 200000);
  // 1000.00 may be moved at once, 3000.00 held; 150.00 by who is not a member.
  EXPECT_TRUE(bench.Submit({Town().Transfer("assoc", "chloe", 100000)}, {"assoc"}).ok());
  EXPECT_TRUE(bench.Submit({Town().Transfer("assoc", "friend", 15000)}, {"assoc"}).ok());
  EXPECT_EQ(bench.Submit({Town().Transfer("assoc", "chloe", 1)}, {"assoc"}).refusal->verdict,
            v1::VERDICT_BALANCE_LIMIT);
  EXPECT_EQ(bench.Submit({Town().Transfer("assoc", "friend", 1)}, {"assoc"}).refusal->verdict,
            v1::VERDICT_PAYEE_NOT_MEMBER);
  EXPECT_EQ(bench.Submit({Town().Transfer("assoc", "biocoop", 100001)}, {"assoc"}).refusal->verdict,
            v1::VERDICT_TRANSFER_LIMIT);
}

// No limit named for a currency is no limit; but then only members are paid.
TEST(TransferTest, ACurrencyWithoutLimitsHasNone) {
  RuleBench bench = TownBench();
  bench.ForceBalance(Town().account("alice"), kHours, kMax / 2);
  EXPECT_TRUE(bench.Submit({Town().Transfer("alice", "bruno", kMax / 2, kHours)}, {"alice"}).ok());
  EXPECT_EQ(
      bench.Submit({Town().Transfer("bruno", "friend", 1, kHours)}, {"bruno"}).refusal->verdict,
      v1::VERDICT_PAYEE_NOT_MEMBER);
}

TEST(TransferTest, WhoIsNoLongerAMemberStillPays) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(bench.Submit({Town().EndMembership("alice")}, {"registrar"}).ok());
  EXPECT_TRUE(bench.Submit({Town().Transfer("alice", "bruno", 20000)}, {"alice"}).ok());
}

// Two tills of one shop (either key signs).
TEST(TransferTest, AnyKeyOfAnAuthorityWithThresholdOneSigns) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(bench.Submit({Town().Transfer("alice", "biocoop", 200)}, {"alice"}).ok());
  EXPECT_TRUE(bench.Submit({Town().Transfer("biocoop", "bruno", 100)}, {"biocoop/1"}).ok());
  EXPECT_TRUE(bench.Submit({Town().Transfer("biocoop", "bruno", 100)}, {"biocoop/2"}).ok());
}

// ---- Refund ----

// Refunds chloe's payment... of 100 to bruno, made on kToday.
struct Paid {
  RuleBench bench;
  v1::SignedTransaction payment;
};

Paid PaidBench(const std::string& payer, const std::string& payee, int64_t amount) {
  RuleBench bench = TownBench();
  if (bench.balance(payer) < amount) bench.ForceBalance(Town().account(payer), kHeol, amount);
  const v1::SignedTransaction payment = Town().Transaction(
      kNowSeconds,
      {Town().AdmitMember("treasurer", kToday + 100), Town().Transfer(payer, payee, amount)},
      {"registrar", payer});
  if (!bench.Submit(payment).ok()) std::abort();
  return {bench, payment};
}

v1::Refund* RefundOf(Attempt& attempt) { return attempt.operation.mutable_refund(); }

// The original was paid by `name` of 100: makes that so in the past of a.bench.
void SetOriginalPayer(Attempt& a, const std::string& name) {
  RuleBench bench = a.bench;
  // A payer that cannot be paid now could pay then, whatever it was.
  const auto balance = bench.balance(name);
  bench.ForceBalance(a.community().account(name), kHeol, 100);
  if (bench.account(name).kind() == v1::HOLDER_KIND_UNSPECIFIED) {
    bench.Submit({a.community().OpenAccount(name)}, {name + "/all"});
  }
  const v1::SignedTransaction payment =
      a.community().Transaction(bench.now_seconds(),
                                {a.community().AdmitMember("treasurer", kToday + 100),
                                 a.community().Transfer(name, "bruno", 100)},
                                {"registrar", name});
  if (!bench.Submit(payment).ok()) std::abort();
  bench.ForceBalance(a.community().account(name), kHeol, balance);
  a.bench = bench;
  RefundOf(a)->set_transaction_id(IdOf(payment).ToBytes());
}

RuleTable RefundTable() {
  RuleTable table;
  table.name = "Refund";
  table.file = "refund.cc";
  table.good = [] {
    const Paid paid = PaidBench("alice", "bruno", 100);
    return Attempt{paid.bench, Town().Refund(IdOf(paid.payment), 1, 100), {"bruno"}};
  };
  std::vector<Fault> ids;
  for (const size_t size : {0u, 20u, 31u, 33u}) {
    ids.push_back(
        {"a transaction id of " + Number(static_cast<int64_t>(size)) + " bytes",
         "original payee",
         v1::VERDICT_ID_MALFORMED,
         {},
         [size](Attempt& a) { RefundOf(a)->set_transaction_id(std::string(size, 't')); }});
  }
  table.faults =
      ids + BadAmounts([](Attempt& a, int64_t amount) { RefundOf(a)->set_amount_minor(amount); }) +
      BadCommitments([](Attempt& a) { return RefundOf(a)->mutable_memo(); }, nullptr, false) +
      std::vector<Fault>{
          {"a transaction that is not there",
           "original payee",
           v1::VERDICT_TRANSACTION_UNKNOWN,
           {},
           [](Attempt& a) { RefundOf(a)->set_transaction_id(std::string(32, 't')); }},
          {"an operation that is not there",
           "original",
           v1::VERDICT_NOT_A_TRANSFER,
           {},
           [](Attempt& a) { RefundOf(a)->set_operation_index(2); }},
          {"an operation far away",
           "original",
           v1::VERDICT_NOT_A_TRANSFER,
           {},
           [](Attempt& a) { RefundOf(a)->set_operation_index(0xffffffff); }},
          {"an operation that is no transfer",
           "original",
           v1::VERDICT_NOT_A_TRANSFER,
           {},
           [](Attempt& a) { RefundOf(a)->set_operation_index(0); }},
          {"what a programme was paid",
           "original payee",
           v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED,
           {},
           [](Attempt& a) {
             const v1::SignedTransaction payment =
                 a.community().Transaction(a.bench.now_seconds(),
                                           {a.community().AdmitMember("treasurer", kToday + 100),
                                            a.community().Transfer("choir", "repair", 100)},
                                           {"registrar", "choir"});
             a.bench.Submit(payment);
             RefundOf(a)->set_transaction_id(IdOf(payment).ToBytes());
           }},
          {"signed by the payer",
           "signers",
           v1::VERDICT_NOT_SIGNED_BY_HOLDER,
           {{"needed", "1"}, {"signed", "0"}},
           [](Attempt& a) { a.signers = {"alice"}; }},
          {"after 60 days",
           "today payee",
           v1::VERDICT_REFUND_WINDOW_OVER,
           {{"paid_day", Number(kToday)}, {"last_day", Number(kToday + 60)}},
           [](Attempt& a) { a.bench.AdvanceDays(61); }},
          {"more than was paid",
           "amount payee",
           v1::VERDICT_REFUND_EXCEEDS_ORIGINAL,
           {{"left", "100"}, {"given", "101"}, {"currency", kHeol}},
           [](Attempt& a) { RefundOf(a)->set_amount_minor(101); }},
          {"more than is left",
           "amount payee",
           v1::VERDICT_REFUND_EXCEEDS_ORIGINAL,
           {{"left", "40"}, {"given", "100"}, {"currency", kHeol}},
           [](Attempt& a) {
             v1::Operation first = a.operation;
             first.mutable_refund()->set_amount_minor(60);
             a.bench.Submit({first}, {"bruno"});
           }},
      };
  for (Fault fault : UnpayableHolders(100, SetOriginalPayer)) {
    fault.spoils += " original today";
    // A shop that is not open cannot have paid; PAYEE_NOT_MEMBER has two more lines.
    table.faults.push_back(fault);
  }
  table.faults.push_back(
      {"more than the payee has left",
       "amount",
       v1::VERDICT_INSUFFICIENT_BALANCE,
       {{"needed", "100"}, {"available", "99"}, {"currency", kHeol}},
       [](Attempt& a) { a.bench.ForceBalance(a.community().account("bruno"), kHeol, 99); }});
  table.out_of_reach = {
      {v1::VERDICT_ACCOUNT_UNKNOWN, "an account that has paid or been paid never goes away"},
      {v1::VERDICT_PROGRAMME_UNKNOWN, "a programme never pays a Transfer"},
      {v1::VERDICT_PROGRAMME_CLOSED, "a programme never pays a Transfer"},
      {v1::VERDICT_PROGRAMME_ENDED, "a programme never pays a Transfer"},
      {v1::VERDICT_CURRENCY_MISMATCH, "a programme never pays a Transfer"}};
  return table;
}

// Scenarios 151, 152 and 155.
TEST(RefundTest, GivesBackInPartsUpToTheWhole) {
  Paid paid = PaidBench("alice", "bruno", 100);
  const TransactionId original = IdOf(paid.payment);
  auto result = paid.bench.Submit({Town().Refund(original, 1, 30)}, {"bruno"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Show(Town(), result.postings), ElementsAre("bruno -30 HEOL", "alice +30 HEOL"));
  EXPECT_EQ(paid.bench.reader().Refunded(original, 1), 30);
  result = paid.bench.Submit({Town().Refund(original, 1, 71)}, {"bruno"});
  EXPECT_EQ(result.refusal->figures.at("left"), "70");
  EXPECT_TRUE(paid.bench.Submit({Town().Refund(original, 1, 70)}, {"bruno"}).ok());
  result = paid.bench.Submit({Town().Refund(original, 1, 1)}, {"bruno"});
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_REFUND_EXCEEDS_ORIGINAL);
  EXPECT_EQ(result.refusal->figures.at("left"), "0");
  EXPECT_EQ(paid.bench.balance("alice"), 20000);
}

TEST(RefundTest, PartsOfOneTransactionAddUp) {
  Paid paid = PaidBench("alice", "bruno", 100);
  const TransactionId original = IdOf(paid.payment);
  const auto result = paid.bench.Submit(
      {Town().Refund(original, 1, 60), Town().Refund(original, 1, 60)}, {"bruno"});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_REFUND_EXCEEDS_ORIGINAL);
  EXPECT_EQ(result.refusal->figures.at("left"), "40");
  EXPECT_EQ(result.refusal->figures.at("operation_index"), "1");
}

TEST(RefundTest, IsPossibleOnItsLastDay) {
  Paid paid = PaidBench("alice", "bruno", 100);
  paid.bench.AdvanceDays(60);
  EXPECT_TRUE(paid.bench.Submit({Town().Refund(IdOf(paid.payment), 1, 1)}, {"bruno"}).ok());
  // And without end where the policy says 0.
  paid.bench.policy().set_refund_window_days(0);
  paid.bench.AdvanceDays(200);
  EXPECT_TRUE(paid.bench.Submit({Town().Refund(IdOf(paid.payment), 1, 1)}, {"bruno"}).ok());
}

// A refund is no transfer: it cannot be refunded in its turn.
TEST(RefundTest, OfARefundIsRefused) {
  Paid paid = PaidBench("alice", "bruno", 100);
  const v1::SignedTransaction refund =
      Town().Transaction(kNowSeconds, {Town().Refund(IdOf(paid.payment), 1, 100)}, {"bruno"});
  ASSERT_TRUE(paid.bench.Submit(refund).ok());
  EXPECT_EQ(paid.bench.Submit({Town().Refund(IdOf(refund), 0, 100)}, {"alice"}).refusal->verdict,
            v1::VERDICT_NOT_A_TRANSFER);
}

// A transaction is not committed while it is judged, so it cannot refund itself.
TEST(RefundTest, OfItsOwnTransactionIsUnknown) {
  Paid paid = PaidBench("alice", "bruno", 100);
  EXPECT_EQ(
      paid.bench
          .Submit({Town().Transfer("alice", "bruno", 1), Town().Refund(TransactionId(), 0, 1)},
                  {"alice", "bruno"})
          .refusal->verdict,
      v1::VERDICT_TRANSACTION_UNKNOWN);
}

}  // namespace

std::vector<RuleTable> PaymentTables() {
  return {TransferTable(), TransferToProgrammeTable(), RefundTable()};
}

}  // namespace kengred::testing
