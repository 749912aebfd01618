// Goal: the comparison with PostgreSQL asks for what it says, and reads the answers right, without
// a PostgreSQL to ask. Method: bytes of its binary format, written down by hand; many transfers of
// a source; a gateway's transfers beside the source they were signed from.
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>

#include "bench/postgres/gateway.h"
#include "bench/postgres/server_use.h"
#include "bench/postgres/transfers.h"

namespace kengred::bench::postgres {
namespace {

using std::string_literals::operator""s;

TEST(TransferSource, PaysAnybodyElse) {
  TransferSource source(1, 3, Payees::kUniform);
  std::set<std::pair<int64_t, int64_t>> pairs;
  std::set<TransferKey> keys;
  for (int i = 0; i < 1000; ++i) {
    const Transfer transfer = source.Next();
    pairs.emplace(transfer.payer, transfer.payee);
    keys.insert(transfer.key);
    EXPECT_GE(transfer.amount, 1);
    EXPECT_LE(transfer.amount, 100);
  }
  const std::set<std::pair<int64_t, int64_t>> all = {{1, 2}, {1, 3}, {2, 1},
                                                     {2, 3}, {3, 1}, {3, 2}};
  EXPECT_EQ(pairs, all);
  EXPECT_EQ(keys.size(), 1000u);
}

TEST(TransferSource, PaysOneShop) {
  TransferSource source(1, 4, Payees::kOne);
  std::set<int64_t> payers;
  for (int i = 0; i < 1000; ++i) {
    const Transfer transfer = source.Next();
    payers.insert(transfer.payer);
    EXPECT_EQ(transfer.payee, 4);
  }
  EXPECT_EQ(payers, (std::set<int64_t>{1, 2, 3}));
}

TEST(Binary, NumbersAreBigEndian) {
  EXPECT_EQ(EncodeBigint(0x0102030405060708), "\1\2\3\4\5\6\7\10"s);
  EXPECT_EQ(EncodeBigint(-2), "\xff\xff\xff\xff\xff\xff\xff\xfe"s);
  EXPECT_EQ(DecodeSmallint("\1\2"s), 258);
  EXPECT_EQ(DecodeSmallint("\xff\xff"s), -1);
  EXPECT_EQ(DecodeSmallint("\1"s), std::nullopt);
  EXPECT_EQ(DecodeSmallint("\1\2\3"s), std::nullopt);
}

TEST(Binary, ArraysHaveTypeAndSize) {
  std::vector<Transfer> transfers(2);
  transfers[0].amount = 5;
  transfers[1].amount = 256;
  transfers[1].key.fill(0xab);
  EXPECT_EQ(EncodeBigints(transfers, &Transfer::amount),
            "\0\0\0\1"
            "\0\0\0\0"
            "\0\0\0\x14"
            "\0\0\0\2"
            "\0\0\0\1"
            "\0\0\0\x8"
            "\0\0\0\0\0\0\0\5"
            "\0\0\0\x8"
            "\0\0\0\0\0\0\1\0"s);
  EXPECT_EQ(EncodeKeys(transfers),
            "\0\0\0\1"
            "\0\0\0\0"
            "\0\0\x0b\x86"
            "\0\0\0\2"
            "\0\0\0\1"
            "\0\0\0\x10"s +
                std::string(16, '\0') + "\0\0\0\x10"s + std::string(16, '\xab'));
}

TEST(Binary, ReadsVerdictsAndNothingElse) {
  const std::string good =
      "\0\0\0\1"
      "\0\0\0\1"
      "\0\0\0\x15"
      "\0\0\0\2"
      "\0\0\0\1"
      "\0\0\0\2"
      "\0\1"
      "\0\0\0\2"
      "\0\2"s;
  EXPECT_EQ(DecodeSmallints(good), (std::vector<int16_t>{1, 2}));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(DecodeSmallints(good.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(DecodeSmallints(good + "\0"s), std::nullopt);
  std::string other_type = good;
  other_type[11] = 20;
  EXPECT_EQ(DecodeSmallints(other_type), std::nullopt);
  // A null has the size -1 and no bytes.
  const std::string null =
      "\0\0\0\1"
      "\0\0\0\1"
      "\0\0\0\x15"
      "\0\0\0\1"
      "\0\0\0\1"
      "\xff\xff\xff\xff"s;
  EXPECT_EQ(DecodeSmallints(null), std::nullopt);
}

TEST(Gateway, AsksForWhatWasSigned) {
  TransferSource source(7, 1000, Payees::kUniform);
  TransferSource same(7, 1000, Payees::kUniform);
  Gateway gateway;
  gateway.Sign(50, &source);
  std::set<TransferKey> keys;
  for (int i = 0; i < 50; ++i) {
    const Transfer asked = same.Next();
    const auto transfer = gateway.VerifyNext();
    ASSERT_TRUE(transfer);
    EXPECT_EQ(transfer->payer, asked.payer);
    EXPECT_EQ(transfer->payee, asked.payee);
    EXPECT_EQ(transfer->amount, asked.amount);
    keys.insert(transfer->key);
  }
  EXPECT_EQ(keys.size(), 50u);
  EXPECT_FALSE(gateway.VerifyNext());
}

TEST(FamilyCpuUs, CountsThisProcessForItsParent) {
  EXPECT_GE(FamilyCpuUs(getppid()), FamilyCpuUs(getpid()));
  EXPECT_EQ(FamilyCpuUs(0), 0);
}

}  // namespace
}  // namespace kengred::bench::postgres
