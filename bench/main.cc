// kengred-bench: drives a running server as its clients do. exit_code.h says how it ends.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bench/exit_code.h"
#include "bench/load_command.h"
#include "bench/replay.h"
#include "bench/replay_community.h"
#include "kengred/core/amount.h"

namespace kengred::bench {
namespace {

struct Options {
  std::string file;
  std::string target = "127.0.0.1:4365";
  bool json = false;
  ReplayOptions replay;
};

std::string Heol(int64_t cents) { return FormatAmount(cents, 2) + " " + kCurrency; }

void PrintReport(const ReplayReport& report) {
  fmt::print("accounts             {}\n", report.accounts);
  fmt::print("rows replayed        {} ({} rewards, {} payments)\n", report.rows, report.rewards,
             report.payments);
  fmt::print("moved                {}\n", Heol(report.moved_cents));
  fmt::print("set-up               {} ms\n", report.setup_ms);
  fmt::print("replay               {} ms, {} signed transactions/s\n", report.replay_ms,
             report.rows_per_second);
  fmt::print("circulation          {}\n", Heol(report.circulation_cents));
  fmt::print("guarantee fund       {} EUR\n", FormatAmount(report.fund_cents, 2));
  if (report.store_bytes > 0) {
    fmt::print(
        "store                {} bytes, {} per transaction ({} in all)\n", report.store_bytes,
        report.store_bytes / static_cast<int64_t>(std::max<uint64_t>(1, report.transactions)),
        report.transactions);
  }
  if (report.server_memory_bytes > 0) {
    fmt::print("server memory        {} MiB resident\n",
               report.server_memory_bytes / (1024 * 1024));
  }
  fmt::print("balances compared    {}, {} differ\n", report.balances_compared,
             report.difference_count);
  for (const std::string& difference : report.differences) fmt::print("  {}\n", difference);
}

void PrintJson(const ReplayReport& report) {
  const nlohmann::json json = {{"accounts", report.accounts},
                               {"rows", report.rows},
                               {"rewards", report.rewards},
                               {"payments", report.payments},
                               {"moved_cents", report.moved_cents},
                               {"setup_ms", report.setup_ms},
                               {"replay_ms", report.replay_ms},
                               {"rows_per_second", report.rows_per_second},
                               {"circulation_cents", report.circulation_cents},
                               {"fund_cents", report.fund_cents},
                               {"transactions", report.transactions},
                               {"store_bytes", report.store_bytes},
                               {"server_memory_bytes", report.server_memory_bytes},
                               {"balances_compared", report.balances_compared},
                               {"difference_count", report.difference_count},
                               {"differences", report.differences}};
  fmt::print("{}\n", json.dump(2));
}

void PrintError(const absl::Status& status) {
  // abseil's string_view is its own here, and fmt does not know it.
  fmt::print(stderr, "kengred-bench: {}\n", std::string(status.message()));
}

int RunReplay(const Options& options) {
  const auto rows = ReadHistory(options.file);
  if (!rows.ok()) {
    PrintError(rows.status());
    return kFile;
  }
  client::ClientOptions client_options;
  client_options.target = options.target;
  client_options.timeout = std::chrono::seconds(60);
  auto client = client::Client::Connect(client_options);
  if (!client.ok()) {
    PrintError(client.status());
    return kServer;
  }
  const auto report = Replay(&*client, *rows, options.replay);
  if (!report.ok()) {
    PrintError(report.status());
    return kServer;
  }
  if (options.json) {
    PrintJson(*report);
  } else {
    PrintReport(*report);
  }
  return report->difference_count == 0 ? kAgrees : kDiffers;
}

int Run(int argc, char** argv) {
  CLI::App app{"Drives a running Kengred server and measures it."};
  app.name("kengred-bench");
  app.require_subcommand(1);
  app.footer(
      "Example, a real week of a real currency:\n"
      "  kengred-bench charter > charter.toml\n"
      "  kengred-server init --charter charter.toml --data replay-data\n"
      "  kengred-server serve --data replay-data &\n"
      "  kengred-bench replay history.csv --data replay-data\n"
      "and then its books, checked from outside:\n"
      "  kengred-bench auditor-key auditor.key\n"
      "  kengred-server audit --server 127.0.0.1 --auditor-key auditor.key\n"
      "How fast it is: `kengred-bench load --help`.\n");
  Options options;
  CLI::App* charter =
      app.add_subcommand("charter", "Print the charter of a ledger for a replay or a load");
  CLI::App* auditor_key = app.add_subcommand(
      "auditor-key", "Write the key file of its auditor, for `kengred-server audit`");
  auditor_key->add_option("file", options.file, "Where; replaced where it is there")->required();
  CLI::App* replay = app.add_subcommand(
      "replay",
      "Replay a history (CSV: id,timeset,transfer_subtype,source,target,weight,...) as signed "
      "transactions and compare every final balance with an independent sum");
  for (CLI::App* command : {charter, auditor_key, replay}) {
    command->add_option("--seed", options.replay.seed, "From which all keys follow")
        ->capture_default_str();
  }
  replay->add_option("file", options.file, "The history")->required();
  replay->add_option("--target", options.target, "The server")->capture_default_str();
  replay->add_option("--data", options.replay.data_dir, "The server's data, to measure its size");
  replay->add_option("--server-pid", options.replay.server_pid,
                     "The server's process, to measure its memory");
  replay->add_flag("--json", options.json, "Print the report as JSON");
  LoadCommand load(&app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAgrees : kUsage;
  }
  if (charter->parsed()) {
    fmt::print("{}", CharterToml(options.replay.seed));
    return kAgrees;
  }
  if (auditor_key->parsed()) {
    const absl::Status status = WriteAuditorKey(options.replay.seed, options.file);
    if (!status.ok()) PrintError(status);
    return status.ok() ? kAgrees : kFile;
  }
  return load.parsed() ? load.Run() : RunReplay(options);
}

}  // namespace
}  // namespace kengred::bench

int main(int argc, char** argv) {
  kengred::InitializeCrypto();
  return kengred::bench::Run(argc, argv);
}
