// Goal: keys are made, shown, restored and unlocked as the manners say: a wrong or missing
// passphrase is refused, words are confirmed, secrets never reach standard output or error, files
// are private, and every way to fail has its exit code and hint.
// Method: whole command lines in this process, with a person whose answers are written down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "kengred/keys/derivation.h"
#include "kengred/keys/key_file.h"
#include "kengred/keys/mnemonic.h"
#include "tests/support/wallet_bench.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kEnglishWords[] =
    "legal winner thank year wave sausage worth useful legal winner thank yellow";

nlohmann::json Parse(const std::string& text) {
  return nlohmann::json::parse(text, nullptr, false);
}

class IdentityTest : public ::testing::Test {
 protected:
  void SetUp() override { SetLanguage("en"); }

  std::string KeyPath(const std::string& profile = "default") {
    return bench_.ProfileFolder(profile) + "/key";
  }
  absl::StatusOr<keys::OpenedKeyFile> Open(const std::string& passphrase) {
    return keys::OpenKeyFile(KeyPath(), keys::SecretString::CopyOf(passphrase));
  }
  // The words as the screen showed them last: "   1. word".
  std::vector<std::string> ShownWords() {
    std::vector<std::string> words;
    std::istringstream text(bench_.terminal.shown);
    std::string word;
    while (text >> word) {
      const bool number = word.size() > 1 && word.back() == '.' &&
                          word.find_first_not_of("0123456789") == word.size() - 1;
      if (number && text >> word) words.push_back(word);
    }
    return words;
  }
  // A person who looks at their paper.
  void AnswerTheWordsAsked() {
    bench_.terminal.answer_line = [this](const std::string& prompt) {
      const size_t digit = prompt.find_first_of("0123456789");
      return ShownWords().at(std::stoul(prompt.substr(digit)) - 1);
    };
  }
  std::string PassphraseFile(const std::string& text, unsigned mode = 0600) {
    const std::string path = bench_.folder() + "/passphrase";
    bench_.WriteFile(path, text, mode);
    return path;
  }

  testing::WalletBench bench_;
};

// ---- init ----

