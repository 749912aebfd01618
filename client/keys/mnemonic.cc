#include "kengred/keys/mnemonic.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>

#include "kengred/keys/utf8.h"
#include "kengred/keys/wordlists.h"

namespace kengred::keys {
namespace {

constexpr size_t kBitsPerWord = 11;
constexpr int kPbkdf2Rounds = 2048;
constexpr size_t kSuggestionsMax = 3;
constexpr size_t kSuggestionDistanceMax = 2;
constexpr size_t kPrefixLetters = 4;  // BIP-39: the first four letters tell every word of a list
constexpr std::array<Language, 2> kLanguages = {Language::kEnglish, Language::kFrench};

// The lists carry no other accents than these two, and only on e.
enum class Accent : uint8_t { kNone, kAcute, kGrave };

// ---- spelling ----

// A word as bare lower-case letters with an accent beside each. Letters that no list has become
// '?'.
struct Spelling {
  static constexpr size_t kLettersMax = 16;  // twice the longest word of the lists

  std::array<char, kLettersMax> letters{};
  std::array<Accent, kLettersMax> accents{};
  size_t size = 0;  // kLettersMax + 1: too long to be a word

  std::string_view text() const { return {letters.data(), std::min(size, kLettersMax)}; }

  void Add(char letter, Accent accent) {
    if (size < kLettersMax) {
      letters[size] = letter;
      accents[size] = accent;
    }
    size = std::min(size + 1, kLettersMax + 1);
  }
};

// The code points that stand for an accented letter of the lists, and the marks that follow a
// letter.
constexpr char32_t kSmallEAcute = 0xE9, kCapitalEAcute = 0xC9, kCombiningAcute = 0x301;
constexpr char32_t kSmallEGrave = 0xE8, kCapitalEGrave = 0xC8, kCombiningGrave = 0x300;
constexpr std::string_view kComposedEAcute = "\xC3\xA9", kDecomposedEAcute = "e\xCC\x81";
constexpr std::string_view kComposedEGrave = "\xC3\xA8", kDecomposedEGrave = "e\xCC\x80";

// What is no letter of the lists becomes a question mark.
void AddCodePoint(char32_t c, Spelling& word) {
  if (c >= U'a' && c <= U'z') {
    word.Add(static_cast<char>(c), Accent::kNone);
  } else if (c >= U'A' && c <= U'Z') {
    word.Add(static_cast<char>(c - U'A' + U'a'), Accent::kNone);
  } else if (c == kSmallEAcute || c == kCapitalEAcute) {
    word.Add('e', Accent::kAcute);
  } else if (c == kSmallEGrave || c == kCapitalEGrave) {
    word.Add('e', Accent::kGrave);
  } else if ((c == kCombiningAcute || c == kCombiningGrave) && word.size > 0 &&
             word.size <= Spelling::kLettersMax && word.letters[word.size - 1] == 'e' &&
             word.accents[word.size - 1] == Accent::kNone) {
    word.accents[word.size - 1] = c == kCombiningAcute ? Accent::kAcute : Accent::kGrave;
  } else {
    word.Add('?', Accent::kNone);
  }
}

Spelling SpellingOf(std::string_view text) {
  Spelling word;
  while (!text.empty()) AddCodePoint(TakeCodePoint(text).value_or(0), word);
  return word;
}

// What was typed, at most one word more than a backup may have.
struct TypedWords {
  std::array<Spelling, kMnemonicWordsMax + 1> words{};
  size_t size = 0;

  explicit TypedWords(std::string_view text) {
    bool inside = false;
    while (!text.empty()) {
      const std::optional<char32_t> c = TakeCodePoint(text);
      if (c.has_value() && IsWhiteSpace(*c)) {
        inside = false;
        continue;
      }
      if (!inside) {
        if (size == words.size()) return;
        ++size;
        inside = true;
      }
      AddCodePoint(c, words[size - 1]);
    }
  }
  ~TypedWords() { sodium_memzero(words.data(), sizeof(words)); }
  TypedWords(const TypedWords&) = delete;
  TypedWords& operator=(const TypedWords&) = delete;
};

// ---- the lists ----

struct ListedWord {
  Spelling spelling;
  uint16_t number = 0;  // its place in the list, which is its 11 bits
};

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// A word that may have been meant.
struct Near {
  size_t distance = 0;
  std::string display;
};

class WordList {
 public:
  explicit WordList(const char* const* words) : canonical_(words) {
    sorted_.reserve(kWordListSize);
    display_.reserve(kWordListSize);
    for (size_t i = 0; i < kWordListSize; ++i) {
      display_.push_back(Replaced(Replaced(words[i], kDecomposedEAcute, kComposedEAcute),
                                  kDecomposedEGrave, kComposedEGrave));
      sorted_.push_back({SpellingOf(words[i]), static_cast<uint16_t>(i)});
    }
    std::sort(sorted_.begin(), sorted_.end(), [](const ListedWord& a, const ListedWord& b) {
      return a.spelling.text() < b.spelling.text();
    });
  }

