// The calls of a load driver: bytes are sent as they lie in the pool, and of the answers only what
// is counted is read. All belong to the thread of the completion queue.
#pragma once

#include <absl/status/status.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "bench/answer_reader.h"
#include "bench/presigned.h"

namespace kengred::bench {

// A call of somebody who reads or watches, made before the clock starts.
struct PrivateCall {
  std::string authorization;  // the value of the header
  std::string request;        // serialized
};

class UnaryCall;

// Who makes the calls, and hears what became of them.
class CallOwner {
 public:
  virtual ~CallOwner() = default;
  virtual grpc::CompletionQueue* queue() = 0;
  virtual const Presigned& transactions() const = 0;
  // A status as the client library has it.
  virtual absl::Status ToStatus(const grpc::Status& status) const = 0;

  // So many transactions from `first` on are being sent now.
  virtual void OnSent(size_t first, size_t count) = 0;
  // Each transaction sent ends in one of these two.
  virtual void OnAnswer(size_t number, const AnswerRead& answer) = 0;
  virtual void OnRefused(size_t number, const std::string& verdict) = 0;
  // `refused`: the verdict, or empty.
  virtual void OnReadDone(int64_t since_ns, const std::string& refused) = 0;
  virtual void OnWatched() = 0;
  // A unary call may be used again.
  virtual void OnFree(UnaryCall* call) = 0;
  // Something is wrong beyond a refusal; only the first time matters.
  virtual void Fail(const absl::Status& status) = 0;
  virtual bool failed() const = 0;
};

// What the completion queue reports.
class Event {
 public:
  virtual ~Event() = default;
  virtual void On(bool ok) = 0;
};

// One step of something that has several.
template <typename Owner>
class Step final : public Event {
 public:
  Step(Owner* owner, void (Owner::*done)(bool)) : owner_(owner), done_(done) {}
  void On(bool ok) override { (owner_->*done_)(ok); }

 private:
  Owner* const owner_;
  void (Owner::*const done_)(bool);
};

// A transaction or a read by a call of its own; used again for the next one.
class UnaryCall final : public Event {
 public:
  explicit UnaryCall(CallOwner* owner) : owner_(owner) {}
  // `number`: of the transaction; nothing: a read, whose header `call` has.
  void Start(grpc::GenericStub* stub, std::optional<size_t> number, const PrivateCall* call,
             int64_t since_ns);
  void On(bool ok) override;
  void Cancel() {
    if (reader_ != nullptr) context_->TryCancel();
  }

 private:
  CallOwner* const owner_;
  std::optional<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
  std::optional<size_t> number_;
  int64_t since_ns_ = 0;
  grpc::ByteBuffer response_;
  grpc::Status status_;
};

// A call with many answers: of submissions, or a watch.
class Stream {
 public:
  Stream(CallOwner* owner, bool watch) : owner_(owner), watch_(watch) {}
  void Start(grpc::GenericStub* stub, const PrivateCall* call);
  // Of submissions: sends a message of the pool, once those before it are on their way.
  void Send(size_t first);
  // Nothing more will be sent; the stream ends after the last answer.
  void Close();
  // Ends it at once.
  void Cancel() {
    closing_ = true;
    context_.TryCancel();
  }
  bool ready() const { return ready_; }
  bool ended() const { return ended_; }

 private:
  void OnStart(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnClose(bool /*ok*/);
  void OnFinish(bool ok);
  void Read();
  void WriteNext();

  CallOwner* const owner_;
  const bool watch_;
  bool ready_ = false;
  bool ended_ = false;
  bool closing_ = false;
  bool writing_ = false;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  std::string watch_request_;
  std::deque<size_t> waiting_;     // messages to be written
  std::deque<size_t> unanswered_;  // messages written, by their next unanswered transaction
  grpc::ByteBuffer response_;
  grpc::Status status_;
  Step<Stream> on_start_{this, &Stream::OnStart};
  Step<Stream> on_read_{this, &Stream::OnRead};
  Step<Stream> on_write_{this, &Stream::OnWrite};
  Step<Stream> on_close_{this, &Stream::OnClose};
  Step<Stream> on_finish_{this, &Stream::OnFinish};
};

}  // namespace kengred::bench