TEST_F(IdentityTest, InitShowsWordsOnceAndAsksForTwo) {
  bench_.terminal.answers = {"correct horse", "correct horse"};
  AnswerTheWordsAsked();
  const auto outcome = bench_.Expect(ExitCode::kOk, {"init"});
  const auto words = ShownWords();
  ASSERT_EQ(words.size(), 12u) << bench_.terminal.shown;
  // Words and passphrase are on the terminal only, the passphrase not even there.
  for (const std::string& word : words) {
    EXPECT_THAT(outcome.out, Not(HasSubstr(" " + word + " ")));
  }
  EXPECT_THAT(bench_.terminal.shown, Not(HasSubstr("correct horse")));
  EXPECT_EQ(bench_.ModeOf(KeyPath()), 0600u);
  EXPECT_EQ(bench_.ModeOf(bench_.ProfileFolder("default")), 0700u);
  EXPECT_EQ(bench_.ModeOf(bench_.ProfileFolder("default") + "/config.toml"), 0600u);
  const auto opened = Open("correct horse");
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_THAT(outcome.out, HasSubstr(opened->key.public_key().ToHex()));
  for (size_t i = 0; i < words.size(); ++i) EXPECT_EQ(opened->content.mnemonic.word(i), words[i]);
  EXPECT_EQ(Open("wrong").status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(IdentityTest, InitAsksAgainUntilThePassphrasesAgree) {
  bench_.terminal.answers = {"", "one", "two", "same words", "same words"};
  bench_.Expect(ExitCode::kOk, {"init", "--no-confirm"});
  EXPECT_THAT(bench_.terminal.shown, HasSubstr("may not be empty"));
  EXPECT_THAT(bench_.terminal.shown, HasSubstr("different"));
  EXPECT_TRUE(Open("same words").ok());
}

TEST_F(IdentityTest, InitMakesNothingUntilTheWordsAreConfirmed) {
  bench_.terminal.answers = {"secret", "secret"};
  bench_.terminal.answer_line = [](const std::string&) { return "zoo"; };
  const auto outcome = bench_.Expect(ExitCode::kDeclined, {"init"});
  EXPECT_THAT(outcome.err, HasSubstr("hint:"));
  EXPECT_FALSE(keys::ReadKeyFileInfo(KeyPath()).ok());
  bench_.Expect(ExitCode::kNotFound, {"profile", "show"});
}

TEST_F(IdentityTest, InitReadsTheConfirmationLeniently) {
  bench_.terminal.answers = {"secret", "secret"};
  AnswerTheWordsAsked();
  const auto exact = bench_.terminal.answer_line;
  bench_.terminal.answer_line = [exact](const std::string& prompt) {
    std::string word = exact(prompt);
    if (word[0] >= 'a' && word[0] <= 'z') word[0] = static_cast<char>(word[0] - 'a' + 'A');
    return "  " + word + " ";
  };
  bench_.Expect(ExitCode::kOk, {"init", "--language", "fr", "--words", "24"});
  EXPECT_EQ(Open("secret")->content.mnemonic.language(), keys::Language::kFrench);
  EXPECT_EQ(Open("secret")->content.mnemonic.word_count(), 24u);
}

TEST_F(IdentityTest, InitNeverReplacesAProfile) {
  bench_.MakeProfile("default");
  const std::string before = bench_.ReadFile(KeyPath());
  const auto outcome = bench_.Expect(ExitCode::kFile, {"init", "--no-passphrase", "--yes"});
  EXPECT_THAT(outcome.err, HasSubstr("--profile"));
  bench_.Expect(ExitCode::kFile, {"restore", "--no-passphrase"});
  EXPECT_EQ(bench_.ReadFile(KeyPath()), before);
}

TEST_F(IdentityTest, InitWithoutATerminal) {
  bench_.terminal.is_available = false;
  const auto refused = bench_.Expect(ExitCode::kPassphrase, {"init"});
  EXPECT_THAT(refused.err, HasSubstr("--passphrase-file"));
  const auto outcome = bench_.Expect(ExitCode::kOk, {"init", "--no-passphrase"});
  EXPECT_THAT(outcome.err, HasSubstr("kengred words"));
  EXPECT_EQ(bench_.terminal.shown, "");
}

TEST_F(IdentityTest, InitWritesTheWordsToAPrivateFile) {
  bench_.terminal.is_available = false;
  const std::string path = bench_.folder() + "/words.txt";
  bench_.Expect(ExitCode::kOk, {"init", "--no-passphrase", "--words-out", path});
  EXPECT_EQ(bench_.ModeOf(path), 0600u);
  // They restore the same key.
  const auto key = Parse(bench_.Run({"profile", "show", "--json"}).out)["public_key"];
  const auto restored = bench_.Expect(ExitCode::kOk, {"--profile", "other", "restore", "--json",
                                                      "--no-passphrase", "--words-file", path});
  EXPECT_EQ(Parse(restored.out)["public_key"], key);
  // Never over something that is there.
  bench_.Expect(ExitCode::kFile, {"words", "--words-out", path});
}

// ---- restore ----

TEST_F(IdentityTest, RestoreDerivesTheKeyOfTheWords) {
  const auto mnemonic = keys::Mnemonic::Parse(kEnglishWords);
  ASSERT_TRUE(mnemonic.ok());
  for (const uint32_t number : {0u, 1u, 7u}) {
    const std::string profile = "p" + std::to_string(number);
    bench_.terminal.answers = {kEnglishWords, "secret", "secret"};
    const auto outcome = bench_.Expect(ExitCode::kOk, {"--profile", profile, "--json", "restore",
                                                       "--account-number", std::to_string(number)});
    EXPECT_EQ(Parse(outcome.out)["public_key"],
              keys::DeriveAccountKey(*mnemonic, number)->public_key().ToHex());
  }
}

TEST_F(IdentityTest, RestoreSaysWhichWordIsWrong) {
  bench_.terminal.answers = {
      "legal winer thank year wave sausage worth useful legal winner thank yellow"};
  auto outcome = bench_.Expect(ExitCode::kUsage, {"restore"});
  EXPECT_THAT(outcome.err, HasSubstr("Word 2"));
  EXPECT_THAT(outcome.err, HasSubstr("winner"));
  bench_.terminal.answers = {
      "winner legal thank year wave sausage worth useful legal winner thank yellow"};
  outcome = bench_.Expect(ExitCode::kUsage, {"restore"});
  EXPECT_THAT(outcome.err, HasSubstr("swapped"));
  bench_.terminal.answers = {"legal winner thank"};
  outcome = bench_.Expect(ExitCode::kUsage, {"restore"});
  EXPECT_THAT(outcome.err, HasSubstr("There are 3 words"));
  bench_.terminal.answers = {""};
  bench_.Expect(ExitCode::kUsage, {"restore"});
  bench_.terminal.answers = {};
  bench_.Expect(ExitCode::kDeclined, {"restore"});
  bench_.terminal.is_available = false;
  outcome = bench_.Expect(ExitCode::kUsage, {"restore"});
  EXPECT_THAT(outcome.err, HasSubstr("--words-file"));
  EXPECT_FALSE(keys::ReadKeyFileInfo(KeyPath()).ok());
}

TEST_F(IdentityTest, ARestoredProfileFindsItsAccountByItsKey) {
  const std::string words = bench_.folder() + "/words.txt";
  bench_.WriteFile(words, std::string(kEnglishWords) + "\n");
  const AccountId account = bench_.MakeAccount("first", v1::HOLDER_KIND_PERSON, 500);
  const auto info = keys::ReadKeyFileInfo(KeyPath("first"));
  ASSERT_TRUE(info.ok());
  // The same account, now held by the key of the words.
  const auto mnemonic = keys::Mnemonic::Parse(kEnglishWords);
  bench_.ledger.keys = {{keys::DeriveAccountKey(*mnemonic, 0)->public_key(), account}};
  bench_.Expect(ExitCode::kOk, {"restore", "--no-passphrase", "--words-file", words});
  bench_.Expect(ExitCode::kOk, {"ledger", "add", "localhost"});
  const auto balance = bench_.Expect(ExitCode::kOk, {"balance", "--json"});
  EXPECT_EQ(Parse(balance.out)["account"], bench_.address(account));
  EXPECT_EQ(Parse(balance.out)["balances"][0]["amount"], "5.00");
}

// ---- words ----

TEST_F(IdentityTest, WordsNeedThePassphraseAndATerminal) {
  bench_.terminal.answers = {kEnglishWords, "secret", "secret"};
  bench_.Expect(ExitCode::kOk, {"restore"});
  bench_.terminal.shown.clear();
  bench_.terminal.answers = {"wrong"};
  bench_.Expect(ExitCode::kPassphrase, {"words"});
  EXPECT_THAT(bench_.terminal.shown, Not(HasSubstr("sausage")));
  bench_.terminal.answers = {"secret"};
  const auto outcome = bench_.Expect(ExitCode::kOk, {"words"});
  EXPECT_THAT(bench_.terminal.shown, HasSubstr("sausage"));
  EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("sausage")));
  bench_.terminal.is_available = false;
  bench_.Expect(ExitCode::kUsage, {"words"});
}

