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
#include "server/sequence/log_keys.h"
#include "server/sequence/tree.h"
#include "server/storage/store.h"

namespace kengred::sequence {

// What a batch takes besides its additions: the tree's upper hashes and the checkpoint.
inline constexpr size_t kBatchOverheadBytes = kTreeBytes + kCheckpointBytesMax;

// What one accepted transaction adds to a batch.
struct Addition {
  std::string entry_bytes;
  std::vector<storage::Write> writes;  // each key once
  std::vector<AccountId> touched;      // without system accounts
  std::vector<PublicKey> rotations;    // log keys that it brings, in order
  size_t bytes = 0;                    // of all of it, tree included
};

// An answer to give once the batch is durable.
struct PendingAnswer {
  publish::Done done;
  v1::SubmitTransactionResponse response;
};

// A batch under construction, or being committed.
struct PendingBatch {
  // What is written, but for what follows from the entries: the tree's hashes and the checkpoint.
  // Its writes are in the order they came, and of a key that comes twice the last counts. The
  // entries stay as they are until the batch goes away, so that the sequencer may read them while
  // the committer works on the rest.
  storage::Batch storage;
  std::vector<PendingAnswer> answers;
  std::vector<AccountId> touched;  // some more than once
  std::vector<PublicKey> rotations;
  size_t bytes = kBatchOverheadBytes;

  // Starts after the head.
  static PendingBatch After(Sequence sequence);

  bool empty() const { return answers.empty() && !has_entries(); }
  bool has_entries() const { return !storage.journal.empty(); }
  // The sequence before the first: no entries.
  Sequence last_sequence() const { return storage.first_sequence + storage.journal.size() - 1; }
  // An entry of this batch; null where it is of another.
  const std::string* FindEntry(Sequence sequence) const;

  void Add(Addition addition);
  // Makes room for as much as another batch holds: under load one is like the other.
  void ReserveAs(const PendingBatch& other);
};

// Sorts a batch's writes by key, as a store takes them; of a key that comes twice the last stays.
void SortWrites(std::vector<storage::Write>* writes);

// The system accounts of a charter: their histories would be everybody's, so they have none.
std::set<AccountId> SystemAccountsOf(const v1::Charter& charter);

// What an accepted transaction writes beside its entry: state, transaction index, histories. They
// follow from the journal alone, so that an auditor can ask a store for them.
std::map<std::string, std::string> WritesOf(const rules::SequencedTransaction& transaction,
                                            rules::Outcome outcome,
                                            const std::set<AccountId>& system_accounts);

// The entry, state, transaction index, histories and side records of an accepted transaction, and
// through `response` its answer. Takes both apart.
Addition MakeAddition(rules::SequencedTransaction transaction, rules::Outcome outcome,
                      std::map<std::string, std::string> side_writes,
                      const std::set<AccountId>& system_accounts,
                      v1::SubmitTransactionResponse* response);

// The answer that an entry stands for.
v1::SubmitTransactionResponse AnswerOf(const TransactionId& id, const v1::JournalEntry& entry);

google::protobuf::Timestamp TimestampOf(int64_t time_us);
int64_t MicrosOf(const google::protobuf::Timestamp& time);

}  // namespace kengred::sequence
