// The ledger's log over plain HTTP, as C2SP tlog-tiles says: whoever wants to check it needs no
// gRPC and nothing of ours.
//
//   GET /checkpoint                        the last checkpoint, a signed note, with cosignatures
//   GET /tile/<level>/<number>[.p/<width>] a tile of hashes (kengred/core/tiles.h)
//   GET /tile/entries/<number>[.p/<width>] an entry bundle: for auditors, by token
//
// HEAD answers the same without the body. Queries are ignored. Tiles and bundles never change, and
// a partial one stays when the tree has grown past it. Bundles go uncompressed, as the
// specification allows: few read them, and each of them once.
//
//   200  as asked. Cache-Control: hash tiles are immutable, the checkpoint is asked for anew, entry
//        bundles are never kept
//   401  no token, or none that is good; WWW-Authenticate says Bearer
//   403  somebody's token who is no auditor; or entries are not served here (serve_entries)
//   404  no such path, or the tree does not reach there
//   405  neither GET nor HEAD; Allow says which
//   422  the bundle cannot be written, as an entry in it is larger than 65,535 bytes; StreamEntries
//        of TransparencyService has it
//   500  what is stored is damaged        503  the store does not answer; come back later
//
// Every answer but 200 is one sentence, in text/plain, and is not to be kept. What is read for one
// request is bounded: a checkpoint, at most 256 hashes, or at most 256 entries of 65,535 bytes.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "kengred/core/tiles.h"
#include "net/http_message.h"
#include "server/access/token_check.h"
#include "server/publish/cosignatures.h"
#include "server/publish/proofs.h"
#include "server/storage/store.h"

namespace kengred::http {

struct LogHandlerOptions {
  // Whether entry bundles are served at all. Not where others could read them on their way.
  bool serve_entries = true;
  // Told why a read of the store failed; callers are told less. Any thread.
  std::function<void(const std::string& why)> on_failure;
  // What witnesses have cosigned, shown with the checkpoint; outlives the handler. Null: nothing.
  const publish::Cosignatures* cosignatures = nullptr;
};

// Thread-safe.
class LogHandler {
 public:
  // The store must hold a ledger; it and `tokens` must outlive the handler.
  LogHandler(LogHandlerOptions options, storage::Store* store, const access::TokenCheck* tokens);

  // The answer to any request. For HEAD it is that to GET: who sends it leaves out the body.
  net::HttpResponse Handle(const net::HttpRequest& request) const;

 private:
  // What GET /checkpoint shows, with the cosignatures that have come for it. Its size is also how
  // far tiles reach.
  absl::StatusOr<publish::StoredCheckpoint> LatestCheckpoint() const;
  net::HttpResponse Checkpoint() const;
  net::HttpResponse Tile(const TilePath& path, const net::HttpRequest& request) const;
  net::HttpResponse HashTile(const TilePath& path) const;
  net::HttpResponse EntryBundle(const TilePath& path) const;
  // Nothing where the request carries an auditor's token.
  std::optional<net::HttpResponse> RefuseReader(const net::HttpRequest& request) const;
  // The answer where a read has failed, told to the operator. `failure` is not OK.
  net::HttpResponse Failed(const absl::Status& failure) const;

  const LogHandlerOptions options_;
  storage::Store* const store_;
  const access::TokenCheck* const tokens_;
};

}  // namespace kengred::http
