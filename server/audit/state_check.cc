#include "server/audit/state_check.h"

#include <absl/strings/escaping.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "server/publish/proofs.h"
#include "server/rules/state.h"
#include "server/sequence/tree.h"

namespace kengred::audit {
namespace {

constexpr size_t kKeysAtOnce = 1000;

// What a table is called in ARCHITECTURE.md.
std::string TableName(char table) {
  static const std::map<char, std::string> names = {{'A', "accounts"},
                                                    {'K', "keys"},
                                                    {'B', "balances"},
                                                    {'R', "references"},
                                                    {'F', "refunds"},
                                                    {'P', "programmes"},
                                                    {'Q', "awards"},
                                                    {'U', "paid in a period"},
                                                    {'Y', "paid in a year"},
                                                    {'V', "reconversions"},
                                                    {'W', "reconversions of an account"},
                                                    {'G', "listed"},
                                                    {'L', "log keys"},
                                                    {'T', "transactions"},
                                                    {'H', "histories"},
                                                    {'M', "tree"},
                                                    {'C', "checkpoints"}};
  const auto found = names.find(table);
  return found == names.end() ? "no table of this program" : "the table \"" + found->second + "\"";
}

class StateCheck : public Observer {
 public:
  explicit StateCheck(storage::Store* store) : store_(store) {}

  absl::Status OnEntry(Sequence sequence, const std::string& bytes,
                       const std::map<std::string, std::string>& writes,
                       const std::vector<Subtree>& subtrees) override;
  absl::Status OnCheckpoint(const publish::StoredCheckpoint& checkpoint) override;
  absl::StatusOr<std::optional<Finding>> Flush() override;
  absl::StatusOr<std::optional<Finding>> Finish(const Replay& replay,
                                                const TreeFrontier& tree) override;

 private:
  // Written once and never again.
  struct Expected {
    Sequence sequence;
    std::string key;
    std::string value;
  };

  struct ExpectedHash {
    Sequence sequence;
    Subtree subtree;
  };

  void Expect(Sequence sequence, std::string key, std::string value);
  // Compares a part of what is expected.
  absl::Status Compare(size_t begin, size_t end);
  // Compares the tree's hashes; their order among those of other levels may change.
  absl::Status CompareHashes();
  static Finding Differs(Sequence sequence, std::string_view key, const std::string& how);
  static Finding HashDiffers(Sequence sequence, const Subtree& subtree, const std::string& how);

