// Goal: the collector brings what the charter's witnesses sign to those who ask for checkpoints and
// receipts, whatever some witnesses do, and tells the operator what a witness holds against the
// ledger.
//
// Method: a whole server in this process; witnesses of witness/ behind HTTP, and handlers and
// sockets that misbehave in their place. Intervals are a few milliseconds.
#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "kengred/core/checkpoint.h"
#include "kengred/core/cosignature.h"
#include "kengred/core/receipt.h"
#include "kengred/core/witness_request.h"
#include "kengred/v1/transparency_service.grpc.pb.h"
#include "net/http_server.h"
#include "rpc_world.h"
#include "server/cosign/collector.h"
#include "tests/support/raw_socket.h"
#include "witness/serve.h"
#include "witness/witness.h"

namespace kengred::cosign {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RawServer;
using testing::RawSocket;
using testing::RpcWorld;

Cosigner WitnessKey(char seed) {
  return *Cosigner::Make(std::string("witness.example/") + seed,
                         *SecretKey::FromSeed(std::string(kSeedBytes, seed)));
}

// A witness of a log, over HTTP.
class LiveWitness {
 public:
  LiveWitness(char seed, const VerifierKey& log)
      : cosigner_(WitnessKey(seed)),
        witness_(
            &cosigner_, {{log.name(), {log}, {}}},
            [](const std::string&, const std::string&) { return absl::OkStatus(); },
            [] { return kTime; }, [](const witness::Event&) {}),
        server_(*net::HttpServer::Start("127.0.0.1:0", [this](const net::HttpRequest& request) {
          ++asked;
          return witness::Serve(&witness_, request);
        })) {}

  std::string url() const { return "http://" + server_->address(); }
  const VerifierKey& key() const { return cosigner_.verifier_key(); }
  witness::Witness& witness() { return witness_; }

  static constexpr int64_t kTime = 1'800'000'000;
  std::atomic<int> asked = 0;

 private:
  const Cosigner cosigner_;
  witness::Witness witness_;
  std::unique_ptr<net::HttpServer> server_;
};

class CosignTest : public ::testing::Test {
 protected:
  CosignTest()
      : world_([this](rpc::RpcOptions* options) { options->cosignatures = &cosignatures_; }),
        log_(world_.community().log_keys().front()->verifier_key()),
        transparency_(v1::TransparencyService::NewStub(world_.channel())) {
    options_.interval = absl::Milliseconds(5);
    options_.retry_max = absl::Milliseconds(20);
    options_.timeout = absl::Milliseconds(500);
    options_.on_change = [this](const std::string& url, WitnessState state,
                                const std::string& message) {
      const absl::MutexLock lock(&mutex_);
      states_[url] = state;
      messages_[url] = message;
      ++changes_;
    };
  }
  ~CosignTest() override {
    if (collector_ != nullptr) collector_->Stop();
  }

  void Collect(const std::vector<std::string>& urls, const std::vector<VerifierKey>& keys) {
    options_.witness_urls = urls;
    options_.witness_keys = keys;
    auto collector = Collector::Start(options_, &world_.store(), &cosignatures_);
    ASSERT_TRUE(collector.ok()) << collector.status();
    collector_ = *std::move(collector);
  }
  void AwaitState(const std::string& url, WitnessState state) {
    const absl::MutexLock lock(&mutex_);
    const auto reached = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      const auto found = states_.find(url);
      return found != states_.end() && found->second == state;
    };
    ASSERT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&reached), absl::Minutes(1)))
        << WitnessStateName(state);
  }
  std::string Message(const std::string& url) {
    const absl::MutexLock lock(&mutex_);
    return messages_[url];
  }
  // Until so many witnesses have cosigned the ledger's head.
  void AwaitCosigned(size_t witnesses) {
    const absl::Time deadline = absl::Now() + absl::Minutes(1);
    while (Cosigners(Checkpoint().checkpoint()).size() < witnesses) {
      ASSERT_LT(absl::Now(), deadline);
      std::this_thread::yield();
    }
  }
  v1::GetCheckpointResponse Checkpoint() {
    v1::GetCheckpointResponse response;
    const auto context = world_.Context();
    EXPECT_TRUE(
        transparency_->GetCheckpoint(context.get(), v1::GetCheckpointRequest(), &response).ok());
    return response;
  }
  // The names of those who cosigned a note that the log has signed.
  std::vector<std::string> Cosigners(const std::string& note) {
    const VerifierKey logs[] = {log_};
    const auto opened = OpenCheckpoint(note, logs);
    EXPECT_TRUE(opened.ok()) << opened.status();
    std::vector<std::string> names;
    const auto cosignatures = VerifyCosignatures(opened->note, options_.witness_keys);
    EXPECT_TRUE(cosignatures.ok()) << cosignatures.status();
    for (const Cosignature& one : *cosignatures) {
      names.push_back(options_.witness_keys[one.witness].name());
    }
    return names;
  }
  static uint64_t SizeOf(const std::string& note) {
    return ParseCheckpoint(ParseNote(note)->text)->size;
  }
  Receipt ReceiptOf(const std::string& transaction_id) {
    v1::GetReceiptRequest request;
    request.set_transaction_id(transaction_id);
    v1::GetReceiptResponse response;
    const auto context = world_.Context("alice");
    const grpc::Status status = world_.ledger().GetReceipt(context.get(), request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return *ParseReceipt(response.receipt());
  }

  publish::Cosignatures cosignatures_;
  RpcWorld world_;
  const VerifierKey log_;
  const std::unique_ptr<v1::TransparencyService::Stub> transparency_;
  CollectorOptions options_;
  absl::Mutex mutex_;
  std::map<std::string, WitnessState> states_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> messages_ ABSL_GUARDED_BY(mutex_);
  int changes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<Collector> collector_;
};

