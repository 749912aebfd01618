#include "server/rpc/server.h"

#include <absl/time/clock.h>
#include <fcntl.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <string_view>
#include <thread>
#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "kengred/v1/directory_service.pb.h"
#include "kengred/v1/ledger_service.pb.h"
#include "kengred/v1/programme_service.pb.h"
#include "kengred/v1/transparency_service.pb.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/directory_service.h"
#include "server/rpc/health.h"
#include "server/rpc/ledger_service.h"
#include "server/rpc/programme_service.h"
#include "server/rpc/served_service.h"
#include "server/rpc/service_context.h"
#include "server/rpc/submit_calls.h"
#include "server/rpc/tls_credentials.h"
#include "server/rpc/transparency_service.h"
#include "server/sequence/side_keys.h"

namespace kengred::rpc {
namespace {

constexpr size_t kAddressesMax = 16;
constexpr std::string_view kUnixScheme = "unix:";
// How often health and watches are looked at.
constexpr absl::Duration kHousekeepingInterval = absl::Milliseconds(250);

// A peer that says nothing for a minute is asked whether it lives, and has 20 s to answer; clients
// may ask us as often as every 10 s.
constexpr int kKeepaliveTimeMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kClientPingIntervalMinMs = 10'000;
constexpr int kPingStrikesMax = 3;
// Somebody who connects and does not speak HTTP/2 (or TLS) is let go, and a connection without
// calls after ten minutes; clients connect again by themselves.
constexpr int kHandshakeTimeoutMs = 10'000;
constexpr int kConnectionIdleMs = 600'000;

int64_t MachineSeconds() { return absl::ToUnixSeconds(absl::Now()); }

bool IsUnix(const std::string& address) { return address.starts_with(kUnixScheme); }

absl::Status CheckOptions(const RpcOptions& options) {
  if (options.addresses.empty() || options.addresses.size() > kAddressesMax) {
    return absl::InvalidArgumentError("give 1 to 16 addresses to listen on");
  }
  if (options.message_bytes_max < kTransactionBytesMax ||
      options.message_bytes_max > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::InvalidArgumentError("message_bytes_max must leave room for one transaction (" +
                                      std::to_string(kTransactionBytesMax) + " bytes)");
  }
  if (options.stream_unanswered_max < kStreamRequestsMax) {
    return absl::InvalidArgumentError("stream_unanswered_max must be at least " +
                                      std::to_string(kStreamRequestsMax));
  }
  if (options.read_threads == 0 || options.read_queue_max == 0 ||
      options.connection_calls_max == 0 ||
      options.connection_calls_max > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::InvalidArgumentError(
        "read_threads, read_queue_max and connection_calls_max must be at least 1");
  }
  if (options.watch_keepalive <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("watch_keepalive must be more than nothing");
  }
  return absl::OkStatus();
}

absl::Status CannotListen(const std::string& address, const std::string& why) {
  return absl::UnavailableError("cannot listen on " + address + ": " + why);
}

// gRPC takes a Unix socket over from whoever listens there. So that two servers never share one,
// the path must be free, or a socket that nobody answers on.
absl::Status CheckUnixSocketFree(const std::string& address) {
  const std::string path = address.substr(kUnixScheme.size());
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(target.sun_path)) {
    return CannotListen(address, "the path is empty or longer than " +
                                     std::to_string(sizeof(target.sun_path) - 1) + " bytes");
  }
  std::memcpy(target.sun_path, path.data(), path.size());
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return absl::OkStatus();
  if (!S_ISSOCK(info.st_mode)) return CannotListen(address, "a file is there already");
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return CannotListen(address, "no socket can be made");
  const int connected = connect(
      probe, static_cast<const sockaddr*>(static_cast<const void*>(&target)), sizeof(target));
  const int error = errno;
  close(probe);
  if (connected == 0 || error == EAGAIN) {
    return CannotListen(address, "another server listens there");
  }
  return absl::OkStatus();
}

// The service that is declared in the same file as one of its messages.
template <typename Message>
const google::protobuf::ServiceDescriptor& ServiceOf() {
  return *Message::descriptor()->file()->service(0);
}

}  // namespace

struct RpcServer::Impl {
  Impl(RpcOptions opts, storage::Store* store, const sequence::Sequencer* the_sequencer,
       verify::Verifier* verifier, publish::WatchHub* hub)
      : options(std::move(opts)),
        sequencer(the_sequencer),
        history(store, sequencer->charter(), sequence::SideRecordKey),
        access(sequencer, options.now_seconds ? options.now_seconds : MachineSeconds),
        watches(options.watches_max),
        submit_streams(options.streams_max),
        workers(options.read_threads, options.read_queue_max) {
    context.store = store;
    context.sequencer = sequencer;
    context.verifier = verifier;
    context.hub = hub;
    context.history = &history;
    context.cosignatures = options.cosignatures;
    context.access = &access;
    context.workers = &workers;
    context.watches = &watches;
    context.submit_streams = &submit_streams;
    context.stream_unanswered_max = options.stream_unanswered_max;
    context.watch_keepalive = options.watch_keepalive;
    context.on_failure = options.on_failure;
  }

