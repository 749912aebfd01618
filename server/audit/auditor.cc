#include "server/audit/auditor.h"

#include <absl/time/clock.h>
#include <absl/time/time.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "server/audit/checkpoint_check.h"
#include "server/audit/workers.h"

namespace kengred::audit {
namespace {

// Entries whose signatures are verified while those before them are judged: two pages at once are
// in memory.
constexpr size_t kPageEntries = 1024;

// Entries being decoded.
struct Page {
  Sequence first = 0;
  std::vector<std::string> bytes;
  std::vector<DecodedEntry> decoded;
  std::shared_ptr<Workers::Round> round;
};

class Auditor {
 public:
  Auditor(EntrySource* source, const Options& options)
      : source_(source), options_(options), workers_(options.threads) {}

  absl::StatusOr<Report> Run();

 private:
  // Each answers whether to go on; not where there is a finding.
  absl::StatusOr<bool> TakeCharter();
  absl::StatusOr<bool> TakePages();
  absl::StatusOr<bool> TakePage(Page* page);
  absl::StatusOr<bool> Finish();

  // Appends an entry that was judged to the tree, and looks at the checkpoint there.
  absl::Status Append(Sequence sequence, const std::string& bytes, const Digest& leaf_hash,
                      const ReplayedEntry& replayed);
  // Verifies the checkpoints that the page has brought, hears the observer, and settles which of
  // what they and `finding` say comes first.
  absl::StatusOr<bool> Settle(std::optional<Finding> finding);
  void Propose(std::optional<Finding> finding);

  absl::StatusOr<std::unique_ptr<Page>> StartPage(Sequence first);
  absl::Status LoadCheckpoints(Sequence after, size_t count);
  bool IsTrusted(uint64_t size) const {
    return options_.verified && size <= options_.verified->size;
  }

