#include "bench/load.h"

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "bench/load_accounts.h"
#include "bench/machine.h"
#include "bench/office.h"
#include "bench/parallel.h"
#include "bench/presigned.h"
#include "kengred/core/limits.h"
#include "kengred/core/token.h"

namespace kengred::bench {
namespace {

// Accounts that read, at most: a token costs a signature.
constexpr size_t kReadersMax = 2'000;
// Files beside connections: the journal of the terminal, of gRPC and of this program.
constexpr uint64_t kFilesBeside = 64;
// Tokens live for kTokenSecondsMax, and are made before the clock starts.
constexpr std::chrono::seconds kReadingMax{kTokenSecondsMax - 60};
// More than any server does on one core, so that what was signed lasts for the run.
constexpr int64_t kCallsPerCore = 40'000;
// The bare rate is measured for a tenth of the run, twice, but for no longer than this.
constexpr std::chrono::milliseconds kBareTimeMax{500};
constexpr int64_t kRewardsPerVerification = 25;

absl::Status CheckOptions(const LoadOptions& options) {
  const DriveOptions& drive = options.drive;
  if (drive.stream && drive.message > drive.outstanding) {
    return absl::InvalidArgumentError(
        "a message of " + std::to_string(drive.message) + " transactions never fits " +
        std::to_string(drive.outstanding) + " outstanding ones; make --message less");
  }
  if (options.watches > options.accounts) {
    return absl::InvalidArgumentError("there are more --watches than --accounts");
  }
  if (drive.mix.reads + options.watches > 0 && drive.warm_up + drive.duration > kReadingMax) {
    return absl::InvalidArgumentError("reads and watches last at most " +
                                      std::to_string(kReadingMax.count()) +
                                      " seconds, as long as a token");
  }
  const uint64_t files = drive.connections + kFilesBeside;
  const uint64_t files_max = RaiseFileLimit();
  if (files > files_max) {
    return absl::InvalidArgumentError("this process may have " + std::to_string(files_max) +
                                      " files, and " + std::to_string(drive.connections) +
                                      " connections need " + std::to_string(files) +
                                      "; see `ulimit -n`");
  }
  return absl::OkStatus();
}

// How many transactions a run may use up.
size_t TransactionsNeeded(const LoadOptions& options, int64_t bare, size_t cores) {
  const DriveOptions& drive = options.drive;
  const Mix& mix = drive.mix;
  const auto all_cores = static_cast<int64_t>(cores);
  // Nobody is faster than the verification of the signatures.
  int64_t per_second = all_cores * bare * 11 / 10;
  if (mix.payments == 0) {
    const auto each = static_cast<int64_t>(options.rewards_per_transaction);
    per_second = std::min(per_second / 2, bare * kRewardsPerVerification / each);
  }
  const auto of_calls = [&](int64_t calls) {
    return calls * mix.submissions() / static_cast<int64_t>(mix.all());
  };
  if (mix.reads > 0) per_second = std::min(per_second, of_calls(all_cores * kCallsPerCore));
  if (drive.rate > 0) per_second = std::min(per_second, of_calls(drive.rate) * 11 / 10 + 1);
  const int64_t ms = (drive.warm_up + drive.duration).count();
  return static_cast<size_t>(per_second * ms / 1000 + static_cast<int64_t>(drive.outstanding));
}

// The calls of accounts that read themselves.
class PrivateCalls {
 public:
  PrivateCalls(const client::Client& client, const LoadAccounts& accounts)
      : client_(client), accounts_(accounts) {}

  template <typename Request>
  PrivateCall Make(uint64_t account, Request request) const {
    std::optional<Party> scratch;
    const Party& party = accounts_.At(account, &scratch);
    request.set_account_id(party.account.ToBytes());
    return {"Bearer " + MakeToken(party.key, party.account, client_.charter().address_prefix(),
                                  client_.ledger_id(), NowSeconds(), kTokenSecondsMax),
            request.SerializeAsString()};
  }

 private:
  const client::Client& client_;
  const LoadAccounts& accounts_;
};

// Takes the figures of this process, the server's and the machine's at both ends of the measured
// time.
class CostMeter {
 public:
  explicit CostMeter(int64_t server_pid) : server_pid_(server_pid) {}

  void Begin() { begin_ = Now(); }
  void End() { end_ = Now(); }

