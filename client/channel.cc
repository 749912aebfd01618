#include "kengred/client/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>

#include "kengred/client/retry.h"
#include "kengred/core/limits.h"

namespace kengred::client {
namespace {

bool HasScheme(const std::string& target) {
  return target.starts_with("unix:") || target.starts_with("unix-abstract:") ||
         target.starts_with("dns:") || target.starts_with("ipv4:") || target.starts_with("ipv6:");
}

}  // namespace

std::string CompleteTarget(const std::string& target) {
  const std::string port = ":" + std::to_string(kPortDefault);
  const auto colons = std::count(target.begin(), target.end(), ':');
  if (target.empty() || HasScheme(target)) return target;
  if (target.front() == '[') return target.back() == ']' ? target + port : target;
  if (colons == 0) return target + port;
  return colons == 1 ? target : "[" + target + "]" + port;
}

bool IsOnThisMachine(const std::string& target) {
  if (target.starts_with("unix:") || target.starts_with("unix-abstract:")) return true;
  const std::string host = target.substr(0, target.rfind(':'));
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

bool NeedsTls(const std::string& target) { return !IsOnThisMachine(CompleteTarget(target)); }

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options) {
  if (options.target.empty()) {
    return absl::InvalidArgumentError("the server's address is missing; write it like host:4365");
  }
  if (options.client_certificate_pem.empty() != options.client_key_pem.empty()) {
    return absl::InvalidArgumentError(
        "mutual TLS needs both the client's certificate and its key; only one is there");
  }
  const bool has_certificates =
      !options.root_certificates_pem.empty() || !options.client_certificate_pem.empty();
  if (!options.tls && has_certificates) {
    return absl::InvalidArgumentError("there are certificates, but TLS is off; turn it on");
  }
  const bool near = IsOnThisMachine(options.target);
  if (!options.tls && !near && !options.allow_plaintext) {
    return absl::InvalidArgumentError(
        options.target +
        " is not on this machine, and without TLS everybody on the way reads along. Use TLS.");
  }

  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kMessageBytesMax));
  arguments.SetMaxSendMessageSize(static_cast<int>(kMessageBytesMax));
  arguments.SetUserAgentPrefix("kengred-client");
  // Otherwise clients of one process and one target share a connection, and its fate.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // gRPC paces its attempts to connect; by default it would still pause when the server is back.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
                   static_cast<int>(std::clamp<int64_t>(options.retry_pause.count(), 10, 2'000)));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);  // how long one attempt may take
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, static_cast<int>(kPauseMax.count()));
  // A proxy for the web is no way to this machine.
  if (near) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);

  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (options.tls) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = options.root_certificates_pem;
    tls.pem_cert_chain = options.client_certificate_pem;
    tls.pem_private_key = options.client_key_pem;
    credentials = grpc::SslCredentials(tls);
  }
  return grpc::CreateCustomChannel(options.target, credentials, arguments);
}

}  // namespace kengred::client
