// pg_transfer: the transfer of Kengred in PostgreSQL, driven and measured as `kengred-bench load`
// drives a Kengred server, so that both can be laid side by side. bench/postgres/with-postgres.sh
// runs it beside a PostgreSQL of its own.
//
// Exit codes: 0 the books agree · 1 they do not · 2 wrong usage · 3 PostgreSQL failed or cannot be
// reached · 4 a file cannot be read or written.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/machine.h"
#include "bench/parallel.h"
#include "bench/postgres/database.h"
#include "bench/postgres/drive.h"
#include "bench/postgres/gateway.h"
#include "bench/postgres/transfers.h"
#include "kengred/core/signing.h"

namespace kengred::bench::postgres {
namespace {

enum ExitCode { kAgrees = 0, kDiffers = 1, kUsage = 2, kServer = 3, kFile = 4 };

constexpr int64_t kMicros = 1'000'000;
constexpr std::chrono::milliseconds kBareTime{500};

struct Options {
  DriveOptions drive;
  int64_t accounts = 1000;
  int64_t balance = 1'000'000'000;
  bool one_payee = false;
  bool verify = false;
  uint64_t seed = 1;
  std::string schema = "bench/postgres/schema.sql";
  std::string data_dir;
  bool json = false;
};

struct Report {
  Options options;
  int server_version = 0;
  DriveResult result;
  size_t cores = 1;
  int64_t bare_before = 0;  // verifications per second of one core's time
  int64_t bare_after = 0;
  std::optional<int64_t> sync_us;
  Books books;

