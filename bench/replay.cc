#include "bench/replay.h"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "bench/progress.h"
#include "bench/replay_community.h"
#include "kengred/core/charter.h"
#include "kengred/core/civil_day.h"
#include "kengred/core/hash.h"
#include "kengred/core/limits.h"
#include "kengred/core/transaction_builder.h"

namespace kengred::bench {
namespace {

// The office: who may do what in the replayed community.
constexpr char kGovernance[] = "governance";
constexpr char kRegistrar[] = "registrar";
constexpr char kIssuer[] = "issuer";
constexpr char kValidator[] = "validator";
constexpr char kAssociation[] = "association";
constexpr size_t kDifferencesShown = 10;
constexpr size_t kResubmissionsMax = 100;

int64_t NowSeconds() { return std::time(nullptr); }

class Replayer {
 public:
  Replayer(client::Client* client, const std::vector<HistoryRow>& rows,
           const ReplayOptions& options)
      : client_(*client), rows_(rows), options_(options) {
    for (const HistoryRow& row : rows) {
      for (const std::string& name : {row.source, row.target}) people_.insert(name);
      if (row.kind == RowKind::kDisbursement) funds_[row.source] += row.cents;
    }
    for (const auto& [fund, given] : funds_) people_.erase(fund);
  }

  absl::StatusOr<ReplayReport> Run();

 private:
  absl::Status CheckLedger();
  absl::Status OpenAccounts();
  absl::Status GiveRoles();
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

  TransactionBuilder NewTransaction() const {
    return {client_.ledger_id(), NowSeconds() - 60, 3600};
  }
  v1::SubmitTransactionRequest Sign(const TransactionBuilder& builder,
                                    const std::vector<std::string>& signers) {
    v1::SubmitTransactionRequest request;
    *request.mutable_signed_transaction() = builder.Build();
    for (const std::string& signer : signers) {
      AddSignature(party(signer).key, request.mutable_signed_transaction());
    }
    return request;
  }
  v1::SubmitTransactionRequest RowTransaction(const HistoryRow& row);

  // Submits all, in any order; the first refusal is the answer. QUEUE_FULL is sent again.
  absl::Status SubmitAll(std::vector<v1::SubmitTransactionRequest> requests, Progress* progress);

