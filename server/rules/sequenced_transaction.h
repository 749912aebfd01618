// A verified transaction with its place and time: what the rules judge. They see no other clock.
#pragma once

#include <cstdint>
#include <utility>

#include "kengred/core/verification.h"

namespace kengred::sequence {
class Sequencer;
}
namespace kengred::audit {
class Replay;
}
namespace kengred::testing {
class RuleBench;
}

namespace kengred::rules {

class SequencedTransaction {
 public:
  const VerifiedTransaction& verified() const { return verified_; }
  Sequence sequence() const { return sequence_; }
  // Microseconds since 1970; never before an earlier entry's.
  int64_t time_us() const { return time_us_; }
  // The civil day of that time in the charter's time zone.
  int32_t civil_day() const { return civil_day_; }
  // What is stored, without copying it; the rest is not to be used any more.
  v1::SignedTransaction TakeSignedTransaction() && {
    return std::move(verified_).TakeSignedTransaction();
  }

 private:
  // The stage that stamps; the auditor, which gives an entry the stamp that is written in it; and
  // the bench on which tests judge rules alone.
  friend class sequence::Sequencer;
  friend class audit::Replay;
  friend class testing::RuleBench;
  SequencedTransaction(VerifiedTransaction verified, Sequence sequence, int64_t time_us,
                       int32_t civil_day)
      : verified_(std::move(verified)),
        sequence_(sequence),
        time_us_(time_us),
        civil_day_(civil_day) {}

  VerifiedTransaction verified_;
  Sequence sequence_;
  int64_t time_us_;
  int32_t civil_day_;
};

}  // namespace kengred::rules
