#include "server/main/serve_command.h"

#include <absl/time/time.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>

#include "files/small_file.h"
#include "server/cosign/collector.h"
#include "server/http/log_server.h"
#include "server/main/command_status.h"
#include "server/main/config.h"
#include "server/main/log.h"
#include "server/main/log_key.h"
#include "server/main/service_manager.h"
#include "server/publish/cosignatures.h"
#include "server/publish/watch_hub.h"
#include "server/rpc/server.h"
#include "server/sequence/sequencer.h"
#include "server/storage/rocksdb_store.h"
#include "server/verify/verifier.h"

namespace kengred::server {
namespace {

// What the last commit may take on a slow disk, after the calls have ended.
constexpr int kLastCommitSeconds = 5;

// Why the server does not start, and the exit code that says so.
struct Refused {
  absl::Status status;
  ExitCode code;
};

// ---- signals ----

// SIGTERM and SIGINT as something to wait for; they are blocked for every thread made later.
class StopSignals {
 public:
  StopSignals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
    signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
    stopped_ = ::eventfd(0, EFD_CLOEXEC);
    if (signals_ < 0 || stopped_ < 0) std::abort();
  }
  ~StopSignals() {
    ::close(signals_);
    ::close(stopped_);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // The name of the next signal.
  std::string Wait() {
    signalfd_siginfo info{};
    while (::read(signals_, &info, sizeof(info)) != sizeof(info)) {
      if (errno != EINTR) std::abort();
    }
    return info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM";
  }

  // From another thread while stopping: ends the process at the next signal, or when `seconds` have
  // passed; returns once Stopped was called.
  void GuardStop(int seconds) {
    pollfd waits[] = {{signals_, POLLIN, 0}, {stopped_, POLLIN, 0}};
    int ready = 0;
    do {
      ready = ::poll(waits, 2, seconds * 1000);
    } while (ready < 0 && errno == EINTR);
    if ((waits[1].revents & POLLIN) != 0) return;
    // Nothing acknowledged is lost: what is not committed has not been answered.
    if (ready > 0) {
      Log(LogLevel::kWarning, "interrupted", {{"message", "a second signal came; ending at once"}});
      ::_exit(kExitInterrupted);
    }
    Log(LogLevel::kError, "stop_failed",
        {{"message", "stopping takes too long; ending at once. Look at the disk"}});
    ::_exit(kExitInternal);
  }
  void Stopped() {
    const uint64_t one = 1;
    if (::write(stopped_, &one, sizeof(one)) != sizeof(one)) std::abort();
  }

 private:
  int signals_ = -1;
  int stopped_ = -1;
};

// ---- before starting ----

// Connections and the store's files need more descriptors than the usual soft limit.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Binds an address for a moment, since gRPC only says that it could not. `flag` is where another
// one can be given.
absl::Status CheckAddressFree(const std::string& address, const std::string& flag) {
  if (address.starts_with("unix:")) return absl::OkStatus();
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  if (host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) {
    return absl::UnavailableError("cannot listen on " + address + ": \"" + host +
                                  "\" is not known here (" + ::gai_strerror(error) +
                                  "); write an address of this machine");
  }
  absl::Status status;
  for (const addrinfo* one = found; one != nullptr && status.ok(); one = one->ai_next) {
    const int probe = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) continue;  // a family that this machine does not have
    const int on = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (::bind(probe, one->ai_addr, one->ai_addrlen) != 0 || ::listen(probe, 1) != 0) {
      const std::string what = "cannot listen on " + address + ": ";
      status = absl::UnavailableError(
          errno == EADDRINUSE ? what +
                                    "another process listens there; stop it, or choose another "
                                    "address with " +
                                    flag
          : errno == EACCES ? what + "this user may not; choose a port from 1024 on"
                            : what + std::strerror(errno) + "; write an address of this machine");
    }
    ::close(probe);
  }
  ::freeaddrinfo(found);
  return status;
}

absl::StatusOr<std::optional<rpc::TlsOptions>> ReadTls(const ProcessOptions& process) {
  if (process.tls_certificate.empty()) return std::nullopt;
  rpc::TlsOptions tls;
  const std::pair<const std::string*, std::string*> files[] = {
      {&process.tls_certificate, &tls.certificate_pem},
      {&process.tls_key, &tls.key_pem},
      {&process.tls_client_ca, &tls.client_ca_pem},
  };
  for (const auto& [file, text] : files) {
    if (file->empty()) continue;
    absl::StatusOr<std::string> content = ReadSmallFile(*file);
    if (!content.ok()) return content.status();
    if (content->empty()) return absl::InvalidArgumentError(*file + " is empty; give a PEM file");
    *text = *std::move(content);
  }
  return tls;
}

absl::StatusOr<Config> ReadConfig(const ServeOptions& options) {
  ConfigSources sources;
  sources.flags = options.flags;
  sources.environment = [](const char* name) -> const char* { return std::getenv(name); };
  sources.file_name = options.config_file;
  if (sources.file_name.empty()) {
    const char* variable = std::getenv("KENGRED_CONFIG");
    if (variable != nullptr) sources.file_name = variable;
  }
  if (!sources.file_name.empty()) {
    absl::StatusOr<std::string> text = ReadSmallFile(sources.file_name);
    if (!text.ok()) return text.status();
    sources.file_text = *std::move(text);
  }
  return ResolveConfig(sources);
}

// "host:port" with another port; as it is where that is 0, as for a Unix socket.
std::string WithPort(std::string address, int port) {
  if (port > 0) address.replace(address.rfind(':') + 1, std::string::npos, std::to_string(port));
  return address;
}

// ---- the server ----

// The stages, and how they come and go. Members stand in the order they are made.
class Server {
 public:
  Server(Config config, const Io& io) : config_(std::move(config)), now_us_(io.now_us) {}

