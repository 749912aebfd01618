// Goal: a ledger that shows one history today and another tomorrow is caught by a client that was
// there before: rolled back, forked, signed by a stranger, or without a proof. Method: servers of
// the same community whose histories are equal up to a point, since the community is the same to
// the last byte; and a server that passes on another's answers after changing them.
#include <gmock/gmock.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "kengred/client/client.h"
#include "kengred/core/checkpoint.h"
#include "kengred/v1/transparency_service.grpc.pb.h"
#include "rpc_world.h"
#include "tests/support/server_process.h"

namespace kengred::testing {
namespace {

using ::testing::HasSubstr;

// Passes on what another server answers, after changing it.
class LyingServer final : public v1::LedgerService::Service,
                          public v1::TransparencyService::Service {
 public:
  explicit LyingServer(RpcWorld* truth)
      : truth_(*truth), transparency_(v1::TransparencyService::NewStub(truth->channel())) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(static_cast<v1::LedgerService::Service*>(this));
    builder.RegisterService(static_cast<v1::TransparencyService::Service*>(this));
    server_ = builder.BuildAndStart();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  grpc::Status GetLedger(grpc::ServerContext*, const v1::GetLedgerRequest* request,
                         v1::GetLedgerResponse* response) override {
    const auto context = truth_.Context();
    return truth_.ledger().GetLedger(context.get(), *request, response);
  }
  grpc::Status GetCheckpoint(grpc::ServerContext*, const v1::GetCheckpointRequest* request,
                             v1::GetCheckpointResponse* response) override {
    const auto context = truth_.Context();
    const grpc::Status status = transparency_->GetCheckpoint(context.get(), *request, response);
    if (on_checkpoint) on_checkpoint(response);
    return status;
  }
  grpc::Status GetConsistencyProof(grpc::ServerContext*,
                                   const v1::GetConsistencyProofRequest* request,
                                   v1::GetConsistencyProofResponse* response) override {
    const auto context = truth_.Context();
    const grpc::Status status =
        transparency_->GetConsistencyProof(context.get(), *request, response);
    if (on_proof) on_proof(response);
    return status;
  }

  std::function<void(v1::GetCheckpointResponse*)> on_checkpoint;
  std::function<void(v1::GetConsistencyProofResponse*)> on_proof;

 private:
  RpcWorld& truth_;
  const std::unique_ptr<v1::TransparencyService::Stub> transparency_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class LogWatchTest : public ::testing::Test {
 protected:
  absl::StatusOr<client::Client> Connect(const std::string& address) {
    client::ClientOptions options;
    options.target = address;
    options.log_memory = client::NewFileLogMemory(scratch_.path() + "/log");
    return client::Client::Connect(options);
  }
  // What is remembered: its size.
  uint64_t Remembered(const RpcWorld& world) {
    const auto log =
        client::NewFileLogMemory(scratch_.path() + "/log")->Load(world.community().ledger_id());
    if (!log.ok() || !log->has_value()) return 0;
    return ParseCheckpoint(ParseNote((*log)->checkpoint)->text)->size;
  }
  std::vector<std::string> Evidence() {
    std::vector<std::string> texts;
    for (const auto& file : std::filesystem::directory_iterator(scratch_.path() + "/log")) {
      if (file.path().filename().string().find("evidence-") != 0) continue;
      std::ifstream stream(file.path());
      texts.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    }
    return texts;
  }
  // The alarm that connecting there raises, with its evidence; nothing is remembered of it.
  void ExpectAlarm(const std::string& address, const std::string& words) {
    const uint64_t before = Remembered(world_);
    const auto client = Connect(address);
    ASSERT_FALSE(client.ok());
    EXPECT_TRUE(client::IsAlarm(client.status())) << client.status();
    EXPECT_THAT(std::string(client.status().message()), HasSubstr(words));
    EXPECT_THAT(std::string(client.status().message()), HasSubstr("The evidence is in "));
    const std::vector<std::string> evidence = Evidence();
    ASSERT_FALSE(evidence.empty());
    EXPECT_THAT(evidence.back(), HasSubstr(world_.community().charter().origin()));
    EXPECT_EQ(Remembered(world_), before);
  }

  ScratchDirectory scratch_;
  RpcWorld world_;
};

TEST_F(LogWatchTest, AnHonestLedgerGrows) {
  ASSERT_TRUE(Connect(world_.address()).ok());
  EXPECT_EQ(Remembered(world_), world_.Head());
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < round; ++i) world_.Pay("alice", "biocoop", 1);
    auto client = Connect(world_.address());
    ASSERT_TRUE(client.ok()) << client.status();
    EXPECT_EQ(Remembered(world_), world_.Head());
    world_.Pay("alice", "biocoop", 1);
    const auto log = client->CheckLog();
    ASSERT_TRUE(log.ok()) << log.status();
    EXPECT_EQ(log->checkpoint.size, world_.Head());
  }
}

TEST_F(LogWatchTest, AMirrorOfTheSameHistoryIsTheSameLedger) {
  RpcWorld mirror;
  for (RpcWorld* world : {&world_, &mirror}) world->Pay("alice", "biocoop", 5);
  ASSERT_TRUE(Connect(world_.address()).ok());
  const auto client = Connect(mirror.address());
  EXPECT_TRUE(client.ok()) << client.status();
}

TEST_F(LogWatchTest, ABackupThatForgotEntriesIsCaught) {
  RpcWorld backup;
  world_.Pay("alice", "biocoop", 5);
  ASSERT_TRUE(Connect(world_.address()).ok());
  ExpectAlarm(backup.address(), "entries that were there are gone");
  EXPECT_THAT(Evidence().back(), HasSubstr("\n" + std::to_string(world_.Head()) + "\n"));
  EXPECT_THAT(Evidence().back(), HasSubstr("\n" + std::to_string(backup.Head()) + "\n"));
}

TEST_F(LogWatchTest, ForksAreCaught) {
  RpcWorld fork;
  world_.Pay("alice", "biocoop", 5);
  ASSERT_TRUE(Connect(world_.address()).ok());
  fork.Pay("alice", "librairie", 5);
  ExpectAlarm(fork.address(), "two histories of the same length");
  for (int i = 0; i < 5; ++i) {
    fork.Pay("alice", "librairie", 5);
    ExpectAlarm(fork.address(), "entries were changed, dropped or reordered");
  }
  // The first one is still believed.
  EXPECT_TRUE(Connect(world_.address()).ok());
}

TEST_F(LogWatchTest, ALedgerThatLiesIsCaught) {
  world_.Pay("alice", "biocoop", 5);
  ASSERT_TRUE(Connect(world_.address()).ok());
  world_.Pay("alice", "biocoop", 5);
  LyingServer liar(&world_);
  ASSERT_EQ(liar.on_proof, nullptr);

  liar.on_proof = [](v1::GetConsistencyProofResponse* response) {
    response->mutable_hashes(0)->at(0) ^= 1;
  };
  ExpectAlarm(liar.address(), "entries were changed, dropped or reordered");
  liar.on_proof = [](v1::GetConsistencyProofResponse* response) { response->clear_hashes(); };
  ExpectAlarm(liar.address(), "entries were changed, dropped or reordered");
  liar.on_proof = [](v1::GetConsistencyProofResponse* response) { response->set_hashes(0, "x"); };
  ExpectAlarm(liar.address(), "entries were changed, dropped or reordered");
  liar.on_proof = nullptr;

  // Signed by a stranger in the log's name.
  const NoteSigner as_log =
      *NoteSigner::Make(world_.community().charter().origin(), world_.community().log_key(7));
  const auto with_checkpoint = [&as_log](v1::GetCheckpointResponse* response) {
    const Checkpoint checkpoint = *ParseCheckpoint(ParseNote(response->checkpoint())->text);
    response->set_checkpoint(*SignCheckpoint(checkpoint, as_log));
  };
  liar.on_checkpoint = with_checkpoint;
  ExpectAlarm(liar.address(), "");
  // And the stranger's key in the charter's place, or put in force by nobody, or not by governance.
  const std::string stranger = world_.community().log_key(7).public_key().ToBytes();
  liar.on_checkpoint = [&](v1::GetCheckpointResponse* response) {
    with_checkpoint(response);
    response->mutable_log_keys(0)->set_public_key(stranger);
  };
  ExpectAlarm(liar.address(), "the first log key is not the charter's");
  liar.on_checkpoint = [&](v1::GetCheckpointResponse* response) {
    with_checkpoint(response);
    v1::LogKey* key = response->add_log_keys();
    key->set_public_key(stranger);
    key->set_since_sequence(2);
  };
  ExpectAlarm(liar.address(), "without a transaction of this ledger");
  v1::Operation rotation;
  rotation.mutable_rotate_log_key()->set_log_public_key(stranger);
  for (const auto& signers : std::vector<std::vector<std::string>>{{"alice"}, {"governance/1"}}) {
    liar.on_checkpoint = [&](v1::GetCheckpointResponse* response) {
      with_checkpoint(response);
      v1::LogKey* key = response->add_log_keys();
      key->set_public_key(stranger);
      key->set_since_sequence(2);
      *key->mutable_rotation() = world_.Request({rotation}, signers).signed_transaction();
    };
    ExpectAlarm(liar.address(), "governance has not signed");
  }
  // Governance has signed, but for another key.
  liar.on_checkpoint = [&](v1::GetCheckpointResponse* response) {
    with_checkpoint(response);
    v1::LogKey* key = response->add_log_keys();
    key->set_public_key(stranger);
    key->set_since_sequence(2);
    *key->mutable_rotation() =
        world_.Request({world_.community().RotateLogKey(1)}, {"governance"}).signed_transaction();
  };
  ExpectAlarm(liar.address(), "names another one");
  liar.on_checkpoint = nullptr;
  EXPECT_TRUE(Connect(liar.address()).ok());
}

TEST_F(LogWatchTest, ANewLogKeyIsFollowed) {
  ASSERT_TRUE(Connect(world_.address()).ok());
  for (const int number : {1, 2}) {
    world_.Do({world_.community().RotateLogKey(number)}, {"governance"});
    world_.Pay("alice", "biocoop", 1);
    auto client = Connect(world_.address());
    ASSERT_TRUE(client.ok()) << client.status();
    const auto log = client->CheckLog();
    ASSERT_EQ(log->keys.size(), static_cast<size_t>(number) + 1);
    EXPECT_EQ(log->keys.back().key.public_key(), world_.community().log_key(number).public_key());
  }
}

TEST_F(LogWatchTest, ADamagedMemoryIsNamedAndNotOverwritten) {
  ASSERT_TRUE(Connect(world_.address()).ok());
  const std::string file =
      scratch_.path() + "/log/" + world_.community().ledger_id().ToHex() + ".log";
  std::ofstream(file) << "garbage";
  const auto client = Connect(world_.address());
  ASSERT_FALSE(client.ok());
  EXPECT_THAT(std::string(client.status().message()), HasSubstr(file + " is damaged"));
  std::filesystem::remove(file);
  EXPECT_TRUE(Connect(world_.address()).ok());
}

}  // namespace
}  // namespace kengred::testing
