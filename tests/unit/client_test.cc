// Goal: one call of the client library ends with the ledger's answer or with a clear reason,
// whatever the network or the server does meanwhile, and the same bytes are sent however often it
// tries. Method: the fake ledger of fake_ledger.h fails as each test tells it; the test checks what
// the caller was told and which bytes the server saw. Certificates for TLS are made by the openssl
// program.
#include "kengred/client/client.h"

#include <absl/synchronization/notification.h>
#include <absl/time/clock.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <set>
#include <thread>

#include "fake_ledger.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kengred/client/channel.h"
#include "kengred/client/retry.h"
#include "kengred/client/status.h"
#include "kengred/core/limits.h"
#include "kengred/core/token.h"
#include "tests/support/shared_files.h"

namespace kengred::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// ---- connecting ----

TEST_F(ClientTest, ConnectKnowsItsLedger) {
  options_.ledger_id = TheCommunity().ledger_id();
  Client client = Connect();
  EXPECT_EQ(client.ledger_id(), TheCommunity().ledger_id());
  EXPECT_EQ(client.charter().name(), TheCommunity().charter().name());
  Client moved = std::move(client);
  EXPECT_EQ(moved.ledger_id(), TheCommunity().ledger_id());
}

TEST_F(ClientTest, ConnectRefusesAnotherLedger) {
  options_.ledger_id = testing::Community(2).ledger_id();
  const auto client = Client::Connect(options_);
  EXPECT_EQ(client.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(client.status().message()),
              HasSubstr(TheCommunity().ledger_id().ToHex()));
}

TEST_F(ClientTest, ConnectRefusesACharterThatIsNotTheLedgers) {
  fake_.charter = testing::Community(2).charter_bytes();
  EXPECT_EQ(Client::Connect(options_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ClientTest, ConnectNamesTheTargetThatIsNotThere) {
  Stop();
  options_.connect_timeout = milliseconds(50);
  const auto client = Client::Connect(options_);
  EXPECT_EQ(client.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(client.status().message()), HasSubstr(options_.target));
  EXPECT_THAT(std::string(client.status().message()), HasSubstr("Is the server running there?"));
  EXPECT_EQ(RefusalOf(client.status()), std::nullopt);
}

TEST_F(ClientTest, ConnectWaitsForAServerThatStarts) {
  Stop();
  std::thread later([this] {
    absl::SleepFor(absl::Milliseconds(200));
    Start();
  });
  const auto client = Client::Connect(options_);
  later.join();
  EXPECT_TRUE(client.ok()) << client.status();
}

TEST_F(ClientTest, ConnectRefusesContradictions) {
  const auto code = [this](const std::function<void(ClientOptions*)>& edit) {
    ClientOptions options = options_;
    edit(&options);
    return Client::Connect(options).status().code();
  };
  EXPECT_EQ(code([](ClientOptions* o) { o->target = ""; }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](ClientOptions* o) { o->client_key_pem = "key"; }),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](ClientOptions* o) { o->root_certificates_pem = "pem"; }),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](ClientOptions* o) { o->target = "ledger.example:4365"; }),
            absl::StatusCode::kInvalidArgument);
}

TEST(TargetTest, GetsTheDefaultPort) {
  EXPECT_EQ(CompleteTarget("localhost"), "localhost:4365");
  EXPECT_EQ(CompleteTarget("localhost:1"), "localhost:1");
  EXPECT_EQ(CompleteTarget("::1"), "[::1]:4365");
  EXPECT_EQ(CompleteTarget("[::1]"), "[::1]:4365");
  EXPECT_EQ(CompleteTarget("[::1]:1"), "[::1]:1");
  EXPECT_EQ(CompleteTarget("unix:/run/x"), "unix:/run/x");
  EXPECT_EQ(CompleteTarget(""), "");
}

TEST(TargetTest, KnowsThisMachine) {
  for (const char* near : {"localhost:1", "127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "unix:/run/x"}) {
    EXPECT_TRUE(IsOnThisMachine(near)) << near;
  }
  for (const char* far : {"example.org:1", "10.0.0.1:1", "127.0.0.1.example.org:1", "[::2]:1",
                          "localhost.example.org:1"}) {
    EXPECT_FALSE(IsOnThisMachine(far)) << far;
  }
}

// ---- one call ----

TEST_F(ClientTest, SubmitSendsTheSameBytesUntilTheyAreTaken) {
  fake_.before_submit = [](int call, grpc::ServerContext*) {
    if (call == 1) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down");
    if (call == 2) return Refuse({v1::VERDICT_STOPPING, {}});
    if (call == 3) return Refuse({v1::VERDICT_QUEUE_FULL, {}});
    if (call == 4) return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "quota");
    return grpc::Status::OK;
  };
  Client client = Connect();
  const auto response = client.Submit(Request(7));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->sequence(), 1u);
  const std::string bytes = Request(7).SerializeAsString();
  EXPECT_THAT(fake_.received(), ElementsAre(bytes, bytes, bytes, bytes, bytes));
}

