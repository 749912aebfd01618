// DirectoryService: who can be paid by name. See directory_service.proto for the contract.
#pragma once

#include "kengred/v1/directory_service.grpc.pb.h"
#include "server/rpc/service_context.h"

namespace kengred::rpc {

class DirectoryService final : public v1::DirectoryService::CallbackService {
 public:
  explicit DirectoryService(const ServiceContext* services) : services_(*services) {}

  grpc::ServerUnaryReactor* ListDirectoryEntries(
      grpc::CallbackServerContext* context, const v1::ListDirectoryEntriesRequest* request,
      v1::ListDirectoryEntriesResponse* response) override;
  grpc::ServerUnaryReactor* LookupAlias(grpc::CallbackServerContext* context,
                                        const v1::LookupAliasRequest* request,
                                        v1::LookupAliasResponse* response) override;

 private:
  const ServiceContext& services_;
};

}  // namespace kengred::rpc
