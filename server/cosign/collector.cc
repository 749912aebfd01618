#include "server/cosign/collector.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "kengred/core/cosignature.h"
#include "kengred/core/decimal.h"
#include "kengred/core/limits.h"
#include "kengred/core/witness_request.h"
#include "net/address.h"

namespace kengred::cosign {
namespace {

// A witness says its size once; a second time only where somebody else asked it in between.
constexpr int kAsksMax = 3;

net::HttpClientOptions ClientOptions(const CollectorOptions& options) {
  net::HttpClientOptions client;
  client.timeout = options.timeout;
  return client;
}

}  // namespace

std::string_view WitnessStateName(WitnessState state) {
  switch (state) {
    case WitnessState::kUnknown:
      return "unknown";
    case WitnessState::kCosigning:
      return "cosigning";
    case WitnessState::kUnreachable:
      return "unreachable";
    case WitnessState::kUnbelieved:
      return "unbelieved";
    case WitnessState::kStranger:
      return "stranger";
    case WitnessState::kDisputing:
      return "disputing";
  }
  return "unknown";
}

// What one thread knows of its witness.
struct Collector::Witness {
  std::string url;
  // Of the last checkpoint it has cosigned, as far as is known.
  uint64_t size = 0;
  // What it has cosigned for us, and when it was asked.
  std::string note;
  absl::Time cosigned_time = absl::InfinitePast();
  WitnessState state = WitnessState::kUnknown;
  std::thread thread;
};

struct Collector::Outcome {
  WitnessState state = WitnessState::kUnknown;
  std::string message;
};

absl::StatusOr<std::unique_ptr<Collector>> Collector::Start(CollectorOptions options,
                                                            storage::Store* store,
                                                            publish::Cosignatures* cosignatures) {
  if (options.witness_urls.size() > kWitnessesMax) {
    return absl::InvalidArgumentError("there are more than " + std::to_string(kWitnessesMax) +
                                      " witnesses; leave some out");
  }
  for (std::string& url : options.witness_urls) {
    if (const auto parsed = net::ParseUrl(url); !parsed.ok()) return parsed.status();
    while (url.ends_with('/')) url.pop_back();
  }
  if (!options.witness_urls.empty() && options.witness_keys.empty()) {
    return absl::InvalidArgumentError(
        "witnesses are to be asked, but the charter lists none: nobody would believe what they "
        "sign; leave --witness out");
  }
  std::unique_ptr<Collector> collector(new Collector(std::move(options), store, cosignatures));
  for (const std::string& url : collector->options_.witness_urls) {
    auto witness = std::make_unique<Witness>();
    witness->url = url;
    collector->witnesses_.push_back(std::move(witness));
  }
  for (const auto& witness : collector->witnesses_) {
    witness->thread =
        std::thread([self = collector.get(), mine = witness.get()] { self->Follow(mine); });
  }
  return collector;
}

Collector::Collector(CollectorOptions options, storage::Store* store,
                     publish::Cosignatures* cosignatures)
    : options_(std::move(options)),
      proofs_(store),
      cosignatures_(*cosignatures),
      client_(ClientOptions(options_)) {}

Collector::~Collector() { Stop(); }

void Collector::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  client_.Cancel();
  for (const auto& witness : witnesses_) witness->thread.join();
}

bool Collector::SleepUnlessStopped(absl::Duration pause) {
  const absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&stopping_), pause);
}

absl::StatusOr<publish::StoredCheckpoint> Collector::Target() {
  const absl::MutexLock lock(&mutex_);
  const absl::Time now = absl::Now();
  if (now - target_time_ >= options_.interval) {
    auto latest = proofs_.LatestCheckpoint();
    if (!latest.ok()) return latest.status();
    target_ = *std::move(latest);
    target_time_ = now;
  }
  return target_;
}

