// ProgrammeService: programmes and their budgets. See programme_service.proto for the contract.
#pragma once

#include "kengred/v1/programme_service.grpc.pb.h"
#include "server/rpc/service_context.h"

namespace kengred::rpc {

class ProgrammeService final : public v1::ProgrammeService::CallbackService {
 public:
  explicit ProgrammeService(const ServiceContext* services) : services_(*services) {}

  grpc::ServerUnaryReactor* GetProgramme(grpc::CallbackServerContext* context,
                                         const v1::GetProgrammeRequest* request,
                                         v1::GetProgrammeResponse* response) override;
  grpc::ServerUnaryReactor* ListProgrammes(grpc::CallbackServerContext* context,
                                           const v1::ListProgrammesRequest* request,
                                           v1::ListProgrammesResponse* response) override;
  grpc::ServerUnaryReactor* CheckAwards(grpc::CallbackServerContext* context,
                                        const v1::CheckAwardsRequest* request,
                                        v1::CheckAwardsResponse* response) override;

 private:
  const ServiceContext& services_;
};

}  // namespace kengred::rpc
