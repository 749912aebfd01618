#include "bench/driver.h"

#include <fmt/core.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "bench/answer_reader.h"
#include "bench/pacer.h"
#include "bench/progress.h"
#include "kengred/client/channel.h"
#include "kengred/client/status.h"
#include "kengred/core/limits.h"

namespace kengred::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kConnectTimeout{5};
// How long the last answers are waited for.
constexpr std::chrono::seconds kDrainTimeout{30};
constexpr std::chrono::milliseconds kTick{50};

int64_t Nanos(Clock::time_point time) { return time.time_since_epoch().count(); }

class Driver final : public CallOwner {
 public:
  Driver(const DriveOptions& options, const Presigned& transactions, const std::atomic<bool>& stop)
      : options_(options), transactions_(transactions), stop_(stop), random_(options.seed) {
    result_.sequences_all.resize(transactions.size());
    since_ns_.resize(transactions.size());
    if (options.rate > 0) sent_ns_.resize(transactions.size());
    turned_away_.resize(transactions.size() / transactions.per_message());
  }

  absl::StatusOr<DriveResult> Run();

  // ---- CallOwner ----
  grpc::CompletionQueue* queue() override { return &queue_; }
  const Presigned& transactions() const override { return transactions_; }
  absl::Status ToStatus(const grpc::Status& status) const override {
    return client::ToStatus(status, options_.client.target, options_.client.tls);
  }
  void OnSent(size_t first, size_t count) override;
  void OnAnswer(size_t number, const AnswerRead& answer) override;
  void OnRefused(size_t number, const std::string& verdict) override;
  void OnReadDone(int64_t since_ns, const std::string& refused) override;
  void OnWatched() override {
    if (measuring_) ++result_.watched_entries;
  }
  void OnFree(UnaryCall* call) override { free_calls_.push_back(call); }
  void Fail(const absl::Status& status) override;
  bool failed() const override { return !failed_.ok(); }

 private:
  absl::Status Connect();
  absl::Status OpenStreams();
  // Waits for one event, at most until the next tick, and handles it.
  void HandleOne();
  // Sends whatever may be sent now.
  void Issue();
  // The first transaction of a message to send; nothing: none is left.
  std::optional<size_t> NextMessage();
  // False: there is no transaction left.
  bool IssueSubmission(int64_t since_ns);
  void IssueRead(int64_t since_ns);
  UnaryCall* NewCall();
  grpc::GenericStub* NextStub() { return &stubs_[next_stub_++ % stubs_.size()]; }
  // Looks at the clock: what begins, what ends, what is to be shown.
  void Tick();
  void BeginMeasuring();
  void EndMeasuring();
  void End(RunEnd end);
  void Drain();
  void CloseAll();
  void CancelAll();
  void OnWoken(bool /*ok*/) { pacer_->OnWoken(); }

  const DriveOptions& options_;
  const Presigned& transactions_;
  const std::atomic<bool>& stop_;
  grpc::CompletionQueue queue_;
  std::deque<grpc::GenericStub> stubs_;
  std::deque<Stream> submit_streams_;
  std::deque<Stream> watches_;
  std::deque<UnaryCall> calls_;
  std::vector<UnaryCall*> free_calls_;
  const std::string queue_full_ = VerdictName(v1::VERDICT_QUEUE_FULL);
  Step<Driver> on_woken_{this, &Driver::OnWoken};
  std::optional<Pacer> pacer_;
  std::optional<Progress> progress_;
  std::minstd_rand random_;

  int64_t now_ns_ = 0;
  int64_t start_ns_ = 0;
  int64_t begin_ns_ = 0;  // of the measured time
  int64_t shown_ns_ = 0;
  uint64_t accepted_shown_ = 0;  // since shown_ns_
  uint64_t reads_shown_ = 0;
  bool measuring_ = false;
  bool measured_ = false;
  bool ending_ = false;
  bool closing_ = false;     // what ends now ends because we want it to
  size_t outstanding_ = 0;   // transactions and reads
  uint64_t issued_ = 0;      // the same, in all
  size_t next_message_ = 0;  // by its first transaction
  size_t message_ = 0;       // the one that fills, by its first transaction
  size_t in_message_ = 0;    // how many of it wait for the others
  // Of each message, how many the server's queue had no room for; and the messages of which it took
  // nothing, which may be sent as if they were new.
  std::vector<size_t> turned_away_;
  std::deque<size_t> unspent_;
  size_t next_stub_ = 0;
  size_t next_stream_ = 0;
  std::vector<int64_t> since_ns_;  // from when the latency of each transaction counts
  std::vector<int64_t> sent_ns_;   // open loop: when each was sent
  absl::Status failed_;
  DriveResult result_;
};

absl::Status Driver::Connect() {
  client::ClientOptions client = options_.client;
  client.target = client::CompleteTarget(client.target);
  for (size_t i = 0; i < options_.connections; ++i) {
    const auto channel = client::MakeChannel(client);
    if (!channel.ok()) return channel.status();
    if (!(*channel)->WaitForConnected(std::chrono::system_clock::now() + kConnectTimeout)) {
      return absl::UnavailableError("cannot open connection " + std::to_string(i + 1) + " to " +
                                    client.target);
    }
    stubs_.emplace_back(*channel);
  }
  return absl::OkStatus();
}