TEST_F(CosignTest, NoWitnessesNoCosignatures) {
  Collect({}, {});
  EXPECT_TRUE(Checkpoint().cosigned_checkpoints().empty());
  EXPECT_TRUE(Cosigners(Checkpoint().checkpoint()).empty());
}

TEST_F(CosignTest, CosignaturesFollowTheLedger) {
  LiveWitness a('a', log_);
  LiveWitness b('b', log_);
  Collect({a.url(), b.url() + "/"}, {a.key(), b.key()});
  std::string first_payment;
  for (int i = 0; i < 5; ++i) {
    AwaitCosigned(2);
    const v1::GetCheckpointResponse response = Checkpoint();
    EXPECT_EQ(SizeOf(response.checkpoint()), world_.Head());
    EXPECT_THAT(response.cosigned_checkpoints(), ElementsAre(response.checkpoint()));
    const auto paid = world_.Pay("alice", "biocoop", 1);
    if (i == 0) first_payment = paid.transaction_id();
  }
  AwaitCosigned(2);
  const Receipt receipt = ReceiptOf(first_payment);
  const VerifierKey logs[] = {log_};
  const auto verified = VerifyReceipt(receipt, logs, options_.witness_keys, 2);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->cosignatures.size(), 2u);
  EXPECT_EQ(verified->cosignatures[0].time_seconds, LiveWitness::kTime);
  // One change for each witness, and not one for each checkpoint.
  const absl::MutexLock lock(&mutex_);
  EXPECT_EQ(changes_, 2);
}

TEST_F(CosignTest, WhatIsNotCosignedYetHasTheLastCheckpoint) {
  Collect({}, {});
  LiveWitness a('a', log_);
  options_.witness_keys = {a.key()};
  const auto before = world_.Pay("alice", "biocoop", 1);
  const auto note = Checkpoint().checkpoint();
  const auto answer = a.witness().AddCheckpoint(*FormatWitnessRequest({0, {}, note}));
  ASSERT_EQ(answer.status, 200);
  cosignatures_.Add({world_.Head(), note}, a.key().public_key(),
                    ParseNoteSignatures(answer.body)->front());
  const auto after = world_.Pay("alice", "biocoop", 1);
  EXPECT_THAT(Cosigners(ReceiptOf(before.transaction_id()).checkpoint),
              ElementsAre(a.key().name()));
  EXPECT_THAT(Cosigners(ReceiptOf(after.transaction_id()).checkpoint), ElementsAre());
  // The last checkpoint is not cosigned; the one before is shown beside it.
  const v1::GetCheckpointResponse response = Checkpoint();
  EXPECT_THAT(Cosigners(response.checkpoint()), ElementsAre());
  ASSERT_EQ(response.cosigned_checkpoints_size(), 1);
  EXPECT_EQ(SizeOf(response.cosigned_checkpoints(0)), world_.Head() - 1);
}

TEST_F(CosignTest, OneThatHangsOrIsDownDelaysNobody) {
  options_.timeout = absl::Hours(1);
  LiveWitness a('a', log_);
  RawServer hangs([](RawSocket& socket) { socket.ReadAll(); });
  std::string down;
  {
    down = RawServer([](RawSocket&) {}).url();
  }
  Collect({hangs.url(), down, a.url()}, {a.key(), WitnessKey('h').verifier_key()});
  for (int i = 0; i < 3; ++i) {
    AwaitCosigned(1);
    world_.Pay("alice", "biocoop", 1);
  }
  AwaitState(down, WitnessState::kUnreachable);
  EXPECT_THAT(Message(down), HasSubstr("Connection refused"));
  // Stopping does not wait for the one that hangs.
  collector_->Stop();
}

