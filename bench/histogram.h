// Counts of durations, in buckets so fine that no percentile is off by more than one in 64; its
// size does not grow with what is recorded.
#pragma once

#include <cstdint>
#include <vector>

namespace kengred::bench {

// One thread.
class Histogram {
 public:
  Histogram();

  // Microseconds; what is negative counts as 0.
  void Record(int64_t us);

  uint64_t count() const { return count_; }
  // The least duration that at least `per_mille` of a thousand do not exceed, rounded up to the end
  // of its bucket but never past the maximum; 0 where nothing was recorded.
  int64_t Percentile(int per_mille) const;
  int64_t max() const { return max_; }

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
};

}  // namespace kengred::bench
