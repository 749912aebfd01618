// Goal: real programs together: two witnesses cosign what a server commits, a receipt proves it
// offline, a ledger that went back is not cosigned and named on both sides; a witness that is
// killed at any moment has never answered with more than it kept.
//
// Method: kengred-server, kengred-witness and kengred as processes on loopback ports of their
// choice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "kengred/core/checkpoint.h"
#include "kengred/core/cosignature.h"
#include "kengred/core/receipt.h"
#include "net/http_client.h"
#include "real_server.h"
#include "tests/support/live_community.h"
#include "tests/support/test_log.h"
#include "witness/directory.h"

namespace kengred::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A witness with a directory of its own.
class WitnessProcess {
 public:
  explicit WitnessProcess(const std::string& name) {
    EXPECT_EQ(Run({"init", "--name", name, "--data", data()}), 0) << said_;
    EXPECT_EQ(Run({"key", "--data", data()}), 0) << said_;
    key_ = said_.substr(0, said_.find('\n'));
  }

  // Runs a command to its end.
  int Run(std::vector<std::string> command) {
    command.insert(command.begin(), ProgramPath("kengred-witness"));
    Process process(command, log_file());
    said_ = process.ReadAll();
    return process.Wait();
  }
  void Watch(const VerifierKey& log) {
    EXPECT_EQ(Run({"add", "--data", data(), "--log", log.Format()}), 0) << log_text();
  }
  void Start(const std::string& listen = "127.0.0.1:0") {
    process_ =
        std::make_unique<Process>(std::vector<std::string>{ProgramPath("kengred-witness"), "serve",
                                                           "--data", data(), "--listen", listen},
                                  log_file());
    constexpr std::string_view kReady = "kengred-witness is ready on ";
    const std::string line = process_->ReadUntil("\n");
    ASSERT_EQ(line.substr(0, kReady.size()), kReady) << log_text();
    address_ = line.substr(kReady.size(), line.size() - kReady.size() - 1);
  }
  Process& process() { return *process_; }
  // Ends it; its exit code.
  int Stop(int signal = SIGTERM) {
    process_->Signal(signal);
    return process_->Wait();
  }

  std::string data() const { return folder_ / "witness"; }
  std::string url() const { return "http://" + address_; }
  const std::string& key() const { return key_; }
  const std::string& said() const { return said_; }
  std::string log_text() const { return ReadFileOrNothing(log_file()); }
  // How far the log has come that it shows; 0: nothing yet.
  uint64_t SizeOf(const std::string& origin) {
    net::HttpClient client({.timeout = absl::Minutes(1)});
    const auto answer = client.Get(url() + "/" + witness::OriginHash(origin) + "/checkpoint");
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (answer->status != 200) return 0;
    return ParseCheckpoint(ParseNote(answer->body)->text)->size;
  }

 private:
  std::string log_file() const { return folder_ / "log"; }

  const ScratchDirectory folder_;
  std::string key_;
  std::string said_;
  std::string address_;
  std::unique_ptr<Process> process_;
};

// Until it holds.
void Await(const std::function<bool()>& holds, const std::function<std::string()>& otherwise) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!holds()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << otherwise();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

// A founded community on a real server, with two real witnesses that its charter lists.
class WitnessProcessTest : public ::testing::Test {
 protected:
  WitnessProcessTest()
      : community_(1, [this](v1::Charter* charter) {
          charter->add_witness_keys(a_.key());
          charter->add_witness_keys(b_.key());
        }) {
    MakeLedger(community_, data());
    for (WitnessProcess* witness : {&a_, &b_}) {
      witness->Watch(community_.log_keys()[0]->verifier_key());
      witness->Start();
    }
    for (const std::string& key : community_.charter().witness_keys()) {
      witness_keys_.push_back(*VerifierKey::Parse(key));
    }
  }

  std::string data() const { return folder_ / "ledger"; }
  void StartServer() {
    server_ = std::make_unique<ServerProcess>(
        data(), std::vector<std::string>{"--witness", a_.url(), "--witness", b_.url()});
    ASSERT_TRUE(server_->ready()) << server_->log();
  }
  void StopServer() {
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0) << server_->log();
  }
  // Alice pays.
  TransactionId Pay(client::Client* client, const std::string& payee) {
    v1::SubmitTransactionRequest request;
    *request.mutable_signed_transaction() =
        community_.Transaction(NowInSeconds(), {community_.Transfer("alice", payee, 1)}, {"alice"});
    const auto response = client->Submit(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return *TransactionId::FromBytes(response->transaction_id());
  }
  std::string ReceiptOf(client::Client* client, const TransactionId& id) {
    const auto receipt = client->GetReceipt(ReaderOf(community_, "alice"), id);
    EXPECT_TRUE(receipt.ok()) << receipt.status();
    return receipt->text;
  }
  size_t Cosignatures(const std::string& receipt) {
    const auto note = ParseNote(ParseReceipt(receipt)->checkpoint);
    const auto cosignatures = VerifyCosignatures(*note, witness_keys_);
    EXPECT_TRUE(cosignatures.ok()) << cosignatures.status();
    return cosignatures->size();
  }
  // Until both have cosigned a checkpoint that covers it.
  std::string AwaitReceipt(client::Client* client, const TransactionId& id) {
    std::string receipt;
    Await([&] { return Cosignatures(receipt = ReceiptOf(client, id)) == 2; },
          [&] { return server_->log() + a_.log_text() + b_.log_text(); });
    return receipt;
  }

  const ScratchDirectory folder_;
  WitnessProcess a_{"witness.example/a"};
  WitnessProcess b_{"witness.example/b"};
  Community community_;
  std::vector<VerifierKey> witness_keys_;
  std::unique_ptr<ServerProcess> server_;
};

