// LedgerService: what wallets and tills call. See ledger_service.proto for the contract.
#pragma once

#include "kengred/v1/ledger_service.grpc.pb.h"
#include "server/rpc/service_context.h"

namespace kengred::rpc {

class LedgerService final : public v1::LedgerService::CallbackService {
 public:
  explicit LedgerService(const ServiceContext* services) : services_(*services) {}

  grpc::ServerUnaryReactor* GetLedger(grpc::CallbackServerContext* context,
                                      const v1::GetLedgerRequest* request,
                                      v1::GetLedgerResponse* response) override;
  grpc::ServerUnaryReactor* SubmitTransaction(grpc::CallbackServerContext* context,
                                              const v1::SubmitTransactionRequest* request,
                                              v1::SubmitTransactionResponse* response) override;
  grpc::ServerBidiReactor<v1::SubmitTransactionsRequest, v1::SubmitTransactionsResponse>*
  SubmitTransactions(grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* GetTransaction(grpc::CallbackServerContext* context,
                                           const v1::GetTransactionRequest* request,
                                           v1::GetTransactionResponse* response) override;
  grpc::ServerUnaryReactor* GetReceipt(grpc::CallbackServerContext* context,
                                       const v1::GetReceiptRequest* request,
                                       v1::GetReceiptResponse* response) override;
  grpc::ServerUnaryReactor* GetAccount(grpc::CallbackServerContext* context,
                                       const v1::GetAccountRequest* request,
                                       v1::GetAccountResponse* response) override;
  grpc::ServerUnaryReactor* ListBalances(grpc::CallbackServerContext* context,
                                         const v1::ListBalancesRequest* request,
                                         v1::ListBalancesResponse* response) override;
  grpc::ServerUnaryReactor* ListHistory(grpc::CallbackServerContext* context,
                                        const v1::ListHistoryRequest* request,
                                        v1::ListHistoryResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchAccountResponse>* WatchAccount(
      grpc::CallbackServerContext* context, const v1::WatchAccountRequest* request) override;
  grpc::ServerUnaryReactor* ListReconversions(grpc::CallbackServerContext* context,
                                              const v1::ListReconversionsRequest* request,
                                              v1::ListReconversionsResponse* response) override;

 private:
  const ServiceContext& services_;
};

}  // namespace kengred::rpc
