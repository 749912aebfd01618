// What judging a transaction will read, as far as that can be told from the transaction alone, so
// that it can be read together with what other transactions need.
#pragma once

#include <string>
#include <vector>

#include "kengred/v1/transaction.pb.h"

namespace kengred::rules {

// Adds keys of the state (state.h), some perhaps twice. Only a hint: the rules may read more, and a
// key too many does no harm. Any transaction, also one that will be refused.
void AddKeysOf(const v1::Transaction& transaction, std::vector<std::string>* keys);

}  // namespace kengred::rules
