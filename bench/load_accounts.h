// The people of a load: accounts 0, 1, 2, ..., whose keys follow from the seed and the number, so
// that any run finds those that an earlier one has opened.
#pragma once

#include <absl/status/status.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "bench/office.h"
#include "bench/replay_community.h"
#include "kengred/client/client.h"

namespace kengred::bench {

inline constexpr uint64_t kLoadAccountsMin = 2;
inline constexpr uint64_t kLoadAccountsMax = 100'000'000;
// The keys of so many are kept; those of more are derived when they are needed.
inline constexpr uint64_t kLoadAccountsKept = 100'000;
// Accounts are opened, admitted and funded by the thousand.
inline constexpr uint64_t kAccountsPerBlock = 1000;
// What each is given, cents: enough for a payment in every transaction that a test may send.
inline constexpr int64_t kFundingCents = 1'000'000'000;

// Any thread.
class LoadAccounts {
 public:
  // Derives the keys that are kept, on all cores.
  LoadAccounts(uint64_t seed, uint64_t count);

  uint64_t count() const { return count_; }
  // Account `number`, which may lie past the count: either kept or derived into `scratch`. Lives
  // as long as both.
  const Party& At(uint64_t number, std::optional<Party>* scratch) const;

 private:
  const uint64_t seed_;
  const uint64_t count_;
  std::vector<Party> kept_;
};

// Opens, admits and funds the accounts that are not there yet, in whole blocks. One that was
// interrupted is taken up where it stopped. CANCELLED once `stop` is true.
absl::Status SetUpAccounts(client::Client* client, const Office& office,
                           const LoadAccounts& accounts, const std::atomic<bool>& stop);

// The programme that pays the rewards of a load, opened where there is none yet.
absl::StatusOr<AccountId> FindOrOpenProgramme(client::Client* client, Office* office);

}  // namespace kengred::bench
