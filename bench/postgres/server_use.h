// What a server of many processes uses.
#pragma once

#include <cstdint>

namespace kengred::bench::postgres {

// CPU time of a process, of its children, and of the children that have ended, in microseconds; 0
// where there is no such process.
int64_t FamilyCpuUs(int64_t pid);

}  // namespace kengred::bench::postgres
