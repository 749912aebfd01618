#include "bench/load_command.h"

#include <fmt/core.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>

#include "bench/exit_code.h"
#include "bench/load_accounts.h"
#include "bench/load_report.h"
#include "kengred/core/limits.h"

namespace kengred::bench {
namespace {

// For the calls before and after the run; a server at work on a set-up may be slow.
constexpr std::chrono::seconds kCallTimeout{20};
constexpr double kSecondsMax = 3600;
constexpr size_t kConnectionsMax = 10'000;
constexpr size_t kOutstandingMax = 1'000'000;
constexpr int64_t kRateMax = 10'000'000;

std::atomic<bool> interrupted{false};

void Interrupt(int /*signal*/) { interrupted = true; }

std::chrono::milliseconds Milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

}  // namespace

struct LoadCommand::Words {
  std::string calls = "stream";
  std::string payees = "uniform";
  std::string mix = "payments=1";
  std::string tls_ca;
  double duration = 10;
  double warm_up = 2;
};

LoadCommand::LoadCommand(CLI::App* program)
    : command_(program->add_subcommand(
          "load", "Drive a running server with transactions signed beforehand; measure and check")),
      words_(std::make_unique<Words>()) {
  DriveOptions& drive = options_.drive;
  const auto add = [this](const char* name, auto& value, const char* text) {
    return command_->add_option(name, value, text)->capture_default_str();
  };
  add("--target", drive.client.target, "The server");
  command_->add_option("--tls-ca", words_->tls_ca,
                       "Use TLS; the file has the certificates to trust, as PEM");
  add("--seed", drive.seed, "From which all keys follow; that of the ledger's charter");
  add("--accounts", options_.accounts,
      "Who pays and is paid. Those not there yet are opened, by the thousand")
      ->check(CLI::Range(kLoadAccountsMin, kLoadAccountsMax));
  add("--calls", words_->calls, "A call for each transaction, or streams")
      ->check(CLI::IsMember({"unary", "stream"}));
  add("--message", drive.message, "Transactions in one message of a stream")
      ->check(CLI::Range(size_t{1}, kStreamRequestsMax));
  add("--connections", drive.connections, "Each of its own, and with a stream of its own")
      ->check(CLI::Range(size_t{1}, kConnectionsMax));
  add("--outstanding", drive.outstanding,
      "Transactions and reads sent and not answered, over all connections")
      ->check(CLI::Range(size_t{1}, kOutstandingMax));
  add("--duration", words_->duration, "Seconds that are measured")
      ->check(CLI::Range(0.1, kSecondsMax));
  add("--warm-up", words_->warm_up, "Seconds before that")->check(CLI::Range(0.0, kSecondsMax));
  add("--rate", drive.rate,
      "Open loop: so many due each second, with latencies from when they were due; 0: closed loop")
      ->check(CLI::Range(int64_t{0}, kRateMax));
  add("--mix", words_->mix, "Weights of payments, rewards and reads");
  add("--watches", options_.watches, "Accounts that are watched meanwhile");
  add("--rewards-per-transaction", options_.rewards_per_transaction,
      "How many one signed list pays")
      ->check(CLI::Range(size_t{1}, kAwardsMax));
  add("--payees", words_->payees, "`one`: everybody pays the same account")
      ->check(CLI::IsMember({"uniform", "one"}));
  command_->add_option("--server-pid", options_.server_pid,
                       "The server's process, for its CPU, memory and writes");
  command_->add_option("--data", options_.data_dir,
                       "The server's data: the fdatasync of its disk is measured there");
  command_->add_flag("--setup-only", options_.setup_only, "Open the accounts and end");
  command_->add_flag("--json", json_, "Print the report as JSON");
  command_->footer(
      "Examples, on a ledger made from `kengred-bench charter`:\n"
      "  payments over one stream, as fast as they go:\n"
      "    kengred-bench load --server-pid $(pidof kengred-server) --data load-data\n"
      "  single calls, everybody to one shop:\n"
      "    kengred-bench load --calls unary --payees one\n"
      "  lists of 1000 rewards:\n"
      "    kengred-bench load --mix rewards=1 --rewards-per-transaction 1000 --message 16\n"
      "  a quiet day, latencies from when each was due:\n"
      "    kengred-bench load --calls unary --rate 200 --mix payments=10,reads=90 --watches 50\n"
      "  only the accounts:\n"
      "    kengred-bench load --accounts 1000000 --setup-only\n"
      "Exit codes as of kengred-bench: 1 where something acknowledged is missing.\n");
}

LoadCommand::~LoadCommand() = default;

int LoadCommand::Run() {
  const auto fail = [](const absl::Status& status) {
    fmt::print(stderr, "kengred-bench: {}\n", std::string(status.message()));
  };
  DriveOptions& drive = options_.drive;
  drive.stream = words_->calls == "stream";
  options_.one_payee = words_->payees == "one";
  drive.duration = Milliseconds(words_->duration);
  drive.warm_up = Milliseconds(words_->warm_up);
  drive.client.timeout = kCallTimeout;
  const auto mix = ParseMix(words_->mix);
  if (!mix.ok()) {
    fail(mix.status());
    return kUsage;
  }
  drive.mix = *mix;
  if (!words_->tls_ca.empty()) {
    std::ifstream file(words_->tls_ca, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
      fail(absl::NotFoundError("cannot read " + words_->tls_ca));
      return kFile;
    }
    drive.client.tls = true;
    drive.client.root_certificates_pem = text.str();
  }
  std::signal(SIGINT, Interrupt);
  std::signal(SIGTERM, Interrupt);
  const auto report = Load(options_, interrupted);
  if (!report.ok()) {
    fail(report.status());
    if (absl::IsInvalidArgument(report.status())) return kUsage;
    return absl::IsCancelled(report.status()) ? kInterrupted : kServer;
  }
  if (!report->has_value()) return kAgrees;
  fmt::print("{}", json_ ? LoadReportJson(**report) : LoadReportText(**report));
  return (*report)->check.good() ? kAgrees : kDiffers;
}

}  // namespace kengred::bench
