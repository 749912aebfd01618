// Goal: what is served over HTTP holds together at every moment, and comes and goes with the
// server. Method: the real pipeline on a store in memory; readers on several threads take
// checkpoint, tiles and entries while payments are committed; a store that fails; listening, and
// stopping under load.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "kengred/core/checkpoint.h"
#include "kengred/core/merkle.h"
#include "kengred/core/tiles.h"
#include "net/http_client.h"
#include "rpc_world.h"
#include "server/http/log_server.h"

namespace kengred::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Debian's protobuf is built without ThreadSanitizer, and its header lays map fields out otherwise
// with it (map_field.h): the JSON of a token cannot be read in such a build.
#ifdef __SANITIZE_THREAD__
constexpr bool kTokensCanBeRead = false;
#else
constexpr bool kTokensCanBeRead = true;
#endif

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() : client_(Patient()) { Start("127.0.0.1:0"); }

  static net::HttpClientOptions Patient() {
    net::HttpClientOptions options;
    options.timeout = absl::Seconds(60);
    options.body_bytes_max = size_t{32} << 20;
    return options;
  }

  void Start(const std::string& address) {
    http::HttpOptions options;
    options.address = address;
    options.now_seconds = [this] { return world_.now().load(); };
    options.on_failure = [this](const std::string& /*why*/) { ++failures_; };
    auto server = http::LogServer::Start(options, &world_.store(), &world_.sequencer());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  absl::StatusOr<net::HttpResponse> TryGet(const std::string& path, const std::string& name = "") {
    std::vector<net::HttpHeader> headers;
    if (!name.empty()) {
      headers.emplace_back("Authorization",
                           "Bearer " + world_.community().token(name, world_.now()));
    }
    return client_.Get("http://127.0.0.1:" + std::to_string(server_->port()) + path, headers);
  }
  net::HttpResponse Get(const std::string& path, const std::string& name = "") {
    absl::StatusOr<net::HttpResponse> response = TryGet(path, name);
    EXPECT_TRUE(response.ok()) << path << ": " << response.status();
    return response.ok() ? *std::move(response) : net::HttpResponse{};
  }

  // Takes the checkpoint, then all that it covers, and computes its root from both.
  uint64_t ReadAll() {
    const VerifierKey key = world_.community().log_keys().front()->verifier_key();
    const auto opened = OpenCheckpoint(Get("/checkpoint").body, {&key, 1});
    EXPECT_TRUE(opened.ok()) << opened.status();
    if (!opened.ok()) return 0;
    const Checkpoint& checkpoint = opened->checkpoint;
    TreeFrontier hashes;
    TreeFrontier entries;
    for (uint64_t i = 0; i < checkpoint.size; i += kTileHashes) {
      const TilePath bundle = *EntryBundleOf(i, checkpoint.size);
      const TilePath tile = {0, bundle.number, bundle.width};
      const auto leaves = ParseTile(Get("/" + *FormatTilePath(tile)).body);
      EXPECT_TRUE(leaves.ok()) << leaves.status();
      if (!leaves.ok()) return 0;
      for (const Digest& leaf : *leaves) hashes.Append(leaf);
      if (!kTokensCanBeRead) continue;
      const auto texts = ParseEntryBundle(Get("/" + *FormatTilePath(bundle), "auditor").body);
      EXPECT_TRUE(texts.ok()) << texts.status();
      if (!texts.ok()) return 0;
      for (const std::string& text : *texts) entries.Append(LeafHash(text));
    }
    EXPECT_EQ(hashes.size(), checkpoint.size);
    EXPECT_EQ(hashes.Root(), checkpoint.root);
    if (kTokensCanBeRead) {
      EXPECT_EQ(entries.Root(), checkpoint.root);
    }
    return checkpoint.size;
  }

  RpcWorld world_;
  std::atomic<int> failures_{0};
  net::HttpClient client_;
  std::unique_ptr<http::LogServer> server_;
};

TEST_F(HttpServerTest, WhatItShowsHoldsTogetherWhileTheLogGrows) {
  const uint64_t before = ReadAll();
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([this, &done] {
      uint64_t last = 0;
      do {
        const uint64_t size = ReadAll();
        EXPECT_GE(size, last);
        last = size;
      } while (!done);
    });
  }
  for (int i = 0; i < 300; ++i) world_.Pay("alice", "biocoop", 1);
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(ReadAll(), before + 300);
  EXPECT_EQ(failures_, 0);
}

// The ledger's clock and its accounts decide, as over gRPC.
TEST_F(HttpServerTest, ATokenIsLookedAtAsOverGrpc) {
  if (!kTokensCanBeRead) GTEST_SKIP() << "no token can be read in this build";
  const std::string path = "/tile/entries/000.p/1";
  EXPECT_EQ(Get(path, "auditor").status, 200);
  EXPECT_EQ(Get(path, "alice").status, 403);
  EXPECT_EQ(Get(path).status, 401);
  const std::string token = "Bearer " + world_.community().token("auditor", world_.now());
  world_.now() += 300;
  const auto late = client_.Get("http://127.0.0.1:" + std::to_string(server_->port()) + path,
                                {{"Authorization", token}});
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_EQ(late->status, 401);
  EXPECT_THAT(late->body, HasSubstr("(TOKEN_EXPIRED)"));
}

TEST_F(HttpServerTest, AFailingStoreIsToldToTheOperator) {
  world_.store().FailReads(absl::UnavailableError("secret.sst"));
  const net::HttpResponse response = Get("/checkpoint");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, Not(HasSubstr("secret")));
  EXPECT_EQ(failures_, 1);
  world_.store().FailReads(absl::OkStatus());
  EXPECT_EQ(Get("/checkpoint").status, 200);
}

// A read that hangs holds up the readers of the log and no payment.
TEST_F(HttpServerTest, StoppingWaitsForWhatIsUnderWay) {
  if (!kTokensCanBeRead) GTEST_SKIP() << "no token can be read in this build";
  world_.store().CloseGate();
  std::thread reader([this] { EXPECT_EQ(Get("/tile/entries/000.p/1", "auditor").status, 200); });
  world_.store().AwaitReader();
  std::thread stopper([this] { server_->Shutdown(); });
  world_.store().OpenGate();
  reader.join();
  stopper.join();
  server_->Shutdown();
  EXPECT_FALSE(TryGet("/checkpoint").ok());
}

TEST_F(HttpServerTest, ListensWhereItCan) {
  const std::string taken = "127.0.0.1:" + std::to_string(server_->port());
  for (const auto& [address, code] : std::vector<std::pair<std::string, absl::StatusCode>>{
           {taken, absl::StatusCode::kUnavailable},
           {"", absl::StatusCode::kInvalidArgument},
           {"nowhere", absl::StatusCode::kInvalidArgument}}) {
    http::HttpOptions options;
    options.address = address;
    options.now_seconds = [] { return kNowSeconds; };
    const auto server = http::LogServer::Start(options, &world_.store(), &world_.sequencer());
    EXPECT_EQ(server.status().code(), code) << address << ": " << server.status();
  }
  Start("[::1]:0");
  EXPECT_GT(server_->port(), 0);
}

}  // namespace
}  // namespace kengred::testing
