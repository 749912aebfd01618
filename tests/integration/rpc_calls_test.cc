// Goal: single calls are answered, each once and with its own answer, however many are open at once
// and whatever becomes of their clients or of the server. Method: hundreds of calls over one
// connection to a server in this process (rpc_world.h), whose store is told to wait, so that all
// are open at the same time; the answers are then compared with what was committed. gRPC delivers
// what one connection sends in order: a health check that is answered says that all before it has
// arrived.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "kengred/v1/transparency_service.pb.h"
#include "rpc_world.h"

namespace kengred {
namespace {

using testing::CallRaw;
using testing::RpcWorld;
using testing::VerdictOf;

// More than wait for a client at once, and more than are kept for later ones.
constexpr size_t kManyCalls = 1500;
// Fewer than wait for a client: those that have arrived have been taken.
constexpr size_t kFewCalls = 100;

// Calls of SubmitTransaction that are open at the same time.
class OpenCalls {
 public:
  struct One {
    std::unique_ptr<grpc::ClientContext> context;
    v1::SubmitTransactionResponse response;
    grpc::Status status;
    size_t answers = 0;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::SubmitTransactionResponse>> reader;
  };

  explicit OpenCalls(RpcWorld* world) : world_(*world) {}
  ~OpenCalls() {
    AwaitAll();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  OpenCalls(const OpenCalls&) = delete;
  OpenCalls& operator=(const OpenCalls&) = delete;

  One& Start(const v1::SubmitTransactionRequest& request) {
    One& one = calls_.emplace_back();
    one.context = world_.Context();
    Send(request, &one);
    return one;
  }
  One& StartWithDeadline(const v1::SubmitTransactionRequest& request,
                         std::chrono::milliseconds time) {
    One& one = calls_.emplace_back();
    one.context = std::make_unique<grpc::ClientContext>();
    one.context->set_deadline(std::chrono::system_clock::now() + time);
    Send(request, &one);
    return one;
  }

  // Waits for `count` answers.
  void Await(size_t count) {
    for (; count > 0; --count) {
      void* tag = nullptr;
      bool ok = false;
      ASSERT_TRUE(queue_.Next(&tag, &ok));
      ++static_cast<One*>(tag)->answers;
      --open_;
    }
  }
  void AwaitAll() { Await(open_); }

  const std::deque<One>& all() const { return calls_; }

 private:
  void Send(const v1::SubmitTransactionRequest& request, One* one) {
    one->reader = world_.ledger().AsyncSubmitTransaction(one->context.get(), request, &queue_);
    one->reader->Finish(&one->response, &one->status, one);
    ++open_;
  }

  RpcWorld& world_;
  grpc::CompletionQueue queue_;
  std::deque<One> calls_;
  size_t open_ = 0;
};

class CallsTest : public ::testing::Test {
 protected:
  v1::SubmitTransactionRequest Payment() {
    return world_.Request({world_.community().Transfer("alice", "bruno", 1)}, {"alice"});
  }
  std::vector<v1::SubmitTransactionRequest> Payments(size_t count) {
    std::vector<v1::SubmitTransactionRequest> payments;
    while (payments.size() < count) payments.push_back(Payment());
    return payments;
  }

  // The server has received what was sent so far.
  void AwaitArrival() {
    const auto context = world_.Context();
    grpc::health::v1::HealthCheckResponse response;
    ASSERT_TRUE(grpc::health::v1::Health::NewStub(world_.channel())
                    ->Check(context.get(), {}, &response)
                    .ok());
  }

