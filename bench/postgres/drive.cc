#include "bench/postgres/drive.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "bench/machine.h"
#include "bench/postgres/database.h"
#include "bench/postgres/server_use.h"

namespace kengred::bench::postgres {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kDeadlock[] = "40P01";
constexpr char kUniqueViolation[] = "23505";
constexpr int kBinary = 1;
constexpr int kWaitMilliseconds = 100;
constexpr size_t kEventsMax = 64;

int64_t MicrosBetween(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration_cast<std::chrono::microseconds>(to - from).count();
}

enum class Phase { kWarmUp, kMeasured, kStopping };

// What a call asks, kept until it is answered, as it may have to be asked again.
struct Call {
  std::vector<Transfer> transfers;
  Clock::time_point start;
  bool answered = false;  // its rows or its error have come, but not yet the end
  bool repeat = false;
};

struct Client {
  Connection connection;
  std::deque<Call> calls;  // sent, the oldest first
  bool flushing = false;   // some of it waits for the socket
};

// A thread with its connections.
class Worker {
 public:
  Worker(const DriveOptions& options, const std::atomic<Phase>& phase, Gateway* gateway,
         TransferSource* source)
      : options_(options), phase_(phase), gateway_(gateway), source_(source) {}
  ~Worker() {
    if (epoll_ >= 0) close(epoll_);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  absl::Status Open(size_t clients);
  // Until the phase is kStopping and all is answered.
  void Run() { status_ = Loop(); }

  const absl::Status& status() const { return status_; }
  const DriveResult& result() const { return result_; }
  const std::vector<int64_t>& latencies_us() const { return latencies_us_; }

 private:
  absl::Status Loop();
  absl::Status Fill(Client* client);
  absl::Status Send(Client* client, const Call& call);
  absl::Status Flush(Client* client);
  absl::Status Receive(Client* client);
  absl::Status Read(const PGresult* result, const PGconn* connection, Call* call);
  void Count(PgVerdict verdict);

  const DriveOptions& options_;
  const std::atomic<Phase>& phase_;
  Gateway* const gateway_;
  TransferSource* const source_;
  int epoll_ = -1;
  std::vector<Client> clients_;
  size_t outstanding_ = 0;
  DriveResult result_;
  std::vector<int64_t> latencies_us_;
  absl::Status status_;
};

absl::Status Worker::Open(size_t clients) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return absl::UnavailableError("epoll_create1 failed");
  for (size_t i = 0; i < clients; ++i) {
    auto connection = ConnectForTransfers();
    if (!connection.ok()) return connection.status();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, PQsocket(connection->get()), &event) != 0) {
      return absl::UnavailableError("epoll_ctl failed");
    }
    clients_.push_back({*std::move(connection), {}, false});
  }
  return absl::OkStatus();
}

