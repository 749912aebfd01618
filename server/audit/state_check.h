// Whether a store holds what its journal adds up to, and nothing else.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <memory>

#include "server/audit/auditor.h"
#include "server/storage/store.h"

namespace kengred::audit {

// Compares state, transaction index, histories, hashes of the tree and the head with what a replay
// makes. Private texts and aliases are no part of it: they may be erased. The store, whose journal
// is what is audited and which must not change meanwhile, must outlive the observer.
//
// What is written once for each entry is compared while the entry passes, so that memory grows with
// accounts only; then one pass over the store counts that there is nothing more.
std::unique_ptr<Observer> NewStateCheck(storage::Store* store);

}  // namespace kengred::audit