  // Until the journal has grown by `entries` since `before`.
  void AwaitEntries(Sequence before, size_t entries) {
    while (world_.Head() < before + entries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(world_.Head(), before + entries);
  }

  RpcWorld world_;
};

// All were accepted, and each has an entry of its own.
void ExpectAcceptedOnce(const OpenCalls& calls) {
  std::set<Sequence> sequences;
  for (const OpenCalls::One& one : calls.all()) {
    EXPECT_EQ(one.answers, 1U);
    EXPECT_TRUE(one.status.ok()) << one.status.error_message();
    sequences.insert(one.response.sequence());
  }
  EXPECT_EQ(sequences.size(), calls.all().size());
}

TEST_F(CallsTest, ManyAtOnceAreEachAnsweredOnce) {
  const Sequence before = world_.Head();
  const auto payments = Payments(kManyCalls);
  OpenCalls calls(&world_);
  world_.store().CloseGate();
  for (const auto& payment : payments) calls.Start(payment);
  AwaitArrival();
  world_.store().OpenGate();
  calls.AwaitAll();
  ExpectAcceptedOnce(calls);
  EXPECT_EQ(world_.Head(), before + kManyCalls);
  // And those who come after them.
  for (const auto& payment : payments) calls.Start(payment);
  calls.AwaitAll();
  for (size_t i = 0; i < kManyCalls; ++i) {
    const OpenCalls::One& first = calls.all()[i];
    const OpenCalls::One& again = calls.all()[kManyCalls + i];
    ASSERT_TRUE(again.status.ok()) << again.status.error_message();
    EXPECT_TRUE(again.response.duplicate());
    EXPECT_EQ(again.response.sequence(), first.response.sequence());
    EXPECT_EQ(again.response.transaction_id(), first.response.transaction_id());
  }
  EXPECT_EQ(world_.Head(), before + kManyCalls);
}

TEST_F(CallsTest, RefusalsFindTheirCallsAmongMany) {
  OpenCalls calls(&world_);
  const v1::Operation small = world_.community().Transfer("alice", "bruno", 1);
  const v1::Operation too_much = world_.community().Transfer("alice", "bruno", 100001);
  v1::SubmitTransactionRequest dry = world_.Request({small}, {"alice"});
  dry.set_validate_only(true);
  for (int i = 0; i < 100; ++i) {
    calls.Start(world_.Request({small}, {"alice"}));
    calls.Start(world_.Request({too_much}, {"alice"}));
    calls.Start(world_.Request({small}, {"bruno"}));
    calls.Start(dry);
  }
  calls.AwaitAll();
  for (size_t i = 0; i < calls.all().size(); i += 4) {
    EXPECT_TRUE(calls.all()[i].status.ok());
    EXPECT_GT(calls.all()[i].response.sequence(), 0U);
    EXPECT_EQ(VerdictOf(calls.all()[i + 1].status), v1::VERDICT_TRANSFER_LIMIT);
    EXPECT_EQ(VerdictOf(calls.all()[i + 2].status), v1::VERDICT_NOT_SIGNED_BY_HOLDER);
    EXPECT_TRUE(calls.all()[i + 3].status.ok());
    EXPECT_EQ(calls.all()[i + 3].response.sequence(), 0U);
  }
}

TEST_F(CallsTest, WhoGoesAwayHasSubmittedAllTheSame) {
  const Sequence before = world_.Head();
  const auto payments = Payments(300);
  {
    OpenCalls calls(&world_);
    world_.store().CloseGate();
    std::vector<OpenCalls::One*> cut;
    for (size_t i = 0; i < payments.size(); ++i) {
      if (i % 3 == 0) {
        calls.Start(payments[i]);
      } else if (i % 3 == 1) {
        cut.push_back(&calls.Start(payments[i]));
      } else {
        calls.StartWithDeadline(payments[i], std::chrono::milliseconds(500));
      }
    }
    AwaitArrival();
    for (OpenCalls::One* one : cut) one->context->TryCancel();
    calls.Await(200);
    world_.store().OpenGate();
    calls.AwaitAll();
    for (size_t i = 0; i < payments.size(); ++i) {
      const OpenCalls::One& one = calls.all()[i];
      EXPECT_EQ(one.status.error_code(), i % 3 == 0   ? grpc::StatusCode::OK
                                         : i % 3 == 1 ? grpc::StatusCode::CANCELLED
                                                      : grpc::StatusCode::DEADLINE_EXCEEDED)
          << one.status.error_message();
      EXPECT_EQ(one.answers, 1U);
    }
  }
  AwaitEntries(before, payments.size());
  // Asked again, they get the answer that they did not wait for.
  OpenCalls again(&world_);
  for (const auto& payment : payments) again.Start(payment);
  again.AwaitAll();
  ExpectAcceptedOnce(again);
  for (const OpenCalls::One& one : again.all()) EXPECT_TRUE(one.response.duplicate());
  EXPECT_EQ(world_.Head(), before + payments.size());
}

TEST_F(CallsTest, AStoppingServerAnswersWhatItHasTaken) {
  const auto payments = Payments(kFewCalls);
  OpenCalls calls(&world_);
  world_.store().CloseGate();
  for (const auto& payment : payments) calls.Start(payment);
  AwaitArrival();
  std::thread stopper([&] { world_.server().Shutdown(absl::Seconds(60)); });
  world_.store().OpenGate();
  calls.AwaitAll();
  stopper.join();
  ExpectAcceptedOnce(calls);
}

TEST_F(CallsTest, AServerWithoutPatienceCommitsWhatItHasTaken) {
  const Sequence before = world_.Head();
  const auto payments = Payments(kFewCalls);
  OpenCalls calls(&world_);
  world_.store().CloseGate();
  for (const auto& payment : payments) calls.Start(payment);
  AwaitArrival();
  std::thread stopper([&] { world_.server().Shutdown(absl::ZeroDuration()); });
  // Nobody is kept waiting by the disk.
  calls.AwaitAll();
  for (const OpenCalls::One& one : calls.all()) {
    EXPECT_FALSE(one.status.ok());
    EXPECT_EQ(one.answers, 1U);
  }
  world_.store().OpenGate();
  stopper.join();
  EXPECT_EQ(world_.store().head()->sequence, before + payments.size());
}

TEST_F(CallsTest, ClientsThatVanishLeaveNothingBehind) {
  const Sequence before = world_.Head();
  world_.store().CloseGate();
  for (int i = 0; i < 20; ++i) {
    // A connection of its own, cut with its calls.
    grpc::ChannelArguments own;
    own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel =
        grpc::CreateCustomChannel(world_.address(), grpc::InsecureChannelCredentials(), own);
    const auto stub = v1::LedgerService::NewStub(channel);
    grpc::CompletionQueue queue;
    std::deque<OpenCalls::One> calls(20);
    for (OpenCalls::One& one : calls) {
      one.context = world_.Context();
      one.reader = stub->AsyncSubmitTransaction(one.context.get(), Payment(), &queue);
      one.reader->Finish(&one.response, &one.status, &one);
    }
    const auto context = world_.Context();
    grpc::health::v1::HealthCheckResponse response;
    EXPECT_TRUE(
        grpc::health::v1::Health::NewStub(channel)->Check(context.get(), {}, &response).ok());
    for (OpenCalls::One& one : calls) one.context->TryCancel();
    queue.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue.Next(&tag, &ok)) {
    }
  }
  world_.store().OpenGate();
  AwaitEntries(before, 400);
  world_.server().Shutdown(absl::Seconds(60));  // waits for all that is left
}

TEST(CallsLimitTest, MessagesOverTheLimitHarmNoNeighbour) {
  RpcWorld world([](rpc::RpcOptions* options) { options->message_bytes_max = 200 * 1024; });
  v1::SubmitTransactionRequest padded =
      world.Request({world.community().Transfer("alice", "bruno", 1)}, {"alice"});
  padded.add_side_records()->set_content(std::string(200 * 1024, 'x'));
  OpenCalls calls(&world);
  for (int i = 0; i < 50; ++i) {
    calls.Start(world.Request({world.community().Transfer("alice", "bruno", 1)}, {"alice"}));
    calls.Start(padded);
  }
  calls.AwaitAll();
  for (size_t i = 0; i < calls.all().size(); ++i) {
    const grpc::Status& status = calls.all()[i].status;
    EXPECT_EQ(status.error_code(),
              i % 2 == 0 ? grpc::StatusCode::OK : grpc::StatusCode::RESOURCE_EXHAUSTED);
    if (i % 2 == 1) {
      EXPECT_THAT(status.error_message(), ::testing::HasSubstr("larger than max"));
    }
  }
  // A read has the same limit.
  v1::CheckAwardsRequest large;
  large.add_references(std::string(300 * 1024, 'x'));
  v1::CheckAwardsResponse response;
  EXPECT_EQ(world.programmes().CheckAwards(world.Context().get(), large, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(CallsLimitTest, CallsPastAConnectionsLimitWaitTheirTurn) {
  RpcWorld world([](rpc::RpcOptions* options) { options->connection_calls_max = 4; });
  OpenCalls calls(&world);
  for (int i = 0; i < 200; ++i) {
    calls.Start(world.Request({world.community().Transfer("alice", "bruno", 1)}, {"alice"}));
  }
  calls.AwaitAll();
  ExpectAcceptedOnce(calls);
}

TEST_F(CallsTest, EveryMethodOfTheContractIsServed) {
  for (const auto* file :
       {v1::GetLedgerRequest::descriptor()->file(), v1::GetProgrammeRequest::descriptor()->file(),
        v1::LookupAliasRequest::descriptor()->file(),
        v1::GetCheckpointRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const std::string method =
            "/" + file->service(s)->full_name() + "/" + file->service(s)->method(m)->name();
        const grpc::StatusCode empty = CallRaw(world_.channel(), method, "").error_code();
        EXPECT_NE(empty, grpc::StatusCode::UNIMPLEMENTED) << method;
        EXPECT_NE(empty, grpc::StatusCode::DEADLINE_EXCEEDED) << method;
        const grpc::StatusCode garbage =
            CallRaw(world_.channel(), method, "\x0a\xff\xff\xff").error_code();
        EXPECT_NE(garbage, grpc::StatusCode::UNIMPLEMENTED) << method;
        EXPECT_NE(garbage, grpc::StatusCode::DEADLINE_EXCEEDED) << method;
      }
    }
  }
}

TEST_F(CallsTest, HealthIsWatchedUntilTheServerStops) {
  const auto stub = grpc::health::v1::Health::NewStub(world_.channel());
  using Response = grpc::health::v1::HealthCheckResponse;
  grpc::health::v1::HealthCheckRequest unknown;
  unknown.set_service("nobody");
  Response response;
  EXPECT_EQ(stub->Check(world_.Context().get(), unknown, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  const auto unknown_context = world_.Context();
  const auto unknown_watch = stub->Watch(unknown_context.get(), unknown);
  ASSERT_TRUE(unknown_watch->Read(&response));
  EXPECT_EQ(response.status(), Response::SERVICE_UNKNOWN);

  // As many as may be open; who leaves makes room.
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<Response>>> watches;
  for (int i = 0; i < 255; ++i) {
    contexts.push_back(world_.Context());
    watches.push_back(stub->Watch(contexts.back().get(), {}));
    ASSERT_TRUE(watches.back()->Read(&response));
    EXPECT_EQ(response.status(), Response::SERVING);
  }
  const auto refused_context = world_.Context();
  const auto refused = stub->Watch(refused_context.get(), {});
  EXPECT_FALSE(refused->Read(&response));
  EXPECT_EQ(VerdictOf(refused->Finish()), v1::VERDICT_TOO_MANY_STREAMS);
  unknown_context->TryCancel();
  EXPECT_EQ(unknown_watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
  bool again = false;
  while (!again) {
    const auto context = world_.Context();
    const auto watch = stub->Watch(context.get(), {});
    again = watch->Read(&response);
    context->TryCancel();
    watch->Finish();
  }

  world_.server().Shutdown(absl::Seconds(60));
  for (const auto& watch : watches) {
    ASSERT_TRUE(watch->Read(&response));
    EXPECT_EQ(response.status(), Response::NOT_SERVING);
    EXPECT_FALSE(watch->Read(&response));
    EXPECT_EQ(VerdictOf(watch->Finish()), v1::VERDICT_STOPPING);
  }
}

}  // namespace
}  // namespace kengred
