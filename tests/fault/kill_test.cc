// Goal: an acknowledged transaction survives `kill -9` under full load, wholly and once; one that
// was not acknowledged is there wholly or not at all; and the auditor agrees with all of the store.
// The same where the disk fills up instead.
//
// Method: streams and single calls keep hundreds of payments outstanding; the server is killed at a
// random instant, sometimes also while it starts. What it has left is audited as it lies there,
// every payment is looked for, and all balances are compared with what they must be. Then a server
// starts on it and is sent everything again: what was there counts once, and is a duplicate.
//
// KENGRED_KILL_ROUNDS rounds (default 5) with the random numbers of KENGRED_KILL_SEED (default: of
// this run, printed). Every few rounds a new ledger begins, so that an audit stays short.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/storage/rocksdb_store.h"
#include "tests/support/books.h"
#include "tests/support/live_community.h"
#include "tests/support/server_process.h"

namespace kengred {
namespace {

using testing::Community;
using testing::ConnectTo;
using testing::kHeol;
using testing::NowInSeconds;
using testing::ScratchDirectory;
using testing::Sent;
using testing::ServerProcess;

constexpr uint64_t kRoundsOfALedger = 5;
// Each with half of its payments outstanding at most, and nobody answers the last ones.
constexpr size_t kStreams = 2;
constexpr size_t kStreamPayments = 640;
constexpr size_t kPerMessage[kStreams] = {64, 16};
constexpr size_t kMessagesAhead[kStreams] = {5, 20};
// Single calls, one outstanding each.
constexpr size_t kCallers = 8;
constexpr size_t kCallerPayments = 40;
// Answers after which the server is killed at the latest.
constexpr uint64_t kAnswersMax = 900;
// For how long a client tries to reach a server that is gone.
constexpr std::chrono::milliseconds kPatience{500};
// Holders pay from what each round brings them.
constexpr int64_t kRoundHeol = 10000;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

// How the load ends.
enum class End {
  kKilled,   // the server is killed at a random instant
  kStopped,  // when nobody gets an answer any more; then it is killed
};

class KillTest : public ::testing::Test {
 protected:
  KillTest() : seed_(FromEnvironment("KENGRED_KILL_SEED", std::random_device{}())), random_(seed_) {
    std::printf("KENGRED_KILL_SEED=%llu\n", static_cast<unsigned long long>(seed_));
    accounts_ = community_.names();
    std::erase_if(accounts_, [](const std::string& name) { return name.starts_with("new"); });
  }

  uint64_t Random(uint64_t below) { return random_() % below; }

  // A new ledger in `data_`, and its server.
  void Found();
  // Starts a server on the ledger.
  void Start(const testing::Conditions& conditions = {});
  // Enough for the payments of a round.
  void TopUp();
  // Pays until the server is gone; everything that was sent.
  std::vector<Sent> PayUntil(End end);
  // Looks at what the server has left, while none is running.
  void CheckWhatIsLeft(std::vector<Sent>* sent);
  // Sends all of it again to a new server.
  void SendAgain(const std::vector<Sent>& sent);
  void ExpectBalances();
  // Ends the server, and has the ledger audited by the program.
  void StopAndAudit();