  LoadCosts costs() const {
    LoadCosts costs;
    costs.client_cpu_us = end_.client_cpu_us - begin_.client_cpu_us;
    if (begin_.server && end_.server) {
      costs.server_cpu_us = end_.server->cpu_us - begin_.server->cpu_us;
      costs.server_memory_bytes = end_.server->memory_bytes;
      costs.server_memory_peak_bytes = end_.server->memory_peak_bytes;
      if (begin_.server->write_bytes && end_.server->write_bytes) {
        costs.write_bytes = *end_.server->write_bytes - *begin_.server->write_bytes;
      }
      const int64_t all_us = end_.machine_busy_us - begin_.machine_busy_us;
      // The machine counts in ticks, this process does not.
      costs.others_cpu_us =
          std::max<int64_t>(all_us - costs.client_cpu_us - *costs.server_cpu_us, 0);
    }
    return costs;
  }

 private:
  struct Figures {
    int64_t client_cpu_us = 0;
    int64_t machine_busy_us = 0;
    std::optional<ProcessUse> server;
  };

  Figures Now() const {
    Figures figures{OwnCpuUs(), MachineBusyUs(), std::nullopt};
    if (server_pid_ != 0) {
      if (const auto use = ReadProcess(server_pid_); use.ok()) figures.server = *use;
    }
    return figures;
  }

  const int64_t server_pid_;
  Figures begin_;
  Figures end_;
};

}  // namespace

absl::StatusOr<std::optional<LoadReport>> Load(const LoadOptions& options,
                                               const std::atomic<bool>& stop) {
  if (const absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (options.server_pid != 0) {
    if (const auto use = ReadProcess(options.server_pid); !use.ok()) return use.status();
  }
  auto client = client::Client::Connect(options.drive.client);
  if (!client.ok()) return client.status();
  Office office(&*client, options.drive.seed);
  if (const absl::Status status = office.CheckLedger(); !status.ok()) return status;
  if (const auto opened = office.Open(); !opened.ok()) return opened.status();
  const LoadAccounts accounts(options.drive.seed, options.accounts);
  if (const absl::Status status = SetUpAccounts(&*client, office, accounts, stop); !status.ok()) {
    return status;
  }
  PresignOptions presign;
  const bool rewards = options.drive.mix.rewards > 0;
  if (rewards) {
    const auto programme = FindOrOpenProgramme(&*client, &office);
    if (!programme.ok()) return programme.status();
    presign.programme = *programme;
  }
  if (options.setup_only) return std::optional<LoadReport>();

  LoadReport report;
  report.options = options;
  report.cores = CoreCount();
  const auto bare_time =
      std::min<std::chrono::microseconds>(kBareTimeMax, options.drive.duration / 10);
  report.bare_before = MeasureBareRate(bare_time);
  report.all_cores_before = MeasureAllCoresRate(bare_time);
  if (!options.data_dir.empty()) {
    const auto sync_us = MeasureSyncUs(options.data_dir);
    if (!sync_us.ok()) return sync_us.status();
    report.sync_us = *sync_us;
  }
  presign.ledger_id = client->ledger_id();
  presign.seed = options.drive.seed;
  presign.mix = options.drive.mix;
  presign.one_payee = options.one_payee;
  presign.rewards_per_transaction = options.rewards_per_transaction;
  presign.per_message = options.drive.stream ? options.drive.message : 1;
  presign.transactions = options.drive.mix.submissions() == 0
                             ? 0
                             : TransactionsNeeded(options, report.bare_before, report.cores);
  const auto transactions = Presigned::Sign(presign, accounts, office.officials(), stop);
  if (!transactions.ok()) return transactions.status();
  report.transaction_bytes = transactions->mean_bytes();

  const auto ledger = client->GetLedger();
  if (!ledger.ok()) return ledger.status();
  const PrivateCalls calls(*client, accounts);
  std::minstd_rand random(options.drive.seed);
  DriveOptions drive = options.drive;
  for (size_t i = 0; drive.mix.reads > 0 && i < std::min(kReadersMax, options.accounts); ++i) {
    drive.reads.push_back(
        calls.Make(std::uniform_int_distribution<uint64_t>(0, options.accounts - 1)(random),
                   v1::ListBalancesRequest()));
  }
  for (uint64_t i = 0; i < options.watches; ++i) {
    v1::WatchAccountRequest request;
    request.set_after_sequence(ledger->head_sequence());
    drive.watches.push_back(calls.Make(i, std::move(request)));
  }
  CostMeter meter(options.server_pid);
  drive.on_begin = [&meter] { meter.Begin(); };
  drive.on_end = [&meter] { meter.End(); };
  auto result = Drive(drive, *transactions, stop);
  if (!result.ok()) return result.status();
  report.result = *std::move(result);
  report.costs = meter.costs();
  report.all_cores_after = MeasureAllCoresRate(bare_time);
  report.bare_after = MeasureBareRate(bare_time);
  auto check = CheckLedgerAfter(&*client, office, accounts, *transactions,
                                report.result.sequences_all, ledger->head_sequence());
  if (!check.ok()) return check.status();
  report.check = *std::move(check);
  return report;
}

}  // namespace kengred::bench
