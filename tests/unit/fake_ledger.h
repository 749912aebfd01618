// A fake ledger behind a real gRPC server on a Unix socket in the test's own process. Each test
// tells it how to fail: errors first, answers lost, streams cut, silence, the whole server stopped
// and started again. No test measures time: a deadline either ends a call that would never end, or
// is far away.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kengred/client/client.h"
#include "kengred/core/limits.h"
#include "kengred/core/verdict.h"
#include "kengred/v1/ledger_service.grpc.pb.h"
#include "tests/support/community.h"

namespace kengred::client {

using std::chrono::milliseconds;

// A call that must end does so long before this.
inline constexpr milliseconds kLong{120'000};

inline const testing::Community& TheCommunity() {
  static const auto* const kCommunity = new testing::Community();
  return *kCommunity;
}

// What a server answers when the ledger says no.
inline grpc::Status Refuse(const Refusal& refusal) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  info.set_domain("kengred");
  info.set_reason(VerdictName(refusal.verdict));
  info.mutable_metadata()->insert(refusal.figures.begin(), refusal.figures.end());
  details.set_code(static_cast<int>(StatusCodeOf(refusal.verdict)));
  details.set_message(VerdictSentence(refusal));
  details.add_details()->PackFrom(info);
  return grpc::Status(static_cast<grpc::StatusCode>(details.code()), details.message(),
                      details.SerializeAsString());
}

// A transaction with an id of its own. The fake does not verify it.
inline v1::SubmitTransactionRequest Request(size_t number, size_t bytes = 40) {
  v1::SubmitTransactionRequest request;
  std::string text = "transaction " + std::to_string(number) + " ";
  text.resize(std::max(bytes, text.size()), '.');
  request.mutable_signed_transaction()->set_transaction(text);
  return request;
}

// For a handler that answers nothing more.
inline void WaitForTheEnd(grpc::ServerContext* context) {
  while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
}

// Accepts each transaction once, and fails as it is told.
class FakeLedger : public v1::LedgerService::Service {
 public:
  using Stream =
      grpc::ServerReaderWriter<v1::SubmitTransactionsResponse, v1::SubmitTransactionsRequest>;
  using WatchWriter = grpc::ServerWriter<v1::WatchAccountResponse>;

  // The n-th call (from 1) of a kind; what it returns, where not OK, is the answer.
  std::function<grpc::Status(int call, grpc::ServerContext*)> on_get_ledger;
  std::function<grpc::Status(int call, grpc::ServerContext*)> before_submit;
  std::function<grpc::Status(int call, grpc::ServerContext*)> after_submit;
  std::function<grpc::Status(int call, grpc::ServerContext*, v1::ListBalancesResponse*)>
      on_balances;
  std::function<grpc::Status(int call, grpc::ServerContext*, Stream*)> on_stream;
  std::function<grpc::Status(int call, grpc::ServerContext*, Sequence after, WatchWriter*)>
      on_watch;
  std::string charter = TheCommunity().charter_bytes();

  grpc::Status GetLedger(grpc::ServerContext* context, const v1::GetLedgerRequest*,
                         v1::GetLedgerResponse* response) override {
    const int call = Count(&ledger_calls_);
    if (on_get_ledger) {
      if (grpc::Status status = on_get_ledger(call, context); !status.ok()) return status;
    }
    response->set_ledger_id(TheCommunity().ledger_id().ToBytes());
    response->set_charter(charter);
    return grpc::Status::OK;
  }

  grpc::Status SubmitTransaction(grpc::ServerContext* context,
                                 const v1::SubmitTransactionRequest* request,
                                 v1::SubmitTransactionResponse* response) override {
    const int call = Count(&submit_calls_);
    {
      absl::MutexLock lock(&mutex_);
      received_.push_back(request->SerializeAsString());
    }
    if (before_submit) {
      if (grpc::Status status = before_submit(call, context); !status.ok()) return status;
    }
    *response = Accept(*request);
    return after_submit ? after_submit(call, context) : grpc::Status::OK;
  }

  grpc::Status SubmitTransactions(grpc::ServerContext* context, Stream* stream) override {
    return on_stream(Count(&stream_calls_), context, stream);
  }

