#include "witness/witness.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "kengred/core/base64.h"
#include "kengred/core/merkle.h"
#include "kengred/core/witness_request.h"

namespace kengred::witness {
namespace {

// Refusals that the operator is told of, of one log, until it grows again.
constexpr size_t kRefusalsTold = 16;
constexpr char kText[] = "text/plain; charset=utf-8";

net::HttpResponse Say(int status, std::string_view why) {
  return {status, kText, std::string(why) + "\n", {}};
}
net::HttpResponse Say(int status, const absl::Status& why) {
  return Say(status, std::string(why.message()));
}

// The checkpoint of a text; one of size 0 also with a wrong root, which has a status of its own.
absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& text, bool* wrong_empty_root) {
  auto checkpoint = ParseCheckpoint(text);
  *wrong_empty_root = false;
  if (checkpoint.ok()) return checkpoint;
  const size_t size = text.find('\n') + 1;
  const size_t root = text.find('\n', size) + 1;
  const size_t end = text.find('\n', root);
  if (size == 0 || root == 0 || end == std::string::npos) return checkpoint;
  const auto bytes = DecodeBase64(std::string_view(text).substr(root, end - root));
  if (!bytes || !Digest::FromBytes(*bytes)) return checkpoint;
  auto with_right_root = ParseCheckpoint(text.substr(0, root) +
                                         EncodeBase64(EmptyTreeRoot().view()) + text.substr(end));
  if (!with_right_root.ok() || with_right_root->size != 0) return checkpoint;
  *wrong_empty_root = true;
  return with_right_root;
}

// The note with the lines that are of these keys, all verified, and nothing that others wrote
// beside them.
SignedNote SignedByLog(const SignedNote& note, const std::vector<VerifierKey>& keys) {
  SignedNote signed_by_log{note.text, {}};
  std::vector<NoteSignature>& lines = signed_by_log.signatures;
  for (const NoteSignature& line : note.signatures) {
    const bool known = std::any_of(keys.begin(), keys.end(), [&line](const VerifierKey& key) {
      return IsSignatureOf(line, key);
    });
    if (known && std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  }
  return signed_by_log;
}

}  // namespace

struct Witness::Request {
  uint64_t old_size = 0;
  std::vector<Digest> proof;
  SignedNote note;
  Checkpoint checkpoint;
  bool wrong_empty_root = false;
};

Witness::Witness(const Cosigner* cosigner, std::vector<KnownLog> logs, SaveCheckpoint save,
                 std::function<int64_t()> now_seconds, OnEvent on_event)
    : cosigner_(*cosigner),
      save_(std::move(save)),
      now_seconds_(std::move(now_seconds)),
      on_event_(std::move(on_event)) {
  for (KnownLog& log : logs) {
    const std::string hash = OriginHash(log.origin);
    logs_.emplace(hash, std::make_unique<Log>(std::move(log)));
  }
}

net::HttpResponse Witness::AddCheckpoint(std::string_view body) {
  auto parsed = ParseWitnessRequest(body);
  if (!parsed.ok()) return Say(400, parsed.status());
  Request request;
  request.old_size = parsed->old_size;
  request.proof = std::move(parsed->proof);
  request.note = *ParseNote(parsed->checkpoint);
  auto checkpoint = ReadCheckpoint(request.note.text, &request.wrong_empty_root);
  if (!checkpoint.ok()) return Say(400, checkpoint.status());
  request.checkpoint = *std::move(checkpoint);

  const auto found = logs_.find(OriginHash(request.checkpoint.origin));
  if (found == logs_.end()) return Say(404, "this log is not known here");
  Log* const log = found->second.get();
  const absl::MutexLock lock(&log->mutex);
  return Judge(log, request);
}

net::HttpResponse Witness::Judge(Log* log, const Request& request) {
  const Checkpoint& checkpoint = request.checkpoint;
  if (const auto signers = VerifyNote(request.note, log->keys); !signers.ok()) {
    return Say(403, signers.status());
  }
  if (request.old_size > checkpoint.size) {
    return Say(400, "the old size is larger than the checkpoint's");
  }
  const uint64_t known_size = log->last ? log->last->checkpoint.size : 0;
  if (request.old_size != known_size) {
    return {409, "text/x.tlog.size", std::to_string(known_size) + "\n", {}};
  }
  if (request.wrong_empty_root) {
    return Refuse(log, request, 422, "the root is not that of the empty tree");
  }
  const absl::Status continued =
      VerifyConsistency(known_size, log->last ? log->last->checkpoint.root : EmptyTreeRoot(),
                        checkpoint.size, checkpoint.root, request.proof);
  if (!continued.ok()) return Refuse(log, request, 422, std::string(continued.message()));
  return Cosign(log, request);
}

net::HttpResponse Witness::Cosign(Log* log, const Request& request) {
  // The time of a larger tree is never before that of a smaller one, whatever the clock does.
  const int64_t time = std::max(now_seconds_(), log->last ? log->last->time_seconds : int64_t{0});
  const auto cosignature = cosigner_.Cosign(request.note.text, time);
  if (!cosignature.ok()) return Say(500, "the checkpoint cannot be signed");
  SignedNote note = SignedByLog(request.note, log->keys);
  note.signatures.push_back(*cosignature);
  auto text = FormatNote(note);
  if (!text.ok()) return Say(400, text.status());

  const bool grown = !log->last || request.checkpoint.size > log->last->checkpoint.size;
  if (!log->last || *text != log->last->note) {
    if (const absl::Status saved = save_(log->origin, *text); !saved.ok()) {
      on_event_({"error",
                 "not_kept",
                 {{"origin", log->origin}, {"message", std::string(saved.message())}}});
      return Say(500, "the checkpoint cannot be kept, so it is not cosigned");
    }
    log->last = Cosigned{request.checkpoint, time, *std::move(text)};
  }
  if (grown) {
    log->told.clear();
    on_event_({"info",
               "cosigned",
               {{"origin", log->origin}, {"size", std::to_string(request.checkpoint.size)}}});
  }
  return {200, kText, FormatNoteSignature(*cosignature), {}};
}

net::HttpResponse Witness::Refuse(Log* log, const Request& request, int status,
                                  const std::string& why) {
  // The log has signed this: the line is evidence. Whoever sends what a log has signed with a wrong
  // proof must not fill the disk with it.
  if (log->told.size() < kRefusalsTold && log->told.insert(request.note.text).second) {
    const SignedNote evidence = SignedByLog(request.note, log->keys);
    on_event_({"warning",
               "refused",
               {{"origin", log->origin},
                {"known_size", std::to_string(log->last ? log->last->checkpoint.size : 0)},
                {"size", std::to_string(request.checkpoint.size)},
                {"message", why},
                {"known", log->last ? log->last->note : ""},
                {"asked", FormatNote(evidence).value_or(evidence.text)}}});
  }
  return Say(status, why);
}

net::HttpResponse Witness::GetCheckpoint(std::string_view origin_hash) const {
  const auto found = logs_.find(origin_hash);
  if (found == logs_.end()) return Say(404, "this log is not known here");
  const absl::MutexLock lock(&found->second->mutex);
  if (!found->second->last) return Say(404, "no checkpoint of this log has been cosigned yet");
  return {200, kText, found->second->last->note, {{"Cache-Control", "no-cache"}}};
}

}  // namespace kengred::witness
