// Goal: a key file opens with its passphrase and whole, and never otherwise; and no failure,
// wherever it strikes, loses the file that was there or leaves one that others can read. Method:
// every byte flipped and every prefix, without and with the checksum put right; files sealed by a
// second implementation, small and literal, to write what the program never would; and the system
// calls watched and made to fail one by one (the linker's --wrap puts the test between).
#include "kengred/keys/key_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "kengred/core/hash.h"
#include "kengred/core/signing.h"
#include "kengred/keys/derivation.h"

namespace {

// What the code under test asked of the system, and what is to go wrong.
struct Calls {
  std::vector<std::string> made;
  std::string fail;       // the call that fails, or nothing
  int error = 0;          // with this errno
  mode_t created_as = 0;  // the mode of the last file created
  int created_with = 0;   // and the flags
  std::function<void()> before_rename;

  bool Fails(const std::string& call) {
    made.push_back(call);
    if (fail != call) return false;
    errno = error;
    return true;
  }
};

Calls calls;

}  // namespace

extern "C" {

int __real_open(const char* path, int flags, ...);
ssize_t __real_write(int fd, const void* bytes, size_t size);
int __real_fsync(int fd);
int __real_rename(const char* from, const char* to);
int __real_renameat2(int from_fd, const char* from, int to_fd, const char* to, unsigned flags);

int __wrap_open(const char* path, int flags, ...) {
  if ((flags & O_CREAT) == 0) {
    return calls.Fails((flags & O_DIRECTORY) != 0 ? "open folder" : "open")
               ? -1
               : __real_open(path, flags);
  }
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  calls.created_as = mode;
  calls.created_with = flags;
  return calls.Fails("create") ? -1 : __real_open(path, flags, mode);
}

ssize_t __wrap_write(int fd, const void* bytes, size_t size) {
  if (calls.Fails("write")) return -1;
  // Short writes, as a pipe or a nearly full disk makes them.
  return __real_write(fd, bytes, size < 100 ? size : 100);
}

int __wrap_fsync(int fd) {
  struct stat attributes {};
  const bool folder = fstat(fd, &attributes) == 0 && S_ISDIR(attributes.st_mode);
  return calls.Fails(folder ? "fsync folder" : "fsync") ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char* from, const char* to) {
  if (calls.before_rename) calls.before_rename();
  return calls.Fails("rename") ? -1 : __real_rename(from, to);
}

int __wrap_renameat2(int from_fd, const char* from, int to_fd, const char* to, unsigned flags) {
  if (calls.before_rename) calls.before_rename();
  return calls.Fails("rename new") ? -1 : __real_renameat2(from_fd, from, to_fd, to, flags);
}

}  // extern "C"