  storage::Store* const store_;
  std::vector<Expected> expected_;
  std::vector<ExpectedHash> hashes_;
  // Keys of tables that are written once, so far; of the tree the hashes, as how many of them lie
  // in one run depends on the commits.
  std::map<char, uint64_t> once_;
  std::optional<Finding> finding_;
};

Finding StateCheck::HashDiffers(Sequence sequence, const Subtree& subtree, const std::string& how) {
  return MakeFinding(Fault::kTreeDiffers, sequence,
                     "in " + TableName(rules::key::TreeHashes(0).front()) + " hash " +
                         std::to_string(subtree.index) + " of level " +
                         std::to_string(subtree.level) + " " + how);
}

Finding StateCheck::Differs(Sequence sequence, std::string_view key, const std::string& how) {
  return MakeFinding(Fault::kStateDiffers, sequence,
                     "in " + TableName(key.front()) + " the key " +
                         absl::BytesToHexString(std::string(key)) + " " + how);
}

void StateCheck::Expect(Sequence sequence, std::string key, std::string value) {
  ++once_[key.front()];
  expected_.push_back({sequence, std::move(key), std::move(value)});
}

absl::Status StateCheck::OnEntry(Sequence sequence, const std::string& /*bytes*/,
                                 const std::map<std::string, std::string>& writes,
                                 const std::vector<Subtree>& subtrees) {
  static const char transactions = rules::key::Transaction(TransactionId()).front();
  static const char histories = rules::key::HistoryOf(AccountId()).front();
  for (const auto& [key, value] : writes) {
    if (key.front() == transactions || key.front() == histories) Expect(sequence, key, value);
  }
  for (const Subtree& subtree : subtrees) {
    if (!IsStoredLevel(subtree.level)) continue;
    ++once_[rules::key::TreeHashes(0).front()];
    hashes_.push_back({sequence, subtree});
  }
  return absl::OkStatus();
}

absl::Status StateCheck::OnCheckpoint(const publish::StoredCheckpoint& /*checkpoint*/) {
  // It was read from this store, and is judged as a note; here it only counts.
  ++once_[rules::key::kCheckpoints.front()];
  return absl::OkStatus();
}

absl::Status StateCheck::Compare(size_t begin, size_t end) {
  std::vector<std::string> keys;
  for (size_t i = begin; i < end; ++i) keys.push_back(expected_[i].key);
  const absl::StatusOr<storage::Read> read = store_->get(keys);
  if (!read.ok()) return read.status();
  for (size_t i = begin; i < end && !finding_; ++i) {
    const std::optional<std::string>& value = read->values[i - begin];
    if (value == expected_[i].value) continue;
    finding_ = Differs(expected_[i].sequence, expected_[i].key,
                       value ? "has another value than this entry gave it" : "is missing");
  }
  return absl::OkStatus();
}

absl::Status StateCheck::CompareHashes() {
  std::stable_sort(hashes_.begin(), hashes_.end(),
                   [](const auto& a, const auto& b) { return a.subtree.level < b.subtree.level; });
  publish::StoreHashReader reader(store_);
  for (size_t begin = 0, end = 0; begin < hashes_.size() && !finding_; begin = end) {
    const Subtree& first = hashes_[begin].subtree;
    while (end < hashes_.size() && hashes_[end].subtree.level == first.level) ++end;
    const auto stored = reader.Read(first.level, first.index, end - begin);
    if (!stored.ok() && !absl::IsDataLoss(stored.status())) return stored.status();
    for (size_t i = begin; i < end && !finding_; ++i) {
      const auto& [sequence, subtree] = hashes_[i];
      Digest hash;
      if (stored.ok()) {
        hash = (*stored)[i - begin];
      } else {
        // Not all are there: look for the first that is not.
        const auto alone = reader.Read(subtree.level, subtree.index, 1);
        if (!alone.ok() && !absl::IsDataLoss(alone.status())) return alone.status();
        if (!alone.ok()) {
          finding_ = HashDiffers(sequence, subtree, "is missing");
          break;
        }
        hash = alone->front();
      }
      if (hash != subtree.hash) {
        finding_ = HashDiffers(sequence, subtree, "has another value than this entry gave it");
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Finding>> StateCheck::Flush() {
  for (size_t begin = 0; begin < expected_.size() && !finding_; begin += kKeysAtOnce) {
    const absl::Status status = Compare(begin, std::min(begin + kKeysAtOnce, expected_.size()));
    if (!status.ok()) return status;
  }
  if (!finding_) {
    if (absl::Status status = CompareHashes(); !status.ok()) return status;
  }
  expected_.clear();
  hashes_.clear();
  return finding_;
}

absl::StatusOr<std::optional<Finding>> StateCheck::Finish(const Replay& replay,
                                                          const TreeFrontier& tree) {
  const Sequence last = tree.size();
  const absl::StatusOr<storage::Head> head = store_->head();
  if (!head.ok()) return head.status();
  if (head->sequence != last || head->hash != sequence::HashOf(tree.Root())) {
    return MakeFinding(Fault::kRootDiffers, last,
                       "the head of the store does not have the root of the journal");
  }
  uint64_t found_in_state = 0;
  std::map<char, uint64_t> found_once;
  std::string after;
  while (true) {
    const absl::StatusOr<storage::Scan> scan = store_->scan("", after, kKeysAtOnce);
    if (!scan.ok()) return scan.status();
    for (const auto& [key, value] : scan->pairs) {
      if (key.front() == storage::kSidePrefix) continue;
      if (once_.contains(key.front())) {
        const bool hashes = key.front() == rules::key::TreeHashes(0).front();
        found_once[key.front()] += hashes ? value.size() / Digest::kSize : 1;
        continue;
      }
      const auto known = replay.state().find(key);
      if (known == replay.state().end()) {
        return Differs(last, key, "is there, and no entry makes it");
      }
      if (known->second != value) {
        return Differs(last, key, "has another value than the journal makes");
      }
      ++found_in_state;
    }
    if (scan->pairs.size() < kKeysAtOnce) break;
    after = scan->pairs.back().first;
  }
  // Each of those that were expected was there, so that more can only be others.
  for (const auto& [table, count] : once_) {
    if (found_once[table] == count) continue;
    return MakeFinding(
        table == rules::key::TreeHashes(0).front() ? Fault::kTreeDiffers : Fault::kStateDiffers,
        last,
        TableName(table) + " has " + std::to_string(found_once[table]) +
            " records, and the journal makes " + std::to_string(count));
  }
  if (found_in_state == replay.state().size()) return std::nullopt;
  for (const auto& [key, value] : replay.state()) {
    const absl::StatusOr<storage::Read> read = store_->get({key});
    if (!read.ok()) return read.status();
    if (!read->values.front()) return Differs(last, key, "is missing");
  }
  return absl::InternalError("the store has changed while it was audited; audit it again");
}

}  // namespace

std::unique_ptr<Observer> NewStateCheck(storage::Store* store) {
  return std::make_unique<StateCheck>(store);
}

}  // namespace kengred::audit