  std::string_view canonical(size_t number) const { return canonical_[number]; }
  const std::string& display(size_t number) const { return display_[number]; }

  // The number of a word; an accent may be left out but not be another one.
  std::optional<uint16_t> Find(const Spelling& word) const {
    const auto found = std::lower_bound(
        sorted_.begin(), sorted_.end(), word.text(),
        [](const ListedWord& a, std::string_view text) { return a.spelling.text() < text; });
    if (found == sorted_.end() || found->spelling.size != word.size ||
        found->spelling.text() != word.text()) {
      return std::nullopt;
    }
    for (size_t i = 0; i < word.size; ++i) {
      if (word.accents[i] != Accent::kNone && word.accents[i] != found->spelling.accents[i]) {
        return std::nullopt;
      }
    }
    return found->number;
  }

  // Adds the words at a distance of at most kSuggestionDistanceMax.
  void AddNear(const Spelling& word, std::vector<Near>& near) const;

 private:
  const char* const* canonical_;
  std::vector<std::string> display_;
  std::vector<ListedWord> sorted_;
};

const WordList& ListOf(Language language) {
  static const WordList& english = *new WordList(kEnglishWords);
  static const WordList& french = *new WordList(kFrenchWords);
  return language == Language::kEnglish ? english : french;
}

// How many letters were dropped, added, changed or swapped with their neighbour (optimal string
// alignment, a variant of Damerau-Levenshtein).
size_t Distance(std::string_view a, std::string_view b) {
  std::array<std::array<size_t, Spelling::kLettersMax + 1>, Spelling::kLettersMax + 1> cost{};
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

void WordList::AddNear(const Spelling& word, std::vector<Near>& near) const {
  for (const ListedWord& listed : sorted_) {
    size_t distance = Distance(word.text(), listed.spelling.text());
    if (word.size >= kPrefixLetters && listed.spelling.text().substr(0, word.size) == word.text()) {
      distance = std::min<size_t>(distance, 1);  // an abbreviation
    }
    if (distance <= kSuggestionDistanceMax) {
      near.push_back({.distance = distance, .display = display(listed.number)});
    }
  }
}

// The nearest words of the languages, those at the least distance only.
std::vector<std::string> Suggestions(const Spelling& word, std::span<const Language> languages) {
  std::vector<Near> near;
  for (const Language language : languages) ListOf(language).AddNear(word, near);
  std::stable_sort(near.begin(), near.end(),
                   [](const Near& a, const Near& b) { return a.distance < b.distance; });
  std::vector<std::string> words;
  for (Near& candidate : near) {
    if (words.size() == kSuggestionsMax || candidate.distance > near.front().distance) break;
    if (std::find(words.begin(), words.end(), candidate.display) == words.end()) {
      words.push_back(std::move(candidate.display));
    }
  }
  return words;
}

// ---- numbers <-> entropy ----

// The numbers of the words in one list.
struct Numbers {
  std::array<std::optional<uint16_t>, kMnemonicWordsMax> words{};
  size_t known = 0;

  Numbers() = default;
  Numbers(const TypedWords& typed, Language language) {
    for (size_t i = 0; i < typed.size; ++i) {
      words[i] = ListOf(language).Find(typed.words[i]);
      if (words[i].has_value()) ++known;
    }
  }
  ~Numbers() { sodium_memzero(words.data(), sizeof(words)); }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;
};

bool IsEntropySize(size_t bytes) { return bytes >= 16 && bytes <= 32 && bytes % 4 == 0; }
bool IsWordCount(size_t words) { return words >= 12 && words <= 24 && words % 3 == 0; }

// The entropy followed by the first byte of its SHA-256, whose first size/4 bits are the checksum.
SecretBytes WithChecksum(std::span<const uint8_t> entropy) {
  SecretBytes bits(entropy.size() + 1);
  SecretBytes digest(crypto_hash_sha256_BYTES);
  std::memcpy(bits.data(), entropy.data(), entropy.size());
  crypto_hash_sha256(digest.data(), entropy.data(), entropy.size());
  bits.data()[entropy.size()] = digest.data()[0];
  return bits;
}

size_t NumberAt(const SecretBytes& bits, size_t word) {
  size_t number = 0;
  for (size_t bit = word * kBitsPerWord; bit < (word + 1) * kBitsPerWord; ++bit) {
    number = number << 1 | (static_cast<size_t>(bits.data()[bit / 8]) >> (7 - bit % 8) & 1u);
  }
  return number;
}

// Nothing where the checksum does not fit. All `count` numbers must be there, `count` a word count.
std::optional<SecretBytes> EntropyOf(const Numbers& numbers, size_t count) {
  SecretBytes bits(count * 4 / 3 + 1);
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < kBitsPerWord; ++j) {
      const size_t bit = i * kBitsPerWord + j;
      const unsigned value =
          static_cast<unsigned>(*numbers.words[i]) >> (kBitsPerWord - 1 - j) & 1u;
      bits.data()[bit / 8] = static_cast<uint8_t>(bits.data()[bit / 8] | value << (7 - bit % 8));
    }
  }
  const std::span<const uint8_t> entropy = bits.span().first(bits.size() - 1);
  const SecretBytes expected = WithChecksum(entropy);
  const size_t checksum_bits = count / 3;
  const auto difference =
      static_cast<unsigned>(bits.data()[entropy.size()] ^ expected.data()[entropy.size()]);
  if (difference >> (8 - checksum_bits) != 0) return std::nullopt;
  return SecretBytes::CopyOf(entropy);
}

// ---- messages ----

std::string ListPhrase(std::optional<Language> language) {
  if (!language.has_value()) return "in neither the English nor the French list";
  return *language == Language::kEnglish ? "not in the English list" : "not in the French list";
}

std::string Describe(const MnemonicReport& report) {
  using Fault = MnemonicReport::Fault;
  switch (report.fault) {
    case Fault::kNone:
      return "";
    case Fault::kEmpty:
      return "no words; a backup has 12, 15, 18, 21 or 24";
    case Fault::kTooLong:
      return "more than 24 words; a backup has 12, 15, 18, 21 or 24";
    case Fault::kWrongCount:
      return std::to_string(report.words) + (report.words == 1 ? " word" : " words") +
             "; a backup has 12, 15, 18, 21 or 24";
    case Fault::kWrongChecksum:
      return "all words are in the list, but they do not fit together: one is not the word that "
             "was "
             "written down, or two are swapped";
    case Fault::kAmbiguous:
      return "these words are valid in English and in French, for different keys: say which "
             "language";
    case Fault::kUnknownWords:
      break;
  }
  std::string message;
  for (const MnemonicReport::UnknownWord& word : report.unknown_words) {
    if (!message.empty()) message += "; ";
    message += "word " + std::to_string(word.position) + " is " + ListPhrase(report.language);
    if (word.in_other_language) message += " but in the other; all words are of one language";
    for (size_t i = 0; i < word.suggestions.size(); ++i) {
      message += (i == 0 ? ", did you mean " : " or ") + word.suggestions[i];
    }
    if (!word.suggestions.empty()) message += "?";
  }
  return message;
}

std::vector<MnemonicReport::UnknownWord> UnknownWords(const TypedWords& typed,
                                                      const Numbers& numbers, Language language,
                                                      const Numbers* other) {
  std::vector<MnemonicReport::UnknownWord> unknown;
  for (size_t i = 0; i < typed.size; ++i) {
    if (numbers.words[i].has_value()) continue;
    unknown.push_back({.position = i + 1,
                       .in_other_language = other != nullptr && other->words[i].has_value(),
                       .suggestions = Suggestions(typed.words[i], {&language, 1})});
  }
  return unknown;
}

// The words that are in neither list.
std::vector<MnemonicReport::UnknownWord> UnknownInBoth(const TypedWords& typed,
                                                       const Numbers& english,
                                                       const Numbers& french) {
  std::vector<MnemonicReport::UnknownWord> unknown;
  for (size_t i = 0; i < typed.size; ++i) {
    if (english.words[i].has_value() || french.words[i].has_value()) continue;
    unknown.push_back({.position = i + 1, .suggestions = Suggestions(typed.words[i], kLanguages)});
  }
  return unknown;
}

}  // namespace

