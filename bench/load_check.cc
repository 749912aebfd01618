#include "bench/load_check.h"

#include <absl/synchronization/mutex.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>

#include "bench/parallel.h"
#include "bench/progress.h"
#include "kengred/core/charter.h"
#include "kengred/core/system_accounts.h"
#include "kengred/v1/journal.pb.h"

namespace kengred::bench {
namespace {

constexpr size_t kComplaintsMax = 10;
// Balances are read by so many threads at once for each core, as each waits for its answer.
constexpr size_t kReadersPerCore = 8;

// By currency.
using Sums = std::map<std::string, int64_t, std::less<>>;

bool AllZero(const Sums& sums) {
  return std::all_of(sums.begin(), sums.end(), [](const auto& sum) { return sum.second == 0; });
}

class Checker {
 public:
  Checker(client::Client* client, const Office& office, const LoadAccounts& accounts,
          const Presigned& transactions)
      : client_(*client),
        auditor_(office.auditor()),
        accounts_(accounts),
        transactions_(transactions) {}

  absl::StatusOr<LoadCheck> Run(const std::vector<Sequence>& sequences, Sequence after);

 private:
  void CheckEntry(Sequence sequence, const std::string& bytes);
  absl::Status CheckBalances();
  // Reads and compares one account; any thread.
  absl::Status CheckBalance(const AccountId& account);
  // Compares the ledger's own accounts of a currency, as GetLedger shows them.
  void CompareOwn(const v1::CurrencyStatus& status);
  void Compare(const AccountId& account, const Sums& held);
  void Complain(std::string what) {
    if (check_.complaints.size() < kComplaintsMax) check_.complaints.push_back(std::move(what));
  }

