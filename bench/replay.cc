#include "bench/replay.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "bench/machine.h"
#include "bench/office.h"
#include "bench/progress.h"
#include "bench/replay_community.h"
#include "kengred/core/hash.h"
#include "kengred/core/limits.h"

namespace kengred::bench {
namespace {

constexpr size_t kDifferencesShown = 10;
// Rows signed at a time, which bounds the memory.
constexpr size_t kRowsSigned = 10'000;

class Replayer {
 public:
  Replayer(client::Client* client, const std::vector<HistoryRow>& rows,
           const ReplayOptions& options)
      : client_(*client), rows_(rows), options_(options), office_(client, options.seed) {
    for (const HistoryRow& row : rows) {
      for (const std::string& name : {row.source, row.target}) people_.insert(name);
      if (row.kind == RowKind::kDisbursement) funds_[row.source] += row.cents;
    }
    for (const auto& [fund, given] : funds_) people_.erase(fund);
  }

  absl::StatusOr<ReplayReport> Run();

 private:
  absl::Status OpenOffice();
  absl::Status OpenAccounts();
  absl::Status AdmitEverybody();
  absl::Status OpenFunds();
  absl::Status ReplayRows();
  absl::Status CompareBalances();
  absl::Status MeasureServer();

  const Party& party(const std::string& name) {
    const auto found = parties_.find(name);
    if (found != parties_.end()) return found->second;
    return parties_.emplace(name, MakeParty(options_.seed, name)).first->second;
  }
  AccountId account(const std::string& name) {
    const auto fund = programmes_.find(name);
    return fund == programmes_.end() ? party(name).account : fund->second;
  }

  v1::SubmitTransactionRequest RowTransaction(const HistoryRow& row);

  // Submits all, in order; the first refusal is the answer.
  absl::Status SubmitAll(const std::vector<v1::SubmitTransactionRequest>& requests,
                         Progress* progress);

