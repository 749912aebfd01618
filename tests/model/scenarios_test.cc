// Goal: the situations in which ledgers have gone wrong before, by the numbers of a public list
// that was gathered from other systems' tests (TigerBeetle, Iroha, FastPay, Formance, Blnk, Taler).
// Method: each applicable one is a test that starts with its number; those that are tested
// elsewhere or do not apply stand in tables below with the place or the reason, and a last test
// counts all 188.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "kengred/core/amount.h"
#include "kengred/core/charter.h"
#include "kengred/core/civil_day.h"
#include "kengred/core/system_accounts.h"
#include "kengred/core/transaction_builder.h"
#include "ledger_machine.h"
#include "server/rules/state.h"
#include "tests/support/rule_bench.h"

namespace kengred::testing {
namespace {

// Tested in another place.
const std::map<int, const char*>& Elsewhere() {
  static const auto* const kElsewhere = new std::map<int, const char*>{
      {8, "core_text_test, ProfileTest.AcceptsTheBounds"},
      {9,
       "core_text_test, ProfileTest (aliases are a-z, 0-9 and '-'), and the server's alias table"},
      {15, "core_address_test, AddressTest.RefusesTheOlderChecksumAndSaysSo"},
      {28, "core_amount_test, AmountTest.RefusesEverythingElse"},
      {29, "core_amount_test, AmountTest.ReadsWhatPeopleWrite"},
      {32, "rules_table_test and core_verification_test: every pair of faults"},
      {39, "core_signing_test, SigningTest.RefusesTheMalleableTwin"},
      {40, "core_signing_test and core_charter_test: small order is refused"},
      {41, "core_signing_test, SigningTest.AgreesWithLibsodiumOnSpeccheck"},
      {42, "core_verification_test, VerificationTest.AnotherEncodingIsAnotherTransaction"},
      {92, "core_amount_test; a Node client pays such an amount in tests/integration"},
      {94, "core_amount_test, AmountTest.RefusesEverythingElse"},
      {95, "core_amount_test, AmountTest.CountsLikeTheSchoolbook"},
      {96, "core_amount_test, AmountTest.CountsLikeTheSchoolbook"},
      {97, "core_amount_test, AmountTest.ArithmeticNeverWraps"},
      {98, "rules_invariants_test, InvariantTest.I1CurrenciesDoNotAddUp"},
      {141, "core_charter_test, CharterTest.NamesWhatIsWrong (shares)"},
      {169, "tests/integration, the history's filters and order"},
      {170, "tests/integration: an unknown account is refused, an empty range is empty"},
      {171, "tests/integration, page tokens"},
      {172, "tests/integration, the balances beside each entry of a history"},
      {174, "tests/integration, reads without or with somebody else's token"},
      {182, "tests/fault, storage_fault_test"},
      {184, "ledger_model_test: the journal replayed gives the stored state"},
  };
  return *kElsewhere;
}

// Not applicable, and why.
const std::map<int, const char*>& NotApplicable() {
  static const auto* const kNotApplicable = [] {
    auto* map = new std::map<int, const char*>{
        {3, "an account has no currency; it may hold any"},
        {4, "an account has no flags; another threshold is another id, and its keys are in use"},
        {5, "account ids are derived from keys, not chosen"},
        {6, "opening an account says nothing of a balance"},
        {7, "limits are the policy's, one set for each currency"},
        {10, "a ledger is one community"},
        {11, "anybody may open an account; until admitted it holds little (R7)"},
        {22, "an account has no currency"},
        {27, "a ledger is one community"},
        {31, "a transaction has no field of the server's"},
        {51, "changing keys comes later (ChangeKeys)"},
        {52, "changing keys comes later (ChangeKeys)"},
        {53, "changing keys comes later (ChangeKeys)"},
        {59, "governance grants and revokes, and is fixed by the charter"},
        {61, "an id is the hash of the content: another amount is another transaction"},
        {62, "an id is the hash of the content"},
        {63, "an id is the hash of the content"},
        {67, "an id is the hash of the content; a refusal never burns it (65)"},
        {71, "an id is the hash of the content: both are payments of their own"},
        {72, "ids are content hashes, no clash between accounts"},
        {74, "one server writes a ledger"},
        {78, "nobody has a credit line (I3)"},
        {79, "nobody has a credit line (I3)"},
        {82, "no operation takes everything"},
        {83, "no operation takes from several payers, nobody has an overdraft"},
        {124, "history is not imported"},
        {126, "a transaction is one atomic group and cannot be left open"},
        {127, "a transaction is one atomic group and cannot be left open"},
        {130, "holds come later"},
        {142, "no part of a payment is kept"},
        {144, "no operation fills one payee after the other"},
        {145, "no operation sends everything"},
        {154, "a refund has a memo of its own"},
        {161, "exports come later"},
        {162, "a payer has no sequence number, so that two tills never collide"},
        {163, "one server writes a ledger"},
        {165, "one server writes a ledger, in one order"},
        {166, "one server writes a ledger"},
        {167, "every answer says its sequence; there are no replicas"},
        {168, "one server writes a ledger"},
        {173, "holds come later"},
    };
    for (int n = 89; n <= 91; ++n) (*map)[n] = "holds come later";
    for (int n = 99; n <= 122; ++n) (*map)[n] = "holds come later";
    for (int n = 135; n <= 139; ++n) (*map)[n] = "no payment is 'as much as possible' (136)";
    for (int n = 147; n <= 148; ++n) (*map)[n] = "holds come later";
    for (int n = 175; n <= 180; ++n) (*map)[n] = "the Merkle journal comes next";
    (*map)[183] = "backups come with the Merkle journal, whose root they compare";
    for (int n = 185; n <= 188; ++n) (*map)[n] = "exports come later";
    return map;
  }();
  return *kNotApplicable;
}

class ScenarioTest : public ::testing::Test {
 protected:
  std::string Do(const std::vector<v1::Operation>& operations,
                 const std::vector<std::string>& signers) {
    return Do(town_.Transaction(bench_.now_seconds(), operations, signers));
  }
  // The verdict, "" where it is accepted. A refusal leaves nothing behind.
  std::string Do(const v1::SignedTransaction& transaction) {
    const auto state = bench_.state();
    const Sequence head = bench_.head();
    const auto result = bench_.Submit(transaction);
    if (result.ok()) return result.duplicate ? "duplicate" : "";
    EXPECT_EQ(bench_.state(), state);
    EXPECT_EQ(bench_.head(), head);
    return VerdictName(result.refusal->verdict);
  }
  v1::SignedTransaction Pay(const std::string& payer, const std::string& payee, int64_t amount) {
    return town_.Transaction(bench_.now_seconds(), {town_.Transfer(payer, payee, amount)}, {payer});
  }
  void Give(const std::string& name, int64_t amount) {
    bench_.ForceBalance(town_.account(name), kHeol, amount);
  }

