#include "server/rpc/watch_stream.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "kengred/v1/ledger_service.pb.h"

namespace kengred::rpc {
namespace {

using Response = v1::WatchAccountResponse;

constexpr size_t kPageItems = 64;

class WatchStream final : public CallHandler,
                          public OpenStream,
                          public std::enable_shared_from_this<WatchStream> {
 public:
  WatchStream(Call* call, const ServiceContext& services)
      : CallHandler(call), services_(services), last_sent_(absl::Now()) {}

  void Start() {
    self_ = shared_from_this();
    StartRead(&request_);
  }

  // ---- CallHandler ----
  void OnReadDone(bool ok) override {
    cursor_ = request_.after_sequence();
    const auto verdict = services_.watches->Add(weak_from_this(), &id_);
    {
      const absl::MutexLock lock(&mutex_);
      if (verdict) End(ToStatus(*verdict));
      if (!ok) End(UnreadableRequest());
      awake_ = true;
      reading_ = false;
    }
    Step();
  }

  void OnWriteDone(bool ok) override {
    {
      const absl::MutexLock lock(&mutex_);
      writing_ = false;
      outbox_.pop_front();
      last_sent_ = absl::Now();
      if (!ok) End(grpc::Status::CANCELLED);
    }
    Step();
  }

  void OnCancel() override {
    {
      const absl::MutexLock lock(&mutex_);
      End(grpc::Status::CANCELLED);
    }
    Step();
  }

  void OnDone() override {
    services_.watches->Remove(id_);
    // After this no wake runs, so that the stream is never destroyed inside the hub.
    subscription_.reset();
    const std::shared_ptr<WatchStream> self = std::move(self_);
  }

  // ---- OpenStream ----
  void Stop() override {
    {
      const absl::MutexLock lock(&mutex_);
      End(ToStatus(v1::VERDICT_STOPPING));
    }
    Step();
  }

  void Tick(absl::Time now) override {
    {
      const absl::MutexLock lock(&mutex_);
      if (!caught_up_ || writing_ || now - last_sent_ < services_.watch_keepalive) return;
      // Also looks whether the caller may still read.
      awake_ = true;
      keep_alive_ = true;
    }
    Step();
  }

 private:
  // The first reason counts.
  void End(grpc::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!end_) end_ = std::move(status);
  }

  void Wake() {
    {
      const absl::MutexLock lock(&mutex_);
      awake_ = true;
    }
    Step();
  }

  // Does whatever can be done now: at most one of reading, writing and finishing is under way. One
  // thread at a time, so that nothing is started after the call was finished; gRPC and the workers
  // are called without the lock.
  void Step() {
    {
      const absl::MutexLock lock(&mutex_);
      step_again_ = true;
      if (stepping_) return;
      stepping_ = true;
    }
    while (true) {
      const Response* write = nullptr;
      bool read = false;
      std::optional<grpc::Status> finish;
      {
        const absl::MutexLock lock(&mutex_);
        if (finished_ || !step_again_) {
          stepping_ = false;
          return;
        }
        step_again_ = false;
        if (writing_ || reading_) continue;
        if (end_) {
          finished_ = true;
          finish = end_;
        } else if (!outbox_.empty()) {
          writing_ = true;
          write = &outbox_.front();
        } else if (awake_) {
          awake_ = false;
          reading_ = true;
          read = true;
        }
      }
      if (write != nullptr) StartWrite(*write);
      if (read) {
        services_.workers->Post([self = shared_from_this()] { self->Read(); });
      }
      if (finish) Finish(*finish);
    }
  }

