// Goal: who demands n witnesses uses a ledger only while so many of the charter's witnesses have
// lately cosigned the history it shows; and a ledger that shows its witnesses another history is
// caught, whatever is demanded. Method: a fake ledger with a tree of leaves of its own, whose
// checkpoints witnesses of the test cosign, truly or not.
#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kengred/client/client.h"
#include "kengred/core/checkpoint.h"
#include "kengred/core/cosignature.h"
#include "kengred/core/hash.h"
#include "kengred/core/merkle.h"
#include "kengred/v1/ledger_service.grpc.pb.h"
#include "kengred/v1/transparency_service.grpc.pb.h"
#include "tests/support/community.h"

namespace kengred::client {
namespace {

using testing::Community;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kHour = 3600;

SecretKey KeyOf(const std::string& label) {
  return *SecretKey::FromSeed(Sha256({"client_witness_test/", label}).view());
}
Cosigner Witness(const std::string& name) { return *Cosigner::Make(name, KeyOf(name)); }

// The stored hashes of a tree.
class Tree : public HashReader {
 public:
  void Append(const std::string& entry) {
    std::vector<Subtree> subtrees;
    frontier_.Append(LeafHash(entry), &subtrees);
    for (const Subtree& subtree : subtrees) {
      hashes_[{subtree.level, subtree.index}] = subtree.hash;
    }
    roots_.push_back(frontier_.Root());
  }
  Digest RootOf(uint64_t size) const { return roots_[size - 1]; }
  uint64_t size() const { return roots_.size(); }
  absl::StatusOr<std::vector<Digest>> Read(uint32_t level, uint64_t first, size_t count) override {
    std::vector<Digest> hashes;
    for (uint64_t i = first; i < first + count; ++i) {
      const auto found = hashes_.find({level, i});
      if (found == hashes_.end()) return absl::DataLossError("no such hash");
      hashes.push_back(found->second);
    }
    return hashes;
  }

 private:
  TreeFrontier frontier_;
  std::map<std::pair<uint32_t, uint64_t>, Digest> hashes_;
  std::vector<Digest> roots_;
};

// A ledger that only shows its log.
class FakeLog final : public v1::LedgerService::Service, public v1::TransparencyService::Service {
 public:
  explicit FakeLog(const Community& community) : community_(community) {
    for (int i = 0; i < 20; ++i) tree.Append("entry " + std::to_string(i));
  }

  // A checkpoint of this tree or another, signed by the log or by another key of it.
  std::string Checkpoint(uint64_t size, Tree* of = nullptr, int log_key = 0) const {
    const kengred::Checkpoint checkpoint{
        community_.charter().origin(), size, (of == nullptr ? tree : *of).RootOf(size), {}};
    return *SignCheckpoint(checkpoint,
                           *community_.log_keys(log_key + 1)[static_cast<size_t>(log_key)]);
  }

  grpc::Status GetLedger(grpc::ServerContext*, const v1::GetLedgerRequest*,
                         v1::GetLedgerResponse* response) override {
    response->set_ledger_id(community_.ledger_id().ToBytes());
    response->set_charter(community_.charter_bytes());
    return grpc::Status::OK;
  }
  grpc::Status GetCheckpoint(grpc::ServerContext*, const v1::GetCheckpointRequest*,
                             v1::GetCheckpointResponse* response) override {
    response->set_checkpoint(latest.empty() ? Checkpoint(tree.size()) : latest);
    v1::LogKey* key = response->add_log_keys();
    key->set_public_key(community_.log_key().public_key().ToBytes());
    key->set_since_sequence(1);
    for (const std::string& note : cosigned) response->add_cosigned_checkpoints(note);
    return grpc::Status::OK;
  }
  grpc::Status GetConsistencyProof(grpc::ServerContext*,
                                   const v1::GetConsistencyProofRequest* request,
                                   v1::GetConsistencyProofResponse* response) override {
    ++proofs;
    const auto hashes = ConsistencyProof(request->old_size(), request->new_size(), tree);
    if (!hashes.ok()) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "not now");
    }
    for (const Digest& hash : *hashes) response->add_hashes(hash.ToBytes());
    return grpc::Status::OK;
  }