  Community town_;
  RuleBench bench_ = RuleBench::Founded(&town_);
};

// ---- A. Accounts and names ----

TEST_F(ScenarioTest, S001AnAccountOpensWithNothing) {
  EXPECT_EQ(Do({town_.OpenAccount("newcomer")}, {"newcomer"}), "");
  for (const char* currency : {kHeol, kEur, kHours}) {
    EXPECT_EQ(bench_.balance("newcomer", currency), 0);
  }
}

TEST_F(ScenarioTest, S002TheSameAccountAgainExists) {
  const v1::SignedTransaction opening =
      town_.Transaction(kNowSeconds, {town_.OpenAccount("newcomer")}, {"newcomer"});
  EXPECT_EQ(Do(opening), "");
  EXPECT_EQ(Do(opening), "duplicate");
  EXPECT_EQ(Do({town_.OpenAccount("newcomer")}, {"newcomer"}), "ACCOUNT_EXISTS");
}

TEST_F(ScenarioTest, S012AnOpenedAccountHasNoRights) {
  EXPECT_EQ(Do({town_.OpenAccount("newcomer")}, {"newcomer", "issuer"}), "");
  EXPECT_EQ(Do({town_.Issue("newcomer", 1, "A")}, {"newcomer"}), "NOT_SIGNED_BY_ROLE");
}

TEST_F(ScenarioTest, S013NoOperationIsRefused) { EXPECT_EQ(Do({}, {"alice"}), "OPERATION_COUNT"); }

TEST_F(ScenarioTest, S014AKeyThatIsNoKeyIsRefused) {
  for (const std::string& key :
       {std::string(31, 'k'), std::string(33, 'k'), std::string(32, '\2')}) {
    v1::Operation open = town_.OpenAccount("newcomer");
    open.mutable_open_account()->mutable_authority()->set_public_keys(0, key);
    EXPECT_EQ(Do({open}, {"newcomer"}), "AUTHORITY_MALFORMED");
  }
}

// ---- B. A simple payment ----

TEST_F(ScenarioTest, S016PayingMovesExactly) {
  Give("alice", 200);
  EXPECT_EQ(Do(Pay("alice", "bruno", 123)), "");
  EXPECT_EQ(bench_.balance("alice"), 77);
  EXPECT_EQ(bench_.balance("bruno"), 5123);
}

TEST_F(ScenarioTest, S017ZeroIsRefused) {
  EXPECT_EQ(Do(Pay("alice", "bruno", 0)), "AMOUNT_NOT_POSITIVE");
}

TEST_F(ScenarioTest, S018NegativeIsRefused) {
  EXPECT_EQ(Do(Pay("alice", "bruno", -1)), "AMOUNT_NOT_POSITIVE");
}

TEST_F(ScenarioTest, S019PayingOneselfIsRefused) {
  EXPECT_EQ(Do(Pay("alice", "alice", 1)), "SELF_PAYMENT");
}

TEST_F(ScenarioTest, S020AnUnknownPayerIsRefused) {
  EXPECT_EQ(Do(Pay("newcomer", "alice", 1)), "PAYER_UNKNOWN");
}

TEST_F(ScenarioTest, S021AnUnknownPayeeIsRefusedAndThePayerKeepsItsMoney) {
  EXPECT_EQ(Do(Pay("alice", "newcomer", 1)), "PAYEE_UNKNOWN");
  EXPECT_EQ(bench_.balance("alice"), 20000);
}

TEST_F(ScenarioTest, S023ACurrencyThePayeeDoesNotTakeIsRefused) {
  bench_.ForceBalance(town_.account("alice"), kHours, 60);
  EXPECT_EQ(Do({town_.Transfer("alice", "repair", 1, kHours)}, {"alice"}), "CURRENCY_MISMATCH");
}

TEST_F(ScenarioTest, S024AnUnknownCurrencyIsRefused) {
  EXPECT_EQ(Do({town_.Transfer("alice", "bruno", 1, "GALAX")}, {"alice"}), "CURRENCY_UNKNOWN");
}

TEST_F(ScenarioTest, S025NoDescriptionIsAccepted) { EXPECT_EQ(Do(Pay("alice", "bruno", 1)), ""); }

TEST_F(ScenarioTest, S026AReferenceHas64CharactersAtMost) {
  v1::Operation pay = town_.Transfer("alice", "bruno", 1);
  pay.mutable_transfer()->set_payee_reference(std::string(64, 'r'));
  EXPECT_EQ(Do({pay}, {"alice"}), "");
  pay.mutable_transfer()->set_payee_reference(std::string(65, 'r'));
  EXPECT_EQ(Do({pay}, {"alice"}), "REFERENCE_MALFORMED");
}

TEST_F(ScenarioTest, S030AFieldOfTheFutureIsRefused) {
  v1::Operation pay = town_.Transfer("alice", "bruno", 1);
  pay.GetReflection()->MutableUnknownFields(&pay)->AddVarint(500, 1);
  EXPECT_EQ(Do({pay}, {"alice"}), "UNKNOWN_FIELD");
}

TEST_F(ScenarioTest, S033ARefusedPaymentDoesNotExist) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 20001);
  EXPECT_EQ(Do(payment), "INSUFFICIENT_BALANCE");
  EXPECT_FALSE(bench_.reader().FindTransaction(IdOf(payment)));
}

