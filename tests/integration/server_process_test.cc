// Goal: kengred-server is a good citizen of the machine it runs on: it starts, says that it is
// ready, stops when told and loses nothing; and whatever is wrong around it gets a sentence, an
// exit code of its own, and changes nothing. Method: the real program as a process, with real
// directories, ports, signals, certificates and limits.
#include "tests/support/server_process.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "kengred/core/side_record.h"
#include "server/main/exit_code.h"
#include "server/storage/rocksdb_store.h"
#include "tests/support/charter_file.h"
#include "tests/support/live_community.h"

namespace kengred::server {
namespace {

using testing::Community;
using testing::ConnectTo;
using testing::Finished;
using testing::FoundOn;
using ::testing::HasSubstr;
using testing::IdOf;
using testing::MakeLedger;
using testing::NowInSeconds;
using testing::ReaderOf;
using testing::RunServerProgram;
using testing::ScratchDirectory;
using testing::ServerProcess;
using ::testing::StartsWith;
using testing::WriteFileOrDie;

constexpr std::chrono::seconds kPatience{120};

// Waits until something comes true; false where it does not.
bool Eventually(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// Whether a file below the directory holds these bytes.
bool AnyFileHolds(const std::string& directory, const std::string& bytes) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() &&
        testing::ReadFileOrNothing(entry.path()).find(bytes) != std::string::npos) {
      return true;
    }
  }
  return false;
}

v1::SubmitTransactionRequest Payment(const Community& community, int64_t amount) {
  v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() = community.Transaction(
      NowInSeconds(), {community.Transfer("alice", "biocoop", amount)}, {"alice"});
  return request;
}

nlohmann::json Info(const std::string& data) {
  const Finished info = RunServerProgram({"info", "--data", data, "--json"});
  EXPECT_EQ(info.exit_code, kExitOk) << info.err;
  return nlohmann::json::parse(info.out, nullptr, /*allow_exceptions=*/false);
}

// ---- starting and stopping ----

TEST(Life, StartsSaysSoAndStopsWhenTold) {
  const ScratchDirectory scratch;
  const std::string data = scratch / "ledger";
  Community community;
  MakeLedger(community, data);
  for (const int signal : {SIGTERM, SIGINT}) {
    ServerProcess server(data);
    ASSERT_TRUE(server.ready()) << server.log();
    const std::string target = server.target(), http_target = server.http_target();
    client::Client client = ConnectTo(server, community);
    EXPECT_EQ(client.GetLedger()->head_sequence(), 1U);
    server.Signal(SIGHUP);
    EXPECT_TRUE(client.GetLedger().ok());
    server.Signal(signal);
    EXPECT_EQ(server.Wait(), kExitOk) << server.log();
    EXPECT_EQ(server.out(), "kengred-server is ready on " + target + "\n");
    EXPECT_THAT(server.log(), HasSubstr(" listen=" + target + " http=" + http_target + " tls=no "));
    EXPECT_FALSE(std::filesystem::exists(server.port_file()));
    EXPECT_THAT(server.log(), HasSubstr("info stopping signal="));
    EXPECT_THAT(server.log(), HasSubstr("info stopped "));
  }
}

TEST(Life, LogsJsonWhenAsked) {
  const ScratchDirectory scratch;
  MakeLedger(Community(), scratch / "ledger");
  ServerProcess server(scratch / "ledger", {"--log-format", "json"});
  ASSERT_TRUE(server.ready()) << server.log();
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kExitOk);
  std::istringstream lines(server.log());
  std::vector<std::string> events;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(json.is_object()) << line;
    EXPECT_TRUE(json.contains("time") && json.contains("level")) << line;
    events.push_back(json["event"]);
  }
  EXPECT_THAT(events, ::testing::ElementsAre("ready", "stopping", "stopped"));
}

TEST(Life, StoppingLosesNothingThatWasAcknowledged) {
  const ScratchDirectory scratch;
  const std::string data = scratch / "ledger";
  Community community;
  MakeLedger(community, data);
  std::vector<v1::SubmitTransactionRequest> acknowledged;
  {
    ServerProcess server(data);
    ASSERT_TRUE(server.ready()) << server.log();
    client::Client founder = ConnectTo(server, community);
    FoundOn(&founder, &community);
    client::Client client = ConnectTo(server, community, std::chrono::milliseconds(500));
    std::atomic<int> accepted = 0;
    std::thread load([&] {
      while (true) {
        const v1::SubmitTransactionRequest request = Payment(community, 1);
        if (!client.Submit(request).ok()) return;
        acknowledged.push_back(request);
        ++accepted;
      }
    });
    EXPECT_TRUE(Eventually([&] { return accepted > 20; }));
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), kExitOk) << server.log();
    load.join();
  }
  ServerProcess server(data);
  ASSERT_TRUE(server.ready()) << server.log();
  client::Client client = ConnectTo(server, community);
  for (const v1::SubmitTransactionRequest& request : acknowledged) {
    const auto response = client.Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_TRUE(response->duplicate());
  }
}

