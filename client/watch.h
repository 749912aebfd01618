// A watch over gRPC's asynchronous stream, driven by the thread that calls Next: no thread of its
// own. Internal to this folder.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "kengred/client/client.h"
#include "kengred/client/retry.h"
#include "kengred/client/session.h"

namespace kengred::client {

class AccountWatch : public Watch {
 public:
  AccountWatch(std::shared_ptr<Session> session, const Reader* reader, const AccountId& account,
               Sequence after);
  ~AccountWatch() override;

  // Waits until the server has taken the watch, so that a refusal shows at once.
  absl::Status Open(std::chrono::milliseconds timeout);

  absl::StatusOr<v1::HistoryItem> Next(std::chrono::milliseconds timeout) override;
  Sequence sequence() const override { return handed_out_; }
  void Cancel() override;

 private:
  // What the queue will report next. One is under way whenever there is a stream.
  enum class Step { kStart, kRead, kFinish };
  // One connection.
  struct Stream {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientAsyncReader<v1::WatchAccountResponse>> reader;
    v1::WatchAccountResponse response;
    grpc::Status status;
    Step step = Step::kStart;
  };

  // Until one message has come; errors as of Next.
  absl::Status WaitForMessage(SteadyTime deadline);
  absl::Status NotYet() const;
  bool cancelled() const;
  // Opens a stream after what has been received.
  void Connect();
  void Begin(Step step);
  // Takes the message of a finished read.
  void Receive();
  // Takes the status of a finished stream and lets go of it.
  void Disconnected();

  const std::shared_ptr<Session> session_;
  const Reader* const reader_;
  const AccountId account_;
  grpc::CompletionQueue queue_;

  Sequence handed_out_;
  Sequence received_;
  std::optional<v1::HistoryItem> item_;  // received, not handed out
  Sequence item_sequence_ = 0;
  absl::Status ended_;     // not OK: for good
  absl::Status last_try_;  // why there is no stream
  Backoff backoff_;
  SteadyTime try_again_;
  SteadyTime silent_since_;
  bool message_ = false;  // one has come since WaitForMessage began

  std::unique_ptr<Stream> stream_;
  mutable absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  // Of stream_, while it may be cancelled from another thread.
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace kengred::client
