// Goal: what a person confirms is what is signed and sent, once; what they are shown is what is
// there; and nothing is sent where anything is in doubt.
// Method: whole command lines in this process against a ledger in memory; the bytes that reach it
// are taken apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kengred/core/payto.h"
#include "kengred/core/side_record.h"
#include "kengred/core/signing.h"
#include "tests/support/wallet_bench.h"
#include "wallet/act.h"
#include "wallet/text.h"
#include "wallet/transaction_file.h"

namespace kengred::wallet {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

nlohmann::json Parse(const std::string& text) {
  return nlohmann::json::parse(text, nullptr, false);
}

class PaymentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SetLanguage("en");
    me_ = bench_.MakeAccount("default", v1::HOLDER_KIND_PERSON, 10000);
    shop_ = bench_.AddOther("biocoop", "biocoop");
    bench_.terminal.answers = {};
  }

  // The transaction that was submitted last.
  v1::Transaction Submitted() {
    v1::Transaction transaction;
    EXPECT_TRUE(transaction.ParseFromString(
        bench_.ledger.submitted.back().signed_transaction().transaction()));
    return transaction;
  }
  // A payment of `minor` by the shop to me, as the ledger keeps it.
  TransactionId Received(int64_t minor, Sequence sequence) {
    const v1::Operation transfer = [&] {
      v1::Operation operation = bench_.community.Transfer("biocoop", "alice", minor);
      operation.mutable_transfer()->set_payee_account_id(me_.ToBytes());
      operation.mutable_transfer()->set_payee_reference("T-7");
      return operation;
    }();
    v1::JournalEntry entry;
    entry.set_sequence(sequence);
    *entry.mutable_signed_transaction() =
        bench_.community.Transaction(testing::kNowSeconds, {transfer}, {"biocoop"});
    const TransactionId id = testing::IdOf(entry.signed_transaction());
    bench_.ledger.transactions[id].set_journal_entry(entry.SerializeAsString());
    v1::HistoryItem item;
    item.set_sequence(sequence);
    item.set_transaction_id(id.ToBytes());
    item.mutable_time()->set_seconds(testing::kNowSeconds);
    v1::HistoryOperation* operation = item.add_operations();
    *operation->mutable_operation() = transfer;
    v1::Posting* posting = operation->add_postings();
    posting->set_account_id(me_.ToBytes());
    posting->set_currency("HEOL");
    posting->set_amount_minor(minor);
    v1::Balance* after = operation->add_balances_after();
    after->set_currency("HEOL");
    after->set_amount_minor(10000);
    operation->set_counterparty_account_id(shop_.ToBytes());
    operation->set_counterparty_name("Bio=coop");
    operation->set_memo("merci\x1b[2J");
    bench_.ledger.history.push_back(item);
    return id;
  }

  testing::WalletBench bench_;
  AccountId me_;
  AccountId shop_;
};

// ---- pay ----

