// Goal: ids are exactly their bytes; hashes and domain tags are what the contract says. Method:
// sizes, hexadecimal of both cases, FIPS 180-4's examples of SHA-256, and ids computed again from
// the words of operations.proto.
#include <gtest/gtest.h>

#include <set>

#include "kengred/core/charter.h"
#include "kengred/core/hash.h"
#include "kengred/core/ids.h"
#include "kengred/core/system_accounts.h"
#include "tests/support/community.h"

namespace kengred {
namespace {

TEST(IdsTest, HaveExactlyTheirSize) {
  for (const size_t size : {0u, 19u, 21u, 32u}) {
    EXPECT_FALSE(AccountId::FromBytes(std::string(size, 'x')));
  }
  const auto id = AccountId::FromBytes(std::string(20, 'x'));
  ASSERT_TRUE(id);
  EXPECT_EQ(id->ToBytes(), std::string(20, 'x'));
  EXPECT_EQ(AccountId().ToHex(), std::string(40, '0'));
}

TEST(IdsTest, ReadHexadecimalOfBothCasesOnly) {
  const auto id = AccountId::FromHex("00FFabCD000000000000000000000000000000e9");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->ToHex(), "00ffabcd000000000000000000000000000000e9");
  EXPECT_FALSE(AccountId::FromHex("00FFabCD000000000000000000000000000000e"));
  EXPECT_FALSE(AccountId::FromHex("0gFFabCD000000000000000000000000000000e9"));
  EXPECT_FALSE(AccountId::FromHex("00FFabCD000000000000000000000000000000 9"));
}

TEST(IdsTest, OrderIsThatOfTheBytes) {
  const auto low = *AccountId::FromHex("00000000000000000000000000000000000000ff");
  const auto high = *AccountId::FromHex("8000000000000000000000000000000000000000");
  EXPECT_LT(low, high);
}

// FIPS 180-4 examples.
TEST(HashTest, IsSha256) {
  EXPECT_EQ(Sha256({"abc"}).ToHex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256({""}).ToHex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256({"abcdbcdecdefdefgefghfghighij", "hijkijkljklmklmnlmnomnopnopq"}).ToHex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(HashTest, DomainTagsDifferAndNoneBeginsAnother) {
  const std::vector<std::string_view> tags = {
      domain::kTransactionId, domain::kTransaction,  domain::kAccount,   domain::kSystemAccount,
      domain::kProgramme,     domain::kReconversion, domain::kCommitment};
  for (const std::string_view& tag : tags) {
    EXPECT_EQ(tag.find('\0'), tag.size() - 1) << tag;
    EXPECT_TRUE(tag.starts_with("kengred/v1/")) << tag;
    for (const std::string_view& other : tags) {
      EXPECT_TRUE(&tag == &other || !other.starts_with(tag)) << tag << other;
    }
  }
}

TEST(IdsTest, AnAccountIdFollowsFromThresholdAndKeysInOrder) {
  const testing::Community community;
  const v1::Authority authority = community.holder("assoc").authority;
  std::string bytes("kengred/v1/account\0", 19);
  bytes.push_back(2);
  for (const std::string& key : authority.public_keys()) bytes += key;
  EXPECT_EQ(AccountIdOf(authority).ToHex(), Sha256({bytes}).ToHex().substr(0, 40));
  v1::Authority other = authority;
  other.set_threshold(1);
  EXPECT_NE(AccountIdOf(other), AccountIdOf(authority));
  other = authority;
  other.mutable_public_keys()->SwapElements(0, 1);
  EXPECT_NE(AccountIdOf(other), AccountIdOf(authority));
}

TEST(SystemAccountsTest, EachHasItsOwnIdPerCurrency) {
  std::set<AccountId> ids;
  for (const std::string_view name : kSystemAccountNames) {
    for (const char* currency : {"HEOL", "HOURS"}) {
      const AccountId id = SystemAccountId(name, currency);
      EXPECT_TRUE(ids.insert(id).second);
      EXPECT_EQ(SystemAccountName(id, currency), name);
      EXPECT_EQ(SystemAccountName(id, "EUR"), "");
    }
  }
  EXPECT_EQ(SystemAccountName(AccountId(), "HEOL"), "");
  // A name and a currency cannot run into each other.
  EXPECT_NE(SystemAccountId("fund", "paperX"), SystemAccountId("fundpaper", "X"));
}

TEST(SystemAccountsTest, OnlyCirculationAndBankGoBelowZero) {
  for (const std::string_view name : kSystemAccountNames) {
    EXPECT_EQ(MayBeNegative(name), name == "circulation" || name == "bank") << name;
  }
  EXPECT_FALSE(MayBeNegative(""));
}

}  // namespace
}  // namespace kengred
