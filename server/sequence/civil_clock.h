// Civil days in the charter's time zone. The only place that asks a time-zone database: the day it
// answers is written into the entry, so that replay agrees on any machine.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>

namespace kengred::sequence {

class CivilClock {
 public:
  // FailedPrecondition where this machine does not know the zone.
  static absl::StatusOr<CivilClock> Load(const std::string& time_zone);

  // Days since 1970-01-01 of a time in microseconds since 1970. Any thread.
  int32_t DayOf(int64_t time_us) const;

 private:
  explicit CivilClock(absl::TimeZone zone) : zone_(zone) {}
  absl::TimeZone zone_;
};

}  // namespace kengred::sequence
