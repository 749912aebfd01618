// Real histories of community currencies, in the form of the published Sarafu data (UK Data Service
// 855142): a CSV with the columns id, timeset, transfer_subtype, source, target, weight, and more
// that are not read. `weight` is a decimal with up to 18 places.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kengred::bench {

enum class RowKind {
  kDisbursement,  // a fund credits a member
  kStandard,      // a payment
  kReclamation,   // a payment back to the fund
  kAgentOut,      // a payment to an agent who pays out cash
};

struct HistoryRow {
  std::string id;
  RowKind kind = RowKind::kStandard;
  std::string source;
  std::string target;
  int64_t cents = 0;  // rounded half up; at least 1
};

// Decimal text to cents, half up: "9047.660892016263" is 904766. InvalidArgument for anything but
// digits with at most one point; OutOfRange past int64.
absl::StatusOr<int64_t> RoundToCents(std::string_view decimal);

// InvalidArgument names the line. Rows that round to zero are refused too: they move nothing.
absl::StatusOr<std::vector<HistoryRow>> ParseHistory(std::string_view csv);
absl::StatusOr<std::vector<HistoryRow>> ReadHistory(const std::string& path);

// What every account must hold in the end if it started with nothing: a sum made here, from the
// file alone, without any ledger. The funds' balances are negative by what they gave.
std::map<std::string, int64_t> SumHistory(const std::vector<HistoryRow>& rows);

}  // namespace kengred::bench
