#include "tests/support/audited_ledger.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <utility>

#include "kengred/core/checkpoint.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"
#include "server/publish/watch_hub.h"
#include "server/rules/state.h"
#include "server/sequence/sequencer.h"
#include "server/sequence/tree.h"
#include "server/storage/memory_store.h"

namespace kengred::testing {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "the ledger to audit cannot be made: %s\n", what.c_str());
  std::abort();
}

// A server without its network and its verifier's threads.
class Desk {
 public:
  Desk(Community* community, storage::Store* store) : community_(community) {
    const auto ledger = sequence::InitializeLedger(store, community->charter_bytes(),
                                                   community->log_keys().front(), now_us_);
    if (!ledger.ok()) Die(ledger.status().ToString());
    sequence::SequencerOptions options;
    options.log_keys = community->log_keys(3);
    options.now_us = [this] { return now_us_ += 1'000'007; };
    auto sequencer = sequence::Sequencer::Start(std::move(options), store, &hub_);
    if (!sequencer.ok()) Die(sequencer.status().ToString());
    sequencer_ = *std::move(sequencer);
  }

  v1::SignedTransaction Submit(const v1::SubmitTransactionRequest& request) {
    auto parsed = Parse(request.signed_transaction(), community_->ledger_id());
    if (const auto* refusal = std::get_if<Refusal>(&parsed)) Die(VerdictSentence(*refusal));
    auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
    if (const auto* refusal = std::get_if<Refusal>(&verified)) Die(VerdictSentence(*refusal));
    std::promise<publish::Answer> promise;
    sequence::Submission submission{
        std::get<VerifiedTransaction>(std::move(verified)),
        {request.side_records().begin(), request.side_records().end()},
        false,
        [&promise](publish::Answer answer) { promise.set_value(std::move(answer)); }};
    sequencer_->Enqueue(std::move(submission));
    const publish::Answer answer = promise.get_future().get();
    if (const auto* refusal = std::get_if<Refusal>(&answer)) Die(VerdictSentence(*refusal));
    return request.signed_transaction();
  }
  v1::SignedTransaction Submit(const std::vector<v1::Operation>& operations,
                               const std::vector<std::string>& signers) {
    v1::SubmitTransactionRequest request;
    *request.mutable_signed_transaction() =
        community_->Transaction(kNowSeconds, operations, signers);
    return Submit(request);
  }

 private:
  Community* const community_;
  int64_t now_us_ = kNowSeconds * 1'000'000;
  publish::WatchHub hub_;
  std::unique_ptr<sequence::Sequencer> sequencer_;
};

class DataSource : public audit::EntrySource {
 public:
  explicit DataSource(const LedgerData& data) : data_(data) {}
  Sequence size() const override { return data_.journal.size(); }
  absl::StatusOr<std::vector<std::string>> Entries(Sequence after, size_t max) override {
    const auto first = data_.journal.begin() + static_cast<ptrdiff_t>(after);
    const size_t count = std::min<size_t>(max, data_.journal.size() - after);
    return std::vector<std::string>(first, first + static_cast<ptrdiff_t>(count));
  }
  absl::StatusOr<std::vector<publish::StoredCheckpoint>> Checkpoints(uint64_t after,
                                                                     size_t max) override {
    std::vector<publish::StoredCheckpoint> checkpoints;
    for (auto i = data_.pairs.upper_bound(rules::key::Checkpoint(after));
         i != data_.pairs.end() && i->first.starts_with(rules::key::kCheckpoints) &&
         checkpoints.size() < max;
         ++i) {
      checkpoints.push_back({rules::DecodeNumber(i->first.substr(1)), i->second});
    }
    return checkpoints;
  }

 private:
  const LedgerData data_;
};

}  // namespace

