// Who one is: init, restore, words, passphrase, profile.
#include <fmt/format.h>

#include <optional>

#include "kengred/core/signing.h"
#include "kengred/keys/derivation.h"
#include "kengred/keys/key_file.h"
#include "kengred/keys/mnemonic.h"
#include "wallet/commands/commands.h"
#include "wallet/files.h"
#include "wallet/passphrase.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

constexpr int kTriesMax = 3;
constexpr size_t kWordsPerLine = 4;

// ---- shared ----

absl::StatusOr<keys::Language> LanguageOfOption(const std::string& option) {
  const std::string chosen = option.empty() ? std::string(Language()) : option;
  if (chosen == "fr" || chosen == "french") return keys::Language::kFrench;
  if (chosen == "en" || chosen == "english") return keys::Language::kEnglish;
  return Fail(ExitCode::kUsage, Tr("There is no word list “{}”.", option), _("Choose fr or en."));
}

// The words in lines of four, numbered.
keys::SecretString NumberedWords(const keys::Mnemonic& mnemonic) {
  size_t width = 0;
  for (size_t i = 0; i < mnemonic.word_count(); ++i) {
    width = std::max(width, DisplayWidth(mnemonic.word(i)));
  }
  keys::SecretString text;
  for (size_t i = 0; i < mnemonic.word_count(); ++i) {
    text.Append(fmt::format("{:>4}. ", i + 1));
    const std::string_view word = mnemonic.word(i);
    text.Append(word);
    const bool last = i % kWordsPerLine + 1 == kWordsPerLine || i + 1 == mnemonic.word_count();
    if (last) {
      text.push_back('\n');
    } else {
      text.Append(std::string(width - DisplayWidth(word), ' '));
    }
  }
  return text;
}

// Whether `typed` is word `position` of the mnemonic, read as leniently as words always are.
bool IsWord(const keys::Mnemonic& mnemonic, size_t position, std::string_view typed) {
  keys::SecretString text;
  for (size_t i = 0; i < mnemonic.word_count(); ++i) {
    if (i != 0) text.push_back(' ');
    text.Append(i == position ? typed : mnemonic.word(i));
  }
  const auto parsed = keys::Mnemonic::Parse(text.view(), mnemonic.language());
  return parsed.ok() && parsed->entropy().Equals(mnemonic.entropy());
}

// Two different random places below `count`.
std::pair<size_t, size_t> TwoPlaces(size_t count) {
  const std::string random = RandomBytes(2);
  const size_t first = static_cast<unsigned char>(random[0]) % count;
  const size_t step = 1 + static_cast<unsigned char>(random[1]) % (count - 1);
  return {first, (first + step) % count};
}

absl::Status ConfirmWords(const keys::Mnemonic& mnemonic, Io& io) {
  const auto [a, b] = TwoPlaces(mnemonic.word_count());
  for (const size_t place : {std::min(a, b), std::max(a, b)}) {
    for (int tries = 0;; ++tries) {
      auto typed = io.terminal->ReadLine(Tr("To be sure, type word {}: ", place + 1));
      if (!typed.ok()) {
        return Fail(ExitCode::kDeclined, _("The words were not confirmed. Nothing was made."),
                    _("Run the command again, with paper and pen at hand."));
      }
      const keys::SecretString word = keys::SecretString::Take(*typed);
      if (IsWord(mnemonic, place, word.view())) break;
      if (tries + 1 == kTriesMax) {
        return Fail(ExitCode::kDeclined, _("The words were not confirmed. Nothing was made."),
                    _("Run the command again, with paper and pen at hand."));
      }
      io.terminal->Write(std::string(_("That is not the word. Look at your paper.")) + "\n");
    }
  }
  return absl::OkStatus();
}

absl::Status WriteWordsFile(const keys::Mnemonic& mnemonic, const std::string& path) {
  keys::SecretString text = mnemonic.DisplayText();
  text.push_back('\n');
  return WritePrivateFile(path, text.view(), false);
}

// The passphrase of a new key file and what a guess of it costs.
struct Seal {
  keys::SecretString passphrase;
  keys::Argon2Cost cost = keys::kCostInteractive;
};

