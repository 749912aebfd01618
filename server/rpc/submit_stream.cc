#include "server/rpc/submit_stream.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "kengred/core/limits.h"
#include "kengred/core/signing.h"
#include "kengred/v1/ledger_service.pb.h"
#include "server/publish/answer.h"

namespace kengred::rpc {
namespace {

using Request = v1::SubmitTransactionsRequest;
using Response = v1::SubmitTransactionsResponse;

// A response grows past this by at most one result. What a result takes is estimated, as counting
// its bytes takes as long as writing them.
constexpr size_t kResponseBytes = 256 * 1024;
constexpr size_t kResultBytes = 256;
constexpr size_t kPostingBytes = 64;

size_t EstimateBytes(const v1::SubmitResult& result) {
  return kResultBytes + static_cast<size_t>(result.accepted().postings().size()) * kPostingBytes;
}

// The id that a refusal names: what the client signed, where it can have been a transaction.
std::string RefusedId(const v1::SubmitTransactionRequest& request) {
  const std::string& bytes = request.signed_transaction().transaction();
  if (bytes.empty() || bytes.size() > kTransactionBytesMax) return {};
  return TransactionIdOf(bytes).ToBytes();
}

v1::SubmitResult Refused(const std::string& id, const Refusal& refusal) {
  v1::SubmitResult result;
  v1::SubmitRefusal* refused = result.mutable_refused();
  if (refusal.verdict != v1::VERDICT_TRANSACTION_MALFORMED) refused->set_transaction_id(id);
  refused->set_verdict(refusal.verdict);
  refused->mutable_figures()->insert(refusal.figures.begin(), refusal.figures.end());
  refused->set_message(VerdictSentence(refusal));
  return result;
}

class SubmitStream final : public CallHandler,
                           public OpenStream,
                           public std::enable_shared_from_this<SubmitStream> {
 public:
  SubmitStream(Call* call, const ServiceContext& services)
      : CallHandler(call), services_(services) {}

  void Start() {
    self_ = shared_from_this();
    if (const auto verdict = services_.submit_streams->Add(weak_from_this(), &id_)) {
      const absl::MutexLock lock(&mutex_);
      input_over_ = true;
      end_ = ToStatus(*verdict);
    }
    Step();
  }

  // ---- CallHandler ----
  void OnReadDone(bool ok) override {
    if (ok) Take();
    {
      const absl::MutexLock lock(&mutex_);
      reading_ = false;
      input_over_ = input_over_ || !ok;
    }
    Step();
  }

  void OnWriteDone(bool ok) override {
    {
      const absl::MutexLock lock(&mutex_);
      writing_ = false;
      gone_ = gone_ || !ok;
    }
    Step();
  }

  void OnCancel() override {
    {
      const absl::MutexLock lock(&mutex_);
      gone_ = true;
    }
    Step();
  }

  void OnDone() override {
    services_.submit_streams->Remove(id_);
    // Answers that still hold the stream let go of it after their last step.
    const std::shared_ptr<SubmitStream> self = std::move(self_);
  }

  // ---- OpenStream ----
  void Stop() override {
    {
      const absl::MutexLock lock(&mutex_);
      if (!input_over_) end_ = ToStatus(v1::VERDICT_STOPPING);
      input_over_ = true;
    }
    Step();
  }

  void Tick(absl::Time /*now*/) override {}

 private:
  static bool IsWellFormed(const Request& request) {
    return !request.requests().empty() &&
           request.requests().size() <= static_cast<int>(kStreamRequestsMax);
  }

  // Hands every transaction of the message to the pipeline. While reading_, so that nobody reads
  // the next message into the same place; without the lock, since an answer may come before Submit
  // returns.
  void Take() {
    uint64_t slot = 0;
    {
      const absl::MutexLock lock(&mutex_);
      if (input_over_ || gone_) return;
      if (!IsWellFormed(request_)) {
        input_over_ = true;
        end_ = MalformedField("requests");
        return;
      }
      const auto count = static_cast<size_t>(request_.requests().size());
      slot = first_slot_ + slots_.size();
      slots_.resize(slots_.size() + count);
      waiting_ += count;
    }
    std::vector<verify::Arrival> arrivals;
    arrivals.reserve(static_cast<size_t>(request_.requests().size()));
    for (v1::SubmitTransactionRequest& request : *request_.mutable_requests()) {
      std::string id = RefusedId(request);
      if (request.validate_only()) {
        Answer(slot, Refused(id, {v1::VERDICT_REQUEST_MALFORMED, {{"field", "validate_only"}}}));
      } else {
        arrivals.push_back({std::move(request), DoneFor(slot, std::move(id))});
      }
      ++slot;
    }
    services_.verifier->Submit(std::move(arrivals));
  }

  // What is called with the answer that goes into a slot.
  publish::Done DoneFor(uint64_t slot, std::string id) {
    return [self = shared_from_this(), slot, id = std::move(id)](publish::Answer answer) {
      if (const auto* refusal = std::get_if<Refusal>(&answer)) {
        if (refusal->verdict == v1::VERDICT_SIGNATURE_INVALID) self->CountInvalidSignature();
        self->Answer(slot, Refused(id, *refusal));
      } else {
        v1::SubmitResult result;
        *result.mutable_accepted() = std::get<v1::SubmitTransactionResponse>(std::move(answer));
        self->Answer(slot, std::move(result));
      }
      publish::AnswerGroup::AtEnd(self.get(), [self] { self->Step(); });
    };
  }

  void CountInvalidSignature() {
    const absl::MutexLock lock(&mutex_);
    if (++invalid_signatures_ < kStreamInvalidSignaturesMax || input_over_) return;
    input_over_ = true;
    end_ = ToStatus(v1::VERDICT_SIGNATURE_INVALID);
  }

  void Answer(uint64_t slot, v1::SubmitResult result) {
    const absl::MutexLock lock(&mutex_);
    slots_[slot - first_slot_] = std::move(result);
    --waiting_;
  }

  // Does whatever can be done now. One thread at a time does it, so that no read or write is
  // started after the call was finished; gRPC is called without the lock, since it may call back.
  void Step() {
    {
      const absl::MutexLock lock(&mutex_);
      step_again_ = true;
      if (stepping_) return;
      stepping_ = true;
    }
    while (true) {
      bool read = false;
      bool write = false;
      std::optional<grpc::Status> finish;
      {
        const absl::MutexLock lock(&mutex_);
        if (finished_ || !step_again_) {
          stepping_ = false;
          return;
        }
        step_again_ = false;
        if (gone_) {
          // Nobody listens: only what the pipeline still holds is waited for.
          if (waiting_ == 0 && !writing_) finish = grpc::Status::CANCELLED;
        } else {
          read = !reading_ && !input_over_ &&
                 slots_.size() + kStreamRequestsMax <= services_.stream_unanswered_max;
          reading_ = reading_ || read;
          write = !writing_ && FillResponse();
          writing_ = writing_ || write;
          if (input_over_ && slots_.empty() && !writing_) finish = end_;
        }
        finished_ = finish.has_value();
      }
      if (read) StartRead(&request_);
      if (write) StartWrite(response_);
      if (finish) Finish(*finish);
    }
  }

  // Moves the answers that are next in order into the response; false where there is none.
  bool FillResponse() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    response_.Clear();
    size_t bytes = 0;
    while (!slots_.empty() && slots_.front() && bytes < kResponseBytes) {
      bytes += EstimateBytes(*slots_.front());
      response_.add_results()->Swap(&*slots_.front());
      slots_.pop_front();
      ++first_slot_;
    }
    return !response_.results().empty();
  }

  const ServiceContext& services_;
  uint64_t id_ = 0;
  std::shared_ptr<SubmitStream> self_;  // until OnDone
  Request request_;                     // gRPC's and then Take's while reading_
  Response response_;                   // gRPC's while writing_
  absl::Mutex mutex_;
  // One per transaction taken and not yet answered on the wire, in order.
  std::deque<std::optional<v1::SubmitResult>> slots_ ABSL_GUARDED_BY(mutex_);
  uint64_t first_slot_ ABSL_GUARDED_BY(mutex_) = 0;
  // How many of them the pipeline still has.
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t invalid_signatures_ ABSL_GUARDED_BY(mutex_) = 0;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  // Nothing more is read; `end_` follows the last answer.
  bool input_over_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status end_ ABSL_GUARDED_BY(mutex_);
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool stepping_ ABSL_GUARDED_BY(mutex_) = false;
  bool step_again_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

void StartSubmitStream(const ServiceContext& services, Call* call) {
  std::make_shared<SubmitStream>(call, services)->Start();
}

}  // namespace kengred::rpc
