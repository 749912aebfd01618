#include "kengred/client/submit_all.h"

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>

#include "kengred/client/retry.h"
#include "kengred/client/status.h"
#include "kengred/core/limits.h"

namespace kengred::client {
namespace {

using OnResult = std::function<void(size_t, const v1::SubmitResult&)>;

// Room in a message for the tags and lengths of what is in it.
constexpr size_t kOverheadBytesMax = 16 * 1024;

// What is to be done and how far it is; outlives each connection.
struct Work {
  Session* session;
  const std::vector<v1::SubmitTransactionRequest>* requests;
  const OnResult* on_result;
  size_t per_message;
  size_t messages_ahead;
  size_t answered = 0;
  SteadyTime deadline;

  bool done() const { return answered == requests->size(); }
  void ResetDeadline() { deadline = std::chrono::steady_clock::now() + session->options().timeout; }
};

// One connection, from the first unanswered request on. Driven by the calling thread: a read is
// always under way, a write whenever the window allows it, so that neither side waits for the other
// with full buffers.
class SubmitStream {
 public:
  // `again`: an earlier one failed.
  SubmitStream(Work* work, bool again) : work_(work), sent_(work->answered) {
    // As in Session::Call: only the first try fails at once where there is no connection.
    context_.set_wait_for_ready(again);
  }

  // Until everything is answered or the connection ends. The result says why it ended.
  absl::Status Run();

 private:
  // Addresses serve as the queue's tags.
  enum Tag : size_t { kStart, kRead, kWrite, kWritesDone, kFinish, kTags };

  void Begin(Tag tag);
  void On(Tag tag, bool ok);
  void WriteMore();
  void Deliver();
  // Gives up on this connection for a reason of our own.
  void Break(absl::Status why);

