#include "server/rpc/call.h"

#include <grpcpp/impl/codegen/proto_utils.h>

namespace kengred::rpc {
namespace {

using google::protobuf::MessageLite;

grpc::ByteBuffer BytesOf(const MessageLite& message) {
  grpc::ByteBuffer bytes;
  bool own = false;
  // Fails only for messages past 2 GiB, which no limit of ours lets grow so far.
  static_cast<void>(grpc::SerializationTraits<MessageLite>::Serialize(message, &bytes, &own));
  return bytes;
}

}  // namespace

// ---- CallHandler ----

CallHandler::CallHandler(Call* call) : call_(*call) { call_.handler_ = this; }

const grpc::ServerContext& CallHandler::context() const { return call_.context_; }

void CallHandler::StartRead(MessageLite* message) {
  const absl::MutexLock lock(&call_.giving_);
  ++call_.operations_;
  call_.reading_ = message;
  call_.stream_.Read(&call_.read_bytes_, call_.read_.tag());
}

void CallHandler::StartWrite(const MessageLite& message) {
  const absl::MutexLock lock(&call_.giving_);
  ++call_.operations_;
  call_.stream_.Write(BytesOf(message), call_.written_.tag());
}

void CallHandler::Finish(const grpc::Status& status) {
  const absl::MutexLock lock(&call_.giving_);
  ++call_.operations_;
  call_.stream_.Finish(status, call_.finish_.tag());
}

void CallHandler::FinishWith(const MessageLite& message) {
  const absl::MutexLock lock(&call_.giving_);
  ++call_.operations_;
  call_.stream_.WriteAndFinish(BytesOf(message), grpc::WriteOptions(), grpc::Status::OK,
                               call_.finish_.tag());
}

// ---- Call ----

Call::Call(CallQueue* queue, const Request* request, const StartCall* start)
    : queue_(*queue), request_(*request), start_(*start) {}

void Call::Await(CallQueue* queue, const Request* request, const StartCall* start) {
  auto* call = new Call(queue, request, start);
  queue->Enter();
  call->context_.AsyncNotifyWhenDone(call->over_.tag());
  call->request_(&call->context_, &call->stream_, queue->queue(), call->arrived_.tag());
}

void Call::Arrived(bool ok) {
  if (!ok) {  // the server shuts down; gRPC does not tell over_
    queue_.Leave();
    delete this;
    return;
  }
  Await(&queue_, &request_, &start_);
  start_(this);
}

void Call::HasRead(bool ok) {
  {
    const absl::MutexLock lock(&giving_);
    ok = ok && grpc::SerializationTraits<MessageLite>::Deserialize(&read_bytes_, reading_).ok();
  }
  handler_->OnReadDone(ok);
  EndOperation();
}

void Call::HasWritten(bool ok) {
  handler_->OnWriteDone(ok);
  EndOperation();
}

void Call::HasFinished(bool /*ok*/) {
  finished_ = true;
  EndOperation();
}

void Call::IsOver(bool /*ok*/) {
  if (context_.IsCancelled()) handler_->OnCancel();
  EndOperation();
}

void Call::EndOperation() {
  {
    const absl::MutexLock lock(&giving_);
    if (--operations_ > 0 || !finished_) return;
  }
  handler_->OnDone();
  queue_.Leave();
  delete this;
}

}  // namespace kengred::rpc