TEST_F(PaymentTest, ShowsWhatIsSignedAsksAndSends) {
  bench_.terminal.answers = {"y"};
  const auto outcome =
      bench_.Expect(ExitCode::kOk, {"pay", "@biocoop", "12,50", "--for", "panier", "--ref", "T-7"});
  for (const char* shown : {"Payment", "@biocoop", "12.50 HEOL", "panier", "T-7", "87.50 HEOL"}) {
    EXPECT_THAT(bench_.terminal.shown, HasSubstr(shown));
  }
  EXPECT_THAT(bench_.terminal.shown, HasSubstr(bench_.address(shop_)));
  EXPECT_THAT(outcome.out, StartsWith("Paid 12.50 HEOL to "));

  ASSERT_EQ(bench_.ledger.submitted.size(), 1u);
  const v1::SubmitTransactionRequest& request = bench_.ledger.submitted[0];
  EXPECT_FALSE(request.validate_only());
  const v1::Transaction transaction = Submitted();
  EXPECT_EQ(transaction.ledger_id(), bench_.ledger.ledger_id.ToBytes());
  EXPECT_EQ(transaction.nonce().size(), 16u);
  EXPECT_LE(transaction.valid_from().seconds(), bench_.now_seconds);
  EXPECT_EQ(transaction.valid_until().seconds(), bench_.now_seconds + 3600);
  ASSERT_EQ(transaction.operations_size(), 1);
  const v1::Transfer& transfer = transaction.operations(0).transfer();
  EXPECT_EQ(transfer.payer_account_id(), me_.ToBytes());
  EXPECT_EQ(transfer.payee_account_id(), shop_.ToBytes());
  EXPECT_EQ(transfer.currency(), "HEOL");
  EXPECT_EQ(transfer.amount_minor(), 1250);
  EXPECT_EQ(transfer.payee_reference(), "T-7");
  // The memo travels beside, and the transaction commits to it.
  ASSERT_EQ(request.side_records_size(), 1);
  EXPECT_EQ(request.side_records(0).content(), "panier");
  EXPECT_EQ(CommitmentOf(request.side_records(0)).ToBytes(), transfer.memo().sha256());
  EXPECT_THAT(request.signed_transaction().transaction(), Not(HasSubstr("panier")));
  ASSERT_EQ(request.signed_transaction().signatures_size(), 1);
  const v1::Signature& signature = request.signed_transaction().signatures(0);
  EXPECT_TRUE(VerifySignature(
      *PublicKey::FromBytes(signature.public_key()),
      TransactionSigningInput(TransactionIdOf(request.signed_transaction().transaction())),
      signature.signature()));
}

TEST_F(PaymentTest, NothingIsSentWithoutAYes) {
  for (const char* answer : {"", "n", "no", "yesterday", "yn", "maybe"}) {
    bench_.terminal.answers = {answer};
    bench_.Expect(ExitCode::kDeclined, {"pay", "@biocoop", "12,50"});
  }
  bench_.terminal.answers = {};
  bench_.Expect(ExitCode::kDeclined, {"pay", "@biocoop", "12,50"});
  bench_.terminal.is_available = false;
  EXPECT_THAT(bench_.Expect(ExitCode::kUsage, {"pay", "@biocoop", "12,50"}).err,
              HasSubstr("--yes"));
  EXPECT_TRUE(bench_.ledger.submitted.empty());
  for (const char* answer : {"y", "Y", "yes", " YES ", "oui"}) {
    bench_.terminal.is_available = true;
    bench_.terminal.answers = {answer};
    bench_.Expect(ExitCode::kOk, {"pay", "@biocoop", "12,50"});
  }
  EXPECT_EQ(bench_.ledger.submitted.size(), 5u);
}

TEST_F(PaymentTest, JsonIsOneObjectAlsoForErrors) {
  const auto paid = bench_.Expect(ExitCode::kOk, {"pay", "@biocoop", "12,50", "--yes", "--json"});
  const auto json = Parse(paid.out);
  EXPECT_EQ(json["sequence"], 1001);
  EXPECT_EQ(json["payee"], bench_.address(shop_));
  EXPECT_EQ(json["amount"]["amount"], "12.50");
  EXPECT_EQ(json["left_after"]["minor"], 8750);
  EXPECT_EQ(json["duplicate"], false);
  const auto refused =
      bench_.Expect(ExitCode::kRefused, {"pay", "@biocoop", "500", "--yes", "--json"});
  const auto error = Parse(refused.out)["error"];
  EXPECT_EQ(error["verdict"], "INSUFFICIENT_BALANCE");
  EXPECT_EQ(error["status"], "FAILED_PRECONDITION");
  EXPECT_EQ(error["figures"]["needed"], "50000");
  EXPECT_EQ(error["figures"]["available"], "10000");
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("500.00 HEOL"));
  EXPECT_EQ(refused.err, "");
}

