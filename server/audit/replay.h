// Replay: a journal's entries judged once more, by the same rules, on a state of its own.
//
//   bytes --Decode (any thread)--> DecodedEntry --Replay::Apply (in order)--> what they write
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/verification.h"
#include "kengred/v1/charter.pb.h"
#include "kengred/v1/journal.pb.h"
#include "server/audit/entry_source.h"
#include "server/audit/finding.h"
#include "server/audit/transaction_index.h"
#include "server/rules/state.h"
#include "server/sequence/civil_clock.h"

namespace kengred::audit {

// An entry after all the checks that need no other entry.
struct DecodedEntry {
  Sequence sequence = 0;
  std::string bytes;
  Digest leaf_hash;
  v1::JournalEntry entry;
  // Absent where there is a finding, and for the charter.
  std::optional<VerifiedTransaction> verified;
  size_t signatures = 0;  // how many were verified
  std::optional<Finding> finding;
};

// What an entry writes, as the sequencer would have written it: state, transaction index,
// histories.
struct ReplayedEntry {
  std::map<std::string, std::string> writes;
  std::vector<PublicKey> rotations;  // keys that become the log's, in order
};

// For one thread, but where said otherwise. Memory grows with accounts, references and awards, and
// by some 30 bytes a transaction.
class Replay : private rules::StateView {
 public:
  // Parses entry `sequence` and verifies its signatures. `trusted`: without verifying them, for
  // entries whose root is known from an earlier audit. Any thread.
  static DecodedEntry Decode(std::string bytes, Sequence sequence, const LedgerId& ledger_id,
                             bool trusted);

  // Reads entry 1. Nothing where it is not a charter, which the finding says. Errors:
  // FailedPrecondition where this machine does not know the charter's time zone.
  static absl::StatusOr<std::unique_ptr<Replay>> Start(EntrySource* source,
                                                       const std::string& bytes,
                                                       std::optional<Finding>* finding);

  const v1::Charter& charter() const { return charter_; }
  const LedgerId& ledger_id() const { return ledger_id_; }

  // Judges the next entry. A finding leaves the state as it was.
  std::optional<Finding> Apply(DecodedEntry decoded, ReplayedEntry* replayed);

  // What the rules have written so far: the state but for transaction index and histories.
  const absl::flat_hash_map<std::string, std::string>& state() const { return state_; }
  // The sum of a currency's balances, and what it backs, at the end.
  struct CurrencyTotals {
    std::string currency;
    uint32_t decimals = 0;
    std::string backing_currency;   // empty: not backed
    uint64_t accounts = 0;          // with a balance that is not zero
    int64_t circulation_minor = 0;  // 0 for FIAT
    int64_t fund_minor = 0;         // 0 where not backed
  };
  std::vector<CurrencyTotals> Totals() const;
  // BALANCE_NOT_ZERO, BACKING_BROKEN.
  std::optional<Finding> CheckTotals() const;

  // The first read of the source that failed; OK where none did. Check it before believing a
  // finding.
  const absl::Status& status() const { return status_; }

 private:
  Replay(EntrySource* source, v1::Charter charter, const LedgerId& ledger_id,
         const sequence::CivilClock& clock);

  // rules::StateView.
  std::optional<std::string> Get(const std::string& key) const override;
  std::optional<std::string> Entry(Sequence sequence) const override;

  // Time and civil day of an entry, against those before.
  std::optional<Finding> CheckTime(const v1::JournalEntry& entry);

  EntrySource* const source_;
  const v1::Charter charter_;
  const LedgerId ledger_id_;
  const sequence::CivilClock clock_;
  const std::set<AccountId> system_accounts_;
  absl::flat_hash_map<std::string, std::string> state_;
  TransactionIndex transactions_;
  Sequence last_sequence_ = 0;
  int64_t last_time_us_ = 0;
  mutable absl::Status status_;
};

}  // namespace kengred::audit
