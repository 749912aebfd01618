// Goal: what the wallet's commands make of what people write is right before a server sees it:
// lists of services, references of awards, terms of programmes, dates; and the shell is offered and
// told what the tree of commands has. Method: the pieces alone, without network. References are
// compared with docs/formats/award_reference.md, whose values Python computes apart from this code;
// derived ids with those of the tests' community.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "kengred/core/civil_day.h"
#include "tests/support/community.h"
#include "wallet/award_list.h"
#include "wallet/command.h"
#include "wallet/completion.h"
#include "wallet/csv.h"
#include "wallet/dates.h"
#include "wallet/derived_ids.h"
#include "wallet/manual.h"
#include "wallet/programme_terms.h"
#include "wallet/progress.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// ---- CSV ----

std::vector<std::vector<std::string>> CellsOf(const CsvFile& file) {
  std::vector<std::vector<std::string>> cells;
  for (const CsvRecord& record : file.records) cells.push_back(record.cells);
  return cells;
}

TEST(CsvTest, ReadsTheExamplesOfRfc4180) {
  const CsvFile file = ParseCsv(
      "aaa,\"b \r\n bb\",ccc\r\n"
      "zzz,\"y\"\"yy\",xxx\r\n"
      "\"\",,last");
  EXPECT_THAT(file.problems, IsEmpty());
  EXPECT_THAT(CellsOf(file),
              ElementsAre(ElementsAre("aaa", "b \n bb", "ccc"), ElementsAre("zzz", "y\"yy", "xxx"),
                          ElementsAre("", "", "last")));
}

TEST(CsvTest, CountsLinesThroughQuotedOnes) {
  const CsvFile file = ParseCsv("a,b\n\"1\n2\n3\",x\n\nlast,y\n");
  ASSERT_THAT(file.records, SizeIs(3));
  EXPECT_EQ(file.records[0].line, 1u);
  EXPECT_EQ(file.records[1].line, 2u);
  // The quoted cell takes three lines, the empty line one.
  EXPECT_EQ(file.records[2].line, 6u);
}

TEST(CsvTest, GuessesTheSeparatorFromTheFirstLineOutsideQuotes) {
  EXPECT_EQ(GuessSeparator("a;b;c\n1,2,3,4,5"), ';');
  EXPECT_EQ(GuessSeparator("a,b,c\n1;2"), ',');
  EXPECT_EQ(GuessSeparator("a\tb"), '\t');
  EXPECT_EQ(GuessSeparator("\"x;y;z\",b"), ',');
  EXPECT_EQ(GuessSeparator("alone"), ',');
  EXPECT_EQ(GuessSeparator(""), ',');
}