LedgerData MakeAuditedLedger(Community* community) {
  const std::unique_ptr<storage::Store> store = storage::NewMemoryStore();
  {
    Desk desk(community, store.get());
    for (const v1::SubmitTransactionRequest& request : community->Found(kNowSeconds)) {
      desk.Submit(request);
    }
    desk.Submit({community->RotateLogKey(1)}, {"governance"});
    const v1::SignedTransaction paid = desk.Submit(
        {community->Transfer("alice", "biocoop", 5000), community->Transfer("alice", "bruno", 250)},
        {"alice"});
    desk.Submit({community->Refund(IdOf(paid), 0, 700)}, {"biocoop"});
    desk.Submit({community->Reward("repair", {community->Award("chloe", "session", 1, "a"),
                                              community->Award("denis", "session", 2, "b")})},
                {"assoc", "validator1", "validator2"});
    const v1::SignedTransaction request =
        desk.Submit({community->RequestReconversion("biocoop", 2000)}, {"biocoop"});
    desk.Submit({community->SettleReconversion(ReconversionOf(request), "bank-1")}, {"treasurer"});
    desk.Submit({community->RotateLogKey(2)}, {"governance"});
    desk.Submit({community->Transfer("bruno", "librairie", 100)}, {"bruno"});
  }
  return ReadLedgerData(store.get());
}

LedgerData ReadLedgerData(storage::Store* store) {
  LedgerData data;
  data.hash = store->head()->hash;
  const absl::StatusOr<storage::JournalPage> journal = store->journal(0, 1'000'000);
  for (const auto& [sequence, bytes] : journal->entries) data.journal.push_back(bytes);
  const absl::StatusOr<storage::Scan> scan = store->scan("", "", 1'000'000);
  data.pairs.insert(scan->pairs.begin(), scan->pairs.end());
  return data;
}

Digest LedgerData::RootOf(uint64_t size) const {
  TreeFrontier tree;
  for (uint64_t i = 0; i < size; ++i) tree.Append(LeafHash(journal[i]));
  return tree.Root();
}

void LedgerData::SplitTreeRuns() {
  const std::map<std::string, std::string> runs = pairs;
  for (const auto& [key, run] : runs) {
    if (!key.starts_with(rules::key::TreeHashes(0).substr(0, 1))) continue;
    const auto level = static_cast<uint8_t>(key[1]);
    const uint64_t first = rules::DecodeNumber(std::string_view(key).substr(2));
    for (size_t i = 0; i < run.size() / Digest::kSize; ++i) {
      pairs[rules::key::TreeRun(level, first + i)] = run.substr(i * Digest::kSize, Digest::kSize);
    }
  }
}

void LedgerData::Forge(const NoteSigner& log_key) {
  std::erase_if(pairs, [](const auto& pair) {
    return pair.first.starts_with(rules::key::kCheckpoints) ||
           pair.first.starts_with(rules::key::TreeHashes(0).substr(0, 1));
  });
  TreeFrontier tree;
  std::vector<Subtree> made;
  for (const std::string& bytes : journal) {
    tree.Append(LeafHash(bytes), &made);
    pairs[rules::key::Checkpoint(tree.size())] =
        *SignCheckpoint({log_key.verifier_key().name(), tree.size(), tree.Root(), {}}, log_key);
  }
  std::vector<storage::Write> writes;
  sequence::AddTreeRuns(made, &writes);
  for (storage::Write& write : writes) pairs[std::move(write.key)] = *std::move(write.value);
  hash = sequence::HashOf(tree.Root());
}

std::unique_ptr<storage::Store> StoreOf(const LedgerData& data) {
  std::unique_ptr<storage::Store> store = storage::NewMemoryStore();
  storage::Batch batch;
  batch.epoch = store->acquire("test")->epoch;
  batch.first_sequence = 1;
  batch.journal = data.journal;
  batch.hash = data.hash;
  const auto commit = [&store, &batch] {
    const auto result = store->commit(batch);
    if (!result.ok() || *result != storage::CommitResult::kDurable) {
      Die(result.status().ToString());
    }
  };
  commit();
  batch.first_sequence = data.journal.size() + 1;
  batch.parent_hash = batch.hash;
  batch.journal.clear();
  for (const auto& [key, value] : data.pairs) {
    batch.writes.push_back({key, value});
    if (batch.writes.size() < 500) continue;
    commit();
    batch.writes.clear();
  }
  commit();
  return store;
}

std::unique_ptr<audit::EntrySource> SourceOf(const LedgerData& data) {
  return std::make_unique<DataSource>(data);
}

}  // namespace kengred::testing
