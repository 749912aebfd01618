// What a load is made of.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace kengred::bench {

// Weights, each at most 1,000,000; at least one is not 0.
struct Mix {
  uint32_t payments = 1;
  uint32_t rewards = 0;
  uint32_t reads = 0;

  uint32_t submissions() const { return payments + rewards; }
  uint32_t all() const { return submissions() + reads; }
  friend bool operator==(const Mix&, const Mix&) = default;
};

// "payments=10,reads=90"; what is not named weighs 0. InvalidArgument says what is wrong.
absl::StatusOr<Mix> ParseMix(std::string_view text);

}  // namespace kengred::bench
