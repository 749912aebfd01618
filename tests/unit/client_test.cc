// Goal: the client library never loses, doubles or reorders anything when the network or the server
// fails, and says clearly what happened.
// Method: a fake ledger behind a real gRPC server on a Unix socket in this process. Each test tells
// the fake how to fail (errors first, answers lost, streams cut, silence, the whole server stopped
// and started again) and then checks what the client told its caller and which bytes the server
// saw. No test measures time: a deadline either ends a call that would never end, or is far away.
#include "kengred/client/client.h"

#include <absl/synchronization/mutex.h>
#include <absl/synchronization/notification.h>
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kengred/client/channel.h"
#include "kengred/client/retry.h"
#include "kengred/client/status.h"
#include "kengred/core/limits.h"
#include "kengred/core/token.h"
#include "kengred/v1/ledger_service.grpc.pb.h"
#include "tests/support/community.h"
#include "tests/support/shared_files.h"

namespace kengred::client {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A call that must end does so long before this.
constexpr milliseconds kLong{120'000};

const testing::Community& TheCommunity() {
  static const auto* const kCommunity = new testing::Community();
  return *kCommunity;
}

// What a server answers when the ledger says no.
grpc::Status Refuse(const Refusal& refusal) {
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
v1::SubmitTransactionRequest Request(size_t number, size_t bytes = 40) {
  v1::SubmitTransactionRequest request;
  std::string text = "transaction " + std::to_string(number) + " ";
  text.resize(std::max(bytes, text.size()), '.');
  request.mutable_signed_transaction()->set_transaction(text);
  return request;
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

// ---- connecting ----

TEST_F(ClientTest, ConnectKnowsItsLedger) {
  options_.ledger_id = TheCommunity().ledger_id();
  Client client = Connect();
  EXPECT_EQ(client.ledger_id(), TheCommunity().ledger_id());
  EXPECT_EQ(client.charter().name(), TheCommunity().charter().name());
  Client moved = std::move(client);
  EXPECT_EQ(moved.ledger_id(), TheCommunity().ledger_id());
}

TEST_F(ClientTest, ConnectRefusesAnotherLedger) {
  options_.ledger_id = testing::Community(2).ledger_id();
  const auto client = Client::Connect(options_);
  EXPECT_EQ(client.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(client.status().message()),
              HasSubstr(TheCommunity().ledger_id().ToHex()));
}

TEST_F(ClientTest, ConnectRefusesACharterThatIsNotTheLedgers) {
  fake_.charter = testing::Community(2).charter_bytes();
  EXPECT_EQ(Client::Connect(options_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ClientTest, ConnectNamesTheTargetThatIsNotThere) {
  Stop();
  options_.connect_timeout = milliseconds(50);
  const auto client = Client::Connect(options_);
  EXPECT_EQ(client.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(client.status().message()), HasSubstr(options_.target));
  EXPECT_THAT(std::string(client.status().message()), HasSubstr("Is the server running there?"));
  EXPECT_EQ(RefusalOf(client.status()), std::nullopt);
}

TEST_F(ClientTest, ConnectWaitsForAServerThatStarts) {
  Stop();
  std::thread later([this] {
    absl::SleepFor(absl::Milliseconds(200));
    Start();
  });
  const auto client = Client::Connect(options_);
  later.join();
  EXPECT_TRUE(client.ok()) << client.status();
}

TEST_F(ClientTest, ConnectRefusesContradictions) {
  const auto code = [this](const std::function<void(ClientOptions*)>& edit) {
    ClientOptions options = options_;
    edit(&options);
    return Client::Connect(options).status().code();
  };
  EXPECT_EQ(code([](ClientOptions* o) { o->target = ""; }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](ClientOptions* o) { o->client_key_pem = "key"; }),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](ClientOptions* o) { o->root_certificates_pem = "pem"; }),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](ClientOptions* o) { o->target = "ledger.example:4365"; }),
            absl::StatusCode::kInvalidArgument);
}

TEST(TargetTest, GetsTheDefaultPort) {
  EXPECT_EQ(CompleteTarget("localhost"), "localhost:4365");
  EXPECT_EQ(CompleteTarget("localhost:1"), "localhost:1");
  EXPECT_EQ(CompleteTarget("::1"), "[::1]:4365");
  EXPECT_EQ(CompleteTarget("[::1]"), "[::1]:4365");
  EXPECT_EQ(CompleteTarget("[::1]:1"), "[::1]:1");
  EXPECT_EQ(CompleteTarget("unix:/run/x"), "unix:/run/x");
  EXPECT_EQ(CompleteTarget(""), "");
}

TEST(TargetTest, KnowsThisMachine) {
  for (const char* near : {"localhost:1", "127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "unix:/run/x"}) {
    EXPECT_TRUE(IsOnThisMachine(near)) << near;
  }
  for (const char* far : {"example.org:1", "10.0.0.1:1", "127.0.0.1.example.org:1", "[::2]:1",
                          "localhost.example.org:1"}) {
    EXPECT_FALSE(IsOnThisMachine(far)) << far;
  }
}

// ---- one call ----

TEST_F(ClientTest, SubmitSendsTheSameBytesUntilTheyAreTaken) {
  fake_.before_submit = [](int call, grpc::ServerContext*) {
    if (call == 1) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down");
    if (call == 2) return Refuse({v1::VERDICT_STOPPING, {}});
    if (call == 3) return Refuse({v1::VERDICT_QUEUE_FULL, {}});
    if (call == 4) return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "quota");
    return grpc::Status::OK;
  };
  Client client = Connect();
  const auto response = client.Submit(Request(7));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->sequence(), 1u);
  const std::string bytes = Request(7).SerializeAsString();
  EXPECT_THAT(fake_.received(), ElementsAre(bytes, bytes, bytes, bytes, bytes));
}

