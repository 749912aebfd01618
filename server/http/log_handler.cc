#include "server/http/log_handler.h"

#include <absl/strings/match.h>

#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "kengred/core/merkle.h"
#include "server/rules/state.h"
#include "server/sequence/store_view.h"

namespace kengred::http {
namespace {

constexpr char kCheckpointPath[] = "/checkpoint";
constexpr char kPlainText[] = "text/plain; charset=utf-8";
constexpr char kBytes[] = "application/octet-stream";
// A year, as long as caches keep anything.
constexpr char kImmutable[] = "public, max-age=31536000, immutable";

net::HttpResponse Answer(int status, std::string content_type, std::string body,
                         const std::string& cache_control) {
  net::HttpResponse response;
  response.status = status;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", cache_control);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

net::HttpResponse Sentence(int status, const std::string& sentence) {
  return Answer(status, kPlainText, sentence + "\n", "no-store");
}

net::HttpResponse NothingHere() {
  return Sentence(404,
                  "There is nothing here. What there is: /checkpoint, "
                  "/tile/<level>/<number>[.p/<width>], and for auditors "
                  "/tile/entries/<number>[.p/<width>], as C2SP tlog-tiles says.");
}

// RFC 6750: how to ask better. `error` is empty where nothing was shown.
net::HttpResponse AskForToken(int status, const std::string& error, const std::string& sentence) {
  net::HttpResponse response = Sentence(status, sentence);
  response.headers.emplace_back(
      "WWW-Authenticate",
      "Bearer realm=\"entries\"" + (error.empty() ? "" : ", error=\"" + error + "\""));
  return response;
}

std::string Named(const Refusal& refusal) {
  return VerdictSentence(refusal) + " (" + VerdictName(refusal.verdict) + ")";
}

// Every Authorization header: more than one is nobody's.
std::vector<std::string_view> Authorizations(const net::HttpRequest& request) {
  std::vector<std::string_view> values;
  for (const auto& [name, value] : request.headers) {
    if (absl::EqualsIgnoreCase(name, "Authorization")) values.push_back(value);
  }
  return values;
}

// Nothing where a tree of that size reaches the tile: as wide as asked, or wider by now.
std::optional<net::HttpResponse> RefuseWidth(const TilePath& path, uint64_t size) {
  const uint32_t level = path.level.value_or(0);
  const uint32_t width = TileWidth(level, path.number, size);
  if (path.width <= width && IsStoredLevel(level * kTileHeight)) return std::nullopt;
  return Sentence(404, "The tree of " + std::to_string(size) + " entries does not reach there: " +
                           "this tile has " + std::to_string(width) + " of the " +
                           std::to_string(path.width) + " asked for.");
}

}  // namespace

LogHandler::LogHandler(LogHandlerOptions options, storage::Store* store,
                       const access::TokenCheck* tokens)
    : options_(std::move(options)), store_(store), tokens_(tokens) {}

net::HttpResponse LogHandler::Handle(const net::HttpRequest& request) const {
  const std::string_view path = request.path();
  const bool is_checkpoint = path == kCheckpointPath;
  absl::StatusOr<TilePath> tile = absl::NotFoundError("");
  if (!is_checkpoint) {
    if (!path.starts_with('/')) return NothingHere();
    tile = ParseTilePath(path.substr(1));
    if (!tile.ok()) return NothingHere();
  }
  if (request.method != "GET" && request.method != "HEAD") {
    net::HttpResponse response = Sentence(405, "This can only be read: GET or HEAD.");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  return is_checkpoint ? Checkpoint() : Tile(*tile, request);
}

absl::StatusOr<publish::StoredCheckpoint> LogHandler::LatestCheckpoint() const {
  return publish::ProofReader(store_, options_.cosignatures).LatestCheckpoint();
}

net::HttpResponse LogHandler::Checkpoint() const {
  absl::StatusOr<publish::StoredCheckpoint> checkpoint = LatestCheckpoint();
  if (!checkpoint.ok()) return Failed(checkpoint.status());
  return Answer(200, kPlainText, std::move(checkpoint->note), "no-cache");
}

net::HttpResponse LogHandler::Tile(const TilePath& path, const net::HttpRequest& request) const {
  if (!path.level) {
    // Before anything is said of entries.
    if (std::optional<net::HttpResponse> refused = RefuseReader(request)) {
      return *std::move(refused);
    }
  }
  const absl::StatusOr<publish::StoredCheckpoint> checkpoint = LatestCheckpoint();
  if (!checkpoint.ok()) return Failed(checkpoint.status());
  if (std::optional<net::HttpResponse> refused = RefuseWidth(path, checkpoint->size)) {
    return *std::move(refused);
  }
  return path.level ? HashTile(path) : EntryBundle(path);
}

net::HttpResponse LogHandler::HashTile(const TilePath& path) const {
  publish::StoreHashReader reader(store_);
  const absl::StatusOr<std::vector<Digest>> hashes =
      reader.Read(*path.level * kTileHeight, path.number * kTileHashes, path.width);
  if (!hashes.ok()) return Failed(hashes.status());
  absl::StatusOr<std::string> tile = EncodeTile(*hashes);
  if (!tile.ok()) return Failed(tile.status());
  return Answer(200, kBytes, *std::move(tile), kImmutable);
}

net::HttpResponse LogHandler::EntryBundle(const TilePath& path) const {
  // Entry s of the journal is leaf s - 1.
  uint64_t after = path.number * kTileHashes;
  const uint64_t last = after + path.width;
  std::vector<std::string> entries;
  entries.reserve(path.width);
  while (after < last) {
    absl::StatusOr<storage::JournalPage> page = store_->journal(after, last - after);
    if (!page.ok()) return Failed(page.status());
    if (page->entries.empty()) {
      return Failed(absl::DataLossError("entry " + std::to_string(after + 1) + " is not there"));
    }
    for (auto& [sequence, entry] : page->entries) {
      if (entry.size() > kBundleEntryBytesMax) {
        return Sentence(422, "Entry " + std::to_string(sequence) + " has " +
                                 std::to_string(entry.size()) +
                                 " bytes, and a bundle's lengths end at 65535. Read these entries "
                                 "with StreamEntries of kengred.v1.TransparencyService.");
      }
      entries.push_back(std::move(entry));
      after = sequence;
    }
  }
  absl::StatusOr<std::string> bundle = EncodeEntryBundle(entries);
  if (!bundle.ok()) return Failed(bundle.status());
  return Answer(200, kBytes, *std::move(bundle), "private, no-store");
}

std::optional<net::HttpResponse> LogHandler::RefuseReader(const net::HttpRequest& request) const {
  if (!options_.serve_entries) {
    return Sentence(403,
                    "Entries are private, and this address answers other machines in clear: they "
                    "are not served here. Read them with StreamEntries of "
                    "kengred.v1.TransparencyService over TLS, or ask the operator, who can set "
                    "allow_plaintext where something in front of the server does TLS.");
  }
  const std::vector<std::string_view> shown = Authorizations(request);
  if (shown.empty()) {
    return AskForToken(401, "",
                       "Entries are for auditors: send the token of an auditor's account, "
                       "`Authorization: Bearer <token>`. (TOKEN_MISSING)");
  }
  if (shown.size() > 1) {
    return AskForToken(401, "invalid_token", Named({v1::VERDICT_TOKEN_INVALID, {}}));
  }
  const sequence::StoreView view(store_);
  auto found = tokens_->Identify(shown.front(), rules::StateReader(view));
  if (const absl::Status status = view.status(); !status.ok()) return Failed(status);
  if (const auto* refusal = std::get_if<Refusal>(&found)) {
    return AskForToken(401, "invalid_token", Named(*refusal));
  }
  if (access::CheckIsAuditor(std::get<access::Caller>(std::move(found)))) {
    return AskForToken(403, "insufficient_scope",
                       "Entries are for auditors, and this account is none. (READ_NOT_ALLOWED)");
  }
  return std::nullopt;
}

net::HttpResponse LogHandler::Failed(const absl::Status& failure) const {
  if (options_.on_failure) options_.on_failure(failure.ToString());
  // Messages of a storage engine name files; they are not for everybody.
  if (absl::IsUnavailable(failure) || absl::IsResourceExhausted(failure) ||
      absl::IsDeadlineExceeded(failure)) {
    return Sentence(503, "The server's storage does not answer. Try again later.");
  }
  return Sentence(500, "The server's storage is damaged. Tell the operator.");
}

}  // namespace kengred::http
