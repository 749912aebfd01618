#include "kengred/core/civil_day.h"

#include <chrono>
#include <cstdio>

namespace kengred {

CivilDate DateOfDay(int32_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  return {int{date.year()}, static_cast<int32_t>(unsigned{date.month()}),
          static_cast<int32_t>(unsigned{date.day()})};
}

int32_t DayOfDate(const CivilDate& date) {
  const std::chrono::year_month_day civil{std::chrono::year{date.year},
                                          std::chrono::month{static_cast<unsigned>(date.month)},
                                          std::chrono::day{static_cast<unsigned>(date.day)}};
  return static_cast<int32_t>(std::chrono::sys_days{civil}.time_since_epoch().count());
}

absl::StatusOr<int32_t> ParseDay(std::string_view text) {
  const auto invalid = [&text] {
    return absl::InvalidArgumentError("\"" + std::string(text) +
                                      "\" is not a date; write it like 2027-12-31");
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return invalid();
  int32_t fields[3] = {0, 0, 0};
  size_t field = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == 4 || i == 7) {
      ++field;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return invalid();
    fields[field] = fields[field] * 10 + (text[i] - '0');
  }
  const std::chrono::year_month_day date{std::chrono::year{fields[0]},
                                         std::chrono::month{static_cast<unsigned>(fields[1])},
                                         std::chrono::day{static_cast<unsigned>(fields[2])}};
  if (!date.ok()) return invalid();
  return DayOfDate({fields[0], fields[1], fields[2]});
}

std::string FormatDay(int32_t day) {
  const CivilDate date = DateOfDay(day);
  char text[32];
  std::snprintf(text, sizeof(text), "%04d-%02d-%02d", date.year, date.month, date.day);
  return text;
}

}  // namespace kengred
