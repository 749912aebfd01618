// Goal: a watch skips nothing and repeats nothing, however often its connection ends.
// Method: the fake ledger of fake_ledger.h ends streams in every way, falls silent, repeats itself,
// refuses, and is stopped and started; the test checks what was handed out and from where the watch
// resumed.
#include <absl/time/clock.h>
#include <gmock/gmock.h>

#include <thread>

#include "fake_ledger.h"
#include "kengred/client/client.h"

namespace kengred::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

}  // namespace
}  // namespace kengred::client