TEST(Life, ASecondSignalEndsItAtOnce) {
  const ScratchDirectory scratch;
  Community community;
  MakeLedger(community, scratch / "ledger");
  ServerProcess server(scratch / "ledger", {"--stop-seconds", "600"});
  ASSERT_TRUE(server.ready()) << server.log();

  // A call whose request never comes: the server would wait for it.
  grpc::GenericStub stub(grpc::CreateChannel(server.target(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(&context, "/kengred.v1.LedgerService/SubmitTransaction", &queue);
  call->StartCall(&queue);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  // The server has seen it once another call on the same connection has come back.
  ASSERT_TRUE(ConnectTo(server, community).GetLedger().ok());

  server.Signal(SIGTERM);
  EXPECT_TRUE(Eventually([&] { return server.log().find("stopping") != std::string::npos; }));
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kExitInterrupted) << server.log();
  context.TryCancel();
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }

  // And the store is as good as after any crash.
  ServerProcess again(scratch / "ledger");
  EXPECT_TRUE(again.ready()) << again.log();
}

TEST(Life, TellsTheServiceManager) {
  const ScratchDirectory scratch;
  MakeLedger(Community(), scratch / "ledger");
  const std::string path = scratch / "notify";
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(socket, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof(address)),
            0);
  const auto receive = [socket] {
    char text[512] = {};
    const ssize_t bytes = ::recv(socket, text, sizeof(text), 0);
    return std::string(text, bytes < 0 ? 0 : static_cast<size_t>(bytes));
  };
  testing::Conditions conditions;
  conditions.environment["NOTIFY_SOCKET"] = path;
  ServerProcess server(scratch / "ledger", {}, conditions);
  ASSERT_TRUE(server.ready()) << server.log();
  EXPECT_EQ(receive(), "READY=1\nSTATUS=Serving on " + server.target());
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kExitOk);
  EXPECT_THAT(receive(), StartsWith("STOPPING=1\n"));
  ::close(socket);
}

TEST(Life, ListensOnSeveralAddressesAtOnce) {
  const ScratchDirectory scratch;
  Community community;
  MakeLedger(community, scratch / "ledger");
  const std::string unix_address = "unix:" + (scratch / "socket");
  ServerProcess server(scratch / "ledger", {"--listen", unix_address});
  ASSERT_TRUE(server.ready()) << server.log();
  const std::string target = server.target();
  client::ClientOptions options;
  options.target = unix_address;
  options.connect_timeout = kPatience;
  const absl::StatusOr<client::Client> client = client::Client::Connect(options);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(client->ledger_id(), community.ledger_id());
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kExitOk) << server.log();
  EXPECT_EQ(server.out(), "kengred-server is ready on " + target + "," + unix_address + "\n");
}

// ---- refusals ----

TEST(Refusals, AStoreIsServedOnce) {
  const ScratchDirectory scratch;
  const std::string data = scratch / "ledger";
  Community community;
  MakeLedger(community, data);
  ServerProcess first(data);
  ASSERT_TRUE(first.ready()) << first.log();
  ServerProcess second(data);
  EXPECT_FALSE(second.ready());
  EXPECT_EQ(second.Wait(), kExitStore);
  EXPECT_THAT(second.log(), HasSubstr("already in use by another process: stop it"));
  EXPECT_EQ(second.out(), "");
  // Nor may a command write to it; looking is allowed.
  const std::string address = community.address("alice");
  const Finished erase = RunServerProgram({"erase", "--data", data, "--account", address, "--yes"});
  EXPECT_EQ(erase.exit_code, kExitStore);
  EXPECT_THAT(erase.err, HasSubstr("already in use"));
  EXPECT_EQ(Info(data)["head_sequence"], 1);
  EXPECT_TRUE(ConnectTo(first, community).GetLedger().ok());
}

