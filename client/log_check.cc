#include "kengred/client/log_check.h"

#include <absl/strings/cord.h>

#include <optional>
#include <utility>

#include "kengred/client/witness_check.h"
#include "kengred/core/base64.h"
#include "kengred/core/merkle.h"

namespace kengred::client {
namespace {

constexpr char kAlarmPayload[] = "kengred.client/alarm";

using Transparency = v1::TransparencyService::Stub;

std::string Named(const std::string& note) {
  const auto parsed = ParseNote(note);
  const auto checkpoint =
      parsed.ok() ? ParseCheckpoint(parsed->text) : absl::StatusOr<Checkpoint>();
  if (!checkpoint.ok()) return "(unreadable)";
  return std::to_string(checkpoint->size) + " entries, root " + checkpoint->root.ToHex();
}

// The hashes of a proof; nothing where one is no hash.
std::optional<std::vector<Digest>> Hashes(
    const google::protobuf::RepeatedPtrField<std::string>& field) {
  std::vector<Digest> hashes;
  for (const std::string& bytes : field) {
    const auto hash = Digest::FromBytes(bytes);
    if (!hash) return std::nullopt;
    hashes.push_back(*hash);
  }
  return hashes;
}

absl::StatusOr<std::optional<RememberedLog>> Load(const Session& session) {
  if (session.options().log_memory == nullptr) return std::nullopt;
  return session.options().log_memory->Load(session.ledger_id());
}

// Compares what is shown with what is remembered. Answers whether it is more than that.
absl::StatusOr<bool> Compare(Session* session, const std::optional<RememberedLog>& remembered,
                             const std::string& shown_note, const Checkpoint& shown,
                             const std::vector<TrustedLogKey>& keys) {
  if (!remembered) return true;
  const Evidence evidence{remembered->checkpoint, shown_note};
  const auto before = OpenCheckpoint(remembered->checkpoint, KeysOf(keys));
  if (!before.ok()) {
    return Alarm(*session, "a key that has signed for it is none of its keys any more", evidence);
  }
  const Checkpoint& earlier = before->checkpoint;
  if (shown.size < earlier.size) {
    return Alarm(*session, "entries that were there are gone", evidence);
  }
  if (absl::Status status = CheckGrowth(session, earlier, shown, evidence); !status.ok()) {
    return status;
  }
  return shown.size > earlier.size;
}

absl::Status Remember(const Session& session, const std::string& note,
                      const std::vector<TrustedLogKey>& keys) {
  if (session.options().log_memory == nullptr) return absl::OkStatus();
  RememberedLog next;
  next.checkpoint = note;
  for (const TrustedLogKey& key : keys) next.verifier_keys.push_back(key.key.Format());
  return session.options().log_memory->Save(session.ledger_id(), next);
}

}  // namespace

bool IsAlarm(const absl::Status& status) { return status.GetPayload(kAlarmPayload).has_value(); }

absl::Status AlarmError(const std::string& message) {
  absl::Status status = absl::DataLossError(message);
  status.SetPayload(kAlarmPayload, absl::Cord("1"));
  return status;
}

absl::Status Alarm(const Session& session, const std::string& why, const Evidence& evidence) {
  const ClientOptions& options = session.options();
  std::string text = "The log of the ledger " + session.ledger_id().ToHex() + " at " +
                     options.target + "\ndoes not hold: " + why + ".\n\n" +
                     (evidence.is_cosigned ? "---- the checkpoint shown as cosigned ----\n"
                                           : "---- the checkpoint remembered ----\n") +
                     evidence.known + "\n---- the checkpoint shown now ----\n" + evidence.shown +
                     "\n---- the consistency proof given ----\n";
  for (const Digest& hash : evidence.proof) text += EncodeBase64(hash.view()) + "\n";
  std::string message =
      "ALARM: the ledger at " + options.target +
      (evidence.is_cosigned ? " does not agree with what it shows as cosigned by its witnesses: "
                            : " does not continue what it has shown before: ") +
      why + ".";
  if (!evidence.known.empty()) {
    message +=
        (evidence.is_cosigned ? " Cosigned: " : " Remembered: ") + Named(evidence.known) + ".";
  }
  if (!evidence.shown.empty()) message += " Shown now: " + Named(evidence.shown) + ".";
  if (options.log_memory != nullptr) {
    const auto kept = options.log_memory->KeepEvidence(session.ledger_id(), text);
    message +=
        kept.ok()
            ? " The evidence is in " + *kept + "."
            : " The evidence could not be kept: " + std::string(kept.status().message()) + ".";
  }
  return AlarmError(message + " Do not use this ledger; show the evidence to others.");
}

absl::Status CheckGrowth(Session* session, const Checkpoint& before, const Checkpoint& now,
                         Evidence evidence) {
  if (before.size == now.size) {
    if (before.root == now.root) return absl::OkStatus();
    return Alarm(*session, "two histories of the same length", evidence);
  }
  v1::GetConsistencyProofRequest request;
  request.set_old_size(before.size);
  request.set_new_size(now.size);
  const auto response =
      session->Call(session->transparency(), &Transparency::GetConsistencyProof, request);
  if (!response.ok()) {
    // A network that is down proves nothing; a ledger that will not prove is no better than one
    // that cannot.
    if (!RefusalOf(response.status())) return response.status();
    return Alarm(*session, "it refuses to prove that it continues", evidence);
  }
  const auto hashes = Hashes(response->hashes());
  if (hashes) evidence.proof = *hashes;
  if (!hashes || !VerifyConsistency(before.size, before.root, now.size, now.root, *hashes).ok()) {
    return Alarm(*session, "entries were changed, dropped or reordered", evidence);
  }
  return absl::OkStatus();
}

absl::StatusOr<LogState> CheckLog(Session* session) {
  // Before asking: what another process remembers meanwhile may be newer than the answer.
  const auto remembered = Load(*session);
  if (!remembered.ok()) return remembered.status();
  auto response = session->Call(session->transparency(), &Transparency::GetCheckpoint,
                                v1::GetCheckpointRequest());
  if (!response.ok()) return response.status();
  const Evidence evidence{*remembered ? (*remembered)->checkpoint : "", response->checkpoint()};
  const std::vector<v1::LogKey> log_keys(response->log_keys().begin(), response->log_keys().end());
  auto keys = VerifyLogKeys(session->charter(), session->ledger_id(), log_keys);
  if (!keys.ok()) return Alarm(*session, std::string(keys.status().message()), evidence);
  // The key of today must have signed; it may have older ones beside it.
  const std::vector<VerifierKey> current = {keys->back().key};
  const auto opened = OpenCheckpoint(response->checkpoint(), current);
  if (!opened.ok()) return Alarm(*session, std::string(opened.status().message()), evidence);
  const auto is_news =
      Compare(session, *remembered, response->checkpoint(), opened->checkpoint, *keys);
  if (!is_news.ok()) return is_news.status();
  auto witnesses = CheckWitnesses(session, *response, opened->checkpoint, *keys);
  if (!witnesses.ok()) return witnesses.status();
  if (absl::Status status = CheckPolicy(*session, *witnesses); !status.ok()) return status;
  // Only now: what is not believed must not stand in the way of what is true.
  if (*is_news) {
    absl::Status status = Remember(*session, response->checkpoint(), *keys);
    if (!status.ok()) return status;
  }
  return LogState{opened->checkpoint, std::move(*response->mutable_checkpoint()), *std::move(keys),
                  *std::move(witnesses)};
}

absl::Status FollowLog(Session* session, const std::string& checkpoint,
                       const std::vector<TrustedLogKey>& keys) {
  const auto remembered = Load(*session);
  if (!remembered.ok()) return remembered.status();
  const auto opened = OpenCheckpoint(checkpoint, KeysOf(keys));
  if (!opened.ok())
    return Alarm(*session, std::string(opened.status().message()), {"", checkpoint});
  if (!*remembered) return Remember(*session, checkpoint, keys);
  const auto before = OpenCheckpoint((*remembered)->checkpoint, KeysOf(keys));
  // An older checkpoint than the one remembered must be a beginning of it.
  if (before.ok() && before->checkpoint.size > opened->checkpoint.size) {
    return CheckGrowth(session, opened->checkpoint, before->checkpoint,
                       {(*remembered)->checkpoint, checkpoint});
  }
  const auto is_news = Compare(session, *remembered, checkpoint, opened->checkpoint, keys);
  if (!is_news.ok()) return is_news.status();
  return *is_news ? Remember(*session, checkpoint, keys) : absl::OkStatus();
}

}  // namespace kengred::client