  client::Client& client_;
  const std::vector<HistoryRow>& rows_;
  const ReplayOptions& options_;
  std::set<std::string> people_;
  std::map<std::string, int64_t> funds_;  // what each gives in all
  std::map<std::string, Party> parties_;
  std::map<std::string, AccountId> programmes_;
  ReplayReport report_;
};

absl::Status Replayer::SubmitAll(std::vector<v1::SubmitTransactionRequest> requests,
                                 Progress* progress) {
  for (size_t round = 0; !requests.empty(); ++round) {
    if (round > kResubmissionsMax) return absl::UnavailableError("the server stays too busy");
    std::vector<v1::SubmitTransactionRequest> again;
    absl::Status first;
    const absl::Status status =
        client_.SubmitAll(requests, [&](size_t index, const v1::SubmitResult& result) {
          if (result.has_accepted()) {
            ++report_.transactions;
            progress->Add(1);
            return;
          }
          const v1::SubmitRefusal& refused = result.refused();
          if (refused.verdict() == v1::VERDICT_QUEUE_FULL) {
            again.push_back(requests[index]);
          } else if (first.ok()) {
            std::string figures;
            for (const auto& [name, value] : refused.figures()) figures += " " + name + "=" + value;
            first = absl::FailedPreconditionError(VerdictName(refused.verdict()) + ": " +
                                                  refused.message() + figures);
          }
        });
    if (!status.ok()) return status;
    if (!first.ok()) return first;
    requests = std::move(again);
  }
  return absl::OkStatus();
}

absl::Status Replayer::CheckLedger() {
  const absl::StatusOr<v1::GetLedgerResponse> ledger = client_.GetLedger();
  if (!ledger.ok()) return ledger.status();
  const auto& keys = client_.charter().governance().public_keys();
  if (keys.size() != 1 || keys[0] != party(kGovernance).key.public_key().view()) {
    return absl::FailedPreconditionError(
        "this ledger was not made for a replay with this seed; make one with "
        "`kengred-bench charter --seed " +
        std::to_string(options_.seed) + "` and `kengred-server init`");
  }
  if (ledger->head_sequence() != 1) {
    return absl::FailedPreconditionError(
        "this ledger is not empty; make a new one with `kengred-server init`");
  }
  return absl::OkStatus();
}

absl::Status Replayer::OpenAccounts() {
  std::vector<std::pair<std::string, v1::HolderKind>> openings = {
      {kRegistrar, v1::HOLDER_KIND_PERSON},
      {kIssuer, v1::HOLDER_KIND_PERSON},
      {kAuditor, v1::HOLDER_KIND_PERSON},
      {kValidator, v1::HOLDER_KIND_PERSON},
      {kAssociation, v1::HOLDER_KIND_ASSOCIATION}};
  for (const std::string& name : people_) openings.emplace_back(name, v1::HOLDER_KIND_PERSON);
  std::vector<v1::SubmitTransactionRequest> requests;
  // Every new key signs, and a transaction carries 16 signatures at most.
  for (size_t from = 0; from < openings.size(); from += kSignaturesMax) {
    TransactionBuilder builder = NewTransaction();
    std::vector<std::string> signers;
    for (size_t i = from; i < std::min(from + kSignaturesMax, openings.size()); ++i) {
      v1::OpenAccount* open = builder.Add()->mutable_open_account();
      open->set_kind(openings[i].second);
      *open->mutable_authority() = party(openings[i].first).authority;
      signers.push_back(openings[i].first);
    }
    requests.push_back(Sign(builder, signers));
  }
  Progress progress("opening accounts", requests.size());
  report_.accounts = people_.size() + funds_.size();
  return SubmitAll(std::move(requests), &progress);
}

absl::Status Replayer::GiveRoles() {
  TransactionBuilder builder = NewTransaction();
  const std::vector<std::pair<std::string, v1::Role>> grants = {{kRegistrar, v1::ROLE_REGISTRAR},
                                                                {kIssuer, v1::ROLE_ISSUER},
                                                                {kAuditor, v1::ROLE_AUDITOR},
                                                                {kValidator, v1::ROLE_VALIDATOR}};
  for (const auto& [name, role] : grants) {
    v1::GrantRole* grant = builder.Add()->mutable_grant_role();
    grant->set_account_id(party(name).account.ToBytes());
    grant->set_role(role);
  }
  ++report_.transactions;
  return client_.Submit(Sign(builder, {kGovernance})).status();
}

absl::Status Replayer::AdmitEverybody() {
  const auto today = static_cast<int32_t>(NowSeconds() / 86400);
  std::vector<std::string> members(people_.begin(), people_.end());
  members.emplace_back(kAssociation);
  std::vector<v1::SubmitTransactionRequest> requests;
  for (size_t from = 0; from < members.size(); from += kOperationsMax) {
    TransactionBuilder builder = NewTransaction();
    for (size_t i = from; i < std::min(from + kOperationsMax, members.size()); ++i) {
      v1::AdmitMember* admit = builder.Add()->mutable_admit_member();
      admit->set_account_id(party(members[i]).account.ToBytes());
      admit->set_until_day(today + 365);
    }
    requests.push_back(Sign(builder, {kRegistrar}));
  }
  Progress progress("admitting members", requests.size());
  return SubmitAll(std::move(requests), &progress);
}

absl::Status Replayer::OpenFunds() {
  const auto today = static_cast<int32_t>(NowSeconds() / 86400);
  for (const auto& [fund, given] : funds_) {
    TransactionBuilder builder = NewTransaction();
    v1::ProgrammeTerms* terms = builder.Add()->mutable_open_programme()->mutable_terms();
    terms->set_association_account_id(party(kAssociation).account.ToBytes());
    terms->set_currency(kCurrency);
    v1::Activity* activity = terms->add_activities();
    activity->set_code("disbursement");
    activity->set_unit("cent");
    activity->set_rate_minor(1);
    activity->set_quantity_max(given);
    terms->add_validator_account_ids(party(kValidator).account.ToBytes());
    terms->set_validators_required(1);
    terms->set_total_cap_minor(given);
    terms->set_person_period_cap_minor(given);
    terms->set_person_yearly_cap_minor(given);
    terms->set_period(v1::CAP_PERIOD_PROGRAMME);
    terms->set_legal_ground(v1::LEGAL_GROUND_PRIZE);
    // Yesterday, since the server's civil day may lag behind this machine's.
    terms->set_from_day(today - 1);
    terms->set_until_day(today + 365);
    const v1::SubmitTransactionRequest opening = Sign(builder, {kAssociation});
    const absl::StatusOr<v1::SubmitTransactionResponse> opened = client_.Submit(opening);
    if (!opened.ok()) return opened.status();
    constexpr std::string_view kFirstOperation("\0\0\0\0", 4);
    programmes_[fund] = *AccountId::FromBytes(
        Sha256({domain::kProgramme, opened->transaction_id(), kFirstOperation})
            .view()
            .substr(0, AccountId::kSize));

    TransactionBuilder issue_builder = NewTransaction();
    v1::Issue* issue = issue_builder.Add()->mutable_issue();
    issue->set_account_id(programmes_[fund].ToBytes());
    issue->set_currency(kCurrency);
    issue->set_amount_minor(given);
    issue->set_reference("fund " + fund);
    const auto issued = client_.Submit(Sign(issue_builder, {kIssuer}));
    if (!issued.ok()) return issued.status();
    report_.transactions += 2;
  }
  return absl::OkStatus();
}

v1::SubmitTransactionRequest Replayer::RowTransaction(const HistoryRow& row) {
  TransactionBuilder builder = NewTransaction();
  if (row.kind == RowKind::kDisbursement) {
    v1::Reward* reward = builder.Add()->mutable_reward();
    reward->set_programme_account_id(account(row.source).ToBytes());
    v1::Award* award = reward->add_awards();
    award->set_beneficiary_account_id(account(row.target).ToBytes());
    award->set_activity("disbursement");
    award->set_quantity(row.cents);
    award->set_reference(Sha256({"kengred-bench/row", row.id}).ToBytes());
    return Sign(builder, {kAssociation, kValidator});
  }
  v1::Transfer* transfer = builder.Add()->mutable_transfer();
  transfer->set_payer_account_id(account(row.source).ToBytes());
  transfer->set_payee_account_id(account(row.target).ToBytes());
  transfer->set_currency(kCurrency);
  transfer->set_amount_minor(row.cents);
  transfer->set_payee_reference("row " + row.id);
  return Sign(builder, {row.source});
}

// The rows of a stream are verified in parallel and may be sequenced in another order than they
// were sent. So they go in waves: a wave ends before a row whose source was paid within it.
absl::Status Replayer::ReplayRows() {
  Progress progress("replaying", rows_.size());
  std::vector<v1::SubmitTransactionRequest> wave;
  std::set<std::string> paid_in_wave;
  const auto flush = [&]() -> absl::Status {
    ++report_.waves;
    paid_in_wave.clear();
    return SubmitAll(std::exchange(wave, {}), &progress);
  };
  for (const HistoryRow& row : rows_) {
    if (paid_in_wave.contains(row.source)) {
      if (const absl::Status status = flush(); !status.ok()) return status;
    }
    wave.push_back(RowTransaction(row));
    // A fund is filled beforehand: it waits for nobody.
    if (!funds_.contains(row.target)) paid_in_wave.insert(row.target);
    ++(row.kind == RowKind::kDisbursement ? report_.rewards : report_.payments);
    report_.moved_cents += row.cents;
  }
  return flush();
}

absl::Status Replayer::CompareBalances() {
  std::map<std::string, int64_t> expected = SumHistory(rows_);
  // A fund was filled with all it gives.
  for (const auto& [fund, given] : funds_) expected[fund] += given;
  const client::Reader auditor(
      std::make_shared<const SecretKey>(MakeParty(options_.seed, kAuditor).key),
      party(kAuditor).account);
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
    std::ifstream status("/proc/" + std::to_string(options_.server_pid) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:"))
        report_.server_memory_bytes = std::atoll(line.c_str() + 6) * 1024;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ReplayReport> Replayer::Run() {
  using Clock = std::chrono::steady_clock;
  const auto milliseconds = [](Clock::duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  };
  const Clock::time_point start = Clock::now();
  for (absl::Status (Replayer::*step)() :
       {&Replayer::CheckLedger, &Replayer::OpenAccounts, &Replayer::GiveRoles,
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
