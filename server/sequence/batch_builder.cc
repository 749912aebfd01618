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
                  const std::set<AccountId>& system_accounts,
                  std::map<std::string, std::string>* writes) {
  // An account's postings side by side, in their order.
  std::vector<std::pair<std::string_view, const v1::Posting*>> postings;
  for (const v1::Posting& posting : outcome.postings) {
    postings.emplace_back(posting.account_id(), &posting);
  }
  const auto by_account = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::stable_sort(postings.begin(), postings.end(), by_account);
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
      const std::string& after = outcome.writes.at(rules::key::Balance(account, currency));
      v1::Balance* balance = response.add_balances();
      balance->set_currency(currency);
      balance->set_amount_minor(static_cast<int64_t>(rules::DecodeNumber(after)));
    }
    if (!response.balances().empty()) response.set_sequence(sequence);
    writes->emplace(rules::key::History(account, sequence), response.SerializeAsString());
  }
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
  AddHistories(outcome, transaction.sequence(), system_accounts, &writes);
  writes.emplace(rules::key::Transaction(transaction.verified().id()),
                 rules::EncodeNumber(transaction.sequence()));
  writes.merge(outcome.writes);
  return writes;
}

Addition MakeAddition(rules::SequencedTransaction transaction, rules::Outcome outcome,
                      std::map<std::string, std::string> side_writes,
                      const std::set<AccountId>& system_accounts,
                      v1::SubmitTransactionResponse* response) {
  const Sequence sequence = transaction.sequence();
  const int64_t time_us = transaction.time_us();
  Addition addition;
  std::set_difference(outcome.touched.begin(), outcome.touched.end(), system_accounts.begin(),
                      system_accounts.end(), std::back_inserter(addition.touched));
  addition.rotations = RotationsIn(transaction.verified().transaction());
  response->set_transaction_id(transaction.verified().id().ToBytes());
  response->set_sequence(sequence);
  *response->mutable_time() = TimestampOf(time_us);
  response->mutable_postings()->Assign(outcome.postings.begin(), outcome.postings.end());

  v1::JournalEntry entry;
  entry.set_sequence(sequence);
  *entry.mutable_time() = TimestampOf(time_us);
  entry.set_civil_day(transaction.civil_day());
  entry.mutable_postings()->Swap(response->mutable_postings());
  std::map<std::string, std::string> writes =
      WritesOf(transaction, std::move(outcome), system_accounts);
  *entry.mutable_signed_transaction() = std::move(transaction).TakeSignedTransaction();
  addition.entry_bytes = entry.SerializeAsString();
  entry.mutable_postings()->Swap(response->mutable_postings());

  writes.merge(side_writes);
  addition.bytes = addition.entry_bytes.size() + kTreeBytesPerEntry;
  addition.writes.reserve(writes.size());
  while (!writes.empty()) {
    auto write = writes.extract(writes.begin());
    addition.bytes += write.key().size() + write.mapped().size();
    addition.writes.push_back({std::move(write.key()), std::move(write.mapped())});
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
