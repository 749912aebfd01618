// Goal: SubmitAll answers each transaction once and in order, and each takes effect once, however
// often the stream ends in the middle. Method: the fake ledger of fake_ledger.h drops streams,
// answers in pieces that match no message, loses answers, says that its queue is full, and answers
// too much; the test checks every result, what the ledger accepted, and how much was ever
// unanswered.
#include <absl/synchronization/mutex.h>
#include <absl/synchronization/notification.h>
#include <absl/time/clock.h>
#include <gmock/gmock.h>

#include <thread>

#include "fake_ledger.h"
#include "kengred/client/client.h"

namespace kengred::client {
namespace {

using ::testing::HasSubstr;

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

}  // namespace
}  // namespace kengred::client
