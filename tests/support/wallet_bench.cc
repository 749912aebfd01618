#include "tests/support/wallet_bench.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "kengred/core/address.h"
#include "kengred/core/charter.h"
#include "kengred/core/signing.h"
#include "wallet/command.h"

namespace kengred::testing {
namespace {

using wallet::ExitCode;

absl::Status NotFound(v1::Verdict verdict) { return wallet::FailRefused({verdict, {}}); }

// A watch over what has happened already; ends there.
class FakeWatch final : public client::Watch {
 public:
  FakeWatch(std::vector<v1::HistoryItem> items, Sequence after)
      : items_(items.begin(), items.end()), sequence_(after) {}
  absl::StatusOr<v1::HistoryItem> Next(std::chrono::milliseconds) override {
    while (!items_.empty() && items_.front().sequence() <= sequence_) items_.pop_front();
    if (items_.empty()) return absl::CancelledError("the fake history ends here");
    v1::HistoryItem item = items_.front();
    items_.pop_front();
    sequence_ = item.sequence();
    return item;
  }
  Sequence sequence() const override { return sequence_; }
  void Cancel() override { items_.clear(); }

 private:
  std::deque<v1::HistoryItem> items_;
  Sequence sequence_;
};

class FakeLedger final : public wallet::Ledger {
 public:
  explicit FakeLedger(FakeLedgerState* state) : state_(*state) {}

  const LedgerId& ledger_id() const override { return state_.ledger_id; }
  const v1::Charter& charter() const override { return state_.charter; }

  absl::StatusOr<v1::GetLedgerResponse> GetLedger() override {
    v1::GetLedgerResponse response;
    response.set_head_sequence(state_.history.empty() ? 1 : state_.history.back().sequence());
    v1::CurrencyStatus* status = response.add_currencies();
    status->set_currency(kHeol);
    status->set_circulation_minor(135000);
    status->set_fund_minor(135000);
    return response;
  }

  absl::StatusOr<v1::SubmitTransactionResponse> Submit(
      const v1::SubmitTransactionRequest& request) override {
    state_.submitted.push_back(request);
    if (!state_.submit_errors.empty()) {
      const absl::Status status = state_.submit_errors.front();
      state_.submit_errors.pop_front();
      if (!status.ok()) return status;
    }
    v1::SubmitTransactionResponse response;
    response.set_transaction_id(
        TransactionIdOf(request.signed_transaction().transaction()).ToBytes());
    if (!request.validate_only()) response.set_sequence(1000 + state_.submitted.size());
    response.mutable_time()->set_seconds(kNowSeconds);
    return response;
  }