TEST_F(ScenarioTest, S034APayeeWithoutTheRightIsRefused) {
  EXPECT_EQ(Do({town_.OpenAccount("newshop"), town_.AdmitMember("newshop", kToday)},
               {"newshop", "registrar"}),
            "");
  EXPECT_EQ(Do(Pay("alice", "newshop", 1)), "PAYEE_NOT_APPROVED");
}

// ---- C. Signatures and authority ----

TEST_F(ScenarioTest, S035AValidSignatureIsAcceptedOnce) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 1);
  EXPECT_EQ(Do(payment), "");
  EXPECT_EQ(Do(payment), "duplicate");
  EXPECT_EQ(bench_.balance("bruno"), 5001);
}

TEST_F(ScenarioTest, S036NoSignatureOrOneOfAnotherLengthIsRefused) {
  v1::SignedTransaction payment = Pay("alice", "bruno", 1);
  for (const size_t size : {0u, 63u, 65u}) {
    payment.mutable_signatures(0)->set_signature(std::string(size, 's'));
    EXPECT_EQ(Do(payment), "SIGNATURE_MALFORMED");
  }
  payment.clear_signatures();
  EXPECT_EQ(Do(payment), "SIGNATURE_MISSING");
}

TEST_F(ScenarioTest, S037AnotherKeysSignatureIsRefused) {
  v1::SignedTransaction payment = Pay("alice", "bruno", 1);
  v1::SignedTransaction other = payment;
  other.clear_signatures();
  town_.Sign("bruno", &other);
  EXPECT_EQ(Do(other), "NOT_SIGNED_BY_HOLDER");
  payment.mutable_signatures(0)->set_signature(other.signatures(0).signature());
  EXPECT_EQ(Do(payment), "SIGNATURE_INVALID");
}

TEST_F(ScenarioTest, S038ASignatureOfOtherBytesIsRefused) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 1);
  size_t refused = 0;
  for (size_t i = 0; i < payment.transaction().size(); ++i) {
    v1::SignedTransaction changed = payment;
    changed.mutable_transaction()->at(i) ^= 1;
    const std::string verdict = Do(changed);
    EXPECT_NE(verdict, "") << i;
    if (verdict == "SIGNATURE_INVALID") ++refused;
  }
  EXPECT_GT(refused, 16u) << "the nonce alone has 16 bytes";
}

TEST_F(ScenarioTest, S043AnotherLedgersTransactionIsRefused) {
  const Community other(2);
  EXPECT_EQ(Do(other.Transaction(kNowSeconds, {other.Transfer("alice", "bruno", 1)}, {"alice"})),
            "WRONG_LEDGER");
}

TEST_F(ScenarioTest, S044AGoodSignatureOfNobodyIsRefusedByTheRules) {
  EXPECT_EQ(Do(Pay("newcomer", "bruno", 1)), "PAYER_UNKNOWN");
}

TEST_F(ScenarioTest, S045APaymentIsGoodForTheTimeItsPayerGave) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 1);  // an hour
  bench_.AdvanceSeconds(3601);
  EXPECT_EQ(Do(payment), "EXPIRED");
  bench_.AdvanceSeconds(-1);
  EXPECT_EQ(Do(payment), "");
}

TEST_F(ScenarioTest, S046FiveMinutesAheadIsGoodAndTenAreNot) {
  EXPECT_EQ(
      Do(town_.Transaction(kNowSeconds + 600, {town_.Transfer("alice", "bruno", 1)}, {"alice"})),
      "NOT_YET_VALID");
  EXPECT_EQ(
      Do(town_.Transaction(kNowSeconds + 300, {town_.Transfer("alice", "bruno", 1)}, {"alice"})),
      "");
}

TEST_F(ScenarioTest, S047TheSecondSignatureCompletesWhatTheFirstBegan) {
  v1::SignedTransaction payment =
      town_.Transaction(kNowSeconds, {town_.Transfer("assoc", "bruno", 1)}, {"assoc/1"});
  EXPECT_EQ(Do(payment), "NOT_SIGNED_BY_HOLDER");
  v1::SignedTransaction late = payment;
  town_.Sign("assoc/3", &payment);
  EXPECT_EQ(Do(payment), "");
  // One that was never completed in time never executes.
  late = town_.Transaction(kNowSeconds, {town_.Transfer("assoc", "bruno", 1)}, {"assoc/1"});
  bench_.AdvanceSeconds(3601);
  town_.Sign("assoc/2", &late);
  EXPECT_EQ(Do(late), "EXPIRED");
}

