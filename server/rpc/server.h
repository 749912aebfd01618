// The gRPC server: the three services over the pipeline and the store, health, reflection, TLS.
//
//   threads   one, the call queue, reads from the network, parses, hands over and sends the answers
//             of single calls; reads run on a pool of workers; a stream's answers are sent by the
//             pipeline's threads; one housekeeper ticks watches and health
//   limits    every queue, list and stream has one; past it RESOURCE_EXHAUSTED at once
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kengred/core/limits.h"
#include "server/publish/cosignatures.h"
#include "server/publish/watch_hub.h"
#include "server/sequence/sequencer.h"
#include "server/storage/store.h"
#include "server/verify/verifier.h"

namespace kengred::rpc {

// PEM texts, not file names.
struct TlsOptions {
  // The server's certificate, followed by those between it and a root.
  std::string certificate_pem;
  // Its key, not encrypted.
  std::string key_pem;
  // Where set, clients must show a certificate signed by one of these (mutual TLS).
  std::string client_ca_pem;
};

struct RpcOptions {
  // Where to listen, 1 to 16: "127.0.0.1:4365", "[::1]:4365", "unix:/run/kengred.sock". Port 0: any
  // free one.
  std::vector<std::string> addresses;
  // For every address but Unix sockets, which never leave the machine. Absent: in clear.
  std::optional<TlsOptions> tls;

  // The largest message taken; at least kTransactionBytesMax.
  size_t message_bytes_max = kMessageBytesMax;
  // Calls of one connection at once; past that gRPC lets the client wait.
  size_t connection_calls_max = 4096;
  // Open watches and open submission streams; past that TOO_MANY_STREAMS.
  size_t watches_max = 1000;
  size_t streams_max = 256;
  // Transactions of one submission stream without an answer; at least kStreamRequestsMax.
  size_t stream_unanswered_max = 4096;
  // Threads for reads, and reads that may wait for one; past that QUEUE_FULL.
  size_t read_threads = 2;
  size_t read_queue_max = 1024;
  // How long a watch is silent before it says that it lives.
  absl::Duration watch_keepalive = absl::Seconds(30);

  // What witnesses have cosigned; outlives the server. Null: nothing.
  const publish::Cosignatures* cosignatures = nullptr;

  // Seconds since 1970, for tokens. Absent: the machine's clock.
  std::function<int64_t()> now_seconds;
  // Told why a read of the store failed; callers are told less. Any thread.
  std::function<void(const std::string& why)> on_failure;
};

// Serves until Shutdown. Thread-safe.
class RpcServer {
 public:
  // Listens and serves. Everything it is given must outlive it, and must not stop before Shutdown
  // has returned: calls under way still need their answers.
  //   InvalidArgument  an option is out of bounds, or the certificate and key do not fit
  //   Unavailable      an address cannot be listened on; the message says which and, as far as it
  //   is
  //                    known, why
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(RpcOptions options, storage::Store* store,
                                                          const sequence::Sequencer* sequencer,
                                                          verify::Verifier* verifier,
                                                          publish::WatchHub* hub);
  // Shutdown(0).
  ~RpcServer();

  // The ports in the order of RpcOptions::addresses; 0 for Unix sockets.
  const std::vector<int>& ports() const;

  // Says NOT_SERVING, takes no new call, ends streams with STOPPING once what they have sent is
  // answered, lets other calls end until `grace` has passed, then cancels them. Blocks. May be
  // called twice.
  void Shutdown(absl::Duration grace);

 private:
  struct Impl;
  explicit RpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kengred::rpc
