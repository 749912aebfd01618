// Goal: secret keys of notes are written as Go writes them and read strictly. Method: a key that Go
// made, every single character of a line changed, keys of both types.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kengred/core/base64.h"
#include "kengred/core/note_secret.h"

namespace kengred {
namespace {

// RFC 8032 section 7.1, TEST 3.
const std::string kSeed = *DecodeBase64("xaqN9D+fg3vtt0QvMdy3sWbThTUHbwlLhc46LgtEWPc=");

TEST(NoteSecretTest, IsWrittenAndRead) {
  for (const KeyType type : {KeyType::kEd25519, KeyType::kCosignature}) {
    for (const char* name : {"x", "heol.example/ledger", "t\xc3\xa9moin.example"}) {
      const auto line = FormatNoteSecret(name, type, kSeed);
      ASSERT_TRUE(line.ok()) << line.status();
      for (const char* end : {"", "\n"}) {
        const auto secret = ParseNoteSecret(*line + end);
        ASSERT_TRUE(secret.ok()) << secret.status();
        EXPECT_EQ(secret->name, name);
        EXPECT_EQ(secret->type, type);
        EXPECT_EQ(secret->key.public_key(), SecretKey::FromSeed(kSeed)->public_key());
      }
    }
  }
}

TEST(NoteSecretTest, ReadsWhatGoWrites) {
  // The example of golang.org/x/mod/sumdb/note.
  const auto secret = ParseNoteSecret(
      "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz");
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(VerifierKey::Make(secret->name, secret->type, secret->key.public_key())->Format(),
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
}

TEST(NoteSecretTest, TheIdSaysTheType) {
  const std::string log = *FormatNoteSecret("x", KeyType::kEd25519, kSeed);
  const std::string witness = *FormatNoteSecret("x", KeyType::kCosignature, kSeed);
  // The one's id with the other's secret.
  EXPECT_FALSE(ParseNoteSecret(log.substr(0, 22) + witness.substr(22)).ok());
}

TEST(NoteSecretTest, EveryChangedCharacterIsNoticed) {
  const std::string line = *FormatNoteSecret("heol.example/ledger", KeyType::kEd25519, kSeed);
  for (size_t i = 0; i < line.size(); ++i) {
    for (const char c : {'A', '+', '0', ' ', '\n'}) {
      std::string changed = line;
      if (changed[i] == c) continue;
      changed[i] = c;
      const auto secret = ParseNoteSecret(changed);
      EXPECT_FALSE(secret.ok()) << changed;
      if (!secret.ok()) {
        EXPECT_THAT(std::string(secret.status().message()), Not(::testing::HasSubstr(changed)));
      }
    }
    EXPECT_FALSE(ParseNoteSecret(line.substr(0, i)).ok());
    EXPECT_FALSE(ParseNoteSecret(line.substr(0, i) + line.substr(i + 1)).ok());
  }
  EXPECT_FALSE(ParseNoteSecret(line + "\n\n").ok());
}

TEST(NoteSecretTest, WhatIsNoKeyIsNotWritten) {
  EXPECT_FALSE(FormatNoteSecret("", KeyType::kEd25519, kSeed).ok());
  EXPECT_FALSE(FormatNoteSecret("a b", KeyType::kEd25519, kSeed).ok());
  EXPECT_FALSE(FormatNoteSecret("a+b", KeyType::kEd25519, kSeed).ok());
  EXPECT_FALSE(FormatNoteSecret("x", KeyType::kEd25519, kSeed.substr(1)).ok());
}

}  // namespace
}  // namespace kengred