TEST_F(PaymentTest, QuietLeavesOnlyTheResult) {
  const auto outcome = bench_.Expect(ExitCode::kOk, {"pay", "@biocoop", "12,50", "-y", "-q"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, StartsWith("Paid "));
}

TEST_F(PaymentTest, PayeesByAddressContactAndAlias) {
  bench_.Expect(ExitCode::kOk, {"contacts", "add", "bio", "@biocoop"});
  bench_.Expect(ExitCode::kOk, {"contacts", "add", "épicerie", bench_.address(shop_)});
  for (const std::string& who : {std::string("bio"), std::string("épicerie"),
                                 std::string("@biocoop"), bench_.address(shop_)}) {
    bench_.Expect(ExitCode::kOk, {"pay", who, "1", "--yes"});
    EXPECT_EQ(Submitted().operations(0).transfer().payee_account_id(), shop_.ToBytes()) << who;
  }
  bench_.ledger.submitted.clear();
  std::string mistyped = bench_.address(shop_);
  mistyped[10] = mistyped[10] == 'q' ? 'p' : 'q';
  EXPECT_THAT(bench_.Expect(ExitCode::kUsage, {"pay", mistyped, "1", "--yes"}).err,
              HasSubstr("mistyped"));
  bench_.Expect(ExitCode::kNotFound, {"pay", "@nobody", "1", "--yes"});
  bench_.Expect(ExitCode::kNotFound, {"pay", "nobody", "1", "--yes"});
  bench_.Expect(ExitCode::kRefused, {"pay", "me", "1", "--yes"});
  bench_.Expect(ExitCode::kRefused, {"pay", bench_.address(me_), "1", "--yes"});
  bench_.Expect(ExitCode::kRefused, {"pay", "@biocoop", "0", "--yes"});
  bench_.Expect(ExitCode::kUsage, {"pay", "@biocoop", "--yes"});
  bench_.Expect(ExitCode::kUsage, {"pay", "@biocoop", "12,505", "--yes"});
  EXPECT_TRUE(bench_.ledger.submitted.empty());
}

TEST_F(PaymentTest, ContactNamesCannotHideAnAddress) {
  for (const std::string& name : {std::string("@bio"), std::string("me"), bench_.address(me_),
                                  std::string("payto:x"), std::string(""), std::string("a\x1b[")}) {
    bench_.Expect(ExitCode::kUsage, {"contacts", "add", name, bench_.address(shop_)});
  }
  bench_.Expect(ExitCode::kUsage, {"contacts", "add", "x", "heol1broken"});
  // Another address under the same name needs a yes.
  bench_.Expect(ExitCode::kOk, {"contacts", "add", "x", bench_.address(shop_)});
  bench_.terminal.answers = {"n"};
  bench_.Expect(ExitCode::kDeclined, {"contacts", "add", "x", bench_.address(me_)});
  EXPECT_THAT(bench_.Run({"contacts", "list"}).out, HasSubstr(bench_.address(shop_)));
  bench_.Expect(ExitCode::kOk, {"contacts", "remove", "x"});
  bench_.Expect(ExitCode::kNotFound, {"contacts", "remove", "x"});
}

TEST_F(PaymentTest, PaymentRequestsAreFollowedExactly) {
  const auto uri = FormatPaymentRequest("heol", shop_, "HEOL", 800, 2, "TILL-0042", "Biocoop !");
  ASSERT_TRUE(uri.ok()) << uri.status();
  bench_.terminal.answers = {"y"};
  bench_.Expect(ExitCode::kOk, {"pay", *uri});
  EXPECT_THAT(bench_.terminal.shown, HasSubstr("Profile of biocoop"));
  // What it calls itself stands apart: anybody can write anything there.
  EXPECT_THAT(bench_.terminal.shown, HasSubstr("calls itself"));
  const v1::Transfer transfer = Submitted().operations(0).transfer();
  EXPECT_EQ(transfer.amount_minor(), 800);
  EXPECT_EQ(transfer.payee_reference(), "TILL-0042");
  bench_.ledger.submitted.clear();
  bench_.Expect(ExitCode::kUsage, {"pay", *uri, "9", "--yes"});
  bench_.Expect(ExitCode::kUsage, {"pay", *uri, "--ref", "OTHER", "--yes"});
  bench_.Expect(ExitCode::kUsage, {"pay", "payto://kengred/heol1broken?amount=HEOL:1", "--yes"});
  bench_.Expect(ExitCode::kUsage, {"pay", "payto://iban/DE1?amount=EUR:1", "--yes"});
  const auto elsewhere = FormatPaymentRequest("bzh", shop_, "HEOL", 800, 2);
  bench_.Expect(ExitCode::kNotFound, {"pay", *elsewhere, "--yes"});
  EXPECT_TRUE(bench_.ledger.submitted.empty());
  bench_.Expect(ExitCode::kOk, {"pay", *uri, "8", "--yes"});
  EXPECT_EQ(bench_.ledger.submitted.size(), 1u);
}

TEST_F(PaymentTest, RequestsCanBePaid) {
  const auto outcome = bench_.Expect(ExitCode::kOk, {"request", "8", "--ref", "T-1", "--json"});
  const auto request = ParsePaymentRequest(Parse(outcome.out)["uri"].get<std::string>());
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->payee, me_);
  EXPECT_EQ(request->payee_reference, "T-1");
  EXPECT_EQ(request->amount->ToMinor(2).value(), 800);
  // A person's name is nobody's business.
  EXPECT_EQ(request->receiver_name, "");
  const auto open = bench_.Expect(ExitCode::kOk, {"request"});
  EXPECT_FALSE(ParsePaymentRequest(open.out.substr(0, open.out.size() - 1))->amount.has_value());
  EXPECT_THAT(bench_.Expect(ExitCode::kOk, {"request", "8", "--qr"}).out, HasSubstr("█"));
  bench_.Expect(ExitCode::kUsage, {"request", "8", "--ref", std::string(65, 'x')});
  bench_.Expect(ExitCode::kRefused, {"request", "0"});
}

