// Civil days: int32 days since 1970-01-01 in the proleptic Gregorian calendar. In which time zone
// is the charter's choice, made once by the server's sequencer; here it is only arithmetic and
// text.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace kengred {

struct CivilDate {
  int32_t year = 1970;
  int32_t month = 1;  // 1 to 12
  int32_t day = 1;    // 1 to 31
};

// The date of a day number.
CivilDate DateOfDay(int32_t day);
// The day number of a date that exists.
int32_t DayOfDate(const CivilDate& date);

// "2026-11-24" (ISO 8601). InvalidArgument for anything else, or a date that does not exist.
absl::StatusOr<int32_t> ParseDay(std::string_view text);
std::string FormatDay(int32_t day);

}  // namespace kengred