absl::StatusOr<Seal> NewSeal(const Io& io, bool no_passphrase) {
  Seal seal;
  if (no_passphrase) {
    seal.passphrase = keys::SecretString::CopyOf(keys::kNoPassphrase);
    seal.cost = keys::kCostMin;
    return seal;
  }
  WALLET_ASSIGN_OR_RETURN(seal.passphrase,
                          GetNewPassphrase(io, _("Choose a passphrase, a few words long: ")));
  return seal;
}

absl::Status WriteKey(const Profile& profile, keys::Mnemonic mnemonic, uint32_t account_number,
                      const Seal& seal) {
  keys::KeyFileContent content{.profile = profile.name(),
                               .ledger = {},
                               .mnemonic = std::move(mnemonic),
                               .account_number = account_number};
  const absl::Status written = keys::WriteKeyFile(profile.key_path(), content, seal.passphrase,
                                                  {.overwrite = false, .cost = seal.cost});
  if (!written.ok()) {
    return Fail(ExitCode::kFile, std::string(written.message()),
                _("Check that the folder exists, is yours, and has room."));
  }
  return profile.Save();
}

void ReportNewProfile(const Profile& profile, const PublicKey& key, Json json, Io& io) {
  json["profile"] = profile.name();
  json["folder"] = profile.folder();
  json["public_key"] = key.ToHex();
  io.Result(
      json,
      Tr("The profile “{}” is ready. Its public key is {}.", profile.name(), key.ToHex()) + "\n");
  io.Say(_("Next: kengred ledger add ADDRESS, the server of your community."));
}

// ---- init ----

struct InitOptions {
  std::string language;
  int words = 12;
  bool no_confirm = false;
  bool no_passphrase = false;
  std::string words_out;
};

void BindInit(CLI::App& command, InitOptions& options) {
  command
      .add_option("--language", options.language,
                  _("language of the words: fr or en (default: yours)"))
      ->type_name("fr|en");
  command.add_option("--words", options.words, _("how many words: 12 or 24 (default: 12)"))
      ->type_name("12|24")
      ->check(CLI::IsMember({12, 24}));
  command.add_flag("--no-confirm", options.no_confirm, _("do not ask for two of the words"));
  command.add_flag("--no-passphrase", options.no_passphrase,
                   _("no passphrase: whoever can read the file can pay. For tills and tries"));
  command
      .add_option("--words-out", options.words_out,
                  _("write the words to this new file instead of showing them"))
      ->type_name(_("FILE"));
}

absl::Status RunInit(const InitOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const keys::Language language, LanguageOfOption(options.language));
  WALLET_ASSIGN_OR_RETURN(const Profile profile, Profile::Create(io));
  WALLET_ASSIGN_OR_RETURN(const Seal seal, NewSeal(io, options.no_passphrase));
  keys::Mnemonic mnemonic = keys::Mnemonic::Generate(
      language, options.words == 24 ? keys::WordCount::kTwentyFour : keys::WordCount::kTwelve);
  bool shown = false;
  if (!options.words_out.empty()) {
    WALLET_RETURN_IF_ERROR(WriteWordsFile(mnemonic, options.words_out));
    io.Say(Tr("The words are in {}. Print them or write them down, then delete the file.",
              options.words_out));
  } else if (io.terminal->available()) {
    shown = true;
    io.terminal->Write(std::string("\n") +
                       _("Write these words on paper, in this order. They are your money:\n"
                         "whoever has them has it, and without them a lost device is lost money.") +
                       "\n\n");
    io.terminal->Write(NumberedWords(mnemonic).view());
    io.terminal->Write("\n");
    if (!options.no_confirm && !io.options.yes) {
      WALLET_RETURN_IF_ERROR(ConfirmWords(mnemonic, io));
    }
  } else {
    io.Warn(
        _("the words were not shown, since there is no terminal. See them with: kengred words"));
  }
  auto key = keys::DeriveAccountKey(mnemonic, 0);
  if (!key.ok()) return key.status();
  WALLET_RETURN_IF_ERROR(WriteKey(profile, std::move(mnemonic), 0, seal));
  Json json;
  json["words_shown"] = shown;
  ReportNewProfile(profile, key->public_key(), std::move(json), io);
  return absl::OkStatus();
}

// ---- restore ----

