// The keys that a scan asks for, as one half-open range.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kengred::storage {

// Every key k with lower <= k, and k < upper where there is an upper.
struct KeyRange {
  std::string lower;
  std::optional<std::string> upper;

  bool empty() const { return upper && !(lower < *upper); }
  // The keys of this range that are also in `other`.
  KeyRange operator&(const KeyRange& other) const;
};

// The keys that start with `prefix`, are not the engine's own, and are after `after`, or before it
// where `reverse`; an empty `after` bounds nothing.
KeyRange KeysOf(std::string_view prefix, std::string_view after, bool reverse);

// The keys that start with `prefix`.
KeyRange KeysWithPrefix(std::string_view prefix);

}  // namespace kengred::storage
