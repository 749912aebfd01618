// Goal: what a person reads and types means what it says: amounts, durations, columns, CSV,
// configuration, transaction files, and a sentence with a hint for every verdict, in both
// languages. Method: tables of inputs and outputs, and every number of the verdict proto.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "kengred/core/limits.h"
#include "kengred/core/side_record.h"
#include "kengred/core/signing.h"
#include "tests/support/community.h"
#include "wallet/act.h"
#include "wallet/currencies.h"
#include "wallet/manners.h"
#include "wallet/profile.h"
#include "wallet/qr.h"
#include "wallet/table.h"
#include "wallet/text.h"
#include "wallet/transaction_file.h"
#include "wallet/verdict_text.h"

namespace kengred::wallet {
namespace {

using ::kengred::testing::Community;

class FormatsTest : public ::testing::Test {
 protected:
  void SetUp() override { SetLanguage("en"); }
  void TearDown() override { SetLanguage("en"); }

  Community community_;
  Currencies currencies_{community_.charter()};
};

// ---- amounts ----

TEST_F(FormatsTest, ReadsAmountsAsPeopleWriteThem) {
  const struct {
    const char* text;
    const char* currency;
    Money money;
  } cases[] = {
      {"12", "", {"HEOL", 1200}},
      {"12,5", "", {"HEOL", 1250}},
      {"12.50", "", {"HEOL", 1250}},
      {"12.50 HEOL", "", {"HEOL", 1250}},
      {"12,50 heol", "", {"HEOL", 1250}},
      {"HEOL 12,50", "", {"HEOL", 1250}},
      {"HEOL:12.50", "", {"HEOL", 1250}},
      {"12,50HEOL", "", {"HEOL", 1250}},
      {" 7 ", "", {"HEOL", 700}},
      {"60 HOURS", "", {"HOURS", 60}},
      {"60", "hours", {"HOURS", 60}},
      {"12 EUR", "", {"EUR", 1200}},
      {"12 HEOL", "HEOL", {"HEOL", 1200}},
      {"0,01", "", {"HEOL", 1}},
      {"92233720368547758.07", "", {"HEOL", INT64_MAX}},
  };
  for (const auto& c : cases) {
    const auto money = currencies_.Parse(c.text, c.currency);
    ASSERT_TRUE(money.ok()) << c.text << ": " << money.status();
    EXPECT_EQ(*money, c.money) << c.text;
  }
}

TEST_F(FormatsTest, RefusesAmountsThatCouldMeanSomethingElse) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"12,505", ""},
      {"-5", ""},
      {"+5", ""},
      {"1 000", ""},
      {"1,000.50", ""},
      {".5", ""},
      {"5.", ""},
      {"5,", ""},
      {"12 XXX", ""},
      {"12,5 HOURS", ""},
      {"12 HEOL", "HOURS"},
      {"twelve", ""},
      {"12e3", ""},
      {"0x12", ""},
      {"12 HEOL EUR", ""},
      {"92233720368547758.08", ""},
      {"12", "NOPE"},
      {"HEOL:", ""},
      {"١٢", ""},
  };
  for (const auto& [text, currency] : cases) {
    const auto money = currencies_.Parse(text, currency);
    EXPECT_FALSE(money.ok()) << text;
    Io io;
    EXPECT_EQ(Explain(money.status(), io).exit, ExitCode::kUsage) << text;
    EXPECT_FALSE(Explain(money.status(), io).hint.empty()) << text;
  }
}

TEST_F(FormatsTest, WritesAmountsInThePersonsLanguage) {
  EXPECT_EQ(currencies_.Format("HEOL", 1250), "12.50 HEOL");
  EXPECT_EQ(currencies_.Format("HOURS", 60), "60 HOURS");
  EXPECT_EQ(currencies_.FormatSigned("HEOL", 1250), "+12.50");
  EXPECT_EQ(currencies_.FormatSigned("HEOL", -5), "-0.05");
  EXPECT_EQ(currencies_.FormatSigned("HEOL", 0), "0.00");
  SetLanguage("fr");
  EXPECT_EQ(currencies_.Format("HEOL", 1250), "12,50 HEOL");
  EXPECT_EQ(currencies_.FormatSigned("HEOL", -1250), "-12,50");
  // What programs read has a point in every language.
  EXPECT_EQ(currencies_.FormatPlain("HEOL", 1250), "12.50");
  EXPECT_EQ(currencies_.ToJson("HEOL", 1250).dump(),
            R"({"currency":"HEOL","amount":"12.50","minor":1250})");
}