  // On a worker: the next page. Only here are the caller, the subscription and the cursor touched.
  void Read() {
    LedgerReader reader(services_.store);
    std::vector<Response> messages;
    bool more = false;
    grpc::Status status = subscription_ ? Recheck(reader) : Open(reader);
    if (status.ok()) status = ReadPage(reader, &messages, &more);
    if (!reader.status().ok()) status = services_.Failed(reader.status());
    {
      const absl::MutexLock lock(&mutex_);
      reading_ = false;
      if (!status.ok()) End(status);
      awake_ = awake_ || more;
      if (!more && (!caught_up_ || (keep_alive_ && messages.empty()))) {
        messages.emplace_back().set_sequence(cursor_);
      }
      caught_up_ = caught_up_ || !more;
      keep_alive_ = keep_alive_ && more;
      for (Response& message : messages) outbox_.push_back(std::move(message));
    }
    Step();
  }

  // Checks the request and who asks, and subscribes, before the first page is read: what is
  // committed afterwards wakes the watch.
  grpc::Status Open(LedgerReader& reader) {
    const auto account = AccountId::FromBytes(request_.account_id());
    if (!account) return ToStatus(v1::VERDICT_ID_MALFORMED);
    account_ = *account;
    grpc::Status status = services_.access->Identify(context(), reader, &caller_);
    if (status.ok()) status = CheckMayRead(caller_, account_, reader);
    if (!status.ok()) return status;
    if (!reader.state().FindAccount(account_)) {
      return ToStatus(Refusal{v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", account_.ToHex()}}});
    }
    subscription_ =
        services_.hub->Subscribe(account_, [weak = weak_from_this()](Sequence /*head*/) {
          if (const auto self = weak.lock()) self->Wake();
        });
    // Somebody who has seen more than there is has seen another journal.
    if (cursor_ > reader.Get({rules::key::HistoryOf(account_)}).sequence) {
      return MalformedField("after_sequence");
    }
    return grpc::Status::OK;
  }

  // A watch may outlive a role or a key.
  grpc::Status Recheck(LedgerReader& reader) {
    const grpc::Status status = services_.access->Refresh(reader, &*caller_);
    return status.ok() ? CheckMayRead(caller_, account_, reader) : status;
  }

  grpc::Status ReadPage(LedgerReader& reader, std::vector<Response>* messages, bool* more) {
    publish::HistoryQuery query;
    query.account = account_;
    absl::StatusOr<publish::HistoryPage> page = services_.history->Read(query, cursor_, kPageItems);
    if (!page.ok()) {
      reader.Remember(page.status());
      return grpc::Status::OK;  // the reader's failure wins
    }
    for (v1::HistoryItem& item : page->items) {
      Response& message = messages->emplace_back();
      message.set_sequence(item.sequence());
      message.mutable_item()->Swap(&item);
    }
    *more = page->more;
    cursor_ = page->more ? page->cursor : std::max(cursor_, page->head);
    return grpc::Status::OK;
  }

  const ServiceContext& services_;
  v1::WatchAccountRequest request_;
  uint64_t id_ = 0;
  std::shared_ptr<WatchStream> self_;  // until OnDone

  // Read's.
  AccountId account_;
  MaybeCaller caller_;
  Sequence cursor_ = 0;  // everything up to here is in the outbox or sent
  std::unique_ptr<publish::WatchHub::Subscription> subscription_;

  absl::Mutex mutex_;
  std::deque<Response> outbox_ ABSL_GUARDED_BY(mutex_);  // the first is gRPC's while writing_
  absl::Time last_sent_ ABSL_GUARDED_BY(mutex_);
  bool awake_ ABSL_GUARDED_BY(mutex_) = false;      // there may be something to read
  bool reading_ ABSL_GUARDED_BY(mutex_) = true;     // a worker has it; first, gRPC the request
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;    // gRPC has it
  bool caught_up_ ABSL_GUARDED_BY(mutex_) = false;  // and has said so
  bool keep_alive_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);  // finish as soon as possible
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool stepping_ ABSL_GUARDED_BY(mutex_) = false;
  bool step_again_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

void StartWatchStream(const ServiceContext& services, Call* call) {
  std::make_shared<WatchStream>(call, services)->Start();
}

}  // namespace kengred::rpc