TEST_F(ScenarioTest, S048TheSameSignerTwiceIsNotTwo) {
  v1::SignedTransaction payment =
      town_.Transaction(kNowSeconds, {town_.Transfer("assoc", "bruno", 1)}, {"assoc/1"});
  town_.Sign("assoc/1", &payment);
  EXPECT_EQ(Do(payment), "NOT_SIGNED_BY_HOLDER");
  *payment.add_signatures() = payment.signatures(0);
  EXPECT_EQ(Do(payment), "SIGNATURE_DUPLICATE");
}

TEST_F(ScenarioTest, S049AQuorumAboveTheKeysIsRefused) {
  v1::Operation open = town_.OpenAccount("newcomer");
  open.mutable_open_account()->mutable_authority()->set_threshold(2);
  EXPECT_EQ(Do({open}, {"newcomer"}), "AUTHORITY_MALFORMED");
}

TEST_F(ScenarioTest, S050AQuorumOfZeroIsRefused) {
  v1::Operation open = town_.OpenAccount("newcomer");
  open.mutable_open_account()->mutable_authority()->set_threshold(0);
  EXPECT_EQ(Do({open}, {"newcomer"}), "AUTHORITY_MALFORMED");
}

// Signers are given when an account is opened; a well-formed key of nobody is accepted.
TEST_F(ScenarioTest, S054ABadlyFormedSignerIsRefused) {
  v1::Operation open = town_.OpenAccount("newcomer");
  open.mutable_open_account()->mutable_authority()->add_public_keys(std::string(32, '\0'));
  EXPECT_EQ(Do({open}, {"newcomer"}), "AUTHORITY_MALFORMED");
  EXPECT_EQ(Do({town_.OpenAccount("newcomer")}, {"newcomer"}), "");
}

TEST_F(ScenarioTest, S055ARevokedRightIsGoneFromTheNextEntryOn) {
  EXPECT_EQ(Do({town_.Issue("alice", 1, "A")}, {"issuer"}), "");
  EXPECT_EQ(Do({town_.RevokeRole("issuer", v1::ROLE_ISSUER)}, {"governance"}), "");
  EXPECT_EQ(Do({town_.Issue("alice", 1, "B")}, {"issuer"}), "NOT_SIGNED_BY_ROLE");
}

TEST_F(ScenarioTest, S056GrantingOrRevokingTwiceIsRefused) {
  EXPECT_EQ(Do({town_.GrantRole("alice", v1::ROLE_ISSUER)}, {"governance"}), "");
  EXPECT_EQ(Do({town_.GrantRole("alice", v1::ROLE_ISSUER)}, {"governance"}),
            "ROLE_ALREADY_GRANTED");
  EXPECT_EQ(Do({town_.RevokeRole("alice", v1::ROLE_ISSUER)}, {"governance"}), "");
  EXPECT_EQ(Do({town_.RevokeRole("alice", v1::ROLE_ISSUER)}, {"governance"}), "ROLE_NOT_GRANTED");
}

TEST_F(ScenarioTest, S057GrantingToNobodyIsRefused) {
  EXPECT_EQ(Do({town_.GrantRole("newcomer", v1::ROLE_ISSUER)}, {"governance"}), "ACCOUNT_UNKNOWN");
}

TEST_F(ScenarioTest, S058WhoMayNotGrantMayNotRevoke) {
  EXPECT_EQ(Do({town_.RevokeRole("issuer", v1::ROLE_ISSUER)}, {"issuer", "governance/2"}),
            "NOT_SIGNED_BY_GOVERNANCE");
}

// ---- D. Idempotency and retries ----

TEST_F(ScenarioTest, S060TheSameAgainIsAnsweredAsTheFirstTime) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 7);
  const auto first = bench_.Submit(payment);
  const auto second = bench_.Submit(payment);
  EXPECT_TRUE(second.duplicate);
  EXPECT_EQ(second.sequence, first.sequence);
  EXPECT_EQ(bench_.balance("bruno"), 5007);
}

TEST_F(ScenarioTest, S064ARetryAfterTheMoneyIsGoneStillExists) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 20000);
  EXPECT_EQ(Do(payment), "");
  EXPECT_EQ(bench_.balance("alice"), 0);
  EXPECT_EQ(Do(payment), "duplicate");
}

TEST_F(ScenarioTest, S065WhatFailedForAPassingReasonMaySucceedLater) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 20001);
  EXPECT_EQ(Do(payment), "INSUFFICIENT_BALANCE");
  EXPECT_EQ(Do({town_.Issue("alice", 1, "A")}, {"issuer"}), "");
  EXPECT_EQ(Do(payment), "");
}

TEST_F(ScenarioTest, S066ACorrectedRequestIsFree) {
  EXPECT_EQ(Do({town_.Issue("alice", 0, "A")}, {"issuer"}), "AMOUNT_NOT_POSITIVE");
  EXPECT_EQ(Do({town_.Issue("alice", 1, "A")}, {"issuer"}), "");
}

TEST_F(ScenarioTest, S073OnceIsForEver) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 7);
  EXPECT_EQ(Do(payment), "");
  bench_.AdvanceDays(3000);
  EXPECT_EQ(Do(payment), "duplicate") << "long after it expired";
}

// ---- E. Limits ----

