// The wallet without a server, a terminal or a home folder: commands run in this process against a
// ledger in memory, with a person whose answers a test has written down.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/v1/ledger_service.pb.h"
#include "tests/support/community.h"
#include "wallet/ledger.h"
#include "wallet/manners.h"
#include "wallet/terminal.h"

namespace kengred::testing {

// What the fake ledger knows and how it answers. Owned by the bench; connections share it.
struct FakeLedgerState {
  LedgerId ledger_id;
  v1::Charter charter;
  std::map<AccountId, v1::GetAccountResponse> accounts;
  std::map<PublicKey, AccountId> keys;
  std::map<std::string, AccountId> aliases;
  std::map<AccountId, std::map<std::string, int64_t>> balances;
  std::map<TransactionId, v1::GetTransactionResponse> transactions;
  std::map<TransactionId, client::CheckedReceipt> receipts;
  client::LogState log;
  std::vector<v1::HistoryItem> history;  // oldest first, of whoever asks
  // Every request that reached Submit, in order, those with validate_only included.
  std::vector<v1::SubmitTransactionRequest> submitted;
  // What the next submissions answer, in order; where empty, they are accepted.
  std::deque<absl::Status> submit_errors;
  // Not OK: nobody can connect.
  absl::Status connect_status;
  client::ClientOptions connected_with;
};

// A person at a terminal who types what a test wrote down.
class FakeTerminal final : public wallet::Terminal {
 public:
  bool available() override { return is_available; }
  void Write(std::string_view text) override { shown += text; }
  absl::StatusOr<std::string> ReadLine(std::string_view prompt) override;
  absl::StatusOr<keys::SecretString> ReadSecret(std::string_view prompt) override;
  int columns() override { return 80; }

  bool is_available = true;
  // Answers in order, for lines and secrets alike. Past the last one it is the end of input.
  std::deque<std::string> answers;
  // Answers a line instead of `answers`, where set.
  std::function<std::string(const std::string& prompt)> answer_line;
  // Prompts and what was written, as it stands on the screen.
  std::string shown;
  // Secret prompts only: what was typed must never be in `shown`.
  std::vector<std::string> secret_prompts;
};

struct Outcome {
  int exit = -1;
  std::string out;
  std::string err;
};

class WalletBench {
 public:
  WalletBench();
  ~WalletBench();
  WalletBench(const WalletBench&) = delete;
  WalletBench& operator=(const WalletBench&) = delete;

  // Runs `kengred <arguments>`.
  Outcome Run(const std::vector<std::string>& arguments);
  // The same, and fails the test where the exit code is another.
  Outcome Expect(wallet::ExitCode exit, const std::vector<std::string>& arguments);

  // A profile without passphrase, with the ledger added; its account, where `kind` is given, is a
  // member with that balance of HEOL.
  PublicKey MakeProfile(const std::string& name);
  AccountId MakeAccount(const std::string& profile, v1::HolderKind kind, int64_t heol_minor);
  // Somebody else in the directory, with an alias where not empty.
  AccountId AddOther(const std::string& community_name, const std::string& alias);

  std::string address(const AccountId& account) const;
  const std::string& folder() const { return folder_; }
  std::string ProfileFolder(const std::string& name) const;
  std::string ReadFile(const std::string& path) const;
  void WriteFile(const std::string& path, const std::string& text, unsigned mode = 0600) const;
  unsigned ModeOf(const std::string& path) const;

  FakeLedgerState ledger;
  FakeTerminal terminal;
  std::map<std::string, std::string> environment;
  int64_t now_seconds = kNowSeconds;
  Community community;

 private:
  std::string folder_;
};

}  // namespace kengred::testing
