#include "kengred/client/witness_check.h"

#include <absl/strings/cord.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "kengred/client/log_check.h"
#include "kengred/core/cosignature.h"

namespace kengred::client {
namespace {

// "NEEDED LF", then for each witness "KEY SP SIZE SP TIME SP COUNTS LF": keys have no spaces.
constexpr char kShortagePayload[] = "kengred.client/witness-shortage";

// When a witness has cosigned a note; nothing where it has not, or not validly.
std::optional<int64_t> TimeOf(const VerifierKey& witness, const SignedNote& note) {
  std::optional<int64_t> latest;
  for (const NoteSignature& signature : note.signatures) {
    if (!IsSignatureOf(signature, witness)) continue;
    const auto time = CosignatureTime(witness, note.text, signature);
    if (time && (!latest || *time > *latest)) latest = time;
  }
  return latest;
}

size_t CountOf(const std::vector<WitnessState>& witnesses) {
  return static_cast<size_t>(
      std::count_if(witnesses.begin(), witnesses.end(),
                    [](const WitnessState& witness) { return witness.counts; }));
}

std::string Described(const WitnessState& witness) {
  if (witness.time_seconds == 0) return witness.key.name() + " has cosigned nothing";
  return witness.key.name() + " last cosigned " + std::to_string(witness.size) + " entries at " +
         absl::FormatTime(absl::RFC3339_sec, absl::FromUnixSeconds(witness.time_seconds),
                          absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<std::vector<WitnessState>> CheckWitnesses(Session* session,
                                                         const v1::GetCheckpointResponse& response,
                                                         const Checkpoint& latest,
                                                         const std::vector<TrustedLogKey>& keys) {
  std::vector<WitnessState> witnesses;
  for (const std::string& text : session->charter().witness_keys()) {
    auto key = VerifierKey::Parse(text);
    if (!key.ok()) return key.status();
    witnesses.push_back({*std::move(key)});
  }
  if (response.cosigned_checkpoints_size() > static_cast<int>(kWitnessesMax)) {
    return absl::DataLossError("the server at " + session->options().target + " shows " +
                               std::to_string(response.cosigned_checkpoints_size()) +
                               " cosigned checkpoints; there are at most " +
                               std::to_string(kWitnessesMax) + " witnesses");
  }
  std::vector<std::string> notes(response.cosigned_checkpoints().begin(),
                                 response.cosigned_checkpoints().end());
  notes.push_back(response.checkpoint());
  std::set<std::pair<uint64_t, Digest>> consistent = {{latest.size, latest.root}};
  for (const std::string& note : notes) {
    const auto opened = OpenCheckpoint(note, KeysOf(keys));
    const Evidence evidence{note, response.checkpoint(), {}, /*is_cosigned=*/true};
    if (!opened.ok()) {
      return Alarm(*session, "what it shows as cosigned: " + std::string(opened.status().message()),
                   evidence);
    }
    const Checkpoint& cosigned = opened->checkpoint;
    if (consistent.insert({cosigned.size, cosigned.root}).second) {
      const bool is_older = cosigned.size <= latest.size;
      absl::Status status = CheckGrowth(session, is_older ? cosigned : latest,
                                        is_older ? latest : cosigned, evidence);
      if (!status.ok()) return status;
    }
    for (WitnessState& witness : witnesses) {
      const auto time = TimeOf(witness.key, opened->note);
      if (time && *time > witness.time_seconds) {
        witness.size = cosigned.size;
        witness.time_seconds = *time;
      }
    }
  }
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  const int64_t age_max = session->options().witness_policy.age_max.count();
  for (WitnessState& witness : witnesses) {
    // Subtracted, since the sum could overflow.
    witness.counts = witness.time_seconds > 0 &&
                     witness.time_seconds <= now + kClockSkewSecondsMax &&
                     now - witness.time_seconds <= age_max;
  }
  return witnesses;
}

absl::Status CheckPolicy(const Session& session, const std::vector<WitnessState>& witnesses) {
  const WitnessPolicy& policy = session.options().witness_policy;
  const size_t count = CountOf(witnesses);
  if (count >= policy.witnesses_needed) return absl::OkStatus();
  std::string message = "Only " + std::to_string(count) + " of the ledger's " +
                        std::to_string(witnesses.size()) + " witnesses vouch for what " +
                        session.options().target + " shows; you ask for " +
                        std::to_string(policy.witnesses_needed) + " within the last " +
                        absl::FormatDuration(absl::FromChrono(policy.age_max)) + ".";
  std::string payload = std::to_string(policy.witnesses_needed) + "\n";
  for (const WitnessState& witness : witnesses) {
    if (!witness.counts) message += " " + Described(witness) + ".";
    payload += witness.key.Format() + " " + std::to_string(witness.size) + " " +
               std::to_string(witness.time_seconds) + " " + (witness.counts ? "1" : "0") + "\n";
  }
  absl::Status status = absl::FailedPreconditionError(message);
  status.SetPayload(kShortagePayload, absl::Cord(payload));
  return status;
}

std::optional<WitnessShortage> WitnessShortageOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kShortagePayload);
  if (!payload) return std::nullopt;
  std::istringstream text{std::string(*payload)};
  WitnessShortage shortage;
  text >> shortage.needed;
  std::string key_text;
  uint64_t size = 0;
  int64_t time_seconds = 0;
  bool counts = false;
  while (text >> key_text >> size >> time_seconds >> counts) {
    auto key = VerifierKey::Parse(key_text);
    if (!key.ok()) return std::nullopt;
    shortage.witnesses.push_back({*std::move(key), size, time_seconds, counts});
  }
  return shortage;
}

}  // namespace kengred::client
