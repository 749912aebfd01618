// Goal: an acknowledged transaction survives `kill -9`, wholly and once; one that was not
// acknowledged is there wholly or not at all. Method: a driver pays over single calls and over a
// stream; the server is killed at a random instant, sometimes also while it starts; then every
// transaction sent is looked for, its postings, its memo and all balances are compared with what
// they must be, and what is not there is sent again.
//
// KENGRED_KILL_ROUNDS rounds (default 10) with the random numbers of KENGRED_KILL_SEED (default: of
// this run, printed).
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kengred/core/signing.h"
#include "server/main/erasure.h"
#include "server/main/ledger_file.h"
#include "server/rules/state.h"
#include "tests/support/live_community.h"
#include "tests/support/server_process.h"

namespace kengred {
namespace {

using testing::Community;
using testing::ConnectTo;
using testing::IdOf;
using testing::kHeol;
using testing::NowInSeconds;
using testing::ReaderOf;
using testing::ScratchDirectory;
using testing::ServerProcess;

constexpr size_t kUnaryThreads = 3;
constexpr size_t kStreamTransactions = 1500;
// Answers after which the server is killed at the latest.
constexpr uint64_t kAnswersMax = 600;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

// One transaction on its way, and what is known of it.
struct Sent {
  v1::SubmitTransactionRequest request;
  std::string memo;
  // The movements it stands for.
  std::map<std::string, int64_t> moves;
  // The journal entry, where the server has acknowledged it.
  std::optional<uint64_t> sequence;
  bool present = false;  // found after the kill
};

class KillTest : public ::testing::Test {
 protected:
  KillTest() : seed_(FromEnvironment("KENGRED_KILL_SEED", std::random_device{}())), random_(seed_) {
    std::printf("KENGRED_KILL_SEED=%llu\n", static_cast<unsigned long long>(seed_));
    accounts_ = community_.names();
    std::erase_if(accounts_, [](const std::string& name) { return name.starts_with("new"); });
  }

  uint64_t Random(uint64_t below) { return random_() % below; }

  // A payment to two payees with a memo: half of it would show.
  Sent MakePayment(const std::string& payer, const std::string& payee, const std::string& other,
                   uint64_t number) {
    Sent sent;
    sent.memo = "memo " + std::to_string(number);
    const testing::Text text = community_.text(sent.memo);
    v1::Operation first = community_.Transfer(payer, payee, 1);
    *first.mutable_transfer()->mutable_memo() = text.commitment;
    *sent.request.mutable_signed_transaction() = community_.Transaction(
        NowInSeconds(), {first, community_.Transfer(payer, other, 2)}, {payer});
    *sent.request.add_side_records() = text.record;
    sent.moves = {{payer, -3}, {payee, 1}, {other, 2}};
    return sent;
  }

  // Enough for the payments of a round.
  void TopUp(client::Client* client, uint64_t round) {
    std::vector<v1::Operation> issues;
    for (const char* name : {"assoc", "choir"}) {
      issues.push_back(community_.Issue(name, 10000, "ROUND-" + std::to_string(round) + name));
      balances_[name] += 10000;
      issued_ += 10000;
    }
    v1::SubmitTransactionRequest request;
    *request.mutable_signed_transaction() =
        community_.Transaction(NowInSeconds(), issues, {"issuer"});
    const auto response = client->Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
  }

  // Pays until the server is gone; everything that was sent.
  std::vector<Sent> PayUntilKilled(ServerProcess* server);
  // Looks for everything that was sent, and keeps the books.
  void CheckAfterRestart(client::Client* client, std::vector<Sent>* sent);
  void ExpectBalances(client::Client* client);