  int64_t bare() const { return (bare_before + bare_after) / 2; }
  int64_t AcceptedPerSecond() const {
    return static_cast<int64_t>(result.accepted) * kMicros /
           std::max<int64_t>(result.duration_us, 1);
  }
  // Nothing where nothing was accepted, or the server's time is not known.
  std::optional<double> PerTransfer(int64_t us) const {
    if (result.accepted == 0) return std::nullopt;
    return std::round(static_cast<double>(us) / static_cast<double>(result.accepted) * 10) / 10;
  }
  double AcceptedToBare() const {
    const double all = static_cast<double>(bare()) * static_cast<double>(cores);
    return std::round(static_cast<double>(AcceptedPerSecond()) / std::max(all, 1.0) * 1000) / 1000;
  }
  // CPU time that neither the driver nor PostgreSQL used, of all there was.
  double OthersShare() const {
    const int64_t others = result.busy_us - result.client_cpu_us - result.server_cpu_us;
    const double all = static_cast<double>(result.duration_us) * static_cast<double>(cores);
    return std::round(static_cast<double>(std::max<int64_t>(others, 0)) / std::max(all, 1.0) *
                      1000) /
           1000;
  }
  bool BalancesUnchanged() const { return books.balances == options.accounts * options.balance; }
  bool PostingsBalance() const {
    return books.postings == 0 && books.postings_count == 2 * books.journal_count;
  }
  bool JournalIsWhole() const {
    return books.journal_count == static_cast<int64_t>(result.accepted_in_all);
  }
  bool Good() const { return BalancesUnchanged() && PostingsBalance() && JournalIsWhole(); }
};

// The names are those of `kengred-bench load --json`, where they mean the same.
void PrintJson(const Report& report) {
  const Options& options = report.options;
  const DriveResult& result = report.result;
  const auto or_null = [](const auto& value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
  };
  std::optional<double> server_cpu;
  std::optional<double> others;
  if (options.drive.postmaster_pid != 0) {
    server_cpu = report.PerTransfer(result.server_cpu_us);
    others = report.OthersShare();
  }
  const nlohmann::ordered_json json = {
      {"conditions",
       {{"postgresql", report.server_version},
        {"clients", options.drive.clients},
        {"pipeline", options.drive.pipeline},
        {"batch", options.drive.batch},
        {"threads", options.drive.threads},
        {"verify", options.verify},
        {"payees", options.one_payee ? "one" : "uniform"},
        {"accounts", options.accounts},
        {"duration_ms", options.drive.duration_seconds * 1000},
        {"warm_up_ms", options.drive.warm_up_seconds * 1000},
        {"seed", options.seed},
        {"cores", report.cores}}},
      {"measured_us", result.duration_us},
      {"accepted", result.accepted},
      {"accepted_per_second", report.AcceptedPerSecond()},
      {"duplicates", result.duplicates},
      {"refused", result.refused},
      {"repeated_calls", result.repeated},
      {"submission_latency_us",
       {{"count", result.latency.count()},
        {"p50", result.latency.Percentile(500)},
        {"p95", result.latency.Percentile(950)},
        {"p99", result.latency.Percentile(990)},
        {"max", result.latency.max()}}},
      {"bare_per_second_before", report.bare_before},
      {"bare_per_second_after", report.bare_after},
      {"bare_per_second", report.bare()},
      {"accepted_to_bare", report.AcceptedToBare()},
      {"client_cpu_us_per_transaction", or_null(report.PerTransfer(result.client_cpu_us))},
      {"server_cpu_us_per_transaction", or_null(server_cpu)},
      {"others_cpu_share", or_null(others)},
      {"fdatasync_p50_us", or_null(report.sync_us)},
      {"check",
       {{"good", report.Good()},
        {"acknowledged", result.accepted_in_all},
        {"journal", report.books.journal_count},
        {"postings", report.books.postings_count},
        {"postings_sum", report.books.postings},
        {"balances_unchanged", report.BalancesUnchanged()}}}};
  fmt::print("{}\n", json.dump(2));
}

void PrintText(const Report& report) {
  const Options& options = report.options;
  const DriveResult& result = report.result;
  fmt::print("PostgreSQL           {}\n", report.server_version);
  fmt::print("calls                {} clients, {} outstanding on each, {} transfers a call{}\n",
             options.drive.clients, options.drive.pipeline, options.drive.batch,
             options.verify ? ", signatures verified before" : "");
  fmt::print("accounts             {}, payees {}\n", options.accounts,
             options.one_payee ? "one" : "uniform");
  fmt::print("accepted             {} ({}/s)\n", result.accepted, report.AcceptedPerSecond());
  fmt::print("refused              {}, duplicates {}, calls repeated {}\n", result.refused,
             result.duplicates, result.repeated);
  fmt::print("latency of calls     p50 {} us, p99 {} us, max {} us\n",
             result.latency.Percentile(500), result.latency.Percentile(990), result.latency.max());
  fmt::print("bare verification    {}/s of one core ({} before, {} after)\n", report.bare(),
             report.bare_before, report.bare_after);
  fmt::print("accepted to bare     {:.3f} of {} cores that only verify\n", report.AcceptedToBare(),
             report.cores);
  fmt::print("client CPU           {:.1f} us a transfer\n",
             report.PerTransfer(result.client_cpu_us).value_or(0));
  if (options.drive.postmaster_pid != 0) {
    fmt::print("server CPU           {:.1f} us a transfer\n",
               report.PerTransfer(result.server_cpu_us).value_or(0));
    fmt::print("machine              {} cores, {:.1f} % of their time used by others\n",
               report.cores, report.OthersShare() * 100);
  }
  if (report.sync_us) fmt::print("fdatasync            p50 {} us\n", *report.sync_us);
  fmt::print("checked              {} acknowledged, {} in the journal; balances {}, postings {}\n",
             result.accepted_in_all, report.books.journal_count,
             report.BalancesUnchanged() ? "unchanged in sum" : "CHANGED IN SUM",
             report.PostingsBalance() ? "balanced" : "NOT BALANCED");
}

int Fail(const absl::Status& status) {
  // abseil's string_view is its own here, and fmt does not know it.
  fmt::print(stderr, "pg_transfer: {}\n", std::string(status.message()));
  return absl::IsNotFound(status) ? kFile : kServer;
}

absl::StatusOr<Report> Measure(const Options& options) {
  Report report;
  report.options = options;
  report.cores = CoreCount();
  auto connection = Connect();
  if (!connection.ok()) return connection.status();
  report.server_version = ServerVersion(connection->get());

  const Payees payees = options.one_payee ? Payees::kOne : Payees::kUniform;
  std::vector<TransferSource> sources;
  for (size_t i = 0; i < options.drive.threads; ++i) {
    sources.emplace_back(options.seed + i, options.accounts, payees);
  }
  Gateway gateway;
  report.bare_before = MeasureBareRate(kBareTime);
  if (options.verify) {
    // All cores verifying and doing nothing else could not use up more.
    const int64_t seconds = options.drive.warm_up_seconds + options.drive.duration_seconds + 1;
    gateway.Sign(static_cast<size_t>(seconds * report.bare_before) * report.cores, &sources[0]);
  }
  const absl::Status ready =
      SetUp(connection->get(), options.schema, options.accounts, options.balance);
  if (!ready.ok()) return ready;
  if (!options.data_dir.empty()) {
    const auto sync_us = MeasureSyncUs(options.data_dir);
    if (!sync_us.ok()) return sync_us.status();
    report.sync_us = *sync_us;
  }
  auto result = Drive(options.drive, options.verify ? &gateway : nullptr, &sources);
  if (!result.ok()) return result.status();
  report.result = *std::move(result);
  report.bare_after = MeasureBareRate(kBareTime);
  const auto books = ReadBooks(connection->get());
  if (!books.ok()) return books.status();
  report.books = *books;
  return report;
}

int64_t NumberFromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::strtoll(text, nullptr, 10);
}

int Run(int argc, char** argv) {
  CLI::App app{"Drives transfers through PostgreSQL and measures them."};
  app.name("pg_transfer");
  app.footer(
      "Where PostgreSQL is, libpq's environment says (PGHOST, ...). Example:\n"
      "  bench/postgres/with-postgres.sh build/release/bin/pg_transfer --clients 32\n");
  Options options;
  options.drive.postmaster_pid = NumberFromEnvironment("KENGRED_POSTGRES_PID");
  std::string payees = "uniform";
  options.drive.threads = 0;
  const auto number = [&](const char* name, auto* value, int64_t least, int64_t most,
                          const char* help) {
    app.add_option(name, *value, help)->check(CLI::Range(least, most))->capture_default_str();
  };
  number("--clients", &options.drive.clients, 1, 90, "Connections");
  number("--pipeline", &options.drive.pipeline, 1, 1000, "Calls outstanding on each connection");
  number("--batch", &options.drive.batch, 1, 10'000, "Transfers in one call and transaction");
  number("--accounts", &options.accounts, 2, 100'000'000, "Accounts to make");
  number("--balance", &options.balance, 0, std::numeric_limits<int32_t>::max(),
         "What each has, minor units");
  number("--duration", &options.drive.duration_seconds, 1, 86'400, "Seconds to measure");
  number("--warm-up", &options.drive.warm_up_seconds, 0, 86'400, "Seconds before that");
  app.add_option("--payees", payees, "`one`: everybody pays the last account")
      ->check(CLI::IsMember({"uniform", "one"}))
      ->capture_default_str();
  app.add_flag(
      "--verify", options.verify,
      "Each transfer comes as a signed transaction, prepared before the clock starts, and is "
      "verified before it is sent on");
  app.add_option("--threads", options.drive.threads,
                 "That share the connections (default: 1; with --verify one per core)")
      ->check(CLI::Range(1, 64));
  app.add_option("--seed", options.seed, "From which transfers follow")->capture_default_str();
  app.add_option("--schema", options.schema, "The tables and functions")->capture_default_str();
  app.add_option("--postmaster-pid", options.drive.postmaster_pid,
                 "The server, to measure its CPU time (default: $KENGRED_POSTGRES_PID)");
  app.add_option("--data", options.data_dir, "A folder on its disk, to measure fdatasync");
  app.add_flag("--json", options.json, "Print the report as JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAgrees : kUsage;
  }
  options.one_payee = payees == "one";
  if (options.drive.threads == 0) options.drive.threads = options.verify ? CoreCount() : 1;
  options.drive.threads = std::min(options.drive.threads, options.drive.clients);

  const auto report = Measure(options);
  if (!report.ok()) return Fail(report.status());
  if (options.json) {
    PrintJson(*report);
  } else {
    PrintText(*report);
  }
  return report->Good() ? kAgrees : kDiffers;
}

}  // namespace
}  // namespace kengred::bench::postgres

int main(int argc, char** argv) {
  kengred::InitializeCrypto();
  return kengred::bench::postgres::Run(argc, argv);
}