absl::Status Driver::OpenStreams() {
  if (options_.stream && options_.mix.submissions() > 0) {
    for (grpc::GenericStub& stub : stubs_) {
      submit_streams_.emplace_back(this, false).Start(&stub, nullptr);
    }
  }
  for (const PrivateCall& call : options_.watches) {
    watches_.emplace_back(this, true).Start(NextStub(), &call);
  }
  const Clock::time_point deadline = Clock::now() + kConnectTimeout;
  const auto ready = [](const Stream& stream) { return stream.ready(); };
  while (!failed() && !(std::all_of(submit_streams_.begin(), submit_streams_.end(), ready) &&
                        std::all_of(watches_.begin(), watches_.end(), ready))) {
    if (Clock::now() > deadline) {
      Fail(absl::DeadlineExceededError("the server does not take the streams in time"));
    }
    HandleOne();
  }
  return failed_;
}

void Driver::HandleOne() {
  void* tag = nullptr;
  bool ok = false;
  const auto event = queue_.AsyncNext(&tag, &ok, std::chrono::system_clock::now() + kTick);
  now_ns_ = Nanos(Clock::now());
  if (event != grpc::CompletionQueue::GOT_EVENT) return;
  static_cast<Event*>(tag)->On(ok);
}

void Driver::Issue() {
  int64_t wake_ns = Pacer::kNever;
  while (!ending_) {
    int64_t since_ns = now_ns_;
    if (options_.rate > 0) {
      since_ns = start_ns_ + static_cast<int64_t>(issued_ * 1'000'000'000 /
                                                  static_cast<uint64_t>(options_.rate));
      if (since_ns > now_ns_) {
        wake_ns = since_ns;
        break;
      }
    }
    if (outstanding_ >= options_.outstanding) break;
    if (options_.mix.reads > 0 && random_() % options_.mix.all() < options_.mix.reads) {
      IssueRead(since_ns);
    } else if (!IssueSubmission(since_ns)) {
      End(RunEnd::kRanOut);
      break;
    }
    ++issued_;
    ++outstanding_;
  }
  if (pacer_) pacer_->WakeAt(wake_ns);
}

std::optional<size_t> Driver::NextMessage() {
  if (next_message_ < transactions_.size()) {
    return std::exchange(next_message_, next_message_ + transactions_.per_message());
  }
  if (unspent_.empty()) return std::nullopt;
  const size_t first = unspent_.front();
  unspent_.pop_front();
  return first;
}

bool Driver::IssueSubmission(int64_t since_ns) {
  if (in_message_ == 0) {
    const std::optional<size_t> first = NextMessage();
    if (!first) return false;
    message_ = *first;
  }
  since_ns_[message_ + in_message_] = since_ns;
  if (++in_message_ < transactions_.per_message()) return true;
  in_message_ = 0;
  if (options_.stream) {
    submit_streams_[next_stream_++ % submit_streams_.size()].Send(message_);
  } else {
    OnSent(message_, 1);
    NewCall()->Start(NextStub(), message_, nullptr, since_ns);
  }
  return true;
}

void Driver::IssueRead(int64_t since_ns) {
  if (options_.rate > 0 && measuring_) result_.lag.Record((now_ns_ - since_ns) / 1000);
  NewCall()->Start(NextStub(), std::nullopt, &options_.reads[random_() % options_.reads.size()],
                   since_ns);
}

UnaryCall* Driver::NewCall() {
  if (free_calls_.empty()) return &calls_.emplace_back(this);
  UnaryCall* const call = free_calls_.back();
  free_calls_.pop_back();
  return call;
}

void Driver::OnSent(size_t first, size_t count) {
  for (size_t i = first; i < first + count; ++i) {
    if (options_.rate == 0) {
      since_ns_[i] = now_ns_;
      continue;
    }
    sent_ns_[i] = now_ns_;
    if (measuring_) result_.lag.Record((now_ns_ - since_ns_[i]) / 1000);
  }
}

void Driver::OnAnswer(size_t number, const AnswerRead& answer) {
  if (answer.sequence == 0) return OnRefused(number, VerdictName(answer.verdict));
  --outstanding_;
  ++accepted_shown_;
  result_.sequences_all[number] = answer.sequence;
  if (!measuring_) return;
  ++result_.accepted;
  result_.accepted_rewards += transactions_.rewards(number);
  if (answer.duplicate) ++result_.duplicates;
  result_.accepted_latency.Record((now_ns_ - since_ns_[number]) / 1000);
  if (options_.rate > 0) {
    result_.accepted_since_sent.Record((now_ns_ - sent_ns_[number]) / 1000);
  }
}

