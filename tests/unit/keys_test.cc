// Goal: the words and keys of Kengred are those of BIP-39 and SLIP-0010, and words typed by people
// are read right or refused with help, never read as something else. Method: published vectors, a
// few retyped here and all of the shared files where they are present; each word of both lists read
// back in every accepted spelling; then each kind of mistake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "kengred/core/signing.h"
#include "kengred/keys/derivation.h"
#include "kengred/keys/mnemonic.h"
#include "kengred/keys/secret_bytes.h"
#include "kengred/keys/wordlists.h"

namespace kengred::keys {
namespace {

using Fault = MnemonicReport::Fault;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// ---- helpers ----

SecretBytes FromHex(const std::string& hex) {
  SecretBytes bytes(hex.size() / 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes.data()[i] = static_cast<uint8_t>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
  }
  return bytes;
}

std::string ToHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return hex;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

const std::string kAcute = "\xCC\x81";
const std::string kGrave = "\xCC\x80";

// The accents of the lists by hand, since the code under test is what knows them.
std::string Composed(const std::string& text) {
  return Replaced(Replaced(text, "e" + kAcute, "\xC3\xA9"), "e" + kGrave, "\xC3\xA8");
}
std::string Unaccented(const std::string& text) {
  return Replaced(Replaced(text, kAcute, ""), kGrave, "");
}
// Capital letters, accents left as they are: composed small e's become composed capitals.
std::string Capitals(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return Replaced(Replaced(text, "\xC3\xA9", "\xC3\x89"), "\xC3\xA8", "\xC3\x88");
}

std::string Joined(const std::vector<std::string>& words, const std::string& separator = " ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

std::vector<std::string> Words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

const char* const* ListOf(Language language) {
  return language == Language::kEnglish ? kEnglishWords : kFrenchWords;
}

Mnemonic FromEntropyHex(Language language, const std::string& hex) {
  return Mnemonic::FromEntropy(language, FromHex(hex)).value();
}

// Twelve words that begin with these eleven numbers.
Mnemonic WithNumbers(Language language, const std::array<size_t, 11>& numbers) {
  SecretBytes entropy(16);
  for (size_t i = 0; i < numbers.size() * 11; ++i) {
    const size_t bit = numbers[i / 11] >> (10 - i % 11) & 1u;
    entropy.data()[i / 8] = static_cast<uint8_t>(entropy.data()[i / 8] | bit << (7 - i % 8));
  }
  return Mnemonic::FromEntropy(language, std::move(entropy)).value();
}

// A file of the shared vectors; nothing where they are not present.
std::optional<std::string> ReadShared(const std::string& name) {
  std::filesystem::path folder;
  if (const char* shared = std::getenv("KENGRED_SHARED_DIR")) {
    folder = shared;
  } else if (const char* source = std::getenv("KENGRED_SOURCE_DIR")) {
    folder = std::filesystem::path(source) / ".." / "shared";
  }
  std::ifstream file(folder / "vectors" / "bip" / name, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

MnemonicReport ReportOf(const std::string& text, std::optional<Language> language = std::nullopt) {
  MnemonicReport report;
  const auto parsed = Mnemonic::Parse(text, language, &report);
  EXPECT_EQ(parsed.ok(), report.fault == Fault::kNone) << parsed.status();
  if (!parsed.ok()) {
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_FALSE(parsed.status().message().empty());
  }
  return report;
}

std::string MessageOf(const std::string& text, std::optional<Language> language = std::nullopt) {
  return std::string(Mnemonic::Parse(text, language).status().message());
}

const std::string kLegalWinner =
    "legal winner thank year wave sausage worth useful legal winner thank yellow";
const std::string kZeroWords =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

// ---- secret bytes ----

TEST(SecretBytesTest, IsMovedAndClonedNotShared) {
  SecretBytes a = FromHex("00ff10");
  const uint8_t* const where = a.data();
  SecretBytes b = a.Clone();
  EXPECT_NE(b.data(), where);
  EXPECT_TRUE(a.Equals(b));
  SecretBytes c = std::move(a);
  EXPECT_EQ(c.data(), where);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): what is left is specified
  EXPECT_TRUE(c.Equals(b));
  b.data()[2] = 0x11;
  EXPECT_FALSE(c.Equals(b));
  EXPECT_FALSE(c.Equals(FromHex("00ff")));
  c = std::move(b);
  EXPECT_EQ(ToHex(c.view()), "00ff11");
  EXPECT_EQ(ToHex(SecretBytes(4).view()), "00000000");
  EXPECT_TRUE(SecretBytes().Equals(SecretBytes(0)));
}

TEST(SecretStringTest, GrowsShrinksAndTakesOver) {
  std::string expected;
  SecretString text;
  EXPECT_NE(text.view().data(), nullptr);
  for (int i = 0; i < 1000; ++i) {
    text.push_back(static_cast<char>('a' + i % 26));
    expected.push_back(static_cast<char>('a' + i % 26));
  }
  EXPECT_EQ(text.view(), expected);
  text.Append(text.view());  // a part of itself, while it moves
  EXPECT_EQ(text.view(), expected + expected);
  text.clear();
  EXPECT_TRUE(text.empty());
  text.pop_back();
  text.Append("mot de passe");
  text.pop_back();
  EXPECT_EQ(text.view(), "mot de pass");

  std::string typed = "mot de pass";
  const SecretString taken = SecretString::Take(typed);
  EXPECT_TRUE(typed.empty());
  EXPECT_TRUE(taken.Equals(text));
  EXPECT_FALSE(taken.Equals(SecretString::CopyOf("mot de pasS")));
  const SecretString moved = std::move(text);
  EXPECT_TRUE(text.empty());  // NOLINT(bugprone-use-after-move): what is left is specified
  EXPECT_TRUE(moved.Equals(taken.Clone()));
}

// ---- BIP-39 vectors ----

struct Bip39Vector {
  Language language;
  std::string entropy;
  std::string words;  // as they are hashed
  std::string seed;   // with the passphrase TREZOR
};

void CheckBip39(const Bip39Vector& vector) {
  const Mnemonic written = FromEntropyHex(vector.language, vector.entropy);
  EXPECT_EQ(written.CanonicalText().view(), vector.words);
  EXPECT_EQ(written.DisplayText().view(), Composed(vector.words));
  EXPECT_EQ(ToHex(written.SeedWithPassphrase("TREZOR").value().view()), vector.seed);
  for (const std::string& typed :
       {vector.words, Composed(vector.words), Unaccented(vector.words), Capitals(vector.words)}) {
    const auto read = Mnemonic::Parse(typed);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->language(), vector.language);
    EXPECT_EQ(ToHex(read->entropy().view()), vector.entropy);
    EXPECT_EQ(ToHex(read->SeedWithPassphrase("TREZOR").value().view()), vector.seed);
  }
}

// From vectors.json of trezor/python-mnemonic, which BIP-39 refers to.
TEST(MnemonicTest, FamousEnglishVectors) {
  CheckBip39({Language::kEnglish, "00000000000000000000000000000000", kZeroWords,
              "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1"
              "e1c92f2c"
              "f141630c7a3c4ab7c81b2f001698e7463b04"});
  CheckBip39({Language::kEnglish, "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f", kLegalWinner,
              "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6fa457fe1296106559a3c8"
              "0937a1c1"
              "069be3a3a5bd381ee6260e8d9739fce1f607"});
  CheckBip39(
      {Language::kEnglish, "0000000000000000000000000000000000000000000000000000000000000000",
       "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
       "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
       "abandon art",
       "bda85446c68413707090a52022edd26a1c9462295029f2e60cd7c4f2bbd3097170af7a4d73245cafa9c3cca8d56"
       "1"
       "a7c3de6f5d4a10be8ed2a5e608d68f92fcc8"});
}

// From the French part of the same file in trezor/python-mnemonic.
TEST(MnemonicTest, FamousFrenchVector) {
  CheckBip39(
      {Language::kFrench, "00000000000000000000000000000000",
       "abaisser abaisser abaisser abaisser abaisser abaisser abaisser abaisser abaisser abaisser "
       "abaisser abeille",
       "3bf3366c40256d7e2fca716fddf8673425c7c7e444af290ee1edf1bbf095e6e78a7190253f3e46f1e2069345d4b"
       "0"
       "5ac17b242faa225c0a3e4d268976744e0698"});
}

TEST(MnemonicTest, AllSharedVectors) {
  const auto text = ReadShared("bip39_trezor_vectors.json");
  if (!text.has_value()) GTEST_SKIP() << "the shared vectors are not present";
  const nlohmann::json vectors = nlohmann::json::parse(*text);
  size_t count = 0;
  for (const Language language : {Language::kEnglish, Language::kFrench}) {
    for (const auto& vector : vectors.at(std::string(LanguageName(language)))) {
      SCOPED_TRACE(vector.at(1).get<std::string>());
      CheckBip39({language, vector.at(0), vector.at(1), vector.at(2)});
      ++count;
    }
  }
  EXPECT_EQ(count, 48u);
}

TEST(MnemonicTest, ListsAreTheSharedOnes) {
  for (const Language language : {Language::kEnglish, Language::kFrench}) {
    const auto text = ReadShared("bip39_" + std::string(LanguageName(language)) + ".txt");
    if (!text.has_value()) GTEST_SKIP() << "the shared vectors are not present";
    const std::vector<std::string> words = Words(*text);
    EXPECT_TRUE(
        std::equal(words.begin(), words.end(), ListOf(language), ListOf(language) + kWordListSize));
  }
}

TEST(MnemonicTest, PassphraseMustBeAscii) {
  const Mnemonic words = FromEntropyHex(Language::kEnglish, "00000000000000000000000000000000");
  EXPECT_EQ(words.SeedWithPassphrase("cr\xC3\xAApe").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(words.SeedWithPassphrase(std::string(5000, 'a')).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(words.Seed().Equals(words.SeedWithPassphrase("").value()));
  EXPECT_FALSE(words.Seed().Equals(words.SeedWithPassphrase("TREZOR").value()));
}

// ---- words: sizes and spellings ----

TEST(MnemonicTest, GeneratesEverySizeAndReadsItBack) {
  std::set<std::string> seen;
  for (const Language language : {Language::kEnglish, Language::kFrench}) {
    for (const WordCount count : {WordCount::kTwelve, WordCount::kFifteen, WordCount::kEighteen,
                                  WordCount::kTwentyOne, WordCount::kTwentyFour}) {
      const Mnemonic words = Mnemonic::Generate(language, count);
      EXPECT_EQ(words.word_count(), static_cast<size_t>(count));
      const std::string text(words.DisplayText().view());
      ASSERT_THAT(Words(text), SizeIs(words.word_count()));
      for (size_t i = 0; i < words.word_count(); ++i) EXPECT_EQ(Words(text)[i], words.word(i));
      EXPECT_TRUE(seen.insert(text).second);
      const auto read = Mnemonic::Parse(text, language);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_TRUE(read->entropy().Equals(words.entropy()));
      EXPECT_TRUE(read->Clone().entropy().Equals(words.entropy()));
    }
  }
  EXPECT_EQ(Mnemonic::Generate(Language::kFrench).word_count(), 12u);
}

TEST(MnemonicTest, EntropyOfAnotherSizeIsRefused) {
  for (size_t size = 0; size <= 40; ++size) {
    const bool right = size == 16 || size == 20 || size == 24 || size == 28 || size == 32;
    EXPECT_EQ(Mnemonic::FromEntropy(Language::kEnglish, SecretBytes(size)).ok(), right) << size;
  }
}

// Every word of both lists, in each accepted spelling.
TEST(MnemonicTest, EveryWordInEverySpelling) {
  for (const Language language : {Language::kEnglish, Language::kFrench}) {
    for (size_t first = 0; first < kWordListSize; first += 11) {
      std::array<size_t, 11> numbers{};
      for (size_t i = 0; i < 11; ++i) numbers[i] = (first + i) % kWordListSize;
      const Mnemonic words = WithNumbers(language, numbers);
      const std::string text(words.CanonicalText().view());
      for (size_t i = 0; i < 11; ++i) ASSERT_EQ(Words(text)[i], ListOf(language)[numbers[i]]);
      for (const std::string& typed :
           {text, Composed(text), Unaccented(text), Capitals(text), Capitals(Composed(text))}) {
        const auto read = Mnemonic::Parse(typed, language);
        ASSERT_TRUE(read.ok()) << read.status() << " " << typed;
        EXPECT_TRUE(read->entropy().Equals(words.entropy())) << typed;
      }
    }
  }
}

TEST(MnemonicTest, AnyWhiteSpaceSeparates) {
  const std::vector<std::string> words = Words(kZeroWords);
  for (const char* separator : {"  ", "\t", "\n", "\r\n", "\v", "\f", "\xC2\xA0", "\xE3\x80\x80",
                                "\xE2\x80\xAF", "\xE2\x80\xA8", "\xC2\x85", " \n\t "}) {
    const auto read = Mnemonic::Parse(separator + Joined(words, separator) + separator);
    ASSERT_TRUE(read.ok()) << read.status() << ToHex(separator);
    EXPECT_EQ(read->CanonicalText().view(), kZeroWords);
  }
}

// "élève" is in the list; an accent the other way round, or where there is none, is not silently
// put right.
TEST(MnemonicTest, WrongAccentsAreRefusedWithTheRightWord) {
  const std::string eleve = "\xC3\xA9l\xC3\xA8ve";
  const std::string eleven = Joined(std::vector<std::string>(11, "abaisser")) + " ";
  for (const std::string& right :
       {eleve, std::string("el\xC3\xA8ve"), std::string("\xC3\xA9leve")}) {
    EXPECT_NE(ReportOf(eleven + right, Language::kFrench).fault, Fault::kUnknownWords) << right;
  }
  for (const std::string& wrong :
       {std::string("\xC3\xA9l\xC3\xA9ve"), "\xC3\xA9le" + kAcute + "ve",
        std::string("\xC3\xA8leve"), eleve.substr(0, eleve.size() - 1) + "\xC3\xA9",
        std::string("\xC3\xA9l\xC3\xAAve"), "\xC3\xA9le" + kGrave + kGrave + "ve",
        "\xC3\xA9l\xC3\xA8" + kGrave + "ve"}) {
    const MnemonicReport report = ReportOf(eleven + wrong, Language::kFrench);
    EXPECT_EQ(report.fault, Fault::kUnknownWords) << wrong;
    ASSERT_THAT(report.unknown_words, SizeIs(1)) << wrong;
    EXPECT_EQ(report.unknown_words[0].position, 12u);
    EXPECT_THAT(report.unknown_words[0].suggestions, Contains(eleve)) << wrong;
  }
}

// ---- words: mistakes ----

TEST(MnemonicTest, EveryUnknownWordIsNamedByItsPlace) {
  const std::vector<std::string> right = Words(kLegalWinner);
  for (size_t place = 0; place < right.size(); ++place) {
    std::vector<std::string> typed = right;
    typed[place] = "abadnon";  // two letters swapped
    const MnemonicReport report = ReportOf(Joined(typed));
    EXPECT_EQ(report.fault, Fault::kUnknownWords);
    EXPECT_EQ(report.language, Language::kEnglish);
    EXPECT_EQ(report.words, 12u);
    ASSERT_THAT(report.unknown_words, SizeIs(1));
    EXPECT_EQ(report.unknown_words[0].position, place + 1);
    EXPECT_FALSE(report.unknown_words[0].in_other_language);
    EXPECT_THAT(report.unknown_words[0].suggestions, ElementsAre("abandon"));
    EXPECT_EQ(MessageOf(Joined(typed)), "word " + std::to_string(place + 1) +
                                            " is not in the English list, did you mean abandon?");
  }
  std::vector<std::string> two = right;
  two[1] = "qqqqqqqq";
  two[11] = "yelllow";
  EXPECT_EQ(MessageOf(Joined(two)),
            "word 2 is not in the English list; word 12 is not in the English list, did you mean "
            "yellow?");
}

// Dropped, added, changed and swapped letters, and how many words are offered.
TEST(MnemonicTest, TheNearestWordsAreSuggested) {
  const auto suggestions = [](const std::string& word) {
    return ReportOf(Joined(std::vector<std::string>(11, "abandon")) + " " + word,
                    Language::kEnglish)
        .unknown_words.at(0)
        .suggestions;
  };
  EXPECT_THAT(suggestions("yelow"), ElementsAre("below", "yellow"));
  EXPECT_THAT(suggestions("yelllow"), ElementsAre("yellow"));
  EXPECT_THAT(suggestions("yellaw"), ElementsAre("yellow"));
  EXPECT_THAT(suggestions("yelolw"), ElementsAre("yellow"));
  EXPECT_THAT(suggestions("yeulaw"), ElementsAre("yellow"));
  EXPECT_THAT(suggestions("xeulaw"), IsEmpty());
  EXPECT_THAT(suggestions("cand"),
              ElementsAre("can", "candy", "card"));  // hand and sand are as near
}

TEST(MnemonicTest, AbbreviationsAreSuggestedNotExpanded) {
  std::vector<std::string> typed = Words(kZeroWords);
  for (std::string& word : typed) word = word.substr(0, 4);
  const MnemonicReport report = ReportOf(Joined(typed), Language::kEnglish);
  EXPECT_EQ(report.fault, Fault::kUnknownWords);
  ASSERT_THAT(report.unknown_words, SizeIs(12));
  EXPECT_EQ(report.unknown_words[0].suggestions.front(), "abandon");
  EXPECT_EQ(report.unknown_words[11].suggestions.front(), "about");
}

TEST(MnemonicTest, WrongCountWrongOrderNothing) {
  for (size_t count = 1; count <= 24; ++count) {
    const MnemonicReport report = ReportOf(Joined(std::vector<std::string>(count, "abandon")));
    EXPECT_EQ(report.words, count);
    EXPECT_EQ(report.fault,
              count >= 12 && count % 3 == 0 ? Fault::kWrongChecksum : Fault::kWrongCount)
        << count;
  }
  EXPECT_THAT(MessageOf("abandon abandon"),
              HasSubstr("2 words; a backup has 12, 15, 18, 21 or 24"));
  EXPECT_EQ(ReportOf("").fault, Fault::kEmpty);
  EXPECT_EQ(ReportOf(" \n\t").fault, Fault::kEmpty);
  EXPECT_EQ(ReportOf(Joined(std::vector<std::string>(25, "abandon"))).fault, Fault::kTooLong);
  EXPECT_EQ(ReportOf(std::string(kMnemonicTextBytesMax + 1, ' ')).fault, Fault::kTooLong);

  EXPECT_EQ(ReportOf("winner legal" + kLegalWinner.substr(12)).fault, Fault::kWrongChecksum);
  EXPECT_THAT(MessageOf("winner legal" + kLegalWinner.substr(12)), HasSubstr("two are swapped"));
}

// Any other last word of the list is refused, but for those whose checksum fits: 2048 / 16 of them.
TEST(MnemonicTest, ChecksumIsVerified) {
  std::vector<std::string> typed = Words(kZeroWords);
  size_t accepted = 0;
  for (const char* word : kEnglishWords) {
    typed.back() = word;
    const auto read = Mnemonic::Parse(Joined(typed), Language::kEnglish);
    if (read.ok()) {
      ++accepted;
      EXPECT_EQ(read->CanonicalText().view(), Joined(typed));
    }
  }
  EXPECT_EQ(accepted, kWordListSize / 16);
}

TEST(MnemonicTest, GarbageIsUnknownWordsAndNeverQuoted) {
  for (const char* garbage :
       {"\xFF\xFE", "\xC3", "a\xC0\x80", "\xED\xA0\x80", "abandon\xE2\x80\x8B", "1.",
        "abandonabandonabandonabandonabandon", "\xF0\x9F\x98\x80", "z0o", "\xCC\x81", "\x1B[2J"}) {
    std::vector<std::string> typed = Words(kZeroWords);
    typed[4] = garbage;
    const MnemonicReport report = ReportOf(Joined(typed));
    EXPECT_EQ(report.fault, Fault::kUnknownWords) << garbage;
    ASSERT_THAT(report.unknown_words, SizeIs(1)) << garbage;
    EXPECT_EQ(report.unknown_words[0].position, 5u);
    EXPECT_THAT(MessageOf(Joined(typed)), Not(HasSubstr(garbage)));
  }
}

// ---- words: languages ----

TEST(MnemonicTest, LanguageIsTheOneWithMostWords) {
  std::vector<std::string> typed(11, "abaisser");
  typed.push_back("zoologie");
  EXPECT_EQ(ReportOf(Joined(typed)).language, Language::kFrench);
  typed.back() = "yellow";
  const MnemonicReport report = ReportOf(Joined(typed));
  EXPECT_EQ(report.fault, Fault::kUnknownWords);
  EXPECT_EQ(report.language, Language::kFrench);
  ASSERT_THAT(report.unknown_words, SizeIs(1));
  EXPECT_EQ(report.unknown_words[0].position, 12u);
  EXPECT_TRUE(report.unknown_words[0].in_other_language);
  EXPECT_THAT(MessageOf(Joined(typed)),
              HasSubstr("word 12 is not in the French list but in the other"));

  EXPECT_EQ(ReportOf(kZeroWords, Language::kFrench).language, Language::kFrench);
  EXPECT_EQ(ReportOf(kZeroWords, Language::kFrench).fault, Fault::kUnknownWords);

  // As many of each: what is in neither is named first, then what is not English.
  std::vector<std::string> half = {"yellow",   "yellow",   "yellow",   "yellow",
                                   "yellow",   "yellow",   "abaisser", "abaisser",
                                   "abaisser", "abaisser", "abaisser", "yelow"};
  half[5] = "abaiser";
  half[4] = "abaisser";
  half[3] = half[2] = half[1] = "yellow";
  half[10] = "yellow";
  const MnemonicReport neither = ReportOf(Joined(half));
  EXPECT_EQ(neither.language, std::nullopt);
  ASSERT_THAT(neither.unknown_words, SizeIs(2));
  EXPECT_EQ(neither.unknown_words[0].position, 6u);
  EXPECT_THAT(neither.unknown_words[0].suggestions, Contains("abaisser"));
  EXPECT_EQ(neither.unknown_words[1].position, 12u);
  EXPECT_THAT(neither.unknown_words[1].suggestions, Contains("yellow"));
  EXPECT_THAT(MessageOf(Joined(half)), HasSubstr("in neither the English nor the French list"));
  half[5] = "abaisser";
  half[11] = "yellow";
  const MnemonicReport mixed = ReportOf(Joined(half));
  EXPECT_EQ(mixed.fault, Fault::kUnknownWords);
  ASSERT_THAT(mixed.unknown_words, Not(IsEmpty()));
  EXPECT_TRUE(mixed.unknown_words[0].in_other_language);
}

// Words that are in both lists, as typed without accents: 100 that are spelt alike, 23 that are
// French once an accent is put back. Texts made of them alone are judged by the checksum.
TEST(MnemonicTest, WordsOfBothListsAreToldApartByTheChecksum) {
  std::set<std::string> english(kEnglishWords, kEnglishWords + kWordListSize);
  std::vector<std::string> both;
  size_t alike = 0;
  for (const char* french : kFrenchWords) {
    if (english.count(french) == 1) ++alike;
    if (english.count(Unaccented(french)) == 1) both.push_back(Unaccented(french));
  }
  EXPECT_EQ(alike, 100u);
  ASSERT_THAT(both, SizeIs(123));

  std::minstd_rand random(4365);
  size_t english_only = 0, french_only = 0, ambiguous = 0, neither = 0;
  for (int i = 0; i < 1500; ++i) {
    std::vector<std::string> words;
    for (int j = 0; j < 12; ++j) words.push_back(both[random() % both.size()]);
    const std::string text = Joined(words);
    const bool is_english = Mnemonic::Parse(text, Language::kEnglish).ok();
    const bool is_french = Mnemonic::Parse(text, Language::kFrench).ok();
    MnemonicReport report;
    const auto read = Mnemonic::Parse(text, std::nullopt, &report);
    if (is_english && is_french) {
      ++ambiguous;
      EXPECT_EQ(report.fault, Fault::kAmbiguous);
      EXPECT_THAT(std::string(read.status().message()), HasSubstr("say which language"));
    } else if (is_english || is_french) {
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(read->language(), is_english ? Language::kEnglish : Language::kFrench);
      ++(is_english ? english_only : french_only);
    } else {
      ++neither;
      EXPECT_EQ(report.fault, Fault::kWrongChecksum);
      EXPECT_EQ(report.language, std::nullopt);
    }
  }
  EXPECT_GT(english_only, 0u);
  EXPECT_GT(french_only, 0u);
  EXPECT_GT(ambiguous, 0u);
  EXPECT_GT(neither, 0u);
}

TEST(MnemonicTest, LanguageNames) {
  EXPECT_EQ(LanguageFromName(LanguageName(Language::kEnglish)), Language::kEnglish);
  EXPECT_EQ(LanguageFromName(LanguageName(Language::kFrench)), Language::kFrench);
  EXPECT_EQ(LanguageFromName("breton"), std::nullopt);
}

// ---- SLIP-0010 ----

struct Slip10Vector {
  std::string seed;
  std::string path;
  std::string chain_code;
  std::string private_key;
  std::string public_key;
};

void CheckSlip10(const Slip10Vector& vector) {
  SCOPED_TRACE(vector.path);
  const auto node = DerivePath(FromHex(vector.seed), vector.path);
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(ToHex(node->chain_code.view()), vector.chain_code);
  EXPECT_EQ(ToHex(node->seed.view()), vector.private_key);
  EXPECT_EQ(SecretKey::FromSeed(node->seed.view()).value().public_key().ToHex(), vector.public_key);
}

constexpr char kSlip10Seed1[] = "000102030405060708090a0b0c0d0e0f";
constexpr char kSlip10Seed2[] =
    "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875"
    "726f6c69"
    "6663605d5a5754514e4b484542";

// From SLIP-0010, test vectors 1 and 2 for ed25519: root and deepest node.
TEST(DerivationTest, FamousVectors) {
  CheckSlip10({kSlip10Seed1, "m",
               "90046a93de5380a72b5e45010748567d5ea02bbf6522f979e05c0d8d8ca9fffb",
               "2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7",
               "a4b2856bfec510abab89753fac1ac0e1112364e7d250545963f135f2a33188ed"});
  CheckSlip10({kSlip10Seed1, "m/0'",
               "8b59aa11380b624e81507a27fedda59fea6d0b779a778918a2fd3590e16e9c69",
               "68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3",
               "8c8a13df77a28f3445213a0f432fde644acaa215fc72dcdf300d5efaa85d350c"});
  CheckSlip10({kSlip10Seed1, "m/0'/1'/2'/2'/1000000000'",
               "68789923a0cac2cd5a29172a475fe9e0fb14cd6adb5ad98a3fa70333e7afa230",
               "8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793",
               "3c24da049451555d51a7014a37337aa4e12d41e485abccfa46b47dfb2af54b7a"});
  CheckSlip10({kSlip10Seed2, "m",
               "ef70a74db9c3a5af931b5fe73ed8e1a53464133654fd55e7a66f8570b8e33c3b",
               "171cb88b1b3c1db25add599712e36245d75bc65a1a5c9e18d76f9f2b1eab4012",
               "8fe9693f8fa62a4305a140b9764c5ee01e455963744fe18204b4fb948249308a"});
  CheckSlip10({kSlip10Seed2, "m/0'/2147483647'/1'/2147483646'/2'",
               "5d70af781f3a37b829f0d060924d5e960bdc02e85423494afc0b1a41bbe196d4",
               "551d333177df541ad876a60ea71f00447931c0a9da16f227c11ea080d7391b8d",
               "47150c75db263559a70d5778bf36abbab30fb061ad69f69ece61a72b0cfa4fc0"});
}

TEST(DerivationTest, AllSharedVectors) {
  const auto text = ReadShared("slip0010_ed25519.json");
  if (!text.has_value()) GTEST_SKIP() << "the shared vectors are not present";
  size_t count = 0;
  for (const auto& vector : nlohmann::json::parse(*text)) {
    for (const auto& chain : vector.at("chains")) {
      CheckSlip10({vector.at("seed"), chain.at("path"), chain.at("chain_code"), chain.at("private"),
                   chain.at("public_with_00").get<std::string>().substr(2)});
      ++count;
    }
  }
  EXPECT_EQ(count, 12u);
}

TEST(DerivationTest, OnlyHardenedChildren) {
  const ExtendedKey root = MasterKey(FromHex(kSlip10Seed1)).value();
  for (const uint32_t index : {0u, 1u, kHardened - 1}) {
    EXPECT_EQ(ChildKey(root, index).status().code(), absl::StatusCode::kInvalidArgument) << index;
  }
  EXPECT_TRUE(ChildKey(root, kHardened).ok());
  EXPECT_TRUE(ChildKey(root, 0xFFFFFFFFu).ok());
  EXPECT_FALSE(ChildKey(ExtendedKey{}, kHardened).ok());
}

TEST(DerivationTest, PathsAreReadStrictly) {
  const SecretBytes seed = FromHex(kSlip10Seed1);
  EXPECT_TRUE(DerivePath(seed, "m/44h/4365H/0'").ok());
  for (const char* bad :
       {"", "/0'", "M/0'", "m/", "m/0", "m/44'/4365'/0", "m0'", "m/0'/", "m//0'", "m/-1'", "m/+1'",
        "m/ 1'", "m/1''", "m/x'", "m/2147483648'", "m/4294967296'",
        "m/0'/0'/0'/0'/0'/0'/0'/0'/0'/0'/0'/0'/0'/0'/0'/0'/0'"}) {
    EXPECT_EQ(DerivePath(seed, bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_THAT(std::string(DerivePath(seed, "m/44'/0").status().message()), HasSubstr("hardened"));
  for (const size_t size : {0u, 15u, 65u}) {
    EXPECT_EQ(MasterKey(SecretBytes(size)).status().code(), absl::StatusCode::kInvalidArgument)
        << size;
  }
}

// The public keys were computed by a program of its own in Python (hashlib, hmac, libsodium).
TEST(DerivationTest, AccountsOfTheSameWords) {
  EXPECT_EQ(AccountPath(7), "m/44'/4365'/7'");
  const Mnemonic words = FromEntropyHex(Language::kEnglish, "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f");
  EXPECT_EQ(DeriveAccountKey(words, 0).value().public_key().ToHex(),
            "afc80235b9bb44dcfb6b180e9e47c1815a441c33046108a36e100411bf4be396");
  const Mnemonic french = FromEntropyHex(
      Language::kFrench, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  EXPECT_EQ(DeriveAccountKey(french, 3).value().public_key().ToHex(),
            "d4eb6950e86b9ecd3d5490bd721b6a66220a59d2faf8c6294ce4fe0771ab6018");
  EXPECT_NE(DeriveAccountKey(words, 1).value().public_key(),
            DeriveAccountKey(words, 0).value().public_key());
  EXPECT_TRUE(DeriveAccountKey(words, kAccountNumberMax).ok());
  EXPECT_EQ(DeriveAccountKey(words, kHardened).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kengred::keys
