// Goal: what stands around the services holds. The server listens where it is told and nowhere that
// another does, in clear or with TLS; it says how it is (grpc.health.v1) and what it offers
// (reflection); and no bytes that a stranger sends, however wrong, hurt anybody else. Method: whole
// servers in this process (rpc_world.h), raw sockets, and certificates made by the openssl command.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "kengred/core/limits.h"
#include "rpc_world.h"

namespace kengred {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using testing::CallRaw;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::RpcWorld;
using testing::VerdictOf;

template <typename Condition>
void AwaitThat(const Condition& condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// A directory of the test's own, removed with it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "kengred-rpc-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string File(const std::string& name) const { return (path_ / name).string(); }
  std::string Read(const std::string& name) const {
    std::ifstream file(File(name), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Whether a server answers a call over this channel.
grpc::Status Ping(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  v1::GetLedgerResponse response;
  return v1::LedgerService::NewStub(channel)->GetLedger(&context, {}, &response);
}

std::shared_ptr<grpc::Channel> InsecureChannel(const std::string& target) {
  return grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
}

// Another server on the stages of a world.
absl::StatusOr<std::unique_ptr<rpc::RpcServer>> StartOn(RpcWorld& world, rpc::RpcOptions options) {
  return rpc::RpcServer::Start(std::move(options), &world.store(), &world.sequencer(),
                               &world.verifier(), &world.hub());
}

// ---- where it listens ----

TEST(RpcServerTest, ListensOnSeveralAddresses) {
  const Folder folder;
  RpcWorld world;
  rpc::RpcOptions options;
  options.addresses = {"127.0.0.1:0", "unix:" + folder.File("socket"), "127.0.0.1:0"};
  const auto server = StartOn(world, options);
  ASSERT_TRUE(server.ok()) << server.status();
  const std::vector<int>& ports = (*server)->ports();
  EXPECT_THAT(ports, ::testing::SizeIs(3));
  EXPECT_GT(ports[0], 0);
  EXPECT_EQ(ports[1], 0);
  EXPECT_NE(ports[0], ports[2]);
  EXPECT_TRUE(Ping(InsecureChannel("127.0.0.1:" + std::to_string(ports[0]))).ok());
  EXPECT_TRUE(Ping(InsecureChannel("unix:" + folder.File("socket"))).ok());
  EXPECT_TRUE(Ping(InsecureChannel("127.0.0.1:" + std::to_string(ports[2]))).ok());
}

TEST(RpcServerTest, NeverSharesAnAddress) {
  const Folder folder;
  const std::string socket = "unix:" + folder.File("socket");
  RpcWorld world([&](rpc::RpcOptions* options) { options->addresses.push_back(socket); });
  for (const std::string& taken : {world.address(), socket}) {
    rpc::RpcOptions options;
    options.addresses = {"127.0.0.1:0", taken};
    const auto second = StartOn(world, options);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(second.status().message()), HasSubstr(taken));
    EXPECT_THAT(std::string(second.status().message()), HasSubstr("another server listens there"));
    // The first serves on.
    EXPECT_TRUE(Ping(InsecureChannel(taken)).ok());
  }
}

TEST(RpcServerTest, TakesOverASocketThatNobodyListensOnAndNothingElse) {
  const Folder folder;
  const std::string path = folder.File("socket");
  const int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(
      bind(left, static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof(address)),
      0);
  close(left);  // as a killed server leaves it
  RpcWorld world;
  rpc::RpcOptions options;
  options.addresses = {"unix:" + path};
  {
    const auto server = StartOn(world, options);
    ASSERT_TRUE(server.ok()) << server.status();
    EXPECT_TRUE(Ping(InsecureChannel("unix:" + path)).ok());
  }
  std::ofstream(folder.File("notes")) << "precious";
  options.addresses = {"unix:" + folder.File("notes")};
  const auto refused = StartOn(world, options);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("a file is there already"));
  EXPECT_EQ(folder.Read("notes"), "precious");
  options.addresses = {"unix:/" + std::string(200, 'x')};
  EXPECT_FALSE(StartOn(world, options).ok());
}

TEST(RpcServerTest, OptionsOutOfBoundsAreRefused) {
  RpcWorld world;
  const std::function<void(rpc::RpcOptions*)> spoils[] = {
      [](auto* o) { o->addresses.clear(); },
      [](auto* o) { o->addresses.assign(17, "127.0.0.1:0"); },
      [](auto* o) { o->message_bytes_max = kTransactionBytesMax - 1; },
      [](auto* o) { o->message_bytes_max = size_t{1} << 40; },
      [](auto* o) { o->stream_unanswered_max = kStreamRequestsMax - 1; },
      [](auto* o) { o->read_threads = 0; },
      [](auto* o) { o->read_queue_max = 0; },
      [](auto* o) { o->connection_calls_max = 0; },
      [](auto* o) { o->watch_keepalive = absl::ZeroDuration(); },
      [](auto* o) { o->tls.emplace(); },
  };
  for (size_t i = 0; i < std::size(spoils); ++i) {
    rpc::RpcOptions options;
    options.addresses = {"127.0.0.1:0"};
    spoils[i](&options);
    const auto server = StartOn(world, options);
    ASSERT_FALSE(server.ok()) << i;
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << i;
  }
}

// ---- strangers ----

class Stranger {
 public:
  explicit Stranger(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, static_cast<const sockaddr*>(static_cast<const void*>(&address)),
                      sizeof(address)),
              0);
  }
  ~Stranger() { close(socket_); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  void Say(const std::string& bytes) { send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  // Reads until the server hangs up.
  void AwaitHangUp() {
    char buffer[4096];
    while (recv(socket_, buffer, sizeof(buffer), 0) > 0) {
    }
  }

 private:
  const int socket_;
};

TEST(RpcServerTest, GarbageOnThePortHurtsNobody) {
  RpcWorld world;
  std::string noise;
  uint32_t state = 1;
  for (int i = 0; i < 100000; ++i) {
    state = state * 1664525 + 1013904223;
    noise.push_back(static_cast<char>(state >> 24));
  }
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const std::string hellos[] = {
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      noise,
      preface + noise,
      std::string(1000, '\0'),
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + noise,
      preface + std::string("\x00\x00\x00\x04\x00\x00\x00\x00\x00", 9) + noise};
  for (const std::string& hello : hellos) {
    Stranger stranger(world.server().ports().front());
    stranger.Say(hello);
    stranger.AwaitHangUp();
    EXPECT_TRUE(Ping(world.channel()).ok());
  }
  // Some say nothing at all, or stop half-way; they hold nobody up.
  std::vector<std::unique_ptr<Stranger>> silent;
  for (int i = 0; i < 50; ++i) {
    silent.push_back(std::make_unique<Stranger>(world.server().ports().front()));
    if (i % 2 == 0) silent.back()->Say(preface.substr(0, 10));
  }
  EXPECT_TRUE(Ping(InsecureChannel(world.address())).ok());
  EXPECT_TRUE(world.Pay("alice", "bruno", 1).sequence() > 0);
}

TEST(RpcServerTest, UnknownMethodsAndBadMessagesGetTheirOwnAnswers) {
  RpcWorld world;
  for (const char* method : {"/kengred.v1.LedgerService/MintMoney", "/kengred.v1.Nobody/GetLedger",
                             "/kengred.v1.AdminService/Backup", "/"}) {
    EXPECT_EQ(CallRaw(world.channel(), method, "").error_code(), grpc::StatusCode::UNIMPLEMENTED)
        << method;
  }
  // Bytes that are no message of the method: gRPC's own answer, before any of our code.
  for (const char* method : {"GetLedger", "SubmitTransaction", "GetAccount", "ListHistory"}) {
    const grpc::Status status = CallRaw(
        world.channel(), std::string("/kengred.v1.LedgerService/") + method, "\x0a\xff\xff\xff");
    EXPECT_FALSE(status.ok()) << method;
    EXPECT_NE(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << method;
  }
  EXPECT_TRUE(Ping(world.channel()).ok());
}

TEST(RpcServerTest, AMessageOverTheLimitIsRefused) {
  RpcWorld world([](rpc::RpcOptions* options) { options->message_bytes_max = 200 * 1024; });
  v1::SubmitTransactionRequest request =
      world.Request({world.community().Transfer("alice", "bruno", 1)}, {"alice"});
  v1::SubmitTransactionRequest padded = request;
  padded.add_side_records()->set_content(std::string(200 * 1024, 'x'));
  v1::SubmitTransactionResponse response;
  EXPECT_EQ(world.Submit(padded, &response).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(world.Submit(request, &response).ok());
}

TEST(RpcServerTest, ADeadlineOfTheClientsEndsItsCall) {
  RpcWorld world;
  grpc::ClientContext late;
  late.set_deadline(std::chrono::system_clock::now() - std::chrono::seconds(1));
  v1::GetLedgerResponse response;
  EXPECT_EQ(world.ledger().GetLedger(&late, {}, &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  // A call whose read hangs ends for its client, and does no harm when the read comes back.
  world.store().CloseGate();
  grpc::ClientContext hanging;
  hanging.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  EXPECT_EQ(world.ledger().GetLedger(&hanging, {}, &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  world.store().OpenGate();
  EXPECT_TRUE(Ping(world.channel()).ok());
}

// ---- TLS ----

// Certificates of two authorities, made by the openssl command: a server's, and clients'.
class TlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new Folder;
    Make("ca", "/CN=authority", "");
    Make("stranger", "/CN=another authority", "");
    Make("server", "/CN=localhost", "ca");
    Make("client", "/CN=till 1", "ca");
    Make("impostor", "/CN=till 1", "stranger");
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  // A key and certificate; signed by `authority`, or by itself.
  static void Make(const std::string& name, const std::string& subject,
                   const std::string& authority) {
    const auto file = [](const std::string& n) { return "'" + folder_->File(n) + "'"; };
    std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
        "-nodes -days 2 -subj '" +
        subject + "' -keyout " + file(name + ".key") + " -out " + file(name + ".pem") +
        " -addext subjectAltName=DNS:localhost,IP:127.0.0.1";
    if (!authority.empty()) {
      command += " -CA " + file(authority + ".pem") + " -CAkey " + file(authority + ".key") +
                 " -addext basicConstraints=critical,CA:FALSE";
    }
    command += " >" + file("openssl.log") + " 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << folder_->Read("openssl.log");
  }

  static rpc::TlsOptions Tls(bool mutual) {
    rpc::TlsOptions tls;
    tls.certificate_pem = folder_->Read("server.pem");
    tls.key_pem = folder_->Read("server.key");
    if (mutual) tls.client_ca_pem = folder_->Read("ca.pem");
    return tls;
  }
  // A channel that trusts `authority` and shows the certificate of `client`.
  static std::shared_ptr<grpc::Channel> Channel(const std::string& target,
                                                const std::string& authority,
                                                const std::string& client) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = folder_->Read(authority + ".pem");
    if (!client.empty()) {
      options.pem_cert_chain = folder_->Read(client + ".pem");
      options.pem_private_key = folder_->Read(client + ".key");
    }
    return grpc::CreateChannel(target, grpc::SslCredentials(options));
  }

  static Folder* folder_;
};

Folder* TlsTest::folder_ = nullptr;

TEST_F(TlsTest, TheServerShowsItsCertificate) {
  RpcWorld world;
  rpc::RpcOptions options;
  options.addresses = {"127.0.0.1:0", "unix:" + folder_->File("tls.socket")};
  options.tls = Tls(false);
  const auto server = StartOn(world, options);
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string target = "localhost:" + std::to_string((*server)->ports()[0]);
  EXPECT_TRUE(Ping(Channel(target, "ca", "")).ok());
  EXPECT_TRUE(Ping(Channel(target, "ca", "client")).ok());
  EXPECT_EQ(Ping(Channel(target, "stranger", "")).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Ping(InsecureChannel(target)).error_code(), grpc::StatusCode::UNAVAILABLE);
  // A Unix socket never leaves the machine.
  EXPECT_TRUE(Ping(InsecureChannel(options.addresses[1])).ok());
}

TEST_F(TlsTest, MutualTlsAsksClientsForTheirs) {
  RpcWorld world;
  rpc::RpcOptions options;
  options.addresses = {"127.0.0.1:0"};
  options.tls = Tls(true);
  const auto server = StartOn(world, options);
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string target = "localhost:" + std::to_string((*server)->ports()[0]);
  EXPECT_TRUE(Ping(Channel(target, "ca", "client")).ok());
  EXPECT_EQ(Ping(Channel(target, "ca", "")).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Ping(Channel(target, "ca", "impostor")).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, BadCertificatesAreNamed) {
  RpcWorld world;
  struct Case {
    const char* says;
    std::function<void(rpc::TlsOptions*)> spoil;
  };
  const Case cases[] = {
      {"certificate is not", [](auto* tls) { tls->certificate_pem = "nonsense"; }},
      {"certificate is not", [](auto* tls) { tls->certificate_pem = tls->key_pem; }},
      {"key is not", [](auto* tls) { tls->key_pem.clear(); }},
      {"key does not belong", [](auto* tls) { tls->key_pem = folder_->Read("client.key"); }},
      {"client authority is not", [](auto* tls) { tls->client_ca_pem = "nonsense"; }},
  };
  for (const Case& c : cases) {
    rpc::RpcOptions options;
    options.addresses = {"127.0.0.1:0"};
    options.tls = Tls(true);
    c.spoil(&*options.tls);
    const auto server = StartOn(world, options);
    ASSERT_FALSE(server.ok()) << c.says;
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(server.status().message()), HasSubstr(c.says));
  }
}

TEST_F(TlsTest, AnEncryptedKeyIsRefusedWithoutAskingForItsPassphrase) {
  const std::string command = "openssl pkcs8 -topk8 -in '" + folder_->File("server.key") +
                              "' -passout pass:secret -out '" + folder_->File("locked.key") + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  RpcWorld world;
  rpc::RpcOptions options;
  options.addresses = {"127.0.0.1:0"};
  options.tls = Tls(false);
  options.tls->key_pem = folder_->Read("locked.key");
  const auto server = StartOn(world, options);
  ASSERT_FALSE(server.ok());
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("encrypted"));
}

// ---- health and reflection ----

HealthCheckResponse::ServingStatus HealthOf(const std::shared_ptr<grpc::Channel>& channel,
                                            const std::string& service) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  HealthCheckRequest request;
  request.set_service(service);
  HealthCheckResponse response;
  const grpc::Status status =
      grpc::health::v1::Health::NewStub(channel)->Check(&context, request, &response);
  return status.ok() ? response.status() : HealthCheckResponse::SERVICE_UNKNOWN;
}

const char* const kServices[] = {"kengred.v1.LedgerService", "kengred.v1.ProgrammeService",
                                 "kengred.v1.DirectoryService"};

TEST(RpcServerTest, HealthFollowsThePipeline) {
  RpcWorld world;
  EXPECT_EQ(HealthOf(world.channel(), ""), HealthCheckResponse::SERVING);
  for (const char* service : kServices) {
    EXPECT_EQ(HealthOf(world.channel(), service), HealthCheckResponse::SERVING);
  }
  EXPECT_EQ(HealthOf(world.channel(), "nobody"), HealthCheckResponse::SERVICE_UNKNOWN);

  world.image().fail_next_commit(storage::MemoryImage::Fault::kUnknownNotApplied);
  v1::SubmitTransactionResponse response;
  const grpc::Status status = world.Submit(
      world.Request({world.community().Transfer("alice", "bruno", 1)}, {"alice"}), &response);
  EXPECT_EQ(VerdictOf(status), v1::VERDICT_STORAGE_STOPPED);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  AwaitThat([&] { return HealthOf(world.channel(), "") == HealthCheckResponse::NOT_SERVING; });
  AwaitThat(
      [&] { return HealthOf(world.channel(), kServices[0]) == HealthCheckResponse::NOT_SERVING; });
  // What is durable can still be read.
  EXPECT_TRUE(Ping(world.channel()).ok());
}

TEST(RpcServerTest, AStoppingServerIsNoLongerServing) {
  RpcWorld world;
  const auto stub = grpc::health::v1::Health::NewStub(world.channel());
  const auto context = world.Context();
  const auto watch = stub->Watch(context.get(), {});
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  std::thread stopper([&] { world.server().Shutdown(absl::Seconds(1)); });
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  stopper.join();
  EXPECT_FALSE(Ping(world.channel()).ok());
}

// One question to the reflection service, asked with the messages that gRPC's own library holds.
class Reflection {
 public:
  explicit Reflection(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {}

  // The names of all services.
  std::set<std::string> Services() {
    const auto response = Ask("list_services", "");
    const auto& list = Part(*response, "list_services_response");
    std::set<std::string> names;
    const auto* services = Field(list, "service");
    for (int i = 0; i < list.GetReflection()->FieldSize(list, services); ++i) {
      const auto& service = list.GetReflection()->GetRepeatedMessage(list, services, i);
      names.insert(service.GetReflection()->GetString(service, Field(service, "name")));
    }
    return names;
  }

  // The file that defines a symbol, with those it needs; empty where the server knows none.
  std::vector<google::protobuf::FileDescriptorProto> FilesOf(const std::string& symbol) {
    const auto response = Ask("file_containing_symbol", symbol);
    const auto& answer = Part(*response, "file_descriptor_response");
    const auto* field = Field(answer, "file_descriptor_proto");
    std::vector<google::protobuf::FileDescriptorProto> files;
    for (int i = 0; i < answer.GetReflection()->FieldSize(answer, field); ++i) {
      files.emplace_back().ParseFromString(
          answer.GetReflection()->GetRepeatedString(answer, field, i));
    }
    return files;
  }

 private:
  using Message = google::protobuf::Message;

  static const google::protobuf::FieldDescriptor* Field(const Message& message, const char* name) {
    return message.GetDescriptor()->FindFieldByName(name);
  }
  static const Message& Part(const Message& message, const char* name) {
    return message.GetReflection()->GetMessage(message, Field(message, name));
  }
  static std::unique_ptr<Message> Make(const std::string& name) {
    const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
        "grpc.reflection.v1alpha." + name);
    return std::unique_ptr<Message>(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  }

  std::unique_ptr<Message> Ask(const char* field, const std::string& value) {
    const auto request = Make("ServerReflectionRequest");
    request->GetReflection()->SetString(request.get(), Field(*request, field), value);
    const grpc::Slice slice(request->SerializeAsString());
    grpc::ByteBuffer bytes(&slice, 1);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    grpc::CompletionQueue queue;
    const auto done = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    const auto call = stub_.PrepareCall(
        &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
    call->StartCall(nullptr);
    EXPECT_TRUE(done());
    call->WriteLast(bytes, grpc::WriteOptions(), nullptr);
    EXPECT_TRUE(done());
    grpc::ByteBuffer answer;
    call->Read(&answer, nullptr);
    EXPECT_TRUE(done());
    grpc::Status status;
    call->Finish(&status, nullptr);
    EXPECT_TRUE(done());
    EXPECT_TRUE(status.ok()) << status.error_message();
    grpc::Slice whole;
    EXPECT_TRUE(answer.DumpToSingleSlice(&whole).ok());
    auto response = Make("ServerReflectionResponse");
    EXPECT_TRUE(response->ParseFromArray(whole.begin(), static_cast<int>(whole.size())));
    return response;
  }

  grpc::GenericStub stub_;
};

TEST(RpcServerTest, ReflectionDescribesEveryService) {
  RpcWorld world;
  Reflection reflection(world.channel());
  const std::set<std::string> services = reflection.Services();
  EXPECT_THAT(services, Contains("grpc.health.v1.Health"));
  for (const char* service : kServices) EXPECT_THAT(services, Contains(service));
  for (const std::string& service : services) {
    SCOPED_TRACE(service);
    // A client without generated code builds the files it is sent and finds the service in them.
    google::protobuf::DescriptorPool pool;
    std::vector<google::protobuf::FileDescriptorProto> files = reflection.FilesOf(service);
    EXPECT_FALSE(files.empty());
    for (size_t round = 0; round < files.size(); ++round) {
      for (const auto& file : files) {
        if (pool.FindFileByName(file.name()) != nullptr) continue;
        const bool ready = std::all_of(
            file.dependency().begin(), file.dependency().end(),
            [&pool](const std::string& name) { return pool.FindFileByName(name) != nullptr; });
        if (!ready) continue;
        EXPECT_NE(pool.BuildFile(file), nullptr) << file.name();
      }
    }
    const auto* described = pool.FindServiceByName(service);
    ASSERT_NE(described, nullptr);
    EXPECT_GT(described->method_count(), 0);
  }
  EXPECT_TRUE(reflection.FilesOf("kengred.v1.Nobody").empty());
}

}  // namespace
}  // namespace kengred