// ---- dry runs, files, lost answers ----

TEST_F(PaymentTest, ADryRunSendsNothingThatCounts) {
  const auto outcome = bench_.Expect(ExitCode::kOk, {"pay", "@biocoop", "12,50", "--dry-run"});
  ASSERT_EQ(bench_.ledger.submitted.size(), 1u);
  EXPECT_TRUE(bench_.ledger.submitted[0].validate_only());
  EXPECT_THAT(outcome.out, HasSubstr("Nothing was done"));
  bench_.Expect(ExitCode::kUsage,
                {"pay", "@biocoop", "1", "--dry-run", "--save", bench_.folder() + "/x"});
}

TEST_F(PaymentTest, SavedActsTravelAreSignedAndSent) {
  const std::string file = bench_.folder() + "/act.json";
  bench_.Expect(ExitCode::kOk,
                {"pay", "@biocoop", "12,50", "--for", "panier", "--yes", "--save", file});
  EXPECT_TRUE(bench_.ledger.submitted.empty());
  EXPECT_EQ(bench_.ModeOf(file), 0600u);
  bench_.Expect(ExitCode::kFile, {"pay", "@biocoop", "1", "--yes", "--save", file});

  const auto shown = bench_.Expect(ExitCode::kOk, {"tx", "show", file});
  for (const char* text : {"12.50 HEOL", "panier", "@biocoop", "signed by"}) {
    EXPECT_THAT(shown.out, HasSubstr(text));
  }
  const auto json = Parse(bench_.Expect(ExitCode::kOk, {"tx", "show", file, "--json"}).out);
  EXPECT_EQ(json["operations"][0]["operation"], "transfer");
  EXPECT_EQ(json["operations"][0]["payee_account_id"], bench_.address(shop_));
  EXPECT_EQ(json["operations"][0]["amount"]["amount"], "12.50");
  EXPECT_EQ(json["operations"][0]["memo"], "panier");
  EXPECT_EQ(json["signatures"][0]["valid"], true);
  EXPECT_EQ(json["valid_until"], "2026-12-01T09:00:00Z");

  bench_.MakeAccount("yann", v1::HOLDER_KIND_PERSON, 0);
  bench_.terminal.answers = {"n"};
  bench_.Expect(ExitCode::kDeclined, {"--profile", "yann", "tx", "sign", file});
  bench_.terminal.answers = {"y"};
  const std::string copy = bench_.folder() + "/copy.json";
  bench_.Expect(ExitCode::kOk, {"--profile", "yann", "tx", "sign", file, "--output", copy});
  EXPECT_EQ(ReadTransactionFile(file)->signed_transaction.signatures_size(), 1);
  EXPECT_EQ(ReadTransactionFile(copy)->signed_transaction.signatures_size(), 2);

  bench_.Expect(ExitCode::kOk, {"tx", "submit", file, copy});
  ASSERT_EQ(bench_.ledger.submitted.size(), 1u);
  const auto& request = bench_.ledger.submitted[0];
  EXPECT_EQ(request.signed_transaction().signatures_size(), 2);
  EXPECT_EQ(request.signed_transaction().transaction(),
            ReadTransactionFile(file)->signed_transaction.transaction());
  EXPECT_EQ(request.side_records_size(), 1);
}

