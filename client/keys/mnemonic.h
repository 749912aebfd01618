// Backup words: BIP-39 (https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki) with the
// English and the French list.
//
// Twelve words hold 128 bits of entropy and a checksum of 4 bits; 15, 18, 21 and 24 words hold 160,
// 192, 224 and 256 bits. The words are all a person needs to get every key back.
//
// Words are read leniently and written strictly. Any white space and any case are accepted, French
// accents composed, decomposed or left out (no two words of the list differ by accents alone); but
// a wrong accent or an abbreviation is an error with a suggestion, never silently completed. The
// seed is always computed from the list's own spelling, whatever was typed.
//
// The language is judged from all words together, since 100 words are in both lists, and 23 French
// words typed without accents are English ones.
//
// Threads: everything here may be called from any thread; a Mnemonic belongs to one at a time.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/keys/secret_bytes.h"

namespace kengred::keys {

// The numbers are stored in key files: never change one.
enum class Language : uint8_t { kEnglish = 1, kFrench = 2 };

// How many words; the number of the enumerator.
enum class WordCount : uint8_t {
  kTwelve = 12,  // 128 bits, what most wallets use
  kFifteen = 15,
  kEighteen = 18,
  kTwentyOne = 21,
  kTwentyFour = 24,  // 256 bits
};

inline constexpr size_t kMnemonicWordsMax = 24;
inline constexpr size_t kMnemonicTextBytesMax = 4096;
inline constexpr size_t kMasterSeedBytes = 64;

// What was wrong with words that were typed, for a program that speaks to the person in their
// language. The message of the Status says the same in English. Words and suggestions tell about
// the secret: show them to the person who typed it, never log them.
struct MnemonicReport {
  enum class Fault {
    kNone,
    kEmpty,          // no word at all
    kTooLong,        // more than kMnemonicTextBytesMax bytes or kMnemonicWordsMax words
    kUnknownWords,   // see unknown_words
    kWrongCount,     // all words are known, but there are not 12, 15, 18, 21 or 24
    kWrongChecksum,  // all words are known; one is another than was written down, or two are
                     // swapped
    kAmbiguous,  // valid both in English and in French, as other keys: the language must be said
  };
  struct UnknownWord {
    size_t position = 0;             // from 1
    bool in_other_language = false;  // it is a word of the other list
    std::vector<std::string>
        suggestions;  // the nearest of the list, at most 3, with composed accents
  };

  Fault fault = Fault::kNone;
  size_t words = 0;  // how many were typed; kMnemonicWordsMax + 1 for any more than that
  // The language the words are in, or most of them; nothing where that cannot be told.
  std::optional<Language> language;
  std::vector<UnknownWord> unknown_words;
};

// Entropy and the language in which it is written as words. Movable, not copyable.
class Mnemonic {
 public:
  // New random words.
  static Mnemonic Generate(Language language, WordCount count = WordCount::kTwelve);

  // InvalidArgument unless `entropy` has 16, 20, 24, 28 or 32 bytes.
  static absl::StatusOr<Mnemonic> FromEntropy(Language language, SecretBytes entropy);

  // Reads words that a person typed. With `language`, only that list is tried. InvalidArgument says
  // which word is wrong, by its place, with the nearest words; `report`, where given, says it as
  // data.
  static absl::StatusOr<Mnemonic> Parse(std::string_view text,
                                        std::optional<Language> language = std::nullopt,
                                        MnemonicReport* report = nullptr);

  Language language() const { return language_; }
  const SecretBytes& entropy() const { return entropy_; }
  Mnemonic Clone() const { return Mnemonic(language_, entropy_.Clone()); }

  size_t word_count() const { return entropy_.size() * 3 / 4; }
  // One word with composed accents, as a terminal shows it; `i` from 0 and below word_count(). The
  // text belongs to the list and lives for ever.
  std::string_view word(size_t i) const;
  // All words, separated by one space, with composed accents: for people to read.
  SecretString DisplayText() const;
  // All words, separated by one space, as BIP-39 hashes them (NFKD: decomposed accents).
  SecretString CanonicalText() const;

  // The master seed, 64 bytes: PBKDF2-HMAC-SHA512 of the canonical text, 2048 rounds. Kengred never
  // adds BIP-39's optional passphrase: a mistyped one would open another, empty account.
  SecretBytes Seed() const;
  // The same with that passphrase, for BIP-39's test vectors and for words of other wallets.
  // InvalidArgument unless it is ASCII, whose NFKD form is itself, and at most
  // kMnemonicTextBytesMax.
  absl::StatusOr<SecretBytes> SeedWithPassphrase(std::string_view passphrase) const;

 private:
  Mnemonic(Language language, SecretBytes entropy);

  Language language_;
  SecretBytes entropy_;
};

// "english", "french": for options and configuration.
std::string_view LanguageName(Language language);
std::optional<Language> LanguageFromName(std::string_view name);

}  // namespace kengred::keys
