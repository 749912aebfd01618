// Goal: key files written by version 1 open for ever, and the format's page tells the truth.
// Method: a frozen file and the worked example of docs/formats/key_file.md, both made by a program
// of its own in Python (hashlib, hmac, libsodium) from the page's prose. Neither may ever be made
// anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "kengred/keys/key_file.h"

namespace kengred::keys {
namespace {

std::string ReadSource(const std::string& name) {
  const char* source = std::getenv("KENGRED_SOURCE_DIR");
  if (source == nullptr) return "";
  std::ifstream file(std::string(source) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(KeyFileGoldenTest, FrozenFileOpens) {
  const std::string text = ReadSource("tests/golden/key_file_v1.txt");
  ASSERT_FALSE(text.empty());
  const auto opened = UnsealKeyFile(text, SecretString::CopyOf("cr\xC3\xAAperie de Brest"));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->content.profile, "boulangerie Ar Bara Mat");
  EXPECT_EQ(opened->content.ledger, "heol");
  EXPECT_EQ(opened->content.account_number, 3u);
  EXPECT_EQ(opened->content.mnemonic.language(), Language::kFrench);
  EXPECT_EQ(opened->content.mnemonic.DisplayText().view(),
            "abaisser agr\xC3\xA9"
            "able inductif agr\xC3\xA9"
            "able \xC3\xA9ligible achat bolide boucle "
            "amateur exister d\xC3\xA9rober bison abrasif justice \xC3\xA9"
            "charpe inonder avancer piano "
            "adulte cobra papaye anonyme hangar tomate");
  EXPECT_EQ(opened->cost, kCostInteractive);
  EXPECT_EQ(opened->key.public_key().ToHex(),
            "d4eb6950e86b9ecd3d5490bd721b6a66220a59d2faf8c6294ce4fe0771ab6018");
}

TEST(KeyFileGoldenTest, WorkedExampleOpens) {
  const std::string page = ReadSource("docs/formats/key_file.md");
  const size_t heading = page.find("## Worked example");
  ASSERT_NE(heading, std::string::npos);
  const std::string fence = "```\n";
  const size_t begin = page.find(fence, heading) + fence.size();
  const std::string text = page.substr(begin, page.find(fence, begin) - begin);
  const auto opened = UnsealKeyFile(text, SecretString::CopyOf("correct horse battery staple"));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->content.profile, "yann");
  EXPECT_EQ(opened->content.ledger, "");
  EXPECT_EQ(opened->content.account_number, 0u);
  EXPECT_EQ(opened->content.mnemonic.language(), Language::kEnglish);
  EXPECT_EQ(opened->content.mnemonic.DisplayText().view(),
            "legal winner thank year wave sausage worth useful legal winner thank yellow");
}

}  // namespace
}  // namespace kengred::keys