  Tree tree;
  std::string latest;  // empty: of the whole tree
  std::vector<std::string> cosigned;
  std::atomic<int> proofs = 0;

 private:
  const Community& community_;
};

std::string Cosigned(const std::string& note, const std::vector<NoteSignature>& signatures) {
  std::string text = note;
  for (const NoteSignature& signature : signatures) text = *AddNoteSignature(text, signature);
  return text;
}

class ClientWitnessTest : public ::testing::Test {
 protected:
  ClientWitnessTest()
      : community_(1,
                   [](v1::Charter* charter) {
                     for (const char* name : {"one", "two", "three"}) {
                       charter->add_witness_keys(Witness(name).verifier_key().Format());
                     }
                   }),
        log_(community_) {}

  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "kengred-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + folder_ + "/server", grpc::InsecureServerCredentials());
    builder.RegisterService(static_cast<v1::LedgerService::Service*>(&log_));
    builder.RegisterService(static_cast<v1::TransparencyService::Service*>(&log_));
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }
  void TearDown() override {
    server_->Shutdown(std::chrono::system_clock::now());
    std::filesystem::remove_all(folder_);
  }

  int64_t Now() const { return absl::ToUnixSeconds(absl::Now()); }
  // A witness's cosignature of a checkpoint, made so many seconds ago.
  NoteSignature By(const std::string& witness, const std::string& note, int64_t ago = 60) {
    return *Witness(witness).Cosign(ParseNote(note)->text, Now() - ago);
  }
  // A checkpoint that these have cosigned.
  std::string CosignedBy(const std::vector<std::string>& witnesses, uint64_t size,
                         int64_t ago = 60) {
    const std::string note = log_.Checkpoint(size);
    std::vector<NoteSignature> signatures;
    for (const std::string& witness : witnesses) signatures.push_back(By(witness, note, ago));
    return Cosigned(note, signatures);
  }
  absl::StatusOr<Client> Connect(size_t needed,
                                 std::chrono::seconds age_max = std::chrono::hours(24)) {
    ClientOptions options;
    options.target = "unix:" + folder_ + "/server";
    options.timeout = std::chrono::minutes(2);
    options.connect_timeout = options.timeout;
    options.retry_pause = std::chrono::milliseconds(1);
    options.log_memory = NewFileLogMemory(folder_ + "/log");
    options.witness_policy = {needed, age_max};
    return Client::Connect(options);
  }
  // Too few vouch; answers who does.
  std::vector<std::string> ExpectShortage(size_t needed) {
    const auto client = Connect(needed);
    EXPECT_FALSE(client.ok());
    EXPECT_EQ(client.status().code(), absl::StatusCode::kFailedPrecondition) << client.status();
    EXPECT_FALSE(IsAlarm(client.status()));
    const auto shortage = WitnessShortageOf(client.status());
    if (!shortage) return {"no shortage"};
    EXPECT_EQ(shortage->needed, needed);
    EXPECT_EQ(shortage->witnesses.size(), 3u);
    std::vector<std::string> vouching;
    for (const WitnessState& witness : shortage->witnesses) {
      if (witness.counts) vouching.push_back(witness.key.name());
    }
    EXPECT_THAT(std::string(client.status().message()),
                HasSubstr("Only " + std::to_string(vouching.size()) + " of the ledger's 3"));
    return vouching;
  }
  // The size of the checkpoint that is remembered; 0: none.
  uint64_t Remembered() {
    const auto log = NewFileLogMemory(folder_ + "/log")->Load(community_.ledger_id());
    if (!log.ok() || !log->has_value()) return 0;
    return ParseCheckpoint(ParseNote((*log)->checkpoint)->text)->size;
  }
  std::string Evidence() {
    std::string text;
    for (const auto& file : std::filesystem::directory_iterator(folder_ + "/log")) {
      if (file.path().filename().string().find("evidence-") != 0) continue;
      std::ifstream stream(file.path());
      text.append(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    }
    return text;
  }
  void ExpectAlarm(size_t needed, const std::string& words) {
    const auto client = Connect(needed);
    ASSERT_FALSE(client.ok());
    EXPECT_TRUE(IsAlarm(client.status())) << client.status();
    EXPECT_THAT(std::string(client.status().message()), HasSubstr(words));
    EXPECT_THAT(std::string(client.status().message()), HasSubstr("The evidence is in "));
    EXPECT_THAT(Evidence(), HasSubstr("---- the checkpoint shown as cosigned ----"));
    EXPECT_EQ(Remembered(), 0u) << "what is not believed is not remembered";
  }

  const Community community_;
  FakeLog log_;
  std::string folder_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(ClientWitnessTest, WithoutADemandNobodyIsMissed) {
  auto client = Connect(0);
  ASSERT_TRUE(client.ok()) << client.status();
  const auto log = client->CheckLog();
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_EQ(log->witnesses.size(), 3u);
  for (const WitnessState& witness : log->witnesses) {
    EXPECT_EQ(witness.size, 0u);
    EXPECT_EQ(witness.time_seconds, 0);
    EXPECT_FALSE(witness.counts);
  }
  EXPECT_EQ(log_.proofs, 0);
}

TEST_F(ClientWitnessTest, CountsWhoHasCosignedWhatIsShown) {
  log_.latest = CosignedBy({"one", "three"}, 20);
  ASSERT_TRUE(Connect(1).ok());
  auto client = Connect(2);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(log_.proofs, 0) << "the same checkpoint needs no proof";
  const auto log = client->CheckLog();
  EXPECT_TRUE(log->witnesses[0].counts);
  EXPECT_EQ(log->witnesses[0].size, 20u);
  EXPECT_NEAR(static_cast<double>(log->witnesses[0].time_seconds), static_cast<double>(Now() - 60),
              60);
  EXPECT_FALSE(log->witnesses[1].counts);
  EXPECT_TRUE(log->witnesses[2].counts);
  EXPECT_EQ(ExpectShortage(3), (std::vector<std::string>{"one", "three"}));
  EXPECT_EQ(Remembered(), 20u);
}

TEST_F(ClientWitnessTest, CountsWhoHasCosignedSomethingOlderOfTheSameHistory) {
  log_.cosigned = {CosignedBy({"one"}, 17), CosignedBy({"two"}, 8), CosignedBy({"three"}, 1)};
  auto client = Connect(3);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(log_.proofs, 3) << "one for each";
  const auto log = client->CheckLog();
  EXPECT_EQ(log->witnesses[0].size, 17u);
  EXPECT_EQ(log->witnesses[1].size, 8u);
  EXPECT_EQ(log->witnesses[2].size, 1u);
  // One note for several, and notes given twice.
  log_.proofs = 0;
  log_.cosigned = {CosignedBy({"one", "two"}, 17), CosignedBy({"one", "two"}, 17)};
  EXPECT_TRUE(Connect(2).ok());
  EXPECT_EQ(log_.proofs, 1);
  // The server has read them at two moments: what is cosigned may be the newer one.
  log_.latest = log_.Checkpoint(12);
  std::filesystem::remove_all(folder_ + "/log");
  EXPECT_TRUE(Connect(2).ok());
  EXPECT_EQ(Remembered(), 12u);
}

TEST_F(ClientWitnessTest, CountsNobodyTwice) {
  const std::string note = log_.Checkpoint(20);
  const std::string older = log_.Checkpoint(10);
  log_.cosigned = {Cosigned(note, {By("one", note, 10), By("one", note, 20)}),
                   Cosigned(older, {By("one", older, 5)})};
  EXPECT_EQ(ExpectShortage(2), (std::vector<std::string>{"one"}));
}

TEST_F(ClientWitnessTest, CountsNoStrangerAndNoForgery) {
  const std::string note = log_.Checkpoint(20);
  // Of no witness of the charter.
  log_.cosigned = {Cosigned(note, {By("four", note)})};
  EXPECT_TRUE(ExpectShortage(1).empty());
  // By another key in a witness's name: another key id, or the same one under a false signature.
  const auto impostor = *Cosigner::Make("one", KeyOf("four"));
  NoteSignature forged = *impostor.Cosign(ParseNote(note)->text, Now());
  log_.cosigned = {Cosigned(note, {forged})};
  EXPECT_TRUE(ExpectShortage(1).empty());
  forged.key_id = Witness("one").verifier_key().id();
  log_.cosigned = {Cosigned(note, {forged})};
  EXPECT_TRUE(ExpectShortage(1).empty());
  // Of another checkpoint, or with its time changed.
  log_.cosigned = {Cosigned(note, {By("one", log_.Checkpoint(10))})};
  EXPECT_TRUE(ExpectShortage(1).empty());
  NoteSignature later = By("one", note, 100 * kHour);
  later.signature.replace(0, 8, By("one", note, 1).signature.substr(0, 8));
  log_.cosigned = {Cosigned(note, {later})};
  EXPECT_TRUE(ExpectShortage(1).empty());
  // Beside them a good one still counts.
  log_.cosigned = {Cosigned(note, {forged, By("two", note)})};
  EXPECT_EQ(ExpectShortage(2), (std::vector<std::string>{"two"}));
  EXPECT_EQ(Remembered(), 0u);
}

TEST_F(ClientWitnessTest, CountsNothingTooOldOrFromTheFuture) {
  log_.latest = CosignedBy({"one"}, 20, 23 * kHour);
  EXPECT_TRUE(Connect(1).ok());
  EXPECT_FALSE(Connect(1, std::chrono::hours(22)).ok());
  std::filesystem::remove_all(folder_ + "/log");
  log_.latest = CosignedBy({"one"}, 20, 25 * kHour);
  EXPECT_TRUE(ExpectShortage(1).empty());
  EXPECT_TRUE(Connect(1, std::chrono::hours(26)).ok());
  const auto refused = Connect(1);
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("one last cosigned 20 entries at 20"));
  // A clock may be some minutes fast.
  log_.latest = CosignedBy({"one"}, 20, -2 * 60);
  EXPECT_TRUE(Connect(1).ok());
  log_.latest = CosignedBy({"one"}, 20, -2 * kHour);
  EXPECT_TRUE(ExpectShortage(1).empty());
  log_.latest = Cosigned(log_.Checkpoint(20),
                         {*Witness("one").Cosign(ParseNote(log_.Checkpoint(20))->text, INT64_MAX)});
  EXPECT_TRUE(ExpectShortage(1).empty());
}