Mnemonic::Mnemonic(Language language, SecretBytes entropy)
    : language_(language), entropy_(std::move(entropy)) {}

Mnemonic Mnemonic::Generate(Language language, WordCount count) {
  SecretBytes entropy(static_cast<size_t>(count) * 4 / 3);
  randombytes_buf(entropy.data(), entropy.size());
  return Mnemonic(language, std::move(entropy));
}

absl::StatusOr<Mnemonic> Mnemonic::FromEntropy(Language language, SecretBytes entropy) {
  if (!IsEntropySize(entropy.size())) {
    return absl::InvalidArgumentError("entropy has 16, 20, 24, 28 or 32 bytes, not " +
                                      std::to_string(entropy.size()));
  }
  return Mnemonic(language, std::move(entropy));
}

absl::StatusOr<Mnemonic> Mnemonic::Parse(std::string_view text, std::optional<Language> language,
                                         MnemonicReport* report) {
  using Fault = MnemonicReport::Fault;
  MnemonicReport own;
  MnemonicReport& r = report == nullptr ? own : *report;
  r = {};
  const auto fail = [&](Fault fault) {
    r.fault = fault;
    return absl::InvalidArgumentError(Describe(r));
  };

  if (text.size() > kMnemonicTextBytesMax) {
    r.words = kMnemonicWordsMax + 1;
    return fail(Fault::kTooLong);
  }
  const TypedWords typed(text);
  r.words = typed.size;
  r.language = language;
  if (typed.size == 0) return fail(Fault::kEmpty);
  if (typed.size > kMnemonicWordsMax) return fail(Fault::kTooLong);

  const Numbers english(typed, Language::kEnglish);
  const Numbers french(typed, Language::kFrench);
  const auto numbers_of = [&](Language l) -> const Numbers& {
    return l == Language::kEnglish ? english : french;
  };

  // A language is possible when it is the one asked for, or none was; it fits when it has every
  // word.
  std::vector<Language> fitting;
  for (const Language candidate : kLanguages) {
    if (language.has_value() && *language != candidate) continue;
    if (numbers_of(candidate).known == typed.size) fitting.push_back(candidate);
  }
  if (fitting.empty()) {
    if (!r.language.has_value() && english.known != french.known) {
      r.language = english.known > french.known ? Language::kEnglish : Language::kFrench;
    }
    if (!r.language.has_value()) r.unknown_words = UnknownInBoth(typed, english, french);
    if (r.unknown_words.empty()) {
      // Half of the words are of one language and half of the other: name those of the second.
      const Language main = r.language.value_or(Language::kEnglish);
      r.language = main;
      const Numbers& other = main == Language::kEnglish ? french : english;
      r.unknown_words = UnknownWords(typed, numbers_of(main), main, &other);
    }
    return fail(Fault::kUnknownWords);
  }
  if (fitting.size() == 1) r.language = fitting.front();
  if (!IsWordCount(typed.size)) return fail(Fault::kWrongCount);

  std::optional<Mnemonic> result;
  for (const Language candidate : fitting) {
    std::optional<SecretBytes> entropy = EntropyOf(numbers_of(candidate), typed.size);
    if (!entropy.has_value()) continue;
    if (result.has_value()) return fail(Fault::kAmbiguous);
    result = Mnemonic(candidate, *std::move(entropy));
  }
  if (!result.has_value()) return fail(Fault::kWrongChecksum);
  r.language = result->language();
  return *std::move(result);
}