  const uint64_t seed_;
  std::mt19937_64 random_;
  Community community_;
  std::vector<std::string> accounts_;
  std::map<std::string, int64_t> balances_;  // what they must be
  int64_t issued_ = 0;
  uint64_t payments_ = 0;
};

std::vector<Sent> KillTest::PayUntilKilled(ServerProcess* server) {
  // Signed beforehand, so that the server is what is busy.
  std::vector<std::vector<Sent>> of_threads(kUnaryThreads + 1);
  for (size_t thread = 0; thread < kUnaryThreads; ++thread) {
    for (size_t i = 0; i < kAnswersMax; ++i) {
      of_threads[thread].push_back(MakePayment("choir", "biocoop", "librairie", payments_++));
    }
  }
  for (size_t i = 0; i < kStreamTransactions; ++i) {
    of_threads[kUnaryThreads].push_back(MakePayment("assoc", "choir", "biocoop", payments_++));
  }
  std::vector<size_t> sent(of_threads.size(), 0);
  std::atomic<uint64_t> answers = 0;
  std::vector<client::Client> clients;
  for (size_t i = 0; i < of_threads.size(); ++i) {
    clients.push_back(ConnectTo(*server, community_, std::chrono::milliseconds(1500)));
  }
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kUnaryThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (Sent& one : of_threads[thread]) {
        ++sent[thread];
        const auto response = clients[thread].Submit(one.request);
        if (!response.ok()) return;
        one.sequence = response->sequence();
        ++answers;
      }
    });
  }
  threads.emplace_back([&] {
    std::vector<Sent>& mine = of_threads[kUnaryThreads];
    std::vector<v1::SubmitTransactionRequest> requests;
    for (const Sent& one : mine) requests.push_back(one.request);
    sent[kUnaryThreads] = mine.size();
    const absl::Status status = clients[kUnaryThreads].SubmitAll(
        requests,
        [&](size_t index, const v1::SubmitResult& result) {
          ASSERT_TRUE(result.has_accepted()) << result.ShortDebugString();
          mine[index].sequence = result.accepted().sequence();
          ++answers;
        },
        /*per_message=*/16);
    (void)status;  // all, or the server is gone
  });
  const uint64_t enough = 1 + Random(kAnswersMax);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (answers < enough && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  std::this_thread::sleep_for(std::chrono::microseconds(Random(20000)));
  server->Signal(SIGKILL);
  EXPECT_EQ(server->Wait(), 128 + SIGKILL);
  for (std::thread& thread : threads) thread.join();

  std::vector<Sent> all;
  for (size_t thread = 0; thread < of_threads.size(); ++thread) {
    std::move(of_threads[thread].begin(),
              of_threads[thread].begin() + static_cast<std::ptrdiff_t>(sent[thread]),
              std::back_inserter(all));
  }
  return all;
}

void KillTest::CheckAfterRestart(client::Client* client, std::vector<Sent>* sent) {
  const client::Reader auditor = ReaderOf(community_, "auditor");
  size_t acknowledged = 0;
  size_t present = 0;
  for (Sent& one : *sent) {
    const auto found = client->GetTransaction(auditor, IdOf(one.request.signed_transaction()));
    acknowledged += one.sequence ? 1U : 0U;
    if (absl::IsNotFound(found.status())) {
      ASSERT_FALSE(one.sequence) << "acknowledged as entry " << *one.sequence << " and lost";
      continue;
    }
    ASSERT_TRUE(found.ok()) << found.status();
    one.present = true;
    ++present;
    v1::JournalEntry entry;
    ASSERT_TRUE(entry.ParseFromString(found->journal_entry()));
    if (one.sequence) {
      ASSERT_EQ(entry.sequence(), *one.sequence);
    }
    EXPECT_EQ(entry.signed_transaction().SerializeAsString(),
              one.request.signed_transaction().SerializeAsString());
    std::map<std::string, int64_t> moves;
    for (const v1::Posting& posting : entry.postings()) {
      for (const auto& [name, amount] : one.moves) {
        if (posting.account_id() == community_.account(name).view()) {
          moves[name] += posting.amount_minor();
        }
      }
    }
    EXPECT_EQ(moves, one.moves);
    EXPECT_EQ(entry.postings_size(), 4);
    ASSERT_EQ(found->side_records_size(), 1);
    EXPECT_EQ(found->side_records(0).content(), one.memo);
    for (const auto& [name, amount] : one.moves) balances_[name] += amount;
  }
  std::printf("sent %zu, acknowledged %zu, there after the kill %zu\n", sent->size(), acknowledged,
              present);
  ExpectBalances(client);

  // What has no answer is sent again: it counts once, whether it was there or not.
  for (const Sent& one : *sent) {
    if (one.sequence) continue;
    const auto response = client->Submit(one.request);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->duplicate(), one.present);
    if (one.present) continue;
    for (const auto& [name, amount] : one.moves) balances_[name] += amount;
  }
  ExpectBalances(client);
}