TEST_F(WitnessProcessTest, AReceiptProvesOfflineThatTwoWitnessesHaveSeen) {
  StartServer();
  client::Client client = ConnectTo(*server_, community_);
  FoundOn(&client, &community_);
  const TransactionId id = Pay(&client, "biocoop");
  WriteFileOrDie(folder_ / "receipt", AwaitReceipt(&client, id));
  EXPECT_THAT(server_->log(), HasSubstr("info witness url=" + a_.url() + " state=cosigning"));
  // A witness that was down is asked again.
  EXPECT_EQ(a_.Stop(), 0) << a_.log_text();
  const TransactionId second = Pay(&client, "biocoop");
  Await([&] { return Cosignatures(ReceiptOf(&client, second)) == 1; },
        [&] { return server_->log(); });
  Await([&] { return server_->log().find("state=unreachable") != std::string::npos; },
        [&] { return server_->log(); });
  const std::string address = a_.url().substr(7);
  a_.Start(address);
  AwaitReceipt(&client, second);
  // GET /checkpoint shows them too.
  net::HttpClient http;
  const auto shown = [&] {
    const auto answer = http.Get("http://" + server_->http_target() + "/checkpoint");
    EXPECT_TRUE(answer.ok()) << answer.status();
    const auto cosignatures = VerifyCosignatures(*ParseNote(answer->body), witness_keys_);
    EXPECT_TRUE(cosignatures.ok()) << cosignatures.status();
    return cosignatures->size();
  };
  Await([&] { return shown() == 2; }, [&] { return server_->log(); });
  // And so is the server's memory made anew.
  StopServer();
  StartServer();
  client::Client again = ConnectTo(*server_, community_);
  AwaitReceipt(&again, second);

  StopServer();
  EXPECT_EQ(a_.Stop(), 0);
  EXPECT_EQ(b_.Stop(), 0);
  if (!fs::exists(std::string(std::getenv("KENGRED_BIN_DIR")) + "/kengred")) return;
  const auto verify = [&](const std::string& needed) {
    Process wallet(
        {ProgramPath("kengred"), "receipt", "verify", folder_ / "receipt", "--key",
         community_.log_keys()[0]->verifier_key().Format(), "--witnesses-needed", needed},
        folder_ / "wallet_errors");
    const std::string said = wallet.ReadAll();
    return std::pair(wallet.Wait(), said);
  };
  const auto [code, said] = verify("2");
  EXPECT_EQ(code, 0) << said << ReadFileOrNothing(folder_ / "wallet_errors");
  EXPECT_EQ(verify("3").first, 9);
}

TEST_F(WitnessProcessTest, AClientIsServedWhileItsWitnessesVouch) {
  StartServer();
  client::Client founder = ConnectTo(*server_, community_);
  FoundOn(&founder, &community_);
  client::ClientOptions options;
  options.target = server_->target();
  options.timeout = std::chrono::minutes(1);
  options.connect_timeout = options.timeout;
  options.log_memory = client::NewFileLogMemory(folder_ / "memory");
  options.witness_policy.witnesses_needed = 2;
  absl::StatusOr<client::Client> client = absl::UnavailableError("not tried");
  Await(
      [&] {
        client = client::Client::Connect(options);
        EXPECT_TRUE(client.ok() || client::WitnessShortageOf(client.status())) << client.status();
        return client.ok();
      },
      [&] { return client.status().ToString() + server_->log(); });
  // However the ledger grows, what is cosigned is of its history.
  for (int i = 0; i < 20; ++i) {
    Pay(&founder, "biocoop");
    const auto log = client->CheckLog();
    ASSERT_TRUE(log.ok()) << log.status();
    EXPECT_TRUE(log->witnesses[0].counts && log->witnesses[1].counts);
  }

  // A server that is started again has nobody's cosignature until it has asked.
  StopServer();
  EXPECT_EQ(b_.Stop(), 0);
  StartServer();
  options.target = server_->target();
  options.witness_policy.witnesses_needed = 1;
  Await([&] { return client::Client::Connect(options).ok(); }, [&] { return server_->log(); });
  options.witness_policy.witnesses_needed = 2;
  const auto missing = client::Client::Connect(options);
  const auto shortage = client::WitnessShortageOf(missing.status());
  ASSERT_TRUE(shortage) << missing.status();
  EXPECT_TRUE(shortage->witnesses[0].counts);
  EXPECT_EQ(shortage->witnesses[1].time_seconds, 0);
  StopServer();
}