struct RestoreOptions {
  std::string language;
  uint32_t account_number = 0;
  bool no_passphrase = false;
  std::string words_file;
  int words_fd = -1;
};

void BindRestore(CLI::App& command, RestoreOptions& options) {
  command
      .add_option("--language", options.language,
                  _("language of the words: fr or en (default: recognised)"))
      ->type_name("fr|en");
  command
      .add_option("--words-file", options.words_file,
                  _("read the words from a file that only you may read"))
      ->type_name(_("FILE"));
  command
      .add_option("--words-fd", options.words_fd,
                  _("read the words from this open file descriptor"))
      ->type_name("N")
      ->check(CLI::Range(0, 1 << 20));
  command
      .add_option("--account-number", options.account_number,
                  _("which of the words' accounts, from 0 (default: 0)"))
      ->type_name("N")
      ->check(CLI::Range(0u, keys::kAccountNumberMax));
  command.add_flag("--no-passphrase", options.no_passphrase,
                   _("no passphrase: whoever can read the file can pay. For tills and tries"));
}

// What is wrong with words that were typed.
absl::Status WordsError(const keys::MnemonicReport& report) {
  using Fault = keys::MnemonicReport::Fault;
  const std::string hint = _("Look at your paper: the words, their order, their spelling.");
  switch (report.fault) {
    case Fault::kUnknownWords: {
      std::string message;
      for (const auto& word : report.unknown_words) {
        std::string line = word.in_other_language
                               ? Tr("Word {} is of the other language's list.", word.position)
                               : Tr("Word {} is not in the list.", word.position);
        if (!word.suggestions.empty()) {
          std::string list;
          for (const std::string& each : word.suggestions)
            list += (list.empty() ? "" : ", ") + each;
          line += " " + Tr("Near it: {}.", list);
        }
        message += (message.empty() ? "" : " ") + line;
      }
      return Fail(ExitCode::kUsage, message, hint);
    }
    case Fault::kWrongCount:
      return Fail(ExitCode::kUsage,
                  Tr("There are {} words; there must be 12, 15, 18, 21 or 24.", report.words),
                  hint);
    case Fault::kWrongChecksum:
      return Fail(ExitCode::kUsage,
                  _("The words do not belong together: one is another word, or two are swapped."),
                  hint);
    case Fault::kAmbiguous:
      return Fail(ExitCode::kUsage, _("The words are valid in French and in English."),
                  _("Say which with --language fr or --language en."));
    case Fault::kTooLong:
      return Fail(ExitCode::kUsage, _("There are more than 24 words."), hint);
    case Fault::kEmpty:
    case Fault::kNone:
      break;
  }
  return Fail(ExitCode::kUsage, _("No words were given."), hint);
}

absl::StatusOr<keys::SecretString> GetWords(const RestoreOptions& options, Io& io) {
  if (options.words_fd >= 0) return ReadSecretFd(options.words_fd, true);
  if (!options.words_file.empty()) return ReadSecretFile(options.words_file, true);
  if (!io.terminal->available()) {
    return Fail(ExitCode::kUsage, _("The words are needed and there is no terminal to ask."),
                _("Give --words-file FILE or --words-fd N."));
  }
  auto typed = io.terminal->ReadLine(_("Your words, in order, separated by spaces:\n> "));
  if (!typed.ok()) {
    return Fail(ExitCode::kDeclined, _("No words were given. Nothing was done."),
                _("Run the command again."));
  }
  return keys::SecretString::Take(*typed);
}

absl::Status RunRestore(const RestoreOptions& options, Io& io) {
  std::optional<keys::Language> language;
  if (!options.language.empty()) {
    WALLET_ASSIGN_OR_RETURN(language, LanguageOfOption(options.language));
  }
  WALLET_ASSIGN_OR_RETURN(const Profile profile, Profile::Create(io));
  WALLET_ASSIGN_OR_RETURN(const keys::SecretString words, GetWords(options, io));
  keys::MnemonicReport report;
  auto mnemonic = keys::Mnemonic::Parse(words.view(), language, &report);
  if (!mnemonic.ok()) return WordsError(report);
  WALLET_ASSIGN_OR_RETURN(const Seal seal, NewSeal(io, options.no_passphrase));
  auto key = keys::DeriveAccountKey(*mnemonic, options.account_number);
  if (!key.ok()) return key.status();
  WALLET_RETURN_IF_ERROR(WriteKey(profile, *std::move(mnemonic), options.account_number, seal));
  ReportNewProfile(profile, key->public_key(), Json::object(), io);
  return absl::OkStatus();
}

