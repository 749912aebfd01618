// What is asked of PostgreSQL: transfers, and how they and their verdicts look in its binary
// format.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kengred::bench::postgres {

// Who is paid.
enum class Payees {
  kUniform,  // anybody but the payer
  kOne,      // the last account, by everybody else
};

// The idempotency key, a uuid there.
using TransferKey = std::array<uint8_t, 16>;

struct Transfer {
  TransferKey key{};
  int64_t payer = 0;  // accounts are 1 to their count
  int64_t payee = 0;
  int64_t amount = 0;  // minor units
};

// An endless row of transfers of 1 to 100 minor units; it follows from the seed. One thread.
class TransferSource {
 public:
  // At least two accounts.
  TransferSource(uint64_t seed, int64_t accounts, Payees payees);

  Transfer Next();

 private:
  std::mt19937_64 random_;
  std::uniform_int_distribution<int64_t> payer_;
  std::uniform_int_distribution<int64_t> other_;
  std::uniform_int_distribution<int64_t> amount_{1, 100};
  const int64_t accounts_;
  const Payees payees_;
};

// The verdicts of schema.sql.
enum class PgVerdict : int16_t { kAccepted = 0, kRefused = 1, kDuplicate = 2 };

// bigint and smallint: big-endian.
std::string EncodeBigint(int64_t value);
std::optional<int16_t> DecodeSmallint(std::string_view bytes);

// Arrays of one dimension without nulls: uuid[] of the keys; bigint[] of a member of each.
std::string EncodeKeys(std::span<const Transfer> transfers);
std::string EncodeBigints(std::span<const Transfer> transfers, int64_t Transfer::*member);
// A smallint[]; nothing where it is another thing, has nulls, or ends early.
std::optional<std::vector<int16_t>> DecodeSmallints(std::string_view bytes);

}  // namespace kengred::bench::postgres
