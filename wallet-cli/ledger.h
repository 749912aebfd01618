// The ledger as commands see it: the calls of client::Client behind an interface, so that a test
// can put another one in its place. What each call does stands in kengred/client/client.h.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kengred/client/client.h"

namespace kengred::wallet {

class Ledger {
 public:
  virtual ~Ledger() = default;
  virtual const LedgerId& ledger_id() const = 0;
  virtual const v1::Charter& charter() const = 0;
  virtual absl::StatusOr<v1::GetLedgerResponse> GetLedger() = 0;
  virtual absl::StatusOr<v1::SubmitTransactionResponse> Submit(
      const v1::SubmitTransactionRequest& request) = 0;
  virtual absl::Status SubmitAll(
      const std::vector<v1::SubmitTransactionRequest>& requests,
      const std::function<void(size_t index, const v1::SubmitResult& result)>& on_result) = 0;
  virtual absl::StatusOr<v1::GetTransactionResponse> GetTransaction(const client::Reader& reader,
                                                                    const TransactionId& id) = 0;
  virtual absl::StatusOr<client::CheckedReceipt> GetReceipt(const client::Reader& reader,
                                                            const TransactionId& id) = 0;
  virtual absl::StatusOr<client::LogState> CheckLog() = 0;
  // `reader` may be null.
  virtual absl::StatusOr<v1::GetAccountResponse> GetAccount(const AccountId& account,
                                                            const client::Reader* reader) = 0;
  virtual absl::StatusOr<v1::GetAccountResponse> GetAccountByKey(const PublicKey& key) = 0;
  virtual absl::StatusOr<v1::ListBalancesResponse> ListBalances(const client::Reader& reader,
                                                                const AccountId& account) = 0;
  virtual absl::StatusOr<v1::ListHistoryResponse> ListHistory(
      const client::Reader& reader, const v1::ListHistoryRequest& request) = 0;
  virtual absl::StatusOr<v1::ListReconversionsResponse> ListReconversions(
      const client::Reader& reader, const v1::ListReconversionsRequest& request) = 0;
  virtual absl::StatusOr<std::unique_ptr<client::Watch>> WatchAccount(const client::Reader& reader,
                                                                      const AccountId& account,
                                                                      Sequence after) = 0;
  // `reader` may be null.
  virtual absl::StatusOr<v1::GetProgrammeResponse> GetProgramme(const AccountId& programme,
                                                                const client::Reader* reader) = 0;
  virtual absl::StatusOr<v1::ListProgrammesResponse> ListProgrammes(
      const v1::ListProgrammesRequest& request) = 0;
  virtual absl::StatusOr<v1::CheckAwardsResponse> CheckAwards(
      const client::Reader& reader, const v1::CheckAwardsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListDirectoryEntriesResponse> ListDirectoryEntries(
      const v1::ListDirectoryEntriesRequest& request) = 0;
  virtual absl::StatusOr<v1::LookupAliasResponse> LookupAlias(const std::string& alias) = 0;
};

using LedgerFactory =
    std::function<absl::StatusOr<std::unique_ptr<Ledger>>(const client::ClientOptions& options)>;

// The real one: connects over gRPC.
absl::StatusOr<std::unique_ptr<Ledger>> ConnectLedger(const client::ClientOptions& options);

}  // namespace kengred::wallet
