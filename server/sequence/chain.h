// The hash chain over the journal: what a store's head commits to. An entry's hash is SHA-256 of
// the domain tag "kengred/v1/chain\0", the hash before it (zeroes before entry 1) and the entry's
// bytes.
#pragma once

#include <string_view>

#include "server/storage/store.h"

namespace kengred::sequence {

storage::Hash ChainHash(const storage::Hash& before, std::string_view entry_bytes);

}  // namespace kengred::sequence
