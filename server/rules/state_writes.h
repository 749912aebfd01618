// What a transaction puts into the state: keys and values, as one sorted list.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kengred::rules {

// In order of key, each key once. A list, since it is looked at a few times and then taken apart:
// two nodes of a map would cost a payment more than all its look-ups.
class StateWrites {
 public:
  using Write = std::pair<std::string, std::string>;
  using Iterator = std::vector<Write>::const_iterator;

  StateWrites() = default;
  // In any order; no key may come twice.
  explicit StateWrites(std::vector<Write> writes) : writes_(std::move(writes)) {
    std::sort(writes_.begin(), writes_.end());
  }

  bool empty() const { return writes_.empty(); }
  size_t size() const { return writes_.size(); }
  Iterator begin() const { return writes_.begin(); }
  Iterator end() const { return writes_.end(); }

  // The first at or after a key.
  Iterator lower_bound(std::string_view key) const {
    return std::lower_bound(begin(), end(), key, [](const Write& write, std::string_view wanted) {
      return write.first < wanted;
    });
  }
  // end() where the key is not there.
  Iterator find(std::string_view key) const {
    const Iterator found = lower_bound(key);
    return found != end() && found->first == key ? found : end();
  }

  // The value of a key, empty where it was not there.
  std::string& operator[](const std::string& key) {
    const auto place = writes_.begin() + (lower_bound(key) - begin());
    if (place != writes_.end() && place->first == key) return place->second;
    return writes_.insert(place, {key, {}})->second;
  }

  std::vector<Write> Take() && { return std::move(writes_); }

 private:
  std::vector<Write> writes_;
};

}  // namespace kengred::rules
