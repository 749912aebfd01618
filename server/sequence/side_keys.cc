#include "server/sequence/side_keys.h"

#include "server/storage/store.h"

namespace kengred::sequence {

std::string SideRecordKey(const Digest& commitment) {
  return std::string{storage::kSidePrefix, 'R'}.append(commitment.view());
}

std::string AliasKey(std::string_view alias) {
  return std::string{storage::kSidePrefix, 'A'}.append(alias);
}

}  // namespace kengred::sequence
