#include "kengred/client/watch.h"

#include <absl/time/time.h>

#include <algorithm>
#include <utility>

#include "kengred/client/status.h"

namespace kengred::client {

AccountWatch::AccountWatch(std::shared_ptr<Session> session, const Reader* reader,
                           const AccountId& account, Sequence after)
    : session_(std::move(session)),
      reader_(reader),
      account_(account),
      handed_out_(after),
      received_(after),
      backoff_(session_->options().retry_pause),
      try_again_(std::chrono::steady_clock::now()) {}

AccountWatch::~AccountWatch() {
  Cancel();
  // The queue owns what is under way until it has reported it.
  void* tag = nullptr;
  bool ok = false;
  while (stream_ != nullptr && queue_.Next(&tag, &ok)) {
    if (stream_->step == Step::kFinish) {
      Disconnected();
    } else {
      Begin(Step::kFinish);
    }
  }
  queue_.Shutdown();
  while (queue_.Next(&tag, &ok)) {
  }
}

absl::Status AccountWatch::Open(std::chrono::milliseconds timeout) {
  const absl::Status status = WaitForMessage(std::chrono::steady_clock::now() + timeout);
  // Why it could not connect tells more than that time ran out.
  if (absl::IsDeadlineExceeded(status) && !last_try_.ok()) return last_try_;
  return status;
}

absl::StatusOr<v1::HistoryItem> AccountWatch::Next(std::chrono::milliseconds timeout) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
  while (!item_) {
    if (absl::Status status = WaitForMessage(deadline); !status.ok()) return status;
  }
  if (cancelled()) return absl::CancelledError("the watch was cancelled");
  v1::HistoryItem item = *std::exchange(item_, std::nullopt);
  handed_out_ = item_sequence_;
  return item;
}

void AccountWatch::Cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  if (context_ != nullptr) context_->TryCancel();
}

bool AccountWatch::cancelled() const {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

absl::Status AccountWatch::NotYet() const {
  return absl::DeadlineExceededError(last_try_.ok() ? "nothing new yet"
                                                    : "the watch is not connected: " +
                                                          std::string(last_try_.message()));
}

absl::Status AccountWatch::WaitForMessage(SteadyTime deadline) {
  message_ = false;
  while (!message_) {
    if (cancelled()) return absl::CancelledError("the watch was cancelled");
    if (!ended_.ok()) return ended_;
    if (stream_ == nullptr) {
      const SteadyTime until = std::min(deadline, try_again_);
      {
        absl::MutexLock lock(&mutex_);
        mutex_.AwaitWithTimeout(absl::Condition(&cancelled_),
                                absl::FromChrono(until - std::chrono::steady_clock::now()));
      }
      if (std::chrono::steady_clock::now() >= try_again_) {
        Connect();
      } else if (std::chrono::steady_clock::now() >= deadline) {
        return NotYet();
      }
      continue;
    }
    const SteadyTime silent_until = silent_since_ + session_->options().watch_silence;
    const SteadyTime until = std::min(deadline, silent_until);
    void* tag = nullptr;
    bool ok = false;
    switch (queue_.AsyncNext(
        &tag, &ok, std::chrono::system_clock::now() + (until - std::chrono::steady_clock::now()))) {
      case grpc::CompletionQueue::SHUTDOWN:
        return absl::InternalError("the watch's queue was shut down");
      case grpc::CompletionQueue::TIMEOUT:
        if (std::chrono::steady_clock::now() >= silent_until) {
          // The connection may be dead without anybody having said so. Its end comes by the queue.
          stream_->context.TryCancel();
          silent_since_ = std::chrono::steady_clock::now();
        } else if (std::chrono::steady_clock::now() >= deadline) {
          return NotYet();
        }
        break;
      case grpc::CompletionQueue::GOT_EVENT:
        if (stream_->step == Step::kFinish) {
          Disconnected();
        } else if (!ok) {
          Begin(Step::kFinish);
        } else {
          if (stream_->step == Step::kRead) Receive();
          Begin(Step::kRead);
        }
        break;
    }
  }
  return absl::OkStatus();
}

void AccountWatch::Connect() {
  stream_ = std::make_unique<Stream>();
  silent_since_ = std::chrono::steady_clock::now();
  // As in Session::Call: only the first try fails at once where there is no connection.
  stream_->context.set_wait_for_ready(!last_try_.ok());
  session_->Authorize(*reader_, &stream_->context);
  v1::WatchAccountRequest request;
  request.set_account_id(account_.ToBytes());
  request.set_after_sequence(received_);
  stream_->reader =
      session_->ledger()->PrepareAsyncWatchAccount(&stream_->context, request, &queue_);
  Begin(Step::kStart);
  absl::MutexLock lock(&mutex_);
  context_ = &stream_->context;
  if (cancelled_) context_->TryCancel();
}

void AccountWatch::Begin(Step step) {
  stream_->step = step;
  switch (step) {
    case Step::kStart:
      return stream_->reader->StartCall(this);
    case Step::kRead:
      return stream_->reader->Read(&stream_->response, this);
    case Step::kFinish:
      return stream_->reader->Finish(&stream_->status, this);
  }
}

void AccountWatch::Receive() {
  message_ = true;
  silent_since_ = std::chrono::steady_clock::now();
  last_try_ = absl::OkStatus();
  backoff_.Reset();
  const bool has_item = stream_->response.has_item();
  const Sequence sequence =
      std::max(stream_->response.sequence(), stream_->response.item().sequence());
  // After a reconnection nothing comes twice, whatever the server does.
  if (sequence <= received_) return;
  received_ = sequence;
  if (has_item) {
    item_ = std::move(*stream_->response.mutable_item());
    item_sequence_ = sequence;
  } else {
    handed_out_ = sequence;
  }
}

void AccountWatch::Disconnected() {
  {
    absl::MutexLock lock(&mutex_);
    context_ = nullptr;
  }
  // A watch never ends by itself; a server that ends it is stopping.
  last_try_ = stream_->status.ok()
                  ? absl::UnavailableError("the server at " + session_->options().target +
                                           " ended the watch")
                  : session_->Finish(stream_->status, reader_);
  if (!IsPassing(last_try_)) ended_ = last_try_;
  stream_.reset();
  try_again_ = std::chrono::steady_clock::now() + backoff_.Next();
}

}  // namespace kengred::client