  // OK, or why not; then what was started is stopped.
  Refused Start() {
    absl::StatusOr<std::optional<rpc::TlsOptions>> tls = ReadTls(config_.process);
    if (!tls.ok()) return {tls.status(), kExitUsage};

    absl::StatusOr<std::unique_ptr<storage::Store>> store =
        storage::OpenRocksDbStore(config_.store);
    if (absl::IsNotFound(store.status())) {
      return {absl::NotFoundError(std::string(store.status().message()) +
                                  " with `kengred-server init --charter FILE --data DIRECTORY`"),
              kExitStore};
    }
    if (!store.ok()) return {store.status(), kExitStore};
    store_ = *std::move(store);
    sequence::HeldLogKeys log_keys;
    for (const std::string& file : config_.process.log_keys) {
      auto key = ReadLogKeyFile(file);
      // An empty store has no key to miss: the sequencer says what is wrong with it.
      if (const auto head = store_->head(); head.ok() && head->sequence == 0) break;
      if (!key.ok()) return {key.status(), kExitUsage};
      log_keys.push_back(*std::move(key));
    }
    for (const std::string& address : config_.rpc.addresses) {
      if (absl::Status status = CheckAddressFree(address, "--listen"); !status.ok()) {
        return {std::move(status), kExitAddress};
      }
    }
    if (!config_.http.address.empty()) {
      absl::Status status = CheckAddressFree(config_.http.address, "--http-listen");
      if (!status.ok()) return {std::move(status), kExitAddress};
    }

    sequence::SequencerOptions sequence = config_.sequence;
    sequence.now_us = now_us_;
    sequence.log_keys = std::move(log_keys);
    sequence.on_storage_stopped = [](const std::string& why) {
      Log(LogLevel::kError, "storage_stopped",
          {{"message", why + ". Reads go on, nothing is accepted; mend it and restart"}});
      NotifyServiceManager("STATUS=Storage has stopped: nothing is accepted. Restart needed.");
    };
    auto sequencer = sequence::Sequencer::Start(sequence, store_.get(), &hub_);
    if (!sequencer.ok()) return {sequencer.status(), kExitStore};
    sequencer_ = *std::move(sequencer);

    verify::VerifierOptions verify = config_.verify;
    verify.ledger_id = sequencer_->ledger_id();
    verifier_ = std::make_unique<verify::Verifier>(verify, sequencer_.get());

    auto collector = StartCollector();
    if (!collector.ok()) return {collector.status(), kExitUsage};
    collector_ = *std::move(collector);

    rpc::RpcOptions rpc = config_.rpc;
    rpc.cosignatures = &cosignatures_;
    rpc.tls = *std::move(tls);
    rpc.now_seconds = [now_us = now_us_] { return now_us() / 1000000; };
    rpc.on_failure = [this](const std::string& why) { LogFailedRead(why); };
    auto server =
        rpc::RpcServer::Start(rpc, store_.get(), sequencer_.get(), verifier_.get(), &hub_);
    if (absl::IsInvalidArgument(server.status())) {
      return {absl::InvalidArgumentError(std::string(server.status().message()) + TlsFiles()),
              kExitUsage};
    }
    if (!server.ok()) return {server.status(), kExitAddress};
    rpc_ = *std::move(server);
    return StartHttp();
  }

