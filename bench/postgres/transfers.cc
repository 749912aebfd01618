#include "bench/postgres/transfers.h"

#include <cstring>

namespace kengred::bench::postgres {
namespace {

// PostgreSQL's numbers of types, as in its catalog pg_type.
constexpr uint32_t kBigintType = 20;
constexpr uint32_t kSmallintType = 21;
constexpr uint32_t kUuidType = 2950;

template <typename Integer>
void Append(Integer value, std::string* out) {
  for (int shift = static_cast<int>(sizeof(value)) * 8 - 8; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>((static_cast<uint64_t>(value) >> shift) & 0xff));
  }
}

// Reads from the front of what is left.
template <typename Integer>
std::optional<Integer> Take(std::string_view* bytes) {
  if (bytes->size() < sizeof(Integer)) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    value = value << 8 | static_cast<uint8_t>((*bytes)[i]);
  }
  bytes->remove_prefix(sizeof(Integer));
  return static_cast<Integer>(value);
}

// Dimensions, whether there are nulls, type of an element; then size and first index.
void AppendArrayHeader(uint32_t type, size_t size, std::string* out) {
  Append<uint32_t>(1, out);
  Append<uint32_t>(0, out);
  Append(type, out);
  Append(static_cast<uint32_t>(size), out);
  Append<uint32_t>(1, out);
}

}  // namespace

TransferSource::TransferSource(uint64_t seed, int64_t accounts, Payees payees)
    : random_(seed),
      payer_(1, payees == Payees::kOne ? accounts - 1 : accounts),
      other_(1, accounts - 1),
      accounts_(accounts),
      payees_(payees) {}

Transfer TransferSource::Next() {
  Transfer transfer;
  for (size_t half = 0; half < 2; ++half) {
    const uint64_t random = random_();
    std::memcpy(transfer.key.data() + half * sizeof(random), &random, sizeof(random));
  }
  transfer.payer = payer_(random_);
  transfer.payee =
      payees_ == Payees::kOne ? accounts_ : (transfer.payer - 1 + other_(random_)) % accounts_ + 1;
  transfer.amount = amount_(random_);
  return transfer;
}

std::string EncodeBigint(int64_t value) {
  std::string bytes;
  Append(value, &bytes);
  return bytes;
}

std::optional<int16_t> DecodeSmallint(std::string_view bytes) {
  const auto value = Take<int16_t>(&bytes);
  return bytes.empty() ? value : std::nullopt;
}

std::string EncodeKeys(std::span<const Transfer> transfers) {
  std::string bytes;
  AppendArrayHeader(kUuidType, transfers.size(), &bytes);
  for (const Transfer& transfer : transfers) {
    Append(static_cast<uint32_t>(transfer.key.size()), &bytes);
    bytes.append(transfer.key.begin(), transfer.key.end());
  }
  return bytes;
}

std::string EncodeBigints(std::span<const Transfer> transfers, int64_t Transfer::*member) {
  std::string bytes;
  AppendArrayHeader(kBigintType, transfers.size(), &bytes);
  for (const Transfer& transfer : transfers) {
    Append(static_cast<uint32_t>(sizeof(int64_t)), &bytes);
    Append(transfer.*member, &bytes);
  }
  return bytes;
}

std::optional<std::vector<int16_t>> DecodeSmallints(std::string_view bytes) {
  const auto dimensions = Take<uint32_t>(&bytes);
  // Whether there may be nulls. An array that once had some still says so.
  const auto nulls = Take<uint32_t>(&bytes);
  if (dimensions != 1u || !nulls || Take<uint32_t>(&bytes) != kSmallintType) return std::nullopt;
  const auto size = Take<uint32_t>(&bytes);
  const auto first = Take<uint32_t>(&bytes);
  constexpr size_t kElementBytes = sizeof(uint32_t) + sizeof(int16_t);
  if (!size || !first || bytes.size() != *size * kElementBytes) return std::nullopt;
  std::vector<int16_t> values;
  for (uint32_t i = 0; i < *size; ++i) {
    if (Take<uint32_t>(&bytes) != sizeof(int16_t)) return std::nullopt;
    values.push_back(*Take<int16_t>(&bytes));
  }
  return values;
}

}  // namespace kengred::bench::postgres