  const uint64_t seed_;
  std::mt19937_64 random_;
  Community community_;
  std::vector<std::string> accounts_;
  ScratchDirectory scratch_;
  uint64_t ledgers_ = 0;
  std::string data_;
  std::unique_ptr<ServerProcess> server_;
  std::map<std::string, int64_t> balances_;  // what they must be
  int64_t issued_ = 0;
  uint64_t rounds_ = 0;
  uint64_t payments_ = 0;
  uint64_t acknowledged_ = 0;  // of all rounds
};

void KillTest::Found() {
  data_ = scratch_ / ("ledger-" + std::to_string(++ledgers_));
  testing::MakeLedger(community_, data_);
  ASSERT_NO_FATAL_FAILURE(Start());
  client::Client client = ConnectTo(*server_, community_);
  testing::FoundOn(&client, &community_);
  balances_ = testing::BalancesOf(&client, community_, accounts_, kHeol);
  issued_ = 0;
}

void KillTest::Start(const testing::Conditions& conditions) {
  server_.reset();
  server_ = std::make_unique<ServerProcess>(data_, std::vector<std::string>{}, conditions);
  ASSERT_TRUE(server_->ready()) << server_->log();
}

void KillTest::TopUp() {
  ++rounds_;
  std::vector<v1::Operation> issues;
  for (const char* name : {"assoc", "choir"}) {
    issues.push_back(community_.Issue(name, kRoundHeol, "ROUND-" + std::to_string(rounds_) + name));
    balances_[name] += kRoundHeol;
    issued_ += kRoundHeol;
  }
  v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() =
      community_.Transaction(NowInSeconds(), issues, {"issuer"});
  client::Client client = ConnectTo(*server_, community_);
  const auto response = client.Submit(request);
  ASSERT_TRUE(response.ok()) << response.status();
}

std::vector<Sent> KillTest::PayUntil(End end) {
  // Signed beforehand, so that the server is what is busy.
  const auto make = [this](size_t count, const char* payer, const char* payee, const char* other) {
    std::vector<Sent> made;
    for (size_t i = 0; i < count; ++i) {
      made.push_back(testing::MakePayment(community_, NowInSeconds(), payer, {payee, 1}, {other, 2},
                                          payments_++));
    }
    return made;
  };
  std::vector<std::vector<Sent>> of_threads;
  for (size_t i = 0; i < kStreams; ++i) {
    of_threads.push_back(make(kStreamPayments, "choir", "librairie", "alice"));
  }
  for (size_t i = 0; i < kCallers; ++i) {
    of_threads.push_back(make(kCallerPayments, "assoc", "choir", "biocoop"));
  }
  std::vector<client::Client> clients;
  for (size_t i = 0; i < of_threads.size(); ++i) {
    clients.push_back(ConnectTo(*server_, community_, kPatience));
  }
  std::atomic<uint64_t> answers = 0;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < of_threads.size(); ++i) {
    threads.emplace_back([&answers, &client = clients[i], &mine = of_threads[i], i] {
      if (i >= kStreams) {
        for (Sent& one : mine) {
          const auto response = client.Submit(one.request);
          if (!response.ok()) return;
          one.sequence = response->sequence();
          ++answers;
        }
        return;
      }
      std::vector<v1::SubmitTransactionRequest> requests;
      for (const Sent& one : mine) requests.push_back(one.request);
      const absl::Status status = client.SubmitAll(
          requests,
          [&](size_t index, const v1::SubmitResult& result) {
            ASSERT_TRUE(result.has_accepted()) << result.ShortDebugString();
            mine[index].sequence = result.accepted().sequence();
            ++answers;
          },
          kPerMessage[i], kMessagesAhead[i]);
      (void)status;  // all, or the server is gone
    });
  }
  if (end == End::kKilled) {
    const uint64_t enough = Random(kAnswersMax);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (answers < enough && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(Random(20000)));
  } else {
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }
  server_->Signal(SIGKILL);
  EXPECT_EQ(server_->Wait(), 128 + SIGKILL);
  for (std::thread& thread : threads) thread.join();

