// The log handler behind a listening socket.
//
//   threads   one accepts, HttpOptions::threads answer, reading the store themselves
//   limits    net/http_server.h: connections, header bytes, time; log_handler.h: what one request
//             reads. None of these threads is gRPC's: whoever keeps all of them busy stops no
//             payment
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "server/publish/cosignatures.h"
#include "server/sequence/sequencer.h"
#include "server/storage/store.h"

namespace kengred::http {

// Unless another one is configured.
inline constexpr uint16_t kHttpPortDefault = 4366;

struct HttpOptions {
  // Where to listen: "127.0.0.1:4366", "[::1]:4366"; port 0: any free one. Empty: nowhere.
  std::string address;
  // Whether auditors may read entries there (log_handler.h). Everything goes in clear.
  bool serve_entries = true;
  // Requests answered at once, and connections open at once.
  size_t threads = 8;
  size_t connections_max = 128;
  // For a request to come whole, and again for its answer to be taken: an entry bundle may have 16
  // MiB.
  absl::Duration request_timeout = absl::Seconds(30);

  // What witnesses have cosigned; outlives the server. Null: nothing.
  const publish::Cosignatures* cosignatures = nullptr;

  // Seconds since 1970, for tokens. Called from any thread.
  std::function<int64_t()> now_seconds;
  // Told why a read of the store failed. Any thread.
  std::function<void(const std::string& why)> on_failure;
};

// Serves until Shutdown. Thread-safe.
class LogServer {
 public:
  // Listens and serves. Store and sequencer must outlive it. Unavailable where the address cannot
  // be listened on, and says why; InvalidArgument where it is none.
  static absl::StatusOr<std::unique_ptr<LogServer>> Start(HttpOptions options,
                                                          storage::Store* store,
                                                          const sequence::Sequencer* sequencer);
  // Shutdown().
  ~LogServer();

  // The port that was found for port 0, or the one asked for.
  int port() const;

  // Takes no new connection and returns when the requests that have come are answered, or a second
  // after: no client can hold it up. May be called twice.
  void Shutdown();

 private:
  struct Impl;
  explicit LogServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kengred::http
