// Side records on their way in: what a submission brings along for the erasable side of the store.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kengred/core/verdict.h"
#include "kengred/v1/side_record.pb.h"
#include "kengred/v1/transaction.pb.h"
#include "server/rules/state.h"

namespace kengred::sequence {

// Key -> value of the side writes, or the refusal:
//   SIDE_RECORD_MALFORMED  out of bounds, not UTF-8, or no commitment of the transaction names it
//   PROFILE_MALFORMED      it opens a profile's commitment and is not a Profile; or a PERSON with
//   alias ALIAS_IN_USE           its alias belongs to another account
// Records may be missing: a commitment can stay closed.
std::variant<std::map<std::string, std::string>, Refusal> SideWrites(
    const TransactionId& id, const v1::Transaction& transaction,
    const std::vector<v1::SideRecord>& records, const rules::StateView& view);

}  // namespace kengred::sequence
