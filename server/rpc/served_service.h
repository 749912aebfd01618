// A service of the contract as gRPC must know it: its name for reflection, and its methods, each
// served by a StartCall.
#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include <map>
#include <string>
#include <vector>

#include "server/rpc/call.h"
#include "server/rpc/call_queue.h"

namespace kengred::rpc {

// By the method's name, without its service's.
using Methods = std::map<std::string, StartCall>;

class ServedService final : public grpc::Service {
 public:
  // The method that `methods` leaves out, where there is one, is whoever's calls RequestWhole.
  ServedService(const google::protobuf::ServiceDescriptor& descriptor, Methods methods);

  // ---- on the queue's thread, after the server has started ----
  // Takes the calls of all methods, until the server shuts down.
  void Await(CallQueue* queue);
  // Asks for the next call of a method that answers one message with one, together with that
  // message: one thing less to wait for than a Call has.
  void RequestWhole(const std::string& method, grpc::ServerContext* context,
                    grpc::ByteBuffer* message,
                    grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* responder,
                    grpc::ServerCompletionQueue* queue, void* tag);

 private:
  struct Method {
    std::string path;  // gRPC keeps the pointer
    StartCall start;
    Call::Request request;
  };
  std::map<std::string, int> indexes_;
  std::vector<Method> methods_;
};

}  // namespace kengred::rpc
