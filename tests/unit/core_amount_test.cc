// Goal: money is whole minor units, exact, checked, never rounded by surprise. Method: tables of
// texts with their result (ledger scenarios 28, 29, 93 to 98 among them), the edges of 64 bits, and
// properties over random values compared with 128-bit arithmetic written again here.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "kengred/core/amount.h"

namespace kengred {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

struct Reading {
  const char* text;
  uint32_t decimals;
  int64_t minor;
};

TEST(AmountTest, ReadsWhatPeopleWrite) {
  for (const Reading& reading : std::vector<Reading>{
           {"0", 2, 0},
           {"12", 2, 1200},
           {"12.5", 2, 1250},
           {"12,50", 2, 1250},
           {"0.01", 2, 1},
           {"007", 2, 700},
           {"90", 0, 90},
           {"1.234567", 6, 1234567},
           {"0,000001", 6, 1},
           // Scenario 95: what decimal text says is what is counted.
           {"1.11", 2, 111},
           {"0.1", 2, 10},
           {"0.2", 2, 20},
           {"0.3", 2, 30},
           // 2^53 + 1, which a double cannot hold (scenario 92).
           {"9007199254740993", 0, 9007199254740993},
           {"92233720368547758.07", 2, kMax},
           {"9223372036854775807", 0, kMax},
       }) {
    const auto minor = ParseAmount(reading.text, reading.decimals);
    ASSERT_TRUE(minor.ok()) << reading.text << ": " << minor.status();
    EXPECT_EQ(*minor, reading.minor) << reading.text;
  }
}

TEST(AmountTest, RefusesEverythingElse) {
  struct Case {
    const char* text;
    uint32_t decimals;
    absl::StatusCode code;
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  constexpr auto kRange = absl::StatusCode::kOutOfRange;
  for (const Case& c : std::vector<Case>{
           {"", 2, kInvalid},
           // Scenario 94.
           {"4a", 2, kInvalid},
           {"4.4a", 2, kInvalid},
           {".42", 2, kInvalid},
           {"42.", 2, kInvalid},
           {"1e3", 2, kInvalid},
           {" 5", 2, kInvalid},
           {"+5", 2, kInvalid},
           {"5 ", 2, kInvalid},
           {"\xd9\xa5", 2, kInvalid},  // ARABIC-INDIC DIGIT FIVE
           {"-5", 2, kInvalid},
           {"1.000,00", 2, kInvalid},
           {"1,000.00", 2, kInvalid},
           {"1 000", 2, kInvalid},
           {"1'000", 2, kInvalid},
           {"12.5.", 2, kInvalid},
           {"1..5", 2, kInvalid},
           {"0x10", 2, kInvalid},
           {"NaN", 2, kInvalid},
           {".", 2, kInvalid},
           {",", 2, kInvalid},
           // Scenario 28: refused, not rounded; also where the digits too many are zeroes.
           {"0.001", 2, kInvalid},
           {"1.000", 2, kInvalid},
           {"12.5", 0, kInvalid},
           // One past the end, by value, by the decimals that are filled up, and by far.
           {"92233720368547758.08", 2, kRange},
           {"9223372036854775808", 0, kRange},
           {"92233720368547759", 2, kRange},
           {"99999999999999999999999999999999999", 2, kRange},
       }) {
    EXPECT_EQ(ParseAmount(c.text, c.decimals).status().code(), c.code) << '"' << c.text << '"';
  }
}

TEST(AmountTest, RefusesAZeroByteInTheMiddle) {
  EXPECT_FALSE(ParseAmount(std::string_view("1\0", 2), 2).ok());
}

TEST(AmountTest, WritesAmounts) {
  EXPECT_EQ(FormatAmount(1250, 2), "12.50");
  EXPECT_EQ(FormatAmount(1250, 2, ','), "12,50");
  EXPECT_EQ(FormatAmount(5, 2), "0.05");
  EXPECT_EQ(FormatAmount(0, 2), "0.00");
  EXPECT_EQ(FormatAmount(0, 0), "0");
  EXPECT_EQ(FormatAmount(-5, 2), "-0.05");
  EXPECT_EQ(FormatAmount(-1250, 2), "-12.50");
  EXPECT_EQ(FormatAmount(90, 0), "90");
  EXPECT_EQ(FormatAmount(1, 6), "0.000001");
  EXPECT_EQ(FormatAmount(kMax, 2), "92233720368547758.07");
  EXPECT_EQ(FormatAmount(kMin, 2), "-92233720368547758.08");
}

RC_GTEST_PROP(AmountProperty, WhatIsWrittenIsReadBack, ()) {
  const auto minor = *rc::gen::nonNegative<int64_t>();
  const auto decimals = static_cast<uint32_t>(*rc::gen::inRange(0, 7));
  const char mark = *rc::gen::element('.', ',');
  RC_ASSERT(*ParseAmount(FormatAmount(minor, decimals, mark), decimals) == minor);
}

RC_GTEST_PROP(AmountProperty, AnyTextIsReadOrRefused, (const std::string& text)) {
  const auto minor = ParseAmount(text, 2);
  if (minor.ok()) RC_ASSERT(*minor >= 0);
}

// Scenario 97.
TEST(AmountTest, ArithmeticNeverWraps) {
  EXPECT_EQ(CheckedAdd(kMax, 1), std::nullopt);
  EXPECT_EQ(CheckedAdd(kMin, -1), std::nullopt);
  EXPECT_EQ(CheckedAdd(kMax, kMin), -1);
  EXPECT_EQ(CheckedAdd(kMax - 1, 1), kMax);
  EXPECT_EQ(CheckedSubtract(kMin, 1), std::nullopt);
  EXPECT_EQ(CheckedSubtract(0, kMin), std::nullopt);
  EXPECT_EQ(CheckedSubtract(-1, kMin), kMax);
  EXPECT_EQ(CheckedMultiply(kMax, 2), std::nullopt);
  EXPECT_EQ(CheckedMultiply(kMin, -1), std::nullopt);
  EXPECT_EQ(CheckedMultiply(3037000500, 3037000500), std::nullopt);
  EXPECT_EQ(CheckedMultiply(3037000499, 3037000499), 9223372030926249001);
  EXPECT_EQ(CheckedMultiply(0, kMin), 0);
}

// Scenarios 95 and 96, in cents.
TEST(AmountTest, CountsLikeTheSchoolbook) {
  EXPECT_EQ(CheckedMultiply(111, 5), 555);
  EXPECT_EQ(CheckedAdd(10, 20), 30);
  EXPECT_EQ(ProportionDown(333, 1, 3), 111);
  const int64_t half = ProportionDown(333, 1, 2);
  EXPECT_EQ(half, 166);
  EXPECT_EQ(half + (333 - half), 333);
}

TEST(AmountTest, BasisPointsRoundHalfUpOnce) {
  EXPECT_EQ(BasisPointsHalfUp(10000, 500), 500);
  EXPECT_EQ(BasisPointsHalfUp(5, 100), 0);    // 0.05: scenario 143
  EXPECT_EQ(BasisPointsHalfUp(49, 100), 0);   // 0.49
  EXPECT_EQ(BasisPointsHalfUp(50, 100), 1);   // 0.50: half is up
  EXPECT_EQ(BasisPointsHalfUp(149, 100), 1);  // 1.49
  EXPECT_EQ(BasisPointsHalfUp(150, 100), 2);  // 1.50
  EXPECT_EQ(BasisPointsHalfUp(1, 4999), 0);
  EXPECT_EQ(BasisPointsHalfUp(1, 5000), 1);
  EXPECT_EQ(BasisPointsHalfUp(0, 10000), 0);
  EXPECT_EQ(BasisPointsHalfUp(1234, 0), 0);
  EXPECT_EQ(BasisPointsHalfUp(kMax, 10000), kMax);
  EXPECT_EQ(BasisPointsHalfUp(kMax, 1), 922337203685478);
}

__extension__ using Wide = __int128;

RC_GTEST_PROP(AmountProperty, BasisPointsAreTheNearestMinorUnit, ()) {
  const auto amount = *rc::gen::nonNegative<int64_t>();
  const auto bps = static_cast<uint32_t>(*rc::gen::inRange(0, 10001));
  const int64_t part = BasisPointsHalfUp(amount, bps);
  RC_ASSERT(part >= 0);
  RC_ASSERT(part <= amount);
  // part - 1/2 <= amount * bps / 10000 < part + 1/2, in whole numbers.
  const Wide exact = Wide{amount} * bps * 2;
  RC_ASSERT((Wide{part} * 2 - 1) * 10000 <= exact);
  RC_ASSERT(exact < (Wide{part} * 2 + 1) * 10000);
}

RC_GTEST_PROP(AmountProperty, ProportionsRoundDownAndNeverExceedTheWhole, ()) {
  const auto amount = *rc::gen::nonNegative<int64_t>();
  const auto denominator = *rc::gen::positive<int64_t>();
  const int64_t numerator = *rc::gen::nonNegative<int64_t>() % denominator;
  const int64_t part = ProportionDown(amount, numerator, denominator);
  RC_ASSERT(Wide{part} * denominator <= Wide{amount} * numerator);
  RC_ASSERT(Wide{amount} * numerator < (Wide{part} + 1) * denominator);
  const int64_t rest = ProportionDown(amount, denominator - numerator, denominator);
  RC_ASSERT(part + rest <= amount);
  RC_ASSERT(part + rest >= amount - 1);
}

}  // namespace
}  // namespace kengred
