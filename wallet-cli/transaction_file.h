// Transaction files: an act that waits for more signatures, or for a network.
// docs/formats/transaction_file.md has the format.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/v1/side_record.pb.h"
#include "kengred/v1/transaction.pb.h"

namespace kengred::wallet {

inline constexpr size_t kTransactionFileBytesMax = 8 * 1024 * 1024;

struct TransactionFile {
  std::string community;  // the charter's name; for people, never trusted
  v1::SignedTransaction signed_transaction;
  std::vector<v1::SideRecord> side_records;
  std::vector<std::string> summary;  // for people who open the file, never trusted

  // Of the signed bytes.
  TransactionId transaction_id() const;
};

std::string SerializeTransactionFile(const TransactionFile& file);
// Fail(kFile) where it is none, damaged, or its transaction id is not that of its bytes.
absl::StatusOr<TransactionFile> ParseTransactionFile(std::string_view text);

absl::StatusOr<TransactionFile> ReadTransactionFile(const std::string& path);
// Mode 0600: it holds private texts.
absl::Status WriteTransactionFile(const std::string& path, const TransactionFile& file,
                                  bool overwrite);

// Adds the signatures of `other` that `file` has not. INVALID_ARGUMENT where it is another
// transaction.
absl::Status MergeSignatures(const TransactionFile& other, TransactionFile* file);

}  // namespace kengred::wallet
