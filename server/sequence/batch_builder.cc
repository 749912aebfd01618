#include "server/sequence/batch_builder.h"

#include <algorithm>
#include <iterator>

#include "kengred/core/system_accounts.h"
#include "server/rules/state.h"

namespace kengred::sequence {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

// The balances of each account after the outcome, of the currencies it moved.
std::map<AccountId, v1::ListBalancesResponse> BalancesAfter(const rules::Outcome& outcome,
                                                            Sequence sequence) {
  std::map<AccountId, v1::ListBalancesResponse> balances;
  std::set<std::string> seen;
  for (const v1::Posting& posting : outcome.postings) {
    const AccountId account = *AccountId::FromBytes(posting.account_id());
    const std::string key = rules::key::Balance(account, posting.currency());
    if (!seen.insert(key).second) continue;
    v1::ListBalancesResponse& response = balances[account];
    response.set_sequence(sequence);
    v1::Balance* balance = response.add_balances();
    balance->set_currency(posting.currency());
    // Every posting has its balance among the writes (the BALANCE invariant).
    balance->set_amount_minor(static_cast<int64_t>(rules::DecodeNumber(outcome.writes.at(key))));
  }
  return balances;
}

}  // namespace

google::protobuf::Timestamp TimestampOf(int64_t time_us) {
  google::protobuf::Timestamp time;
  time.set_seconds(time_us / kMicrosPerSecond);
  time.set_nanos(static_cast<int32_t>(time_us % kMicrosPerSecond * 1000));
  return time;
}

int64_t MicrosOf(const google::protobuf::Timestamp& time) {
  return time.seconds() * kMicrosPerSecond + time.nanos() / 1000;
}

PendingBatch PendingBatch::After(Sequence sequence) {
  PendingBatch batch;
  batch.first_sequence = sequence + 1;
  batch.last_sequence = sequence;
  return batch;
}

void PendingBatch::Add(Addition addition) {
  layer.entries.emplace(++last_sequence, std::move(addition.entry_bytes));
  for (auto& [key, value] : addition.writes) layer.writes[key] = std::move(value);
  touched.merge(addition.touched);
  rotations.insert(rotations.end(), addition.rotations.begin(), addition.rotations.end());
  bytes += addition.bytes;
}

storage::Batch PendingBatch::ToStorage(uint64_t epoch) const {
  storage::Batch batch;
  batch.epoch = epoch;
  batch.first_sequence = first_sequence;
  batch.journal.reserve(layer.entries.size());
  for (const auto& [sequence, entry_bytes] : layer.entries) batch.journal.push_back(entry_bytes);
  batch.writes.reserve(layer.writes.size());
  for (const auto& [key, value] : layer.writes) batch.writes.push_back({key, value});
  return batch;
}

std::set<AccountId> SystemAccountsOf(const v1::Charter& charter) {
  std::set<AccountId> accounts;
  for (const v1::Currency& currency : charter.currencies()) {
    for (const std::string_view name : kSystemAccountNames) {
      accounts.insert(SystemAccountId(name, currency.code()));
    }
  }
  return accounts;
}

std::map<std::string, std::string> WritesOf(const rules::SequencedTransaction& transaction,
                                            const rules::Outcome& outcome,
                                            const std::set<AccountId>& system_accounts) {
  std::map<std::string, std::string> writes = outcome.writes;
  writes[rules::key::Transaction(transaction.verified().id())] =
      rules::EncodeNumber(transaction.sequence());
  std::map<AccountId, v1::ListBalancesResponse> balances =
      BalancesAfter(outcome, transaction.sequence());
  for (const AccountId& account : outcome.touched) {
    if (system_accounts.contains(account)) continue;
    writes[rules::key::History(account, transaction.sequence())] =
        balances[account].SerializeAsString();
  }
  return writes;
}

Addition MakeAddition(const rules::SequencedTransaction& transaction, const rules::Outcome& outcome,
                      std::map<std::string, std::string> side_writes,
                      const std::set<AccountId>& system_accounts) {
  v1::JournalEntry entry;
  entry.set_sequence(transaction.sequence());
  *entry.mutable_time() = TimestampOf(transaction.time_us());
  entry.set_civil_day(transaction.civil_day());
  *entry.mutable_signed_transaction() = transaction.verified().signed_transaction();
  for (const v1::Posting& posting : outcome.postings) *entry.add_postings() = posting;

  Addition addition;
  addition.entry_bytes = entry.SerializeAsString();
  addition.writes = WritesOf(transaction, outcome, system_accounts);
  addition.writes.merge(side_writes);
  std::set_difference(outcome.touched.begin(), outcome.touched.end(), system_accounts.begin(),
                      system_accounts.end(),
                      std::inserter(addition.touched, addition.touched.end()));
  addition.rotations = RotationsIn(transaction.verified().transaction());
  addition.bytes = addition.entry_bytes.size() + kTreeBytesPerEntry;
  for (const auto& [key, value] : addition.writes) addition.bytes += key.size() + value.size();
  return addition;
}

v1::SubmitTransactionResponse AnswerOf(const TransactionId& id, const v1::JournalEntry& entry) {
  v1::SubmitTransactionResponse response;
  response.set_transaction_id(id.ToBytes());
  response.set_sequence(entry.sequence());
  *response.mutable_time() = entry.time();
  *response.mutable_postings() = entry.postings();
  return response;
}

}  // namespace kengred::sequence
