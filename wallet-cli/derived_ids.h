// Ids that follow from a transaction's id: what an act will have made, known before it is sent.
// proto/kengred/v1/operations.proto has the definitions.
#pragma once

#include <cstdint>

#include "kengred/core/ids.h"

namespace kengred::wallet {

// Of the programme that operation `operation_index` opens.
AccountId OpenedProgrammeId(const TransactionId& transaction, uint32_t operation_index = 0);
// Of the reconversion that operation `operation_index` requests.
ReconversionId RequestedReconversionId(const TransactionId& transaction,
                                       uint32_t operation_index = 0);

}  // namespace kengred::wallet
