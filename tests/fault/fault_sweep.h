// Every operation on a disk broken in turn, in every way.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>

#include "faulty_files.h"

namespace kengred::testing {

// One operation that breaks, and what is lost when the process ends after it.
struct Fault {
  uint64_t nth = 0;
  Damage damage = Damage::kRefused;
  bool for_ever = false;
  Operation operation = Operation::kAny;
  Loss loss = Loss::kNone;

  void PlanIn(FaultyFiles* files) const { files->Plan(nth, damage, for_ever, operation); }
};

// Calls `test` with every fault, for each way of breaking with the nth operation from 1 on until no
// nth operation comes. `test` plans what it is told, and answers whether it struck. Ends early
// where the test has failed. Answers how many struck: a sweep that strikes nothing shows nothing.
template <typename Test>
uint64_t SweepFaults(Test&& test) {
  struct Way {
    Damage damage;
    bool for_ever;
    Operation operation;
    const char* name;
  };
  constexpr std::array<Way, 6> kWays = {{
      {Damage::kRefused, false, Operation::kAny, "refused once"},
      {Damage::kRefused, true, Operation::kAny, "refused for ever"},
      {Damage::kTorn, false, Operation::kAny, "torn once"},
      {Damage::kDoneButNo, false, Operation::kAny, "done once, but says no"},
      {Damage::kDiskFull, true, Operation::kAny, "disk full for ever"},
      {Damage::kRefused, false, Operation::kLogSync, "sync refused once"},
  }};
  uint64_t struck = 0;
  for (size_t i = 0; i < kWays.size(); ++i) {
    const Way& way = kWays[i];
    bool more = true;
    for (uint64_t nth = 1; more; ++nth) {
      // Each way of losing has its turn at each operation, over the ways of breaking.
      const Loss loss = static_cast<Loss>((nth + i) % 3);
      SCOPED_TRACE("operation " + std::to_string(nth) + " " + way.name + ", loss " +
                   std::to_string(static_cast<int>(loss)));
      more = test(Fault{nth, way.damage, way.for_ever, way.operation, loss});
      struck += more ? 1 : 0;
      if (::testing::Test::HasFailure()) return struck;
    }
  }
  EXPECT_GT(struck, 5 * kWays.size()) << "a sweep that strikes nothing shows nothing";
  return struck;
}

}  // namespace kengred::testing