TEST_F(PaymentTest, AFileThatCannotBeUnderstoodIsNotSigned) {
  const std::string file = bench_.folder() + "/act.json";
  bench_.Expect(ExitCode::kOk, {"pay", "@biocoop", "1", "--yes", "--save", file});
  TransactionFile good = *ReadTransactionFile(file);
  const auto sign = [&](const TransactionFile& changed) {
    EXPECT_TRUE(WriteTransactionFile(file, changed, true).ok());
    return bench_.Run({"tx", "sign", file, "--yes"});
  };
  TransactionFile unknown = good;
  // Field 99, which this wallet could not show.
  *unknown.signed_transaction.mutable_transaction() += std::string("\x9a\x06\x01x", 4);
  EXPECT_THAT(sign(unknown).err, HasSubstr("field this server does not know"));
  TransactionFile elsewhere = good;
  v1::Transaction transaction;
  ASSERT_TRUE(transaction.ParseFromString(good.signed_transaction.transaction()));
  transaction.set_ledger_id(std::string(32, 'x'));
  elsewhere.signed_transaction.set_transaction(transaction.SerializeAsString());
  EXPECT_THAT(sign(elsewhere).err, HasSubstr("another ledger"));
  bench_.now_seconds += 8 * 86400;
  EXPECT_THAT(sign(good).err, HasSubstr("expired"));
  bench_.Expect(ExitCode::kFile, {"tx", "show", bench_.folder() + "/none"});
  bench_.WriteFile(file, "not json");
  bench_.Expect(ExitCode::kFile, {"tx", "sign", file, "--yes"});
  EXPECT_TRUE(bench_.ledger.submitted.empty());
}

TEST_F(PaymentTest, ALostAnswerIsAskedForAgainWithTheSameBytes) {
  bench_.ledger.submit_errors = {absl::DeadlineExceededError("no answer from localhost:4365")};
  const auto lost = bench_.Expect(ExitCode::kUnavailable, {"pay", "@biocoop", "12,50", "--yes"});
  EXPECT_THAT(lost.err, HasSubstr("not known"));
  const auto list = Parse(bench_.Expect(ExitCode::kOk, {"tx", "list", "--json"}).out)["pending"];
  ASSERT_EQ(list.size(), 1u);
  const std::string file = list[0];
  EXPECT_THAT(lost.err, HasSubstr("kengred tx submit " + file));
  EXPECT_EQ(bench_.ModeOf(file), 0600u);
  // The next act reminds of it.
  bench_.terminal.answers = {"n"};
  EXPECT_THAT(bench_.Expect(ExitCode::kDeclined, {"pay", "@biocoop", "1"}).err, HasSubstr(file));
  bench_.ledger.submit_errors = {FailRefused({v1::VERDICT_STOPPING, {}})};
  bench_.Expect(ExitCode::kUnavailable, {"tx", "submit", file});
  bench_.Expect(ExitCode::kOk, {"tx", "submit", file});
  ASSERT_EQ(bench_.ledger.submitted.size(), 3u);
  for (const auto& request : bench_.ledger.submitted) {
    EXPECT_EQ(request.SerializeAsString(), bench_.ledger.submitted[0].SerializeAsString());
  }
  EXPECT_TRUE(Parse(bench_.Run({"tx", "list", "--json"}).out)["pending"].empty());
}

TEST_F(PaymentTest, ARefusalLeavesNothingBehind) {
  bench_.ledger.submit_errors = {
      FailRefused({v1::VERDICT_PAYEE_SUSPENDED, {{"suspended_day", "20781"}}})};
  const auto refused = bench_.Expect(ExitCode::kRefused, {"pay", "@biocoop", "1", "--yes"});
  EXPECT_THAT(refused.err, HasSubstr("2026-11-24"));
  EXPECT_THAT(refused.err, HasSubstr("hint:"));
  EXPECT_TRUE(Parse(bench_.Run({"tx", "list", "--json"}).out)["pending"].empty());
}

