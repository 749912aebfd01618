#include "server/storage/key_range.h"

#include <algorithm>

#include "server/storage/store.h"

namespace kengred::storage {

KeyRange KeyRange::operator&(const KeyRange& other) const {
  KeyRange both{std::max(lower, other.lower), upper};
  if (other.upper && (!both.upper || *other.upper < *both.upper)) both.upper = other.upper;
  return both;
}

KeyRange KeysWithPrefix(std::string_view prefix) {
  KeyRange range{std::string(prefix), std::nullopt};
  // The first string after all with this prefix: the last byte that can grow, grown.
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) {
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    range.upper = std::move(end);
  }
  return range;
}

KeyRange KeysOf(std::string_view prefix, std::string_view after, bool reverse) {
  KeyRange bound{std::string(1, kEnginePrefix + 1), std::nullopt};
  if (!after.empty() && reverse) bound.upper = std::string(after);
  if (!after.empty() && !reverse) {
    // The first string after `after` is `after` and a zero byte.
    bound.lower = std::max(bound.lower, std::string(after) + '\0');
  }
  return KeysWithPrefix(prefix) & bound;
}

}  // namespace kengred::storage
