#include "wallet/ledger.h"

#include <utility>

namespace kengred::wallet {
namespace {

class GrpcLedger final : public Ledger {
 public:
  explicit GrpcLedger(client::Client client) : client_(std::move(client)) {}

  const LedgerId& ledger_id() const override { return client_.ledger_id(); }
  const v1::Charter& charter() const override { return client_.charter(); }
  absl::StatusOr<v1::GetLedgerResponse> GetLedger() override { return client_.GetLedger(); }
  absl::StatusOr<v1::SubmitTransactionResponse> Submit(
      const v1::SubmitTransactionRequest& request) override {
    return client_.Submit(request);
  }
  absl::Status SubmitAll(
      const std::vector<v1::SubmitTransactionRequest>& requests,
      const std::function<void(size_t, const v1::SubmitResult&)>& on_result) override {
    return client_.SubmitAll(requests, on_result);
  }
  absl::StatusOr<v1::GetTransactionResponse> GetTransaction(const client::Reader& reader,
                                                            const TransactionId& id) override {
    return client_.GetTransaction(reader, id);
  }
  absl::StatusOr<client::CheckedReceipt> GetReceipt(const client::Reader& reader,
                                                    const TransactionId& id) override {
    return client_.GetReceipt(reader, id);
  }
  absl::StatusOr<client::LogState> CheckLog() override { return client_.CheckLog(); }
  absl::StatusOr<v1::GetAccountResponse> GetAccount(const AccountId& account,
                                                    const client::Reader* reader) override {
    return client_.GetAccount(account, reader);
  }
  absl::StatusOr<v1::GetAccountResponse> GetAccountByKey(const PublicKey& key) override {
    return client_.GetAccountByKey(key);
  }
  absl::StatusOr<v1::ListBalancesResponse> ListBalances(const client::Reader& reader,
                                                        const AccountId& account) override {
    return client_.ListBalances(reader, account);
  }
  absl::StatusOr<v1::ListHistoryResponse> ListHistory(
      const client::Reader& reader, const v1::ListHistoryRequest& request) override {
    return client_.ListHistory(reader, request);
  }
  absl::StatusOr<v1::ListReconversionsResponse> ListReconversions(
      const client::Reader& reader, const v1::ListReconversionsRequest& request) override {
    return client_.ListReconversions(reader, request);
  }
  absl::StatusOr<std::unique_ptr<client::Watch>> WatchAccount(const client::Reader& reader,
                                                              const AccountId& account,
                                                              Sequence after) override {
    return client_.WatchAccount(reader, account, after);
  }
  absl::StatusOr<v1::GetProgrammeResponse> GetProgramme(const AccountId& programme,
                                                        const client::Reader* reader) override {
    return client_.GetProgramme(programme, reader);
  }
  absl::StatusOr<v1::ListProgrammesResponse> ListProgrammes(
      const v1::ListProgrammesRequest& request) override {
    return client_.ListProgrammes(request);
  }
  absl::StatusOr<v1::CheckAwardsResponse> CheckAwards(
      const client::Reader& reader, const v1::CheckAwardsRequest& request) override {
    return client_.CheckAwards(reader, request);
  }
  absl::StatusOr<v1::ListDirectoryEntriesResponse> ListDirectoryEntries(
      const v1::ListDirectoryEntriesRequest& request) override {
    return client_.ListDirectoryEntries(request);
  }
  absl::StatusOr<v1::LookupAliasResponse> LookupAlias(const std::string& alias) override {
    return client_.LookupAlias(alias);
  }

 private:
  client::Client client_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Ledger>> ConnectLedger(const client::ClientOptions& options) {
  auto client = client::Client::Connect(options);
  if (!client.ok()) return client.status();
  return std::make_unique<GrpcLedger>(*std::move(client));
}

}  // namespace kengred::wallet
