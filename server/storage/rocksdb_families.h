// Which column family of RocksDB a key of a store lies in. Why there are several is written in
// rocksdb_options.h.
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "server/storage/key_range.h"

namespace kengred::storage {

enum Family : size_t {
  kEngine,  // the engine's own keys
  kState,
  kJournal,
  kSide,
  kCounters,
  kOnce,
  kSeries,
  kLog,
  kFamilies
};

// As RocksDB names them.
inline constexpr std::array<const char*, kFamilies> kFamilyNames = {
    "default", "state", "journal", "side", "counters", "once", "series", "log"};

// The family of a key of state or side, which must not be empty.
Family FamilyOf(std::string_view key);

// The parts of a range that lie in one family each, in order of key.
std::vector<std::pair<Family, KeyRange>> ByFamily(const KeyRange& range);

}  // namespace kengred::storage