TEST_F(FormatsTest, TheUsualCurrencyIsTheFirstBackedOne) {
  v1::Charter charter = community_.charter();
  charter.mutable_currencies()->SwapElements(0, 1);
  EXPECT_EQ(Currencies(charter).default_code(), "HEOL");
}

// ---- durations ----

TEST_F(FormatsTest, Durations) {
  EXPECT_EQ(ParseDuration("1m").value(), 60);
  EXPECT_EQ(ParseDuration("30m").value(), 1800);
  EXPECT_EQ(ParseDuration("2h").value(), 7200);
  EXPECT_EQ(ParseDuration("7d").value(), 7 * 86400);
  EXPECT_EQ(ParseDuration("7j").value(), 7 * 86400);
  EXPECT_EQ(ParseDuration("90d").value(), kValiditySecondsMax);
  for (const char* bad : {"", "h", "0m", "91d", "1", "-1h", "1.5h", "1w", "1 h", "99999999d"}) {
    EXPECT_FALSE(ParseDuration(bad).ok()) << bad;
  }
}

// ---- columns and CSV ----

TEST_F(FormatsTest, ColumnsAreAlignedByWhatATerminalShows) {
  setlocale(LC_CTYPE, "C.UTF-8");
  EXPECT_EQ(DisplayWidth("épicé"), 5u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);
  EXPECT_EQ(DisplayWidth("日本"), 4u);
  Table table({{"NAME", {}}, {"AMOUNT", Table::Align::kRight}, {"FOR", {}}});
  table.Add({"Épi", "+1.00", "a"});
  table.Add({"Biocoop", "-12.50", ""});
  EXPECT_EQ(table.Format(false),
            "NAME     AMOUNT  FOR\n"
            "Épi       +1.00  a\n"
            "Biocoop  -12.50\n");
  EXPECT_EQ(table.FormatRows(),
            "Épi       +1.00  a\n"
            "Biocoop  -12.50\n");
}

TEST_F(FormatsTest, WhatOthersWroteCannotMoveTheCursor) {
  EXPECT_EQ(Printable("panier de légumes"), "panier de légumes");
  EXPECT_EQ(Printable("a\x1b[2Jb"), "a?[2Jb");
  EXPECT_EQ(Printable("two\nlines\tand tab"), "two lines and tab");
  EXPECT_EQ(Printable("bad\xff\xc3utf"), "bad??utf");
  EXPECT_EQ(Printable("\u202eevil"), "?evil");
  EXPECT_EQ(Printable("\u009b31m"), "?31m");
  EXPECT_EQ(Printable(std::string_view("a\0b", 3)), "a?b");
}

TEST_F(FormatsTest, CsvIsQuotedAndHarmlessInASpreadsheet) {
  EXPECT_EQ(CsvLine({"a", "b c", ""}), "a,b c,\r\n");
  EXPECT_EQ(CsvLine({"a,b", "say \"hi\"", "two\nlines"}),
            "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n");
  EXPECT_EQ(CsvLine({"=SUM(A1)", "-12.50", "+1", "-cmd", "@x"}),
            "'=SUM(A1),-12.50,+1,'-cmd,'@x\r\n");
}

// ---- configuration ----

TEST_F(FormatsTest, ConfigurationSurvivesBeingWritten) {
  ProfileConfig config;
  config.default_ledger = "heol";
  config.ledgers.push_back({.name = "heol",
                            .target = "heol.example:4365",
                            .ledger_id = std::string(64, 'a'),
                            .community = "Heol \"Pays de Brest\"",
                            .tls = true,
                            .root_certificates = "-----BEGIN\nline two\n-----END\n",
                            .client_certificate_file = "/etc/a.pem",
                            .client_key_file = "/etc/b.pem",
                            .account = "heol1xyz"});
  config.contacts = {{"yann", "heol1abc"}, {"épicerie", "heol1def"}};
  const auto again = ParseConfig(SerializeConfig(config));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(SerializeConfig(*again), SerializeConfig(config));
  ASSERT_NE(again->FindLedger("heol"), nullptr);
  EXPECT_EQ(again->FindLedger("heol")->root_certificates, config.ledgers[0].root_certificates);
  EXPECT_TRUE(again->FindLedger("heol")->tls);
  ASSERT_NE(again->FindContact("épicerie"), nullptr);
  EXPECT_EQ(again->FindContact("épicerie")->address, "heol1def");
}

