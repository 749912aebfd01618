#include "server/rpc/served_service.h"

#include <grpcpp/impl/rpc_method.h>
#include <grpcpp/impl/rpc_service_method.h>

#include <utility>

namespace kengred::rpc {

using grpc::internal::RpcMethod;
using grpc::internal::RpcServiceMethod;

ServedService::ServedService(const google::protobuf::ServiceDescriptor& descriptor,
                             Methods methods) {
  methods_.resize(static_cast<size_t>(descriptor.method_count()));
  for (int i = 0; i < descriptor.method_count(); ++i) {
    const std::string& name = descriptor.method(i)->name();
    Method& method = methods_[static_cast<size_t>(i)];
    method.path = "/" + descriptor.full_name() + "/" + name;
    method.start = std::move(methods[name]);
    method.request = [this, i](grpc::ServerContext* context, auto* stream,
                               grpc::ServerCompletionQueue* queue, void* tag) {
      RequestAsyncBidiStreaming(i, context, stream, queue, queue, tag);
    };
    indexes_.emplace(name, i);
    // As the code that protoc makes does it; gRPC owns the method.
    AddMethod(new RpcServiceMethod(method.path.c_str(),
                                   method.start ? RpcMethod::BIDI_STREAMING : RpcMethod::NORMAL_RPC,
                                   nullptr));
    if (method.start) {
      MarkMethodAsync(i);
    } else {
      MarkMethodRaw(i);
    }
  }
}

void ServedService::Await(CallQueue* queue) {
  for (const Method& method : methods_) {
    if (method.start) Call::Await(queue, &method.request, &method.start);
  }
}

void ServedService::RequestWhole(const std::string& method, grpc::ServerContext* context,
                                 grpc::ByteBuffer* message,
                                 grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* responder,
                                 grpc::ServerCompletionQueue* queue, void* tag) {
  RequestAsyncUnary(indexes_.at(method), context, message, responder, queue, queue, tag);
}

}  // namespace kengred::rpc