std::string_view Mnemonic::word(size_t i) const {
  return ListOf(language_).display(NumberAt(WithChecksum(entropy_.span()), i));
}

SecretString Mnemonic::DisplayText() const {
  SecretString text;
  for (size_t i = 0; i < word_count(); ++i) {
    if (i > 0) text.push_back(' ');
    text.Append(word(i));
  }
  return text;
}

SecretString Mnemonic::CanonicalText() const {
  const SecretBytes bits = WithChecksum(entropy_.span());
  SecretString text;
  for (size_t i = 0; i < word_count(); ++i) {
    if (i > 0) text.push_back(' ');
    text.Append(ListOf(language_).canonical(NumberAt(bits, i)));
  }
  return text;
}

SecretBytes Mnemonic::Seed() const { return SeedWithPassphrase("").value(); }

absl::StatusOr<SecretBytes> Mnemonic::SeedWithPassphrase(std::string_view passphrase) const {
  if (std::any_of(passphrase.begin(), passphrase.end(),
                  [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    return absl::InvalidArgumentError("a BIP-39 passphrase must be ASCII");
  }
  if (passphrase.size() > kMnemonicTextBytesMax) {
    return absl::InvalidArgumentError("a BIP-39 passphrase has at most 4096 bytes");
  }
  const SecretString words = CanonicalText();
  SecretString salt = SecretString::CopyOf("mnemonic");
  salt.Append(passphrase);
  SecretBytes seed(kMasterSeedBytes);
  if (PKCS5_PBKDF2_HMAC(
          words.view().data(), static_cast<int>(words.size()),
          static_cast<const unsigned char*>(static_cast<const void*>(salt.view().data())),
          static_cast<int>(salt.size()), kPbkdf2Rounds, EVP_sha512(), static_cast<int>(seed.size()),
          seed.data()) != 1) {
    return absl::InternalError("PBKDF2-HMAC-SHA512 is not available in this OpenSSL");
  }
  return seed;
}

std::string_view LanguageName(Language language) {
  return language == Language::kEnglish ? "english" : "french";
}

std::optional<Language> LanguageFromName(std::string_view name) {
  for (const Language language : kLanguages) {
    if (name == LanguageName(language)) return language;
  }
  return std::nullopt;
}

}  // namespace kengred::keys