absl::Status Worker::Loop() {
  for (Client& client : clients_) {
    const absl::Status status = Fill(&client);
    if (!status.ok()) return status;
  }
  std::array<epoll_event, kEventsMax> events{};
  while (outstanding_ > 0) {
    const int ready = epoll_wait(epoll_, events.data(), kEventsMax, kWaitMilliseconds);
    for (int i = 0; i < ready; ++i) {
      Client* client = &clients_[events[static_cast<size_t>(i)].data.u64];
      absl::Status status = Receive(client);
      if (status.ok()) status = Fill(client);
      if (status.ok()) status = Flush(client);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status Worker::Fill(Client* client) {
  while (client->calls.size() < options_.pipeline && phase_.load() != Phase::kStopping) {
    Call call;
    call.start = Clock::now();
    call.transfers.reserve(options_.batch);
    for (size_t i = 0; i < options_.batch; ++i) {
      if (gateway_ == nullptr) {
        call.transfers.push_back(source_->Next());
        continue;
      }
      const auto verified = gateway_->VerifyNext();
      if (!verified) return absl::ResourceExhaustedError("too few transactions were signed");
      call.transfers.push_back(*verified);
    }
    const absl::Status status = Send(client, call);
    if (!status.ok()) return status;
    client->calls.push_back(std::move(call));
    ++outstanding_;
  }
  return absl::OkStatus();
}

absl::Status Worker::Send(Client* client, const Call& call) {
  std::array<std::string, 4> parameters;
  const bool single = options_.batch == 1;
  if (single) {
    const Transfer& transfer = call.transfers.front();
    parameters = {std::string(transfer.key.begin(), transfer.key.end()),
                  EncodeBigint(transfer.payer), EncodeBigint(transfer.payee),
                  EncodeBigint(transfer.amount)};
  } else {
    parameters = {EncodeKeys(call.transfers), EncodeBigints(call.transfers, &Transfer::payer),
                  EncodeBigints(call.transfers, &Transfer::payee),
                  EncodeBigints(call.transfers, &Transfer::amount)};
  }
  std::array<const char*, 4> values{};
  std::array<int, 4> lengths{};
  constexpr std::array<int, 4> kFormats = {kBinary, kBinary, kBinary, kBinary};
  for (size_t i = 0; i < parameters.size(); ++i) {
    values[i] = parameters[i].data();
    lengths[i] = static_cast<int>(parameters[i].size());
  }
  PGconn* connection = client->connection.get();
  // The sync after each call ends its transaction.
  if (PQsendQueryPrepared(connection, single ? kTransferStatement : kBatchStatement,
                          static_cast<int>(values.size()), values.data(), lengths.data(),
                          kFormats.data(), kBinary) != 1 ||
      PQpipelineSync(connection) != 1) {
    return ErrorOf(connection);
  }
  return Flush(client);
}

absl::Status Worker::Flush(Client* client) {
  const int left = PQflush(client->connection.get());
  if (left < 0) return ErrorOf(client->connection.get());
  if ((left == 1) == client->flushing) return absl::OkStatus();
  client->flushing = left == 1;
  epoll_event event{};
  event.events = client->flushing ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = static_cast<uint64_t>(client - clients_.data());
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, PQsocket(client->connection.get()), &event) != 0) {
    return absl::UnavailableError("epoll_ctl failed");
  }
  return absl::OkStatus();
}

absl::Status Worker::Receive(Client* client) {
  PGconn* connection = client->connection.get();
  if (PQconsumeInput(connection) != 1) return ErrorOf(connection);
  while (!client->calls.empty() && PQisBusy(connection) == 0) {
    const Result result(PQgetResult(connection));
    if (!result) continue;  // the end of one statement's results; the sync follows
    Call& call = client->calls.front();
    if (PQresultStatus(result.get()) != PGRES_PIPELINE_SYNC) {
      const absl::Status status = Read(result.get(), connection, &call);
      if (!status.ok()) return status;
      continue;
    }
    if (!call.answered) return absl::UnavailableError("a call was not answered");
    if (call.repeat) {
      call.repeat = false;
      call.answered = false;
      ++result_.repeated;
      const absl::Status status = Send(client, call);
      if (!status.ok()) return status;
      client->calls.push_back(std::move(call));
    } else {
      if (phase_.load() == Phase::kMeasured) {
        latencies_us_.push_back(MicrosBetween(call.start, Clock::now()));
      }
      --outstanding_;
    }
    client->calls.pop_front();
  }
  return absl::OkStatus();
}

absl::Status Worker::Read(const PGresult* result, const PGconn* connection, Call* call) {
  call->answered = true;
  if (PQresultStatus(result) != PGRES_TUPLES_OK) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state != nullptr && std::strcmp(state, kDeadlock) == 0) {
      call->repeat = true;
      return absl::OkStatus();
    }
    if (state != nullptr && std::strcmp(state, kUniqueViolation) == 0 && options_.batch == 1) {
      Count(PgVerdict::kDuplicate);
      return absl::OkStatus();
    }
    return ErrorOf(connection);
  }
  const std::string_view value(PQgetvalue(result, 0, 0),
                               static_cast<size_t>(PQgetlength(result, 0, 0)));
  std::vector<int16_t> verdicts;
  if (options_.batch == 1) {
    const auto verdict = DecodeSmallint(value);
    if (verdict) verdicts.push_back(*verdict);
  } else {
    verdicts = DecodeSmallints(value).value_or(verdicts);
  }
  if (verdicts.size() != call->transfers.size()) {
    return absl::UnavailableError("an answer of PostgreSQL has another size than the call");
  }
  for (const int16_t verdict : verdicts) Count(static_cast<PgVerdict>(verdict));
  return absl::OkStatus();
}

void Worker::Count(PgVerdict verdict) {
  const bool measured = phase_.load() == Phase::kMeasured;
  switch (verdict) {
    case PgVerdict::kAccepted:
      ++result_.accepted_in_all;
      if (measured) ++result_.accepted;
      return;
    case PgVerdict::kRefused:
      if (measured) ++result_.refused;
      return;
    case PgVerdict::kDuplicate:
      if (measured) ++result_.duplicates;
      return;
  }
}

// What was used up to now.
struct Use {
  Clock::time_point time = Clock::now();
  int64_t client_us = OwnCpuUs();
  int64_t server_us = 0;
  int64_t busy_us = MachineBusyUs();

  explicit Use(int64_t server_pid) : server_us(server_pid == 0 ? 0 : FamilyCpuUs(server_pid)) {}
};

}  // namespace

absl::StatusOr<DriveResult> Drive(const DriveOptions& options, Gateway* gateway,
                                  std::vector<TransferSource>* sources) {
  std::atomic<Phase> phase{Phase::kWarmUp};
  std::deque<Worker> workers;
  for (size_t i = 0; i < options.threads; ++i) {
    Worker& worker = workers.emplace_back(options, phase, gateway,
                                          gateway == nullptr ? &(*sources)[i] : nullptr);
    const size_t clients =
        options.clients / options.threads + (i < options.clients % options.threads ? 1 : 0);
    const absl::Status status = worker.Open(clients);
    if (!status.ok()) return status;
  }
  std::vector<std::thread> threads;
  for (Worker& worker : workers) threads.emplace_back(&Worker::Run, &worker);
  std::this_thread::sleep_for(std::chrono::seconds(options.warm_up_seconds));
  const Use before(options.postmaster_pid);
  phase = Phase::kMeasured;
  std::this_thread::sleep_for(std::chrono::seconds(options.duration_seconds));
  phase = Phase::kStopping;
  const Use after(options.postmaster_pid);
  for (std::thread& thread : threads) thread.join();

  DriveResult result;
  for (const Worker& worker : workers) {
    if (!worker.status().ok()) return worker.status();
    const DriveResult& part = worker.result();
    result.accepted += part.accepted;
    result.refused += part.refused;
    result.duplicates += part.duplicates;
    result.accepted_in_all += part.accepted_in_all;
    result.repeated += part.repeated;
    for (const int64_t us : worker.latencies_us()) result.latency.Record(us);
  }
  result.duration_us = MicrosBetween(before.time, after.time);
  result.client_cpu_us = after.client_us - before.client_us;
  result.server_cpu_us = after.server_us - before.server_us;
  result.busy_us = after.busy_us - before.busy_us;
  return result;
}

}  // namespace kengred::bench::postgres
