#include "server/http/log_server.h"

#include <utility>

#include "net/http_server.h"
#include "server/access/token_check.h"
#include "server/http/log_handler.h"

namespace kengred::http {
namespace {

// Nobody has anything to send but the request line and a few headers, one of them a token.
constexpr size_t kHeaderBytesMax = size_t{16} * 1024;
// A POST is told that it cannot be; its body is read for that alone.
constexpr size_t kBodyBytesMax = size_t{4} * 1024;

}  // namespace

// Members stand in the order they are made.
struct LogServer::Impl {
  Impl(HttpOptions options, storage::Store* store, const sequence::Sequencer* sequencer)
      : tokens({sequencer->ledger_id(), sequencer->charter().address_prefix(),
                std::move(options.now_seconds), [sequencer] { return sequencer->Today(); }}),
        handler({options.serve_entries, std::move(options.on_failure), options.cosignatures}, store,
                &tokens) {}

  const access::TokenCheck tokens;
  const LogHandler handler;
  std::unique_ptr<net::HttpServer> server;
};

absl::StatusOr<std::unique_ptr<LogServer>> LogServer::Start(HttpOptions options,
                                                            storage::Store* store,
                                                            const sequence::Sequencer* sequencer) {
  net::HttpServerOptions limits;
  limits.body_bytes_max = kBodyBytesMax;
  limits.header_bytes_max = kHeaderBytesMax;
  limits.threads = options.threads;
  limits.connections_max = options.connections_max;
  limits.request_timeout = options.request_timeout;
  const std::string address = options.address;
  auto impl = std::make_unique<Impl>(std::move(options), store, sequencer);
  auto server = net::HttpServer::Start(
      address,
      [handler = &impl->handler](const net::HttpRequest& request) {
        return handler->Handle(request);
      },
      limits);
  if (!server.ok()) return server.status();
  impl->server = *std::move(server);
  return std::unique_ptr<LogServer>(new LogServer(std::move(impl)));
}

LogServer::LogServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

LogServer::~LogServer() { Shutdown(); }

int LogServer::port() const { return impl_->server->port(); }

void LogServer::Shutdown() { impl_->server->Stop(); }

}  // namespace kengred::http