TEST_F(ClientTest, SubmitAsksAgainWhenTheAnswerWasLost) {
  fake_.after_submit = [](int call, grpc::ServerContext* context) {
    if (call == 1) context->TryCancel();
    return grpc::Status::OK;
  };
  Client client = Connect();
  const auto response = client.Submit(Request(1));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->duplicate());
  EXPECT_EQ(fake_.submit_calls(), 2);
  EXPECT_EQ(fake_.accepted(), 1u);
}

TEST_F(ClientTest, SubmitSurvivesARestartOfTheServer) {
  absl::Notification arrived;
  fake_.after_submit = [&arrived](int call, grpc::ServerContext* context) {
    if (call > 1) return grpc::Status::OK;
    arrived.Notify();
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
    return grpc::Status::OK;
  };
  Client client = Connect();
  std::thread restart([&] {
    arrived.WaitForNotification();
    Stop();
    Start();
  });
  const auto response = client.Submit(Request(1));
  restart.join();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->duplicate());
}

TEST_F(ClientTest, ARefusalByARuleIsFinalAndHasItsFigures) {
  const Refusal refusal{v1::VERDICT_INSUFFICIENT_BALANCE,
                        {{"needed", "1250"}, {"available", "300"}}};
  fake_.before_submit = [&refusal](int, grpc::ServerContext*) { return Refuse(refusal); };
  Client client = Connect();
  const auto response = client.Submit(Request(1));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(response.status().message()), VerdictSentence(refusal));
  const auto found = RefusalOf(response.status());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->verdict, refusal.verdict);
  EXPECT_EQ(found->figures, refusal.figures);
  EXPECT_EQ(fake_.submit_calls(), 1);
}

TEST_F(ClientTest, ARefusalWithAVerdictOfTheFutureIsStillARefusal) {
  fake_.before_submit = [](int, grpc::ServerContext*) {
    google::rpc::ErrorInfo info;
    info.set_domain("kengred");
    info.set_reason("MOON_IN_THE_WRONG_PHASE");
    google::rpc::Status details;
    details.add_details()->PackFrom(info);
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "Wait for the moon.",
                        details.SerializeAsString());
  };
  Client client = Connect();
  const auto response = client.Submit(Request(1));
  ASSERT_TRUE(RefusalOf(response.status()));
  EXPECT_EQ(RefusalOf(response.status())->verdict, v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(std::string(response.status().message()), "Wait for the moon.");
}

TEST_F(ClientTest, DetailsOfOtherSystemsAreNoRefusal) {
  google::rpc::ErrorInfo info;
  info.set_domain("googleapis.com");
  info.set_reason("EXPIRED");
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  for (const std::string& bytes : {details.SerializeAsString(), std::string("\xff garbage")}) {
    const absl::Status status =
        ToStatus(grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "no", bytes), "host:1", false);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(RefusalOf(status), std::nullopt);
  }
}

TEST_F(ClientTest, TheDeadlineEndsRetriesWithTheLastError) {
  fake_.before_submit = [](int, grpc::ServerContext*) {
    return Refuse({v1::VERDICT_STORAGE_STOPPED, {}});
  };
  options_.timeout = milliseconds(100);
  Client client = Connect();
  const auto response = client.Submit(Request(1));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(RefusalOf(response.status()));
  EXPECT_EQ(RefusalOf(response.status())->verdict, v1::VERDICT_STORAGE_STOPPED);
  EXPECT_GT(fake_.submit_calls(), 1);
}

TEST_F(ClientTest, TheDeadlineEndsACallThatHangs) {
  fake_.before_submit = [](int, grpc::ServerContext* context) {
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
    return grpc::Status::CANCELLED;
  };
  options_.timeout = milliseconds(100);
  Client client = Connect();
  const auto response = client.Submit(Request(1));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("may or may not"));
}