namespace kengred::keys {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kPassphrase[] = "kouign-amann \xC3\xA0 volont\xC3\xA9";

SecretString Passphrase(const std::string& text = kPassphrase) {
  return SecretString::CopyOf(text);
}

KeyFileContent Content(Language language = Language::kFrench,
                       WordCount count = WordCount::kTwelve) {
  return {.profile = "Ma\xC3\xABl",
          .ledger = "heol.example:4365",
          .mnemonic = Mnemonic::Generate(language, count),
          .account_number = 2};
}

// As cheap as a file may be.
std::string Seal(const KeyFileContent& content) {
  return SealKeyFile(content, Passphrase(), kCostMin).value();
}

absl::StatusCode CodeOf(const std::string& text) {
  return UnsealKeyFile(text, Passphrase()).status().code();
}

std::string MessageOf(const std::string& text) {
  return std::string(UnsealKeyFile(text, Passphrase()).status().message());
}

// The text with its last line made to fit the others.
std::string WithChecksum(const std::string& text) {
  const std::string body = text.substr(0, text.rfind("checksum: "));
  return body + "checksum: " + Sha256({body}).ToHex() + "\n";
}

// One occurrence replaced, the checksum made to fit.
std::string Changed(const std::string& text, const std::string& from, const std::string& to) {
  std::string changed = text;
  const size_t at = changed.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  changed.replace(at, from.size(), to);
  return WithChecksum(changed);
}

// A second writer, literally from docs/formats/key_file.md, for any public key and any secret.
std::string SealLiterally(const PublicKey& public_key, const std::string& secret) {
  const std::string salt(16, 's');
  const std::string nonce(24, 'n');
  const auto bytes = [](const std::string& text) {
    return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
  };
  const auto hex = [](const std::string& text) {
    std::string digits(2 * text.size() + 1, '\0');
    sodium_bin2hex(digits.data(), digits.size(),
                   static_cast<const unsigned char*>(static_cast<const void*>(text.data())),
                   text.size());
    digits.pop_back();
    return digits;
  };
  const std::string header = "kengred-key-file v1\nprofile: x\npublic-key: " + public_key.ToHex() +
                             "\nkdf: argon2id13 operations=1 memory_kib=8192 salt=" + hex(salt) +
                             "\ncipher: xchacha20poly1305 nonce=" + hex(nonce) + "\n";
  unsigned char key[32];
  EXPECT_EQ(crypto_pwhash(key, sizeof(key), kPassphrase, sizeof(kPassphrase) - 1, bytes(salt), 1,
                          8192 * 1024, crypto_pwhash_ALG_ARGON2ID13),
            0);
  std::string sealed(secret.size() + 16, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      static_cast<unsigned char*>(static_cast<void*>(sealed.data())), nullptr, bytes(secret),
      secret.size(), bytes(header), header.size(), nullptr, bytes(nonce), key);
  const std::string body = header + "secret: " + hex(sealed) + "\n";
  return body + "checksum: " + Sha256({body}).ToHex() + "\n";
}

// ---- the text ----

TEST(KeyFileTextTest, RoundTripOfEverySizeAndLanguage) {
  for (const Language language : {Language::kEnglish, Language::kFrench}) {
    for (const WordCount count : {WordCount::kTwelve, WordCount::kFifteen, WordCount::kEighteen,
                                  WordCount::kTwentyOne, WordCount::kTwentyFour}) {
      const KeyFileContent content = Content(language, count);
      const std::string text = Seal(content);
      const auto opened = UnsealKeyFile(text, Passphrase());
      ASSERT_TRUE(opened.ok()) << opened.status();
      EXPECT_EQ(opened->content.profile, content.profile);
      EXPECT_EQ(opened->content.ledger, content.ledger);
      EXPECT_EQ(opened->content.account_number, content.account_number);
      EXPECT_EQ(opened->content.mnemonic.language(), language);
      EXPECT_TRUE(opened->content.mnemonic.entropy().Equals(content.mnemonic.entropy()));
      EXPECT_EQ(opened->cost, kCostMin);
      EXPECT_EQ(opened->key.public_key(),
                DeriveAccountKey(content.mnemonic, 2).value().public_key());

      const auto info = ParseKeyFileInfo(text);
      ASSERT_TRUE(info.ok()) << info.status();
      EXPECT_EQ(info->profile, content.profile);
      EXPECT_EQ(info->ledger, content.ledger);
      EXPECT_EQ(info->public_key, opened->key.public_key());
      EXPECT_EQ(info->cost, kCostMin);

      EXPECT_THAT(text, Not(HasSubstr(std::string(content.mnemonic.word(0)) + " ")));
    }
  }
}

TEST(KeyFileTextTest, TheSecondWriterAgrees) {
  const Mnemonic words = Mnemonic::FromEntropy(Language::kEnglish, SecretBytes(16)).value();
  const PublicKey key = DeriveAccountKey(words, 0).value().public_key();
  const auto opened =
      UnsealKeyFile(SealLiterally(key, "\x01\x10" + std::string(36, '\0')), Passphrase());
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->key.public_key(), key);
  EXPECT_EQ(opened->content.ledger, "");
}

TEST(KeyFileTextTest, SaltAndNonceAreNewEachTime) {
  const KeyFileContent content = Content();
  const std::string a = Seal(content), b = Seal(content);
  for (const std::string name : {"salt=", "nonce=", "secret: "}) {
    EXPECT_NE(a.substr(a.find(name), 30), b.substr(b.find(name), 30)) << name;
  }
}