TEST_F(ScenarioTest, S075AllThereIsMayBePaid) {
  Give("alice", 200);
  EXPECT_EQ(Do(Pay("alice", "bruno", 200)), "");
  EXPECT_EQ(bench_.balance("alice"), 0);
}

TEST_F(ScenarioTest, S076OneMoreMayNot) {
  Give("alice", 200);
  EXPECT_EQ(Do(Pay("alice", "bruno", 201)), "INSUFFICIENT_BALANCE");
}

// Units that wait for a reconversion are held.
TEST_F(ScenarioTest, S077WhatIsLockedIsNotAvailable) {
  Give("biocoop", 10000);
  EXPECT_EQ(Do({town_.RequestReconversion("biocoop", 6000)}, {"biocoop"}), "");
  EXPECT_EQ(Do(Pay("biocoop", "bruno", 5000)), "INSUFFICIENT_BALANCE");
  EXPECT_EQ(Do(Pay("biocoop", "bruno", 4000)), "");
}

TEST_F(ScenarioTest, S080AboveTheCeilingThePayerKeepsItsMoney) {
  Give("chloe", 299999);
  EXPECT_EQ(Do(Pay("alice", "chloe", 2)), "BALANCE_LIMIT");
  EXPECT_EQ(bench_.balance("alice"), 20000);
  EXPECT_EQ(Do(Pay("alice", "chloe", 1)), "");
}

TEST_F(ScenarioTest, S081OnlyTheSourceGoesBelowZero) {
  EXPECT_EQ(Do({town_.Issue("choir", 4'000'000'000'000'000'000, "A")}, {"issuer"}), "");
  EXPECT_LT(bench_.system_balance(kCirculation, kHeol), -4'000'000'000'000'000'000);
  EXPECT_EQ(Do(Pay("denis", "bruno", 1)), "INSUFFICIENT_BALANCE");
}

TEST_F(ScenarioTest, S084OneSourceThatLacksRefusesAll) {
  EXPECT_EQ(Do({town_.Transfer("alice", "chloe", 100), town_.Transfer("denis", "chloe", 100)},
               {"alice", "denis"}),
            "INSUFFICIENT_BALANCE");
  EXPECT_EQ(bench_.balance("alice"), 20000);
}

TEST_F(ScenarioTest, S086TheOneThatCrossesTheLimitRefusesItsGroup) {
  EXPECT_EQ(Do({town_.Transfer("alice", "bruno", 9000), town_.Transfer("alice", "chloe", 9000),
                town_.Transfer("alice", "denis", 9000)},
               {"alice"}),
            "INSUFFICIENT_BALANCE");
  EXPECT_EQ(bench_.balance("bruno"), 5000);
}

// The limit of one payment, and of a day that changes in the charter's time zone.
TEST_F(ScenarioTest, S087AtTheLimitIsGoodAndAboveIsNot) {
  Give("assoc", 500000);
  EXPECT_EQ(Do(Pay("assoc", "biocoop", 100000)), "");
  EXPECT_EQ(Do(Pay("assoc", "biocoop", 100001)), "TRANSFER_LIMIT");
  LedgerMachine machine(NewMemoryPlace(), town_);
  EXPECT_EQ(FormatDay(machine.today()), "2026-11-24");
  machine.AdvanceSeconds(14 * 3600 - 1);  // 23:59:59 in Paris
  EXPECT_EQ(FormatDay(machine.today()), "2026-11-24");
  machine.AdvanceSeconds(1);
  EXPECT_EQ(FormatDay(machine.today()), "2026-11-25");
}

// ---- F. Arithmetic at the edges ----

TEST_F(ScenarioTest, S088APayeeThatWouldOverflowRefuses) {
  Give("choir", INT64_MAX);
  EXPECT_EQ(Do(Pay("alice", "choir", 1)), "AMOUNT_OVERFLOW");
  EXPECT_EQ(bench_.balance("alice"), 20000);
}

TEST_F(ScenarioTest, S093TheLeastOfAllAmountsIsRefused) {
  EXPECT_EQ(Do(Pay("alice", "bruno", INT64_MIN)), "AMOUNT_NOT_POSITIVE");
}

// ---- I. Atomic groups ----

TEST_F(ScenarioTest, S125OneThatFailsFailsAll) {
  const v1::SignedTransaction group =
      town_.Transaction(kNowSeconds,
                        {town_.Transfer("alice", "bruno", 1), town_.Transfer("alice", "chloe", 1),
                         town_.Transfer("denis", "bruno", 1), town_.Transfer("alice", "denis", 1)},
                        {"alice", "denis"});
  const auto result = bench_.Submit(group);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.refusal->figures.at("operation_index"), "2");
  EXPECT_EQ(bench_.balance("bruno"), 5000);
}

TEST_F(ScenarioTest, S128AFailedGroupLeavesNoTrace) {
  EXPECT_EQ(
      Do({town_.Transfer("alice", "bruno", 20000), town_.Transfer("alice", "bruno", 1)}, {"alice"}),
      "INSUFFICIENT_BALANCE");
  EXPECT_EQ(Do(Pay("alice", "bruno", 20000)), "");
}

TEST_F(ScenarioTest, S131ThereAndBackChangesNothing) {
  EXPECT_EQ(Do({town_.Transfer("alice", "bruno", 10), town_.Transfer("bruno", "alice", 10)},
               {"alice", "bruno"}),
            "");
  EXPECT_EQ(bench_.balance("alice"), 20000);
  EXPECT_EQ(bench_.balance("bruno"), 5000);
}