TEST_F(FormatsTest, DamagedConfigurationIsNamedNotGuessed) {
  for (const char* bad : {"", "format = 2", "format = 1\nledger = 3\n[[", "not toml at all",
                          "format = 1\n[[ledger]]\nname = \"x\"", "format = 1\n[[contact]]\n"}) {
    EXPECT_EQ(ParseConfig(bad).status().code(), absl::StatusCode::kDataLoss) << bad;
  }
}

TEST_F(FormatsTest, ProfileNames) {
  for (const char* good : {"default", "till-1", "A.b_c"}) EXPECT_TRUE(IsProfileName(good)) << good;
  for (const char* bad : {"", ".", "..", ".x", "-x", "a/b", "a b", "é"}) {
    EXPECT_FALSE(IsProfileName(bad)) << bad;
  }
  EXPECT_FALSE(IsProfileName(std::string(65, 'a')));
}

// ---- transaction files ----

TEST_F(FormatsTest, TransactionFilesSurviveBeingWritten) {
  const auto text = community_.text("panier");
  v1::Operation transfer = community_.Transfer("alice", "biocoop", 1250);
  *transfer.mutable_transfer()->mutable_memo() = text.commitment;
  TransactionFile file;
  file.community = "Heol";
  file.signed_transaction = community_.Transaction(testing::kNowSeconds, {transfer}, {"alice"});
  file.side_records = {text.record};
  file.summary = {"Payment", "  to  Biocoop"};
  const std::string written = SerializeTransactionFile(file);
  const auto again = ParseTransactionFile(written);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->signed_transaction.SerializeAsString(),
            file.signed_transaction.SerializeAsString());
  ASSERT_EQ(again->side_records.size(), 1u);
  EXPECT_EQ(CommitmentOf(again->side_records[0]).ToBytes(), text.commitment.sha256());
  EXPECT_EQ(SerializeTransactionFile(*again), written);
}