TEST(KeyFileTextTest, WrongPassphrasesAreRefusedAsSuch) {
  const std::string text = Seal(Content());
  const std::string right = kPassphrase;
  for (const std::string& wrong :
       {std::string(), right + " ", " " + right, right.substr(1), right.substr(0, right.size() - 1),
        std::string("Kouign-amann \xC3\xA0 volont\xC3\xA9"), std::string("kouign-amann a volonte"),
        right + std::string(1, '\0'), std::string(10000, 'x')}) {
    const auto opened = UnsealKeyFile(text, Passphrase(wrong));
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kUnauthenticated) << wrong;
    EXPECT_EQ(std::string(opened.status().message()), "wrong passphrase");
  }
}

TEST(KeyFileTextTest, EveryFlippedBitIsDamage) {
  const std::string text = Seal(Content());
  for (size_t i = 0; i < text.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(text[i]) ^ (1u << bit));
      ASSERT_EQ(CodeOf(flipped), absl::StatusCode::kDataLoss) << i << " bit " << bit;
      ASSERT_EQ(ParseKeyFileInfo(flipped).status().code(), absl::StatusCode::kDataLoss) << i;
    }
  }
}

// Somebody who can write the file can put the checksum right too; the cipher covers every byte
// then.
TEST(KeyFileTextTest, EveryByteChangedOnPurposeIsRefused) {
  const std::string text = Seal(Content());
  const size_t body = text.rfind("checksum: ");
  for (size_t i = 0; i < body; ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(static_cast<unsigned char>(text[i]) ^ 1u);
    const absl::StatusCode code = CodeOf(WithChecksum(changed));
    ASSERT_TRUE(code == absl::StatusCode::kDataLoss || code == absl::StatusCode::kUnauthenticated ||
                code == absl::StatusCode::kUnimplemented)
        << i << " " << code;
  }
}

TEST(KeyFileTextTest, EveryPrefixAndAnySuffixIsDamage) {
  const std::string text = Seal(Content());
  for (size_t size = 0; size < text.size(); ++size) {
    ASSERT_EQ(CodeOf(text.substr(0, size)), absl::StatusCode::kDataLoss) << size;
  }
  for (const std::string& suffix : {std::string("\n"), std::string(1, '\0'), std::string("x"), text,
                                    std::string(kKeyFileBytesMax, ' ')}) {
    ASSERT_EQ(CodeOf(text + suffix), absl::StatusCode::kDataLoss);
  }
  EXPECT_THAT(MessageOf(""), HasSubstr("empty"));
  EXPECT_THAT(MessageOf("hello\n"), HasSubstr("not a Kengred key file"));
  EXPECT_THAT(MessageOf(text.substr(0, text.size() - 1)), HasSubstr("cut short"));
  EXPECT_THAT(MessageOf(text + std::string(kKeyFileBytesMax, ' ')), HasSubstr("larger"));
}

TEST(KeyFileTextTest, EachLineHasOneSpelling) {
  const std::string text = Seal(Content());
  const struct {
    const char* from;
    const char* to;
    const char* message;
  } kCases[] = {
      {"profile: ", "profil: ", "\"profile: \" is missing"},
      {"profile: Ma\xC3\xABl", "profile: ", "profile: not"},
      {"profile: Ma\xC3\xABl", "profile: a\x1B[2Jb", "profile: not"},
      {"profile: Ma\xC3\xABl",
       "profile: a\xC2\x9B"
       "b",
       "profile: not"},
      {"profile: Ma\xC3\xABl", "profile: a\xFF", "profile: not"},
      {"profile: Ma\xC3\xABl\n", "", "\"profile: \" is missing"},
      {"profile: Ma\xC3\xABl\n", "profile: a\nprofile: a\n", "\"public-key: \" is missing"},
      {"ledger: heol.example:4365", "ledger: ", "ledger: not"},
      {"ledger: heol.example:4365", "ledger:  \r", "ledger: not"},
      {"public-key: ", "public-key: 0", "public-key: not"},
      {"public-key: ", "public-key:  ", "public-key: not"},
      {"argon2id13", "argon2i13", "kdf: not"},
      {"operations=1 ", "operations=01 ", "kdf: not"},
      {"operations=1 ", "operations=+1 ", "kdf: not"},
      {"operations=1 ", "operations=1  ", "kdf: not"},
      {"operations=1 ", "operations= ", "kdf: not"},
      {"operations=1 ", "operations=4294967297 ", "kdf: not"},
      {" memory_kib=8192", "", "kdf: not"},
      {" salt=", " salt=0", "kdf: not"},
      {" salt=", " pepper=", "kdf: not"},
      {"xchacha20poly1305", "chacha20poly1305", "cipher: not"},
      {" nonce=", " nonce=z", "cipher: not"},
      {"secret: ", "secret: 00", "secret: not"},
      {"checksum: ", "comment: hello\nchecksum: ", "do not belong"},
      {"v1\n", "v1\r\n", nullptr},
  };
  for (const auto& c : kCases) {
    const std::string changed = Changed(text, c.from, c.to);
    if (c.message == nullptr) {
      EXPECT_EQ(CodeOf(changed), absl::StatusCode::kUnimplemented) << c.to;
      continue;
    }
    EXPECT_EQ(CodeOf(changed), absl::StatusCode::kDataLoss) << c.to;
    EXPECT_THAT(MessageOf(changed), HasSubstr(c.message)) << c.to;
  }
  // Capital digits in each of the hexadecimal values.
  for (const std::string name : {"public-key: ", "salt=", "nonce=", "secret: "}) {
    std::string capitals = text;
    const size_t begin = capitals.find(name) + name.size();
    bool changed = false;
    for (size_t i = begin; capitals[i] != '\n' && capitals[i] != ' '; ++i) {
      if (capitals[i] < 'a') continue;
      capitals[i] = static_cast<char>(capitals[i] - 'a' + 'A');
      changed = true;
    }
    ASSERT_TRUE(changed) << name;
    EXPECT_EQ(CodeOf(WithChecksum(capitals)), absl::StatusCode::kDataLoss) << name;
  }
}

