// The invariants of the ledger, checked on every accepted outcome, in production too. They are
// written apart from the rules, from what must hold and not from what an operation does, so that a
// mistake in a rule is caught by a second, simpler look.
#pragma once

#include <string_view>

#include "kengred/v1/charter.pb.h"
#include "server/rules/rules.h"

namespace kengred::rules {

// The name of the first invariant that `outcome` would break ("BALANCE", "BACKING", ...); empty:
// none. `before` is the state without the outcome.
std::string_view FindBrokenInvariant(const v1::Charter& charter, const StateView& before,
                                     const v1::Transaction& transaction, const Outcome& outcome);

}  // namespace kengred::rules