  Work* const work_;
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<
      grpc::ClientAsyncReaderWriter<v1::SubmitTransactionsRequest, v1::SubmitTransactionsResponse>>
      stream_;
  v1::SubmitTransactionsRequest message_;
  v1::SubmitTransactionsResponse response_;
  grpc::Status status_;
  absl::Status broken_;
  size_t sent_;                    // requests up to here are on their way
  std::deque<size_t> unanswered_;  // where each message under way ends
  size_t under_way_ = 0;           // tags the queue has still to report
  bool writing_ = false;
  bool closed_ = false;  // nothing more will be written
  char tags_[kTags] = {};
};

absl::Status SubmitStream::Run() {
  stream_ = work_->session->ledger()->PrepareAsyncSubmitTransactions(&context_, &queue_);
  Begin(kStart);
  while (under_way_ > 0) {
    void* tag = nullptr;
    bool ok = false;
    // Once broken, what is under way comes back by itself.
    const auto left =
        broken_.ok() ? work_->deadline - std::chrono::steady_clock::now() : std::chrono::hours(24);
    const auto event = queue_.AsyncNext(&tag, &ok, std::chrono::system_clock::now() + left);
    if (event == grpc::CompletionQueue::GOT_EVENT) {
      --under_way_;
      On(static_cast<Tag>(static_cast<char*>(tag) - tags_), ok);
    } else if (event == grpc::CompletionQueue::TIMEOUT && broken_.ok()) {
      Break(absl::DeadlineExceededError("the ledger server at " + work_->session->options().target +
                                        " did not answer in time"));
    }
  }
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
  if (!broken_.ok()) return broken_;
  return work_->session->Finish(status_, nullptr);
}

void SubmitStream::Begin(Tag tag) {
  ++under_way_;
  void* const address = &tags_[tag];
  switch (tag) {
    case kStart:
      return stream_->StartCall(address);
    case kRead:
      return stream_->Read(&response_, address);
    case kWrite:
      return stream_->Write(message_, address);
    case kWritesDone:
      return stream_->WritesDone(address);
    case kFinish:
    case kTags:
      return stream_->Finish(&status_, address);
  }
}

void SubmitStream::On(Tag tag, bool ok) {
  switch (tag) {
    case kStart:
      if (!ok) return Begin(kFinish);
      Begin(kRead);
      return WriteMore();
    case kRead:
      // The server has ended the stream, or the connection has.
      if (!ok) return Begin(kFinish);
      Deliver();
      Begin(kRead);
      return WriteMore();
    case kWrite:
      writing_ = false;
      // The read will end as well and the status say why.
      if (!ok) closed_ = true;
      return WriteMore();
    case kWritesDone:
    case kFinish:
    case kTags:
      return;
  }
}

void SubmitStream::WriteMore() {
  if (writing_ || closed_ || !broken_.ok()) return;
  const auto& requests = *work_->requests;
  if (sent_ == requests.size()) {
    closed_ = true;
    return Begin(kWritesDone);
  }
  if (unanswered_.size() >= work_->messages_ahead) return;
  message_.Clear();
  size_t bytes = kOverheadBytesMax;
  const size_t end = std::min(sent_ + work_->per_message, requests.size());
  do {
    bytes += requests[sent_].ByteSizeLong();
    *message_.add_requests() = requests[sent_++];
  } while (sent_ < end && bytes + requests[sent_].ByteSizeLong() <= kMessageBytesMax);
  unanswered_.push_back(sent_);
  writing_ = true;
  Begin(kWrite);
}

void SubmitStream::Deliver() {
  for (const v1::SubmitResult& result : response_.results()) {
    if (!broken_.ok()) return;
    if (work_->answered == sent_) {
      return Break(absl::InternalError("the ledger server at " + work_->session->options().target +
                                       " answered more than it was asked"));
    }
    if (result.has_refused()) {
      const absl::Status refusal = ToStatus(result.refused());
      // What comes after may depend on it: all of it is sent again.
      if (IsPassing(refusal)) return Break(refusal);
    }
    (*work_->on_result)(work_->answered, result);
    ++work_->answered;
    while (!unanswered_.empty() && unanswered_.front() <= work_->answered) unanswered_.pop_front();
  }
  work_->ResetDeadline();
}

void SubmitStream::Break(absl::Status why) {
  broken_ = std::move(why);
  context_.TryCancel();
}

}  // namespace

absl::Status SubmitAll(Session* session, const std::vector<v1::SubmitTransactionRequest>& requests,
                       const OnResult& on_result, size_t per_message, size_t messages_ahead) {
  for (size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].ByteSizeLong() > kMessageBytesMax - kOverheadBytesMax) {
      return absl::InvalidArgumentError("request " + std::to_string(i) + " has " +
                                        std::to_string(requests[i].ByteSizeLong()) +
                                        " bytes; no message can hold it");
    }
  }
  Work work;
  work.session = session;
  work.requests = &requests;
  work.on_result = &on_result;
  work.per_message = std::clamp<size_t>(per_message, 1, kStreamRequestsMax);
  work.messages_ahead = std::max<size_t>(messages_ahead, 1);
  work.ResetDeadline();
  Backoff backoff(session->options().retry_pause);
  absl::Status last;  // why the connection before failed, where nothing has been answered since
  while (!work.done()) {
    const size_t before = work.answered;
    absl::Status status = SubmitStream(&work, !last.ok()).Run();
    if (work.done()) break;
    if (work.answered == before && absl::IsDeadlineExceeded(status) && !last.ok()) status = last;
    if (status.ok()) {
      status = absl::UnavailableError("the ledger server at " + session->options().target +
                                      " ended the stream early");
    }
    if (work.answered > before) backoff.Reset();
    if (!IsPassing(status) || !PauseBefore(work.deadline, &backoff)) {
      return Annotate(status, " (" + std::to_string(work.answered) + " of " +
                                  std::to_string(requests.size()) +
                                  " transactions were answered; send the others again)");
    }
    last = status;
  }
  return absl::OkStatus();
}

}  // namespace kengred::client
