#include "bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace kengred::bench {
namespace {

// Below 2^6 each value has a bucket; above, each power of two has 2^6.
constexpr int kFineBits = 6;
constexpr uint64_t kFine = uint64_t{1} << kFineBits;
constexpr size_t kBuckets = (64 - kFineBits) * kFine;

size_t BucketOf(uint64_t value) {
  if (value < kFine) return value;
  const int shift = static_cast<int>(std::bit_width(value)) - 1 - kFineBits;
  return (static_cast<size_t>(shift) + 1) * kFine + ((value >> shift) - kFine);
}

// The largest value of a bucket.
uint64_t EndOf(size_t bucket) {
  if (bucket < kFine) return bucket;
  const size_t shift = bucket / kFine - 1;
  return ((bucket % kFine + kFine + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

void Histogram::Record(int64_t us) {
  us = std::max<int64_t>(us, 0);
  ++buckets_[BucketOf(static_cast<uint64_t>(us))];
  ++count_;
  max_ = std::max(max_, us);
}

int64_t Histogram::Percentile(int per_mille) const {
  if (count_ == 0) return 0;
  const uint64_t rank =
      std::max<uint64_t>(1, (count_ * static_cast<uint64_t>(per_mille) + 999) / 1000);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return std::min(static_cast<int64_t>(EndOf(bucket)), max_);
  }
  return max_;
}

}  // namespace kengred::bench