// ---- what is there ----

TEST_F(PaymentTest, BalanceIsExactAndComplete) {
  bench_.ledger.balances[me_]["HOURS"] = 90;
  EXPECT_EQ(bench_.Expect(ExitCode::kOk, {"balance"}).out, "100.00  HEOL\n    90  HOURS\n");
  EXPECT_EQ(bench_.Expect(ExitCode::kOk, {"balance", "--currency", "hours"}).out, "90  HOURS\n");
  bench_.ledger.balances[me_].clear();
  EXPECT_EQ(bench_.Expect(ExitCode::kOk, {"balance"}).out, "0.00  HEOL\n");
  bench_.Expect(ExitCode::kNotFound, {"balance", "--currency", "XXX"});
}

TEST_F(PaymentTest, HistoryReadsEveryPageAndIsHarmless) {
  for (int i = 1; i <= 5; ++i) Received(100 * i, static_cast<Sequence>(10 + i));
  const auto all = bench_.Expect(ExitCode::kOk, {"history", "--json"});
  const auto items = Parse(all.out)["items"];
  ASSERT_EQ(items.size(), 5u);
  EXPECT_EQ(items[0]["sequence"], 15);
  EXPECT_EQ(items[0]["amount"]["amount"], "5.00");
  EXPECT_EQ(items[0]["counterparty"], bench_.address(shop_));
  EXPECT_EQ(items[0]["reference"], "T-7");
  EXPECT_EQ(Parse(bench_.Run({"history", "--limit", "3", "--json"}).out)["items"].size(), 3u);
  const auto text = bench_.Expect(ExitCode::kOk, {"history"}).out;
  EXPECT_THAT(text, HasSubstr("+5.00"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  const auto csv = bench_.Expect(ExitCode::kOk, {"history", "--csv", "--oldest-first"}).out;
  EXPECT_THAT(csv, StartsWith("time,sequence,transaction_id,"));
  EXPECT_THAT(csv, HasSubstr("2026-11-24T09:00:00Z,11,"));
  EXPECT_LT(csv.find(",1.00,"), csv.find(",5.00,"));
  bench_.Expect(ExitCode::kUsage, {"history", "--csv", "--json"});
  bench_.Expect(ExitCode::kUsage, {"history", "--since", "yesterday"});
}

TEST_F(PaymentTest, WatchPrintsOneLinePerThingAndStops) {
  Received(100, 11);
  Received(200, 12);
  const auto outcome =
      bench_.Expect(ExitCode::kOk, {"watch", "--after", "0", "--count", "2", "--json"});
  std::istringstream lines(outcome.out);
  std::string line;
  std::vector<int> sequences;
  while (std::getline(lines, line)) sequences.push_back(Parse(line)["sequence"]);
  EXPECT_EQ(sequences, (std::vector<int>{11, 12}));
  const auto later =
      bench_.Expect(ExitCode::kOk, {"watch", "--after", "11", "--ref", "T-7", "--count", "1"});
  EXPECT_THAT(later.out, HasSubstr("+2.00 HEOL"));
  EXPECT_THAT(later.out, Not(HasSubstr("\x1b")));
}

// ---- refund ----

TEST_F(PaymentTest, RefundsNameThePaymentAndItsPayer) {
  const TransactionId id = Received(1250, 11);
  bench_.terminal.answers = {"y"};
  bench_.Expect(ExitCode::kOk, {"refund", "11", "3,50", "--for", "bocal"});
  EXPECT_THAT(bench_.terminal.shown, HasSubstr("3.50 HEOL"));
  EXPECT_THAT(bench_.terminal.shown, HasSubstr(bench_.address(shop_)));
  const v1::Refund refund = Submitted().operations(0).refund();
  EXPECT_EQ(refund.transaction_id(), id.ToBytes());
  EXPECT_EQ(refund.operation_index(), 0u);
  EXPECT_EQ(refund.amount_minor(), 350);
  bench_.Expect(ExitCode::kOk, {"refund", id.ToHex(), "--yes"});
  EXPECT_EQ(Submitted().operations(0).refund().amount_minor(), 1250);
  bench_.Expect(ExitCode::kNotFound, {"refund", "99", "--yes"});
  bench_.Expect(ExitCode::kNotFound, {"refund", std::string(64, 'a'), "--yes"});
  bench_.Expect(ExitCode::kUsage, {"refund", "x", "--yes"});
  bench_.Expect(ExitCode::kUsage, {"refund", "11", "3 HOURS", "--yes"});
  EXPECT_EQ(bench_.ledger.submitted.size(), 2u);
}

// ---- accounts ----

TEST_F(PaymentTest, OpeningAnAccountCommitsToTheProfileAndRemembersTheAddress) {
  const PublicKey key = bench_.MakeProfile("shop");
  const auto open = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"--profile", "shop", "--yes", "account", "open"});
    return more;
  };
  bench_.Expect(ExitCode::kUsage, open({"--kind", "bank", "--name", "x"}));
  bench_.Expect(ExitCode::kUsage, open({"--kind", "professional"}));
  bench_.Expect(ExitCode::kUsage, open({"--kind", "person", "--alias", "anne"}));
  bench_.Expect(ExitCode::kRefused,
                open({"--kind", "professional", "--name", "A", "--website", "http://x"}));
  bench_.Expect(ExitCode::kUsage, open({"--kind", "association", "--name", "A", "--key", "00"}));
  bench_.Expect(ExitCode::kUsage,
                open({"--kind", "association", "--name", "A", "--threshold", "2"}));
  const std::string other = bench_.community.key("alice").public_key().ToHex();
  // Two must sign: not without a file.
  bench_.Expect(ExitCode::kRefused,
                open({"--kind", "association", "--name", "A", "--key", other, "--threshold", "2"}));
  EXPECT_TRUE(bench_.ledger.submitted.empty());
  const auto outcome = bench_.Expect(
      ExitCode::kOk, open({"--kind", "shop", "--name", "Biocoop", "--alias", "bio", "--json"}));
  const v1::OpenAccount opened = Submitted().operations(0).open_account();
  EXPECT_EQ(opened.kind(), v1::HOLDER_KIND_PROFESSIONAL);
  ASSERT_EQ(opened.authority().public_keys_size(), 1);
  EXPECT_EQ(opened.authority().public_keys(0), key.ToBytes());
  const v1::SideRecord& record = bench_.ledger.submitted.back().side_records(0);
  EXPECT_EQ(CommitmentOf(record).ToBytes(), opened.profile().sha256());
  EXPECT_EQ(ParseProfile(record.content())->alias(), "bio");
  EXPECT_THAT(bench_.ReadFile(bench_.ProfileFolder("shop") + "/config.toml"),
              HasSubstr(Parse(outcome.out)["account"].get<std::string>()));
}