// docs/formats/transaction_file.md shows what this community's first transaction looks like.
TEST_F(FormatsTest, TheDocumentedTransactionFileIsTheOneThatIsWritten) {
  const auto text = community_.text("panier");
  v1::Operation transfer = community_.Transfer("alice", "biocoop", 1250);
  *transfer.mutable_transfer()->mutable_memo() = text.commitment;
  TransactionFile file;
  file.community = "Heol";
  file.signed_transaction = community_.Transaction(testing::kNowSeconds, {transfer}, {"alice"});
  file.side_records = {text.record};
  file.summary = {"Payment", "  amount  12.50 HEOL"};
  const char* source = std::getenv("KENGRED_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "run this test by ctest";
  std::ifstream page(std::string(source) + "/docs/formats/transaction_file.md");
  const std::string prose{std::istreambuf_iterator<char>(page), std::istreambuf_iterator<char>()};
  const std::string written = SerializeTransactionFile(file);
  EXPECT_NE(prose.find("```json\n" + written + "```"), std::string::npos)
      << "the page should show:\n"
      << written;
}

TEST_F(FormatsTest, DamagedTransactionFilesAreRefused) {
  TransactionFile file;
  file.signed_transaction = community_.Transaction(
      testing::kNowSeconds, {community_.Transfer("alice", "biocoop", 1250)}, {"alice"});
  const Json good = Json::parse(SerializeTransactionFile(file));
  ASSERT_TRUE(ParseTransactionFile(good.dump()).ok());
  const auto refused = [&good](const std::function<void(Json&)>& damage) {
    Json bad = good;
    damage(bad);
    return !ParseTransactionFile(bad.dump()).ok();
  };
  EXPECT_TRUE(refused([](Json& j) { j.erase("format"); }));
  EXPECT_TRUE(refused([](Json& j) { j["format"] = "kengred-transaction v2"; }));
  EXPECT_TRUE(refused([](Json& j) { j.erase("transaction"); }));
  EXPECT_TRUE(refused([](Json& j) { j["transaction"] = "AAAA"; }));
  EXPECT_TRUE(refused([](Json& j) { j["transaction"] = "not base64!"; }));
  EXPECT_TRUE(refused([](Json& j) { j["transaction"] = 7; }));
  EXPECT_TRUE(refused([](Json& j) { j["transaction_id"] = std::string(64, '0'); }));
  EXPECT_TRUE(refused([](Json& j) { j.erase("signatures"); }));
  EXPECT_TRUE(refused([](Json& j) { j["signatures"][0]["scheme"] = "rsa"; }));
  EXPECT_TRUE(refused([](Json& j) { j["signatures"][0]["signature"] = "00"; }));
  EXPECT_TRUE(refused([](Json& j) { j["signatures"][0] = "x"; }));
  EXPECT_TRUE(refused([](Json& j) { j["side_records"] = "x"; }));
  EXPECT_TRUE(refused([](Json& j) { j["side_records"].push_back({{"salt", "AA=="}}); }));
  for (const char* bad : {"", "[]", "{}", "{", "\x00\x01", "7"}) {
    EXPECT_FALSE(ParseTransactionFile(bad).ok()) << bad;
  }
  std::string deep(100000, '[');
  EXPECT_FALSE(ParseTransactionFile(deep).ok());
}

TEST_F(FormatsTest, SignaturesOfOneTransactionAreMergedOncePerKey) {
  const v1::Operation operation = community_.Transfer("alice", "biocoop", 1250);
  TransactionFile first;
  first.signed_transaction = community_.Transaction(testing::kNowSeconds, {operation}, {"alice"});
  TransactionFile second = first;
  community_.Sign("bruno", &second.signed_transaction);
  ASSERT_TRUE(MergeSignatures(second, &first).ok());
  EXPECT_EQ(first.signed_transaction.signatures_size(), 2);
  ASSERT_TRUE(MergeSignatures(second, &first).ok());
  EXPECT_EQ(first.signed_transaction.signatures_size(), 2);
  TransactionFile other;
  other.signed_transaction = community_.Transaction(testing::kNowSeconds, {operation}, {"alice"});
  EXPECT_FALSE(MergeSignatures(other, &first).ok());
}

// ---- verdicts ----

std::vector<v1::Verdict> AllVerdicts() {
  std::vector<v1::Verdict> verdicts;
  const auto* type = v1::Verdict_descriptor();
  for (int i = 0; i < type->value_count(); ++i) {
    if (type->value(i)->number() != 0) {
      verdicts.push_back(static_cast<v1::Verdict>(type->value(i)->number()));
    }
  }
  return verdicts;
}

TEST_F(FormatsTest, EveryVerdictHasASentenceAndAHintInBothLanguages) {
  const std::string unknown = RefusalHint(v1::VERDICT_UNSPECIFIED);
  for (const v1::Verdict verdict : AllVerdicts()) {
    SetLanguage("en");
    const std::string sentence = RefusalSentence({verdict, {}}, &currencies_);
    const std::string hint = RefusalHint(verdict);
    EXPECT_NE(sentence, "The ledger refused.") << VerdictName(verdict);
    EXPECT_NE(hint, unknown) << VerdictName(verdict) << " has no row in kHints";
    SetLanguage("fr");
    EXPECT_NE(RefusalSentence({verdict, {}}, &currencies_), sentence) << VerdictName(verdict);
    EXPECT_NE(RefusalHint(verdict), hint) << VerdictName(verdict);
  }
}

TEST_F(FormatsTest, FiguresReadAsAmountsAndDates) {
  const auto sentence = [this](v1::Verdict verdict, std::map<std::string, std::string> figures) {
    return RefusalSentence({verdict, std::move(figures)}, &currencies_);
  };
  EXPECT_EQ(sentence(v1::VERDICT_INSUFFICIENT_BALANCE,
                     {{"needed", "1250"}, {"available", "500"}, {"currency", "HEOL"}}),
            "The balance is too small: 12.50 HEOL needed, 5.00 HEOL available.");
  EXPECT_EQ(sentence(v1::VERDICT_INSUFFICIENT_BALANCE,
                     {{"needed", "90"}, {"available", "30"}, {"currency", "HOURS"}}),
            "The balance is too small: 90 HOURS needed, 30 HOURS available.");
  EXPECT_EQ(sentence(v1::VERDICT_PAYEE_SUSPENDED, {{"suspended_day", "20781"}}),
            "The payee was suspended as a partner shop on 2026-11-24.");
  // These count something else than money.
  EXPECT_EQ(sentence(v1::VERDICT_OPERATION_COUNT, {{"given", "1001"}, {"limit", "1000"}}),
            "The transaction has 1001 operations; 1 to 1000 are allowed.");
  EXPECT_EQ(sentence(v1::VERDICT_NOT_SIGNED_BY_HOLDER, {{"needed", "2"}, {"signed", "1"}}),
            "The account's holder must sign: 2 key(s) needed, 1 signed.");
  // A server may say anything; a terminal shows it harmless.
  EXPECT_EQ(sentence(v1::VERDICT_CURRENCY_MISMATCH, {{"currency", "A\x1b[2J"}}),
            "The programme is kept in A?[2J.");
  SetLanguage("fr");
  const std::string french =
      sentence(v1::VERDICT_INSUFFICIENT_BALANCE, {{"needed", "1250"}, {"available", "500"}});
  EXPECT_NE(french.find("12,50 HEOL"), std::string::npos) << french;
}

TEST_F(FormatsTest, EveryErrorHasItsExitCode) {
  Io io;
  const auto exit = [&io](const absl::Status& status) { return Explain(status, io).exit; };
  EXPECT_EQ(exit(FailRefused({v1::VERDICT_SELF_PAYMENT, {}})), ExitCode::kRefused);
  EXPECT_EQ(exit(FailRefused({v1::VERDICT_TOKEN_INVALID, {}})), ExitCode::kPassphrase);
  EXPECT_EQ(exit(FailRefused({v1::VERDICT_NOT_SIGNED_BY_ROLE, {}})), ExitCode::kRefused);
  EXPECT_EQ(exit(FailRefused({v1::VERDICT_ALIAS_UNKNOWN, {}})), ExitCode::kNotFound);
  EXPECT_EQ(exit(FailRefused({v1::VERDICT_INSUFFICIENT_BALANCE, {}})), ExitCode::kRefused);
  EXPECT_EQ(exit(FailRefused({v1::VERDICT_QUEUE_FULL, {}})), ExitCode::kUnavailable);
  EXPECT_EQ(exit(FailRefused({v1::VERDICT_STORAGE_STOPPED, {}})), ExitCode::kUnavailable);
  EXPECT_EQ(exit(FailRefused({v1::VERDICT_INVARIANT_BROKEN, {}})), ExitCode::kInternal);
  EXPECT_EQ(exit(absl::UnavailableError("x")), ExitCode::kUnavailable);
  EXPECT_EQ(exit(absl::DeadlineExceededError("x")), ExitCode::kUnavailable);
  EXPECT_EQ(exit(absl::NotFoundError("x")), ExitCode::kNotFound);
  EXPECT_EQ(exit(absl::InternalError("x")), ExitCode::kInternal);
  for (const ExitCode code :
       {ExitCode::kUsage, ExitCode::kRefused, ExitCode::kNotFound, ExitCode::kPassphrase,
        ExitCode::kUnavailable, ExitCode::kFile, ExitCode::kDeclined, ExitCode::kInternal}) {
    const ErrorReport report = Explain(Fail(code, "what", "how"), io);
    EXPECT_EQ(report.exit, code);
    EXPECT_EQ(report.message, "what");
    EXPECT_EQ(report.hint, "how");
  }
}

// ---- language ----

TEST_F(FormatsTest, ABrokenTranslationNeverStopsACommand) {
  EXPECT_EQ(FormatText("{} et {", "{} and {}", fmt::make_format_args("a", "b")), "a and b");
  EXPECT_EQ(FormatText("{1} {0} {7}", "{} and {}", fmt::make_format_args("a", "b")), "a and b");
}

TEST_F(FormatsTest, TheCatalogueIsFoundBesideTheProgram) {
  EXPECT_EQ(std::string(_("Payment")), "Payment");
  SetLanguage("fr");
  EXPECT_EQ(std::string(_("Payment")), "Paiement");
}

// ---- QR codes ----

TEST_F(FormatsTest, QrCodesAreSquareAndTheSameEachTime) {
  const auto code = QrCode("payto://kengred/heol1xyz?amount=HEOL:8.00", false);
  ASSERT_TRUE(code.ok());
  std::vector<size_t> widths;
  size_t begin = 0;
  while (begin < code->size()) {
    const size_t end = code->find('\n', begin);
    widths.push_back(DisplayWidth(std::string_view(*code).substr(begin, end - begin)));
    begin = end + 1;
  }
  for (const size_t width : widths) EXPECT_EQ(width, widths[0]);
  // Two rows of modules per line.
  EXPECT_EQ(widths.size(), (widths[0] + 1) / 2);
  EXPECT_EQ(QrCode("payto://kengred/heol1xyz?amount=HEOL:8.00", false).value(), *code);
  EXPECT_FALSE(QrCode(std::string(5000, 'x'), false).ok());
}

}  // namespace
}  // namespace kengred::wallet
