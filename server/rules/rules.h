// The rules of the ledger: pure functions from a state and a transaction to an outcome. No I/O, no
// clock, no log, no gRPC, no storage engine: server, auditor, fuzzers and models link this same
// library.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/verdict.h"
#include "kengred/v1/charter.pb.h"
#include "kengred/v1/journal.pb.h"
#include "server/rules/sequenced_transaction.h"
#include "server/rules/state.h"
#include "server/rules/state_writes.h"

namespace kengred::rules {

// What a transaction does to the ledger: either a refusal and nothing else, or a change as data.
struct Outcome {
  // Why nothing happens; absent: accepted.
  std::optional<Refusal> refusal;
  // State to put.
  StateWrites writes;
  // The movements, in order; they sum to zero per currency.
  std::vector<v1::Posting> postings;
  // The accounts into whose history the entry goes.
  std::set<AccountId> touched;
};

// Judges a transaction. Both references must outlive nothing but the call. Any thread; one `view`
// must not change meanwhile.
//
// A refusal of an operation carries the figure "operation_index". Every accepted outcome has passed
// the invariants (invariants.h); one that would break them is refused as INVARIANT_BROKEN, naming
// which.
Outcome Apply(const v1::Charter& charter, const StateView& view,
              const SequencedTransaction& transaction);

// Whether an account may be paid `amount_minor` of `currency` on a civil day; the refusal where
// not. An amount of 0 asks about the account alone.
std::optional<Refusal> CheckPayable(const v1::Charter& charter, const StateReader& state,
                                    const v1::Account& account, std::string_view currency,
                                    int64_t amount_minor, int32_t civil_day);

// What one open currency looks like: units in circulation, never above the fund for BACKED.
int64_t CirculationOf(const StateReader& state, std::string_view currency);

// Whether the account holds a role on a civil day.
bool HasRole(const v1::Account& account, v1::Role role, int32_t civil_day);

}  // namespace kengred::rules