void Collector::Follow(Witness* witness) {
  absl::Duration pause = absl::ZeroDuration();
  absl::Duration retry = options_.interval;
  while (SleepUnlessStopped(pause)) {
    pause = options_.interval;
    // A store that cannot be read says so elsewhere.
    const auto target = Target();
    if (!target.ok()) continue;
    const absl::Time now = absl::Now();
    if (target->note == witness->note && now - witness->cosigned_time < options_.renew) continue;
    const Outcome outcome = Ask(witness, *target);
    {
      const absl::MutexLock lock(&mutex_);
      if (stopping_) return;
    }
    if (outcome.state == WitnessState::kCosigning) {
      witness->size = target->size;
      witness->note = target->note;
      witness->cosigned_time = now;
      retry = options_.interval;
    } else {
      pause = retry;
      retry = std::min(2 * retry, options_.retry_max);
    }
    if (outcome.state != witness->state) {
      witness->state = outcome.state;
      if (options_.on_change) options_.on_change(witness->url, outcome.state, outcome.message);
    }
  }
}

Collector::Outcome Collector::Ask(Witness* witness, const publish::StoredCheckpoint& target) {
  for (int i = 0; i < kAsksMax; ++i) {
    if (witness->size > target.size) {
      const uint64_t seen = std::exchange(witness->size, 0);
      return {WitnessState::kDisputing,
              "it has seen " + std::to_string(seen) + " entries of this ledger, which has " +
                  std::to_string(target.size) +
                  ": entries are missing here. Was an old backup restored?"};
    }
    WitnessRequest request{witness->size, {}, target.note};
    if (witness->size > 0) {
      auto proof = proofs_.Consistency(witness->size, target.size);
      if (!proof.ok()) return {witness->state, ""};
      request.proof = *std::move(proof);
    }
    const auto body = FormatWitnessRequest(request);
    if (!body.ok()) return {WitnessState::kUnreachable, std::string(body.status().message())};
    const auto answer = client_.Post(witness->url + "/add-checkpoint", *body, "text/plain");
    if (!answer.ok()) {
      return {WitnessState::kUnreachable, std::string(answer.status().message())};
    }
    switch (answer->status) {
      case 200:
        return TakeCosignatures(target, answer->body);
      case 403:
        return {WitnessState::kStranger,
                "it does not know the key that signs this log now; give its operator the verifier "
                "key for `kengred-witness add`"};
      case 404:
        return {WitnessState::kStranger,
                "it does not know this log; give its operator the verifier key for "
                "`kengred-witness add`"};
      case 409: {
        std::string_view size = answer->body;
        if (size.ends_with('\n')) size.remove_suffix(1);
        const auto number = ParseDecimal(size);
        if (!number) {
          return {WitnessState::kUnreachable, "it answers with a size that is no number"};
        }
        witness->size = *number;
        break;
      }
      case 422:
        return {WitnessState::kDisputing,
                "it has seen " + std::to_string(witness->size) +
                    " entries that are not those of this ledger: the history here is another one. "
                    "Was an old backup restored, or does another server hold this log's key?"};
      default:
        return {WitnessState::kUnreachable,
                "it answers with status " + std::to_string(answer->status)};
    }
  }
  return {WitnessState::kUnreachable, "it says another size each time it is asked"};
}

Collector::Outcome Collector::TakeCosignatures(const publish::StoredCheckpoint& target,
                                               const std::string& lines) {
  const Outcome unbelieved = {
      WitnessState::kUnbelieved,
      "it answers with no valid cosignature of a witness that the charter lists; compare its "
      "`kengred-witness key` with `kengred ledger info`"};
  const auto note = ParseNote(target.note);
  const auto signatures = ParseNoteSignatures(lines);
  if (!note.ok() || !signatures.ok()) return unbelieved;
  bool believed = false;
  for (const NoteSignature& line : *signatures) {
    for (const VerifierKey& key : options_.witness_keys) {
      const auto time = CosignatureTime(key, note->text, line);
      // A time of zero states nothing.
      if (!time || *time == 0) continue;
      cosignatures_.Add(target, key.public_key(), line);
      believed = true;
    }
  }
  return believed ? Outcome{WitnessState::kCosigning, "it has cosigned a checkpoint"} : unbelieved;
}

}  // namespace kengred::cosign