void Driver::OnRefused(size_t number, const std::string& verdict) {
  --outstanding_;
  const size_t message = number / transactions_.per_message();
  if (verdict == queue_full_ && ++turned_away_[message] == transactions_.per_message()) {
    turned_away_[message] = 0;
    unspent_.push_back(message * transactions_.per_message());
  }
  if (!measuring_) return;
  ++result_.refused[verdict];
  result_.refused_latency.Record((now_ns_ - since_ns_[number]) / 1000);
}

void Driver::OnReadDone(int64_t since_ns, const std::string& refused) {
  --outstanding_;
  ++reads_shown_;
  if (!measuring_) return;
  if (refused.empty()) {
    ++result_.reads;
  } else {
    ++result_.reads_refused[refused];
  }
  result_.read_latency.Record((now_ns_ - since_ns) / 1000);
}

void Driver::Fail(const absl::Status& status) {
  if (failed() || closing_) return;
  failed_ = status;
  ending_ = true;
  CancelAll();
}

void Driver::CancelAll() {
  for (Stream& stream : submit_streams_) stream.Cancel();
  for (Stream& stream : watches_) stream.Cancel();
  for (UnaryCall& call : calls_) call.Cancel();
}

void Driver::End(RunEnd end) {
  if (ending_) return;
  ending_ = true;
  result_.end = end;
  EndMeasuring();
  // What waits for its message to fill is never sent.
  outstanding_ -= in_message_;
  in_message_ = 0;
}

void Driver::BeginMeasuring() {
  if (options_.on_begin) options_.on_begin();
  begin_ns_ = Nanos(Clock::now());
  measuring_ = true;
}

void Driver::EndMeasuring() {
  if (!measuring_) return;
  measuring_ = false;
  measured_ = true;
  result_.measured_us = (Nanos(Clock::now()) - begin_ns_) / 1000;
  if (options_.on_end) options_.on_end();
}

void Driver::Tick() {
  const auto warm_up = std::chrono::nanoseconds(options_.warm_up).count();
  const auto duration = std::chrono::nanoseconds(options_.duration).count();
  if (!measuring_ && !measured_ && !ending_ && now_ns_ >= start_ns_ + warm_up) BeginMeasuring();
  if (measuring_ && now_ns_ >= begin_ns_ + duration) End(RunEnd::kDuration);
  if (stop_) End(RunEnd::kInterrupted);
  constexpr int64_t kSecond = 1'000'000'000;
  if (now_ns_ < shown_ns_ + kSecond) return;
  const auto per_second = [&](uint64_t count) {
    return static_cast<int64_t>(count) * kSecond / (now_ns_ - shown_ns_);
  };
  uint64_t refused = 0;
  for (const auto& [verdict, count] : result_.refused) refused += count;
  progress_->Say(fmt::format("{} accepted/s, {} reads/s, {} refused, p99 {} us",
                             per_second(accepted_shown_), per_second(reads_shown_), refused,
                             result_.accepted_latency.Percentile(990)));
  progress_->Set(static_cast<size_t>((now_ns_ - start_ns_) / kSecond));
  shown_ns_ = now_ns_;
  accepted_shown_ = 0;
  reads_shown_ = 0;
}

void Driver::Drain() {
  const Clock::time_point deadline = Clock::now() + kDrainTimeout;
  while (outstanding_ > 0 && !failed() && Clock::now() < deadline) HandleOne();
  result_.unanswered_all = outstanding_;
}

void Driver::CloseAll() {
  closing_ = true;
  const bool politely = !failed() && outstanding_ == 0;
  if (politely) {
    for (Stream& stream : submit_streams_) stream.Close();
    for (Stream& stream : watches_) stream.Cancel();
  } else {
    CancelAll();
  }
  const Clock::time_point deadline = Clock::now() + kConnectTimeout;
  const auto ended = [](const Stream& stream) { return stream.ended(); };
  while (!std::all_of(submit_streams_.begin(), submit_streams_.end(), ended) ||
         !std::all_of(watches_.begin(), watches_.end(), ended) ||
         free_calls_.size() < calls_.size()) {
    if (Clock::now() > deadline) CancelAll();
    HandleOne();
  }
}

absl::StatusOr<DriveResult> Driver::Run() {
  absl::Status status = Connect();
  if (status.ok()) status = OpenStreams();
  if (status.ok()) {
    const auto seconds =
        std::chrono::ceil<std::chrono::seconds>(options_.warm_up + options_.duration);
    progress_.emplace("driving", static_cast<size_t>(seconds.count()));
    if (options_.rate > 0) pacer_.emplace(&queue_, static_cast<Event*>(&on_woken_));
    now_ns_ = start_ns_ = shown_ns_ = Nanos(Clock::now());
    while (!ending_) {
      Tick();
      Issue();
      HandleOne();
    }
    if (pacer_) pacer_->Stop();
    EndMeasuring();
    progress_.reset();
    Drain();
  }
  CloseAll();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
  if (!status.ok()) return status;
  if (!failed_.ok()) return failed_;
  return std::move(result_);
}

}  // namespace

absl::StatusOr<DriveResult> Drive(const DriveOptions& options, const Presigned& transactions,
                                  const std::atomic<bool>& stop) {
  return Driver(options, transactions, stop).Run();
}

}  // namespace kengred::bench