TEST(CsvTest, SkipsTheByteOrderMark) {
  EXPECT_THAT(CellsOf(ParseCsv("\xef\xbb\xbf"
                               "a;b\r\n1;2\r\n")),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2")));
}

TEST(CsvTest, NamesTheLineOfWhatIsWrong) {
  const CsvFile file = ParseCsv("a,b\n1\"2,x\n\"1\"2,x\ngood,one\nbad \xff,x\nx,\"open\nand on");
  ASSERT_THAT(file.problems, SizeIs(4));
  EXPECT_EQ(file.problems[0].line, 2u);
  EXPECT_THAT(file.problems[0].what, HasSubstr("inside a cell"));
  EXPECT_EQ(file.problems[1].line, 3u);
  EXPECT_THAT(file.problems[1].what, HasSubstr("after a closing"));
  EXPECT_EQ(file.problems[2].line, 5u);
  EXPECT_THAT(file.problems[2].what, HasSubstr("UTF-8"));
  EXPECT_EQ(file.problems[3].line, 6u);
  EXPECT_THAT(file.problems[3].what, HasSubstr("never closed"));
  EXPECT_THAT(CellsOf(file), ElementsAre(ElementsAre("a", "b"), ElementsAre("good", "one")));
}

// ---- lists of services ----

TEST(AwardListTest, TakesColumnsInAnyOrderInBothLanguages) {
  const char* const texts[] = {
      "beneficiary,activity,quantity,reference,evidence\nanne,repair,2,T-1,toaster\n",
      "\xef\xbb\xbf"
      "Justificatif;R\xc3\xa9"
      "f\xc3\xa9rence;Quantit\xc3\xa9;Activit\xc3\xa9;B\xc3\xa9n\xc3\xa9"
      "ficiaire\r\ntoaster;T-1;2;repair;anne\r\n",
      "BENEFICIARY\tQuantite\tACTIVIT\xc3\x89\tpreuve\treference\n anne \t2\trepair\t toaster "
      "\tT-1\n",
  };
  for (const char* text : texts) {
    SCOPED_TRACE(text);
    const AwardList list = ParseAwardList(text);
    EXPECT_THAT(list.problems, IsEmpty());
    ASSERT_THAT(list.lines, SizeIs(1));
    EXPECT_EQ(list.lines[0].line, 2u);
    EXPECT_EQ(list.lines[0].beneficiary, "anne");
    EXPECT_EQ(list.lines[0].activity, "repair");
    EXPECT_EQ(list.lines[0].quantity, 2);
    EXPECT_EQ(list.lines[0].reference, "T-1");
    EXPECT_EQ(list.lines[0].evidence, "toaster");
  }
}

TEST(AwardListTest, NamesEveryBadLine) {
  const AwardList list = ParseAwardList(
      "beneficiary,activity,quantity,reference\n"
      "anne,repair,2,A\n"                     // 2
      ",repair,2,B\n"                         // 3: no beneficiary
      "anne,,2,C\n"                           // 4: no activity
      "anne,repair,0,D\n"                     // 5: quantity
      "anne,repair,-1,E\n"                    // 6
      "anne,repair,1.5,F\n"                   // 7
      "anne,repair,,G\n"                      // 8
      "anne,repair,2\n"                       // 9: too few cells
      "anne,repair,2,A\n"                     // 10: reference of line 2
      "anne,rep\"air,2,H\n"                   // 11: quotation mark
      "anne,repair,99999999999999999999,I\n"  // 12
      "yann,repair,1,J\n");                   // 13
  std::vector<size_t> lines;
  for (const LineProblem& problem : list.problems) lines.push_back(problem.line);
  EXPECT_THAT(lines, ElementsAre(3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  EXPECT_THAT(list.problems[0].what, HasSubstr("beneficiary"));
  EXPECT_THAT(list.problems[1].what, HasSubstr("activity"));
  EXPECT_THAT(list.problems[4].what, HasSubstr("1.5"));
  EXPECT_THAT(list.problems[6].what, HasSubstr("3 cells"));
  EXPECT_THAT(list.problems[7].what, HasSubstr("line 2"));
  EXPECT_THAT(list.lines, SizeIs(2));
}

TEST(AwardListTest, RefusesHeadersThatLackAColumnOrHaveItTwice) {
  EXPECT_THAT(ParseAwardList("anne,repair,2\n").problems, SizeIs(3));
  const AwardList twice = ParseAwardList("beneficiary,activity,quantity,activity\na,b,1,c\n");
  ASSERT_THAT(twice.problems, SizeIs(1));
  EXPECT_THAT(twice.problems[0].what, HasSubstr("activity"));
  EXPECT_THAT(ParseAwardList("").problems, SizeIs(1));
  EXPECT_THAT(ParseAwardList("beneficiary,activity,quantity\n").problems, SizeIs(1));
}

TEST(AwardListTest, SaysWhichColumnsItIgnores) {
  const AwardList list =
      ParseAwardList("beneficiary,activity,quantity, Evidense ,\nanne,repair,1,x,\n");
  EXPECT_THAT(list.ignored_columns, ElementsAre("Evidense"));
  ASSERT_THAT(list.lines, SizeIs(1));
  EXPECT_THAT(list.lines[0].evidence, IsEmpty());
}

TEST(AwardListTest, BoundsReferenceAndEvidence) {
  const std::string header = "beneficiary,activity,quantity,reference,evidence\n";
  EXPECT_THAT(ParseAwardList(header + "a,b,1," + std::string(256, 'r') + "," +
                             std::string(4096, 'e') + "\n")
                  .problems,
              IsEmpty());
  EXPECT_THAT(ParseAwardList(header + "a,b,1," + std::string(257, 'r') + ",\n").problems,
              SizeIs(1));
  EXPECT_THAT(ParseAwardList(header + "a,b,1,," + std::string(4097, 'e') + "\n").problems,
              SizeIs(1));
}

// ---- references ----

AccountId Account(char byte) { return *AccountId::FromBytes(std::string(AccountId::kSize, byte)); }

std::string Hex(const std::string& bytes) { return Digest::FromBytes(bytes)->ToHex(); }

TEST(AwardReferenceTest, IsTheOneOfTheFormatsPage) {
  AwardReferences references(Account('\xaa'));
  EXPECT_EQ(Hex(references.OfReference("2027-04-03/7")),
            "33c0f3632a1c7aae3e195a46b6814b43a9a8400aabae0530c6964ae3b078d8c6");
  EXPECT_EQ(Hex(references.OfContent(Account('\xbb'), "repair", 2, "toaster")),
            "beeaac0ac2d71151b3992b64a6ea6300575881726a2374a7a1226d938574e2fe");
  EXPECT_EQ(Hex(references.OfContent(Account('\xbb'), "repair", 2, "toaster")),
            "0147b499457cb7e4df803eeff3212bea9ef2c7ac51645bfde9e0538cc98cc049");
  EXPECT_EQ(Hex(references.OfContent(Account('\xbb'), "repair", 2, "")),
            "44431e03d837989758f13c55c73ee8f7bbafb9026297c59d919c8bcdc0193a01");
}

TEST(AwardReferenceTest, DoesNotDependOnTheOrderOfTheLines) {
  struct Line {
    char beneficiary;
    const char* activity;
    int64_t quantity;
    const char* evidence;
  };
  const std::vector<Line> lines = {{1, "repair", 2, ""}, {2, "repair", 2, ""},
                                   {1, "repair", 2, ""}, {1, "welcome", 2, ""},
                                   {1, "repair", 3, ""}, {1, "repair", 2, "kettle"}};
  AwardReferences forward(Account(9));
  AwardReferences backward(Account(9));
  std::multiset<std::string> one;
  std::multiset<std::string> other;
  for (const Line& line : lines) {
    one.insert(
        forward.OfContent(Account(line.beneficiary), line.activity, line.quantity, line.evidence));
  }
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    other.insert(backward.OfContent(Account(line->beneficiary), line->activity, line->quantity,
                                    line->evidence));
  }
  EXPECT_EQ(one, other);
  // And all are different.
  EXPECT_EQ(std::set<std::string>(one.begin(), one.end()).size(), lines.size());
}

TEST(AwardReferenceTest, KeepsProgrammesAndKindsApart) {
  AwardReferences a(Account(1));
  AwardReferences b(Account(2));
  EXPECT_NE(a.OfReference("x"), b.OfReference("x"));
  // No byte can move between activity and evidence.
  EXPECT_NE(a.OfContent(Account(3), "ab", 1, "c"), a.OfContent(Account(3), "a", 1, "bc"));
}

// ---- ids that follow from a transaction ----

TEST(DerivedIdsTest, AreThoseOfTheRules) {
  const testing::Community community;
  const v1::SignedTransaction transaction = community.Transaction(
      testing::kNowSeconds, {community.OpenProgramme(testing::kToday)}, {"assoc"});
  const TransactionId id = testing::IdOf(transaction);
  EXPECT_EQ(OpenedProgrammeId(id), testing::ProgrammeOf(transaction));
  EXPECT_EQ(OpenedProgrammeId(id, 258), testing::ProgrammeOf(transaction, 258));
  EXPECT_EQ(RequestedReconversionId(id), testing::ReconversionOf(transaction));
  EXPECT_EQ(RequestedReconversionId(id, 65536), testing::ReconversionOf(transaction, 65536));
}

// ---- dates ----

class LanguageTest : public ::testing::Test {
 protected:
  ~LanguageTest() override { SetLanguage("en"); }
};

using DatesTest = LanguageTest;

TEST_F(DatesTest, AreIsoAndInFrenchAlsoDayFirst) {
  SetLanguage("en");
  EXPECT_EQ(*ParseDate("2027-12-31"), DayOfDate({2027, 12, 31}));
  for (const char* text : {"31/12/2027", "2027-02-29", "2027-1-1", "tomorrow", "", "2027-12-31 "}) {
    EXPECT_FALSE(ParseDate(text).ok()) << text;
  }
  SetLanguage("fr");
  EXPECT_EQ(*ParseDate("2027-12-31"), DayOfDate({2027, 12, 31}));
  EXPECT_EQ(*ParseDate("31/12/2027"), DayOfDate({2027, 12, 31}));
  EXPECT_EQ(*ParseDate("01/02/2027"), DayOfDate({2027, 2, 1}));
  for (const char* text : {"12/31/2027", "31-12-2027", "31/12/27", "30/02/2027"}) {
    EXPECT_FALSE(ParseDate(text).ok()) << text;
  }
}

// ---- terms of programmes ----

using ProgrammeTermsTest = LanguageTest;

TEST_F(ProgrammeTermsTest, ReadsItsOwnExampleInBothLanguages) {
  std::vector<std::string> examples;
  for (const char* language : {"en", "fr"}) {
    SCOPED_TRACE(language);
    SetLanguage(language);
    examples.push_back(ProgrammeExample());
    const auto draft = ParseProgrammeDraft(ProgrammeExample(), "terms.toml");
    ASSERT_TRUE(draft.ok()) << draft.status();
    EXPECT_EQ(draft->alias, "repair-cafe");
    EXPECT_FALSE(draft->name.empty());
    EXPECT_EQ(draft->currency, "HEOL");
    EXPECT_EQ(draft->ground, v1::LEGAL_GROUND_PRIZE);
    EXPECT_EQ(draft->from_day, DayOfDate({2027, 1, 1}));
    EXPECT_EQ(draft->until_day, DayOfDate({2027, 12, 31}));
    EXPECT_THAT(draft->validators, ElementsAre("yann", "@mjc-kerinou"));
    EXPECT_EQ(draft->validators_required, 1u);
    EXPECT_EQ(draft->total_cap, "5000.00");
    EXPECT_EQ(draft->person_cap, "100.00");
    EXPECT_EQ(draft->period, v1::CAP_PERIOD_MONTH);
    EXPECT_EQ(draft->person_yearly_cap, "300.00");
    ASSERT_THAT(draft->activities, SizeIs(2));
    EXPECT_EQ(draft->activities[0].code, "repair");
    EXPECT_EQ(draft->activities[0].unit, "session");
    EXPECT_EQ(draft->activities[0].rate, "15.00");
    EXPECT_EQ(draft->activities[0].quantity_max, 4);
  }
  EXPECT_NE(examples[0], examples[1]) << "the French example is not translated";
}

// The message of the error, which names every mistake with its line.
std::string MistakesOf(const std::string& text) {
  const auto draft = ParseProgrammeDraft(text, "t.toml");
  return draft.ok() ? std::string("no mistake") : std::string(draft.status().message());
}

constexpr char kGoodTerms[] =
    "legal_ground = \"expense\"\n"
    "until = \"2027-12-31\"\n"
    "validators = [\"yann\"]\n"
    "validators_required = 1\n"
    "[caps]\n"
    "total = 5000\n"
    "person = \"10,50\"\n"
    "period = \"programme\"\n"
    "person_year = 300\n"
    "[[activity]]\n"
    "code = \"repair\"\n"
    "unit = \"hour\"\n"
    "rate = 5\n"
    "quantity_max = 1\n";

// kGoodTerms with one piece of it replaced.
std::string TermsWith(const std::string& from, const std::string& to) {
  std::string text = kGoodTerms;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST_F(ProgrammeTermsTest, TakesWholeNumbersAndLeavesOutWhatMayBe) {
  const auto draft = ParseProgrammeDraft(kGoodTerms, "t.toml");
  ASSERT_TRUE(draft.ok()) << draft.status();
  EXPECT_EQ(draft->total_cap, "5000");
  EXPECT_EQ(draft->person_cap, "10,50");
  EXPECT_EQ(draft->activities[0].rate, "5");
  EXPECT_FALSE(draft->from_day.has_value());
  EXPECT_THAT(draft->name, IsEmpty());
}

TEST_F(ProgrammeTermsTest, NamesEachMistakeWithItsLine) {
  const struct {
    const char* from;
    const char* to;
    const char* line;
    const char* says;
  } cases[] = {
      {"\"expense\"", "\"wage\"", "t.toml:1:", "expense|prize"},
      {"\"expense\"", "7", "t.toml:1:", "text in quotes"},
      {"\"2027-12-31\"", "\"31 December\"", "t.toml:2:", "must be a date"},
      {"\"2027-12-31\"", "2027", "t.toml:2:", "must be a date"},
      {"[\"yann\"]", "[]", "t.toml:3:", "1 to 64"},
      {"[\"yann\"]", "\"yann\"", "t.toml:3:", "1 to 64"},
      {"[\"yann\"]", "[1]", "t.toml:3:", "1 to 64"},
      {"validators_required = 1", "validators_required = 2", "t.toml:4:", "1 to 1"},
      {"validators_required = 1", "validators_required = 0", "t.toml:4:", "1 to 1"},
      {"total = 5000", "total = 50.5", "t.toml:6:", "in quotes"},
      {"total = 5000", "totale = 5000", "t.toml:6:", "not known here"},
      {"total = 5000", "", "t.toml:5:", "“total” is missing"},
      {"\"programme\"", "\"week\"", "t.toml:8:", "day|month"},
      {"[caps]", "[cap]", "t.toml:5:", "“cap” is not known here"},
      {"[[activity]]", "[activity]", "t.toml:10:", "[[activity]]"},
      {"quantity_max = 1", "quantity_max = 0", "t.toml:14:", "whole number from 1"},
      {"quantity_max = 1", "quantity_max = \"1\"", "t.toml:14:", "whole number from 1"},
      {"unit = \"hour\"\n", "", "t.toml:10:", "“unit” is missing"},
      {"legal_ground", "legal_ground = \"prize\"\nlegal_ground", "t.toml:2:", "not TOML"},
  };
  for (const auto& each : cases) {
    const std::string message = MistakesOf(TermsWith(each.from, each.to));
    EXPECT_THAT(message, HasSubstr(each.line)) << each.from << " -> " << each.to;
    EXPECT_THAT(message, HasSubstr(each.says)) << each.from << " -> " << each.to;
  }
}

TEST_F(ProgrammeTermsTest, NamesAllMistakesAtOnce) {
  const std::string message = MistakesOf("legal_ground = \"wage\"\nuntil = 3\nnmae = \"x\"\n");
  for (const char* says :
       {"t.toml:1:", "t.toml:2:", "t.toml:3:", "validators", "caps", "activity"}) {
    EXPECT_THAT(message, HasSubstr(says));
  }
}

// ---- the progress bar ----

TEST(ProgressTest, DrawsWhatIsDone) {
  EXPECT_EQ(ProgressBar("Paying", 0, 200, 79),
            "Paying [........................................] 0 % (0 of 200)");
  EXPECT_EQ(ProgressBar("Paying", 100, 200, 79),
            "Paying [####################....................] 50 % (100 of 200)");
  EXPECT_EQ(ProgressBar("Paying", 200, 200, 79),
            "Paying [########################################] 100 % (200 of 200)");
  // Narrow terminals get a shorter bar, or none.
  EXPECT_EQ(ProgressBar("Paying", 1, 2, 40), "Paying [########.........] 50 % (1 of 2)");
  EXPECT_EQ(ProgressBar("Paying", 1, 2, 20), "50 % (1 of 2)");
}

TEST(ProgressTest, DrawsNothingWhereNobodyLooks) {
  std::ostringstream err;
  Io io;
  io.err = &err;
  {
    Progress progress(io, "Paying", 10);
    progress.Advance(5);
  }
  EXPECT_THAT(err.str(), IsEmpty());
}

// ---- the shell: completion and manual pages ----

// A machine with two profiles, one of which knows a ledger and two contacts.
class ShellTest : public LanguageTest {
 protected:
  ShellTest() : cli_(root_, io_) {
    SetLanguage("en");
    std::string pattern = ::testing::TempDir() + "wallet_commands_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    for (const char* profile : {"default", "gov1"}) {
      std::filesystem::create_directories(folder_ + "/kengred/" + profile);
      std::ofstream(folder_ + "/kengred/" + profile + "/key") << "{}";
    }
    ProfileConfig config;
    LedgerEntry ledger;
    ledger.name = "heol";
    ledger.target = "127.0.0.1:1";
    ledger.ledger_id = std::string(64, 'a');
    ledger.community = "Heol, Pays de Brest";
    config.default_ledger = "heol";
    config.ledgers.push_back(ledger);
    config.contacts = {{"anne", "heol1qqq"}, {"yann", "heol1zzz"}};
    std::ofstream(folder_ + "/kengred/default/config.toml") << SerializeConfig(config);
    io_.out = &out_;
    io_.err = &out_;
    io_.environment = [this](const char* name) -> std::optional<std::string> {
      if (std::string_view(name) == "XDG_DATA_HOME") return folder_;
      return std::nullopt;
    };
    root_.name("kengred");
    BuildCommandLine(cli_);
  }
  ~ShellTest() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> Offered(const std::vector<std::string>& words) {
    std::vector<std::string> offered;
    for (const auto& [word, description] : Complete(cli_, words).candidates) {
      offered.push_back(word);
    }
    return offered;
  }

  std::string folder_;
  std::ostringstream out_;
  Io io_;
  CLI::App root_;
  Cli cli_;
};

TEST_F(ShellTest, OffersCommands) {
  EXPECT_THAT(Offered({"memb"}), ElementsAre("member"));
  EXPECT_THAT(Offered({"member", ""}), ElementsAre("admit", "end", "show"));
  EXPECT_THAT(Offered({"--json", "member", "a"}), ElementsAre("admit"));
  EXPECT_THAT(Offered({"--profile", "gov1", "member", "a"}), ElementsAre("admit"));
  EXPECT_THAT(Offered({"nonsense", "x"}), IsEmpty());
  EXPECT_THAT(Offered({}), IsEmpty());
}

TEST_F(ShellTest, OffersOptionsOfTheCommandAndOfEvery) {
  const auto offered = Offered({"member", "admit", "--"});
  EXPECT_THAT(offered, Contains("--until"));
  EXPECT_THAT(offered, Contains("--also-sign"));
  EXPECT_THAT(offered, Contains("--json"));
  EXPECT_THAT(offered, Not(Contains("--reason")));
  EXPECT_EQ(std::set<std::string>(offered.begin(), offered.end()).size(), offered.size());
  EXPECT_THAT(Offered({"member", "end", "--rea"}), ElementsAre("--reason"));
}

TEST_F(ShellTest, OffersValues) {
  EXPECT_THAT(Offered({"--profile", ""}), ElementsAre("default", "gov1"));
  EXPECT_THAT(Offered({"role", "grant", "--also-sign", "g"}), ElementsAre("gov1"));
  EXPECT_THAT(Offered({"--ledger", "h"}), ElementsAre("heol"));
  EXPECT_THAT(Offered({"fund", "record", "--fund", ""}), ElementsAre("digital", "paper"));
  EXPECT_THAT(Offered({"fund", "record", "notes"}), ElementsAre("notes-in", "notes-out"));
  EXPECT_THAT(Offered({"role", "grant", "anne", "a"}), ElementsAre("auditor"));
  EXPECT_THAT(Offered({"role", "grant", "anne", "auditor", "t"}), ElementsAre("treasurer"));
  EXPECT_THAT(Offered({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(Offered({"init", "--words", ""}), ElementsAre("12", "24"));
  // Neither amounts nor texts can be guessed.
  EXPECT_THAT(Offered({"issue", "anne", ""}), IsEmpty());
  EXPECT_THAT(Offered({"member", "end", "anne", "--reason", ""}), IsEmpty());
}

TEST_F(ShellTest, OffersContactsOfTheProfileThatIsNamed) {
  EXPECT_THAT(Offered({"member", "admit", ""}), ElementsAre("anne", "yann"));
  EXPECT_THAT(Offered({"member", "admit", "--until", "2027-12-31", "y"}), ElementsAre("yann"));
  EXPECT_THAT(Offered({"--profile", "gov1", "role", "grant", ""}), IsEmpty());
  EXPECT_THAT(Offered({"--profile=gov1", "role", "grant", ""}), IsEmpty());
}

TEST_F(ShellTest, UnderstandsValuesAfterAnEqualsSign) {
  // As zsh and fish have it: one word.
  EXPECT_THAT(Offered({"fund", "record", "--fund=p"}), ElementsAre("--fund=paper"));
  // As bash has it: three.
  EXPECT_THAT(Offered({"fund", "record", "--fund", "=", "p"}), ElementsAre("paper"));
  EXPECT_THAT(Offered({"fund", "record", "--fund", "="}), ElementsAre("digital", "paper"));
}

TEST_F(ShellTest, AsksTheShellForFiles) {
  EXPECT_TRUE(Complete(cli_, {"reward", "import", "@repair", ""}).files);
  EXPECT_TRUE(Complete(cli_, {"member", "admit", "anne", "--save", ""}).files);
  EXPECT_TRUE(Complete(cli_, {"tx", "sign", ""}).files);
  EXPECT_FALSE(Complete(cli_, {"member", ""}).files);
  EXPECT_THAT(FormatCompletion(Complete(cli_, {"tx", "sign", ""})), HasSubstr(":files\n"));
}

TEST_F(ShellTest, HasAScriptForThreeShells) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = CompletionScript(shell);
    ASSERT_TRUE(script.has_value()) << shell;
    EXPECT_THAT(std::string(*script), HasSubstr(kCompleteWord)) << shell;
  }
  EXPECT_FALSE(CompletionScript("tcsh").has_value());
}

TEST_F(ShellTest, HasAManualPageForEachCommand) {
  const auto pages = ManualPages(cli_);
  std::set<std::string> names;
  for (const auto& [name, text] : pages) {
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_THAT(text, HasSubstr(".SH \"SYNOPSIS\"")) << name;
  }
  EXPECT_EQ(pages.front().first, "kengred.1");
  for (const CLI::App* command : root_.get_subcommands({})) {
    EXPECT_TRUE(names.contains("kengred-" + command->get_name() + ".1")) << command->get_name();
    EXPECT_THAT(pages.front().second, HasSubstr(command->get_name()));
    for (const CLI::App* leaf : command->get_subcommands({})) {
      const std::string page = CommandManualPage(cli_, command);
      for (const CLI::Option* option : leaf->get_options()) {
        for (const std::string& name : option->get_lnames()) {
          if (name != "help") {
            EXPECT_THAT(page, HasSubstr(EscapeRoff("--" + name))) << command->get_name();
          }
        }
      }
    }
  }
}

TEST(ManualTest, EscapesWhatRoffWouldUnderstand) {
  EXPECT_EQ(EscapeRoff("a-b"), "a\\-b");
  EXPECT_EQ(EscapeRoff(".so x"), "\\&.so x");
  EXPECT_EQ(EscapeRoff("x. y"), "x. y");
  EXPECT_EQ(EscapeRoff("x\n'y"), "x\n\\&\\(aqy");
  EXPECT_EQ(EscapeRoff("a\\b"), "a\\eb");
  EXPECT_EQ(EscapeRoff("\"q\""), "\\(dqq\\(dq");
}

}  // namespace
}  // namespace kengred::wallet
