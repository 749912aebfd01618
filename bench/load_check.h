// Whether a ledger holds what its server has acknowledged.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/load_accounts.h"
#include "bench/office.h"
#include "bench/presigned.h"
#include "kengred/client/client.h"

namespace kengred::bench {

// Accounts beyond so many are not read one by one; see CheckLedgerAfter.
inline constexpr uint64_t kBalancesReadMax = 100'000;

struct LoadCheck {
  uint64_t acknowledged = 0;
  uint64_t missing = 0;  // acknowledged, but not the transaction of the entry that was named
  uint64_t entries_read = 0;
  uint64_t unbalanced = 0;  // entries whose postings do not sum to zero
  uint64_t balances_read = 0;
  uint64_t balances_wrong = 0;  // not the sum of what the journal posted
  bool balances_sum_to_zero = true;
  // The first things that are wrong, as text.
  std::vector<std::string> complaints;

  bool good() const {
    return missing == 0 && unbalanced == 0 && balances_wrong == 0 && balances_sum_to_zero;
  }
};

// Reads the journal as an auditor does. Each acknowledged transaction (`sequences`, one per number,
// 0 where it was not) must be in the entry that its answer named, byte for byte, and the postings
// of each entry must sum to zero. Up to kBalancesReadMax accounts it reads from entry 1, adds up
// what each account was posted and compares the balances of all, the ledger's own included, which
// must sum to zero; beyond that it reads the entries after `after` alone.
absl::StatusOr<LoadCheck> CheckLedgerAfter(client::Client* client, const Office& office,
                                           const LoadAccounts& accounts,
                                           const Presigned& transactions,
                                           const std::vector<Sequence>& sequences, Sequence after);

}  // namespace kengred::bench
