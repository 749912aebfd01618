// The office of a made-up community: the officials whose signatures bring people into its ledger,
// give them money and pay rewards. `replay` and `load` both stand on it.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "bench/replay_community.h"
#include "kengred/client/client.h"
#include "kengred/core/transaction_builder.h"

namespace kengred::bench {

// The activity of every programme: quantity counts cents.
inline constexpr char kActivity[] = "disbursement";
// How long what is signed is valid.
inline constexpr int64_t kValiditySeconds = 3600;

// Seconds since 1970.
int64_t NowSeconds();
// A new transaction, valid from a minute ago, since clocks differ a little.
TransactionBuilder NewTransaction(const LedgerId& ledger_id);
// What to submit once `keys` have signed.
v1::SubmitTransactionRequest SignBy(const TransactionBuilder& builder,
                                    std::initializer_list<const SecretKey*> keys);

// Submits all over one stream, in order. A refusal with a verdict of `harmless` counts as done; any
// other one is the answer, the first of them. `on_accepted` is called for each accepted one.
absl::Status SubmitInOrder(client::Client* client,
                           const std::vector<v1::SubmitTransactionRequest>& requests,
                           std::initializer_list<v1::Verdict> harmless,
                           const std::function<void()>& on_accepted);

// Who sits there, as a seed has them.
struct Officials {
  explicit Officials(uint64_t seed);

  Party governance;
  Party registrar;
  Party issuer;
  Party validator;
  Party association;
  Party auditor;
};

// One thread for what submits; what only signs, any number.
class Office {
 public:
  // The client must outlive it.
  Office(client::Client* client, uint64_t seed);

  // FAILED_PRECONDITION where the ledger was not made from CharterToml of this seed.
  absl::Status CheckLedger() const;
  // Opens the officials' accounts, gives them their roles and admits the association, in one
  // transaction. Answers whether it had to: false where the office is open already.
  absl::StatusOr<bool> Open();

  // Reads everything.
  client::Reader auditor() const;
  const Officials& officials() const { return officials_; }

  // Admits them for a year; at most kOperationsMax.
  v1::SubmitTransactionRequest Admission(const std::vector<AccountId>& accounts) const;
  // `cents` of HEOL to each, under the references "<reference>/0", "<reference>/1", ...; at most
  // kOperationsMax.
  v1::SubmitTransactionRequest Issue(const std::vector<AccountId>& accounts, int64_t cents,
                                     const std::string& reference) const;
  // Opens a programme that may give away `cents`, and funds it with them: two transactions.
  absl::StatusOr<AccountId> OpenProgramme(int64_t cents);

 private:
  client::Client& client_;
  const uint64_t seed_;
  const Officials officials_;
};

}  // namespace kengred::bench
