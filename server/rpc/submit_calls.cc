#include "server/rpc/submit_calls.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <optional>
#include <utility>
#include <variant>

#include "kengred/v1/ledger_service.pb.h"
#include "server/publish/answer.h"
#include "server/rpc/error_details.h"

namespace kengred::rpc {
namespace {

constexpr char kMethod[] = "SubmitTransaction";
// Calls that wait for a client, so that gRPC has where to put those of one read. More than these
// find theirs as these are taken: it bounds nothing.
constexpr size_t kWaiting = 128;
// Calls kept for the next clients; more are given back to the heap.
constexpr size_t kFreeMax = 1024;

bool Parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message) {
  grpc::Slice whole;
  if (!bytes.TrySingleSlice(&whole).ok() && !bytes.DumpToSingleSlice(&whole).ok()) return false;
  return message->ParseFromArray(whole.begin(), static_cast<int>(whole.size()));
}

grpc::ByteBuffer BytesOf(const google::protobuf::MessageLite& message) {
  grpc::Slice whole(message.ByteSizeLong());
  // A new slice is nobody else's yet.
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(whole.begin()));
  return {&whole, 1};
}

}  // namespace

// One call after another. Between HandOn and the answer it is the pipeline's, which also sends an
// answer that is its only one; everything else is done on the queue's thread.
class SubmitCalls::OneCall final : public CallEvent, public CallTask {
 public:
  explicit OneCall(SubmitCalls* calls) : calls_(*calls) {}

  void Await() {
    state_ = State::kWaiting;
    responder_.reset();
    context_.emplace();
    responder_.emplace(&*context_);
    request_bytes_.Clear();
    calls_.ledger_.RequestWhole(kMethod, &*context_, &request_bytes_, &*responder_,
                                calls_.queue_.queue(), static_cast<CallEvent*>(this));
  }

  void OnEvent(bool ok) override {
    if (state_ == State::kFinishing) {
      calls_.Ended(this);
      return;
    }
    calls_.stopping_ = calls_.stopping_ || !ok;
    --calls_.waiting_;
    if (ok) {
      state_ = State::kAnswering;
      calls_.Arrived(this);
    } else {
      calls_.Ended(this);
    }
  }

  // Adds what the client sent to `arrivals`, or answers that it cannot be read.
  void Read(std::vector<verify::Arrival>* arrivals) {
    v1::SubmitTransactionRequest request;
    if (!Parse(request_bytes_, &request)) {
      Finish(UnreadableRequest());
      return;
    }
    arrivals->push_back({std::move(request), [this](publish::Answer answer) {
                           answer_ = std::move(answer);
                           // Waking the queue's thread would take half as long as the sync.
                           if (publish::AnswerGroup::IsAlone()) {
                             Run();
                           } else {
                             calls_.queue_.Post(this);
                           }
                         }});
  }

  void Run() override {
    if (const auto* refusal = std::get_if<Refusal>(&answer_)) {
      Finish(ToStatus(*refusal));
      return;
    }
    state_ = State::kFinishing;
    responder_->Finish(BytesOf(std::get<v1::SubmitTransactionResponse>(answer_)), grpc::Status::OK,
                       static_cast<CallEvent*>(this));
  }

  // Lets go of the client.
  void Forget() {
    responder_.reset();
    context_.reset();
    request_bytes_.Clear();
    answer_ = Refusal{};
  }

 private:
  enum class State { kWaiting, kAnswering, kFinishing };

  void Finish(const grpc::Status& refused) {
    state_ = State::kFinishing;
    responder_->FinishWithError(refused, static_cast<CallEvent*>(this));
  }

  SubmitCalls& calls_;
  State state_ = State::kWaiting;
  std::optional<grpc::ServerContext> context_;
  std::optional<grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>> responder_;
  grpc::ByteBuffer request_bytes_;
  publish::Answer answer_;
};

SubmitCalls::SubmitCalls(verify::Verifier* verifier, ServedService* ledger, CallQueue* queue)
    : verifier_(*verifier), ledger_(*ledger), queue_(*queue) {}

SubmitCalls::~SubmitCalls() = default;

void SubmitCalls::Await() { AwaitMore(); }

void SubmitCalls::AwaitMore() {
  while (waiting_ < kWaiting && !stopping_) {
    std::unique_ptr<OneCall> call;
    if (free_.empty()) {
      call = std::make_unique<OneCall>(this);
    } else {
      call = std::move(free_.back());
      free_.pop_back();
    }
    ++waiting_;
    queue_.Enter();
    call.release()->Await();  // comes back in Ended
  }
}

void SubmitCalls::Arrived(OneCall* call) {
  arrived_.push_back(call);
  AwaitMore();
}

void SubmitCalls::HandOn() {
  if (arrived_.empty()) return;
  std::vector<verify::Arrival> arrivals;
  arrivals.reserve(arrived_.size());
  for (OneCall* call : arrived_) call->Read(&arrivals);
  arrived_.clear();
  verifier_.Submit(std::move(arrivals));
}

void SubmitCalls::Ended(OneCall* call) {
  std::unique_ptr<OneCall> ended(call);
  queue_.Leave();
  if (stopping_ || free_.size() >= kFreeMax) return;
  ended->Forget();
  free_.push_back(std::move(ended));
}

}  // namespace kengred::rpc
