// The auditor: feeds a journal through Replay, follows its tree and checkpoints, and stops at the
// first thing that is wrong.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/merkle.h"
#include "kengred/core/signed_note.h"
#include "server/audit/entry_source.h"
#include "server/audit/finding.h"
#include "server/audit/replay.h"
#include "server/audit/verified_prefix.h"
#include "server/publish/proofs.h"

namespace kengred::audit {

// Somebody to whom the audit shows what it has found good, in order: to compare it with a store, or
// to write one. What it is shown of a page may still turn out to be bad in a checkpoint's
// signature; then the audit ends with a finding.
class Observer {
 public:
  virtual ~Observer() = default;
  // An entry, what it writes (see ReplayedEntry), and the subtrees it completes.
  virtual absl::Status OnEntry(Sequence sequence, const std::string& bytes,
                               const std::map<std::string, std::string>& writes,
                               const std::vector<Subtree>& subtrees) = 0;
  // A checkpoint of all entries so far.
  virtual absl::Status OnCheckpoint(const publish::StoredCheckpoint& checkpoint) = 0;
  // At the end of a page and before a finding is reported: the first thing that is wrong with what
  // it has been shown.
  virtual absl::StatusOr<std::optional<Finding>> Flush() = 0;
  // After all of a good journal.
  virtual absl::StatusOr<std::optional<Finding>> Finish(const Replay& replay,
                                                        const TreeFrontier& tree) = 0;
};

struct Options {
  // 0: as many as the machine has cores.
  size_t threads = 0;
  // What the auditor knows from outside; may be missing.
  std::optional<LedgerId> ledger_id;
  // At least one of them must have signed a checkpoint, where there are any.
  std::vector<VerifierKey> verifier_keys;
  // Up to there no signature is verified, and the root must be this one.
  std::optional<VerifiedPrefix> verified;
  // May be null.
  Observer* observer = nullptr;
  // Told at the end of each page how many entries are done, of how many. May be empty.
  std::function<void(Sequence done, Sequence all)> on_progress;
};

struct Report {
  // Absent: nothing is wrong.
  std::optional<Finding> finding;
  // Of what was found good: all of it, or what comes before the finding.
  Sequence entries = 0;
  uint64_t signatures = 0;  // of transactions
  uint64_t checkpoints = 0;
  Digest root;
  // Of the last checkpoint that was found good; 0 entries: none.
  VerifiedPrefix verified;
  // Absent where entry 1 is no charter.
  std::optional<LedgerId> ledger_id;
  std::string name;
  std::string address_prefix;
  // The key of the log at the end, as its text, and those of Options that have signed.
  std::string log_key;
  std::vector<std::string> trusted_keys;
  std::vector<Replay::CurrencyTotals> totals;
  int64_t elapsed_us = 0;
};

// Audits all of a journal. Errors are those of reading, and FailedPrecondition where this machine
// does not know the charter's time zone: then nothing can be said about the journal.
absl::StatusOr<Report> Audit(EntrySource* source, const Options& options);

}  // namespace kengred::audit