  client::Client& client_;
  const std::vector<HistoryRow>& rows_;
  const ReplayOptions& options_;
  Office office_;
  std::set<std::string> people_;
  std::map<std::string, int64_t> funds_;  // what each gives in all
  std::map<std::string, Party> parties_;
  std::map<std::string, AccountId> programmes_;
  ReplayReport report_;
};

absl::Status Replayer::SubmitAll(const std::vector<v1::SubmitTransactionRequest>& requests,
                                 Progress* progress) {
  return SubmitInOrder(&client_, requests, {}, [&] {
    ++report_.transactions;
    progress->Add(1);
  });
}

absl::Status Replayer::OpenOffice() {
  const absl::StatusOr<v1::GetLedgerResponse> ledger = client_.GetLedger();
  if (!ledger.ok()) return ledger.status();
  if (const absl::Status status = office_.CheckLedger(); !status.ok()) return status;
  if (ledger->head_sequence() != 1) {
    return absl::FailedPreconditionError(
        "this ledger is not empty; make a new one with `kengred-server init`");
  }
  ++report_.transactions;
  return office_.Open().status();
}

absl::Status Replayer::OpenAccounts() {
  const std::vector<std::string> names(people_.begin(), people_.end());
  std::vector<v1::SubmitTransactionRequest> requests;
  // Every new key signs, and a transaction carries 16 signatures at most.
  for (size_t from = 0; from < names.size(); from += kSignaturesMax) {
    TransactionBuilder builder = NewTransaction(client_.ledger_id());
    const size_t end = std::min(from + kSignaturesMax, names.size());
    for (size_t i = from; i < end; ++i) {
      v1::OpenAccount* open = builder.Add()->mutable_open_account();
      open->set_kind(v1::HOLDER_KIND_PERSON);
      *open->mutable_authority() = party(names[i]).authority;
    }
    requests.push_back(SignBy(builder, {}));
    for (size_t i = from; i < end; ++i) {
      AddSignature(party(names[i]).key, requests.back().mutable_signed_transaction());
    }
  }
  Progress progress("opening accounts", requests.size());
  report_.accounts = people_.size() + funds_.size();
  return SubmitAll(requests, &progress);
}

absl::Status Replayer::AdmitEverybody() {
  std::vector<AccountId> members;
  for (const std::string& name : people_) members.push_back(party(name).account);
  std::vector<v1::SubmitTransactionRequest> requests;
  for (size_t from = 0; from < members.size(); from += kOperationsMax) {
    const size_t end = std::min(from + kOperationsMax, members.size());
    requests.push_back(office_.Admission({members.begin() + static_cast<std::ptrdiff_t>(from),
                                          members.begin() + static_cast<std::ptrdiff_t>(end)}));
  }
  Progress progress("admitting members", requests.size());
  return SubmitAll(requests, &progress);
}

absl::Status Replayer::OpenFunds() {
  for (const auto& [fund, given] : funds_) {
    const absl::StatusOr<AccountId> programme = office_.OpenProgramme(given);
    if (!programme.ok()) return programme.status();
    programmes_[fund] = *programme;
    report_.transactions += 2;
  }
  return absl::OkStatus();
}

v1::SubmitTransactionRequest Replayer::RowTransaction(const HistoryRow& row) {
  TransactionBuilder builder = NewTransaction(client_.ledger_id());
  if (row.kind == RowKind::kDisbursement) {
    v1::Reward* reward = builder.Add()->mutable_reward();
    reward->set_programme_account_id(account(row.source).ToBytes());
    v1::Award* award = reward->add_awards();
    award->set_beneficiary_account_id(account(row.target).ToBytes());
    award->set_activity(kActivity);
    award->set_quantity(row.cents);
    award->set_reference(Sha256({"kengred-bench/row", row.id}).ToBytes());
    return SignBy(builder,
                  {&office_.officials().association.key, &office_.officials().validator.key});
  }
  v1::Transfer* transfer = builder.Add()->mutable_transfer();
  transfer->set_payer_account_id(account(row.source).ToBytes());
  transfer->set_payee_account_id(account(row.target).ToBytes());
  transfer->set_currency(kCurrency);
  transfer->set_amount_minor(row.cents);
  transfer->set_payee_reference("row " + row.id);
  return SignBy(builder, {&party(row.source).key});
}

// A stream keeps the order in which its transactions were sent: a row that spends what an earlier
// one brought finds it there.
absl::Status Replayer::ReplayRows() {
  Progress progress("replaying", rows_.size());
  for (size_t from = 0; from < rows_.size(); from += kRowsSigned) {
    std::vector<v1::SubmitTransactionRequest> requests;
    const size_t end = std::min(from + kRowsSigned, rows_.size());
    for (size_t i = from; i < end; ++i) {
      const HistoryRow& row = rows_[i];
      requests.push_back(RowTransaction(row));
      ++(row.kind == RowKind::kDisbursement ? report_.rewards : report_.payments);
      report_.moved_cents += row.cents;
    }
    if (const absl::Status status = SubmitAll(requests, &progress); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Replayer::CompareBalances() {
  std::map<std::string, int64_t> expected = SumHistory(rows_);
  // A fund was filled with all it gives.
  for (const auto& [fund, given] : funds_) expected[fund] += given;
  const client::Reader auditor = office_.auditor();
  Progress progress("comparing", expected.size());
  for (const auto& [name, cents] : expected) {
    const absl::StatusOr<v1::ListBalancesResponse> balances =
        client_.ListBalances(auditor, account(name));
    if (!balances.ok()) return balances.status();
    int64_t held = 0;
    for (const v1::Balance& balance : balances->balances()) {
      if (balance.currency() == kCurrency) held = balance.amount_minor();
    }
    if (held != cents) {
      ++report_.difference_count;
      if (report_.differences.size() < kDifferencesShown) {
        report_.differences.push_back(name + ": the ledger says " + std::to_string(held) +
                                      ", the sum says " + std::to_string(cents));
      }
    }
    ++report_.balances_compared;
    progress.Add(1);
  }
  return absl::OkStatus();
}

absl::Status Replayer::MeasureServer() {
  const absl::StatusOr<v1::GetLedgerResponse> ledger = client_.GetLedger();
  if (!ledger.ok()) return ledger.status();
  for (const v1::CurrencyStatus& currency : ledger->currencies()) {
    if (currency.currency() != kCurrency) continue;
    report_.circulation_cents = currency.circulation_minor();
    report_.fund_cents = currency.fund_minor();
  }
  if (!options_.data_dir.empty()) {
    std::error_code error;
    for (const auto& file :
         std::filesystem::recursive_directory_iterator(options_.data_dir, error)) {
      std::error_code gone;  // a file may go away meanwhile
      if (file.is_regular_file(gone)) {
        report_.store_bytes += static_cast<int64_t>(file.file_size(gone));
      }
    }
    if (error) return absl::NotFoundError("cannot read " + options_.data_dir);
  }
  if (options_.server_pid > 0) {
    const auto use = ReadProcess(options_.server_pid);
    if (!use.ok()) return use.status();
    report_.server_memory_bytes = use->memory_bytes;
  }
  return absl::OkStatus();
}

absl::StatusOr<ReplayReport> Replayer::Run() {
  using Clock = std::chrono::steady_clock;
  const auto milliseconds = [](Clock::duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  };
  const Clock::time_point start = Clock::now();
  for (absl::Status (Replayer::*step)() : {&Replayer::OpenOffice, &Replayer::OpenAccounts,
                                           &Replayer::AdmitEverybody, &Replayer::OpenFunds}) {
    if (const absl::Status status = (this->*step)(); !status.ok()) return status;
  }
  report_.setup_ms = milliseconds(Clock::now() - start);
  const Clock::time_point replay_start = Clock::now();
  if (const absl::Status status = ReplayRows(); !status.ok()) return status;
  report_.replay_ms = milliseconds(Clock::now() - replay_start);
  report_.rows = rows_.size();
  report_.rows_per_second =
      static_cast<int64_t>(rows_.size()) * 1000 / std::max<int64_t>(1, report_.replay_ms);
  if (const absl::Status status = CompareBalances(); !status.ok()) return status;
  if (const absl::Status status = MeasureServer(); !status.ok()) return status;
  return report_;
}

}  // namespace

absl::StatusOr<ReplayReport> Replay(client::Client* client, const std::vector<HistoryRow>& rows,
                                    const ReplayOptions& options) {
  return Replayer(client, rows, options).Run();
}

}  // namespace kengred::bench
