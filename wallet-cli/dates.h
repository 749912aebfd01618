// Days as people write them on a command line.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string_view>

namespace kengred::wallet {

// "2027-12-31"; in French also "31/12/2027". A usage error with a hint for anything else.
absl::StatusOr<int32_t> ParseDate(std::string_view text);

// The civil day of a time (seconds since 1970) in this machine's zone.
int32_t DayHere(int64_t seconds);

}  // namespace kengred::wallet
