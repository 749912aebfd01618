// TransparencyService: checkpoints and proofs, and the entries for auditors. See
// transparency_service.proto for the contract.
#pragma once

#include "kengred/v1/transparency_service.grpc.pb.h"
#include "server/rpc/service_context.h"

namespace kengred::rpc {

class TransparencyService final : public v1::TransparencyService::CallbackService {
 public:
  explicit TransparencyService(const ServiceContext* services) : services_(*services) {}

  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::GetCheckpointRequest* request,
                                          v1::GetCheckpointResponse* response) override;
  grpc::ServerUnaryReactor* GetInclusionProof(grpc::CallbackServerContext* context,
                                              const v1::GetInclusionProofRequest* request,
                                              v1::GetInclusionProofResponse* response) override;
  grpc::ServerUnaryReactor* GetConsistencyProof(grpc::CallbackServerContext* context,
                                                const v1::GetConsistencyProofRequest* request,
                                                v1::GetConsistencyProofResponse* response) override;
  grpc::ServerWriteReactor<v1::StreamEntriesResponse>* StreamEntries(
      grpc::CallbackServerContext* context, const v1::StreamEntriesRequest* request) override;
  grpc::ServerUnaryReactor* ListCheckpoints(grpc::CallbackServerContext* context,
                                            const v1::ListCheckpointsRequest* request,
                                            v1::ListCheckpointsResponse* response) override;

 private:
  const ServiceContext& services_;
};

}  // namespace kengred::rpc