void KillTest::ExpectBalances(client::Client* client) {
  const std::map<std::string, int64_t> found =
      testing::BalancesOf(client, community_, accounts_, kHeol);
  EXPECT_EQ(found, balances_);
  // Holders and the programme's pot have what circulates, and the fund backs it.
  int64_t sum = 0;
  for (const auto& [name, amount] : found) sum += amount;
  sum += testing::BalancesOf(client, community_, {"repair"}, kHeol)["repair"];
  const auto ledger = client->GetLedger();
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  for (const v1::CurrencyStatus& status : ledger->currencies()) {
    if (status.currency() != kHeol) continue;
    EXPECT_EQ(status.circulation_minor(), sum);
    EXPECT_EQ(status.circulation_minor(), 135000 + issued_);
    EXPECT_EQ(status.fund_minor(), 135000 + issued_);
  }
}

// All balances of the store, the ledger's own accounts included, sum to zero per currency.
void ExpectBalancesSumToZero(storage::Store* store) {
  const std::string prefix = rules::key::BalancesOf(AccountId()).substr(0, 1);
  std::map<std::string, int64_t> sums;
  std::string after;
  while (true) {
    const absl::StatusOr<storage::Scan> scan = store->scan(prefix, after, 1000);
    ASSERT_TRUE(scan.ok()) << scan.status();
    for (const auto& [key, value] : scan->pairs) {
      sums[key.substr(1 + AccountId::kSize)] += static_cast<int64_t>(rules::DecodeNumber(value));
    }
    if (scan->pairs.size() < 1000) break;
    after = scan->pairs.back().first;
  }
  EXPECT_EQ(sums, (std::map<std::string, int64_t>{{"EUR", 0}, {"HEOL", 0}, {"HOURS", 0}}));
}

TEST_F(KillTest, NothingAcknowledgedIsLostAndNothingIsHalfThere) {
  const ScratchDirectory scratch;
  const std::string data = scratch / "ledger";
  testing::MakeLedger(community_, data);
  auto server = std::make_unique<ServerProcess>(data);
  ASSERT_TRUE(server->ready()) << server->log();
  {
    client::Client client = ConnectTo(*server, community_);
    testing::FoundOn(&client, &community_);
    balances_ = testing::BalancesOf(&client, community_, accounts_, kHeol);
  }
  const uint64_t rounds = FromEnvironment("KENGRED_KILL_ROUNDS", 10);
  ASSERT_GT(rounds, 0U);
  for (uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
    {
      client::Client client = ConnectTo(*server, community_);
      ASSERT_NO_FATAL_FAILURE(TopUp(&client, round));
    }
    std::vector<Sent> sent = PayUntilKilled(server.get());
    server.reset();
    // A start may be killed too, before it has taken anything.
    while (Random(2) == 0) {
      testing::StartAndKillServer(data, std::chrono::microseconds(Random(200000)));
    }
    server = std::make_unique<ServerProcess>(data);
    ASSERT_TRUE(server->ready()) << server->log();
    client::Client client = ConnectTo(*server, community_);
    ASSERT_NO_FATAL_FAILURE(CheckAfterRestart(&client, &sent));
  }
  server->Signal(SIGTERM);
  ASSERT_EQ(server->Wait(), 0) << server->log();
  const absl::StatusOr<server::LedgerFile> ledger = server::OpenLedgerFile(data, true);
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  const absl::StatusOr<storage::Head> head = server::CheckJournal(ledger->store.get());
  EXPECT_TRUE(head.ok()) << head.status();
  ExpectBalancesSumToZero(ledger->store.get());
}

}  // namespace
}  // namespace kengred