TEST_F(CosignTest, OneThatComesBackIsAskedAgain) {
  LiveWitness a('a', log_);
  // Down for a while, then the witness.
  std::atomic<bool> up = false;
  const auto door = net::HttpServer::Start("127.0.0.1:0", [&](const net::HttpRequest& request) {
    return up ? witness::Serve(&a.witness(), request) : net::HttpResponse{503, "", "", {}};
  });
  const std::string url = "http://" + (*door)->address();
  Collect({url}, {a.key()});
  AwaitState(url, WitnessState::kUnreachable);
  EXPECT_THAT(Message(url), HasSubstr("503"));
  up = true;
  AwaitState(url, WitnessState::kCosigning);
  AwaitCosigned(1);
}

TEST_F(CosignTest, GarbageIsNotBelieved) {
  LiveWitness a('a', log_);
  const Cosigner stranger = WitnessKey('s');
  const auto answering = [&](int status,
                             const std::function<std::string(const std::string& text)>& body) {
    return *net::HttpServer::Start("127.0.0.1:0", [=](const net::HttpRequest& request) {
      const auto asked = ParseWitnessRequest(request.body);
      return net::HttpResponse{status, "text/plain", body(ParseNote(asked->checkpoint)->text), {}};
    });
  };
  const auto line = [](const Cosigner& cosigner, const std::string& text, int64_t time) {
    return FormatNoteSignature(*cosigner.Cosign(text, time));
  };
  const Cosigner known = WitnessKey('a');
  std::vector<std::unique_ptr<net::HttpServer>> servers;
  std::vector<WitnessState> expected;
  const auto add = [&](WitnessState state, int status,
                       const std::function<std::string(const std::string&)>& body) {
    servers.push_back(answering(status, body));
    expected.push_back(state);
  };
  add(WitnessState::kUnbelieved, 200, [](const std::string&) { return "garbage"; });
  add(WitnessState::kUnbelieved, 200, [](const std::string&) { return ""; });
  add(WitnessState::kUnbelieved, 200,
      [&](const std::string& text) { return line(stranger, text, 1); });
  add(WitnessState::kUnbelieved, 200, [&](const std::string&) {
    return line(known, *FormatCheckpoint({"other", 1, Digest(), {}}), 1);
  });
  add(WitnessState::kUnbelieved, 200,
      [&](const std::string& text) { return line(known, text, 0); });
  add(WitnessState::kUnbelieved, 200, [&](const std::string& text) {
    NoteSignature signature = *known.Cosign(text, 1);
    signature.signature.back() ^= 1;
    return FormatNoteSignature(signature);
  });
  add(WitnessState::kUnreachable, 200,
      [](const std::string&) { return std::string(1000000, 'x'); });
  add(WitnessState::kUnreachable, 409, [](const std::string&) { return "many\n"; });
  add(WitnessState::kUnreachable, 409, [](const std::string&) { return "3\n"; });
  add(WitnessState::kUnreachable, 302, [](const std::string&) { return ""; });
  add(WitnessState::kUnreachable, 400, [](const std::string&) { return "what?\n"; });
  add(WitnessState::kStranger, 403, [](const std::string&) { return ""; });
  add(WitnessState::kStranger, 404, [](const std::string&) { return ""; });
  add(WitnessState::kDisputing, 409, [](const std::string&) { return "999999\n"; });
  add(WitnessState::kDisputing, 422, [](const std::string&) { return ""; });
  std::vector<std::string> urls;
  for (const auto& server : servers) urls.push_back("http://" + server->address());
  Collect(urls, {a.key()});
  for (size_t i = 0; i < urls.size(); ++i) AwaitState(urls[i], expected[i]);
  EXPECT_TRUE(Checkpoint().cosigned_checkpoints().empty());
}

TEST_F(CosignTest, LinesOfStrangersAreDropped) {
  LiveWitness a('a', log_);
  const Cosigner stranger = WitnessKey('s');
  const auto both = net::HttpServer::Start("127.0.0.1:0", [&](const net::HttpRequest& request) {
    net::HttpResponse response = witness::Serve(&a.witness(), request);
    const std::string text = ParseNote(ParseWitnessRequest(request.body)->checkpoint)->text;
    if (response.status == 200) response.body += FormatNoteSignature(*stranger.Cosign(text, 1));
    return response;
  });
  Collect({"http://" + (*both)->address()}, {a.key()});
  AwaitCosigned(1);
  EXPECT_EQ(Checkpoint().checkpoint().find(stranger.verifier_key().name()), std::string::npos);
}

