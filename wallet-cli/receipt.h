// Receipts: fetching them into files, and saying what one proves.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <map>
#include <string>

#include "kengred/core/receipt.h"
#include "wallet/manners.h"
#include "wallet/session.h"

namespace kengred::wallet {

// A usage error where the file is there already: no receipt is written over.
absl::Status CheckReceiptFile(const std::string& file);

// Gets the receipt of a transaction, checks it, and writes it to a new file.
absl::StatusOr<client::CheckedReceipt> FetchReceipt(Session& session, const TransactionId& id,
                                                    const std::string& file);

// Names for addresses, of contacts, say.
using AddressNames = std::map<std::string, std::string>;

// Who paid whom what and when, from the receipt alone: no network, no profile. Whole lines.
std::string ReceiptText(const VerifiedReceipt& receipt, const AddressNames& names);
Json ReceiptJson(const VerifiedReceipt& receipt);

}  // namespace kengred::wallet