TEST_F(ScenarioTest, S132AGroupAboveTheLimitIsRefusedWhole) {
  EXPECT_EQ(Do(std::vector<v1::Operation>(1001, town_.Transfer("alice", "bruno", 1)), {"alice"}),
            "OPERATION_COUNT");
  EXPECT_EQ(Do(std::vector<v1::Operation>(1000, town_.Transfer("alice", "bruno", 1)), {"alice"}),
            "");
}

TEST_F(ScenarioTest, S134AMalformedItemRefusesAllAndIsNamed) {
  const auto result = bench_.Submit(
      {town_.Transfer("alice", "bruno", 1), v1::Operation(), town_.Transfer("alice", "bruno", 1)},
      {"alice"});
  EXPECT_EQ(result.refusal->verdict, v1::VERDICT_OPERATION_EMPTY);
  EXPECT_EQ(result.refusal->figures.at("operation_index"), "1");
}

// ---- K. Splits, fees, rounding ----

TEST_F(ScenarioTest, S140PartsAddUpToTheWhole) {
  v1::Policy& policy = bench_.policy();
  policy.set_commission_bps(10000);
  policy.clear_commission_shares();
  for (const char* name : {"choir", "assoc", "alice"}) {
    v1::CommissionShare* share = policy.add_commission_shares();
    share->set_account_id(town_.account(name).ToBytes());
    share->set_share_bps(3333);
  }
  Give("biocoop", 1500);
  bench_.ForceBalance(SystemAccountId(kCirculation, kHeol), kHeol, -135000);
  const v1::SignedTransaction request =
      town_.Transaction(kNowSeconds, {town_.RequestReconversion("biocoop", 1500)}, {"biocoop"});
  EXPECT_EQ(Do(request), "");
  EXPECT_EQ(Do({town_.SettleReconversion(ReconversionOf(request), "SEPA")}, {"treasurer"}), "");
  EXPECT_EQ(bench_.balance("choir"), 10000 + 499);
  EXPECT_EQ(bench_.balance("alice"), 20000 + 499);
  EXPECT_EQ(bench_.system_balance(kCommission, kHeol), 1500 - 3 * 499);
}

TEST_F(ScenarioTest, S143FeeAndNetAreTheGross) {
  const int64_t fee = BasisPointsHalfUp(5, 100);  // 1 % of 0.05
  EXPECT_EQ(fee, 0);
  EXPECT_EQ(fee + (5 - fee), 5);
}

// ---- L. Closing ----

TEST_F(ScenarioTest, S146AClosedPayeeIsRefused) {
  EXPECT_EQ(Do({town_.CloseProgramme("repair")}, {"assoc"}), "");
  EXPECT_EQ(Do(Pay("alice", "repair", 1)), "PROGRAMME_CLOSED");
}

TEST_F(ScenarioTest, S149ClosingTwiceIsRefused) {
  EXPECT_EQ(Do({town_.CloseProgramme("repair")}, {"assoc"}), "");
  EXPECT_EQ(Do({town_.CloseProgramme("repair")}, {"assoc"}), "PROGRAMME_CLOSED");
}

TEST_F(ScenarioTest, S150WhatAClosedPotHeldGoesBackToItsFunders) {
  EXPECT_EQ(Do({town_.CloseProgramme("repair")}, {"assoc"}), "");
  EXPECT_EQ(bench_.balance("repair"), 0);
  EXPECT_EQ(bench_.balance("assoc"), 30000 + 50000);
  EXPECT_EQ(bench_.balance("choir"), 10000 + 20000);
}

// ---- M. Reversal and refund ----

TEST_F(ScenarioTest, S151ARefundIsALinkedEntry) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 100);
  EXPECT_EQ(Do(payment), "");
  const std::string entry = *bench_.Entry(bench_.head());
  EXPECT_EQ(Do({town_.Refund(IdOf(payment), 0, 100)}, {"bruno"}), "");
  EXPECT_EQ(bench_.balance("alice"), 20000);
  EXPECT_EQ(*bench_.Entry(bench_.head() - 1), entry);
}

TEST_F(ScenarioTest, S152RefundingTwiceIsRefused) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 100);
  EXPECT_EQ(Do(payment), "");
  EXPECT_EQ(Do({town_.Refund(IdOf(payment), 0, 100)}, {"bruno"}), "");
  EXPECT_EQ(Do({town_.Refund(IdOf(payment), 0, 100)}, {"bruno"}), "REFUND_EXCEEDS_ORIGINAL");
}

TEST_F(ScenarioTest, S153WhoHasSpentTheMoneyCannotRefund) {
  const v1::SignedTransaction payment = Pay("alice", "denis", 100);
  EXPECT_EQ(Do(payment), "");
  EXPECT_EQ(Do(Pay("denis", "bruno", 100)), "");
  EXPECT_EQ(Do({town_.Refund(IdOf(payment), 0, 100)}, {"denis"}), "INSUFFICIENT_BALANCE");
}

TEST_F(ScenarioTest, S155ARefundOfPartFollowsWhatWasPaid) {
  const v1::SignedTransaction payment = town_.Transaction(
      kNowSeconds, {town_.Transfer("alice", "bruno", 60), town_.Transfer("alice", "chloe", 40)},
      {"alice"});
  EXPECT_EQ(Do(payment), "");
  EXPECT_EQ(Do({town_.Refund(IdOf(payment), 1, 60)}, {"chloe"}), "REFUND_EXCEEDS_ORIGINAL");
  EXPECT_EQ(Do({town_.Refund(IdOf(payment), 1, 40)}, {"chloe"}), "");
  EXPECT_EQ(Do({town_.Refund(IdOf(payment), 0, 20)}, {"bruno"}), "");
}

