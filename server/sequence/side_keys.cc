#include "server/sequence/side_keys.h"

#include "server/storage/store.h"

namespace kengred::sequence {

namespace {
constexpr char kSideRecordsArray[] = {storage::kSidePrefix, 'R'};
constexpr std::string_view kSideRecords(kSideRecordsArray, sizeof(kSideRecordsArray));
}  // namespace

std::string SideRecordKey(const Digest& commitment) {
  return std::string(kSideRecords).append(commitment.view());
}

std::string AliasKey(std::string_view alias) {
  return std::string{storage::kSidePrefix, 'A'}.append(alias);
}

bool IsSideRecordKey(std::string_view key) { return key.starts_with(kSideRecords); }

}  // namespace kengred::sequence
