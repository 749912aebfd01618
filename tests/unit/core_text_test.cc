// Goal: dates, texts, numbers, base64, commitments and profiles mean one thing only. Method: known
// dates and a walk over every day of 800 years against an independent calendar; UTF-8 by the table
// of RFC 3629 (the well-known stress cases among them); profiles at and past each bound;
// commitments computed again.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <limits>

#include "kengred/core/base64.h"
#include "kengred/core/civil_day.h"
#include "kengred/core/decimal.h"
#include "kengred/core/hash.h"
#include "kengred/core/limits.h"
#include "kengred/core/side_record.h"
#include "kengred/v1/operations.pb.h"
#include "tests/support/community.h"

namespace kengred {
namespace {

// ---- civil days ----

TEST(CivilDayTest, KnowsKnownDates) {
  struct Known {
    int32_t day;
    const char* text;
  };
  for (const Known& known : std::vector<Known>{{0, "1970-01-01"},
                                               {-1, "1969-12-31"},
                                               {11016, "2000-02-29"},
                                               {20781, "2026-11-24"},
                                               {47540, "2100-02-28"},
                                               {47541, "2100-03-01"},
                                               {-719528, "0000-01-01"},
                                               {2932896, "9999-12-31"}}) {
    EXPECT_EQ(FormatDay(known.day), known.text);
    const auto day = ParseDay(known.text);
    ASSERT_TRUE(day.ok()) << known.text;
    EXPECT_EQ(*day, known.day);
  }
}

TEST(CivilDayTest, WalksEveryDayOfEightCenturies) {
  int32_t day = -135140;  // 1600-01-01
  for (int32_t year = 1600; year < 2400; ++year) {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int32_t days[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int32_t month = 1; month <= 12; ++month) {
      for (int32_t d = 1; d <= days[month - 1]; ++d, ++day) {
        const CivilDate date = DateOfDay(day);
        ASSERT_TRUE(date.year == year && date.month == month && date.day == d) << day;
        ASSERT_EQ(DayOfDate({year, month, d}), day);
      }
    }
  }
}

TEST(CivilDayTest, RefusesWhatIsNoDate) {
  for (const char* text : {"", "2026-11-31", "2026-02-29", "2026-00-01", "2026-13-01", "2026-01-00",
                           "26-11-24", "2026-1-24", "2026/11/24", "2026-11-24 ", " 2026-11-24",
                           "2026-11-2x", "20261124", "-026-11-24", "2026-11-241", "+026-11-24"}) {
    EXPECT_EQ(ParseDay(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(CivilDayTest, SurvivesAnyNumber) {
  for (const int32_t day :
       {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()}) {
    EXPECT_FALSE(FormatDay(day).empty());
  }
}

// ---- UTF-8 ----

TEST(Utf8Test, AcceptsTextInAnyScript) {
  for (const char* text :
       {"", "Brest", "Échange d'Iroise", "Kreiz-kêr\tplas ar Frankiz\n", "日本語",
        "\xf0\x9f\x8c\xbb", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbd", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsPrintableUtf8(text)) << text;
  }
}

TEST(Utf8Test, RefusesWhatIsNotUtf8OrNotPrintable) {
  for (const std::string& text : std::vector<std::string>{
           std::string("\0", 1),
           std::string("\x01"),
           std::string("\r"),
           std::string("\x1b[31m"),
           std::string("\x7f"),
           std::string("\xc2\x80"),          // C1 controls
           std::string("\xc2\x9f"),          //
           std::string("\x80"),              // a continuation alone
           std::string("\xbf"),              //
           std::string("\xc0\xaf"),          // '/' in two bytes
           std::string("\xc1\xbf"),          //
           std::string("\xe0\x80\xaf"),      // '/' in three
           std::string("\xe0\x9f\xbf"),      // overlong
           std::string("\xf0\x80\x80\xaf"),  // '/' in four
           std::string("\xf0\x8f\xbf\xbf"),  // overlong
           std::string("\xed\xa0\x80"),      // surrogates
           std::string("\xed\xbf\xbf"),      //
           std::string("\xf4\x90\x80\x80"),  // past U+10FFFF
           std::string("\xf5\x80\x80\x80"),
           std::string("\xf8\x88\x80\x80\x80"),
           std::string("\xfe"),
           std::string("\xff"),
           std::string("\xc3"),  // cut short
           std::string("\xe2\x82"),
           std::string("\xf0\x9f\x8c"),
           std::string("\xc3(", 2),  // a letter where a continuation should be
           std::string("\xe2\x82(", 3),
           std::string("\xf0\x9f\x8c("),
       }) {
    EXPECT_FALSE(IsPrintableUtf8(text)) << ::testing::PrintToString(text);
    EXPECT_FALSE(IsPrintableUtf8("a" + text)) << ::testing::PrintToString(text);
  }
}

RC_GTEST_PROP(Utf8Property, EveryPointThatMayBeWrittenIsAccepted, ()) {
  const auto point = static_cast<uint32_t>(*rc::gen::inRange(0, 0x110000));
  std::string text;
  if (point < 0x80) {
    text = {static_cast<char>(point)};
  } else if (point < 0x800) {
    text = {static_cast<char>(0xc0 | point >> 6), static_cast<char>(0x80 | (point & 0x3f))};
  } else if (point < 0x10000) {
    text = {static_cast<char>(0xe0 | point >> 12), static_cast<char>(0x80 | (point >> 6 & 0x3f)),
            static_cast<char>(0x80 | (point & 0x3f))};
  } else {
    text = {static_cast<char>(0xf0 | point >> 18), static_cast<char>(0x80 | (point >> 12 & 0x3f)),
            static_cast<char>(0x80 | (point >> 6 & 0x3f)),
            static_cast<char>(0x80 | (point & 0x3f))};
  }
  const bool control =
      (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7f && point < 0xa0);
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  RC_ASSERT(IsPrintableUtf8(text) == (!control && !surrogate));
  RC_ASSERT(IsUtf8(text) == !surrogate);
}

// ---- base64 and decimal numbers ----

// RFC 4648 section 10, and a byte string whose two alphabets differ.
TEST(Base64Test, AgreesWithRfc4648) {
  const std::pair<const char*, const char*> known[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"},
                                                       {"\xfb\xff", "+/8="}};
  for (const auto& [bytes, text] : known) {
    EXPECT_EQ(EncodeBase64(bytes), text);
    EXPECT_EQ(DecodeBase64(text), bytes);
  }
  EXPECT_EQ(EncodeBase64Url("\xfb\xff"), "-_8");
  EXPECT_EQ(DecodeBase64Url("-_8"), "\xfb\xff");
}

TEST(Base64Test, EveryBytesHaveOneText) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zm8==", "=", "====",
                           "Zm9v\n", " Zm9v", "Zm 9v", "Zm9v=", "-_8=", "Zm9vZg", "Zg==Zg=="}) {
    EXPECT_EQ(DecodeBase64(text), std::nullopt) << text;
  }
  for (const char* text : {"Z", "Zg==", "Zh", "Zm8=", "+/8", "Zm8\n"}) {
    EXPECT_EQ(DecodeBase64Url(text), std::nullopt) << text;
  }
}

TEST(Base64Test, OnlyItsAlphabetIsRead) {
  for (size_t i = 0; i < 4; ++i) {
    size_t read = 0;
    size_t read_url = 0;
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = "Zm9v";
      text[i] = static_cast<char>(byte);
      const auto bytes = DecodeBase64(text);
      if (bytes) {
        ++read;
        EXPECT_EQ(EncodeBase64(*bytes), text);
      }
      const auto bytes_url = DecodeBase64Url(text);
      if (bytes_url) {
        ++read_url;
        EXPECT_EQ(EncodeBase64Url(*bytes_url), text);
      }
    }
    EXPECT_EQ(read, 64u);
    EXPECT_EQ(read_url, 64u);
  }
}

RC_GTEST_PROP(Base64Property, WhatIsReadIsWrittenAgain, (const std::string& text)) {
  const auto bytes = DecodeBase64(text);
  if (bytes) RC_ASSERT(EncodeBase64(*bytes) == text);
  RC_ASSERT(DecodeBase64(EncodeBase64(text)) == text);
  RC_ASSERT(DecodeBase64Url(EncodeBase64Url(text)) == text);
}

TEST(DecimalTest, EveryNumberHasOneText) {
  for (const uint64_t number : {uint64_t{0}, uint64_t{7}, uint64_t{10}, UINT64_MAX}) {
    EXPECT_EQ(ParseDecimal(std::to_string(number)), number);
  }
  for (const char* text : {"", "00", "07", "+7", "-0", " 7", "7 ", "7\n", "7x", "0x7", "1e3",
                           "18446744073709551616"}) {
    EXPECT_EQ(ParseDecimal(text), std::nullopt) << text;
  }
}

// ---- commitments ----

v1::SideRecord Record(std::string salt, std::string content) {
  v1::SideRecord record;
  record.set_salt(std::move(salt));
  record.set_content(std::move(content));
  return record;
}

TEST(CommitmentTest, HashesTagSaltLengthSaltAndContent) {
  const v1::SideRecord record = Record(std::string(16, 's'), "hello");
  std::string bytes("kengred/v1/commitment\0", 22);
  bytes.push_back(16);
  bytes += std::string(16, 's') + "hello";
  EXPECT_EQ(CommitmentOf(record), Sha256({bytes}));
  EXPECT_EQ(MakeCommitment(record).sha256(), Sha256({bytes}).ToBytes());
}

TEST(CommitmentTest, NoByteMovesBetweenSaltAndContent) {
  EXPECT_NE(CommitmentOf(Record(std::string(16, 's'), "shello")),
            CommitmentOf(Record(std::string(17, 's'), "hello")));
}

TEST(CommitmentTest, TheSameTextTwiceCannotBeLinked) {
  const v1::SideRecord one = MakeSideRecord("rent");
  const v1::SideRecord two = MakeSideRecord("rent");
  EXPECT_EQ(one.salt().size(), kSaltBytesMax);
  EXPECT_TRUE(IsWellFormedSideRecord(one));
  EXPECT_NE(CommitmentOf(one), CommitmentOf(two));
}

TEST(CommitmentTest, FindsEveryCommitmentOfATransaction) {
  const testing::Community community;
  v1::Transaction transaction;
  *transaction.add_operations() = community.OpenAccount("alice");
  *transaction.add_operations() = community.Transfer("alice", "bruno", 1);
  *transaction.add_operations() = community.EndMembership("alice");
  v1::Operation reward = community.Reward(
      "alice", {community.Award("alice", "a", 1, "1"), community.Award("bruno", "a", 1, "2")});
  *reward.mutable_reward()->mutable_awards(1)->mutable_evidence() =
      community.text("photo").commitment;
  *transaction.add_operations() = reward;
  // One that is not 32 bytes is no commitment; the rules refuse it.
  transaction.add_operations()->mutable_transfer()->mutable_memo()->set_sha256("short");
  const std::vector<Digest> found = CommitmentsIn(transaction);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].ToBytes(), community.OpenAccount("alice").open_account().profile().sha256());
  EXPECT_EQ(found[1].ToBytes(), community.text("moved away").commitment.sha256());
  EXPECT_EQ(found[2].ToBytes(), community.text("photo").commitment.sha256());
}

TEST(SideRecordTest, KeepsItsBounds) {
  EXPECT_TRUE(IsWellFormedSideRecord(Record(std::string(16, 's'), "")));
  EXPECT_TRUE(IsWellFormedSideRecord(Record(std::string(32, 's'), std::string(4096, 'x'))));
  EXPECT_FALSE(IsWellFormedSideRecord(Record(std::string(15, 's'), "")));
  EXPECT_FALSE(IsWellFormedSideRecord(Record(std::string(33, 's'), "")));
  EXPECT_FALSE(IsWellFormedSideRecord(Record(std::string(16, 's'), std::string(4097, 'x'))));
  v1::SideRecord unknown = Record(std::string(16, 's'), "");
  unknown.GetReflection()->MutableUnknownFields(&unknown)->AddVarint(99, 1);
  EXPECT_FALSE(IsWellFormedSideRecord(unknown));
}

// ---- profiles ----

v1::Profile Full() {
  v1::Profile profile;
  profile.set_display_name("Biocoop Kerbonne");
  profile.set_alias("biocoop");
  profile.set_description("Épicerie\nouverte du mardi au samedi");
  profile.set_location("Brest");
  profile.set_website("https://example.org/");
  return profile;
}

TEST(ProfileTest, AcceptsTheBounds) {
  EXPECT_TRUE(IsWellFormedProfile(Full()));
  v1::Profile profile = Full();
  profile.set_display_name(std::string(128, 'n'));
  profile.set_alias(std::string(32, 'a'));
  profile.set_description(std::string(512, 'd'));
  profile.set_location(std::string(256, 'l'));
  profile.set_website("https://" + std::string(248, 'w'));
  EXPECT_TRUE(IsWellFormedProfile(profile));
  v1::Profile least;
  least.set_display_name("x");
  EXPECT_TRUE(IsWellFormedProfile(least));
}

TEST(ProfileTest, RefusesEachFieldOutOfBounds) {
  const std::vector<std::function<void(v1::Profile*)>> changes = {
      [](v1::Profile* p) { p->clear_display_name(); },
      [](v1::Profile* p) { p->set_display_name(std::string(129, 'n')); },
      [](v1::Profile* p) { p->set_display_name("two\nlines"); },
      [](v1::Profile* p) { p->set_display_name("\x1b[8mhidden"); },
      [](v1::Profile* p) { p->set_alias("a"); },
      [](v1::Profile* p) { p->set_alias(std::string(33, 'a')); },
      [](v1::Profile* p) { p->set_alias("Biocoop"); },
      [](v1::Profile* p) { p->set_alias("bio_coop"); },
      [](v1::Profile* p) { p->set_alias("biocöop"); },
      [](v1::Profile* p) { p->set_alias("-biocoop"); },
      [](v1::Profile* p) { p->set_alias("biocoop-"); },
      [](v1::Profile* p) { p->set_description(std::string(513, 'd')); },
      [](v1::Profile* p) { p->set_location(std::string(257, 'l')); },
      [](v1::Profile* p) { p->set_location("\x07"); },
      [](v1::Profile* p) { p->set_website("https://" + std::string(249, 'w')); },
      [](v1::Profile* p) { p->set_website("http://example.org"); },
      [](v1::Profile* p) { p->set_website("javascript:alert(1)"); },
      [](v1::Profile* p) { p->GetReflection()->MutableUnknownFields(p)->AddVarint(99, 1); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    v1::Profile profile = Full();
    changes[i](&profile);
    EXPECT_FALSE(ParseProfile(profile.SerializeAsString())) << i;
  }
}

TEST(ProfileTest, ReadsWhatWasWrittenAndRefusesNoise) {
  const auto profile = ParseProfile(Full().SerializeAsString());
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->alias(), "biocoop");
  EXPECT_FALSE(ParseProfile(""));
  EXPECT_FALSE(ParseProfile("\x0a"));
  EXPECT_FALSE(ParseProfile(std::string(100, '\xff')));
}

TEST(ProfileTest, AliasesAreShortAndPlain) {
  for (const char* alias : {"ab", "a1", "le-printemps", "3-fontaines"}) {
    EXPECT_TRUE(IsWellFormedAlias(alias)) << alias;
  }
  for (const char* alias : {"", "a", "A1", "a b", "a.b", "@ab", "-ab", "ab-", "a\xc3\xa9"}) {
    EXPECT_FALSE(IsWellFormedAlias(alias)) << alias;
  }
}

}  // namespace
}  // namespace kengred