// ---- passphrases ----

TEST_F(IdentityTest, PassphrasesComeFromWhereTheOptionsSay) {
  const std::string file = PassphraseFile("from the file\r\nsecond line\n");
  bench_.Expect(ExitCode::kOk, {"init", "--no-confirm", "--passphrase-file", file});
  ASSERT_TRUE(Open("from the file").ok());
  const std::string words = bench_.folder() + "/w";
  const auto unlock = [&](std::vector<std::string> more) {
    unlink(words.c_str());
    more.insert(more.begin(), {"words", "--words-out", words});
    return bench_.Run(more).exit;
  };
  bench_.terminal.answers = {};
  EXPECT_EQ(unlock({"--passphrase-file", file}), 0);
  // The variable names a file, never the passphrase itself.
  bench_.environment["KENGRED_PASSPHRASE_FILE"] = file;
  EXPECT_EQ(unlock({}), 0);
  // The descriptor wins, also where it is wrong.
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  ASSERT_EQ(write(pipe_ends[1], "other\n", 6), 6);
  EXPECT_EQ(unlock({"--passphrase-fd", std::to_string(pipe_ends[0])}), 5);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  bench_.environment.erase("KENGRED_PASSPHRASE_FILE");
  bench_.terminal.answers = {"from the file"};
  EXPECT_EQ(unlock({}), 0);
  EXPECT_EQ(bench_.terminal.secret_prompts.size(), 1u);
  bench_.terminal.answers = {""};
  EXPECT_EQ(unlock({}), 5);
  bench_.terminal.answers = {};
  EXPECT_EQ(unlock({}), 8);
  bench_.terminal.is_available = false;
  EXPECT_EQ(unlock({}), 5);
}

TEST_F(IdentityTest, APassphraseFileThatOthersReadIsRefused) {
  const std::string file = PassphraseFile("x\n", 0644);
  const auto outcome = bench_.Expect(ExitCode::kFile, {"init", "--passphrase-file", file});
  EXPECT_THAT(outcome.err, HasSubstr("chmod 600"));
  bench_.Expect(ExitCode::kPassphrase, {"init", "--passphrase-file", PassphraseFile("\n")});
  bench_.Expect(ExitCode::kFile, {"init", "--passphrase-file", bench_.folder() + "/none"});
  EXPECT_FALSE(keys::ReadKeyFileInfo(KeyPath()).ok());
}

