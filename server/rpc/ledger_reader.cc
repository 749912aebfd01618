#include "server/rpc/ledger_reader.h"

#include <utility>

#include "kengred/core/side_record.h"
#include "server/rules/rules.h"
#include "server/sequence/side_keys.h"

namespace kengred::rpc {

storage::Read LedgerReader::Get(const std::vector<std::string>& keys) {
  absl::StatusOr<storage::Read> read = store_->get(keys);
  if (read.ok()) return *std::move(read);
  Remember(read.status());
  storage::Read nothing;
  nothing.values.resize(keys.size());
  return nothing;
}

std::vector<std::pair<std::string, std::string>> LedgerReader::Scan(const std::string& prefix,
                                                                    const std::string& after,
                                                                    size_t max) {
  absl::StatusOr<storage::Scan> scan =
      store_->scan(prefix, after.empty() ? after : prefix + after, max);
  if (!scan.ok()) {
    Remember(scan.status());
    return {};
  }
  for (auto& [key, value] : scan->pairs) key.erase(0, prefix.size());
  return std::move(scan->pairs);
}

std::vector<v1::SideRecord> LedgerReader::FindSideRecords(const std::vector<Digest>& commitments) {
  std::vector<std::string> keys;
  keys.reserve(commitments.size());
  for (const Digest& commitment : commitments) keys.push_back(sequence::SideRecordKey(commitment));
  std::vector<v1::SideRecord> records;
  if (keys.empty()) return records;
  for (const std::optional<std::string>& value : Get(keys).values) {
    v1::SideRecord record;
    if (value && record.ParseFromString(*value)) records.push_back(std::move(record));
  }
  return records;
}

std::optional<v1::Profile> LedgerReader::FindProfile(const v1::Account& account) {
  const auto commitment = Digest::FromBytes(account.profile().sha256());
  if (!commitment) return std::nullopt;
  const std::vector<v1::SideRecord> records = FindSideRecords({*commitment});
  if (records.empty()) return std::nullopt;
  return ParseProfile(records.front().content());
}

void LedgerReader::Remember(const absl::Status& status) {
  if (status_.ok()) status_ = status;
}

absl::Status LedgerReader::status() const { return status_.ok() ? view_.status() : status_; }

std::optional<Refusal> CheckPayableToday(const v1::Charter& charter, LedgerReader& reader,
                                         const v1::Account& account, int32_t today) {
  std::optional<Refusal> first;
  for (const v1::Currency& currency : charter.currencies()) {
    if (currency.kind() == v1::CURRENCY_KIND_FIAT) continue;
    std::optional<Refusal> refusal =
        rules::CheckPayable(charter, reader.state(), account, currency.code(), 0, today);
    if (!refusal) return std::nullopt;
    if (!first) first = std::move(refusal);
  }
  // A charter without a currency that can be paid in pays nobody.
  return first ? first : Refusal{v1::VERDICT_CURRENCY_UNKNOWN, {}};
}

}  // namespace kengred::rpc
