// Goal: signatures are Ed25519 as RFC 8032 says, decided as libsodium decides. Method: the vectors
// of RFC 8032 section 7.1 (retyped), every bit of one signature flipped, the malleable twin (S +
// L), and where the shared material is there, Wycheproof, speccheck and the observed verdicts of
// libsodium.
#include <absl/strings/escaping.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <type_traits>

#include "kengred/core/hash.h"
#include "kengred/core/signing.h"
#include "tests/support/mixed_order_key.h"
#include "tests/support/shared_files.h"

namespace kengred {
namespace {

struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1: TEST 1, 2, 3 and SHA(abc).
constexpr Vector kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0"
     "303dca179c138ac17ad9bef1177331a704"},
};

PublicKey Key(std::string_view hex) { return *PublicKey::FromHex(hex); }

TEST(SigningTest, AgreesWithRfc8032) {
  for (const Vector& vector : kRfc8032) {
    const auto key = SecretKey::FromSeed(absl::HexStringToBytes(vector.seed));
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(key->public_key().ToHex(), vector.public_key);
    EXPECT_EQ(absl::BytesToHexString(key->Sign(absl::HexStringToBytes(vector.message))),
              vector.signature);
    EXPECT_TRUE(VerifySignature(Key(vector.public_key), absl::HexStringToBytes(vector.message),
                                absl::HexStringToBytes(vector.signature)));
  }
}