TEST_F(IdentityTest, ThePassphraseCanBeChangedRemovedAndGivenAgain) {
  bench_.terminal.answers = {kEnglishWords, "first", "first"};
  bench_.Expect(ExitCode::kOk, {"restore"});
  const std::string file = PassphraseFile("second\n");
  bench_.terminal.answers = {"wrong"};
  bench_.Expect(ExitCode::kPassphrase, {"passphrase", "change", "--new-passphrase-file", file});
  EXPECT_TRUE(Open("first").ok());
  bench_.terminal.answers = {"first"};
  bench_.Expect(ExitCode::kOk, {"passphrase", "change", "--new-passphrase-file", file});
  EXPECT_FALSE(Open("first").ok());
  EXPECT_TRUE(Open("second").ok());
  // The file that gives the old one never gives the new one as well.
  bench_.terminal.answers = {"third", "third"};
  bench_.Expect(ExitCode::kOk, {"passphrase", "change", "--passphrase-file", file});
  EXPECT_TRUE(Open("third").ok());
  bench_.terminal.answers = {"third"};
  bench_.Expect(ExitCode::kOk, {"passphrase", "change", "--no-passphrase"});
  bench_.terminal.is_available = false;
  const auto shown = Parse(bench_.Expect(ExitCode::kOk, {"profile", "show", "--json"}).out);
  EXPECT_EQ(shown["passphrase"], false);
  // Nobody is asked any more.
  bench_.Expect(ExitCode::kOk, {"words", "--words-out", bench_.folder() + "/w"});
  bench_.Expect(ExitCode::kOk, {"passphrase", "change", "--new-passphrase-file", file});
  bench_.Expect(ExitCode::kPassphrase, {"words", "--words-out", bench_.folder() + "/w2"});
}

TEST_F(IdentityTest, ADamagedKeyFileIsNamedAndNeverReplaced) {
  bench_.MakeAccount("default", v1::HOLDER_KIND_PERSON, 500);
  std::string text = bench_.ReadFile(KeyPath());
  text[text.find("secret: ") + 8] ^= 1;
  bench_.WriteFile(KeyPath(), text);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"balance"}, {"words"}, {"profile", "show"}}) {
    EXPECT_THAT(bench_.Expect(ExitCode::kFile, command).err, HasSubstr("hint:"));
  }
  EXPECT_EQ(bench_.ReadFile(KeyPath()), text);
  // Listing goes on.
  EXPECT_THAT(bench_.Expect(ExitCode::kOk, {"profile", "list"}).out, HasSubstr("damaged"));
}

// ---- profiles and ledgers ----

TEST_F(IdentityTest, ProfilesAreChosenByOptionThenEnvironment) {
  const PublicKey anne = bench_.MakeProfile("anne");
  const PublicKey yann = bench_.MakeProfile("yann");
  bench_.environment["KENGRED_PROFILE"] = "yann";
  const auto shown = [this](std::vector<std::string> command) {
    return Parse(bench_.Run(command).out)["public_key"];
  };
  EXPECT_EQ(shown({"profile", "show", "--json"}), yann.ToHex());
  EXPECT_EQ(shown({"profile", "show", "--json", "--profile", "anne"}), anne.ToHex());
  EXPECT_EQ(shown({"--json", "--profile=anne", "profile", "show"}), anne.ToHex());
  const auto list = Parse(bench_.Run({"profile", "list", "--json"}).out)["profiles"];
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["profile"], "anne");
  EXPECT_EQ(list[1]["chosen"], true);
  bench_.Expect(ExitCode::kUsage, {"--profile", "../x", "init", "--no-passphrase"});
  bench_.Expect(ExitCode::kNotFound, {"--profile", "none", "balance"});
}