TEST_F(ClientTest, ARequestThatFitsNoMessageIsNotSent) {
  Client client = Connect();
  EXPECT_EQ(client.Submit(Request(1, kMessageBytesMax)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(fake_.submit_calls(), 0);
}

TEST_F(ClientTest, AnAnswerThatIsTooLargeIsNotAskedForAgain) {
  fake_.on_balances = [](int, grpc::ServerContext*, v1::ListBalancesResponse* response) {
    response->add_balances()->set_currency(std::string(kMessageBytesMax + 1, 'X'));
    return grpc::Status::OK;
  };
  Client client = Connect();
  const auto response = client.ListBalances(Alice(), Alice().account());
  EXPECT_EQ(response.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("too large"));
  EXPECT_EQ(fake_.balance_calls(), 1);
}

TEST_F(ClientTest, AServerThatKnowsNoSuchCallIsNamed) {
  Client client = Connect();
  const auto response = client.LookupAlias("biocoop");
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr(options_.target));
}

// ---- tokens ----

TEST_F(ClientTest, PrivateReadsCarryATokenOfTheReader) {
  fake_.on_balances = [](int, grpc::ServerContext*, v1::ListBalancesResponse*) {
    return grpc::Status::OK;
  };
  Client client = Connect();
  ASSERT_TRUE(client.ListBalances(Alice(), Alice().account()).ok());
  ASSERT_TRUE(client.ListBalances(Alice(), Alice().account()).ok());
  ASSERT_TRUE(client.GetAccount(Alice().account()).ok());
  const auto tokens = fake_.tokens();
  ASSERT_EQ(tokens.size(), 3u);
  EXPECT_EQ(tokens[0], tokens[1]) << "a token is good for several calls";
  EXPECT_EQ(tokens[2], "") << "a public read says nothing about the reader";
  ASSERT_EQ(tokens[0].substr(0, 7), "Bearer ");
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  const auto holder =
      VerifyToken(std::string_view(tokens[0]).substr(7), "heol", TheCommunity().ledger_id(), now);
  ASSERT_TRUE(std::holds_alternative<TokenHolder>(holder));
  EXPECT_EQ(std::get<TokenHolder>(holder).account_id, Alice().account());
  EXPECT_EQ(std::get<TokenHolder>(holder).public_key, Alice().key().public_key());
}

TEST_F(ClientTest, EveryReaderHasATokenOfTheirOwn) {
  fake_.on_balances = [](int, grpc::ServerContext*, v1::ListBalancesResponse*) {
    return grpc::Status::OK;
  };
  Client client = Connect();
  const testing::Holder& shop = TheCommunity().holder("biocoop");
  const auto till = [&shop](size_t key) {
    return Reader(std::shared_ptr<const SecretKey>(&shop.keys[key], [](const SecretKey*) {}),
                  shop.account_id);
  };
  for (const Reader& reader : {Alice(), till(0), till(1)}) {
    ASSERT_TRUE(client.ListBalances(reader, reader.account()).ok());
  }
  const auto tokens = fake_.tokens();
  EXPECT_EQ(std::set<std::string>(tokens.begin(), tokens.end()).size(), 3u);
}

// ---- pauses ----

TEST(BackoffTest, DoublesUpToTheMostAndStaysWithinItsHalf) {
  Backoff backoff(milliseconds(50));
  for (const int64_t whole : {50, 100, 200, 400, 800, 1600, 2000, 2000}) {
    const int64_t pause = backoff.Next().count();
    EXPECT_LE(pause, whole);
    EXPECT_GE(pause, whole / 2);
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next().count(), 50);
}

TEST(BackoffTest, TakesAnyFirstPause) {
  EXPECT_EQ(Backoff(milliseconds(0)).Next().count(), 1);
  EXPECT_EQ(Backoff(milliseconds(-5)).Next().count(), 1);
  EXPECT_LE(Backoff(milliseconds::max()).Next(), kPauseMax);
}

TEST(BackoffTest, PausesDiffer) {
  std::set<int64_t> pauses;
  for (int i = 0; i < 64; ++i) pauses.insert(Backoff(milliseconds(2'000)).Next().count());
  EXPECT_GT(pauses.size(), 8u);
}

TEST(StatusTest, CodesAreTheSameOnBothSides) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status =
        ToStatus(grpc::Status(static_cast<grpc::StatusCode>(code), "why"), "host:1", false);
    EXPECT_EQ(static_cast<int>(status.code()), code);
    EXPECT_FALSE(status.message().empty());
  }
  EXPECT_TRUE(ToStatus(grpc::Status::OK, "host:1", false).ok());
}

TEST(StatusTest, OnlyWhatPassesIsPassing) {
  const auto passing = [](grpc::StatusCode code, const char* why) {
    return IsPassing(ToStatus(grpc::Status(code, why), "host:1", false));
  };
  EXPECT_TRUE(passing(grpc::StatusCode::UNAVAILABLE, "connection refused"));
  EXPECT_TRUE(passing(grpc::StatusCode::RESOURCE_EXHAUSTED, "queue full"));
  EXPECT_TRUE(passing(grpc::StatusCode::CANCELLED, "reset"));
  EXPECT_FALSE(passing(grpc::StatusCode::RESOURCE_EXHAUSTED,
                       "Received message larger than max (5000000 vs. 4194304)"));
  for (const auto code : {grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::DEADLINE_EXCEEDED,
                          grpc::StatusCode::NOT_FOUND, grpc::StatusCode::PERMISSION_DENIED,
                          grpc::StatusCode::UNAUTHENTICATED, grpc::StatusCode::FAILED_PRECONDITION,
                          grpc::StatusCode::UNIMPLEMENTED, grpc::StatusCode::INTERNAL,
                          grpc::StatusCode::DATA_LOSS, grpc::StatusCode::UNKNOWN}) {
    EXPECT_FALSE(passing(code, "no")) << code;
  }
}

// ---- TLS ----

// Certificates by the openssl program: an authority, a server's for localhost and a client's, and
// another authority that signed nothing.
class TlsTest : public ClientTest {
 protected:
  void SetUp() override {
    ClientTest::SetUp();
    Stop();
    const std::string script =
        "cd '" + folder_ +
        "' && exec 2>openssl.log && new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
        "-nodes' && $new -x509 -days 2 -subj /CN=root -keyout root.key -out root.pem && "
        "$new -x509 -days 2 -subj /CN=stranger -keyout stranger.key -out stranger.pem && "
        "printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n' >names && "
        "for name in server client; do "
        "$new -subj /CN=$name -keyout $name.key -out $name.csr && "
        "openssl x509 -req -days 2 -in $name.csr -CA root.pem -CAkey root.key -CAcreateserial "
        "-extfile names -out $name.pem || exit 1; done";
    ASSERT_EQ(std::system(script.c_str()), 0) << File("openssl.log");
    options_.tls = true;
    options_.root_certificates_pem = File("root.pem");
  }

  std::string File(const std::string& name) const {
    return testing::ReadWholeFile(std::filesystem::path(folder_) / name);
  }

  void StartTls(bool mutual) {
    grpc::SslServerCredentialsOptions tls(
        mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
               : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    tls.pem_key_cert_pairs.push_back({File("server.key"), File("server.pem")});
    tls.pem_root_certs = File("root.pem");
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port);
    builder.RegisterService(&fake_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    options_.target = "127.0.0.1:" + std::to_string(port);
  }

  // The message of a connection that must fail.
  std::string FailureToConnect() {
    options_.connect_timeout = milliseconds(500);
    const auto client = Client::Connect(options_);
    EXPECT_EQ(client.status().code(), absl::StatusCode::kUnavailable) << client.status();
    return std::string(client.status().message());
  }
};

TEST_F(TlsTest, TalksToAServerThatTheRootsVouchFor) {
  StartTls(false);
  Client client = Connect();
  EXPECT_TRUE(client.Submit(Request(1)).ok());
}

TEST_F(TlsTest, RefusesAServerThatTheyDoNotVouchFor) {
  StartTls(false);
  options_.root_certificates_pem = File("stranger.pem");
  EXPECT_THAT(FailureToConnect(), HasSubstr("no secure connection"));
}

TEST_F(TlsTest, HintsAtTlsWhereTheServerSpeaksIt) {
  StartTls(false);
  options_.tls = false;
  options_.root_certificates_pem.clear();
  EXPECT_THAT(FailureToConnect(), HasSubstr("use TLS"));
}

TEST_F(TlsTest, ShowsItsOwnCertificateWhereAsked) {
  StartTls(true);
  EXPECT_THAT(FailureToConnect(), HasSubstr(options_.target));
  options_.connect_timeout = kLong;
  options_.client_certificate_pem = File("client.pem");
  options_.client_key_pem = File("client.key");
  Client client = Connect();
  EXPECT_TRUE(client.Submit(Request(1)).ok());
}

}  // namespace
}  // namespace kengred::client
