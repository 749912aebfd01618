#include "bench/load_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace kengred::bench {
namespace {

// In the order written.
using Json = nlohmann::ordered_json;

uint64_t SumOf(const std::map<std::string, uint64_t>& counts) {
  uint64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

const char* EndName(RunEnd end) {
  switch (end) {
    case RunEnd::kDuration:
      return "duration";
    case RunEnd::kInterrupted:
      return "interrupted";
    case RunEnd::kRanOut:
      break;
  }
  return "ran_out";
}

// The figures that follow from what was counted. Nothing where something was not measured, or
// nothing happened.
class Figures {
 public:
  explicit Figures(const LoadReport& report) : report_(report) {}

  int64_t PerSecond(uint64_t count) const {
    return static_cast<int64_t>(count) * 1'000'000 /
           std::max<int64_t>(report_.result.measured_us, 1);
  }
  static std::optional<double> Ratio(double part, double whole) {
    if (whole <= 0) return std::nullopt;
    return std::round(part / whole * 1000) / 1000;
  }
  // To all cores doing nothing but verifying the same transactions' one signature each.
  std::optional<double> AcceptedToBare() const {
    return Ratio(static_cast<double>(PerSecond(report_.result.accepted)),
                 static_cast<double>(report_.bare()) * static_cast<double>(report_.cores));
  }
  // To what all cores verify when they all do so.
  std::optional<double> AcceptedToAllCores() const {
    return Ratio(static_cast<double>(PerSecond(report_.result.accepted)),
                 static_cast<double>(report_.all_cores_bare()));
  }
  std::optional<double> RewardsToBare() const {
    if (report_.options.drive.mix.rewards == 0) return std::nullopt;
    return Ratio(static_cast<double>(PerSecond(report_.result.accepted_rewards)),
                 static_cast<double>(report_.bare()));
  }
  std::optional<double> PerAccepted(std::optional<int64_t> amount) const {
    if (!amount) return std::nullopt;
    return Ratio(static_cast<double>(*amount), static_cast<double>(report_.result.accepted));
  }
  // Of all that was answered: transactions, accepted or not, and reads.
  std::optional<double> PerAnswer(std::optional<int64_t> amount) const {
    const DriveResult& result = report_.result;
    if (!amount) return std::nullopt;
    return Ratio(static_cast<double>(*amount),
                 static_cast<double>(result.accepted + SumOf(result.refused) + result.reads +
                                     SumOf(result.reads_refused)));
  }
  // The server's time for a transaction, to a bare verification's.
  std::optional<double> ServerCpuToBare() const {
    const auto each = PerAccepted(report_.costs.server_cpu_us);
    if (!each) return std::nullopt;
    return Ratio(*each * static_cast<double>(report_.bare()), 1e6);
  }
  // The same, to a verification on a machine all of whose cores verify.
  std::optional<double> ServerCpuToAllCores() const {
    const auto each = PerAccepted(report_.costs.server_cpu_us);
    if (!each) return std::nullopt;
    return Ratio(*each * static_cast<double>(report_.all_cores_bare()),
                 1e6 * static_cast<double>(report_.cores));
  }
  std::optional<double> OthersShare() const {
    if (!report_.costs.others_cpu_us) return std::nullopt;
    return Ratio(
        static_cast<double>(*report_.costs.others_cpu_us),
        static_cast<double>(report_.result.measured_us) * static_cast<double>(report_.cores));
  }

 private:
  const LoadReport& report_;
};

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json Latency(const Histogram& histogram) {
  if (histogram.count() == 0) return {};
  return {{"count", histogram.count()},
          {"p50", histogram.Percentile(500)},
          {"p95", histogram.Percentile(950)},
          {"p99", histogram.Percentile(990)},
          {"max", histogram.max()}};
}

std::string LatencyText(const Histogram& histogram) {
  return fmt::format("p50 {} us, p95 {} us, p99 {} us, max {} us", histogram.Percentile(500),
                     histogram.Percentile(950), histogram.Percentile(990), histogram.max());
}

Json Conditions(const LoadReport& report) {
  const LoadOptions& options = report.options;
  const DriveOptions& drive = options.drive;
  return {{"target", drive.client.target},
          {"tls", drive.client.tls},
          {"calls", drive.stream ? "stream" : "unary"},
          {"message", drive.stream ? drive.message : 1},
          {"connections", drive.connections},
          {"outstanding", drive.outstanding},
          {"rate", drive.rate},
          {"payments", drive.mix.payments},
          {"rewards", drive.mix.rewards},
          {"reads", drive.mix.reads},
          {"rewards_per_transaction", options.rewards_per_transaction},
          {"payees", options.one_payee ? "one" : "uniform"},
          {"accounts", options.accounts},
          {"watches", options.watches},
          {"duration_ms", drive.duration.count()},
          {"warm_up_ms", drive.warm_up.count()},
          {"seed", drive.seed},
          {"cores", report.cores},
          {"transaction_bytes", report.transaction_bytes}};
}

// Lines of a name and what is to be said of it.
class Lines {
 public:
  template <typename... Args>
  void Add(const char* name, fmt::format_string<Args...> format, Args&&... args) {
    text_ += fmt::format("{:<21}{}\n", name, fmt::format(format, std::forward<Args>(args)...));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string CountsText(const std::map<std::string, uint64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) text += fmt::format(" {}={}", name, count);
  return text;
}

void AddConditions(const LoadReport& report, Lines* lines) {
  const LoadOptions& options = report.options;
  const DriveOptions& drive = options.drive;
  lines->Add("calls", "{}, {} outstanding, {} connections, {}{}",
             drive.stream ? fmt::format("streams of {} a message", drive.message) : "unary",
             drive.outstanding, drive.connections, drive.client.tls ? "TLS" : "no TLS",
             drive.rate > 0 ? fmt::format(", {} due each second", drive.rate) : "");
  lines->Add("mix", "payments={} rewards={} reads={}, {} rewards a transaction, {} watches",
             drive.mix.payments, drive.mix.rewards, drive.mix.reads,
             options.rewards_per_transaction, options.watches);
  lines->Add("accounts", "{}, payees {}", options.accounts, options.one_payee ? "one" : "uniform");
  const auto others = Figures(report).OthersShare();
  lines->Add("machine", "{} cores{}", report.cores,
             others ? fmt::format(", {:.1f} % of their time used by others", *others * 100) : "");
  lines->Add("measured", "{} ms, ended by {}", report.result.measured_us / 1000,
             EndName(report.result.end));
}

// "so much a transaction", and a read where there are any.
std::string CpuText(const LoadReport& report, int64_t cpu_us) {
  const Figures figures(report);
  std::string text;
  if (const auto each = figures.PerAccepted(cpu_us)) {
    text = fmt::format("{:.1f} us an accepted transaction, ", *each);
  }
  return text + fmt::format("{:.1f} us an answer", figures.PerAnswer(cpu_us).value_or(0));
}

void AddCosts(const LoadReport& report, Lines* lines) {
  const Figures figures(report);
  const LoadCosts& costs = report.costs;
  lines->Add("client CPU", "{}", CpuText(report, costs.client_cpu_us));
  if (costs.server_cpu_us) {
    const auto to_bare = figures.ServerCpuToBare();
    lines->Add(
        "server CPU", "{}{}", CpuText(report, *costs.server_cpu_us),
        to_bare ? fmt::format("; {:.2f} bare verifications for each accepted", *to_bare) : "");
    lines->Add("server memory", "{} MiB at the end, {} MiB at most",
               *costs.server_memory_bytes >> 20, *costs.server_memory_peak_bytes >> 20);
  }
  if (const auto written = figures.PerAccepted(costs.write_bytes)) {
    lines->Add("written to disk", "{:.0f} bytes an accepted transaction", *written);
  }
  if (report.sync_us) lines->Add("fdatasync", "p50 {} us, of a small append", *report.sync_us);
}

}  // namespace

std::string LoadReportText(const LoadReport& report) {
  const DriveResult& result = report.result;
  const Mix& mix = report.options.drive.mix;
  const Figures figures(report);
  Lines lines;
  AddConditions(report, &lines);
  if (mix.submissions() > 0) {
    lines.Add("accepted", "{} ({}/s)", result.accepted, figures.PerSecond(result.accepted));
    const uint64_t refused = SumOf(result.refused);
    lines.Add("refused", "{} ({}/s){}", refused, figures.PerSecond(refused),
              CountsText(result.refused));
    lines.Add("latency", "{}", LatencyText(result.accepted_latency));
    if (refused > 0) lines.Add("latency of refusals", "{}", LatencyText(result.refused_latency));
  }
  if (mix.rewards > 0) {
    lines.Add("rewards", "{} ({}/s), {:.2f} times the bare rate", result.accepted_rewards,
              figures.PerSecond(result.accepted_rewards), figures.RewardsToBare().value_or(0));
  }
  if (mix.reads > 0) {
    lines.Add("reads", "{} ({}/s){}", result.reads, figures.PerSecond(result.reads),
              CountsText(result.reads_refused));
    lines.Add("latency of reads", "{}", LatencyText(result.read_latency));
  }
  if (report.options.watches > 0) lines.Add("entries watched", "{}", result.watched_entries);
  if (result.lag.count() > 0) {
    lines.Add("sent late by", "{}", LatencyText(result.lag));
    lines.Add("latency since sent", "{}", LatencyText(result.accepted_since_sent));
  }
  lines.Add("bare verification", "{}/s of one core ({} before, {} after)", report.bare(),
            report.bare_before, report.bare_after);
  lines.Add("all cores at once", "{}/s ({} before, {} after)", report.all_cores_bare(),
            report.all_cores_before, report.all_cores_after);
  if (mix.submissions() > 0) {
    lines.Add("accepted to bare", "{:.3f} of {} times that of one core; {:.3f} of all at once",
              figures.AcceptedToBare().value_or(0), report.cores,
              figures.AcceptedToAllCores().value_or(0));
  }
  AddCosts(report, &lines);
  const LoadCheck& check = report.check;
  lines.Add("checked",
            "{} acknowledged, {} missing; {} entries, {} unbalanced; {} balances, {} wrong",
            check.acknowledged, check.missing, check.entries_read, check.unbalanced,
            check.balances_read, check.balances_wrong);
  if (result.unanswered_all > 0) lines.Add("never answered", "{}", result.unanswered_all);
  for (const std::string& complaint : check.complaints) lines.Add("", "{}", complaint);
  return lines.text();
}

std::string LoadReportJson(const LoadReport& report) {
  const DriveResult& result = report.result;
  const LoadCosts& costs = report.costs;
  const LoadCheck& check = report.check;
  const Figures figures(report);
  const uint64_t refused = SumOf(result.refused);
  const Json json = {
      {"conditions", Conditions(report)},
      {"ended_by", EndName(result.end)},
      {"measured_us", result.measured_us},
      {"accepted", result.accepted},
      {"accepted_per_second", figures.PerSecond(result.accepted)},
      {"duplicates", result.duplicates},
      {"refused", refused},
      {"refused_per_second", figures.PerSecond(refused)},
      {"refused_by_verdict", result.refused},
      {"rewards", result.accepted_rewards},
      {"rewards_per_second", figures.PerSecond(result.accepted_rewards)},
      {"reads", result.reads},
      {"reads_per_second", figures.PerSecond(result.reads)},
      {"reads_refused_by_verdict", result.reads_refused},
      {"watched_entries", result.watched_entries},
      {"unanswered", result.unanswered_all},
      {"submission_latency_us", Latency(result.accepted_latency)},
      {"refused_latency_us", Latency(result.refused_latency)},
      {"read_latency_us", Latency(result.read_latency)},
      {"send_lag_us", Latency(result.lag)},
      {"submission_latency_since_sent_us", Latency(result.accepted_since_sent)},
      {"bare_per_second_before", report.bare_before},
      {"bare_per_second_after", report.bare_after},
      {"bare_per_second", report.bare()},
      {"all_cores_per_second_before", report.all_cores_before},
      {"all_cores_per_second_after", report.all_cores_after},
      {"all_cores_per_second", report.all_cores_bare()},
      {"accepted_to_bare", OrNull(figures.AcceptedToBare())},
      {"accepted_to_all_cores", OrNull(figures.AcceptedToAllCores())},
      {"rewards_to_bare", OrNull(figures.RewardsToBare())},
      {"client_cpu_us_per_transaction", OrNull(figures.PerAccepted(costs.client_cpu_us))},
      {"server_cpu_us_per_transaction", OrNull(figures.PerAccepted(costs.server_cpu_us))},
      {"client_cpu_us_per_answer", OrNull(figures.PerAnswer(costs.client_cpu_us))},
      {"server_cpu_us_per_answer", OrNull(figures.PerAnswer(costs.server_cpu_us))},
      {"server_cpu_to_bare", OrNull(figures.ServerCpuToBare())},
      {"server_cpu_to_all_cores", OrNull(figures.ServerCpuToAllCores())},
      {"server_memory_bytes", OrNull(costs.server_memory_bytes)},
      {"server_memory_peak_bytes", OrNull(costs.server_memory_peak_bytes)},
      {"write_bytes_per_transaction", OrNull(figures.PerAccepted(costs.write_bytes))},
      {"client_cpu_us", costs.client_cpu_us},
      {"server_cpu_us", OrNull(costs.server_cpu_us)},
      {"others_cpu_share", OrNull(figures.OthersShare())},
      {"fdatasync_p50_us", OrNull(report.sync_us)},
      {"check",
       {{"good", check.good()},
        {"acknowledged", check.acknowledged},
        {"missing", check.missing},
        {"entries_read", check.entries_read},
        {"entries_unbalanced", check.unbalanced},
        {"balances_read", check.balances_read},
        {"balances_wrong", check.balances_wrong},
        {"balances_sum_to_zero", check.balances_sum_to_zero},
        {"complaints", check.complaints}}}};
  return json.dump(2) + "\n";
}

}  // namespace kengred::bench