TEST_F(IdentityTest, LedgersArePinnedByTheirId) {
  bench_.MakeProfile("default");
  EXPECT_EQ(bench_.ledger.connected_with.target, "localhost:4365");
  EXPECT_FALSE(bench_.ledger.connected_with.tls);
  EXPECT_FALSE(bench_.ledger.connected_with.ledger_id.has_value());
  bench_.Expect(ExitCode::kOk, {"ledger", "info"});
  EXPECT_EQ(bench_.ledger.connected_with.ledger_id, bench_.ledger.ledger_id);
  // Beyond this machine: encrypted, unless said otherwise.
  bench_.Expect(ExitCode::kOk, {"ledger", "add", "heol.example", "--name", "far"});
  EXPECT_EQ(bench_.ledger.connected_with.target, "heol.example:4365");
  EXPECT_TRUE(bench_.ledger.connected_with.tls);
  bench_.Expect(ExitCode::kOk, {"ledger", "add", "heol.example:99", "--name", "p", "--plaintext"});
  EXPECT_FALSE(bench_.ledger.connected_with.tls);
  EXPECT_EQ(bench_.ledger.connected_with.target, "heol.example:99");
  bench_.Expect(ExitCode::kOk, {"ledger", "add", "[::1]", "--name", "six"});
  EXPECT_EQ(bench_.ledger.connected_with.target, "[::1]:4365");
  EXPECT_FALSE(bench_.ledger.connected_with.tls);
  bench_.Expect(ExitCode::kOk, {"ledger", "default", "far"});
  bench_.Expect(ExitCode::kOk, {"--ledger", "six", "ledger", "info"});
  EXPECT_EQ(bench_.ledger.connected_with.target, "[::1]:4365");
  bench_.Expect(ExitCode::kOk, {"ledger", "remove", "far"});
  bench_.Expect(ExitCode::kNotFound, {"--ledger", "far", "ledger", "info"});
  bench_.Expect(ExitCode::kNotFound, {"ledger", "remove", "far"});
  bench_.Expect(ExitCode::kUsage, {"ledger", "add", "localhost", "--ledger-id", "12"});
  // Another ledger under the same name is not taken silently.
  bench_.ledger.ledger_id = LedgerId();
  bench_.Expect(ExitCode::kUsage, {"ledger", "add", "localhost"});
  bench_.ledger.connect_status = absl::UnavailableError("nobody at localhost:4365");
  EXPECT_THAT(
      bench_.Expect(ExitCode::kUnavailable, {"ledger", "add", "localhost", "--name", "n"}).err,
      HasSubstr("localhost:4365"));
}

// ---- the command line ----

TEST_F(IdentityTest, MistakesOnTheCommandLineAreExplained) {
  const auto error = [this](std::vector<std::string> command) {
    return bench_.Expect(ExitCode::kUsage, command).err;
  };
  EXPECT_THAT(error({"balnce"}), HasSubstr("kengred balance"));
  EXPECT_THAT(error({"contacts", "lsit"}), HasSubstr("kengred contacts list"));
  EXPECT_THAT(error({"contacts"}), HasSubstr("kengred contacts --help"));
  EXPECT_THAT(error({"pay"}), HasSubstr("WHO is missing"));
  EXPECT_THAT(error({"balance", "extra"}), HasSubstr("extra"));
  EXPECT_THAT(error({"init", "--words", "13"}), HasSubstr("kengred init --help"));
  EXPECT_THAT(error({"--timeout", "soon", "balance"}), HasSubstr("error:"));
  EXPECT_THAT(error({"--profile"}), HasSubstr("needs a value"));
  EXPECT_THAT(error({"--quiet"}), HasSubstr("No command"));
  const auto json = Parse(bench_.Expect(ExitCode::kUsage, {"balnce", "--json"}).out);
  EXPECT_EQ(json["error"]["exit_code"], 2);
  EXPECT_EQ(json["error"]["status"], "INVALID_ARGUMENT");
  EXPECT_EQ(json["error"]["verdict"], nullptr);
  EXPECT_FALSE(json["error"]["hint"].get<std::string>().empty());
}

TEST_F(IdentityTest, HelpAloneIsEnoughToPaySomebody) {
  const std::string help = bench_.Expect(ExitCode::kOk, {"--help"}).out;
  for (const char* word : {"kengred init", "kengred ledger add", "kengred account open",
                           "kengred pay @biocoop 12,50", "Exit codes", "NO_COLOR"}) {
    EXPECT_THAT(help, HasSubstr(word));
  }
  EXPECT_EQ(bench_.Run({}).out, help);
  const std::string pay = bench_.Expect(ExitCode::kOk, {"pay", "--help"}).out;
  for (const char* word : {"kengred pay WHO [AMOUNT…]", "--for", "--save", "Examples"}) {
    EXPECT_THAT(pay, HasSubstr(word));
  }
  EXPECT_THAT(bench_.Expect(ExitCode::kOk, {"contacts", "--help"}).out, HasSubstr("remove"));
  EXPECT_THAT(bench_.Expect(ExitCode::kOk, {"--version"}).out, HasSubstr("kengred "));
}

}  // namespace
}  // namespace kengred::wallet