  grpc::Status WatchAccount(grpc::ServerContext* context, const v1::WatchAccountRequest* request,
                            WatchWriter* writer) override {
    KeepToken(context);
    return on_watch(Count(&watch_calls_), context, request->after_sequence(), writer);
  }

  grpc::Status ListBalances(grpc::ServerContext* context, const v1::ListBalancesRequest*,
                            v1::ListBalancesResponse* response) override {
    KeepToken(context);
    return on_balances(Count(&balance_calls_), context, response);
  }

  grpc::Status GetAccount(grpc::ServerContext* context, const v1::GetAccountRequest*,
                          v1::GetAccountResponse*) override {
    KeepToken(context);
    return grpc::Status::OK;
  }

  // The answer to a transaction; the first one again when it comes again.
  v1::SubmitTransactionResponse Accept(const v1::SubmitTransactionRequest& request) {
    absl::MutexLock lock(&mutex_);
    const std::string bytes = request.SerializeAsString();
    v1::SubmitTransactionResponse response;
    response.set_duplicate(sequences_.contains(bytes));
    const auto [entry, fresh] = sequences_.emplace(bytes, sequences_.size() + 1);
    response.set_sequence(entry->second);
    return response;
  }

  // Answers `results` transactions of a stream, then gives up; all of them where there are fewer.
  bool AnswerSome(Stream* stream, size_t results) {
    v1::SubmitTransactionsRequest message;
    while (results > 0 && stream->Read(&message)) {
      v1::SubmitTransactionsResponse response;
      for (const auto& request : message.requests()) {
        if (results == 0) break;
        --results;
        *response.add_results()->mutable_accepted() = Accept(request);
      }
      stream->Write(response);
    }
    return results > 0;
  }

  size_t accepted() const {
    absl::MutexLock lock(&mutex_);
    return sequences_.size();
  }
  std::vector<std::string> received() const {
    absl::MutexLock lock(&mutex_);
    return received_;
  }
  std::vector<std::string> tokens() const {
    absl::MutexLock lock(&mutex_);
    return tokens_;
  }
  int submit_calls() const { return Read(&submit_calls_); }
  int stream_calls() const { return Read(&stream_calls_); }
  int watch_calls() const { return Read(&watch_calls_); }
  int balance_calls() const { return Read(&balance_calls_); }

 private:
  int Count(int* calls) {
    absl::MutexLock lock(&mutex_);
    return ++*calls;
  }
  int Read(const int* calls) const {
    absl::MutexLock lock(&mutex_);
    return *calls;
  }
  void KeepToken(grpc::ServerContext* context) {
    const auto found = context->client_metadata().find("authorization");
    absl::MutexLock lock(&mutex_);
    tokens_.push_back(found == context->client_metadata().end()
                          ? ""
                          : std::string(found->second.data(), found->second.size()));
  }

  mutable absl::Mutex mutex_;
  std::map<std::string, Sequence> sequences_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> received_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> tokens_ ABSL_GUARDED_BY(mutex_);
  int ledger_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int submit_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int stream_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int watch_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int balance_calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A fake ledger, and options that lead to it.
class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "kengred-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    options_.target = "unix:" + folder_ + "/server";
    options_.timeout = kLong;
    options_.connect_timeout = kLong;
    options_.retry_pause = milliseconds(1);
    Start();
  }
  void TearDown() override {
    Stop();
    std::filesystem::remove_all(folder_);
  }

  void Start() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options_.target, grpc::InsecureServerCredentials());
    builder.SetMaxReceiveMessageSize(2 * static_cast<int>(kMessageBytesMax));
    builder.SetMaxSendMessageSize(2 * static_cast<int>(kMessageBytesMax));
    builder.RegisterService(&fake_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }
  // Cuts every connection.
  void Stop() {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

  Client Connect() {
    auto client = Client::Connect(options_);
    EXPECT_TRUE(client.ok()) << client.status();
    return *std::move(client);
  }
  static Reader Alice() {
    const testing::Holder& alice = TheCommunity().holder("alice");
    // Not owned: it lives as long as the community, for ever.
    return Reader(std::shared_ptr<const SecretKey>(&alice.keys[0], [](const SecretKey*) {}),
                  alice.account_id);
  }

  std::string folder_;
  ClientOptions options_;
  FakeLedger fake_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace kengred::client