  client::Client& client_;
  const client::Reader auditor_;
  const LoadAccounts& accounts_;
  const Presigned& transactions_;
  bool reads_balances_ = false;
  // Entry and transaction, sorted; up to `next_` they have been seen.
  std::vector<std::pair<Sequence, size_t>> acknowledged_;
  size_t next_ = 0;
  v1::JournalEntry entry_;
  std::unordered_map<AccountId, Sums> posted_;
  Sums total_;         // of all balances read
  absl::Mutex mutex_;  // guards check_ and total_ while threads compare
  LoadCheck check_;
};

void Checker::CheckEntry(Sequence sequence, const std::string& bytes) {
  ++check_.entries_read;
  if (!entry_.ParseFromString(bytes) || entry_.sequence() != sequence) {
    ++check_.unbalanced;
    return Complain("entry " + std::to_string(sequence) + " cannot be read");
  }
  Sums sums;
  for (const v1::Posting& posting : entry_.postings()) {
    sums[posting.currency()] += posting.amount_minor();
    if (!reads_balances_) continue;
    if (const auto account = AccountId::FromBytes(posting.account_id())) {
      posted_[*account][posting.currency()] += posting.amount_minor();
    }
  }
  if (!AllZero(sums)) {
    ++check_.unbalanced;
    Complain("the postings of entry " + std::to_string(sequence) + " do not sum to zero");
  }
  for (; next_ < acknowledged_.size() && acknowledged_[next_].first <= sequence; ++next_) {
    const auto& [named, number] = acknowledged_[next_];
    if (named == sequence &&
        TransactionIdOf(entry_.signed_transaction().transaction()) == transactions_.id(number)) {
      continue;
    }
    ++check_.missing;
    Complain("transaction " + transactions_.id(number).ToHex() + " was acknowledged as entry " +
             std::to_string(named) + " and is not there");
  }
}

absl::Status Checker::CheckBalance(const AccountId& account) {
  const auto balances = client_.ListBalances(auditor_, account);
  if (!balances.ok()) return balances.status();
  Sums held;
  for (const v1::Balance& balance : balances->balances()) {
    held[balance.currency()] = balance.amount_minor();
  }
  Compare(account, held);
  return absl::OkStatus();
}

void Checker::Compare(const AccountId& account, const Sums& held) {
  Sums difference = held;
  const auto found = posted_.find(account);
  if (found != posted_.end()) {
    for (const auto& [currency, amount] : found->second) difference[currency] -= amount;
  }
  const absl::MutexLock lock(&mutex_);
  ++check_.balances_read;
  for (const auto& [currency, amount] : held) total_[currency] += amount;
  if (!AllZero(difference)) {
    ++check_.balances_wrong;
    Complain("account " + account.ToHex() + " does not hold the sum of its postings");
  }
}

void Checker::CompareOwn(const v1::CurrencyStatus& status) {
  const std::string& currency = status.currency();
  const v1::Currency* known = FindCurrency(client_.charter(), currency);
  const auto compare = [&](std::string_view name, const std::string& held_in, int64_t amount) {
    const AccountId account = SystemAccountId(name, currency);
    if (amount != 0 || posted_.contains(account)) Compare(account, {{held_in, amount}});
  };
  compare(kCirculation, currency, -status.circulation_minor());
  if (known == nullptr || known->kind() != v1::CURRENCY_KIND_BACKED) return;
  const std::string& euros = known->backing_currency();
  compare(kLocked, currency, status.locked_minor());
  compare(kCommission, currency, status.commission_minor());
  compare(kFundDigital, euros, status.fund_minor());
  compare(kFundPaper, euros, status.paper_fund_minor());
  // Not shown: minus all euros in the funds.
  compare(kBank, euros, -status.fund_minor() - status.paper_fund_minor());
}

absl::Status Checker::CheckBalances() {
  const auto ledger = client_.GetLedger();
  if (!ledger.ok()) return ledger.status();
  std::set<AccountId> own;
  for (const v1::CurrencyStatus& status : ledger->currencies()) {
    CompareOwn(status);
    for (const std::string_view name : kSystemAccountNames) {
      own.insert(SystemAccountId(name, status.currency()));
    }
  }
  // Whoever was posted something, and those who should have been.
  std::vector<AccountId> all;
  for (const auto& [account, sums] : posted_) {
    if (!own.contains(account)) all.push_back(account);
  }
  std::optional<Party> scratch;
  for (uint64_t i = 0; i < accounts_.count(); ++i) {
    const AccountId& account = accounts_.At(i, &scratch).account;
    if (!posted_.contains(account)) all.push_back(account);
  }
  Progress progress("comparing balances", all.size());
  std::atomic<size_t> next{0};
  absl::Status first;
  const auto run = [&] {
    for (size_t i = next++; i < all.size(); i = next++) {
      const absl::Status status = CheckBalance(all[i]);
      const absl::MutexLock lock(&mutex_);
      progress.Add(1);
      if (status.ok() || !first.ok()) continue;
      first = status;
      next = all.size();
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < CoreCount() * kReadersPerCore; ++i) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
  check_.balances_sum_to_zero = AllZero(total_);
  if (!check_.balances_sum_to_zero) Complain("the balances do not sum to zero");
  return first;
}

absl::StatusOr<LoadCheck> Checker::Run(const std::vector<Sequence>& sequences, Sequence after) {
  reads_balances_ = accounts_.count() <= kBalancesReadMax;
  for (size_t i = 0; i < sequences.size(); ++i) {
    if (sequences[i] != 0) acknowledged_.emplace_back(sequences[i], i);
  }
  std::sort(acknowledged_.begin(), acknowledged_.end());
  check_.acknowledged = acknowledged_.size();
  if (reads_balances_) after = 0;
  const auto ledger = client_.GetLedger();
  if (!ledger.ok()) return ledger.status();
  {
    Progress progress("reading journal",
                      ledger->head_sequence() - std::min(after, ledger->head_sequence()));
    const absl::Status status =
        client_.StreamEntries(auditor_, after, [&](Sequence sequence, const std::string& bytes) {
          CheckEntry(sequence, bytes);
          progress.Add(1);
          return true;
        });
    if (!status.ok()) return status;
  }
  for (; next_ < acknowledged_.size(); ++next_) {
    ++check_.missing;
    Complain("entry " + std::to_string(acknowledged_[next_].first) +
             " was acknowledged and is not there");
  }
  if (reads_balances_) {
    if (const absl::Status status = CheckBalances(); !status.ok()) return status;
  }
  return check_;
}

}  // namespace

absl::StatusOr<LoadCheck> CheckLedgerAfter(client::Client* client, const Office& office,
                                           const LoadAccounts& accounts,
                                           const Presigned& transactions,
                                           const std::vector<Sequence>& sequences, Sequence after) {
  return Checker(client, office, accounts, transactions).Run(sequences, after);
}

}  // namespace kengred::bench
