#include "bench/history_file.h"

#include <fstream>
#include <sstream>

#include "kengred/core/amount.h"

namespace kengred::bench {
namespace {

std::vector<std::string_view> SplitLine(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  while (true) {
    const size_t end = line.find(separator);
    fields.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + 1);
  }
}

absl::Status AtLine(size_t line, const std::string& why) {
  return absl::InvalidArgumentError("line " + std::to_string(line) + ": " + why);
}

bool ParseKind(std::string_view text, RowKind* kind) {
  static const std::map<std::string_view, RowKind> kKinds = {
      {"DISBURSEMENT", RowKind::kDisbursement},
      {"STANDARD", RowKind::kStandard},
      {"RECLAMATION", RowKind::kReclamation},
      {"AGENT_OUT", RowKind::kAgentOut}};
  const auto found = kKinds.find(text);
  if (found == kKinds.end()) return false;
  *kind = found->second;
  return true;
}

}  // namespace

absl::StatusOr<int64_t> RoundToCents(std::string_view decimal) {
  const size_t point = decimal.find('.');
  std::string kept(decimal.substr(0, point));
  std::string fraction(point == std::string_view::npos ? "" : decimal.substr(point + 1));
  for (const char c : kept + fraction) {
    if (c < '0' || c > '9') {
      return absl::InvalidArgumentError("\"" + std::string(decimal) + "\" is not a decimal amount");
    }
  }
  // Half up looks at the third digit alone, whatever follows.
  const bool up = fraction.size() > 2 && fraction[2] >= '5';
  fraction.resize(std::min<size_t>(fraction.size(), 2));
  if (!fraction.empty()) kept += "." + fraction;
  const absl::StatusOr<int64_t> cents = ParseAmount(kept, 2);
  if (!cents.ok()) return cents.status();
  const auto rounded = CheckedAdd(*cents, up ? 1 : 0);
  if (!rounded) return absl::OutOfRangeError("the amount is too large");
  return *rounded;
}

absl::StatusOr<std::vector<HistoryRow>> ParseHistory(std::string_view csv) {
  std::vector<HistoryRow> rows;
  size_t number = 0;
  for (std::string_view line : SplitLine(csv, '\n')) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    const std::vector<std::string_view> fields = SplitLine(line, ',');
    if (number == 1) {
      if (!line.starts_with("id,timeset,transfer_subtype,source,target,weight")) {
        return AtLine(number,
                      "the columns must start with "
                      "id,timeset,transfer_subtype,source,target,weight");
      }
      continue;
    }
    if (fields.size() < 6) return AtLine(number, "six columns are needed");
    HistoryRow row;
    row.id = fields[0];
    row.source = fields[3];
    row.target = fields[4];
    if (!ParseKind(fields[2], &row.kind)) {
      return AtLine(number, "unknown kind \"" + std::string(fields[2]) + "\"");
    }
    if (row.source.empty() || row.target.empty() || row.source == row.target) {
      return AtLine(number, "source and target must be two accounts");
    }
    const absl::StatusOr<int64_t> cents = RoundToCents(fields[5]);
    if (!cents.ok()) return AtLine(number, std::string(cents.status().message()));
    if (*cents < 1) return AtLine(number, "the amount rounds to zero");
    row.cents = *cents;
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return absl::InvalidArgumentError("the file has no rows");
  return rows;
}

absl::StatusOr<std::vector<HistoryRow>> ReadHistory(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return absl::NotFoundError("cannot read " + path);
  absl::StatusOr<std::vector<HistoryRow>> rows = ParseHistory(text.str());
  if (!rows.ok()) {
    return absl::InvalidArgumentError(path + ": " + std::string(rows.status().message()));
  }
  return rows;
}

std::map<std::string, int64_t> SumHistory(const std::vector<HistoryRow>& rows) {
  std::map<std::string, int64_t> sums;
  for (const HistoryRow& row : rows) {
    sums[row.source] -= row.cents;
    sums[row.target] += row.cents;
  }
  return sums;
}

}  // namespace kengred::bench