TEST_F(WitnessProcessTest, ALedgerThatWentBackIsNotCosignedAndNamed) {
  StartServer();
  {
    client::Client client = ConnectTo(*server_, community_);
    FoundOn(&client, &community_);
  }
  StopServer();
  fs::copy(data(), folder_ / "backup", fs::copy_options::recursive);
  StartServer();
  const std::string origin = community_.charter().origin();
  {
    client::Client client = ConnectTo(*server_, community_);
    AwaitReceipt(&client, Pay(&client, "biocoop"));
    AwaitReceipt(&client, Pay(&client, "biocoop"));
  }
  StopServer();
  const uint64_t seen = a_.SizeOf(origin);
  ASSERT_EQ(b_.SizeOf(origin), seen);

  // An operator restores the backup, and the community goes on.
  fs::remove_all(data());
  fs::copy(folder_ / "backup", data(), fs::copy_options::recursive);
  StartServer();
  client::Client client = ConnectTo(*server_, community_);
  Await([&] { return server_->log().find("entries are missing here") != std::string::npos; },
        [&] { return server_->log(); });
  EXPECT_THAT(server_->log(), HasSubstr("error witness url=" + a_.url() + " state=disputing"));
  TransactionId id;
  for (int i = 0; i < 6; ++i) id = Pay(&client, "librairie");
  for (WitnessProcess* witness : {&a_, &b_}) {
    Await([&] { return witness->log_text().find("warning refused") != std::string::npos; },
          [&] { return witness->log_text() + server_->log(); });
    EXPECT_THAT(witness->log_text(), HasSubstr("known_size=" + std::to_string(seen)));
    EXPECT_EQ(witness->SizeOf(origin), seen);
  }
  EXPECT_EQ(Cosignatures(ReceiptOf(&client, id)), 0u);
  StopServer();
}

TEST(WitnessProgramTest, KilledAtAnyMomentItHasKeptWhatItSaid) {
  constexpr unsigned kSeed = 20261124;
  std::mt19937 random(kSeed);
  SCOPED_TRACE(kSeed);
  TestLog log;
  log.GrowTo(2000);
  WitnessProcess witness("witness.example/w");
  witness.Watch(log.key());
  uint64_t returned = 0;
  for (int round = 0; round < 10; ++round) {
    witness.Start();
    const uint64_t kept = witness.SizeOf(kTestOrigin);
    ASSERT_GE(kept, returned);
    uint64_t size = kept;
    std::atomic<uint64_t> answers = 0;
    const uint64_t last = random() % 20;
    std::thread killer([&] {
      while (answers < last) std::this_thread::yield();
      witness.Stop(SIGKILL);
    });
    net::HttpClient client;
    while (true) {
      const auto answer =
          client.Post(witness.url() + "/add-checkpoint", log.Request(size, size + 1), "text/plain");
      if (!answer.ok()) break;
      ASSERT_EQ(answer->status, 200) << answer->body;
      returned = ++size;
      ++answers;
    }
    killer.join();
  }
}

TEST(WitnessProgramTest, ExitCodes) {
  WitnessProcess witness("witness.example/w");
  witness.Start();
  EXPECT_EQ(witness.Run({"serve", "--data", witness.data(), "--listen", "127.0.0.1:0"}), 3);
  EXPECT_THAT(witness.log_text(), HasSubstr("is in use by another kengred-witness"));
  WitnessProcess other("witness.example/o");
  EXPECT_EQ(other.Run({"serve", "--data", other.data(), "--listen", witness.url().substr(7)}), 4);
  EXPECT_EQ(other.Run({"serve", "--data", other.data(), "--listen", "nonsense"}), 2);
  EXPECT_EQ(other.Run({"serve"}), 2);
  EXPECT_EQ(other.Run({"fly"}), 2);
  EXPECT_EQ(other.Run({"--version"}), 0);
  for (const char* command : {"init", "add", "list", "key", "serve"}) {
    EXPECT_EQ(other.Run({command, "--help"}), 0);
    EXPECT_THAT(other.said(), HasSubstr("Example"));
  }
  EXPECT_EQ(other.Run({"list", "--data", other.data(), "--json"}), 0);
  EXPECT_EQ(nlohmann::json::parse(other.said())["logs"].size(), 0u);
  EXPECT_EQ(witness.Stop(SIGINT), 0);
  EXPECT_THAT(witness.log_text(), HasSubstr("info stopping signal=SIGINT"));
}

}  // namespace
}  // namespace kengred::testing
