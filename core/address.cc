#include "kengred/core/address.h"

#include <array>
#include <optional>

namespace kengred {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr uint32_t kBech32mConstant = 0x2bc830a3;
constexpr uint32_t kBech32Constant = 1;
constexpr size_t kTextMax = 90;
constexpr size_t kChecksumGroups = 6;

uint32_t Polymod(std::string_view prefix, const std::vector<uint8_t>& groups) {
  constexpr std::array<uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                                  0x2a1462b3};
  uint32_t checksum = 1;
  const auto feed = [&checksum, &kGenerator](uint32_t value) {
    const uint32_t top = checksum >> 25;
    checksum = (checksum & 0x1ffffff) << 5 ^ value;
    for (size_t i = 0; i < kGenerator.size(); ++i) {
      if ((top >> i & 1) != 0) checksum ^= kGenerator[i];
    }
  };
  for (const char c : prefix) feed(static_cast<uint32_t>(c) >> 5);
  feed(0);
  for (const char c : prefix) feed(static_cast<uint32_t>(c) & 31);
  for (const uint8_t group : groups) feed(group);
  return checksum;
}

absl::Status Invalid(const std::string& why) { return absl::InvalidArgumentError(why); }

}  // namespace

absl::StatusOr<Bech32m> DecodeBech32m(std::string_view text) {
  if (text.size() > kTextMax) return Invalid("an address has at most 90 characters");
  bool lower = false;
  bool upper = false;
  std::string folded;
  for (const char c : text) {
    if (c < 33 || c > 126) return Invalid("an address has only letters and digits");
    lower = lower || (c >= 'a' && c <= 'z');
    upper = upper || (c >= 'A' && c <= 'Z');
    folded.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  if (lower && upper) return Invalid("an address does not mix upper and lower case");
  const size_t separator = folded.rfind('1');
  if (separator == std::string::npos || separator == 0) {
    return Invalid("an address starts with its ledger's prefix and the digit 1");
  }
  if (folded.size() - separator - 1 < kChecksumGroups) return Invalid("the address is too short");
  Bech32m result;
  result.prefix = folded.substr(0, separator);
  for (size_t i = separator + 1; i < folded.size(); ++i) {
    const size_t value = kAlphabet.find(folded[i]);
    if (value == std::string_view::npos) {
      return Invalid("character " + std::to_string(i + 1) + " ('" + text[i] +
                     "') never occurs in an address; check for a typing error");
    }
    result.groups.push_back(static_cast<uint8_t>(value));
  }
  const uint32_t checksum = Polymod(result.prefix, result.groups);
  if (checksum == kBech32Constant) {
    return Invalid("this is an address of the older bech32 form, not of this ledger");
  }
  if (checksum != kBech32mConstant) {
    return Invalid("the address has a typing error (its checksum does not match)");
  }
  result.groups.resize(result.groups.size() - kChecksumGroups);
  return result;
}

std::string EncodeBech32m(std::string_view prefix, const std::vector<uint8_t>& groups) {
  std::vector<uint8_t> padded = groups;
  padded.resize(groups.size() + kChecksumGroups);
  const uint32_t checksum = Polymod(prefix, padded) ^ kBech32mConstant;
  std::string text(prefix);
  text.push_back('1');
  for (const uint8_t group : groups) text.push_back(kAlphabet[group & 31]);
  for (size_t i = 0; i < kChecksumGroups; ++i) {
    text.push_back(kAlphabet[checksum >> 5 * (kChecksumGroups - 1 - i) & 31]);
  }
  return text;
}

std::string EncodeAddress(std::string_view prefix, const AccountId& account) {
  // 20 bytes are exactly 32 groups of 5 bits.
  static_assert(AccountId::kSize * 8 % 5 == 0);
  std::vector<uint8_t> groups;
  uint32_t buffer = 0;
  int bits = 0;
  for (const char c : account.view()) {
    buffer = (buffer << 8 | static_cast<uint8_t>(c)) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) {
      groups.push_back(static_cast<uint8_t>(buffer >> (bits - 5) & 31));
    }
  }
  return EncodeBech32m(prefix, groups);
}

absl::StatusOr<AccountId> DecodeAddress(std::string_view prefix, std::string_view address) {
  absl::StatusOr<Bech32m> decoded = DecodeBech32m(address);
  if (!decoded.ok()) return decoded.status();
  if (decoded->prefix != prefix) {
    return Invalid("the address starts with \"" + decoded->prefix +
                   "1\"; on this ledger they start with \"" + std::string(prefix) + "1\"");
  }
  if (decoded->groups.size() != AccountId::kSize * 8 / 5) {
    return Invalid("the address has the wrong length");
  }
  std::string bytes;
  uint32_t buffer = 0;
  int bits = 0;
  for (const uint8_t group : decoded->groups) {
    buffer = (buffer << 5 | group) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<char>(buffer >> bits & 0xff));
    }
  }
  return *AccountId::FromBytes(bytes);
}

}  // namespace kengred