TEST_F(CosignTest, AForkIsNotCosignedAndTheOperatorIsTold) {
  LiveWitness a('a', log_);
  {
    // The same ledger went on somewhere else, and the witness has seen it.
    RpcWorld other;
    for (int i = 0; i < 3; ++i) other.Pay("alice", "librairie", 1);
    const publish::ProofReader proofs(&other.store());
    const auto answer =
        a.witness().AddCheckpoint(*FormatWitnessRequest({0, {}, proofs.LatestCheckpoint()->note}));
    ASSERT_EQ(answer.status, 200);
  }
  Collect({a.url()}, {a.key()});
  AwaitState(a.url(), WitnessState::kDisputing);
  EXPECT_THAT(Message(a.url()), HasSubstr("entries are missing here"));
  for (int i = 0; i < 5; ++i) world_.Pay("alice", "biocoop", 1);
  const int asked = a.asked;
  while (a.asked < asked + 4) std::this_thread::yield();
  EXPECT_TRUE(Checkpoint().cosigned_checkpoints().empty());
}

TEST_F(CosignTest, AQuietLedgersCosignaturesAreRenewed) {
  options_.renew = absl::Milliseconds(20);
  LiveWitness a('a', log_);
  Collect({a.url()}, {a.key()});
  while (a.asked < 4) std::this_thread::yield();
}

TEST_F(CosignTest, WhatCannotBeIsRefused) {
  const VerifierKey key = WitnessKey('a').verifier_key();
  options_.witness_urls = {"nonsense"};
  options_.witness_keys = {key};
  EXPECT_TRUE(absl::IsInvalidArgument(
      Collector::Start(options_, &world_.store(), &cosignatures_).status()));
  options_.witness_urls = {"http://127.0.0.1:1"};
  options_.witness_keys = {};
  const auto unlisted = Collector::Start(options_, &world_.store(), &cosignatures_);
  EXPECT_THAT(std::string(unlisted.status().message()), HasSubstr("the charter lists none"));
  options_.witness_keys = {key};
  options_.witness_urls.assign(17, "http://127.0.0.1:1");
  EXPECT_TRUE(absl::IsInvalidArgument(
      Collector::Start(options_, &world_.store(), &cosignatures_).status()));
}

TEST(CosignaturesTest, TheLatestOfEachAndTheBestAreKept) {
  publish::Cosignatures cosignatures;
  const auto add = [&cosignatures](uint64_t size, char witness) {
    const Cosigner cosigner = WitnessKey(witness);
    cosignatures.Add({size, "text " + std::to_string(size) + "\n\n"},
                     cosigner.verifier_key().public_key(),
                     {cosigner.verifier_key().name(), cosigner.verifier_key().id(), "s"});
  };
  EXPECT_FALSE(cosignatures.Best(1));
  for (uint64_t size = 1; size <= 50; ++size) add(size, 'a');
  EXPECT_EQ(cosignatures.Latest().size(), 1u);
  add(50, 'b');
  add(60, 'a');
  EXPECT_EQ(cosignatures.Latest().size(), 2u);
  EXPECT_THAT(cosignatures.Latest()[0], ::testing::StartsWith("text 60\n"));
  EXPECT_EQ(cosignatures.Best(1)->size, 50u);
  EXPECT_EQ(cosignatures.Best(51)->size, 60u);
  EXPECT_FALSE(cosignatures.Best(61));
  add(60, 'b');
  add(70, 'a');
  add(80, 'b');
  // 60 is nobody's latest, but the best.
  EXPECT_EQ(cosignatures.Best(1)->size, 60u);
  EXPECT_EQ(cosignatures.Best(61)->size, 80u);
  EXPECT_EQ(cosignatures.Latest().size(), 2u);
  // Something old changes nothing.
  add(70, 'b');
  EXPECT_EQ(cosignatures.Best(61)->size, 80u);
  EXPECT_EQ(cosignatures.With({70, "text 70\n\n"}).find("/b "), std::string::npos);
  EXPECT_NE(cosignatures.With({60, "text 60\n\n"}).find("/b "), std::string::npos);
  EXPECT_EQ(cosignatures.With({60, "another 60\n\n"}), "another 60\n\n");
}

}  // namespace
}  // namespace kengred::cosign
