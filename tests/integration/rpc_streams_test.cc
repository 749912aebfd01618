// Goal: the long-lived calls keep their promises. A submission stream answers every transaction, in
// order, and a bad one never fails its neighbours; a watch, resumed after the last sequence seen,
// skips nothing and repeats nothing, whatever cut it off. Method: a whole server in this process
// (rpc_world.h) and real clients that are slow, that vanish and that send nonsense.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "kengred/core/limits.h"
#include "rpc_world.h"

namespace kengred {
namespace {

using testing::Community;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::RefusalOf;
using testing::RpcWorld;
using ::testing::SizeIs;
using testing::VerdictOf;

using SubmitStream =
    grpc::ClientReaderWriter<v1::SubmitTransactionsRequest, v1::SubmitTransactionsResponse>;
using WatchStream = grpc::ClientReader<v1::WatchAccountResponse>;

// Waits for what another thread brings about; the test's own time limit ends it.
template <typename Condition>
void AwaitThat(const Condition& condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// ---- submission streams ----

class SubmitStreamTest : public ::testing::Test {
 protected:
  explicit SubmitStreamTest(size_t streams_max = 64)
      : world_([streams_max](rpc::RpcOptions* options) {
          options->stream_unanswered_max = kStreamRequestsMax;
          options->streams_max = streams_max;
        }) {}

  v1::SubmitTransactionRequest Payment(int64_t amount_minor = 1) const {
    return world_.Request({world_.community().Transfer("assoc", "bruno", amount_minor)}, {"assoc"});
  }
  // Reads `count` results.
  static std::vector<v1::SubmitResult> ReadResults(SubmitStream& stream, size_t count) {
    std::vector<v1::SubmitResult> results;
    v1::SubmitTransactionsResponse response;
    while (results.size() < count && stream.Read(&response)) {
      EXPECT_FALSE(response.results().empty());
      results.insert(results.end(), response.results().begin(), response.results().end());
    }
    EXPECT_EQ(results.size(), count);
    return results;
  }
  // Half-closes, and answers how the stream ended.
  static grpc::Status End(SubmitStream& stream) {
    stream.WritesDone();
    v1::SubmitTransactionsResponse response;
    EXPECT_FALSE(stream.Read(&response)) << response.DebugString();
    return stream.Finish();
  }

  RpcWorld world_;
};

TEST_F(SubmitStreamTest, ABadTransactionNeverFailsItsNeighbours) {
  v1::SubmitTransactionsRequest message;
  *message.add_requests() = Payment();
  message.add_requests();
  message.add_requests()->mutable_signed_transaction()->set_transaction("garbage");
  *message.add_requests() = Payment();
  *message.add_requests() = Payment();
  message.mutable_requests(4)->set_validate_only(true);
  *message.add_requests() = Payment();
  message.mutable_requests(5)->mutable_signed_transaction()->clear_signatures();
  *message.add_requests() = Payment(100001);
  *message.add_requests() = Payment();
  *message.mutable_requests(7)->add_side_records() = world_.community().text("whose?").record;
  *message.add_requests() = message.requests(3);
  *message.add_requests() = Payment();

  const auto context = world_.Context();
  const auto stream = world_.ledger().SubmitTransactions(context.get());
  ASSERT_TRUE(stream->Write(message));
  const std::vector<v1::SubmitResult> results = ReadResults(*stream, 10);
  EXPECT_TRUE(End(*stream).ok());

  const auto id = [&](int i) {
    return testing::IdOf(message.requests(i).signed_transaction()).ToBytes();
  };
  for (const int i : {0, 3, 8, 9}) {
    const auto at = static_cast<size_t>(i);
    ASSERT_TRUE(results[at].has_accepted()) << i << results[at].DebugString();
    EXPECT_EQ(results[at].accepted().transaction_id(), id(i));
    EXPECT_GT(results[at].accepted().sequence(), 0);
    EXPECT_THAT(results[at].accepted().postings(), SizeIs(2));
  }
  EXPECT_EQ(results[3].accepted().sequence(), results[8].accepted().sequence());
  EXPECT_NE(results[3].accepted().duplicate(), results[8].accepted().duplicate());
  struct Refused {
    size_t at;
    v1::Verdict verdict;
  };
  const Refused refused[] = {
      {1, v1::VERDICT_TRANSACTION_MALFORMED}, {2, v1::VERDICT_TRANSACTION_MALFORMED},
      {4, v1::VERDICT_REQUEST_MALFORMED},     {5, v1::VERDICT_SIGNATURE_MISSING},
      {6, v1::VERDICT_TRANSFER_LIMIT},        {7, v1::VERDICT_SIDE_RECORD_MALFORMED}};
  for (const auto& [at, verdict] : refused) {
    SCOPED_TRACE(at);
    ASSERT_TRUE(results[at].has_refused());
    const v1::SubmitRefusal& refusal = results[at].refused();
    EXPECT_EQ(refusal.verdict(), verdict) << refusal.message();
    EXPECT_EQ(refusal.message(),
              VerdictSentence({verdict, {refusal.figures().begin(), refusal.figures().end()}}));
    const bool readable = verdict != v1::VERDICT_TRANSACTION_MALFORMED;
    EXPECT_EQ(refusal.transaction_id(), readable ? id(static_cast<int>(at)) : "");
  }
  EXPECT_EQ(results[4].refused().figures().at("field"), "validate_only");
  EXPECT_EQ(results[6].refused().figures().at("limit"), "100000");
}

TEST_F(SubmitStreamTest, AnswersComeInTheOrderSentOverTheWholeStream) {
  constexpr size_t kMessages = 40;
  std::vector<v1::SubmitTransactionsRequest> messages(kMessages);
  std::vector<std::string> sent;
  for (size_t m = 0; m < kMessages; ++m) {
    for (size_t i = 0; i <= m; ++i) {
      *messages[m].add_requests() = Payment();
      if (i % 7 == 3)
        messages[m].mutable_requests()->rbegin()->mutable_signed_transaction()->clear_signatures();
      sent.push_back(
          testing::IdOf(messages[m].requests().rbegin()->signed_transaction()).ToBytes());
    }
  }
  const Sequence before = world_.Head();
  const auto context = world_.Context();
  const auto stream = world_.ledger().SubmitTransactions(context.get());
  std::thread writer([&] {
    for (const auto& message : messages) EXPECT_TRUE(stream->Write(message));
    stream->WritesDone();
  });
  std::vector<std::string> answered;
  std::set<Sequence> sequences;
  for (const v1::SubmitResult& result : ReadResults(*stream, sent.size())) {
    answered.push_back(result.has_accepted() ? result.accepted().transaction_id()
                                             : result.refused().transaction_id());
    if (result.has_accepted()) sequences.insert(result.accepted().sequence());
  }
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(answered, sent);
  EXPECT_EQ(sequences.size(), world_.Head() - before);
}

TEST_F(SubmitStreamTest, AClientThatReadsLateLosesNothing) {
  // Far more than the server keeps unanswered and the connection buffers: the server must stop
  // reading, and go on when its answers are read.
  constexpr size_t kMessages = 60;
  v1::SubmitTransactionsRequest message;
  for (size_t i = 0; i < kStreamRequestsMax; ++i) {
    message.add_requests()->mutable_signed_transaction()->set_transaction("no transaction " +
                                                                          std::string(200, 'x'));
  }
  const auto context = world_.Context();
  const auto stream = world_.ledger().SubmitTransactions(context.get());
  std::atomic<size_t> written = 0;
  std::thread writer([&] {
    for (size_t m = 0; m < kMessages; ++m) {
      EXPECT_TRUE(stream->Write(message));
      ++written;
    }
    stream->WritesDone();
  });
  AwaitThat([&] { return written >= 2; });
  const std::vector<v1::SubmitResult> results =
      ReadResults(*stream, kMessages * kStreamRequestsMax);
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_TRUE(std::all_of(results.begin(), results.end(), [](const v1::SubmitResult& result) {
    return result.refused().verdict() == v1::VERDICT_TRANSACTION_MALFORMED;
  }));
}

TEST_F(SubmitStreamTest, AMessageOutOfBoundsEndsTheStreamAfterItsAnswers) {
  for (const int count : {0, 1001}) {
    SCOPED_TRACE(count);
    const auto context = world_.Context();
    const auto stream = world_.ledger().SubmitTransactions(context.get());
    v1::SubmitTransactionsRequest good;
    *good.add_requests() = Payment();
    v1::SubmitTransactionsRequest bad;
    for (int i = 0; i < count; ++i) bad.add_requests();
    ASSERT_TRUE(stream->Write(good));
    stream->Write(bad);
    EXPECT_TRUE(ReadResults(*stream, 1)[0].has_accepted());
    v1::SubmitTransactionsResponse more;
    EXPECT_FALSE(stream->Read(&more));
    const grpc::Status status = stream->Finish();
    EXPECT_EQ(VerdictOf(status), v1::VERDICT_REQUEST_MALFORMED);
    EXPECT_EQ(RefusalOf(status).figures.at("field"), "requests");
  }
}

TEST_F(SubmitStreamTest, InvalidSignaturesEndTheStreamAfterItsAnswers) {
  const auto invalid = [this] {
    v1::SubmitTransactionRequest request = Payment();
    std::string* signature =
        request.mutable_signed_transaction()->mutable_signatures(0)->mutable_signature();
    (*signature)[0] = static_cast<char>((*signature)[0] ^ 1);
    return request;
  };
  const auto context = world_.Context();
  const auto stream = world_.ledger().SubmitTransactions(context.get());
  // One less than too many, and a payment in between: the stream goes on.
  for (size_t i = 0; i + 1 < kStreamInvalidSignaturesMax; ++i) {
    v1::SubmitTransactionsRequest message;
    *message.add_requests() = invalid();
    *message.add_requests() = Payment();
    ASSERT_TRUE(stream->Write(message));
    const std::vector<v1::SubmitResult> results = ReadResults(*stream, 2);
    EXPECT_EQ(results[0].refused().verdict(), v1::VERDICT_SIGNATURE_INVALID);
    EXPECT_TRUE(results[1].has_accepted()) << results[1].DebugString();
  }
  v1::SubmitTransactionsRequest message;
  *message.add_requests() = invalid();
  *message.add_requests() = invalid();
  *message.add_requests() = Payment();
  ASSERT_TRUE(stream->Write(message));
  const std::vector<v1::SubmitResult> results = ReadResults(*stream, 3);
  EXPECT_TRUE(results[2].has_accepted()) << results[2].DebugString();
  v1::SubmitTransactionsResponse response;
  EXPECT_FALSE(stream->Read(&response)) << response.DebugString();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(SubmitStreamTest, AnEmptyStreamEndsWell) {
  const auto context = world_.Context();
  const auto stream = world_.ledger().SubmitTransactions(context.get());
  EXPECT_TRUE(End(*stream).ok());
}

TEST_F(SubmitStreamTest, AClientMayVanish) {
  for (int round = 0; round < 20; ++round) {
    const auto context = world_.Context();
    const auto stream = world_.ledger().SubmitTransactions(context.get());
    v1::SubmitTransactionsRequest message;
    for (int i = 0; i < 20; ++i) *message.add_requests() = Payment();
    ASSERT_TRUE(stream->Write(message));
    v1::SubmitTransactionsResponse rest;
    if (round % 2 == 0) {
      EXPECT_TRUE(stream->Read(&rest));
    }
    context->TryCancel();
    while (stream->Read(&rest)) {
    }
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  // Others are served.
  v1::SubmitTransactionResponse response;
  EXPECT_TRUE(world_.Submit(Payment(), &response).ok());
}

class FewSubmitStreamsTest : public SubmitStreamTest {
 protected:
  FewSubmitStreamsTest() : SubmitStreamTest(3) {}
};

TEST_F(FewSubmitStreamsTest, OpenStreamsAreBounded) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<SubmitStream>> streams;
  for (int i = 0; i < 3; ++i) {
    contexts.push_back(world_.Context());
    streams.push_back(world_.ledger().SubmitTransactions(contexts.back().get()));
    v1::SubmitTransactionsRequest message;
    *message.add_requests() = Payment();
    ASSERT_TRUE(streams.back()->Write(message));
    ReadResults(*streams.back(), 1);
  }
  const auto context = world_.Context();
  const auto stream = world_.ledger().SubmitTransactions(context.get());
  v1::SubmitTransactionsResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(VerdictOf(stream->Finish()), v1::VERDICT_TOO_MANY_STREAMS);
  EXPECT_TRUE(End(*streams[0]).ok());
  // One that ends, or is lost, makes room.
  contexts[1]->TryCancel();
  streams[1]->Finish();
  AwaitThat([&] {
    const auto again = world_.Context();
    const auto another = world_.ledger().SubmitTransactions(again.get());
    another->WritesDone();
    return another->Finish().ok();
  });
  EXPECT_TRUE(End(*streams[2]).ok());
}

TEST_F(SubmitStreamTest, AStoppingServerAnswersWhatItHasTaken) {
  const auto context = world_.Context();
  const auto stream = world_.ledger().SubmitTransactions(context.get());
  v1::SubmitTransactionsRequest message;
  for (int i = 0; i < 300; ++i) *message.add_requests() = Payment();
  ASSERT_TRUE(stream->Write(message));
  v1::SubmitTransactionsResponse response;
  ASSERT_TRUE(stream->Read(&response));  // by now it has taken the whole message
  int answered = response.results().size();
  std::thread stopper([&] { world_.server().Shutdown(absl::Seconds(30)); });
  while (stream->Read(&response)) answered += response.results().size();
  EXPECT_EQ(answered, 300);
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(VerdictOf(status), v1::VERDICT_STOPPING);
  stopper.join();
}

// ---- watches ----

class WatchTest : public ::testing::Test {
 protected:
  struct Watch {
    std::unique_ptr<grpc::ClientContext> context;
    std::unique_ptr<WatchStream> stream;

    // Cancels from the client's side, as a lost connection does.
    void Cut() {
      context->TryCancel();
      v1::WatchAccountResponse ignored;
      while (stream->Read(&ignored)) {
      }
      EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
    }
  };

  Watch Open(const std::string& whose, Sequence after, const std::string& who = "") {
    Watch watch;
    watch.context = world_.Context(who.empty() ? whose : who);
    v1::WatchAccountRequest request;
    request.set_account_id(world_.community().account(whose).ToBytes());
    request.set_after_sequence(after);
    watch.stream = world_.ledger().WatchAccount(watch.context.get(), request);
    return watch;
  }
  // How a watch ends that sends nothing.
  static grpc::Status Ending(Watch watch) {
    v1::WatchAccountResponse response;
    EXPECT_FALSE(watch.stream->Read(&response)) << response.DebugString();
    return watch.stream->Finish();
  }
  static v1::WatchAccountResponse Next(Watch& watch) {
    v1::WatchAccountResponse response;
    if (!watch.stream->Read(&response)) {
      ADD_FAILURE() << "the watch has ended: " << watch.stream->Finish().error_message();
    }
    return response;
  }
  std::vector<v1::HistoryItem> WholeHistory(const std::string& name) {
    std::vector<v1::HistoryItem> items;
    v1::ListHistoryRequest request;
    request.set_account_id(world_.community().account(name).ToBytes());
    request.set_page_size(500);
    do {
      v1::ListHistoryResponse response;
      EXPECT_TRUE(world_.ledger().ListHistory(world_.Context(name).get(), request, &response).ok());
      items.insert(items.end(), response.items().begin(), response.items().end());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return items;
  }

  RpcWorld world_{[](rpc::RpcOptions* options) {
    options->watches_max = 4;
    options->watch_keepalive = absl::Milliseconds(200);
  }};
};

TEST_F(WatchTest, AWatchCatchesUpSaysSoAndGoesOn) {
  world_.Pay("alice", "biocoop", 100, "pain");
  const std::vector<v1::HistoryItem> history = WholeHistory("alice");
  Watch watch = Open("alice", 0);
  for (const v1::HistoryItem& item : history) {
    const v1::WatchAccountResponse response = Next(watch);
    EXPECT_EQ(response.item().SerializeAsString(), item.SerializeAsString());
    EXPECT_EQ(response.sequence(), item.sequence());
  }
  const v1::WatchAccountResponse caught_up = Next(watch);
  EXPECT_FALSE(caught_up.has_item());
  EXPECT_EQ(caught_up.sequence(), world_.Head());
  const v1::SubmitTransactionResponse payment = world_.Pay("alice", "bruno", 200, "merci");
  v1::WatchAccountResponse live = Next(watch);
  while (!live.has_item()) live = Next(watch);  // it may have said that it lives
  EXPECT_EQ(live.sequence(), payment.sequence());
  EXPECT_EQ(live.item().transaction_id(), payment.transaction_id());
  EXPECT_EQ(live.item().operations(0).memo(), "merci");
  EXPECT_EQ(live.item().operations(0).postings(0).amount_minor(), -200);
  watch.Cut();

  Watch resumed = Open("alice", payment.sequence());
  EXPECT_FALSE(Next(resumed).has_item());  // nothing since: caught up at once
  resumed.Cut();
}

TEST_F(WatchTest, ResumingSkipsNothingAndRepeatsNothing) {
  constexpr int kPayments = 400;
  const Sequence start = world_.Head();
  std::thread payer([&] {
    for (int i = 0; i < kPayments; ++i) {
      // Others' entries lie in between.
      if (i % 5 == 0) world_.Pay("choir", "bruno", 1);
      world_.Pay("assoc", "biocoop", 1);
    }
  });
  std::vector<Sequence> seen;
  Sequence cursor = start;
  for (int round = 0; seen.size() < kPayments; ++round) {
    Watch watch = Open("biocoop", cursor);
    for (int i = 0; i <= round % 17 && seen.size() < kPayments; ++i) {
      const v1::WatchAccountResponse response = Next(watch);
      ASSERT_GE(response.sequence(), cursor);
      cursor = response.sequence();
      if (response.has_item()) {
        EXPECT_EQ(response.item().sequence(), response.sequence());
        seen.push_back(response.sequence());
      }
    }
    watch.Cut();
  }
  payer.join();
  std::vector<Sequence> expected;
  for (const v1::HistoryItem& item : WholeHistory("biocoop")) {
    if (item.sequence() > start) expected.push_back(item.sequence());
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(WatchTest, ASilentWatchSaysThatItLivesAndHowFarItIs) {
  Watch watch = Open("alice", world_.Head());
  EXPECT_FALSE(Next(watch).has_item());
  const Sequence others = world_.Pay("bruno", "chloe", 1).sequence();
  v1::WatchAccountResponse alive = Next(watch);
  while (alive.sequence() < others) {
    EXPECT_FALSE(alive.has_item());
    alive = Next(watch);
  }
  // From there on nothing is missing.
  watch.Cut();
  Watch resumed = Open("alice", alive.sequence());
  EXPECT_FALSE(Next(resumed).has_item());
  const Sequence own = world_.Pay("alice", "bruno", 1).sequence();
  v1::WatchAccountResponse next = Next(resumed);
  while (!next.has_item()) next = Next(resumed);
  EXPECT_EQ(next.sequence(), own);
  resumed.Cut();
}

TEST_F(WatchTest, ASlowWatcherHoldsNobodyBack) {
  Watch slow = Open("biocoop", 0);
  Watch quick = Open("biocoop", 0);
  const size_t before = WholeHistory("biocoop").size();
  const std::string memo(2000, 'm');
  constexpr size_t kPayments = 300;  // more than a connection buffers
  for (size_t i = 0; i < kPayments; ++i)
    world_.Pay("assoc", "biocoop", 1, memo + std::to_string(i));
  for (Watch* watch : {&quick, &slow}) {
    std::vector<Sequence> seen;
    while (seen.size() < before + kPayments) {
      const v1::WatchAccountResponse response = Next(*watch);
      if (response.has_item()) seen.push_back(response.sequence());
    }
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    EXPECT_EQ(std::set<Sequence>(seen.begin(), seen.end()).size(), seen.size());
  }
  slow.Cut();
  quick.Cut();
}

TEST_F(WatchTest, BadRequestsAreRefused) {
  const Sequence head = world_.Head();
  const grpc::Status ahead = Ending(Open("alice", head + 1));
  EXPECT_EQ(VerdictOf(ahead), v1::VERDICT_REQUEST_MALFORMED);
  EXPECT_EQ(RefusalOf(ahead).figures.at("field"), "after_sequence");
  EXPECT_EQ(VerdictOf(Ending(Open("newcomer", 0, "auditor"))), v1::VERDICT_ACCOUNT_UNKNOWN);
  EXPECT_EQ(VerdictOf(Ending(Open("alice", 0, "bruno"))), v1::VERDICT_READ_NOT_ALLOWED);
  Watch malformed;
  malformed.context = world_.Context("alice");
  malformed.stream = world_.ledger().WatchAccount(malformed.context.get(), {});
  EXPECT_EQ(VerdictOf(Ending(std::move(malformed))), v1::VERDICT_ID_MALFORMED);
  AwaitThat([&] { return world_.hub().size() == 0; });
}

TEST_F(WatchTest, OpenWatchesAreBoundedAndLeaveNothingBehind) {
  std::vector<Watch> watches;
  for (int i = 0; i < 4; ++i) {
    watches.push_back(Open("alice", world_.Head()));
    EXPECT_FALSE(Next(watches.back()).has_item());
  }
  EXPECT_EQ(world_.hub().size(), 4);
  EXPECT_EQ(VerdictOf(Ending(Open("bruno", 0))), v1::VERDICT_TOO_MANY_STREAMS);
  for (Watch& watch : watches) watch.Cut();
  AwaitThat([&] { return world_.hub().size() == 0; });
  Watch again = Open("bruno", world_.Head());
  EXPECT_FALSE(Next(again).has_item());
  again.Cut();
}

TEST_F(WatchTest, AWatchEndsWithTheRoleThatAllowedIt) {
  Watch watch = Open("alice", world_.Head(), "auditor");
  EXPECT_FALSE(Next(watch).has_item());
  world_.Do({world_.community().RevokeRole("auditor", v1::ROLE_AUDITOR)}, {"governance"});
  world_.Pay("alice", "bruno", 1);
  v1::WatchAccountResponse response;
  while (watch.stream->Read(&response)) EXPECT_FALSE(response.has_item());
  EXPECT_EQ(VerdictOf(watch.stream->Finish()), v1::VERDICT_READ_NOT_ALLOWED);
}

TEST_F(WatchTest, AFailedReadEndsTheWatch) {
  Watch watch = Open("alice", world_.Head());
  EXPECT_FALSE(Next(watch).has_item());
  world_.store().FailReads(absl::UnavailableError("disk"));
  v1::WatchAccountResponse response;
  while (watch.stream->Read(&response)) EXPECT_FALSE(response.has_item());
  EXPECT_EQ(watch.stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  world_.store().FailReads(absl::OkStatus());
}

TEST_F(WatchTest, AStoppingServerEndsItsWatches) {
  Watch watch = Open("alice", world_.Head());
  EXPECT_FALSE(Next(watch).has_item());
  world_.server().Shutdown(absl::Seconds(30));
  v1::WatchAccountResponse response;
  while (watch.stream->Read(&response)) EXPECT_FALSE(response.has_item());
  EXPECT_EQ(VerdictOf(watch.stream->Finish()), v1::VERDICT_STOPPING);
  EXPECT_EQ(world_.hub().size(), 0);
}

TEST_F(WatchTest, ManyWatchesThatComeAndGoDuringCommits) {
  std::atomic<bool> done = false;
  std::thread payer([&] {
    for (int i = 0; i < 200; ++i) world_.Pay("assoc", "biocoop", 1);
    done = true;
  });
  std::vector<std::thread> watchers;
  for (int w = 0; w < 3; ++w) {
    watchers.emplace_back([&, w] {
      for (int round = 0; !done; ++round) {
        Watch watch = Open("biocoop", 0);
        v1::WatchAccountResponse response;
        for (int i = 0; i < (round + w) % 5; ++i) watch.stream->Read(&response);
        watch.context->TryCancel();
        while (watch.stream->Read(&response)) {
        }
        watch.stream->Finish();
      }
    });
  }
  payer.join();
  for (std::thread& watcher : watchers) watcher.join();
  AwaitThat([&] { return world_.hub().size() == 0; });
}

}  // namespace
}  // namespace kengred