TEST_F(ClientTest, SubmitAsksAgainWhenTheAnswerWasLost) {
  fake_.after_submit = [](int call, grpc::ServerContext* context) {
    if (call == 1) context->TryCancel();
    return grpc::Status::OK;
  };
  Client client = Connect();
  const auto response = client.Submit(Request(1));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->duplicate());
  EXPECT_EQ(fake_.submit_calls(), 2);
  EXPECT_EQ(fake_.accepted(), 1u);
}

TEST_F(ClientTest, SubmitSurvivesARestartOfTheServer) {
  absl::Notification arrived;
  fake_.after_submit = [&arrived](int call, grpc::ServerContext* context) {
    if (call > 1) return grpc::Status::OK;
    arrived.Notify();
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
    return grpc::Status::OK;
  };
  Client client = Connect();
  std::thread restart([&] {
    arrived.WaitForNotification();
    Stop();
    Start();
  });
  const auto response = client.Submit(Request(1));
  restart.join();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->duplicate());
}

TEST_F(ClientTest, ARefusalByARuleIsFinalAndHasItsFigures) {
  const Refusal refusal{v1::VERDICT_INSUFFICIENT_BALANCE,
                        {{"needed", "1250"}, {"available", "300"}}};
  fake_.before_submit = [&refusal](int, grpc::ServerContext*) { return Refuse(refusal); };
  Client client = Connect();
  const auto response = client.Submit(Request(1));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(response.status().message()), VerdictSentence(refusal));
  const auto found = RefusalOf(response.status());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->verdict, refusal.verdict);
  EXPECT_EQ(found->figures, refusal.figures);
  EXPECT_EQ(fake_.submit_calls(), 1);
}

TEST_F(ClientTest, ARefusalWithAVerdictOfTheFutureIsStillARefusal) {
  fake_.before_submit = [](int, grpc::ServerContext*) {
    google::rpc::ErrorInfo info;
    info.set_domain("kengred");
    info.set_reason("MOON_IN_THE_WRONG_PHASE");
    google::rpc::Status details;
    details.add_details()->PackFrom(info);
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "Wait for the moon.",
                        details.SerializeAsString());
  };
  Client client = Connect();
  const auto response = client.Submit(Request(1));
  ASSERT_TRUE(RefusalOf(response.status()));
  EXPECT_EQ(RefusalOf(response.status())->verdict, v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(std::string(response.status().message()), "Wait for the moon.");
}

TEST_F(ClientTest, DetailsOfOtherSystemsAreNoRefusal) {
  google::rpc::ErrorInfo info;
  info.set_domain("googleapis.com");
  info.set_reason("EXPIRED");
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  for (const std::string& bytes : {details.SerializeAsString(), std::string("\xff garbage")}) {
    const absl::Status status =
        ToStatus(grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "no", bytes), "host:1", false);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(RefusalOf(status), std::nullopt);
  }
}

TEST_F(ClientTest, TheDeadlineEndsRetriesWithTheLastError) {
  fake_.before_submit = [](int, grpc::ServerContext*) {
    return Refuse({v1::VERDICT_STORAGE_STOPPED, {}});
  };
  options_.timeout = milliseconds(100);
  Client client = Connect();
  const auto response = client.Submit(Request(1));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(RefusalOf(response.status()));
  EXPECT_EQ(RefusalOf(response.status())->verdict, v1::VERDICT_STORAGE_STOPPED);
  EXPECT_GT(fake_.submit_calls(), 1);
}

TEST_F(ClientTest, TheDeadlineEndsACallThatHangs) {
  fake_.before_submit = [](int, grpc::ServerContext* context) {
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
    return grpc::Status::CANCELLED;
  };
  options_.timeout = milliseconds(100);
  Client client = Connect();
  const auto response = client.Submit(Request(1));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("may or may not"));
}