TEST(Refusals, DirectoriesThatAreNoLedger) {
  const ScratchDirectory scratch;
  const std::string foreign = scratch / "foreign";
  std::filesystem::create_directory(foreign);
  WriteFileOrDie(foreign + "/holiday.jpg", "x");
  const std::string file = scratch / "file";
  WriteFileOrDie(file, "x");
  const std::string future = scratch / "future";
  MakeLedger(Community(), future);
  WriteFileOrDie(future + "/FORMAT", "kengred-store 4\n");
  const std::string unfinished = scratch / "unfinished";
  std::filesystem::create_directory(unfinished);
  WriteFileOrDie(unfinished + "/FORMAT", "kengred-store 3\n");
  const std::string empty_store = scratch / "empty_store";
  storage::RocksDbOptions options;
  options.path = empty_store;
  options.create_if_missing = true;
  ASSERT_TRUE(storage::OpenRocksDbStore(options).ok());

  const std::vector<std::pair<std::string, std::string>> rows = {
      {scratch / "missing", "there is no store in"},
      {foreign, "is not a Kengred store: it holds holiday.jpg"},
      {file, "is a file: give the directory of a store"},
      {future, "has store format 4, and this program knows 3"},
      {unfinished, "was interrupted: create it again"},
  };
  for (const auto& [data, words] : rows) {
    ServerProcess server(data);
    EXPECT_FALSE(server.ready());
    EXPECT_EQ(server.Wait(), kExitStore) << data;
    EXPECT_THAT(server.log(), HasSubstr(words)) << data;
    for (const char* command : {"info", "erase"}) {
      std::vector<std::string> arguments = {command, "--data", data};
      if (command == std::string("erase")) {
        arguments.insert(arguments.end(), {"--transaction", std::string(64, '0'), "--yes"});
      }
      const Finished finished = RunServerProgram(arguments);
      EXPECT_EQ(finished.exit_code, kExitStore) << command << " " << data;
      EXPECT_THAT(finished.err, HasSubstr(words)) << command << " " << data;
    }
  }
  EXPECT_FALSE(std::filesystem::exists(scratch / "missing"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(foreign), {}), 1);
  EXPECT_FALSE(std::filesystem::exists(foreign + ".log-key"));

  ServerProcess server(empty_store);
  EXPECT_EQ(server.Wait(), kExitStore);
  EXPECT_THAT(server.log(), HasSubstr("run `kengred-server init` first"));
}

TEST(Refusals, AReadOnlyStore) {
  const ScratchDirectory scratch;
  const std::string data = scratch / "ledger";
  MakeLedger(Community(), data);
  // Everybody may read, nobody may write. Permission bits do not bind root.
  using std::filesystem::perms;
  for (const auto& entry : std::filesystem::directory_iterator(data)) {
    std::filesystem::permissions(entry, perms(0444));
  }
  std::filesystem::permissions(data, perms(0555));
  std::filesystem::permissions(scratch.path(), perms(0755));
  testing::Conditions conditions;
  conditions.as_nobody = ::geteuid() == 0;
  ServerProcess server(data, {}, conditions);
  EXPECT_FALSE(server.ready());
  EXPECT_EQ(server.Wait(), kExitStore);
  EXPECT_THAT(server.log(), HasSubstr("cannot write in"));
  EXPECT_THAT(server.log(), HasSubstr("give this user the right to write there"));
  // Looking is allowed, and a directory that may not even be read is said so.
  EXPECT_EQ(RunServerProgram({"info", "--data", data}, conditions).exit_code, kExitOk);
  std::filesystem::permissions(data + "/FORMAT", perms(0400));
  if (conditions.as_nobody) {
    const Finished info = RunServerProgram({"info", "--data", data}, conditions);
    EXPECT_EQ(info.exit_code, kExitStore);
    EXPECT_THAT(info.err, HasSubstr("FORMAT: Permission denied"));
  }
  std::filesystem::permissions(data, perms(0755));
}

