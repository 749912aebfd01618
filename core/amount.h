// Amounts: int64 minor units with checked arithmetic, and their decimal text. No floating point.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kengred {

// a + b, or nothing where it does not fit.
std::optional<int64_t> CheckedAdd(int64_t a, int64_t b);
// a - b, or nothing where it does not fit.
std::optional<int64_t> CheckedSubtract(int64_t a, int64_t b);
// a * b, or nothing where it does not fit.
std::optional<int64_t> CheckedMultiply(int64_t a, int64_t b);

// `amount` * `basis_points` / 10000, rounded half up. Both at least 0, basis_points at most 10000,
// so that the result is at most `amount`.
int64_t BasisPointsHalfUp(int64_t amount, uint32_t basis_points);
// `amount` * `numerator` / `denominator`, rounded down; 0 <= numerator <= denominator, denominator
// > 0.
int64_t ProportionDown(int64_t amount, int64_t numerator, int64_t denominator);

// Reads "12", "12.5", "12,50" as minor units of a currency with `decimals` digits (0 to 6). At
// least one digit on each side of the mark, no sign, no space, no grouping, at most `decimals`
// decimals (more are refused, not rounded). InvalidArgument says what is wrong; OutOfRange past
// int64.
absl::StatusOr<int64_t> ParseAmount(std::string_view text, uint32_t decimals);

// 1250 with 2 decimals is "12.50"; `mark` is '.' or ','. Negative amounts start with '-'.
std::string FormatAmount(int64_t minor, uint32_t decimals, char mark = '.');

}  // namespace kengred
