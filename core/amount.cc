#include "kengred/core/amount.h"

#include "kengred/core/limits.h"

namespace kengred {

std::optional<int64_t> CheckedAdd(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

std::optional<int64_t> CheckedSubtract(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_sub_overflow(a, b, &result)) return std::nullopt;
  return result;
}

std::optional<int64_t> CheckedMultiply(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

// 128 bits hold every product of two int64.
__extension__ using Wide = __int128;

int64_t BasisPointsHalfUp(int64_t amount, uint32_t basis_points) {
  return static_cast<int64_t>((Wide{amount} * basis_points + kBasisPoints / 2) / kBasisPoints);
}

int64_t ProportionDown(int64_t amount, int64_t numerator, int64_t denominator) {
  return static_cast<int64_t>(Wide{amount} * numerator / denominator);
}

absl::StatusOr<int64_t> ParseAmount(std::string_view text, uint32_t decimals) {
  const auto invalid = [&text](const std::string& why) {
    return absl::InvalidArgumentError("\"" + std::string(text) + "\" is not an amount: " + why);
  };
  if (text.empty()) return absl::InvalidArgumentError("the amount is empty; write it like 12.50");
  const size_t mark = text.find_first_of(".,");
  const std::string_view whole = text.substr(0, mark);
  const std::string_view fraction =
      mark == std::string_view::npos ? std::string_view{} : text.substr(mark + 1);
  if (whole.empty()) return invalid("a digit is missing before the decimal mark");
  if (mark != std::string_view::npos && fraction.empty()) {
    return invalid("a digit is missing after the decimal mark");
  }
  if (fraction.size() > decimals) {
    return invalid("this currency has " + std::to_string(decimals) + " decimals");
  }
  int64_t minor = 0;
  const auto append = [&minor](char digit) {
    return !__builtin_mul_overflow(minor, int64_t{10}, &minor) &&
           !__builtin_add_overflow(minor, int64_t{digit - '0'}, &minor);
  };
  for (const std::string_view digits : {whole, fraction}) {
    for (const char c : digits) {
      if (c < '0' || c > '9') return invalid("only digits and one decimal mark are allowed");
      if (!append(c)) {
        return absl::OutOfRangeError("\"" + std::string(text) + "\" is too large an amount");
      }
    }
  }
  for (size_t i = fraction.size(); i < decimals; ++i) {
    if (!append('0')) {
      return absl::OutOfRangeError("\"" + std::string(text) + "\" is too large an amount");
    }
  }
  return minor;
}

std::string FormatAmount(int64_t minor, uint32_t decimals, char mark) {
  // The magnitude as unsigned, since -INT64_MIN is no int64.
  uint64_t magnitude = static_cast<uint64_t>(minor);
  if (minor < 0) magnitude = 0 - magnitude;
  std::string digits = std::to_string(magnitude);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  if (decimals > 0) digits.insert(digits.size() - decimals, 1, mark);
  if (minor < 0) digits.insert(0, 1, '-');
  return digits;
}

}  // namespace kengred
