// Goal: an address is bech32m exactly as BIP-350 says, and a mistyped one is never another account.
// Method: the vectors of BIP-350 (retyped below; the whole file where the shared material is
// there), a round trip, and every single typing error of one address.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kengred/core/address.h"
#include "tests/support/shared_files.h"

namespace kengred {
namespace {

constexpr char kCharacters[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

AccountId Sample() { return *AccountId::FromHex("000102030405060708090a0b0c0d0e0f10111213"); }

// BIP-350, "Test vectors for Bech32m".
TEST(AddressTest, AcceptsTheValidVectorsOfBip350) {
  for (const char* text :
       {"A1LQFN3A", "a1lqfn3a",
        "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersb"
        "ioandnumber11sg7hg6",
        "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
        "11llllllllllllllllllllllllllllllllllllllllllllllll"
        "llllllllllllllllllllllllllllllllllludsr8",
        "split1checkupstagehandshakeupstreamerranterredcaperredlc445v", "?1v759aa"}) {
    EXPECT_TRUE(DecodeBech32m(text).ok()) << text;
  }
}

TEST(AddressTest, RefusesTheInvalidVectorsOfBip350) {
  for (const std::string& text :
       {std::string("\x20"
                    "1xj0phk"),
        std::string("\x7f"
                    "1g6xzxy"),
        std::string("\x80"
                    "1vctc34"),
        std::string("an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandn"
                    "umber11d6pts4"),
        std::string("qyrz8wqd2c9m"), std::string("1qyrz8wqd2c9m"), std::string("y1b0jsk6g"),
        std::string("lt1igcx5c0"), std::string("in1muywd"), std::string("mm1crxm3i"),
        std::string("au1s5cgom"), std::string("M1VUXWEZ"), std::string("16plkw9"),
        std::string("1p2gdwpf")}) {
    EXPECT_EQ(DecodeBech32m(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

// Scenario 15: the older checksum of BIP-173 is another language.
TEST(AddressTest, RefusesTheOlderChecksumAndSaysSo) {
  for (const char* text : {"A12UEL5L", "a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
                           "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"}) {
    const auto decoded = DecodeBech32m(text);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_NE(decoded.status().message().find("older"), std::string::npos) << text;
  }
}

TEST(AddressTest, AgreesWithTheSharedVectors) {
  const auto path = testing::FindSharedFile("vectors/bip/bip350_bech32m.json");
  if (!path) GTEST_SKIP() << "the shared BIP-350 vectors are not there";
  const auto vectors = nlohmann::json::parse(testing::ReadWholeFile(*path));
  size_t checked = 0;
  for (const auto& text : vectors.at("valid_bech32m")) {
    const auto decoded = DecodeBech32m(text.get<std::string>());
    ASSERT_TRUE(decoded.ok()) << text;
    std::string lower = text.get<std::string>();
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    EXPECT_EQ(EncodeBech32m(decoded->prefix, decoded->groups), lower);
    ++checked;
  }
  for (const auto& row : vectors.at("invalid_bech32m")) {
    std::string bytes;
    const std::string hex = row.at("hex_bytes").get<std::string>();
    for (size_t i = 0; i < hex.size(); i += 2) {
      bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    EXPECT_FALSE(DecodeBech32m(bytes).ok()) << row;
    ++checked;
  }
  for (const auto& text : vectors.at("valid_bech32_that_bech32m_must_reject")) {
    EXPECT_FALSE(DecodeBech32m(text.get<std::string>()).ok()) << text;
    ++checked;
  }
  // A segwit address is no account here, whichever checksum it carries.
  for (const char* list : {"valid_segwit_addresses", "invalid_segwit_addresses"}) {
    for (const auto& row : vectors.at(list)) {
      EXPECT_FALSE(DecodeAddress("heol", row.at("address").get<std::string>()).ok()) << row;
      ++checked;
    }
  }
  EXPECT_GE(checked, 40u);
}

TEST(AddressTest, MakesTheAddressThatItReads) {
  const std::string address = EncodeAddress("heol", Sample());
  EXPECT_EQ(address.substr(0, 5), "heol1");
  EXPECT_EQ(address.size(), 5 + 32 + 6u);
  const auto decoded = DecodeAddress("heol", address);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, Sample());
}

TEST(AddressTest, ReadsUpperCaseAsItStandsInQrCodes) {
  std::string address = EncodeAddress("heol", Sample());
  for (char& c : address) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  EXPECT_EQ(*DecodeAddress("heol", address), Sample());
  address[0] = 'h';
  EXPECT_FALSE(DecodeAddress("heol", address).ok());
}

TEST(AddressTest, RefusesAnAddressOfAnotherLedger) {
  const auto decoded = DecodeAddress("heol", EncodeAddress("eusko", Sample()));
  ASSERT_FALSE(decoded.ok());
  EXPECT_NE(decoded.status().message().find("eusko1"), std::string::npos);
}

TEST(AddressTest, RefusesAnotherLength) {
  for (const size_t groups : {0u, 31u, 33u, 64u}) {
    EXPECT_FALSE(
        DecodeAddress("heol", EncodeBech32m("heol", std::vector<uint8_t>(groups, 5))).ok());
  }
}

TEST(AddressTest, RefusesEveryWrongCharacterAndEverySwap) {
  const std::string address = EncodeAddress("heol", Sample());
  size_t wrong = 0;
  for (size_t i = 5; i < address.size(); ++i) {
    for (const char c : std::string_view(kCharacters)) {
      if (c == address[i]) continue;
      std::string mistyped = address;
      mistyped[i] = c;
      EXPECT_FALSE(DecodeAddress("heol", mistyped).ok()) << mistyped;
      ++wrong;
    }
    if (i + 1 < address.size() && address[i] != address[i + 1]) {
      std::string swapped = address;
      std::swap(swapped[i], swapped[i + 1]);
      EXPECT_FALSE(DecodeAddress("heol", swapped).ok()) << swapped;
    }
    // One character lost, one doubled.
    std::string lost = address;
    lost.erase(i, 1);
    EXPECT_FALSE(DecodeAddress("heol", lost).ok()) << lost;
    std::string doubled = address;
    doubled.insert(i, 1, address[i]);
    EXPECT_FALSE(DecodeAddress("heol", doubled).ok()) << doubled;
  }
  EXPECT_EQ(wrong, 38u * 31u);
}

TEST(AddressTest, RefusesNoiseWithoutReadingPastItsEnd) {
  for (const std::string& text :
       {std::string(), std::string("1"), std::string("heol1"), std::string("heol"),
        std::string("heol1 "), std::string(200, 'q'), std::string("heol1\0qqqqqq", 12)}) {
    EXPECT_FALSE(DecodeAddress("heol", text).ok()) << text;
  }
}

}  // namespace
}  // namespace kengred
