// One call: what gRPC has of it (Call), and what answers it (CallHandler).
//
// A method is served by a StartCall, which makes a handler for each call. The handler reads
// messages, writes messages and finishes the call, from any thread; it is told on the queue's
// thread what has become of that. At the end it is told OnDone, once, and nothing after.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <google/protobuf/message_lite.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <functional>

#include "server/rpc/call_queue.h"

namespace kengred::rpc {

class Call;

// Makes the handler of a call. On the queue's thread.
using StartCall = std::function<void(Call* call)>;

class CallHandler {
 public:
  CallHandler(const CallHandler&) = delete;
  CallHandler& operator=(const CallHandler&) = delete;

 protected:
  explicit CallHandler(Call* call);
  virtual ~CallHandler() = default;

  // Until OnDone.
  const grpc::ServerContext& context() const;

  // Any thread, before Finish. One read at a time, and one write; the message read belongs to the
  // call until OnReadDone, the message written is the handler's own again at once.
  void StartRead(google::protobuf::MessageLite* message);
  void StartWrite(const google::protobuf::MessageLite& message);
  // Ends the call, once, with no write under way. Must be called, also where the call was
  // cancelled.
  void Finish(const grpc::Status& status);
  // Writes a last message and finishes with OK.
  void FinishWith(const google::protobuf::MessageLite& message);

 private:
  friend class Call;

  // Not ok: nothing more comes, or it is no such message.
  virtual void OnReadDone(bool ok) = 0;
  // Not ok: nobody listens any more.
  virtual void OnWriteDone(bool /*ok*/) {}
  // The client has gone or its deadline has passed. May come after Finish.
  virtual void OnCancel() {}
  // gRPC and the handler are done with each other.
  virtual void OnDone() = 0;

  Call& call_;
};

// Owns itself from the moment it waits for a client until its handler is done. Every method is
// served as a stream in both directions, whatever the contract calls it: on the wire a single call
// is a stream with one message each way.
class Call {
 public:
  // Asks gRPC for the next call of a method: ServedService's.
  using Request = std::function<void(
      grpc::ServerContext*, grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>*,
      grpc::ServerCompletionQueue*, void* tag)>;

  // Waits for a client, then for the next one in another Call, and so on until the server shuts
  // down. What it is given outlives the queue's thread. On that thread.
  static void Await(CallQueue* queue, const Request* request, const StartCall* start);

 private:
  friend class CallHandler;

  struct Event final : public CallEvent {
    Event(Call* of, void (Call::*then)(bool ok)) : call(of), told(then) {}
    void OnEvent(bool ok) override { (call->*told)(ok); }
    void* tag() { return static_cast<CallEvent*>(this); }
    Call* const call;
    void (Call::*const told)(bool ok);
  };

  Call(CallQueue* queue, const Request* request, const StartCall* start);
  ~Call() = default;

  void Arrived(bool ok);
  void HasRead(bool ok);
  void HasWritten(bool ok);
  void HasFinished(bool ok);
  void IsOver(bool ok);
  // One operation less is under way. Perhaps the end of the call.
  void EndOperation();

  CallQueue& queue_;
  const Request& request_;
  const StartCall& start_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_{&context_};
  // Held while gRPC is given an operation: whoever hears that it is done finds it given.
  absl::Mutex giving_;
  // Operations under way, and until IsOver the call itself.
  size_t operations_ ABSL_GUARDED_BY(giving_) = 1;

  grpc::ByteBuffer read_bytes_;                       // gRPC's while it reads
  google::protobuf::MessageLite* reading_ = nullptr;  // into which they go

  // The queue's thread's.
  CallHandler* handler_ = nullptr;
  bool finished_ = false;

  Event arrived_{this, &Call::Arrived};
  Event read_{this, &Call::HasRead};
  Event written_{this, &Call::HasWritten};
  Event finish_{this, &Call::HasFinished};
  Event over_{this, &Call::IsOver};
};

}  // namespace kengred::rpc
