#include "server/sequence/civil_clock.h"

namespace kengred::sequence {

absl::StatusOr<CivilClock> CivilClock::Load(const std::string& time_zone) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(time_zone, &zone)) {
    return absl::FailedPreconditionError("this machine does not know the time zone \"" + time_zone +
                                         "\" of the charter; install the package tzdata");
  }
  return CivilClock(zone);
}

int32_t CivilClock::DayOf(int64_t time_us) const {
  const absl::CivilDay day = absl::ToCivilDay(absl::FromUnixMicros(time_us), zone_);
  return static_cast<int32_t>(day - absl::CivilDay(1970, 1, 1));
}

}  // namespace kengred::sequence