TEST(SigningTest, NoBitOfKeyMessageOrSignatureMayChange) {
  const Vector& vector = kRfc8032[2];
  const std::string signature = absl::HexStringToBytes(vector.signature);
  const std::string message = absl::HexStringToBytes(vector.message);
  const PublicKey key = Key(vector.public_key);
  for (size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    std::string flipped = signature;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(VerifySignature(key, message, flipped)) << bit;
  }
  for (size_t bit = 0; bit < 8 * PublicKey::kSize; ++bit) {
    PublicKey flipped = key;
    flipped.data()[bit / 8] = static_cast<uint8_t>(flipped.data()[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(VerifySignature(flipped, message, signature)) << bit;
  }
  EXPECT_FALSE(VerifySignature(key, message + "x", signature));
  EXPECT_FALSE(VerifySignature(key, "", signature));
}

// Scenario 36.
TEST(SigningTest, RefusesOtherLengths) {
  const Vector& vector = kRfc8032[0];
  const std::string signature = absl::HexStringToBytes(vector.signature);
  EXPECT_FALSE(VerifySignature(Key(vector.public_key), "", ""));
  EXPECT_FALSE(VerifySignature(Key(vector.public_key), "", signature.substr(0, 63)));
  EXPECT_FALSE(VerifySignature(Key(vector.public_key), "", signature + "x"));
}

// Scenario 39: S + L is the same number modulo L and another signature of the same message.
TEST(SigningTest, RefusesTheMalleableTwin) {
  const Vector& vector = kRfc8032[0];
  std::string twin = absl::HexStringToBytes(vector.signature);
  // L of RFC 8032 section 5.1, little-endian.
  const std::string order =
      absl::HexStringToBytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned int carry = 0;
  for (size_t i = 0; i < 32; ++i) {
    const unsigned int sum =
        static_cast<uint8_t>(twin[32 + i]) + static_cast<uint8_t>(order[i]) + carry;
    twin[32 + i] = static_cast<char>(sum & 0xff);
    carry = sum >> 8;
  }
  ASSERT_EQ(carry, 0u);
  EXPECT_FALSE(VerifySignature(Key(vector.public_key), "", twin));
}

TEST(SigningTest, ASeedHas32Bytes) {
  for (const size_t size : {0u, 31u, 33u, 64u}) {
    EXPECT_EQ(SecretKey::FromSeed(std::string(size, 's')).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(SigningTest, AKeyMovesAndLeavesNothingBehind) {
  static_assert(!std::is_copy_constructible_v<SecretKey> && !std::is_copy_assignable_v<SecretKey>);
  SecretKey key = *SecretKey::FromSeed(absl::HexStringToBytes(kRfc8032[0].seed));
  SecretKey moved = std::move(key);
  EXPECT_EQ(absl::BytesToHexString(moved.Sign("")), kRfc8032[0].signature);
  // Reading a moved-from key is what this test is about.
  // NOLINTNEXTLINE(bugprone-use-after-move)
  EXPECT_NE(absl::BytesToHexString(key.Sign("")), kRfc8032[0].signature);
  key = std::move(moved);
  EXPECT_EQ(absl::BytesToHexString(key.Sign("")), kRfc8032[0].signature);
  // NOLINTNEXTLINE(bugprone-use-after-move)
  EXPECT_NE(absl::BytesToHexString(moved.Sign("")), kRfc8032[0].signature);
}

TEST(SigningTest, EveryNewKeyIsAnother) {
  const SecretKey one = SecretKey::Generate();
  const SecretKey two = SecretKey::Generate();
  EXPECT_NE(one.public_key(), two.public_key());
  EXPECT_TRUE(IsAcceptablePublicKey(one.public_key()));
  EXPECT_TRUE(VerifySignature(one.public_key(), "m", one.Sign("m")));
  EXPECT_FALSE(VerifySignature(two.public_key(), "m", one.Sign("m")));
  EXPECT_NE(RandomBytes(32), RandomBytes(32));
  EXPECT_EQ(RandomBytes(0), "");
}

// What verifies is not always a key to be trusted with an account.
TEST(SigningTest, AKeyOfMixedOrderSignsAndIsNotAcceptable) {
  const testing::MixedOrderKey key;
  EXPECT_TRUE(VerifySignature(key.public_key(), "m", key.Sign("m")));
  EXPECT_FALSE(VerifySignature(key.public_key(), "n", key.Sign("m")));
  EXPECT_FALSE(IsAcceptablePublicKey(key.public_key()));
}

TEST(SigningTest, ATransactionIsSignedByItsTaggedId) {
  const TransactionId id = TransactionIdOf("bytes");
  EXPECT_EQ(id.ToHex(),
            Sha256({std::string_view("kengred/v1/transaction-id\0", 26), "bytes"}).ToHex());
  EXPECT_EQ(TransactionSigningInput(id),
            std::string("kengred/v1/transaction\0", 23) + id.ToBytes());
}

TEST(SigningTest, AgreesWithWycheproof) {
  const auto path = testing::FindSharedFile("vectors/ed25519/wycheproof_ed25519_test.json");
  const auto observed_path = testing::FindSharedFile("vectors/ed25519/observed_verdicts.json");
  if (!path || !observed_path) GTEST_SKIP() << "the shared Wycheproof vectors are not there";
  const auto suite = nlohmann::json::parse(testing::ReadWholeFile(*path));
  const auto observed = nlohmann::json::parse(testing::ReadWholeFile(*observed_path)).at("rows");
  size_t checked = 0;
  for (const auto& group : suite.at("testGroups")) {
    const PublicKey key = Key(group.at("publicKey").at("pk").get<std::string>());
    for (const auto& test : group.at("tests")) {
      const bool accepted =
          VerifySignature(key, absl::HexStringToBytes(test.at("msg").get<std::string>()),
                          absl::HexStringToBytes(test.at("sig").get<std::string>()));
      EXPECT_EQ(accepted, test.at("result") == "valid") << test;
      const std::string row = "wycheproof/" + std::to_string(test.at("tcId").get<int>());
      EXPECT_EQ(accepted, observed.at(row).at("libsodium_1_0_18") == 1) << row;
      ++checked;
    }
  }
  EXPECT_EQ(checked, suite.at("numberOfTests").get<size_t>());
  EXPECT_GE(checked, 151u);
}

// Scenarios 40 and 41.
TEST(SigningTest, AgreesWithLibsodiumOnSpeccheck) {
  const auto path = testing::FindSharedFile("vectors/ed25519/speccheck_cases.json");
  const auto observed_path = testing::FindSharedFile("vectors/ed25519/observed_verdicts.json");
  if (!path || !observed_path) GTEST_SKIP() << "the shared speccheck cases are not there";
  const auto cases = nlohmann::json::parse(testing::ReadWholeFile(*path));
  const auto observed = nlohmann::json::parse(testing::ReadWholeFile(*observed_path)).at("rows");
  ASSERT_EQ(cases.size(), 12u);
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto& c = cases[i];
    const bool accepted =
        VerifySignature(Key(c.at("pub_key").get<std::string>()),
                        absl::HexStringToBytes(c.at("message").get<std::string>()),
                        absl::HexStringToBytes(c.at("signature").get<std::string>()));
    EXPECT_EQ(accepted, observed.at("speccheck/" + std::to_string(i)).at("libsodium_1_0_18") == 1)
        << i;
  }
}

TEST(SigningTest, AgreesWithTheWholeOfRfc8032) {
  const auto path = testing::FindSharedFile("vectors/ed25519/rfc8032_ed25519.json");
  if (!path) GTEST_SKIP() << "the shared RFC 8032 vectors are not there";
  const auto vectors = nlohmann::json::parse(testing::ReadWholeFile(*path));
  ASSERT_GE(vectors.size(), 4u);
  for (const auto& vector : vectors) {
    const auto key =
        SecretKey::FromSeed(absl::HexStringToBytes(vector.at("secret").get<std::string>()));
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(key->public_key().ToHex(), vector.at("public"));
    const std::string message = absl::HexStringToBytes(vector.at("message").get<std::string>());
    EXPECT_EQ(absl::BytesToHexString(key->Sign(message)), vector.at("signature"));
  }
}

}  // namespace
}  // namespace kengred
