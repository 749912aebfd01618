// A load's report as people and as programs read it.
#pragma once

#include <string>

#include "bench/load.h"

namespace kengred::bench {

// Lines, each with its unit.
std::string LoadReportText(const LoadReport& report);
// A JSON object. Names are stable; what was not measured is null. Rates are rounded down, ratios
// are rounded to thousandths, latencies are microseconds.
std::string LoadReportJson(const LoadReport& report);

}  // namespace kengred::bench
