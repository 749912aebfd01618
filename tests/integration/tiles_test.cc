// Goal: whoever has HTTP and a verifier key can check the whole log, and read nothing that is not
// for them. Method: a real server; tiles_reader/main.go, on Go's golang.org/x/mod/sumdb (note and
// tlog), proves every leaf and rebuilds the root, before and after the log has grown; raw requests
// over a socket, as only hostile clients make them; the server's settings.
#include "kengred/core/tiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "kengred/core/checkpoint.h"
#include "real_server.h"
#include "server/main/exit_code.h"
#include "tests/support/shared_files.h"

namespace kengred::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A connection to "127.0.0.1:port".
class Connection {
 public:
  explicit Connection(const std::string& target) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port =
        htons(static_cast<uint16_t>(std::stoi(target.substr(target.rfind(':') + 1))));
    EXPECT_EQ(
        ::connect(socket_, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof(address)),
        0);
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The server may answer and go before it has read all.
  void Send(const std::string& text) const {
    for (size_t sent = 0; sent < text.size();) {
      const ssize_t n = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += static_cast<size_t>(n);
    }
  }
  // What comes until the server closes.
  std::string ReadAll() const {
    std::string text;
    char buffer[4096];
    while (true) {
      const ssize_t n = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (n <= 0) return text;
      text.append(buffer, static_cast<size_t>(n));
    }
  }

 private:
  const int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

struct Answer {
  std::string head;  // status line and headers
  std::string body;
  std::string status() const { return head.substr(0, head.find("\r\n")); }
};

Answer AskRaw(const std::string& target, const std::string& request) {
  const Connection connection(target);
  connection.Send(request);
  const std::string text = connection.ReadAll();
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) return {text, ""};
  return {text.substr(0, end + 2), text.substr(end + 4)};
}

Answer Ask(const std::string& target, const std::string& path, const std::string& headers = "",
           const std::string& method = "GET") {
  return AskRaw(target, method + " " + path + " HTTP/1.1\r\nHost: " + target +
                            "\r\nConnection: close\r\n" + headers + "\r\n");
}

std::string Authorization(const Community& community, const std::string& name) {
  return "Authorization: Bearer " + community.token(name, NowInSeconds()) + "\r\n";
}

// The Go program, built once.
std::string TilesReader() {
  static const std::string program = [] {
    const std::string folder = KENGRED_TILES_READER;
    std::filesystem::create_directories(folder);
    std::string path = folder + "/tiles_reader";
    Process build({"env", "GO111MODULE=off", "GOPATH=/usr/share/gocode",
                   "GOFLAGS=", "GOCACHE=" + folder + "/go-cache", "go", "build", "-o", path,
                   (SourceDir() / "tests/integration/tiles_reader/main.go").string()});
    EXPECT_EQ(build.Wait(), 0) << "tiles_reader could not be built";
    return path;
  }();
  return program;
}

class TilesTest : public ::testing::Test {
 protected:
  TilesTest()
      : community_(1, [](v1::Charter* charter) { charter->mutable_policy()->clear_limits(); }),
        server_(&community_) {
    WriteFileOrDie(header_, Authorization(community_, "auditor"));
    server_.Submit({community_.Issue("alice", 1'000'000, "RECEIPT-TILES")}, {"issuer"});
  }

  // Runs the reader; what it says, and its exit code.
  std::pair<int, std::string> Read(const std::vector<std::string>& options,
                                   const std::string& key = "") {
    std::vector<std::string> command = {TilesReader()};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back("http://" + server_.http_target());
    command.push_back(key.empty() ? community_.log_keys().front()->verifier_key().Format() : key);
    Process process(command);
    std::string said = process.ReadAll();
    return {process.Wait(), std::move(said)};
  }

  // Payments one by one until the log has so many entries; and its checkpoint then.
  Checkpoint GrowTo(uint64_t size) {
    while (Latest().size < size) {
      server_.Submit({community_.Transfer("alice", "biocoop", 1)}, {"alice"});
    }
    return Latest();
  }
  Checkpoint Latest() {
    const VerifierKey key = community_.log_keys().front()->verifier_key();
    const auto opened = OpenCheckpoint(Ask(server_.http_target(), "/checkpoint").body, {&key, 1});
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? opened->checkpoint : Checkpoint{};
  }

  Community community_;
  RealServer server_;
  const std::string header_ = server_.folder() + "/token.header";
};

std::string Valid(const Checkpoint& checkpoint) {
  return "valid " + std::to_string(checkpoint.size) + " ";
}

