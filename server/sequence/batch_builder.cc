#include "server/sequence/batch_builder.h"

#include <algorithm>
#include <iterator>

#include "kengred/core/system_accounts.h"
#include "server/rules/state.h"

namespace kengred::sequence {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

// Adds what goes into the histories: of each account the balances after the outcome, of the
// currencies it moved.
void AddHistories(const rules::Outcome& outcome, Sequence sequence,
                  const std::set<AccountId>& system_accounts, std::vector<storage::Write>* writes) {
  // An account's postings side by side, in their order.
  std::vector<std::pair<std::string_view, const v1::Posting*>> postings;
  postings.reserve(outcome.postings.size());
  for (const v1::Posting& posting : outcome.postings) {
    postings.emplace_back(posting.account_id(), &posting);
  }
  std::sort(postings.begin(), postings.end());
  const auto by_account = [](const auto& a, const auto& b) { return a.first < b.first; };
  v1::ListBalancesResponse response;
  auto next = postings.begin();
  for (const AccountId& account : outcome.touched) {
    if (system_accounts.contains(account)) continue;
    response.Clear();
    next = std::lower_bound(next, postings.end(), std::pair(account.view(), nullptr), by_account);
    for (; next != postings.end() && next->first == account.view(); ++next) {
      const std::string& currency = next->second->currency();
      const auto is_it = [&](const v1::Balance& known) { return known.currency() == currency; };
      if (std::any_of(response.balances().begin(), response.balances().end(), is_it)) continue;
      // Every posting has its balance among the writes (the BALANCE invariant).
      const std::string& after =
          outcome.writes.find(rules::key::Balance(account, currency))->second;
      v1::Balance* balance = response.add_balances();
      balance->set_currency(currency);
      balance->set_amount_minor(static_cast<int64_t>(rules::DecodeNumber(after)));
    }
    if (!response.balances().empty()) response.set_sequence(sequence);
    writes->push_back({rules::key::History(account, sequence), response.SerializeAsString()});
  }
}

// What an accepted transaction writes beside its entry, taken out of the outcome but for its
// postings; room for `more` is left.
std::vector<storage::Write> ListWrites(const rules::SequencedTransaction& transaction,
                                       rules::Outcome* outcome,
                                       const std::set<AccountId>& system_accounts, size_t more) {
  std::vector<storage::Write> writes;
  writes.reserve(outcome->touched.size() + 1 + outcome->writes.size() + more);
  AddHistories(*outcome, transaction.sequence(), system_accounts, &writes);
  writes.push_back({rules::key::Transaction(transaction.verified().id()),
                    rules::EncodeNumber(transaction.sequence())});
  for (auto& [key, value] : std::move(outcome->writes).Take()) {
    writes.push_back({std::move(key), std::move(value)});
  }
  return writes;
}

// The first 8 bytes of a key as a number, which compares faster.
uint64_t KeyPrefix(std::string_view key) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < sizeof(prefix); ++i) {
    prefix = prefix << 8 | (i < key.size() ? static_cast<uint8_t>(key[i]) : 0);
  }
  return prefix;
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
  batch.storage.first_sequence = sequence + 1;
  return batch;
}

const std::string* PendingBatch::FindEntry(Sequence sequence) const {
  if (sequence < storage.first_sequence || sequence > last_sequence()) return nullptr;
  return &storage.journal[sequence - storage.first_sequence];
}

void PendingBatch::Add(Addition addition) {
  storage.journal.push_back(std::move(addition.entry_bytes));
  std::move(addition.writes.begin(), addition.writes.end(), std::back_inserter(storage.writes));
  touched.insert(touched.end(), addition.touched.begin(), addition.touched.end());
  rotations.insert(rotations.end(), addition.rotations.begin(), addition.rotations.end());
  bytes += addition.bytes;
}

void PendingBatch::ReserveAs(const PendingBatch& other) {
  storage.journal.reserve(other.storage.journal.size());
  storage.writes.reserve(other.storage.writes.size());
  answers.reserve(other.answers.size());
  touched.reserve(other.touched.size());
}

void SortWrites(std::vector<storage::Write>* writes) {
  struct Place {
    uint64_t prefix;
    size_t index;
  };
  std::vector<Place> places;
  places.reserve(writes->size());
  for (size_t i = 0; i < writes->size(); ++i) places.push_back({KeyPrefix((*writes)[i].key), i});
  std::sort(places.begin(), places.end(), [writes](const Place& a, const Place& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    const int order = (*writes)[a.index].key.compare((*writes)[b.index].key);
    return order != 0 ? order < 0 : a.index < b.index;
  });
  std::vector<storage::Write> sorted;
  sorted.reserve(writes->size());
  for (const Place& place : places) {
    storage::Write& write = (*writes)[place.index];
    if (!sorted.empty() && sorted.back().key == write.key) {
      sorted.back() = std::move(write);
    } else {
      sorted.push_back(std::move(write));
    }
  }
  *writes = std::move(sorted);
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
                                            rules::Outcome outcome,
                                            const std::set<AccountId>& system_accounts) {
  std::map<std::string, std::string> writes;
  for (storage::Write& write : ListWrites(transaction, &outcome, system_accounts, 0)) {
    writes.emplace(std::move(write.key), *std::move(write.value));
  }
  return writes;
}

Addition MakeAddition(rules::SequencedTransaction transaction, rules::Outcome outcome,
                      std::map<std::string, std::string> side_writes,
                      const std::set<AccountId>& system_accounts,
                      v1::SubmitTransactionResponse* response) {
  const Sequence sequence = transaction.sequence();
  const int64_t time_us = transaction.time_us();
  Addition addition;
  addition.touched.reserve(outcome.touched.size());
  std::set_difference(outcome.touched.begin(), outcome.touched.end(), system_accounts.begin(),
                      system_accounts.end(), std::back_inserter(addition.touched));
  addition.rotations = RotationsIn(transaction.verified().transaction());
  response->set_transaction_id(transaction.verified().id().ToBytes());
  response->set_sequence(sequence);
  *response->mutable_time() = TimestampOf(time_us);

  v1::JournalEntry entry;
  entry.set_sequence(sequence);
  *entry.mutable_time() = TimestampOf(time_us);
  entry.set_civil_day(transaction.civil_day());
  addition.writes = ListWrites(transaction, &outcome, system_accounts, side_writes.size());
  while (!side_writes.empty()) {
    auto write = side_writes.extract(side_writes.begin());
    addition.writes.push_back({std::move(write.key()), std::move(write.mapped())});
  }
  entry.mutable_postings()->Reserve(static_cast<int>(outcome.postings.size()));
  for (v1::Posting& posting : outcome.postings) *entry.add_postings() = std::move(posting);
  *entry.mutable_signed_transaction() = std::move(transaction).TakeSignedTransaction();
  addition.entry_bytes = entry.SerializeAsString();
  response->mutable_postings()->Swap(entry.mutable_postings());

  addition.bytes = addition.entry_bytes.size() + kTreeBytesPerEntry;
  for (const storage::Write& write : addition.writes) {
    addition.bytes += write.key.size() + write.value->size();
  }
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