// ---- words ----

struct WordsOptions {
  std::string words_out;
};

void BindWords(CLI::App& command, WordsOptions& options) {
  command
      .add_option("--words-out", options.words_out,
                  _("write the words to this new file instead of showing them"))
      ->type_name(_("FILE"));
}

absl::Status RunWords(const WordsOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const Profile profile, Profile::Load(io));
  if (options.words_out.empty() && !io.terminal->available()) {
    return Fail(ExitCode::kUsage, _("Words are shown on a terminal only, and there is none."),
                _("Give --words-out FILE."));
  }
  WALLET_ASSIGN_OR_RETURN(const keys::OpenedKeyFile opened, UnlockKeyFile(io, profile));
  Json json;
  json["profile"] = profile.name();
  json["account_number"] = opened.content.account_number;
  if (!options.words_out.empty()) {
    WALLET_RETURN_IF_ERROR(WriteWordsFile(opened.content.mnemonic, options.words_out));
    json["words_file"] = options.words_out;
    io.Result(json, Tr("The words are in {}.", options.words_out) + "\n");
    return absl::OkStatus();
  }
  io.terminal->Write(NumberedWords(opened.content.mnemonic).view());
  io.Result(json, "");
  return absl::OkStatus();
}

// ---- passphrase ----

struct PassphraseChangeOptions {
  std::string new_file;
  int new_fd = -1;
  bool remove = false;
};

void BindPassphraseChange(CLI::App& command, PassphraseChangeOptions& options) {
  command
      .add_option("--new-passphrase-file", options.new_file,
                  _("read the new passphrase from the first line of a file"))
      ->type_name(_("FILE"));
  command
      .add_option("--new-passphrase-fd", options.new_fd,
                  _("read the new passphrase from this open file descriptor"))
      ->type_name("N")
      ->check(CLI::Range(0, 1 << 20));
  command.add_flag("--no-passphrase", options.remove,
                   _("no passphrase from now on: whoever can read the file can pay"));
}

absl::Status RunPassphraseChange(const PassphraseChangeOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const Profile profile, Profile::Load(io));
  WALLET_ASSIGN_OR_RETURN(keys::OpenedKeyFile opened, UnlockKeyFile(io, profile));
  // What gave the old passphrase must not give the new one.
  Io fresh = io;
  fresh.options.passphrase_file = options.new_file;
  fresh.options.passphrase_fd = options.new_fd;
  fresh.environment = [](const char*) { return std::nullopt; };
  WALLET_ASSIGN_OR_RETURN(const Seal seal, NewSeal(fresh, options.remove));
  const absl::Status written = keys::WriteKeyFile(
      profile.key_path(), opened.content, seal.passphrase, {.overwrite = true, .cost = seal.cost});
  if (!written.ok()) {
    return Fail(ExitCode::kFile, std::string(written.message()),
                _("The old passphrase still holds."));
  }
  Json json;
  json["profile"] = profile.name();
  json["passphrase"] = !options.remove;
  io.Result(json,
            Tr("The passphrase of the profile “{}” has been changed.", profile.name()) + "\n");
  io.Say(_("Old copies of the key file still open with the old passphrase."));
  return absl::OkStatus();
}

// ---- profile ----

struct ProfileListOptions {};
void BindProfileList(CLI::App&, ProfileListOptions&) {}