// ---- N. Issue and redemption against euros ----

TEST_F(ScenarioTest, S156ADepositCountsOnce) {
  EXPECT_EQ(Do({town_.Issue("alice", 1, "")}, {"issuer"}), "REFERENCE_MALFORMED");
  EXPECT_EQ(Do({town_.Issue("alice", 1, "DEPOSIT")}, {"issuer"}), "");
  EXPECT_EQ(Do({town_.Issue("alice", 1, "DEPOSIT")}, {"issuer"}), "REFERENCE_USED");
}

TEST_F(ScenarioTest, S157IssuingNothingIsRefused) {
  EXPECT_EQ(Do({town_.Issue("alice", 0, "A")}, {"issuer"}), "AMOUNT_NOT_POSITIVE");
}

TEST_F(ScenarioTest, S158RedeemingTooMuchOrTwiceIsRefused) {
  EXPECT_EQ(Do({town_.Issue("biocoop", 5000, "A")}, {"issuer"}), "");
  EXPECT_EQ(Do({town_.RequestReconversion("biocoop", 5001)}, {"biocoop"}), "INSUFFICIENT_BALANCE");
  const v1::SignedTransaction request =
      town_.Transaction(kNowSeconds, {town_.RequestReconversion("biocoop", 5000)}, {"biocoop"});
  EXPECT_EQ(Do(request), "");
  EXPECT_EQ(Do({town_.SettleReconversion(ReconversionOf(request), "S-1")}, {"treasurer"}), "");
  EXPECT_EQ(Do({town_.SettleReconversion(ReconversionOf(request), "S-2")}, {"treasurer"}),
            "RECONVERSION_SETTLED");
}

TEST_F(ScenarioTest, S159AtEveryEntryTheEurosSuffice) {
  std::map<std::string, int64_t> sums;  // "HEOL circulation", "EUR fund"
  for (const std::string& bytes : bench_.journal()) {
    v1::JournalEntry entry;
    ASSERT_TRUE(entry.ParseFromString(bytes));
    for (const v1::Posting& posting : entry.postings()) {
      const auto account = *AccountId::FromBytes(posting.account_id());
      sums[std::string(SystemAccountName(account, kHeol))] += posting.amount_minor();
    }
    EXPECT_LE(-sums["circulation"], sums["fund-digital"]);
  }
  EXPECT_EQ(-sums["circulation"], 135000);
}

TEST_F(ScenarioTest, S160ABankStatementReadTwiceBooksEachDepositOnce) {
  int booked = 0;
  for (int reading = 0; reading < 2; ++reading) {
    for (const char* reference : {"ACSR-1", "ACSR-2", "ACSR-3"}) {
      if (Do({town_.EurosIn(v1::FUND_DIGITAL, 100, reference)}, {"treasurer"}).empty()) ++booked;
    }
  }
  EXPECT_EQ(booked, 3);
  EXPECT_EQ(bench_.system_balance(kFundDigital, kEur), 135300);
}

// ---- with the real sequencer ----

class MachineScenarioTest : public ::testing::Test {
 protected:
  MachineScenarioTest() {
    for (const auto& request : town_.Found(kNowSeconds)) {
      EXPECT_EQ(Verdicts({request.signed_transaction()}), std::vector<std::string>{""});
    }
  }
  std::vector<std::string> Verdicts(const std::vector<v1::SignedTransaction>& transactions) {
    std::vector<std::string> verdicts;
    for (const publish::Answer& answer : machine_.Submit(transactions)) {
      const auto* refusal = std::get_if<Refusal>(&answer);
      const auto* accepted = std::get_if<v1::SubmitTransactionResponse>(&answer);
      verdicts.push_back(refusal != nullptr      ? VerdictName(refusal->verdict)
                         : accepted->duplicate() ? "duplicate"
                                                 : "");
    }
    return verdicts;
  }
  v1::SignedTransaction Pay(const std::string& payer, const std::string& payee, int64_t amount) {
    return town_.Transaction(machine_.now_seconds(), {town_.Transfer(payer, payee, amount)},
                             {payer});
  }
  int64_t Balance(const std::string& name) {
    const auto table = machine_.Table(rules::key::Balance(town_.account(name), kHeol));
    return table.empty() ? 0 : static_cast<int64_t>(rules::DecodeNumber(table.begin()->second));
  }

  Community town_;
  LedgerMachine machine_{NewDiskPlace(), town_};
  std::mt19937_64 random_{20261124};
};

// 68: the client crashes; 69: the answer is lost; 74 and 181: so does the server.
TEST_F(MachineScenarioTest, S068AResentPaymentMovesOnce) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 7);
  EXPECT_EQ(Verdicts({payment}), std::vector<std::string>{""});
  machine_.Restart();
  EXPECT_EQ(Verdicts({payment}), std::vector<std::string>{"duplicate"});
  EXPECT_EQ(Balance("bruno"), 5007);
}

TEST_F(MachineScenarioTest, S069AnAnswerThatWasLostIsGivenAgain) {
  for (int i = 1; i <= 10; ++i) {
    const auto answers = machine_.SubmitThroughCrash({Pay("alice", "bruno", 7)}, &random_);
    ASSERT_TRUE(std::holds_alternative<v1::SubmitTransactionResponse>(answers.front()));
    EXPECT_EQ(Balance("bruno"), 5000 + 7 * i);
  }
}