  absl::Status SubmitAll(
      const std::vector<v1::SubmitTransactionRequest>& requests,
      const std::function<void(size_t, const v1::SubmitResult&)>& on_result) override {
    for (size_t i = 0; i < requests.size(); ++i) {
      v1::SubmitResult result;
      const auto response = Submit(requests[i]);
      if (!response.ok()) return response.status();
      *result.mutable_accepted() = *response;
      on_result(i, result);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<v1::GetTransactionResponse> GetTransaction(const client::Reader&,
                                                            const TransactionId& id) override {
    const auto found = state_.transactions.find(id);
    if (found == state_.transactions.end()) return NotFound(v1::VERDICT_TRANSACTION_UNKNOWN);
    return found->second;
  }

  absl::StatusOr<client::CheckedReceipt> GetReceipt(const client::Reader&,
                                                    const TransactionId& id) override {
    const auto found = state_.receipts.find(id);
    if (found == state_.receipts.end()) return NotFound(v1::VERDICT_TRANSACTION_UNKNOWN);
    return found->second;
  }
  absl::StatusOr<client::LogState> CheckLog() override { return state_.log; }

  absl::StatusOr<v1::GetAccountResponse> GetAccount(const AccountId& account,
                                                    const client::Reader* reader) override {
    const auto found = state_.accounts.find(account);
    if (found == state_.accounts.end()) return NotFound(v1::VERDICT_ACCOUNT_UNKNOWN);
    v1::GetAccountResponse response = found->second;
    if (reader == nullptr) {
      v1::Account known;
      known.set_account_id(response.account().account_id());
      known.set_kind(response.account().kind());
      *response.mutable_account() = known;
      if (known.kind() == v1::HOLDER_KIND_PERSON) response.clear_profile();
    }
    return response;
  }

  absl::StatusOr<v1::GetAccountResponse> GetAccountByKey(const PublicKey& key) override {
    const auto found = state_.keys.find(key);
    if (found == state_.keys.end()) return NotFound(v1::VERDICT_ACCOUNT_UNKNOWN);
    return GetAccount(found->second, nullptr);
  }

  absl::StatusOr<v1::ListBalancesResponse> ListBalances(const client::Reader&,
                                                        const AccountId& account) override {
    v1::ListBalancesResponse response;
    for (const auto& [currency, minor] : state_.balances[account]) {
      v1::Balance* balance = response.add_balances();
      balance->set_currency(currency);
      balance->set_amount_minor(minor);
    }
    response.set_sequence(42);
    return response;
  }

  // Pages of two, so that reading on is tested.
  absl::StatusOr<v1::ListHistoryResponse> ListHistory(
      const client::Reader&, const v1::ListHistoryRequest& request) override {
    std::vector<v1::HistoryItem> items = state_.history;
    if (request.newest_first()) std::reverse(items.begin(), items.end());
    const size_t begin =
        request.page_token().empty() ? 0 : static_cast<size_t>(std::stoi(request.page_token()));
    v1::ListHistoryResponse response;
    for (size_t i = begin; i < items.size() && i < begin + 2; ++i) *response.add_items() = items[i];
    if (begin + 2 < items.size()) response.set_next_page_token(std::to_string(begin + 2));
    return response;
  }

  absl::StatusOr<v1::ListReconversionsResponse> ListReconversions(
      const client::Reader&, const v1::ListReconversionsRequest&) override {
    return v1::ListReconversionsResponse();
  }

  absl::StatusOr<std::unique_ptr<client::Watch>> WatchAccount(const client::Reader&,
                                                              const AccountId&,
                                                              Sequence after) override {
    return std::make_unique<FakeWatch>(state_.history, after);
  }

  absl::StatusOr<v1::GetProgrammeResponse> GetProgramme(const AccountId&,
                                                        const client::Reader*) override {
    return NotFound(v1::VERDICT_PROGRAMME_UNKNOWN);
  }
  absl::StatusOr<v1::ListProgrammesResponse> ListProgrammes(
      const v1::ListProgrammesRequest&) override {
    return v1::ListProgrammesResponse();
  }
  absl::StatusOr<v1::CheckAwardsResponse> CheckAwards(
      const client::Reader&, const v1::CheckAwardsRequest& request) override {
    v1::CheckAwardsResponse response;
    for (int i = 0; i < request.references_size(); ++i) response.add_sequences(0);
    return response;
  }

  absl::StatusOr<v1::ListDirectoryEntriesResponse> ListDirectoryEntries(
      const v1::ListDirectoryEntriesRequest& request) override {
    v1::ListDirectoryEntriesResponse response;
    for (const auto& [id, account] : state_.accounts) {
      const v1::HolderKind kind = account.account().kind();
      if (kind == v1::HOLDER_KIND_PERSON) continue;
      if (request.kind() != v1::HOLDER_KIND_UNSPECIFIED && request.kind() != kind) continue;
      *response.add_entries() = EntryOf(account);
    }
    return response;
  }

  absl::StatusOr<v1::LookupAliasResponse> LookupAlias(const std::string& alias) override {
    const auto found = state_.aliases.find(alias);
    if (found == state_.aliases.end()) return NotFound(v1::VERDICT_ALIAS_UNKNOWN);
    v1::LookupAliasResponse response;
    *response.mutable_entry() = EntryOf(state_.accounts[found->second]);
    return response;
  }

 private:
  static v1::DirectoryEntry EntryOf(const v1::GetAccountResponse& account) {
    v1::DirectoryEntry entry;
    entry.set_account_id(account.account().account_id());
    entry.set_kind(account.account().kind());
    *entry.mutable_profile() = account.profile();
    entry.set_payable(account.payable());
    return entry;
  }

  FakeLedgerState& state_;
};

}  // namespace

absl::StatusOr<std::string> FakeTerminal::ReadLine(std::string_view prompt) {
  shown += prompt;
  if (answer_line) return answer_line(std::string(prompt));
  if (answers.empty()) return absl::OutOfRangeError("end of input");
  std::string answer = answers.front();
  answers.pop_front();
  shown += answer + "\n";
  return answer;
}

absl::StatusOr<keys::SecretString> FakeTerminal::ReadSecret(std::string_view prompt) {
  shown += prompt;
  shown += "\n";
  secret_prompts.emplace_back(prompt);
  if (answers.empty()) return absl::OutOfRangeError("end of input");
  keys::SecretString answer = keys::SecretString::Take(answers.front());
  answers.pop_front();
  return answer;
}

WalletBench::WalletBench() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kengred-wallet-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  environment["XDG_DATA_HOME"] = folder_ + "/data";
  ledger.ledger_id = community.ledger_id();
  ledger.charter = community.charter();
  ledger.log.keys.push_back({community.log_keys()[0]->verifier_key(), 1});
}

WalletBench::~WalletBench() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Outcome WalletBench::Run(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  wallet::Io io;
  io.out = &out;
  io.err = &err;
  io.terminal = &terminal;
  io.environment = [this](const char* name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  io.now_seconds = [this] { return now_seconds; };
  io.connect =
      [this](
          const client::ClientOptions& options) -> absl::StatusOr<std::unique_ptr<wallet::Ledger>> {
    if (!ledger.connect_status.ok()) return ledger.connect_status;
    ledger.connected_with = options;
    return std::make_unique<FakeLedger>(&ledger);
  };
  Outcome outcome;
  outcome.exit = wallet::RunWallet(arguments, io);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

Outcome WalletBench::Expect(ExitCode exit, const std::vector<std::string>& arguments) {
  Outcome outcome = Run(arguments);
  std::string line = "kengred";
  for (const std::string& argument : arguments) line += " " + argument;
  EXPECT_EQ(outcome.exit, static_cast<int>(exit))
      << line << "\nout: " << outcome.out << "\nerr: " << outcome.err;
  return outcome;
}

PublicKey WalletBench::MakeProfile(const std::string& name) {
  const bool available = std::exchange(terminal.is_available, false);
  const Outcome made =
      Expect(ExitCode::kOk, {"--profile", name, "--json", "init", "--no-passphrase"});
  Expect(ExitCode::kOk, {"--profile", name, "ledger", "add", "localhost"});
  terminal.is_available = available;
  const auto json = nlohmann::json::parse(made.out, nullptr, false);
  return PublicKey::FromHex(json.value("public_key", "")).value_or(PublicKey());
}

AccountId WalletBench::MakeAccount(const std::string& profile, v1::HolderKind kind,
                                   int64_t heol_minor) {
  const PublicKey key = MakeProfile(profile);
  v1::Authority authority;
  authority.add_public_keys(key.ToBytes());
  authority.set_threshold(1);
  const AccountId id = AccountIdOf(authority);
  v1::GetAccountResponse account;
  account.mutable_account()->set_account_id(id.ToBytes());
  account.mutable_account()->set_kind(kind);
  account.mutable_account()->set_opened_sequence(7);
  *account.mutable_account()->mutable_authority() = authority;
  account.mutable_account()->mutable_membership()->set_from_day(kToday);
  account.mutable_account()->mutable_membership()->set_until_day(kToday + 365);
  account.mutable_profile()->set_display_name("Anne Le Gall");
  account.set_payable(true);
  ledger.accounts[id] = account;
  ledger.keys[key] = id;
  ledger.balances[id][kHeol] = heol_minor;
  return id;
}

AccountId WalletBench::AddOther(const std::string& community_name, const std::string& alias) {
  const Holder& holder = community.holder(community_name);
  v1::GetAccountResponse account;
  account.mutable_account()->set_account_id(holder.account_id.ToBytes());
  account.mutable_account()->set_kind(holder.kind);
  *account.mutable_profile() = holder.profile;
  account.mutable_profile()->set_alias(alias);
  account.set_payable(true);
  ledger.accounts[holder.account_id] = account;
  if (!alias.empty()) ledger.aliases[alias] = holder.account_id;
  return holder.account_id;
}

std::string WalletBench::address(const AccountId& account) const {
  return EncodeAddress(ledger.charter.address_prefix(), account);
}

std::string WalletBench::ProfileFolder(const std::string& name) const {
  return environment.at("XDG_DATA_HOME") + "/kengred/" + name;
}

std::string WalletBench::ReadFile(const std::string& path) const {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WalletBench::WriteFile(const std::string& path, const std::string& text, unsigned mode) const {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  chmod(path.c_str(), mode);
}

unsigned WalletBench::ModeOf(const std::string& path) const {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

}  // namespace kengred::testing