absl::Status RunProfileList(const ProfileListOptions&, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::vector<std::string> names, Profile::List(io));
  const std::string chosen = ChosenProfileName(io);
  Json list = Json::array();
  Table table({{"", {}}, {_("PROFILE"), {}}, {_("LEDGERS"), {}}, {_("PUBLIC KEY"), {}}});
  for (const std::string& name : names) {
    Io other = io;
    other.options.profile = name;
    Json item;
    item["profile"] = name;
    item["chosen"] = name == chosen;
    std::string ledgers;
    std::string key;
    auto profile = Profile::Load(other);
    item["ledgers"] = Json::array();
    if (profile.ok()) {
      for (const LedgerEntry& entry : profile->config().ledgers) {
        item["ledgers"].push_back(entry.name);
        ledgers += (ledgers.empty() ? "" : ", ") + entry.name;
      }
      if (const auto info = ReadKeyInfo(*profile); info.ok()) {
        key = info->public_key.ToHex();
        item["passphrase"] = info->cost != keys::kCostMin;
      }
    }
    // A damaged profile is listed too: it exists, and its own commands say what is wrong.
    item["public_key"] = key.empty() ? Json(nullptr) : Json(key);
    list.push_back(std::move(item));
    table.Add({name == chosen ? "*" : "", name, ledgers, key.empty() ? _("(damaged)") : key});
  }
  io.Result(Json{{"profiles", list}}, table.empty() ? "" : table.Format(io.color_out));
  if (names.empty()) io.Say(_("There is no profile yet. Make one with: kengred init"));
  return absl::OkStatus();
}

struct ProfileShowOptions {};
void BindProfileShow(CLI::App&, ProfileShowOptions&) {}

absl::Status RunProfileShow(const ProfileShowOptions&, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const Profile profile, Profile::Load(io));
  WALLET_ASSIGN_OR_RETURN(const keys::KeyFileInfo info, ReadKeyInfo(profile));
  const bool has_passphrase = info.cost != keys::kCostMin;
  Json json;
  json["profile"] = profile.name();
  json["folder"] = profile.folder();
  json["public_key"] = info.public_key.ToHex();
  json["passphrase"] = has_passphrase;
  json["ledgers"] = Json::array();
  std::vector<Fact> facts = {{_("profile"), profile.name()},
                             {_("folder"), profile.folder()},
                             {_("public key"), info.public_key.ToHex()},
                             {_("passphrase"), has_passphrase ? _("yes") : _("no")}};
  for (const LedgerEntry& entry : profile.config().ledgers) {
    json["ledgers"].push_back(entry.name);
    facts.push_back({_("ledger"), fmt::format("{} ({})", entry.name, entry.target)});
  }
  io.Result(json, FormatFacts(facts));
  return absl::OkStatus();
}

}  // namespace

void RegisterIdentityCommands(Cli& cli) {
  cli.Section(_("Starting"));
  cli.Command<InitOptions>(
      cli.root(),
      {"init",
       _("make a new profile: keys, a passphrase, words to write down"),
       _("The keys are made on this machine and never leave it. The words restore them on another: "
         "write them on paper. The passphrase protects this machine's copy."),
       {"kengred init", "kengred init --language fr --words 24",
        "kengred --profile till init --no-passphrase"}},
      BindInit, RunInit);
  cli.Command<RestoreOptions>(cli.root(),
                              {"restore",
                               _("make a profile from the words of an earlier one"),
                               _("The words are asked on the terminal. Your account is found by "
                                 "its key once you have added "
                                 "your community's ledger."),
                               {"kengred restore", "kengred restore --words-file words.txt"}},
                              BindRestore, RunRestore);
  cli.Command<WordsOptions>(cli.root(),
                            {"words",
                             _("show the words that restore this profile"),
                             "",
                             {"kengred words", "kengred words --words-out words.txt"}},
                            BindWords, RunWords);
  CLI::App* passphrase =
      cli.Group({"passphrase", _("change the passphrase of this profile"), "", {}});
  cli.Command<PassphraseChangeOptions>(
      passphrase,
      {"change",
       _("replace the passphrase"),
       "",
       {"kengred passphrase change", "kengred passphrase change --new-passphrase-fd 4 4<new.txt"}},
      BindPassphraseChange, RunPassphraseChange);
  CLI::App* profile = cli.Group({"profile", _("your profiles on this machine"), "", {}});
  cli.Command<ProfileListOptions>(profile, {"list", _("list them"), "", {"kengred profile list"}},
                                  BindProfileList, RunProfileList);
  cli.Command<ProfileShowOptions>(
      profile,
      {"show",
       _("show one: its public key, its folder, its ledgers"),
       "",
       {"kengred profile show", "kengred --profile till profile show --json"}},
      BindProfileShow, RunProfileShow);
}

}  // namespace kengred::wallet