TEST_F(TilesTest, AStrangerChecksTheWholeLog) {
  const std::string saved = server_.folder() + "/checkpoint";
  const Checkpoint few = Latest();
  auto [exit_code, said] = Read({"-save", saved});
  ASSERT_EQ(exit_code, 0) << said;
  EXPECT_THAT(said, HasSubstr(Valid(few)));

  // Over the first boundary of tiles, to a full one, and past it.
  for (const uint64_t size : {255U, 256U, 257U, 300U}) {
    const Checkpoint now = GrowTo(size);
    ASSERT_EQ(now.size, size);
    std::tie(exit_code, said) = Read({"-since", saved, "-save", saved, "-header", header_});
    ASSERT_EQ(exit_code, 0) << said;
    EXPECT_THAT(said, HasSubstr("continues "));
    EXPECT_THAT(said, HasSubstr("entries " + std::to_string(size)));
    EXPECT_THAT(said, HasSubstr(Valid(now)));
  }

  server_.Restart();
  std::tie(exit_code, said) = Read({"-since", saved});
  EXPECT_EQ(exit_code, 0) << said;

  // And is not fooled: by another log's key, or by a checkpoint that this log does not continue.
  const std::string other = Community(2).log_keys().front()->verifier_key().Format();
  EXPECT_EQ(Read({}, other).first, 1);
  Checkpoint fork = few;
  fork.root.data()[0] ^= 1;
  WriteFileOrDie(saved, *SignCheckpoint(fork, *community_.log_keys().front()));
  EXPECT_EQ(Read({"-since", saved}).first, 1);
}

TEST_F(TilesTest, ALargeEntryHasAHashAndNoBundle) {
  const std::vector<v1::Operation> operations(1000, community_.Transfer("alice", "biocoop", 1));
  const uint64_t sequence = server_.Submit(operations, {"alice"}).sequence();
  const auto [exit_code, said] = Read({});
  EXPECT_EQ(exit_code, 0) << said;
  const std::string path =
      "/" + *FormatTilePath({std::nullopt, 0, static_cast<uint32_t>(sequence)});
  const Answer answer = Ask(server_.http_target(), path, Authorization(community_, "auditor"));
  EXPECT_THAT(answer.status(), StartsWith("HTTP/1.1 422 "));
  EXPECT_THAT(answer.body, HasSubstr("StreamEntries"));
  EXPECT_EQ(Read({"-header", header_}).first, 1);
}