TEST_F(PaymentTest, AccountShowKeepsToWhatMayBeKnown) {
  const auto own = Parse(bench_.Expect(ExitCode::kOk, {"account", "show", "--json"}).out);
  EXPECT_EQ(own["name"], "Anne Le Gall");
  EXPECT_EQ(own["membership"]["until"], "2027-11-24");
  const auto other =
      Parse(bench_.Expect(ExitCode::kOk, {"account", "show", "@biocoop", "--json"}).out);
  EXPECT_EQ(other["alias"], "@biocoop");
  EXPECT_FALSE(other.contains("keys"));
  EXPECT_THAT(bench_.Run({"directory", "list", "shops"}).out, HasSubstr("@biocoop"));
  bench_.Expect(ExitCode::kUsage, {"directory", "list", "banks"});
}

TEST_F(PaymentTest, WithoutAnAccountTheNextStepIsNamed) {
  bench_.MakeProfile("new");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"balance"}, {"pay", "@biocoop", "1", "--yes"}, {"history"}}) {
    std::vector<std::string> line = {"--profile", "new"};
    line.insert(line.end(), command.begin(), command.end());
    EXPECT_THAT(bench_.Expect(ExitCode::kNotFound, line).err, HasSubstr("kengred account open"));
  }
}

}  // namespace
}  // namespace kengred::wallet