TEST_F(ClientTest, ARequestThatFitsNoMessageIsNotSent) {
  Client client = Connect();
  EXPECT_EQ(client.Submit(Request(1, kMessageBytesMax)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(fake_.submit_calls(), 0);
}

TEST_F(ClientTest, AnAnswerThatIsTooLargeIsNotAskedForAgain) {
  fake_.on_balances = [](int, grpc::ServerContext*, v1::ListBalancesResponse* response) {
    response->add_balances()->set_currency(std::string(kMessageBytesMax + 1, 'X'));
    return grpc::Status::OK;
  };
  Client client = Connect();
  const auto response = client.ListBalances(Alice(), Alice().account());
  EXPECT_EQ(response.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("too large"));
  EXPECT_EQ(fake_.balance_calls(), 1);
}

TEST_F(ClientTest, AServerThatKnowsNoSuchCallIsNamed) {
  Client client = Connect();
  const auto response = client.LookupAlias("biocoop");
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr(options_.target));
}

// ---- tokens ----

TEST_F(ClientTest, PrivateReadsCarryATokenOfTheReader) {
  fake_.on_balances = [](int, grpc::ServerContext*, v1::ListBalancesResponse*) {
    return grpc::Status::OK;
  };
  Client client = Connect();
  ASSERT_TRUE(client.ListBalances(Alice(), Alice().account()).ok());
  ASSERT_TRUE(client.ListBalances(Alice(), Alice().account()).ok());
  ASSERT_TRUE(client.GetAccount(Alice().account()).ok());
  const auto tokens = fake_.tokens();
  ASSERT_EQ(tokens.size(), 3u);
  EXPECT_EQ(tokens[0], tokens[1]) << "a token is good for several calls";
  EXPECT_EQ(tokens[2], "") << "a public read says nothing about the reader";
  ASSERT_EQ(tokens[0].substr(0, 7), "Bearer ");
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  const auto holder =
      VerifyToken(std::string_view(tokens[0]).substr(7), "heol", TheCommunity().ledger_id(), now);
  ASSERT_TRUE(std::holds_alternative<TokenHolder>(holder));
  EXPECT_EQ(std::get<TokenHolder>(holder).account_id, Alice().account());
  EXPECT_EQ(std::get<TokenHolder>(holder).public_key, Alice().key().public_key());
}

TEST_F(ClientTest, EveryReaderHasATokenOfTheirOwn) {
  fake_.on_balances = [](int, grpc::ServerContext*, v1::ListBalancesResponse*) {
    return grpc::Status::OK;
  };
  Client client = Connect();
  const testing::Holder& shop = TheCommunity().holder("biocoop");
  const auto till = [&shop](size_t key) {
    return Reader(std::shared_ptr<const SecretKey>(&shop.keys[key], [](const SecretKey*) {}),
                  shop.account_id);
  };
  for (const Reader& reader : {Alice(), till(0), till(1)}) {
    ASSERT_TRUE(client.ListBalances(reader, reader.account()).ok());
  }
  const auto tokens = fake_.tokens();
  EXPECT_EQ(std::set<std::string>(tokens.begin(), tokens.end()).size(), 3u);
}

// ---- watching ----

v1::WatchAccountResponse Item(Sequence sequence) {
  v1::WatchAccountResponse response;
  response.mutable_item()->set_sequence(sequence);
  response.set_sequence(sequence);
  return response;
}

v1::WatchAccountResponse KeepAlive(Sequence sequence) {
  v1::WatchAccountResponse response;
  response.set_sequence(sequence);
  return response;
}

void WaitForTheEnd(grpc::ServerContext* context) {
  while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
}

TEST_F(ClientTest, AWatchResumesAfterWhatItHasHandedOut) {
  std::vector<Sequence> resumed_after;
  // Three entries to a connection; every connection ends in another way.
  fake_.on_watch = [&](int call, grpc::ServerContext* context, Sequence after,
                       FakeLedger::WatchWriter* writer) {
    resumed_after.push_back(after);
    for (Sequence sequence = after + 1; sequence <= after + 3; ++sequence) {
      writer->Write(Item(sequence));
    }
    if (call == 1) return grpc::Status::OK;
    if (call == 2) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "bye");
    if (call == 3) return Refuse({v1::VERDICT_STOPPING, {}});
    WaitForTheEnd(context);
    return grpc::Status::CANCELLED;
  };
  Client client = Connect();
  const Reader alice = Alice();
  auto watch = client.WatchAccount(alice, alice.account(), 100);
  ASSERT_TRUE(watch.ok()) << watch.status();
  for (Sequence expected = 101; expected <= 112; ++expected) {
    const auto item = (*watch)->Next(kLong);
    ASSERT_TRUE(item.ok()) << item.status();
    EXPECT_EQ(item->sequence(), expected);
    EXPECT_EQ((*watch)->sequence(), expected);
  }
  watch->reset();
  Stop();  // joins the fake's threads
  EXPECT_THAT(resumed_after, ElementsAre(100, 103, 106, 109));
}