  absl::Status Listen();
  void KeepHouse();

  const RpcOptions options;
  const sequence::Sequencer* const sequencer;
  const publish::HistoryReader history;
  const Access access;
  OpenStreams watches;
  OpenStreams submit_streams;
  ServiceContext context;
  Health health{{"", "kengred.v1.LedgerService", "kengred.v1.ProgrammeService",
                 "kengred.v1.DirectoryService", "kengred.v1.TransparencyService"}};
  ServedService ledger{ServiceOf<v1::GetLedgerRequest>(), LedgerMethods(context)};
  ServedService programmes{ServiceOf<v1::GetProgrammeRequest>(), ProgrammeMethods(context)};
  ServedService transparency{ServiceOf<v1::GetCheckpointRequest>(), TransparencyMethods(context)};
  ServedService directory{ServiceOf<v1::LookupAliasRequest>(), DirectoryMethods(context)};
  ServedService health_service{ServiceOf<grpc::health::v1::HealthCheckRequest>(),
                               health.MakeMethods()};
  WorkerPool workers;  // its threads are joined before what they use goes away
  std::optional<SubmitCalls> submit_calls;
  std::optional<CallQueue> calls;
  std::vector<int> ports;
  std::unique_ptr<grpc::Server> server;

  absl::Mutex mutex;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::thread housekeeper;
  absl::Mutex shutdown_mutex;  // one Shutdown at a time
};

absl::Status RpcServer::Impl::Listen() {
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (options.tls) {
    auto tls = MakeTlsCredentials(*options.tls);
    if (!tls.ok()) return tls.status();
    credentials = *std::move(tls);
  }
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  grpc::ServerBuilder builder;
  const auto services = {&ledger, &programmes, &transparency, &directory, &health_service};
  for (ServedService* service : services) builder.RegisterService(service);
  calls.emplace(builder.AddCompletionQueue());
  submit_calls.emplace(context.verifier, &ledger, &*calls);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes_max));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             static_cast<int>(options.connection_calls_max));
  // Two servers on one port would share the calls between two ledgers.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kConnectionIdleMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kClientPingIntervalMinMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kPingStrikesMax);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  ports.assign(options.addresses.size(), 0);
  for (size_t i = 0; i < options.addresses.size(); ++i) {
    const std::string& address = options.addresses[i];
    if (IsUnix(address)) {
      if (const absl::Status status = CheckUnixSocketFree(address); !status.ok()) return status;
      builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &ports[i]);
    } else {
      builder.AddListeningPort(address, credentials, &ports[i]);
    }
  }
  server = builder.BuildAndStart();
  for (size_t i = 0; i < ports.size(); ++i) {
    if (ports[i] <= 0) {
      return CannotListen(options.addresses[i],
                          "another server listens there, or the address is not this machine's");
    }
    if (IsUnix(options.addresses[i])) ports[i] = 0;
  }
  if (server == nullptr) return absl::UnavailableError("the gRPC server could not be started");
  health.SetServing(sequencer->healthy());
  calls->Start(
      [this, services = std::vector<ServedService*>(services)] {
        for (ServedService* service : services) service->Await(&*calls);
        submit_calls->Await();
      },
      [this] { submit_calls->HandOn(); });
  housekeeper = std::thread([this] { KeepHouse(); });
  return absl::OkStatus();
}

void RpcServer::Impl::KeepHouse() {
  bool serving = sequencer->healthy();
  while (true) {
    {
      const absl::MutexLock lock(&mutex);
      mutex.AwaitWithTimeout(absl::Condition(&stopping), kHousekeepingInterval);
      if (stopping) return;
    }
    if (sequencer->healthy() != serving) {
      serving = !serving;
      health.SetServing(serving);
    }
    watches.Tick(absl::Now());
  }
}

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(RpcOptions options,
                                                            storage::Store* store,
                                                            const sequence::Sequencer* sequencer,
                                                            verify::Verifier* verifier,
                                                            publish::WatchHub* hub) {
  if (const absl::Status status = CheckOptions(options); !status.ok()) return status;
  auto impl = std::make_unique<Impl>(std::move(options), store, sequencer, verifier, hub);
  if (const absl::Status status = impl->Listen(); !status.ok()) return status;
  return std::unique_ptr<RpcServer>(new RpcServer(std::move(impl)));
}

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RpcServer::~RpcServer() { Shutdown(absl::ZeroDuration()); }

const std::vector<int>& RpcServer::ports() const { return impl_->ports; }

void RpcServer::Shutdown(absl::Duration grace) {
  const absl::MutexLock one_at_a_time(&impl_->shutdown_mutex);
  {
    const absl::MutexLock lock(&impl_->mutex);
    if (impl_->stopping) return;
    impl_->stopping = true;
  }
  impl_->housekeeper.join();
  impl_->health.Stop();
  impl_->watches.StopAll();
  impl_->submit_streams.StopAll();
  impl_->server->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  impl_->calls->Stop();
}

}  // namespace kengred::rpc
