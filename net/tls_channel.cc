#include <absl/time/clock.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "net/connect.h"

namespace kengred::net {
namespace {

struct Freed {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Session = std::unique_ptr<SSL, Freed>;

class TlsChannel final : public Channel {
 public:
  TlsChannel(int socket, Session session, const Signal* stop)
      : Channel(socket, stop), session_(std::move(session)) {}

  bool Handshake(absl::Time deadline) {
    while (true) {
      ERR_clear_error();
      const int result = SSL_connect(session_.get());
      if (result == 1) return true;
      if (!Await(NeedOf(result), deadline, /*writing=*/false)) return false;
    }
  }

 protected:
  ssize_t Receive(char* to, size_t size, Need* need) override {
    ERR_clear_error();
    const int count =
        SSL_read(session_.get(), to, static_cast<int>(std::min<size_t>(size, INT_MAX)));
    if (count > 0) return count;
    if (SSL_get_error(session_.get(), count) == SSL_ERROR_ZERO_RETURN) return 0;
    *need = NeedOf(count);
    return -1;
  }
  ssize_t Send(const char* from, size_t size, Need* need) override {
    ERR_clear_error();
    const int count =
        SSL_write(session_.get(), from, static_cast<int>(std::min<size_t>(size, INT_MAX)));
    if (count > 0) return count;
    *need = NeedOf(count);
    return -1;
  }

 private:
  Need NeedOf(int result) const {
    switch (SSL_get_error(session_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return Need::kInput;
      case SSL_ERROR_WANT_WRITE:
        return Need::kOutput;
      default:
        return Need::kNothing;
    }
  }

  // Its socket outlives it: the base class closes that.
  const Session session_;
};

bool IsAddress(const std::string& host) {
  in6_addr bytes{};
  return ::inet_pton(AF_INET, host.c_str(), &bytes) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &bytes) == 1;
}

absl::StatusOr<Session> NewSession(const TlsTrust& trust) {
  const absl::Status failed = absl::ResourceExhaustedError("TLS cannot be set up");
  const std::unique_ptr<SSL_CTX, Freed> context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return failed;
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  // A write that has to be repeated may come from another place of the same bytes.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (trust.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context.get()) != 1) return failed;
  } else if (SSL_CTX_load_verify_file(context.get(), trust.ca_file.c_str()) != 1) {
    return absl::InvalidArgumentError(trust.ca_file +
                                      " holds no certificates that can be read; give a PEM file");
  }
  Session session(SSL_new(context.get()));
  if (session == nullptr) return failed;
  std::string name = trust.host;
  const bool named =
      IsAddress(trust.host)
          ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.get()), trust.host.c_str()) == 1
          : SSL_set1_host(session.get(), trust.host.c_str()) == 1 &&
                SSL_ctrl(session.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                         name.data()) == 1;
  if (!named) return failed;
  return session;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Channel>> NewTlsChannel(int socket, const TlsTrust& trust,
                                                       absl::Time deadline, const Signal* stop) {
  auto session = NewSession(trust);
  if (!session.ok() || SSL_set_fd(session->get(), socket) != 1) {
    ::close(socket);
    return session.ok() ? absl::ResourceExhaustedError("TLS cannot be set up") : session.status();
  }
  SSL* const ssl = session->get();
  auto channel = std::make_unique<TlsChannel>(socket, *std::move(session), stop);
  if (channel->Handshake(deadline)) return channel;
  if (stop->raised() || channel->timed_out()) {
    return WaitFailure(*stop, trust.host + " does not finish the TLS handshake");
  }
  const int64_t verified = SSL_get_verify_result(ssl);
  const std::string why = verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                                                : "it does not speak TLS as it should";
  return absl::UnavailableError("the TLS handshake with " + trust.host + " has failed: " + why);
}

}  // namespace kengred::net