  // OK where no address is given for it.
  Refused StartHttp() {
    if (config_.http.address.empty()) return {absl::OkStatus(), kExitOk};
    http::HttpOptions options = config_.http;
    options.cosignatures = &cosignatures_;
    options.now_seconds = [now_us = now_us_] { return now_us() / 1000000; };
    options.on_failure = [this](const std::string& why) { LogFailedRead(why); };
    auto server = http::LogServer::Start(std::move(options), store_.get(), sequencer_.get());
    if (!server.ok()) return {server.status(), kExitAddress};
    http_ = *std::move(server);
    return {absl::OkStatus(), kExitOk};
  }

  absl::StatusOr<std::unique_ptr<cosign::Collector>> StartCollector() {
    cosign::CollectorOptions options;
    options.witness_urls = config_.process.witness_urls;
    for (const std::string& text : sequencer_->charter().witness_keys()) {
      absl::StatusOr<VerifierKey> key = VerifierKey::Parse(text);
      if (!key.ok()) return key.status();
      options.witness_keys.push_back(*std::move(key));
    }
    options.on_change = [](const std::string& url, cosign::WitnessState state,
                           const std::string& message) {
      Log(state == cosign::WitnessState::kCosigning   ? LogLevel::kInfo
          : state == cosign::WitnessState::kDisputing ? LogLevel::kError
                                                      : LogLevel::kWarning,
          "witness",
          {{"url", url},
           {"state", std::string(cosign::WitnessStateName(state))},
           {"message", message}});
    };
    return cosign::Collector::Start(std::move(options), store_.get(), &cosignatures_);
  }

  // Where to look when TLS is refused; empty without TLS.
  std::string TlsFiles() const {
    const ProcessOptions& process = config_.process;
    if (process.tls_certificate.empty()) return "";
    return "; look at " + process.tls_certificate + ", " + process.tls_key +
           (process.tls_client_ca.empty() ? "" : ", " + process.tls_client_ca);
  }

  // At most one a second, since a broken disk fails every read.
  void LogFailedRead(const std::string& why) {
    const int64_t second = now_us_() / 1000000;
    if (failed_read_second_.exchange(second) == second) return;
    Log(LogLevel::kError, "read_failed", {{"message", why}});
  }

  // The addresses with the ports that were found for port 0.
  std::vector<std::string> Addresses() const {
    std::vector<std::string> addresses = config_.rpc.addresses;
    for (size_t i = 0; i < addresses.size(); ++i) {
      addresses[i] = WithPort(addresses[i], rpc_->ports()[i]);
    }
    return addresses;
  }

  // Where HTTP is served; empty: nowhere.
  std::string HttpAddress() const {
    return http_ == nullptr ? "" : WithPort(config_.http.address, http_->port());
  }

  absl::StatusOr<storage::Head> Head() { return store_->head(); }
  const LedgerId& ledger_id() const { return sequencer_->ledger_id(); }

  // In the order a transaction meets the stages, so that each still has the one on its right.
  void Stop(absl::Duration grace) {
    if (http_ != nullptr) http_->Shutdown();
    rpc_->Shutdown(grace);
    collector_->Stop();
    verifier_.reset();
    sequencer_->Stop();
  }

  sequence::PipelineCounters counters() const { return sequencer_->counters(); }

 private:
  const Config config_;
  const std::function<int64_t()> now_us_;
  std::atomic<int64_t> failed_read_second_{0};
  std::unique_ptr<storage::Store> store_;
  publish::WatchHub hub_;
  publish::Cosignatures cosignatures_;
  std::unique_ptr<sequence::Sequencer> sequencer_;
  std::unique_ptr<verify::Verifier> verifier_;
  std::unique_ptr<cosign::Collector> collector_;
  std::unique_ptr<rpc::RpcServer> rpc_;
  std::unique_ptr<http::LogServer> http_;
};

// "a,b"
std::string Joined(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : ",") + part;
  return joined;
}

