#include "server/storage/rocksdb_families.h"

#include <algorithm>
#include <string>

#include "server/storage/store.h"

namespace kengred::storage {
namespace {

// The first bytes that have a family of their own, in order; all the others are the state's.
std::vector<std::pair<char, Family>> Prefixes() {
  std::vector<std::pair<char, Family>> prefixes;
  for (const char prefix : kCounterPrefixes) prefixes.emplace_back(prefix, kCounters);
  for (const char prefix : kOncePrefixes) prefixes.emplace_back(prefix, kOnce);
  for (const char prefix : kSeriesPrefixes) prefixes.emplace_back(prefix, kSeries);
  for (const char prefix : kLogPrefixes) prefixes.emplace_back(prefix, kLog);
  prefixes.emplace_back(kSidePrefix, kSide);
  std::sort(prefixes.begin(), prefixes.end());
  return prefixes;
}

}  // namespace

Family FamilyOf(std::string_view key) {
  const char prefix = key.front();
  if (kCounterPrefixes.find(prefix) != std::string_view::npos) return kCounters;
  if (kOncePrefixes.find(prefix) != std::string_view::npos) return kOnce;
  if (kSeriesPrefixes.find(prefix) != std::string_view::npos) return kSeries;
  if (kLogPrefixes.find(prefix) != std::string_view::npos) return kLog;
  return prefix == kSidePrefix ? kSide : kState;
}

std::vector<std::pair<Family, KeyRange>> ByFamily(const KeyRange& range) {
  static const std::vector<std::pair<char, Family>> prefixes = Prefixes();
  std::vector<std::pair<Family, KeyRange>> parts;
  const auto add = [&](Family family, const KeyRange& keys) {
    KeyRange part = range & keys;
    if (!part.empty()) parts.emplace_back(family, std::move(part));
  };
  std::string state_from;
  for (const auto& [prefix, family] : prefixes) {
    const KeyRange table = KeysWithPrefix(std::string_view(&prefix, 1));
    add(kState, KeyRange{state_from, table.lower});
    add(family, table);
    state_from = *table.upper;
  }
  add(kState, KeyRange{state_from, std::nullopt});
  return parts;
}

}  // namespace kengred::storage
