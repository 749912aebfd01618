// Turns accepted transactions into one storage batch: entries, state, indexes, side records.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/v1/charter.pb.h"
#include "kengred/v1/ledger_service.pb.h"
#include "server/publish/answer.h"
#include "server/rules/rules.h"
#include "server/sequence/layered_view.h"
#include "server/sequence/log_keys.h"
#include "server/sequence/tree.h"
#include "server/storage/store.h"

namespace kengred::sequence {

// What a batch takes besides its additions: the tree's upper hashes and the checkpoint.
inline constexpr size_t kBatchOverheadBytes = kTreeBytes + kCheckpointBytesMax;

// What one accepted transaction adds to a batch.
struct Addition {
  std::string entry_bytes;
  std::map<std::string, std::string> writes;
  std::set<AccountId> touched;       // without system accounts
  std::vector<PublicKey> rotations;  // log keys that it brings, in order
  size_t bytes = 0;                  // of all of it, tree included
};

// An answer to give once the batch is durable.
struct PendingAnswer {
  publish::Done done;
  v1::SubmitTransactionResponse response;
};

// A batch under construction, or being committed. `layer` is what later transactions see of it.
struct PendingBatch {
  Layer layer;
  std::vector<PendingAnswer> answers;
  std::set<AccountId> touched;
  std::vector<PublicKey> rotations;
  Sequence first_sequence = 0;
  Sequence last_sequence = 0;  // first_sequence - 1: no entries
  size_t bytes = kBatchOverheadBytes;

  bool empty() const { return answers.empty() && layer.entries.empty(); }
  bool has_entries() const { return !layer.entries.empty(); }

  // Starts after the head.
  static PendingBatch After(Sequence sequence);
  void Add(Addition addition);
  // What is written, without what follows from the entries: the tree's hashes and the checkpoint.
  // Moves the entries' bytes nowhere: the layer stays readable.
  storage::Batch ToStorage(uint64_t epoch) const;
};

// The system accounts of a charter: their histories would be everybody's, so they have none.
std::set<AccountId> SystemAccountsOf(const v1::Charter& charter);

// What an accepted transaction writes beside its entry: state, transaction index, histories. They
// follow from the journal alone, so that an auditor can ask a store for them.
std::map<std::string, std::string> WritesOf(const rules::SequencedTransaction& transaction,
                                            const rules::Outcome& outcome,
                                            const std::set<AccountId>& system_accounts);

// The entry, state, transaction index, histories and side records of an accepted transaction.
Addition MakeAddition(const rules::SequencedTransaction& transaction, const rules::Outcome& outcome,
                      std::map<std::string, std::string> side_writes,
                      const std::set<AccountId>& system_accounts);

// The answer that an entry stands for.
v1::SubmitTransactionResponse AnswerOf(const TransactionId& id, const v1::JournalEntry& entry);

google::protobuf::Timestamp TimestampOf(int64_t time_us);
int64_t MicrosOf(const google::protobuf::Timestamp& time);

}  // namespace kengred::sequence