TEST(Refusals, ATakenPort) {
  const ScratchDirectory scratch;
  MakeLedger(Community(), scratch / "ledger");
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(socket, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof(address);
  auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  ASSERT_EQ(::bind(socket, generic, bytes), 0);
  ASSERT_EQ(::listen(socket, 1), 0);
  ASSERT_EQ(::getsockname(socket, generic, &bytes), 0);
  const std::string taken = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  ServerProcess server(scratch / "ledger", {"--listen", taken});
  EXPECT_FALSE(server.ready());
  EXPECT_EQ(server.Wait(), kExitAddress);
  EXPECT_THAT(server.log(),
              HasSubstr("cannot listen on " + taken + ": another process listens there"));
  ::close(socket);
  ServerProcess now(scratch / "ledger", {"--listen", taken});
  EXPECT_TRUE(now.ready()) << now.log();
}

TEST(Refusals, ATimeZoneThatThisMachineDoesNotKnow) {
  const ScratchDirectory scratch;
  MakeLedger(Community(), scratch / "ledger");
  testing::Conditions conditions;
  conditions.environment["TZDIR"] = scratch / "no-zones";
  ServerProcess server(scratch / "ledger", {}, conditions);
  EXPECT_FALSE(server.ready());
  EXPECT_EQ(server.Wait(), kExitStore);
  EXPECT_THAT(server.log(), HasSubstr("does not know the time zone \\\"Europe/Paris\\\""));

  WriteFileOrDie(scratch / "charter.toml", testing::CharterFile(Community().charter()));
  const Finished init = RunServerProgram(
      {"init", "--charter", scratch / "charter.toml", "--data", scratch / "other"}, conditions);
  EXPECT_EQ(init.exit_code, kExitUsage);
  EXPECT_THAT(init.err, HasSubstr("charter.toml:3: this machine does not know the time zone"));
  EXPECT_FALSE(std::filesystem::exists(scratch / "other"));
}

TEST(Refusals, APortFileThatIsSomethingElse) {
  const ScratchDirectory scratch;
  MakeLedger(Community(), scratch / "ledger");
  WriteFileOrDie(scratch / "letter", "Dear port,\n");
  const Finished serve = RunServerProgram({"serve", "--data", scratch / "ledger", "--listen",
                                           "127.0.0.1:0", "--port-file", scratch / "letter"});
  EXPECT_EQ(serve.exit_code, kExitUsage);
  EXPECT_THAT(serve.err, HasSubstr("is no port file"));
  EXPECT_EQ(testing::ReadFileOrNothing(scratch / "letter"), "Dear port,\n");
}

TEST(Refusals, WrongCommandLinesAndConfigurations) {
  const ScratchDirectory scratch;
  WriteFileOrDie(scratch / "wrong.toml", "data = \"x\"\n[log]\nlevel = \"loud\"\n");
  const std::vector<std::pair<std::vector<std::string>, std::string>> rows = {
      {{}, "subcommand"},
      {{"dance"}, "--help"},
      {{"serve"}, "no ledger is named"},
      {{"serve", "--dance"}, "--dance"},
      {{"serve", "--data", "x", "--listen", "nowhere"}, "no address to listen on"},
      {{"serve", "--data", "x", "--listen", "0.0.0.0:0"}, "without TLS"},
      {{"serve", "--config", scratch / "wrong.toml"}, "wrong.toml:3: `log.level`"},
      {{"serve", "--config", scratch / "missing.toml"}, "cannot read"},
      {{"init", "--data", "x"}, "--charter"},
      {{"init", "--charter", scratch / "missing.toml", "--data", "x"}, "cannot read"},
      {{"charter", "check", scratch / "wrong.toml"}, "wrong.toml:1: `name` is missing"},
      {{"erase", "--data", "x"}, "--account ADDRESS, or --transaction HEX"},
      {{"erase", "--data", "x", "--account", "a", "--transaction", "b"}, "--transaction"},
      {{"erase", "--data", "x", "--account", "a"}, "give --yes"},
  };
  for (const auto& [arguments, words] : rows) {
    const Finished finished = RunServerProgram(arguments);
    EXPECT_EQ(finished.exit_code, kExitUsage) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(words));
    EXPECT_EQ(finished.out, "");
  }
}

// ---- configuration, help, charters ----

TEST(Commands, EveryCommandHasHelpWithAnExample) {
  const std::vector<std::vector<std::string>> commands = {
      {"init"},  {"charter"}, {"charter", "check"}, {"charter", "example"}, {"serve"},
      {"erase"}, {"info"},    {"version"}};
  for (std::vector<std::string> arguments : commands) {
    arguments.emplace_back("--help");
    const Finished help = RunServerProgram(arguments);
    EXPECT_EQ(help.exit_code, kExitOk) << arguments.front();
    EXPECT_THAT(help.out, HasSubstr("Example")) << arguments.front();
    EXPECT_THAT(help.out, HasSubstr("kengred-server " + arguments.front()));
  }
  EXPECT_THAT(RunServerProgram({"version"}).out, StartsWith("kengred-server "));
  EXPECT_THAT(RunServerProgram({"--help"}).out, HasSubstr("Exit codes"));
}