TEST(KeyFileTextTest, CostOutOfBoundsIsRefusedBeforeItIsPaid) {
  const std::string text = Seal(Content());
  const auto with = [&](const std::string& operations, const std::string& memory) {
    return Changed(text, "operations=1 memory_kib=8192",
                   "operations=" + operations + " memory_kib=" + memory);
  };
  EXPECT_THAT(MessageOf(with("0", "8192")), HasSubstr("kdf: operations is 0, outside 1 to 10"));
  EXPECT_THAT(MessageOf(with("11", "8192")), HasSubstr("kdf: operations is 11"));
  EXPECT_THAT(MessageOf(with("4294967295", "8192")), HasSubstr("kdf: operations is 4294967295"));
  EXPECT_THAT(MessageOf(with("1", "8191")),
              HasSubstr("kdf: memory_kib is 8191, outside 8192 to 1048576"));
  EXPECT_THAT(MessageOf(with("1", "1048577")), HasSubstr("kdf: memory_kib is 1048577"));
  EXPECT_THAT(MessageOf(with("1", "104857600")),
              HasSubstr("kdf: memory_kib is 104857600"));  // 100 GB
  EXPECT_EQ(CodeOf(with("1", "104857600")), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(ParseKeyFileInfo(with("10", "1048576")).ok());
  EXPECT_EQ(CodeOf(with("2", "8192")), absl::StatusCode::kUnauthenticated);  // another key

  for (const Argon2Cost& cost : {Argon2Cost{}, Argon2Cost{.operations = 11, .memory_kib = 8192},
                                 Argon2Cost{.operations = 1, .memory_kib = 2 * 1024 * 1024}}) {
    EXPECT_EQ(SealKeyFile(Content(), Passphrase(), cost).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(KeyFileTextTest, ALaterVersionIsNotDamage) {
  const std::string later = Changed(Seal(Content()), "v1\n", "v2\n");
  EXPECT_EQ(CodeOf(later), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(MessageOf(later), HasSubstr("newer program"));
  std::string damaged = later;
  damaged[40] = static_cast<char>(damaged[40] ^ 1);
  EXPECT_EQ(CodeOf(damaged), absl::StatusCode::kDataLoss);
}

// Each is sealed with the right passphrase, by the second writer.
TEST(KeyFileTextTest, SealedNonsenseIsDamage) {
  const std::string zeroes(36, '\0');
  const PublicKey key =
      DeriveAccountKey(Mnemonic::FromEntropy(Language::kEnglish, SecretBytes(16)).value(), 0)
          .value()
          .public_key();
  const auto message = [&](const PublicKey& public_key, const std::string& secret) {
    const auto opened = UnsealKeyFile(SealLiterally(public_key, secret), Passphrase());
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss);
    return std::string(opened.status().message());
  };
  // The words' key is another than the file says: it must not open as an account that is empty.
  PublicKey other = key;
  other.data()[0] = static_cast<uint8_t>(other.data()[0] ^ 1);
  EXPECT_THAT(message(other, "\x01\x10" + zeroes), HasSubstr("not the key of the words"));
  EXPECT_THAT(message(key, "\x02\x10" + zeroes), HasSubstr("not the key of the words"));
  EXPECT_THAT(message(key, "\x01\x10" + std::string(3, '\0') + "\x01" + std::string(32, '\0')),
              HasSubstr("not the key of the words"));
  EXPECT_THAT(message(key, std::string(1, '\0') + "\x10" + zeroes), HasSubstr("language"));
  EXPECT_THAT(message(key, "\x03\x10" + zeroes), HasSubstr("language"));
  EXPECT_THAT(message(key, "\x01\x11" + zeroes), HasSubstr("no words"));
  EXPECT_THAT(message(key, std::string("\x01") + std::string(37, '\0')), HasSubstr("no words"));
  EXPECT_THAT(message(key, "\x01\x21" + zeroes), HasSubstr("too long"));
  EXPECT_THAT(message(key, "\x01\xFF" + zeroes), HasSubstr("too long"));
  EXPECT_THAT(message(key, "\x01\x10" + std::string(35, '\0') + "\x01"), HasSubstr("padding"));
  EXPECT_THAT(message(key, "\x01\x10\x80" + std::string(35, '\0')), HasSubstr("account number"));
}

TEST(KeyFileTextTest, WhatCannotBeWrittenIsRefused) {
  const auto code = [](const std::string& profile, const std::string& ledger, uint32_t account,
                       const std::string& passphrase) {
    KeyFileContent content = Content();
    content.profile = profile;
    content.ledger = ledger;
    content.account_number = account;
    return SealKeyFile(content, Passphrase(passphrase), kCostMin).status().code();
  };
  EXPECT_EQ(code("a", "", 0, "x"), absl::StatusCode::kOk);
  EXPECT_EQ(code(std::string(64, 'a'), std::string(256, 'b'), kAccountNumberMax, "x"),
            absl::StatusCode::kOk);
  EXPECT_EQ(code("a", "", 0, ""), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("", "", 0, "x"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(std::string(65, 'a'), "", 0, "x"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("a\nsecret: 00", "", 0, "x"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("a", std::string(257, 'b'), 0, "x"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("a", "b\rc", 0, "x"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("a",
                 "b\xE2\x80\xA8"
                 "c",
                 0, "x"),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("a", "", kHardened, "x"), absl::StatusCode::kInvalidArgument);
}

// ---- files ----

class KeyFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "kengred-key-file-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ + "/key";
    umask_ = umask(022);
    calls = {};
  }
  void TearDown() override {
    umask(umask_);
    calls = {};
    std::filesystem::remove_all(folder_);
  }

  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static mode_t ModeOf(const std::string& path) {
    struct stat attributes {};
    EXPECT_EQ(lstat(path.c_str(), &attributes), 0);
    return attributes.st_mode & 07777;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  absl::Status Write(const KeyFileContent& content, bool overwrite = false) const {
    return WriteKeyFile(path_, content, Passphrase(), {.overwrite = overwrite, .cost = kCostMin});
  }

  std::string folder_;
  std::string path_;
  mode_t umask_ = 0;
};

TEST_F(KeyFileTest, IsWrittenAndOpened) {
  const KeyFileContent content = Content();
  ASSERT_EQ(Write(content), absl::OkStatus());
  EXPECT_THAT(Names(), ElementsAre("key"));
  const auto opened = OpenKeyFile(path_, Passphrase());
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(opened->content.mnemonic.entropy().Equals(content.mnemonic.entropy()));
  const auto info = ReadKeyFileInfo(path_);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->public_key, opened->key.public_key());

  const auto wrong = OpenKeyFile(path_, Passphrase("wrong"));
  EXPECT_EQ(wrong.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(std::string(wrong.status().message()), path_ + ": wrong passphrase");
}

TEST_F(KeyFileTest, IsPrivateFromTheMomentItExists) {
  for (const mode_t mask : {0000u, 0022u, 0077u, 0777u}) {
    umask(mask);
    ASSERT_EQ(Write(Content(), true), absl::OkStatus()) << mask;
    EXPECT_EQ(calls.created_as, 0600u);
    EXPECT_EQ(calls.created_with & (O_CREAT | O_EXCL), O_CREAT | O_EXCL);
    EXPECT_EQ(ModeOf(path_), 0600u) << mask;
  }
}

TEST_F(KeyFileTest, IsSyncedBeforeAndAfterItIsNamed) {
  ASSERT_EQ(Write(Content()), absl::OkStatus());
  const auto without_writes = [] {
    std::vector<std::string> made;
    for (const std::string& call : calls.made) {
      if (call != "write") made.push_back(call);
    }
    return made;
  };
  EXPECT_THAT(without_writes(),
              ElementsAre("create", "fsync", "rename new", "open folder", "fsync folder"));
  calls = {};
  ASSERT_EQ(Write(Content(), true), absl::OkStatus());
  EXPECT_THAT(without_writes(),
              ElementsAre("create", "fsync", "rename", "open folder", "fsync folder"));
}

TEST_F(KeyFileTest, IsNotReplacedUnlessTold) {
  ASSERT_EQ(Write(Content()), absl::OkStatus());
  const std::string old = Read(path_);
  EXPECT_EQ(Write(Content()).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Read(path_), old);
  ASSERT_EQ(Write(Content(), true), absl::OkStatus());
  EXPECT_NE(Read(path_), old);
  EXPECT_THAT(Names(), ElementsAre("key"));
}

// Another program makes the file while the passphrase is being hashed.
TEST_F(KeyFileTest, IsNotReplacedWhenItAppearsMeanwhile) {
  for (const bool without_noreplace : {false, true}) {
    std::filesystem::remove(path_);
    calls.before_rename = [&] { std::ofstream(path_) << "theirs"; };
    if (without_noreplace) {
      calls.fail = "rename new";
      calls.error = EINVAL;
    }
    EXPECT_EQ(Write(Content()).code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(Read(path_), "theirs");
    EXPECT_THAT(Names(), ElementsAre("key"));
  }
}

TEST_F(KeyFileTest, IsCreatedWhereRenameCannotRefuseToReplace) {
  calls.fail = "rename new";
  calls.error = EINVAL;
  ASSERT_EQ(Write(Content()), absl::OkStatus());
  EXPECT_THAT(Names(), ElementsAre("key"));
  EXPECT_TRUE(OpenKeyFile(path_, Passphrase()).ok());
}

TEST_F(KeyFileTest, AFailureLeavesTheOldFile) {
  ASSERT_EQ(Write(Content()), absl::OkStatus());
  const std::string old = Read(path_);
  const std::pair<const char*, int> kFailures[] = {
      {"create", EACCES}, {"write", ENOSPC}, {"fsync", EIO}, {"rename", EIO}};
  for (const auto& [call, error] : kFailures) {
    calls = {};
    calls.fail = call;
    calls.error = error;
    for (const absl::Status& status :
         {Write(Content(), true),
          ChangePassphrase(path_, Passphrase(), Passphrase("new"), kCostMin)}) {
      EXPECT_EQ(status.code(), absl::ErrnoToStatus(error, "").code()) << call << " " << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr(path_)) << call;
      EXPECT_EQ(Read(path_), old) << call;
      EXPECT_THAT(Names(), ElementsAre("key")) << call;
    }
  }
  calls = {};
  EXPECT_TRUE(OpenKeyFile(path_, Passphrase()).ok());
}

TEST_F(KeyFileTest, AFailureLeavesNoNewFile) {
  for (const char* call : {"create", "write", "fsync", "rename new"}) {
    calls = {};
    calls.fail = call;
    calls.error = EIO;
    EXPECT_FALSE(Write(Content()).ok()) << call;
    EXPECT_THAT(Names(), IsEmpty()) << call;
  }
}

TEST_F(KeyFileTest, AFailureToSyncTheFolderIsSaid) {
  for (const char* call : {"open folder", "fsync folder"}) {
    calls = {};
    calls.fail = call;
    calls.error = EIO;
    const absl::Status status = Write(Content(), true);
    EXPECT_FALSE(status.ok()) << call;
    EXPECT_THAT(std::string(status.message()), HasSubstr("may not outlive a power cut"));
    calls = {};
    EXPECT_TRUE(OpenKeyFile(path_, Passphrase()).ok());  // whole all the same
  }
}

TEST_F(KeyFileTest, ALinkIsFollowedAndStays) {
  const std::string target = folder_ + "/target";
  std::filesystem::create_symlink("target", path_);
  EXPECT_EQ(Write(Content()).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(Write(Content(), true).ok());  // it points to nothing
  ASSERT_EQ(WriteKeyFile(target, Content(), Passphrase(), {.cost = kCostMin}), absl::OkStatus());
  const std::string old = Read(target);
  ASSERT_EQ(Write(Content(), true), absl::OkStatus());
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_NE(Read(target), old);
  EXPECT_TRUE(OpenKeyFile(path_, Passphrase()).ok());
}

TEST_F(KeyFileTest, OthersMayNotUseIt) {
  path_ = folder_ + "/l'\xC3\xA9picerie";
  ASSERT_EQ(Write(Content()), absl::OkStatus());
  for (const mode_t mode : {0640u, 0620u, 0610u, 0604u, 0602u, 0601u, 0644u, 0666u, 0777u}) {
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    const auto opened = OpenKeyFile(path_, Passphrase());
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition) << mode;
    EXPECT_THAT(std::string(opened.status().message()),
                HasSubstr("run: chmod 600 '" + folder_ + "/l'\\''\xC3\xA9picerie'"));
    EXPECT_EQ(ReadKeyFileInfo(path_).status().code(), absl::StatusCode::kFailedPrecondition)
        << mode;
  }
  // What the message says to run works.
  const std::string message(OpenKeyFile(path_, Passphrase()).status().message());
  ASSERT_EQ(std::system(message.substr(message.find("chmod")).c_str()), 0);
  EXPECT_TRUE(OpenKeyFile(path_, Passphrase()).ok());
  ASSERT_EQ(chmod(path_.c_str(), 0400), 0);
  EXPECT_TRUE(OpenKeyFile(path_, Passphrase()).ok());
}

TEST_F(KeyFileTest, WhatIsNotAKeyFileIsSaid) {
  EXPECT_EQ(OpenKeyFile(path_, Passphrase()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(OpenKeyFile(folder_, Passphrase()).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(WriteKeyFile(folder_ + "/none/key", Content(), Passphrase(), {.cost = kCostMin}).code(),
            absl::StatusCode::kNotFound);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(OpenKeyFile(path_, Passphrase()).status().code(), absl::StatusCode::kDataLoss);
  std::filesystem::remove(path_);
  for (const std::string& text : {std::string(), std::string("x\n"), std::string(1 << 20, 'x')}) {
    std::ofstream(path_, std::ios::binary) << text;
    ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
    const auto opened = OpenKeyFile(path_, Passphrase());
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(opened.status().message()), StartsWith(path_ + ": "));
  }
}

TEST_F(KeyFileTest, PassphraseIsChanged) {
  const KeyFileContent content = Content();
  ASSERT_EQ(Write(content), absl::OkStatus());
  const std::string old = Read(path_);
  EXPECT_EQ(ChangePassphrase(path_, Passphrase("wrong"), Passphrase("new"), kCostMin).code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ChangePassphrase(path_, Passphrase(), Passphrase(""), kCostMin).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Read(path_), old);

  const Argon2Cost cost{.operations = 2, .memory_kib = 16 * 1024};
  ASSERT_EQ(ChangePassphrase(path_, Passphrase(), Passphrase("new"), cost), absl::OkStatus());
  EXPECT_EQ(OpenKeyFile(path_, Passphrase()).status().code(), absl::StatusCode::kUnauthenticated);
  const auto opened = OpenKeyFile(path_, Passphrase("new"));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(opened->content.mnemonic.entropy().Equals(content.mnemonic.entropy()));
  EXPECT_EQ(opened->content.profile, content.profile);
  EXPECT_EQ(opened->content.account_number, content.account_number);
  EXPECT_EQ(opened->cost, cost);
  EXPECT_EQ(ModeOf(path_), 0600u);
  EXPECT_EQ(Read(path_).find(old.substr(old.find("salt="), 20)), std::string::npos);
}

}  // namespace
}  // namespace kengred::keys
