#include "real_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <thread>

#include "kengred/core/charter.h"
#include "kengred/core/transaction_builder.h"

extern char** environ;

namespace kengred::testing {
namespace {

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

}  // namespace

std::string ProgramPath(const std::string& name) {
  const char* folder = std::getenv("KENGRED_BIN_DIR");
  if (folder == nullptr) Die("KENGRED_BIN_DIR is not set: run this test by ctest");
  std::string path = std::string(folder) + "/" + name;
  if (access(path.c_str(), X_OK) != 0) Die(path + " is not there: build it first");
  return path;
}

Process::Process(const std::vector<std::string>& command, const std::string& errors) {
  int input[2];
  int output[2];
  if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) Die("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  if (!errors.empty()) {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
  }
  std::vector<std::string> copy = command;
  std::vector<char*> arguments;
  for (std::string& argument : copy) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  if (posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) {
    Die("cannot start " + command[0]);
  }
  posix_spawn_file_actions_destroy(&actions);
  close(input[0]);
  close(output[1]);
  input_ = input[1];
  output_ = output[0];
  // A program that has gone away must not take the test with it.
  signal(SIGPIPE, SIG_IGN);
}

Process::~Process() {
  CloseInput();
  Signal(SIGKILL);
  Wait();
  close(output_);
}

void Process::Write(const std::string& text) {
  for (size_t written = 0; written < text.size();) {
    const ssize_t n = write(input_, text.data() + written, text.size() - written);
    if (n <= 0) return;  // what is read next shows it
    written += static_cast<size_t>(n);
  }
}

void Process::CloseInput() {
  if (input_ >= 0) close(input_);
  input_ = -1;
}

std::string Process::ReadUntil(const std::string& end) {
  std::string text;
  char c = 0;
  while (!text.ends_with(end)) {
    const ssize_t n = read(output_, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.push_back(c);
  }
  return text;
}

std::string Process::ReadAll() {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t n = read(output_, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(buffer, static_cast<size_t>(n));
  }
}

bool Process::HasSaid() const {
  pollfd output{.fd = output_, .events = POLLIN, .revents = 0};
  return poll(&output, 1, 0) > 0;
}

void Process::Signal(int signal) {
  if (pid_ > 0) kill(pid_, signal);
}

int Process::Wait() {
  if (pid_ <= 0) return status_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

RealServer::RealServer(Community* community) : community_(community) {
  MakeLedger(*community, folder_ / "ledger");
  Start("127.0.0.1:0");
  client::ClientOptions options;
  options.target = target_;
  options.ledger_id = community->ledger_id();
  // The machine may be busy with other tests.
  options.timeout = std::chrono::minutes(2);
  options.connect_timeout = options.timeout;
  auto client = client::Client::Connect(options);
  if (!client.ok()) Fail(std::string(client.status().message()));
  client_ = std::make_unique<client::Client>(*std::move(client));
  FoundOn(client_.get(), community);
}

RealServer::~RealServer() = default;

void RealServer::Start(const std::string& listen) {
  const std::string port_file = folder_ / "port";
  std::filesystem::remove(port_file);
  process_ = std::make_unique<Process>(
      std::vector<std::string>{ProgramPath("kengred-server"), "serve", "--data", folder_ / "ledger",
                               "--listen", listen, "--http-listen", "127.0.0.1:0", "--port-file",
                               port_file},
      folder_ / "log");
  std::string port;
  std::string http_port;
  for (int i = 0; i < 6000 && !port.ends_with('\n'); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    port = ReadFileOrNothing(port_file);
  }
  if (!port.ends_with('\n')) Fail("kengred-server serve did not start");
  std::istringstream(port) >> port >> http_port;
  target_ = "127.0.0.1:" + port;
  http_target_ = "127.0.0.1:" + http_port;
}

void RealServer::Restart() {
  process_->Signal(SIGTERM);
  if (process_->Wait() != 0) Fail("kengred-server did not stop as it should");
  Start(target_);
}

void RealServer::Fail(const std::string& why) {
  Die(why + "\nThe server's log:\n" + ReadFileOrNothing(folder_ / "log"));
}

v1::SubmitTransactionResponse RealServer::Submit(const std::vector<v1::Operation>& operations,
                                                 const std::vector<std::string>& signers) {
  v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() =
      community_->Transaction(NowInSeconds(), operations, signers);
  auto response = client_->Submit(request);
  if (!response.ok()) Fail(std::string(response.status().message()));
  return *std::move(response);
}

AccountId RealServer::OpenMember(const SecretKey& key, v1::HolderKind kind) {
  TransactionBuilder builder(community_->ledger_id(), NowInSeconds(), 3600);
  v1::OpenAccount* open = builder.Add()->mutable_open_account();
  open->set_kind(kind);
  open->mutable_authority()->add_public_keys(key.public_key().ToBytes());
  open->mutable_authority()->set_threshold(1);
  const AccountId account = AccountIdOf(open->authority());
  v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() = builder.Build();
  AddSignature(key, request.mutable_signed_transaction());
  if (auto response = client_->Submit(request); !response.ok()) {
    Fail(std::string(response.status().message()));
  }
  const auto in_a_year = static_cast<int32_t>(NowInSeconds() / 86400 + 366);
  v1::Operation admit = community_->AdmitMember("newcomer", in_a_year);
  admit.mutable_admit_member()->set_account_id(account.ToBytes());
  Submit({admit}, {"registrar"});
  if (kind == v1::HOLDER_KIND_PROFESSIONAL) {
    v1::Operation approve = community_->ApproveProfessional("newshop", in_a_year);
    approve.mutable_approve_professional()->set_account_id(account.ToBytes());
    Submit({approve}, {"committee1", "committee2"});
  }
  return account;
}

int64_t RealServer::Balance(const AccountId& account, const std::string& currency) {
  const client::Reader reader = ReaderOf(*community_, "auditor");
  const auto response = client_->ListBalances(reader, account);
  if (!response.ok()) Fail(std::string(response.status().message()));
  for (const v1::Balance& balance : response->balances()) {
    if (balance.currency() == currency) return balance.amount_minor();
  }
  return 0;
}

}  // namespace kengred::testing