TEST(Commands, PrintConfigShowsWhereEachValueComesFrom) {
  const ScratchDirectory scratch;
  WriteFileOrDie(scratch / "kengred.toml", "data = \"/from/file\"\nstop_seconds = 3\n");
  testing::Conditions conditions;
  conditions.environment["KENGRED_CONFIG"] = scratch / "kengred.toml";
  conditions.environment["KENGRED_STOP_SECONDS"] = "4";
  conditions.environment["KENGRED_LOG_LEVEL"] = "error";
  const Finished shown =
      RunServerProgram({"serve", "--print-config", "--log-level", "debug"}, conditions);
  EXPECT_EQ(shown.exit_code, kExitOk) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("data = \"/from/file\"  # file "));
  EXPECT_THAT(shown.out, HasSubstr("stop_seconds = 4  # environment KENGRED_STOP_SECONDS\n"));
  EXPECT_THAT(shown.out, HasSubstr("level = \"debug\"  # flag --log-level\n"));
  EXPECT_THAT(shown.out, HasSubstr("watches = 1000  # default\n"));
}

TEST(Commands, ACharterBecomesALedgerOnce) {
  const ScratchDirectory scratch;
  const Community community;
  const std::string charter = scratch / "charter.toml";
  WriteFileOrDie(charter, testing::CharterFile(community.charter()));
  EXPECT_EQ(RunServerProgram({"charter", "check", charter}).exit_code, kExitOk);

  const std::string data = scratch / "ledger";
  testing::WriteLogKeyFile(community, data);
  const Finished init = RunServerProgram({"init", "--charter", charter, "--data", data, "--json"});
  ASSERT_EQ(init.exit_code, kExitOk) << init.err;
  const nlohmann::json made = nlohmann::json::parse(init.out, nullptr, false);
  EXPECT_EQ(made["ledger_id"], community.ledger_id().ToHex());
  EXPECT_EQ(made["address_prefix"], "heol");

  const nlohmann::json before = Info(data);
  EXPECT_EQ(before["ledger_id"], community.ledger_id().ToHex());
  EXPECT_EQ(before["head_sequence"], 1);
  EXPECT_EQ(before["counts"]["accounts"], 0);
  const Finished again = RunServerProgram({"init", "--charter", charter, "--data", data});
  EXPECT_EQ(again.exit_code, kExitStore);
  EXPECT_THAT(again.err, HasSubstr("already holds a ledger"));
  EXPECT_EQ(Info(data)["epoch"], before["epoch"]);
  EXPECT_EQ(Info(data)["head_hash"], before["head_hash"]);

  // Somebody else's directory is left alone.
  const std::string foreign = scratch / "foreign";
  std::filesystem::create_directory(foreign);
  WriteFileOrDie(foreign + "/letter", "x");
  EXPECT_EQ(RunServerProgram({"init", "--charter", charter, "--data", foreign}).exit_code,
            kExitStore);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(foreign), {}), 1);

  // A store whose making was interrupted is completed.
  const std::string unfinished = scratch / "unfinished";
  std::filesystem::create_directory(unfinished);
  WriteFileOrDie(unfinished + "/FORMAT", "kengred-store 3\n");
  testing::WriteLogKeyFile(community, unfinished);
  EXPECT_EQ(RunServerProgram({"init", "--charter", charter, "--data", unfinished}).exit_code,
            kExitOk);
  EXPECT_EQ(Info(unfinished)["ledger_id"], community.ledger_id().ToHex());
}

// ---- TLS ----

bool RunOpenSsl(const std::string& arguments) {
  // NOLINTNEXTLINE(cert-env33-c): a test's own command line.
  return std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) == 0;
}

bool MakeCertificate(const std::string& key, const std::string& certificate) {
  return RunOpenSsl(
      "req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=localhost -addext "
      "subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " +
      key + " -out " + certificate);
}

TEST(Tls, ServesOverItAndRefusesBadFiles) {
  const ScratchDirectory scratch;
  Community community;
  MakeLedger(community, scratch / "ledger");
  ASSERT_TRUE(MakeCertificate(scratch / "key.pem", scratch / "cert.pem"));
  ASSERT_TRUE(MakeCertificate(scratch / "other.pem", scratch / "other-cert.pem"));
  WriteFileOrDie(scratch / "garbage.pem", "no certificate\n");
  WriteFileOrDie(scratch / "empty.pem", "");

  const std::vector<std::vector<std::string>> rows = {
      {scratch / "cert.pem", scratch / "other.pem"},
      {scratch / "garbage.pem", scratch / "key.pem"},
      {scratch / "cert.pem", scratch / "garbage.pem"},
      {scratch / "cert.pem", scratch / "missing.pem"},
      {scratch / "empty.pem", scratch / "key.pem"},
      {scratch / "key.pem", scratch / "cert.pem"},
      {scratch / "cert.pem", scratch / "key.pem", scratch / "garbage.pem"},
  };
  for (const std::vector<std::string>& files : rows) {
    std::vector<std::string> arguments = {"--tls-certificate", files[0], "--tls-key", files[1]};
    if (files.size() > 2) arguments.insert(arguments.end(), {"--tls-client-ca", files[2]});
    ServerProcess server(scratch / "ledger", arguments);
    EXPECT_FALSE(server.ready());
    EXPECT_EQ(server.Wait(), kExitUsage) << server.log();
    EXPECT_THAT(server.log(), HasSubstr(".pem"));
    EXPECT_THAT(server.log(), ::testing::Not(HasSubstr("PRIVATE KEY")));
  }

  ServerProcess server(scratch / "ledger", {"--tls-certificate", scratch / "cert.pem", "--tls-key",
                                            scratch / "key.pem"});
  ASSERT_TRUE(server.ready()) << server.log();
  client::ClientOptions options;
  options.target = server.target();
  options.tls = true;
  options.root_certificates_pem = testing::ReadFileOrNothing(scratch / "cert.pem");
  options.connect_timeout = kPatience;
  const absl::StatusOr<client::Client> client = client::Client::Connect(options);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(client->ledger_id(), community.ledger_id());
}