  std::vector<Sent> all;
  for (std::vector<Sent>& mine : of_threads) {
    std::move(mine.begin(), mine.end(), std::back_inserter(all));
  }
  return all;
}

void KillTest::CheckWhatIsLeft(std::vector<Sent>* sent) {
  storage::RocksDbOptions options;
  options.path = data_;
  options.read_only = true;
  const auto store = storage::OpenRocksDbStore(options);
  ASSERT_TRUE(store.ok()) << store.status();
  const uint64_t entries = testing::ExpectAuditAgrees(store->get(), community_);
  testing::ExpectWholeOrAbsent(store->get(), community_, sent);
  size_t acknowledged = 0;
  size_t present = 0;
  for (const Sent& one : *sent) {
    acknowledged += one.sequence ? 1U : 0U;
    if (!one.present) continue;
    ++present;
    for (const auto& [name, amount] : one.moves) balances_[name] += amount;
  }
  acknowledged_ += acknowledged;
  std::printf(
      "round %llu: of %zu payments %zu acknowledged, %zu there after the kill, "
      "%llu entries audited\n",
      static_cast<unsigned long long>(rounds_), sent->size(), acknowledged, present,
      static_cast<unsigned long long>(entries));
  std::fflush(stdout);
  EXPECT_EQ(testing::HeolOf(store->get(), community_, accounts_), balances_);
}

void KillTest::SendAgain(const std::vector<Sent>& sent) {
  std::vector<v1::SubmitTransactionRequest> requests;
  for (const Sent& one : sent) requests.push_back(one.request);
  client::Client client = ConnectTo(*server_, community_);
  const absl::Status status =
      client.SubmitAll(requests, [&](size_t index, const v1::SubmitResult& result) {
        const Sent& one = sent[index];
        ASSERT_TRUE(result.has_accepted()) << result.ShortDebugString();
        EXPECT_EQ(result.accepted().duplicate(), one.present);
        if (one.sequence) {
          EXPECT_EQ(result.accepted().sequence(), *one.sequence);
        }
        if (one.present) return;
        for (const auto& [name, amount] : one.moves) balances_[name] += amount;
      });
  EXPECT_TRUE(status.ok()) << status;
  ExpectBalances();
}

void KillTest::ExpectBalances() {
  client::Client client = ConnectTo(*server_, community_);
  const std::map<std::string, int64_t> found =
      testing::BalancesOf(&client, community_, accounts_, kHeol);
  EXPECT_EQ(found, balances_);
  // Holders and the programme's pot have what circulates, and the fund backs it.
  int64_t sum = 0;
  for (const auto& [name, amount] : found) sum += amount;
  sum += testing::BalancesOf(&client, community_, {"repair"}, kHeol)["repair"];
  const auto ledger = client.GetLedger();
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  for (const v1::CurrencyStatus& status : ledger->currencies()) {
    if (status.currency() != kHeol) continue;
    EXPECT_EQ(status.circulation_minor(), sum);
    EXPECT_EQ(status.circulation_minor(), 135000 + issued_);
    EXPECT_EQ(status.fund_minor(), 135000 + issued_);
  }
}

void KillTest::StopAndAudit() {
  server_->Signal(SIGTERM);
  ASSERT_EQ(server_->Wait(), 0) << server_->log();
  const testing::Finished audit = testing::RunServerProgram({"audit", "--data", data_});
  EXPECT_EQ(audit.exit_code, 0) << audit.out << audit.err;
}

TEST_F(KillTest, NothingAcknowledgedIsLostAndNothingIsHalfThere) {
  const uint64_t rounds = FromEnvironment("KENGRED_KILL_ROUNDS", 5);
  ASSERT_GT(rounds, 0U);
  for (uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
    if (round % kRoundsOfALedger == 0) {
      if (round > 0) {
        ASSERT_NO_FATAL_FAILURE(StopAndAudit());
      }
      ASSERT_NO_FATAL_FAILURE(Found());
    }
    ASSERT_NO_FATAL_FAILURE(TopUp());
    std::vector<Sent> sent = PayUntil(End::kKilled);
    ASSERT_NO_FATAL_FAILURE(CheckWhatIsLeft(&sent));
    // A start may be killed too, before it has taken anything.
    while (Random(2) == 0) {
      testing::StartAndKillServer(data_, std::chrono::microseconds(Random(200000)));
    }
    ASSERT_NO_FATAL_FAILURE(Start());
    SendAgain(sent);
  }
  StopAndAudit();
  EXPECT_GT(acknowledged_, 0U);
}

TEST_F(KillTest, NothingAcknowledgedIsLostWhereTheDiskFillsUpUnderLoad) {
  ASSERT_NO_FATAL_FAILURE(Found());
  ASSERT_NO_FATAL_FAILURE(TopUp());
  // A limit on files stands in for the disk's end: the write that reaches it is cut short.
  testing::Conditions full;
  full.file_bytes_max = 200'000 + Random(500'000);
  server_->Signal(SIGTERM);
  ASSERT_EQ(server_->Wait(), 0) << server_->log();
  ASSERT_NO_FATAL_FAILURE(Start(full));
  std::vector<Sent> sent = PayUntil(End::kStopped);
  ASSERT_NO_FATAL_FAILURE(CheckWhatIsLeft(&sent));
  EXPECT_GT(acknowledged_, 0U);
  EXPECT_LT(acknowledged_, sent.size()) << "the disk was never full";
  ASSERT_NO_FATAL_FAILURE(Start());
  SendAgain(sent);
  StopAndAudit();
}

}  // namespace
}  // namespace kengred
