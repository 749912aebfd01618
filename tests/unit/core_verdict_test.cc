// Goal: verdicts are frozen, each has a sentence and a status. Method: walk the enum of the proto;
// compare numbers and names with the golden list (a new verdict is added to it, none is changed).
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "kengred/core/verdict.h"
#include "tests/support/shared_files.h"

namespace kengred {
namespace {

std::vector<v1::Verdict> AllVerdicts() {
  std::vector<v1::Verdict> verdicts;
  const auto* type = v1::Verdict_descriptor();
  for (int i = 0; i < type->value_count(); ++i) {
    verdicts.push_back(static_cast<v1::Verdict>(type->value(i)->number()));
  }
  return verdicts;
}

TEST(VerdictTest, EachHasASentenceOfItsOwn) {
  std::set<std::string> sentences;
  for (const v1::Verdict verdict : AllVerdicts()) {
    if (verdict == v1::VERDICT_UNSPECIFIED) continue;
    const std::string sentence(VerdictTemplate(verdict));
    EXPECT_NE(sentence, VerdictTemplate(v1::VERDICT_UNSPECIFIED)) << v1::Verdict_Name(verdict);
    EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
    EXPECT_EQ(sentence.back(), '.') << sentence;
    EXPECT_TRUE(sentence.front() >= 'A' || sentence.front() == '{') << sentence;
  }
  EXPECT_EQ(VerdictTemplate(static_cast<v1::Verdict>(999)),
            VerdictTemplate(v1::VERDICT_UNSPECIFIED));
}

TEST(VerdictTest, TheHundredIsTheStatus) {
  for (const v1::Verdict verdict : AllVerdicts()) {
    const int number = verdict;
    absl::StatusCode expected = absl::StatusCode::kUnknown;
    if (number >= 1 && number <= 99) expected = absl::StatusCode::kInvalidArgument;
    if (number >= 100 && number <= 199) expected = absl::StatusCode::kUnauthenticated;
    if (number >= 200 && number <= 299) expected = absl::StatusCode::kPermissionDenied;
    if (number >= 300 && number <= 399) expected = absl::StatusCode::kNotFound;
    if (number >= 400 && number <= 799) expected = absl::StatusCode::kFailedPrecondition;
    if (number >= 800 && number <= 899) expected = absl::StatusCode::kResourceExhausted;
    if (number >= 900 && number <= 949) expected = absl::StatusCode::kUnavailable;
    if (number >= 950 && number <= 999) expected = absl::StatusCode::kInternal;
    EXPECT_EQ(StatusCodeOf(verdict), expected) << v1::Verdict_Name(verdict);
    EXPECT_TRUE(number == 0 || expected != absl::StatusCode::kUnknown) << number;
  }
}

TEST(VerdictTest, NamesGoThereAndBack) {
  for (const v1::Verdict verdict : AllVerdicts()) {
    const std::string name = VerdictName(verdict);
    EXPECT_EQ("VERDICT_" + name, v1::Verdict_Name(verdict));
    EXPECT_EQ(VerdictOfName(name), verdict);
  }
  EXPECT_EQ(VerdictName(static_cast<v1::Verdict>(999)), "UNKNOWN_VERDICT");
  for (const char* name : {"", "NO_SUCH", "insufficient_balance", "VERDICT_EXPIRED"}) {
    EXPECT_EQ(VerdictOfName(name), v1::VERDICT_UNSPECIFIED) << name;
  }
}

TEST(VerdictTest, NumbersAreFrozen) {
  const auto path = testing::SourceDir() / "tests/golden/verdicts.txt";
  std::istringstream golden(testing::ReadWholeFile(path));
  std::set<int> frozen;
  int number = 0;
  std::string name;
  while (golden >> number >> name) {
    EXPECT_EQ(VerdictName(static_cast<v1::Verdict>(number)), name)
        << "the meaning of a number never changes";
    frozen.insert(number);
  }
  ASSERT_FALSE(frozen.empty()) << path;
  for (const v1::Verdict verdict : AllVerdicts()) {
    EXPECT_TRUE(frozen.contains(verdict) || verdict == v1::VERDICT_UNSPECIFIED)
        << "add this line to " << path << ": " << verdict << " " << VerdictName(verdict);
  }
}

TEST(VerdictTest, FiguresFillTheSentence) {
  EXPECT_EQ(FillTemplate("{a} and {b}.", {{"a", "1"}, {"b", "2"}}), "1 and 2.");
  EXPECT_EQ(FillTemplate("{a} and {b}.", {{"a", "1"}}), "1 and ?.");
  EXPECT_EQ(FillTemplate("open {a", {{"a", "1"}}), "open {a");
  EXPECT_EQ(FillTemplate("", {}), "");
  // A figure that looks like a placeholder stays what it is.
  EXPECT_EQ(FillTemplate("{a}", {{"a", "{b}"}, {"b", "2"}}), "{b}");
  EXPECT_EQ(VerdictSentence(
                {v1::VERDICT_INSUFFICIENT_BALANCE, {{"needed", "12.50"}, {"available", "3.00"}}}),
            "The balance is too small: 12.50 needed, 3.00 available.");
}

}  // namespace
}  // namespace kengred