// ---- erasing ----

TEST(Erase, TheTextIsGoneFromEveryFileAndTheJournalStays) {
  const ScratchDirectory scratch;
  const std::string data = scratch / "ledger";
  Community community;
  MakeLedger(community, data);
  const std::string memo = "the parcel behind box 4711";
  const std::string other = "three kilos of artichokes";
  v1::SubmitTransactionRequest payments[2];
  int64_t biocoop_balance = 0;
  {
    ServerProcess server(data);
    ASSERT_TRUE(server.ready()) << server.log();
    client::Client client = ConnectTo(server, community);
    FoundOn(&client, &community);
    const std::string memos[] = {memo, other};
    const std::string payers[] = {"alice", "bruno"};
    for (int i = 0; i < 2; ++i) {
      const testing::Text text = community.text(memos[i]);
      v1::Operation pay = community.Transfer(payers[i], "biocoop", 100);
      *pay.mutable_transfer()->mutable_memo() = text.commitment;
      *payments[i].mutable_signed_transaction() =
          community.Transaction(NowInSeconds(), {pay}, {payers[i]});
      *payments[i].add_side_records() = text.record;
      const auto response = client.Submit(payments[i]);
      ASSERT_TRUE(response.ok()) << response.status();
    }
    biocoop_balance = testing::BalancesOf(&client, community, {"biocoop"}, "HEOL")["biocoop"];
    // Counting may be done while the server runs.
    const Finished dry = RunServerProgram(
        {"erase", "--data", data, "--account", community.address("alice"), "--dry-run"});
    EXPECT_EQ(dry.exit_code, kExitOk) << dry.err;
    EXPECT_THAT(dry.out, HasSubstr("1 profile, 0 aliases and 1 text"));
    server.Signal(SIGTERM);
    ASSERT_EQ(server.Wait(), kExitOk);
  }
  const std::string salt = community.text(memo).record.salt();
  ASSERT_TRUE(AnyFileHolds(data, memo));
  ASSERT_TRUE(AnyFileHolds(data, salt));
  ASSERT_TRUE(AnyFileHolds(data, "Profile of alice"));
  ASSERT_TRUE(AnyFileHolds(data, "Profile of biocoop"));
  const nlohmann::json before = Info(data);

  // What is not there, and what is no address.
  EXPECT_EQ(RunServerProgram(
                {"erase", "--data", data, "--account", community.address("newcomer"), "--yes"})
                .exit_code,
            kExitNo);
  EXPECT_EQ(
      RunServerProgram({"erase", "--data", data, "--transaction", std::string(64, '0'), "--yes"})
          .exit_code,
      kExitNo);
  EXPECT_EQ(
      RunServerProgram({"erase", "--data", data, "--account", "heol1oops", "--yes"}).exit_code,
      kExitUsage);
  EXPECT_EQ(RunServerProgram({"erase", "--data", data, "--transaction", "12", "--yes"}).exit_code,
            kExitUsage);
  EXPECT_TRUE(AnyFileHolds(data, memo));

  const Finished erased = RunServerProgram(
      {"erase", "--data", data, "--account", community.address("alice"), "--yes", "--json"});
  ASSERT_EQ(erased.exit_code, kExitOk) << erased.err;
  const nlohmann::json json = nlohmann::json::parse(erased.out, nullptr, false);
  EXPECT_EQ(json["profiles"], 1);
  EXPECT_EQ(json["aliases"], 0);
  EXPECT_EQ(json["texts"], 1);
  EXPECT_EQ(json["head_hash_before"], before["head_hash"]);
  EXPECT_EQ(json["head_hash_after"], before["head_hash"]);
  EXPECT_FALSE(AnyFileHolds(data, memo));
  EXPECT_FALSE(AnyFileHolds(data, salt));
  EXPECT_FALSE(AnyFileHolds(data, "Profile of alice"));
  EXPECT_TRUE(AnyFileHolds(data, other));
  EXPECT_TRUE(AnyFileHolds(data, "Profile of biocoop"));

  // One transaction, and a shop with its alias.
  EXPECT_EQ(RunServerProgram({"erase", "--data", data, "--transaction",
                              IdOf(payments[1].signed_transaction()).ToHex(), "--yes"})
                .exit_code,
            kExitOk);
  EXPECT_FALSE(AnyFileHolds(data, other));
  EXPECT_EQ(RunServerProgram(
                {"erase", "--data", data, "--account", community.address("biocoop"), "--yes"})
                .exit_code,
            kExitOk);
  EXPECT_FALSE(AnyFileHolds(data, "Profile of biocoop"));

  ServerProcess server(data);
  ASSERT_TRUE(server.ready()) << server.log();
  client::Client client = ConnectTo(server, community);
  EXPECT_EQ(client.GetLedger()->head_sequence(), before["head_sequence"].get<uint64_t>());
  EXPECT_EQ(testing::BalancesOf(&client, community, {"biocoop"}, "HEOL")["biocoop"],
            biocoop_balance);
  EXPECT_TRUE(absl::IsNotFound(client.LookupAlias("biocoop").status()));
  EXPECT_TRUE(client.LookupAlias("librairie").ok());
  const client::Reader alice = ReaderOf(community, "alice");
  const auto payment = client.GetTransaction(alice, IdOf(payments[0].signed_transaction()));
  ASSERT_TRUE(payment.ok()) << payment.status();
  EXPECT_EQ(payment->side_records_size(), 0);
  // Sent again, the same bytes get the first answer, and the text does not come back.
  const auto again = client.Submit(payments[0]);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->duplicate());
  EXPECT_EQ(
      client.GetTransaction(alice, IdOf(payments[0].signed_transaction()))->side_records_size(), 0);
}