TEST_F(ClientTest, AWatchSurvivesARestartOfTheServer) {
  fake_.on_watch = [](int, grpc::ServerContext* context, Sequence after,
                      FakeLedger::WatchWriter* writer) {
    writer->Write(Item(after + 1));
    WaitForTheEnd(context);
    return grpc::Status::CANCELLED;
  };
  Client client = Connect();
  const Reader alice = Alice();
  auto watch = client.WatchAccount(alice, alice.account(), 0);
  ASSERT_TRUE(watch.ok()) << watch.status();
  for (Sequence expected = 1; expected <= 3; ++expected) {
    const auto item = (*watch)->Next(kLong);
    ASSERT_TRUE(item.ok()) << item.status();
    EXPECT_EQ(item->sequence(), expected);
    Stop();
    const auto nothing = (*watch)->Next(milliseconds(20));
    EXPECT_EQ(nothing.status().code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_THAT(std::string(nothing.status().message()), HasSubstr("not connected"));
    Start();
  }
}

TEST_F(ClientTest, AWatchHandsOutNothingTwice) {
  fake_.on_watch = [](int call, grpc::ServerContext* context, Sequence,
                      FakeLedger::WatchWriter* writer) {
    // A server that ignores where the watch resumes.
    for (Sequence sequence = 1; sequence <= (call == 1 ? 2u : 4u); ++sequence) {
      writer->Write(Item(sequence));
    }
    if (call > 1) WaitForTheEnd(context);
    return grpc::Status::OK;
  };
  Client client = Connect();
  const Reader alice = Alice();
  auto watch = client.WatchAccount(alice, alice.account(), 0);
  ASSERT_TRUE(watch.ok()) << watch.status();
  for (Sequence expected = 1; expected <= 4; ++expected) {
    const auto item = (*watch)->Next(kLong);
    ASSERT_TRUE(item.ok()) << item.status();
    EXPECT_EQ(item->sequence(), expected);
  }
}

TEST_F(ClientTest, AKeepAliveMovesWhereAWatchResumes) {
  std::vector<Sequence> resumed_after;
  fake_.on_watch = [&](int call, grpc::ServerContext* context, Sequence after,
                       FakeLedger::WatchWriter* writer) {
    resumed_after.push_back(after);
    writer->Write(KeepAlive(call == 1 ? 40 : after));
    if (call == 1) return grpc::Status::OK;
    WaitForTheEnd(context);
    return grpc::Status::CANCELLED;
  };
  Client client = Connect();
  const Reader alice = Alice();
  auto watch = client.WatchAccount(alice, alice.account(), 7);
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_EQ((*watch)->sequence(), 40u);
  while (fake_.watch_calls() < 2) {
    EXPECT_EQ((*watch)->Next(milliseconds(5)).status().code(), absl::StatusCode::kDeadlineExceeded);
  }
  watch->reset();
  Stop();
  EXPECT_THAT(resumed_after, ElementsAre(7, 40));
}

TEST_F(ClientTest, ASilentWatchConnectsAgain) {
  fake_.on_watch = [](int call, grpc::ServerContext* context, Sequence after,
                      FakeLedger::WatchWriter* writer) {
    writer->Write(call < 3 ? KeepAlive(after) : Item(after + 1));
    WaitForTheEnd(context);
    return grpc::Status::CANCELLED;
  };
  options_.watch_silence = milliseconds(30);
  Client client = Connect();
  const Reader alice = Alice();
  auto watch = client.WatchAccount(alice, alice.account(), 5);
  ASSERT_TRUE(watch.ok()) << watch.status();
  const auto item = (*watch)->Next(kLong);
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->sequence(), 6u);
  EXPECT_EQ(fake_.watch_calls(), 3);
}

TEST_F(ClientTest, AWatchThatIsRefusedSaysSoAtOnce) {
  fake_.on_watch = [](int, grpc::ServerContext*, Sequence, FakeLedger::WatchWriter*) {
    return Refuse({v1::VERDICT_READ_NOT_ALLOWED, {}});
  };
  Client client = Connect();
  const Reader alice = Alice();
  const auto watch = client.WatchAccount(alice, TheCommunity().account("bruno"), 0);
  EXPECT_EQ(watch.status().code(), absl::StatusCode::kPermissionDenied);
  ASSERT_TRUE(RefusalOf(watch.status()));
  EXPECT_EQ(RefusalOf(watch.status())->verdict, v1::VERDICT_READ_NOT_ALLOWED);
  EXPECT_EQ(fake_.watch_calls(), 1);
}