// Removes a port file left behind by a server that was killed, which would send others to a port of
// nobody. Refuses to remove anything else.
absl::Status RemovePortFile(const std::string& path) {
  const absl::StatusOr<std::string> content = ReadSmallFile(path);
  if (absl::IsNotFound(content.status())) return absl::OkStatus();
  if (!content.ok()) return content.status();
  if (content->find_first_not_of("0123456789\n") != std::string::npos) {
    return absl::FailedPreconditionError(path +
                                         " is there and is no port file; give port_file another "
                                         "name");
  }
  return RemoveFile(path);
}

// The ports of gRPC in the order of its addresses, then that of HTTP where it is served.
std::string PortLines(std::vector<std::string> addresses, const std::string& http) {
  if (!http.empty()) addresses.push_back(http);
  std::string lines;
  for (const std::string& address : addresses) {
    if (!address.starts_with("unix:")) lines += address.substr(address.rfind(':') + 1) + "\n";
  }
  return lines;
}

ExitCode Refuse(const Refused& refused) {
  Log(LogLevel::kError, "not_started", {{"message", std::string(refused.status.message())}});
  return refused.code;
}

ExitCode Serve(const Config& config, Io& io) {
  StopSignals signals;
  RaiseDescriptorLimit();
  StartLog(config.log);
  const std::string& port_file = config.process.port_file;
  if (!port_file.empty()) {
    if (const absl::Status status = RemovePortFile(port_file); !status.ok()) {
      return Refuse({status, kExitUsage});
    }
  }
  auto server = std::make_unique<Server>(config, io);
  if (const Refused refused = server->Start(); !refused.status.ok()) return Refuse(refused);

  const std::vector<std::string> addresses = server->Addresses();
  const std::string http = server->HttpAddress();
  const absl::StatusOr<storage::Head> head = server->Head();
  ExitCode code = kExitOk;
  if (!head.ok()) code = Refuse({head.status(), kExitStore});
  if (code == kExitOk && !port_file.empty()) {
    const absl::Status written = WriteFileAtomically(port_file, PortLines(addresses, http));
    if (!written.ok()) code = Refuse({written, kExitUsage});
  }
  if (code == kExitOk) {
    Log(LogLevel::kInfo, "ready",
        {{"version", KENGRED_VERSION},
         {"listen", Joined(addresses)},
         {"http", http.empty() ? "off" : http},
         {"tls", config.process.tls_certificate.empty() ? "no" : "yes"},
         {"ledger_id", server->ledger_id().ToHex()},
         {"entries", std::to_string(head->sequence)},
         {"pid", std::to_string(::getpid())}});
    io.out << "kengred-server is ready on " << Joined(addresses) << std::endl;
    NotifyServiceManager("READY=1\nSTATUS=Serving on " + Joined(addresses));
    const std::string signal = signals.Wait();
    Log(LogLevel::kInfo, "stopping", {{"signal", signal}});
    NotifyServiceManager("STOPPING=1\nSTATUS=Finishing what has begun");
  }

  const auto grace = static_cast<int>(config.process.stop_seconds);
  std::thread guard([&signals, grace] { signals.GuardStop(grace + kLastCommitSeconds); });
  if (!port_file.empty()) RemoveFile(port_file).IgnoreError();
  server->Stop(absl::Seconds(grace));
  const sequence::PipelineCounters counters = server->counters();
  server.reset();
  signals.Stopped();
  guard.join();
  Log(LogLevel::kInfo, "stopped",
      {{"accepted", std::to_string(counters.accepted)},
       {"refused", std::to_string(counters.refused)},
       {"commits", std::to_string(counters.commits)}});
  return code;
}

}  // namespace

ExitCode RunServe(const ServeOptions& options, Io& io) {
  const absl::StatusOr<Config> config = ReadConfig(options);
  if (!config.ok()) return Complain(config.status(), kExitUsage, io);
  if (options.print_config) {
    io.out << PrintConfig(*config);
    return kExitOk;
  }
  return Serve(*config, io);
}

}  // namespace kengred::server