// ---- a disk that is full ----

// Pays until the server accepts nothing more; what it accepted. The community is founded.
std::vector<v1::SubmitTransactionRequest> PayUntilStopped(const ServerProcess& server,
                                                          const Community& community) {
  client::Client client = ConnectTo(server, community, std::chrono::milliseconds(300));
  std::vector<v1::SubmitTransactionRequest> accepted;
  for (int i = 0; i < 20000; ++i) {
    // A long memo fills the disk sooner.
    const testing::Text text = community.text(std::string(4000, 'm') + std::to_string(i));
    v1::Operation pay =
        community.Transfer(i % 2 == 0 ? "alice" : "bruno", i % 2 == 0 ? "bruno" : "alice", 1);
    *pay.mutable_transfer()->mutable_memo() = text.commitment;
    v1::SubmitTransactionRequest request;
    *request.mutable_signed_transaction() =
        community.Transaction(NowInSeconds(), {pay}, {"alice", "bruno"});
    *request.add_side_records() = text.record;
    const auto response = client.Submit(request);
    if (response.ok()) {
      accepted.push_back(request);
      continue;
    }
    const auto refusal = client::RefusalOf(response.status());
    EXPECT_TRUE(refusal.has_value()) << response.status();
    if (refusal) {
      EXPECT_EQ(refusal->verdict, v1::VERDICT_STORAGE_STOPPED) << response.status();
    }
    EXPECT_TRUE(absl::IsUnavailable(response.status()));
    return accepted;
  }
  ADD_FAILURE() << "the disk never filled up";
  return accepted;
}

