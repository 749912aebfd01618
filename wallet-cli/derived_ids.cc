#include "wallet/derived_ids.h"

#include <string>

#include "kengred/core/hash.h"

namespace kengred::wallet {
namespace {

// The first bytes of SHA-256 of the tag, the transaction id and the index, big-endian.
template <typename Id>
Id DerivedId(std::string_view tag, const TransactionId& transaction, uint32_t operation_index) {
  std::string index;
  for (int shift = 24; shift >= 0; shift -= 8) {
    index.push_back(static_cast<char>((operation_index >> shift) & 0xffu));
  }
  const Digest digest = Sha256({tag, transaction.view(), index});
  return *Id::FromBytes(digest.view().substr(0, Id::kSize));
}

}  // namespace

AccountId OpenedProgrammeId(const TransactionId& transaction, uint32_t operation_index) {
  return DerivedId<AccountId>(domain::kProgramme, transaction, operation_index);
}

ReconversionId RequestedReconversionId(const TransactionId& transaction, uint32_t operation_index) {
  return DerivedId<ReconversionId>(domain::kReconversion, transaction, operation_index);
}

}  // namespace kengred::wallet