TEST_F(ClientWitnessTest, AForkAmongWitnessesIsCaught) {
  Tree other;
  for (uint64_t i = 0; i < 25; ++i) other.Append(i == 9 ? "a lie" : "entry " + std::to_string(i));
  const auto show = [&](uint64_t size) {
    const std::string note = log_.Checkpoint(size, &other);
    log_.cosigned = {Cosigned(note, {By("one", note), By("two", note)})};
  };
  for (const size_t needed : {size_t{0}, size_t{2}}) {
    show(20);
    ExpectAlarm(needed, "two histories of the same length");
    show(15);
    ExpectAlarm(needed, "entries were changed, dropped or reordered");
  }
  // Up to where they part it is the same history.
  show(9);
  EXPECT_TRUE(Connect(2).ok());
}

TEST_F(ClientWitnessTest, WhatIsShownAsCosignedMustBeTheLogs) {
  const std::string note = log_.Checkpoint(20, nullptr, 1);
  log_.cosigned = {Cosigned(note, {By("one", note)})};
  ExpectAlarm(1, "what it shows as cosigned");
  log_.cosigned = {"garbage"};
  ExpectAlarm(1, "what it shows as cosigned");
  log_.cosigned.assign(17, CosignedBy({"one"}, 20));
  const auto client = Connect(1);
  EXPECT_EQ(client.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(client.status().message()), HasSubstr("17 cosigned checkpoints"));
}

TEST_F(ClientWitnessTest, MoreThanTheCharterNamesIsNeverMet) {
  log_.latest = CosignedBy({"one", "two", "three"}, 20);
  EXPECT_TRUE(Connect(3).ok());
  EXPECT_EQ(ExpectShortage(4).size(), 3u);
}

TEST_F(ClientWitnessTest, NothingElseIsAShortage) {
  EXPECT_FALSE(WitnessShortageOf(absl::OkStatus()));
  EXPECT_FALSE(WitnessShortageOf(absl::FailedPreconditionError("Only 1 of the ledger's 3")));
}

}  // namespace
}  // namespace kengred::client
