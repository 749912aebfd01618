// The reads of one call: typed, over the last durable state. A read that fails is remembered, so
// that a failing disk is never taken for an absence: whoever answers a call looks at status()
// first.
#pragma once

#include <absl/status/status.h>

#include <optional>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/v1/account.pb.h"
#include "kengred/v1/charter.pb.h"
#include "kengred/v1/side_record.pb.h"
#include "server/rules/state.h"
#include "server/sequence/store_view.h"
#include "server/storage/store.h"

namespace kengred::rpc {

// Made for one call, used by one thread.
class LedgerReader {
 public:
  // The store must outlive it.
  explicit LedgerReader(storage::Store* store) : store_(store), view_(store), state_(view_) {}

  // Accounts, programmes and the like, as the rules read them.
  const rules::StateReader& state() const { return state_; }

  // Several values of one moment, and which; absent ones where the read failed.
  storage::Read Get(const std::vector<std::string>& keys);
  // Keys after `after`, in order, without their prefix; values as stored. Nothing where it failed.
  std::vector<std::pair<std::string, std::string>> Scan(const std::string& prefix,
                                                        const std::string& after, size_t max);
  // The stored bytes of an entry.
  std::optional<std::string> Entry(Sequence sequence) const { return view_.Entry(sequence); }

  // The openings of commitments that are still there, in order.
  std::vector<v1::SideRecord> FindSideRecords(const std::vector<Digest>& commitments);
  // The profile that an account commits to; nothing where it has none or it was erased.
  std::optional<v1::Profile> FindProfile(const v1::Account& account);

  // Remembers a failure of a read made elsewhere.
  void Remember(const absl::Status& status);
  // The first failure; OK where there was none.
  absl::Status status() const;

 private:
  storage::Store* const store_;
  sequence::StoreView view_;
  rules::StateReader state_;
  absl::Status status_;
};

// Whether an account may be paid in any of the ledger's currencies today; the refusal of the first
// one where not.
std::optional<Refusal> CheckPayableToday(const v1::Charter& charter, LedgerReader& reader,
                                         const v1::Account& account, int32_t today);

}  // namespace kengred::rpc