  EntrySource* const source_;
  const Options& options_;
  Workers workers_;
  std::unique_ptr<Replay> replay_;
  std::optional<LogKeyTrail> log_keys_;
  TreeFrontier tree_;
  std::vector<publish::StoredCheckpoint> checkpoints_;  // of this page, not reached yet, reversed
  std::vector<CheckpointJob> jobs_;                     // of this page, not verified yet
  Report report_;
};

void Auditor::Propose(std::optional<Finding> finding) {
  if (!finding) return;
  // Of two about one place the first told is the more particular.
  if (!report_.finding || finding->sequence < report_.finding->sequence) {
    report_.finding = std::move(finding);
  }
}

absl::StatusOr<bool> Auditor::Settle(std::optional<Finding> finding) {
  std::vector<std::optional<Finding>> judged(jobs_.size());
  workers_.Wait(workers_.Start(jobs_.size(), [&](size_t i) { judged[i] = jobs_[i].Judge(); }));
  Propose(std::move(finding));
  if (options_.observer != nullptr) {
    absl::StatusOr<std::optional<Finding>> seen = options_.observer->Flush();
    if (!seen.ok()) return seen.status();
    Propose(*std::move(seen));
  }
  for (std::optional<Finding>& one : judged) Propose(std::move(one));
  for (const CheckpointJob& job : jobs_) {
    if (report_.finding && job.stored.size >= report_.finding->sequence) break;
    ++report_.checkpoints;
    report_.verified = {replay_->ledger_id(), job.stored.size, job.root};
    for (const VerifierKey& key : job.signers) {
      const std::string text = key.Format();
      if (std::find(options_.verifier_keys.begin(), options_.verifier_keys.end(), key) !=
              options_.verifier_keys.end() &&
          std::find(report_.trusted_keys.begin(), report_.trusted_keys.end(), text) ==
              report_.trusted_keys.end()) {
        report_.trusted_keys.push_back(text);
      }
    }
  }
  jobs_.clear();
  return !report_.finding;
}

absl::Status Auditor::LoadCheckpoints(Sequence after, size_t count) {
  absl::StatusOr<std::vector<publish::StoredCheckpoint>> checkpoints =
      source_->Checkpoints(after, count);
  if (!checkpoints.ok()) return checkpoints.status();
  checkpoints_ = *std::move(checkpoints);
  std::reverse(checkpoints_.begin(), checkpoints_.end());
  return absl::OkStatus();
}

absl::Status Auditor::Append(Sequence sequence, const std::string& bytes, const Digest& leaf_hash,
                             const ReplayedEntry& replayed) {
  std::vector<Subtree> subtrees;
  tree_.Append(leaf_hash, &subtrees);
  log_keys_->Rotate(replayed.rotations);
  report_.entries = sequence;
  if (options_.observer != nullptr) {
    absl::Status status = options_.observer->OnEntry(sequence, bytes, replayed.writes, subtrees);
    if (!status.ok()) return status;
  }
  if (options_.verified && sequence == options_.verified->size &&
      tree_.Root() != options_.verified->root) {
    Finding finding = MakeFinding(Fault::kRootDiffers, sequence,
                                  "the journal up to here is not the one that was audited before");
    finding.first_sequence = 1;
    Propose(std::move(finding));
  }
  if (checkpoints_.empty() || checkpoints_.back().size != sequence) return absl::OkStatus();
  publish::StoredCheckpoint checkpoint = std::move(checkpoints_.back());
  checkpoints_.pop_back();
  if (options_.observer != nullptr) {
    if (absl::Status status = options_.observer->OnCheckpoint(checkpoint); !status.ok()) {
      return status;
    }
  }
  jobs_.push_back(log_keys_->Next(std::move(checkpoint), tree_.Root()));
  // The earlier audit has verified it, unless one must say whose signature it is.
  if (IsTrusted(sequence) && options_.verifier_keys.empty()) jobs_.back().signers.clear();
  return absl::OkStatus();
}

absl::StatusOr<bool> Auditor::TakeCharter() {
  if (source_->size() == 0) {
    report_.finding = MakeFinding(Fault::kCharterInvalid, 0, "the journal is empty");
    return false;
  }
  absl::StatusOr<std::vector<std::string>> entries = source_->Entries(0, 1);
  if (!entries.ok()) return entries.status();
  const std::string& bytes = entries->front();
  absl::StatusOr<std::unique_ptr<Replay>> replay = Replay::Start(source_, bytes, &report_.finding);
  if (!replay.ok()) return replay.status();
  if (report_.finding) return false;
  replay_ = *std::move(replay);
  log_keys_.emplace(replay_->charter());
  report_.ledger_id = replay_->ledger_id();
  report_.name = replay_->charter().name();
  report_.address_prefix = replay_->charter().address_prefix();
  std::optional<LedgerId> expected = options_.ledger_id;
  if (!expected && options_.verified) expected = options_.verified->ledger_id;
  if (expected && *expected != replay_->ledger_id()) {
    report_.finding =
        MakeFinding(Fault::kLedgerDiffers, 1,
                    "it is the charter of the ledger " + replay_->ledger_id().ToHex() +
                        ", not of " + expected->ToHex());
    return false;
  }
  if (absl::Status status = LoadCheckpoints(0, 1); !status.ok()) return status;
  if (absl::Status status = Append(1, bytes, LeafHash(bytes), {}); !status.ok()) return status;
  return Settle(std::nullopt);
}

absl::StatusOr<std::unique_ptr<Page>> Auditor::StartPage(Sequence first) {
  absl::StatusOr<std::vector<std::string>> entries = source_->Entries(first - 1, kPageEntries);
  if (!entries.ok()) return entries.status();
  auto page = std::make_unique<Page>();
  page->first = first;
  page->bytes = *std::move(entries);
  page->decoded.resize(page->bytes.size());
  page->round = workers_.Start(
      page->bytes.size(), [this, page = page.get(), ledger_id = replay_->ledger_id()](size_t i) {
        const Sequence sequence = page->first + i;
        page->decoded[i] =
            Replay::Decode(std::move(page->bytes[i]), sequence, ledger_id, IsTrusted(sequence));
      });
  return page;
}

absl::StatusOr<bool> Auditor::TakePage(Page* page) {
  if (absl::Status status = LoadCheckpoints(page->first - 1, page->decoded.size()); !status.ok()) {
    return status;
  }
  for (DecodedEntry& decoded : page->decoded) {
    const Sequence sequence = decoded.sequence;
    const Digest leaf_hash = decoded.leaf_hash;
    const std::string bytes = std::move(decoded.bytes);
    const size_t signatures = decoded.signatures;
    ReplayedEntry replayed;
    std::optional<Finding> finding = replay_->Apply(std::move(decoded), &replayed);
    if (!replay_->status().ok()) return replay_->status();
    if (finding) return Settle(std::move(finding));
    report_.signatures += signatures;
    if (absl::Status status = Append(sequence, bytes, leaf_hash, replayed); !status.ok()) {
      return status;
    }
  }
  return Settle(std::nullopt);
}

absl::StatusOr<bool> Auditor::TakePages() {
  std::unique_ptr<Page> page;
  for (Sequence done = 1; done < source_->size();) {
    if (page == nullptr) {
      absl::StatusOr<std::unique_ptr<Page>> first = StartPage(done + 1);
      if (!first.ok()) return first.status();
      page = *std::move(first);
    }
    workers_.Wait(page->round);
    done += page->decoded.size();
    std::unique_ptr<Page> next;
    if (done < source_->size()) {
      absl::StatusOr<std::unique_ptr<Page>> after = StartPage(done + 1);
      if (!after.ok()) return after.status();
      next = *std::move(after);
    }
    const absl::StatusOr<bool> go_on = TakePage(page.get());
    if (!go_on.ok() || !*go_on) {
      if (next != nullptr) workers_.Wait(next->round);
      return go_on;
    }
    if (options_.on_progress) options_.on_progress(done, source_->size());
    page = std::move(next);
  }
  return true;
}

absl::StatusOr<bool> Auditor::Finish() {
  const Sequence size = source_->size();
  if (options_.verified && options_.verified->size > size) {
    return Settle(MakeFinding(Fault::kRootDiffers, size,
                              "the journal ends here, and an earlier audit has seen " +
                                  std::to_string(options_.verified->size) + " entries"));
  }
  const absl::StatusOr<std::vector<publish::StoredCheckpoint>> beyond =
      source_->Checkpoints(size, 1);
  if (!beyond.ok()) return beyond.status();
  if (!beyond->empty()) {
    return Settle(MakeFinding(Fault::kCheckpointInvalid, size,
                              "the journal ends here, and there is a checkpoint of " +
                                  std::to_string(beyond->front().size) + " entries"));
  }
  if (report_.verified.size != size) {
    Finding finding = MakeFinding(Fault::kCheckpointInvalid, size,
                                  "no checkpoint covers the end of the journal, the last one has " +
                                      std::to_string(report_.verified.size) + " entries");
    finding.first_sequence = report_.verified.size + 1;
    return Settle(std::move(finding));
  }
  if (!options_.verifier_keys.empty() && report_.trusted_keys.empty()) {
    return Settle(MakeFinding(Fault::kCheckpointInvalid, size,
                              "no checkpoint is signed by a key that you have given"));
  }
  if (auto finding = replay_->CheckTotals()) return Settle(std::move(finding));
  if (options_.observer == nullptr) return true;
  absl::StatusOr<std::optional<Finding>> seen = options_.observer->Finish(*replay_, tree_);
  if (!seen.ok()) return seen.status();
  return Settle(*std::move(seen));
}

absl::StatusOr<Report> Auditor::Run() {
  const absl::Time start = absl::Now();
  absl::StatusOr<bool> go_on = TakeCharter();
  if (go_on.ok() && *go_on) go_on = TakePages();
  if (go_on.ok() && *go_on) go_on = Finish();
  if (!go_on.ok()) return go_on.status();
  report_.root = tree_.Root();
  if (replay_ != nullptr) {
    report_.log_key = log_keys_->current().Format();
    report_.totals = replay_->Totals();
  }
  if (report_.finding) {
    // What was taken into the tree behind the finding's back is not vouched for.
    const Sequence first = report_.finding->first_sequence;
    report_.entries = std::min(report_.entries, first == 0 ? 0 : first - 1);
  }
  report_.elapsed_us = absl::ToInt64Microseconds(absl::Now() - start);
  return std::move(report_);
}

}  // namespace

absl::StatusOr<Report> Audit(EntrySource* source, const Options& options) {
  return Auditor(source, options).Run();
}

}  // namespace kengred::audit