TEST_F(ClientTest, ARefusalEndsAWatchForGood) {
  fake_.on_watch = [](int, grpc::ServerContext*, Sequence after, FakeLedger::WatchWriter* writer) {
    writer->Write(Item(after + 1));
    return Refuse({v1::VERDICT_TOKEN_EXPIRED, {}});
  };
  Client client = Connect();
  const Reader alice = Alice();
  auto watch = client.WatchAccount(alice, alice.account(), 0);
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_TRUE((*watch)->Next(kLong).ok());
  EXPECT_EQ((*watch)->Next(kLong).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ((*watch)->Next(kLong).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(fake_.watch_calls(), 1);
}

TEST_F(ClientTest, AWatchIsCancelledFromAnotherThread) {
  fake_.on_watch = [](int, grpc::ServerContext* context, Sequence after,
                      FakeLedger::WatchWriter* writer) {
    writer->Write(KeepAlive(after));
    WaitForTheEnd(context);
    return grpc::Status::CANCELLED;
  };
  Client client = Connect();
  const Reader alice = Alice();
  auto watch = client.WatchAccount(alice, alice.account(), 0);
  ASSERT_TRUE(watch.ok()) << watch.status();
  std::thread other([&watch] {
    absl::SleepFor(absl::Milliseconds(20));
    (*watch)->Cancel();
  });
  EXPECT_EQ((*watch)->Next(kLong).status().code(), absl::StatusCode::kCancelled);
  other.join();
  EXPECT_EQ((*watch)->Next(kLong).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(ClientTest, AWatchIsCancelledWhileTheServerIsAway) {
  fake_.on_watch = [](int, grpc::ServerContext*, Sequence after, FakeLedger::WatchWriter* writer) {
    writer->Write(KeepAlive(after));
    return grpc::Status::OK;
  };
  options_.retry_pause = milliseconds(2'000);
  Client client = Connect();
  const Reader alice = Alice();
  auto watch = client.WatchAccount(alice, alice.account(), 0);
  ASSERT_TRUE(watch.ok()) << watch.status();
  Stop();
  std::thread other([&watch] {
    absl::SleepFor(absl::Milliseconds(20));
    (*watch)->Cancel();
  });
  EXPECT_EQ((*watch)->Next(kLong).status().code(), absl::StatusCode::kCancelled);
  other.join();
}

TEST_F(ClientTest, AWatchOutlivesItsClient) {
  fake_.on_watch = [](int, grpc::ServerContext* context, Sequence after,
                      FakeLedger::WatchWriter* writer) {
    writer->Write(Item(after + 1));
    writer->Write(Item(after + 2));
    WaitForTheEnd(context);
    return grpc::Status::CANCELLED;
  };
  const Reader alice = Alice();
  absl::StatusOr<std::unique_ptr<Watch>> watch = absl::UnknownError("not opened");
  {
    Client client = Connect();
    watch = client.WatchAccount(alice, alice.account(), 0);
  }
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_TRUE((*watch)->Next(kLong).ok());
  EXPECT_TRUE((*watch)->Next(kLong).ok());
}

// ---- many submissions ----

std::vector<v1::SubmitTransactionRequest> Requests(size_t count, size_t bytes = 40) {
  std::vector<v1::SubmitTransactionRequest> requests;
  for (size_t i = 0; i < count; ++i) requests.push_back(Request(i, bytes));
  return requests;
}

// Checks that every result comes once and in order.
class InOrder {
 public:
  std::function<void(size_t, const v1::SubmitResult&)> callback() {
    return [this](size_t index, const v1::SubmitResult& result) {
      EXPECT_EQ(index, results_.size());
      results_.push_back(result);
    };
  }
  const std::vector<v1::SubmitResult>& results() const { return results_; }

 private:
  std::vector<v1::SubmitResult> results_;
};

TEST_F(ClientTest, SubmitAllAnswersEachInOrder) {
  fake_.on_stream = [this](int, grpc::ServerContext*, FakeLedger::Stream* stream) {
    fake_.AnswerSome(stream, SIZE_MAX);
    return grpc::Status::OK;
  };
  Client client = Connect();
  const auto requests = Requests(1000);
  InOrder in_order;
  EXPECT_TRUE(client.SubmitAll(requests, in_order.callback(), 7, 3).ok());
  ASSERT_EQ(in_order.results().size(), requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(in_order.results()[i].accepted().sequence(), i + 1);
    EXPECT_FALSE(in_order.results()[i].accepted().duplicate());
  }
  EXPECT_EQ(fake_.stream_calls(), 1);
}

TEST_F(ClientTest, SubmitAllOfNothingDoesNothing) {
  Client client = Connect();
  EXPECT_TRUE(client.SubmitAll({}, [](size_t, const v1::SubmitResult&) { FAIL(); }).ok());
  EXPECT_EQ(fake_.stream_calls(), 0);
}

TEST_F(ClientTest, SubmitAllResumesAfterTheConnectionDrops) {
  // Each connection answers some, in pieces that do not match the messages, and ends in another
  // way.
  fake_.on_stream = [this](int call, grpc::ServerContext* context, FakeLedger::Stream* stream) {
    if (call == 1) {
      fake_.AnswerSome(stream, 25);
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "bye");
    }
    if (call == 2) {
      // Takes more than it answers: the answers are lost.
      v1::SubmitTransactionsRequest message;
      if (stream->Read(&message)) {
        for (const auto& request : message.requests()) fake_.Accept(request);
      }
      context->TryCancel();
      return grpc::Status::OK;
    }
    if (call == 3) {
      fake_.AnswerSome(stream, 33);
      return grpc::Status::OK;
    }
    fake_.AnswerSome(stream, SIZE_MAX);
    return grpc::Status::OK;
  };
  Client client = Connect();
  const auto requests = Requests(200);
  InOrder in_order;
  const absl::Status status = client.SubmitAll(requests, in_order.callback(), 10, 4);
  EXPECT_TRUE(status.ok()) << status;
  ASSERT_EQ(in_order.results().size(), requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(in_order.results()[i].accepted().sequence(), i + 1) << i;
    EXPECT_EQ(in_order.results()[i].accepted().duplicate(), i >= 25 && i < 35) << i;
  }
  EXPECT_EQ(fake_.accepted(), requests.size());
  EXPECT_EQ(fake_.stream_calls(), 4);
}

TEST_F(ClientTest, SubmitAllSurvivesARestartOfTheServer) {
  absl::Notification halfway;
  fake_.on_stream = [&](int call, grpc::ServerContext* context, FakeLedger::Stream* stream) {
    if (call > 1) {
      fake_.AnswerSome(stream, SIZE_MAX);
      return grpc::Status::OK;
    }
    fake_.AnswerSome(stream, 500);
    halfway.Notify();
    WaitForTheEnd(context);
    return grpc::Status::CANCELLED;
  };
  Client client = Connect();
  std::thread restart([&] {
    halfway.WaitForNotification();
    Stop();
    Start();
  });
  InOrder in_order;
  const absl::Status status = client.SubmitAll(Requests(1000), in_order.callback());
  restart.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(in_order.results().size(), 1000u);
  EXPECT_EQ(fake_.accepted(), 1000u);
}

TEST_F(ClientTest, SubmitAllKeepsItsDistance) {
  size_t unanswered_max = 0;
  size_t messages = 0;
  fake_.on_stream = [&](int, grpc::ServerContext*, FakeLedger::Stream* stream) {
    // Answers only when nothing more comes for a while: what has come by then is the window.
    absl::Mutex mutex;
    std::vector<v1::SubmitTransactionsRequest> unanswered;
    bool over = false;
    std::thread reader([&] {
      v1::SubmitTransactionsRequest message;
      while (stream->Read(&message)) {
        absl::MutexLock lock(&mutex);
        EXPECT_LE(message.requests_size(), 5);
        unanswered.push_back(message);
        ++messages;
      }
      absl::MutexLock lock(&mutex);
      over = true;
    });
    bool done = false;
    while (!done) {
      absl::SleepFor(absl::Milliseconds(5));
      v1::SubmitTransactionsResponse response;
      {
        absl::MutexLock lock(&mutex);
        unanswered_max = std::max(unanswered_max, unanswered.size());
        for (const auto& request : unanswered) {
          for (const auto& one : request.requests()) {
            *response.add_results()->mutable_accepted() = fake_.Accept(one);
          }
        }
        done = over && unanswered.empty();
        unanswered.clear();
      }
      if (response.results_size() > 0) stream->Write(response);
    }
    reader.join();
    return grpc::Status::OK;
  };
  Client client = Connect();
  InOrder in_order;
  EXPECT_TRUE(client.SubmitAll(Requests(100), in_order.callback(), 5, 3).ok());
  EXPECT_EQ(in_order.results().size(), 100u);
  Stop();
  EXPECT_EQ(messages, 20u);
  EXPECT_LE(unanswered_max, 3u);
}

TEST_F(ClientTest, SubmitAllSendsLargeRequestsInSmallerMessages) {
  fake_.on_stream = [this](int, grpc::ServerContext*, FakeLedger::Stream* stream) {
    v1::SubmitTransactionsRequest message;
    while (stream->Read(&message)) {
      EXPECT_LE(message.ByteSizeLong(), kMessageBytesMax);
      v1::SubmitTransactionsResponse response;
      for (const auto& request : message.requests()) {
        *response.add_results()->mutable_accepted() = fake_.Accept(request);
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  };
  Client client = Connect();
  InOrder in_order;
  const absl::Status status =
      client.SubmitAll(Requests(100, kTransactionBytesMax), in_order.callback(), 64, 2);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(in_order.results().size(), 100u);
  // One that fits no message is refused before anything is sent.
  const int calls = fake_.stream_calls();
  auto requests = Requests(2);
  requests.push_back(Request(2, kMessageBytesMax));
  EXPECT_EQ(client.SubmitAll(requests, in_order.callback()).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(fake_.stream_calls(), calls);
}

TEST_F(ClientTest, SubmitAllHandsOutRefusalsAndSendsAgainWhatPasses) {
  // Number 3 is refused by a rule; number 5 finds the queue full twice, and what follows it then is
  // accepted already when it is sent again.
  int full = 0;
  fake_.on_stream = [&](int, grpc::ServerContext*, FakeLedger::Stream* stream) {
    v1::SubmitTransactionsRequest message;
    while (stream->Read(&message)) {
      v1::SubmitTransactionsResponse response;
      for (const auto& request : message.requests()) {
        v1::SubmitResult* result = response.add_results();
        if (request.SerializeAsString() == Request(3).SerializeAsString()) {
          result->mutable_refused()->set_verdict(v1::VERDICT_EXPIRED);
        } else if (request.SerializeAsString() == Request(5).SerializeAsString() && full < 2) {
          ++full;
          result->mutable_refused()->set_verdict(v1::VERDICT_QUEUE_FULL);
        } else {
          *result->mutable_accepted() = fake_.Accept(request);
        }
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  };
  Client client = Connect();
  InOrder in_order;
  const absl::Status status = client.SubmitAll(Requests(8), in_order.callback(), 8, 1);
  EXPECT_TRUE(status.ok()) << status;
  ASSERT_EQ(in_order.results().size(), 8u);
  for (size_t i = 0; i < 8; ++i) {
    const v1::SubmitResult& result = in_order.results()[i];
    if (i == 3) {
      EXPECT_EQ(result.refused().verdict(), v1::VERDICT_EXPIRED);
    } else {
      EXPECT_EQ(result.accepted().duplicate(), i > 5) << i;
    }
  }
  EXPECT_EQ(fake_.stream_calls(), 3);
}

TEST_F(ClientTest, SubmitAllStopsAtTheDeadlineAndSaysHowFarItCame) {
  options_.timeout = milliseconds(200);
  fake_.on_stream = [this](int, grpc::ServerContext* context, FakeLedger::Stream* stream) {
    fake_.AnswerSome(stream, 12);
    WaitForTheEnd(context);
    return grpc::Status::CANCELLED;
  };
  Client client = Connect();
  InOrder in_order;
  const absl::Status status = client.SubmitAll(Requests(50), in_order.callback(), 4, 2);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("12 of 50"));
  EXPECT_EQ(in_order.results().size(), 12u);
}

TEST_F(ClientTest, SubmitAllKeepsTheVerdictWhenTheDeadlineComes) {
  options_.timeout = milliseconds(100);
  fake_.on_stream = [](int, grpc::ServerContext*, FakeLedger::Stream* stream) {
    v1::SubmitTransactionsRequest message;
    while (stream->Read(&message)) {
      v1::SubmitTransactionsResponse response;
      response.add_results()->mutable_refused()->set_verdict(v1::VERDICT_STORAGE_STOPPED);
      stream->Write(response);
    }
    return grpc::Status::OK;
  };
  Client client = Connect();
  InOrder in_order;
  const absl::Status status = client.SubmitAll(Requests(1), in_order.callback());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(RefusalOf(status));
  EXPECT_EQ(RefusalOf(status)->verdict, v1::VERDICT_STORAGE_STOPPED);
  EXPECT_GT(fake_.stream_calls(), 1);
  EXPECT_TRUE(in_order.results().empty());
}

TEST_F(ClientTest, SubmitAllDoesNotTrustAServerThatAnswersTooMuch) {
  fake_.on_stream = [](int, grpc::ServerContext*, FakeLedger::Stream* stream) {
    v1::SubmitTransactionsRequest message;
    while (stream->Read(&message)) {
      v1::SubmitTransactionsResponse response;
      for (int i = 0; i < message.requests_size() + 1; ++i) {
        response.add_results()->mutable_accepted();
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  };
  Client client = Connect();
  InOrder in_order;
  EXPECT_EQ(client.SubmitAll(Requests(4), in_order.callback(), 2, 1).code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(in_order.results().size(), 2u);
}

TEST_F(ClientTest, SubmitAllPassesOnARefusalOfTheWholeStream) {
  fake_.on_stream = [](int, grpc::ServerContext*, FakeLedger::Stream*) {
    return Refuse({v1::VERDICT_REQUEST_MALFORMED, {{"field", "requests"}}});
  };
  Client client = Connect();
  InOrder in_order;
  const absl::Status status = client.SubmitAll(Requests(4), in_order.callback());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(RefusalOf(status));
  EXPECT_EQ(RefusalOf(status)->figures.at("field"), "requests");
  EXPECT_EQ(fake_.stream_calls(), 1);
}

TEST_F(ClientTest, ManyThreadsShareAClient) {
  fake_.on_balances = [](int, grpc::ServerContext*, v1::ListBalancesResponse*) {
    return grpc::Status::OK;
  };
  fake_.on_stream = [this](int, grpc::ServerContext*, FakeLedger::Stream* stream) {
    fake_.AnswerSome(stream, SIZE_MAX);
    return grpc::Status::OK;
  };
  Client client = Connect();
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&client, thread] {
      const Reader alice = Alice();
      for (size_t i = 0; i < 20; ++i) {
        EXPECT_TRUE(client.ListBalances(alice, alice.account()).ok());
        EXPECT_TRUE(client.Submit(Request(1000 * (thread + 1) + i)).ok());
      }
      InOrder in_order;
      std::vector<v1::SubmitTransactionRequest> requests;
      for (size_t i = 0; i < 50; ++i) requests.push_back(Request(1000 * (thread + 1) + 500 + i));
      EXPECT_TRUE(client.SubmitAll(requests, in_order.callback(), 8, 2).ok());
      EXPECT_EQ(in_order.results().size(), 50u);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(fake_.accepted(), 4u * 70u);
}

// ---- pauses ----

TEST(BackoffTest, DoublesUpToTheMostAndStaysWithinItsHalf) {
  Backoff backoff(milliseconds(50));
  for (const int64_t whole : {50, 100, 200, 400, 800, 1600, 2000, 2000}) {
    const int64_t pause = backoff.Next().count();
    EXPECT_LE(pause, whole);
    EXPECT_GE(pause, whole / 2);
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next().count(), 50);
}

TEST(BackoffTest, TakesAnyFirstPause) {
  EXPECT_EQ(Backoff(milliseconds(0)).Next().count(), 1);
  EXPECT_EQ(Backoff(milliseconds(-5)).Next().count(), 1);
  EXPECT_LE(Backoff(milliseconds::max()).Next(), kPauseMax);
}

TEST(BackoffTest, PausesDiffer) {
  std::set<int64_t> pauses;
  for (int i = 0; i < 64; ++i) pauses.insert(Backoff(milliseconds(2'000)).Next().count());
  EXPECT_GT(pauses.size(), 8u);
}

TEST(StatusTest, CodesAreTheSameOnBothSides) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status =
        ToStatus(grpc::Status(static_cast<grpc::StatusCode>(code), "why"), "host:1", false);
    EXPECT_EQ(static_cast<int>(status.code()), code);
    EXPECT_FALSE(status.message().empty());
  }
  EXPECT_TRUE(ToStatus(grpc::Status::OK, "host:1", false).ok());
}

TEST(StatusTest, OnlyWhatPassesIsPassing) {
  const auto passing = [](grpc::StatusCode code, const char* why) {
    return IsPassing(ToStatus(grpc::Status(code, why), "host:1", false));
  };
  EXPECT_TRUE(passing(grpc::StatusCode::UNAVAILABLE, "connection refused"));
  EXPECT_TRUE(passing(grpc::StatusCode::RESOURCE_EXHAUSTED, "queue full"));
  EXPECT_TRUE(passing(grpc::StatusCode::CANCELLED, "reset"));
  EXPECT_FALSE(passing(grpc::StatusCode::RESOURCE_EXHAUSTED,
                       "Received message larger than max (5000000 vs. 4194304)"));
  for (const auto code : {grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::DEADLINE_EXCEEDED,
                          grpc::StatusCode::NOT_FOUND, grpc::StatusCode::PERMISSION_DENIED,
                          grpc::StatusCode::UNAUTHENTICATED, grpc::StatusCode::FAILED_PRECONDITION,
                          grpc::StatusCode::UNIMPLEMENTED, grpc::StatusCode::INTERNAL,
                          grpc::StatusCode::DATA_LOSS, grpc::StatusCode::UNKNOWN}) {
    EXPECT_FALSE(passing(code, "no")) << code;
  }
}

// ---- TLS ----

// Certificates by the openssl program: an authority, a server's for localhost and a client's, and
// another authority that signed nothing.
class TlsTest : public ClientTest {
 protected:
  void SetUp() override {
    ClientTest::SetUp();
    Stop();
    const std::string script =
        "cd '" + folder_ +
        "' && exec 2>openssl.log && new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
        "-nodes' && $new -x509 -days 2 -subj /CN=root -keyout root.key -out root.pem && "
        "$new -x509 -days 2 -subj /CN=stranger -keyout stranger.key -out stranger.pem && "
        "printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n' >names && "
        "for name in server client; do "
        "$new -subj /CN=$name -keyout $name.key -out $name.csr && "
        "openssl x509 -req -days 2 -in $name.csr -CA root.pem -CAkey root.key -CAcreateserial "
        "-extfile names -out $name.pem || exit 1; done";
    ASSERT_EQ(std::system(script.c_str()), 0) << File("openssl.log");
    options_.tls = true;
    options_.root_certificates_pem = File("root.pem");
  }

  std::string File(const std::string& name) const {
    return testing::ReadWholeFile(std::filesystem::path(folder_) / name);
  }

  void StartTls(bool mutual) {
    grpc::SslServerCredentialsOptions tls(
        mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
               : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    tls.pem_key_cert_pairs.push_back({File("server.key"), File("server.pem")});
    tls.pem_root_certs = File("root.pem");
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port);
    builder.RegisterService(&fake_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    options_.target = "127.0.0.1:" + std::to_string(port);
  }

  // The message of a connection that must fail.
  std::string FailureToConnect() {
    options_.connect_timeout = milliseconds(500);
    const auto client = Client::Connect(options_);
    EXPECT_EQ(client.status().code(), absl::StatusCode::kUnavailable) << client.status();
    return std::string(client.status().message());
  }
};

TEST_F(TlsTest, TalksToAServerThatTheRootsVouchFor) {
  StartTls(false);
  Client client = Connect();
  EXPECT_TRUE(client.Submit(Request(1)).ok());
}

TEST_F(TlsTest, RefusesAServerThatTheyDoNotVouchFor) {
  StartTls(false);
  options_.root_certificates_pem = File("stranger.pem");
  EXPECT_THAT(FailureToConnect(), HasSubstr("no secure connection"));
}

TEST_F(TlsTest, HintsAtTlsWhereTheServerSpeaksIt) {
  StartTls(false);
  options_.tls = false;
  options_.root_certificates_pem.clear();
  EXPECT_THAT(FailureToConnect(), HasSubstr("use TLS"));
}

TEST_F(TlsTest, ShowsItsOwnCertificateWhereAsked) {
  StartTls(true);
  EXPECT_THAT(FailureToConnect(), HasSubstr(options_.target));
  options_.connect_timeout = kLong;
  options_.client_certificate_pem = File("client.pem");
  options_.client_key_pem = File("client.key");
  Client client = Connect();
  EXPECT_TRUE(client.Submit(Request(1)).ok());
}

}  // namespace
}  // namespace kengred::client