TEST_F(TilesTest, EntriesAreForAuditors) {
  const std::string target = server_.http_target();
  const std::string path = "/tile/entries/000.p/9";
  const Answer nobody = Ask(target, path);
  EXPECT_THAT(nobody.status(), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(nobody.head, HasSubstr("WWW-Authenticate: Bearer realm=\"entries\"\r\n"));
  const Answer alice = Ask(target, path, Authorization(community_, "alice"));
  EXPECT_THAT(alice.status(), StartsWith("HTTP/1.1 403 "));
  const std::string token = Authorization(community_, "auditor");
  EXPECT_THAT(Ask(target, path, token + token).status(), StartsWith("HTTP/1.1 401 "));

  const Answer auditor = Ask(target, path, token);
  EXPECT_THAT(auditor.status(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(auditor.head, HasSubstr("Cache-Control: private, no-store\r\n"));
  const auto entries = ParseEntryBundle(auditor.body);
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_EQ(entries->size(), 9U);

  const Answer head = Ask(target, path, token, "HEAD");
  EXPECT_THAT(head.status(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(head.head,
              HasSubstr("Content-Length: " + std::to_string(auditor.body.size()) + "\r\n"));
  EXPECT_EQ(head.body, "");

  // Governance takes the role away: at once.
  server_.Submit({community_.RevokeRole("auditor", v1::ROLE_AUDITOR)}, {"governance"});
  EXPECT_THAT(Ask(target, path, token).status(), StartsWith("HTTP/1.1 403 "));
}

TEST_F(TilesTest, HostileRequestsHarmNobody) {
  const std::string target = server_.http_target();
  const std::string good = Ask(target, "/tile/0/000.p/1").body;
  ASSERT_EQ(good.size(), Digest::kSize);
  for (const std::string& path : std::vector<std::string>{
           "/tile/0/../..", "/tile/0/../../checkpoint", "/tile/%2e%2e/checkpoint",
           "/tile/0/000%2ep/1", "/%63heckpoint", "/tile/0/x1", "/tile/0/-01", "/tile/-1/000",
           "/tile/18446744073709551616/000", "/tile/0/x999/x999/x999/x999/x999/x999/999",
           "/tile/0/000.p/0", "/tile/0/000.p/256", "/tile/0/000.p/257", "/tile/0/000.p/-1",
           "//checkpoint", "/checkpoint/", "/", "/metrics", "/tile/0/" + std::string(2000, 'x')}) {
    EXPECT_THAT(Ask(target, path).status(), StartsWith("HTTP/1.1 404 ")) << path;
  }
  for (const std::string& request : std::vector<std::string>{
           "GET /" + std::string(10'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET /checkpoint HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n",
           "GET /checkpoint HTTP/9.9\r\n\r\n", "GET /checkpoint\r\n\r\n", "\r\n\r\n\r\n",
           std::string(100, '\0') + "\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
           "\x16\x03\x01\x02\x01\x01\r\n\r\n",
           "POST /checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"}) {
    EXPECT_THAT(AskRaw(target, request).head, Not(HasSubstr(" 200 "))) << request.substr(0, 60);
  }
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    const Answer answer = Ask(target, "/checkpoint", "Content-Length: 0\r\n", method);
    EXPECT_THAT(answer.status(), StartsWith("HTTP/1.1 405 ")) << method;
    EXPECT_THAT(answer.head, HasSubstr("Allow: GET, HEAD\r\n")) << method;
  }
  EXPECT_EQ(Ask(target, "/tile/0/000.p/1?x=../entries").body, good);

  // Who connects and says nothing, or half a request, holds up neither payments nor stopping.
  const Connection silent(target);
  const Connection slow(target);
  slow.Send("GET /checkpoint HTTP/1.1\r\nHos");
  GrowTo(Latest().size + 1);
  EXPECT_EQ(Ask(target, "/tile/0/000.p/1").body, good);
  server_.Restart();
}

// ---- settings ----

class TilesSettings : public ::testing::Test {
 protected:
  TilesSettings() { MakeLedger(community_, data_); }

  const ScratchDirectory scratch_;
  const std::string data_ = scratch_ / "ledger";
  const Community community_;
};

TEST_F(TilesSettings, OffIsNowhere) {
  ServerProcess server(data_, {"--http-listen", "off"});
  ASSERT_TRUE(server.ready()) << server.log();
  EXPECT_EQ(ReadFileOrNothing(server.port_file()), server.port() + "\n");
  EXPECT_THAT(server.log(), HasSubstr(" http=off "));
}

TEST_F(TilesSettings, ThePortFileHasItLast) {
  ServerProcess server(data_, {"--listen", "127.0.0.1:0"});
  ASSERT_TRUE(server.ready()) << server.log();
  std::istringstream ports(ReadFileOrNothing(server.port_file()));
  std::string first;
  std::string second;
  std::string http;
  ports >> first >> second >> http;
  EXPECT_EQ("127.0.0.1:" + http, server.http_target());
  EXPECT_THAT(server.log(), HasSubstr(" http=127.0.0.1:" + http + " "));
  EXPECT_THAT(Ask(server.http_target(), "/checkpoint").status(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(TilesSettings, APortThatIsTaken) {
  const ScratchDirectory scratch;
  MakeLedger(community_, scratch / "other");
  ServerProcess server(data_);
  ASSERT_TRUE(server.ready()) << server.log();
  ServerProcess other(scratch / "other", {"--http-listen", server.http_target()});
  EXPECT_FALSE(other.ready());
  EXPECT_EQ(other.Wait(), server::kExitAddress);
  EXPECT_THAT(other.log(), HasSubstr("cannot listen on " + server.http_target()));
  EXPECT_THAT(other.log(), HasSubstr("--http-listen"));
}

// Other machines may have what is public. Entries and tokens do not go there in clear by accident.
TEST_F(TilesSettings, BeyondThisMachineEntriesNeedADecision) {
  const std::string path = "/tile/entries/000.p/1";
  const std::string token = Authorization(community_, "auditor");
  {
    ServerProcess server(data_, {"--http-listen", "0.0.0.0:0"});
    ASSERT_TRUE(server.ready()) << server.log();
    EXPECT_THAT(Ask(server.http_target(), "/checkpoint").status(), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(Ask(server.http_target(), "/tile/0/000.p/1").status(), StartsWith("HTTP/1.1 200 "));
    const Answer refused = Ask(server.http_target(), path, token);
    EXPECT_THAT(refused.status(), StartsWith("HTTP/1.1 403 "));
    EXPECT_THAT(refused.body, HasSubstr("allow_plaintext"));
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), server::kExitOk);
  }
  ServerProcess server(data_, {"--http-listen", "0.0.0.0:0", "--allow-plaintext"});
  ASSERT_TRUE(server.ready()) << server.log();
  // The founding has not happened: nobody is an auditor, and the token is looked at.
  EXPECT_THAT(Ask(server.http_target(), path, token).body, HasSubstr("(TOKEN_INVALID)"));
}

}  // namespace
}  // namespace kengred::testing