TEST_F(MachineScenarioTest, S070TenAtOnceAreOne) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 7);
  std::vector<std::string> verdicts = Verdicts(std::vector<v1::SignedTransaction>(10, payment));
  EXPECT_EQ(verdicts.front(), "");
  for (size_t i = 1; i < verdicts.size(); ++i) EXPECT_EQ(verdicts[i], "duplicate");
  EXPECT_EQ(Balance("bruno"), 5007);
}

TEST_F(MachineScenarioTest, S085OfTwoThatTheMoneyCannotBothPayOneIsPaid) {
  EXPECT_EQ(Verdicts({Pay("alice", "bruno", 15000), Pay("alice", "chloe", 15000)}),
            (std::vector<std::string>{"", "INSUFFICIENT_BALANCE"}));
  EXPECT_EQ(Balance("alice"), 5000);
}

TEST_F(MachineScenarioTest, S123AClockThatStepsBackMakesNoEarlierEntry) {
  EXPECT_EQ(Verdicts({Pay("alice", "bruno", 1)}), std::vector<std::string>{""});
  machine_.AdvanceSeconds(-200);
  EXPECT_EQ(Verdicts({Pay("alice", "bruno", 1)}), std::vector<std::string>{""});
  machine_.Restart();
  EXPECT_EQ(Verdicts({Pay("alice", "bruno", 1)}), std::vector<std::string>{""});
  int64_t last = 0;
  for (const std::string& bytes : machine_.Journal()) {
    v1::JournalEntry entry;
    ASSERT_TRUE(entry.ParseFromString(bytes));
    EXPECT_GE(entry.time().seconds(), last);
    last = entry.time().seconds();
  }
}

TEST_F(MachineScenarioTest, S129TwoGroupsAreIndependent) {
  const v1::SignedTransaction bad = town_.Transaction(
      kNowSeconds, {town_.Transfer("alice", "bruno", 1), town_.Transfer("denis", "bruno", 1)},
      {"alice", "denis"});
  EXPECT_EQ(Verdicts({bad, Pay("alice", "bruno", 1)}),
            (std::vector<std::string>{"INSUFFICIENT_BALANCE", ""}));
  EXPECT_EQ(Balance("bruno"), 5001);
}

TEST_F(MachineScenarioTest, S133ADryRunSaysWhatWouldHappenAndWritesNothing) {
  const storage::Head head = machine_.head();
  const v1::SignedTransaction payment = Pay("alice", "bruno", 20000);
  const publish::Answer would = machine_.DryRun(payment);
  ASSERT_TRUE(std::holds_alternative<v1::SubmitTransactionResponse>(would));
  EXPECT_EQ(std::get<v1::SubmitTransactionResponse>(would).sequence(), 0u);
  EXPECT_EQ(std::get<v1::SubmitTransactionResponse>(would).postings().size(), 2);
  EXPECT_TRUE(std::holds_alternative<Refusal>(machine_.DryRun(Pay("alice", "bruno", 20001))));
  EXPECT_EQ(machine_.head(), head);
  EXPECT_EQ(Verdicts({payment}), std::vector<std::string>{""});
}

TEST_F(MachineScenarioTest, S164DeliveredTwiceExecutedOnce) {
  const v1::SignedTransaction payment = Pay("alice", "bruno", 7);
  EXPECT_EQ(Verdicts({payment, Pay("bruno", "chloe", 1), payment}),
            (std::vector<std::string>{"", "", "duplicate"}));
  EXPECT_EQ(Balance("bruno"), 5006);
}

// tests/integration kills the process; here the disk loses what was not synced.
TEST_F(MachineScenarioTest, S181WhatWasAcknowledgedSurvivesAndNothingIsHalfThere) {
  int64_t paid = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<v1::SignedTransaction> batch;
    for (int i = 0; i < 5; ++i) {
      batch.push_back(town_.Transaction(
          machine_.now_seconds(),
          {town_.Transfer("alice", "bruno", 3), town_.Transfer("bruno", "chloe", 2)},
          {"alice", "bruno"}));
    }
    for (const publish::Answer& answer : machine_.SubmitThroughCrash(batch, &random_)) {
      ASSERT_TRUE(std::holds_alternative<v1::SubmitTransactionResponse>(answer));
      ++paid;
    }
    EXPECT_EQ(Balance("alice"), 20000 - 3 * paid);
    EXPECT_EQ(Balance("bruno"), 5000 + paid);
    EXPECT_EQ(Balance("chloe"), 2 * paid);
  }
}

// ---- the list is complete ----

TEST(ScenarioListTest, Every188HasATestAPlaceOrAReason) {
  std::set<int> tested;
  const auto* all = ::testing::UnitTest::GetInstance();
  for (int i = 0; i < all->total_test_suite_count(); ++i) {
    const auto* suite = all->GetTestSuite(i);
    for (int j = 0; j < suite->total_test_count(); ++j) {
      const std::string name = suite->GetTestInfo(j)->name();
      if (name.size() > 4 && name[0] == 'S' && name[1] >= '0' && name[1] <= '9') {
        EXPECT_TRUE(tested.insert(std::stoi(name.substr(1, 3))).second) << name;
      }
    }
  }
  for (int n = 1; n <= 188; ++n) {
    EXPECT_EQ(static_cast<int>(tested.count(n) + Elsewhere().count(n) + NotApplicable().count(n)),
              1)
        << "scenario " << n;
  }
  EXPECT_GE(tested.size(), 70u);
}

}  // namespace
}  // namespace kengred::testing