// Reads go on; writes are refused; nothing acknowledged is lost after a restart on more room.
void CheckFullDisk(ServerProcess* server, Community* community, const std::string& data,
                   const std::function<void()>& make_room) {
  const std::vector<v1::SubmitTransactionRequest> accepted = PayUntilStopped(*server, *community);
  EXPECT_FALSE(accepted.empty());
  EXPECT_THAT(server->log(), HasSubstr("error storage_stopped"));
  client::Client client = ConnectTo(*server, *community, std::chrono::milliseconds(300));
  const auto ledger = client.GetLedger();
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  const client::Reader auditor = ReaderOf(*community, "auditor");
  for (const v1::SubmitTransactionRequest& request : {accepted.front(), accepted.back()}) {
    const auto read = client.GetTransaction(auditor, IdOf(request.signed_transaction()));
    EXPECT_TRUE(read.ok()) << read.status();
  }
  const auto refused = client.Submit(Payment(*community, 1));
  const auto refusal = client::RefusalOf(refused.status());
  ASSERT_TRUE(refusal.has_value()) << refused.status();
  EXPECT_EQ(refusal->verdict, v1::VERDICT_STORAGE_STOPPED);
  server->Signal(SIGTERM);
  EXPECT_EQ(server->Wait(), kExitOk) << server->log();

  make_room();
  ServerProcess again(data);
  ASSERT_TRUE(again.ready()) << again.log();
  client::Client after = ConnectTo(again, *community);
  for (const v1::SubmitTransactionRequest& request : accepted) {
    const auto response = after.Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_TRUE(response->duplicate());
  }
  EXPECT_TRUE(after.Submit(Payment(*community, 1)).ok());
}

TEST(FullDisk, AFileThatMayNotGrowStopsWritesNotReads) {
  const ScratchDirectory scratch;
  const std::string data = scratch / "ledger";
  Community community;
  MakeLedger(community, data);
  {
    ServerProcess server(data);
    ASSERT_TRUE(server.ready()) << server.log();
    client::Client client = ConnectTo(server, community);
    FoundOn(&client, &community);
    server.Signal(SIGTERM);
    ASSERT_EQ(server.Wait(), kExitOk);
  }
  testing::Conditions conditions;
  conditions.file_bytes_max = 512 * 1024;
  ServerProcess server(data, {}, conditions);
  ASSERT_TRUE(server.ready()) << server.log();
  CheckFullDisk(&server, &community, data, [] {});
}

// A small file system of its own, where this user may mount one.
class SmallDisk {
 public:
  SmallDisk(const std::string& path, const std::string& bytes) : path_(path) {
    std::filesystem::create_directory(path);
    mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
                       ("size=" + bytes).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  void Resize(const std::string& bytes) {
    EXPECT_EQ(::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV,
                      ("size=" + bytes).c_str()),
              0);
  }

 private:
  const std::string path_;
  bool mounted_ = false;
};

// Fills what is left.
void FillDisk(const std::string& file) {
  std::ofstream filler(file, std::ios::binary);
  const std::string block(4096, 'x');
  while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
}

TEST(FullDisk, AFullFileSystemStopsWritesNotReads) {
  const ScratchDirectory scratch;
  const SmallDisk probe(scratch / "probe", "1m");
  if (!probe.mounted()) {
    // Without the right to mount, the test above stands for this one.
    std::printf("no right to mount a small file system; the limit on files is tested instead\n");
    return;
  }
  SmallDisk disk(scratch / "disk", "4m");
  ASSERT_TRUE(disk.mounted());
  const std::string data = scratch / "disk/ledger";
  Community community;
  MakeLedger(community, data);
  ServerProcess server(data);
  ASSERT_TRUE(server.ready()) << server.log();
  {
    client::Client client = ConnectTo(server, community);
    FoundOn(&client, &community);
  }
  CheckFullDisk(&server, &community, data, [&disk] { disk.Resize("64m"); });
}

TEST(FullDisk, NothingStartsOnAFullFileSystem) {
  const ScratchDirectory scratch;
  SmallDisk disk(scratch / "disk", "4m");
  if (!disk.mounted()) {
    // What a full disk answers can also be had from a limit of nothing on every file.
    std::printf("no right to mount a small file system; a limit on files stands in for it\n");
  }
  const std::string data = scratch / "disk/ledger";
  MakeLedger(Community(), data);
  testing::Conditions conditions;
  if (disk.mounted()) {
    FillDisk(scratch / "disk/filler");
  } else {
    conditions.file_bytes_max = 0;
  }
  // The port file and the log lie elsewhere; only the limit would reach them.
  const Finished serve =
      RunServerProgram({"serve", "--data", data, "--listen", "127.0.0.1:0"}, conditions);
  EXPECT_EQ(serve.exit_code, kExitStore) << serve.err;
  if (disk.mounted()) {
    EXPECT_THAT(serve.err, HasSubstr("free space on that disk"));
  }

  WriteFileOrDie(scratch / "charter.toml", testing::CharterFile(Community().charter()));
  const Finished init = RunServerProgram(
      {"init", "--charter", scratch / "charter.toml", "--data", scratch / "disk/new"}, conditions);
  EXPECT_EQ(init.exit_code, kExitStore) << init.err;
  if (disk.mounted()) {
    EXPECT_THAT(init.err, HasSubstr("free space on that disk"));
  }
}

}  // namespace
}  // namespace kengred::server
