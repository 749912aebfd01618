// Where private texts lie: keys of the erasable side of the store (storage::kSidePrefix).
#pragma once

#include <string>
#include <string_view>

#include "kengred/core/ids.h"

namespace kengred::sequence {

// commitment -> SideRecord
std::string SideRecordKey(const Digest& commitment);
// alias -> account id (20 bytes)
std::string AliasKey(std::string_view alias);
// Whether it is a SideRecordKey.
bool IsSideRecordKey(std::string_view key);

}  // namespace kengred::sequence
