#include "kengred/core/cosignature.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "kengred/core/checkpoint.h"

namespace kengred {
namespace {

constexpr size_t kTimeBytes = 8;

std::string Message(int64_t time_seconds, std::string_view checkpoint_text) {
  std::string message = "cosignature/v1\ntime " + std::to_string(time_seconds) + "\n";
  message.append(checkpoint_text);
  return message;
}

}  // namespace

Cosigner::Cosigner(VerifierKey verifier_key, SecretKey key)
    : verifier_key_(std::move(verifier_key)), key_(std::move(key)) {}

absl::StatusOr<Cosigner> Cosigner::Make(std::string_view name, SecretKey key) {
  auto verifier_key = VerifierKey::Make(name, KeyType::kCosignature, key.public_key());
  if (!verifier_key.ok()) return verifier_key.status();
  return Cosigner(*std::move(verifier_key), std::move(key));
}

absl::StatusOr<NoteSignature> Cosigner::Cosign(std::string_view checkpoint_text,
                                               int64_t time_seconds) const {
  if (time_seconds < 0) return absl::InvalidArgumentError("a cosignature's time is not negative");
  const auto checkpoint = ParseCheckpoint(checkpoint_text);
  if (!checkpoint.ok()) return checkpoint.status();
  std::string signature;
  for (int shift = 56; shift >= 0; shift -= 8) {
    signature.push_back(static_cast<char>(static_cast<uint64_t>(time_seconds) >> shift & 0xff));
  }
  signature += key_.Sign(Message(time_seconds, checkpoint_text));
  return NoteSignature{verifier_key_.name(), verifier_key_.id(), std::move(signature)};
}

std::optional<int64_t> CosignatureTime(const VerifierKey& witness, std::string_view checkpoint_text,
                                       const NoteSignature& signature) {
  if (witness.type() != KeyType::kCosignature || !IsSignatureOf(signature, witness) ||
      signature.signature.size() != kTimeBytes + kSignatureBytes) {
    return std::nullopt;
  }
  uint64_t time = 0;
  for (size_t i = 0; i < kTimeBytes; ++i) {
    time = time << 8 | static_cast<uint8_t>(signature.signature[i]);
  }
  if (time > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  const auto time_seconds = static_cast<int64_t>(time);
  if (!VerifySignature(witness.public_key(), Message(time_seconds, checkpoint_text),
                       std::string_view(signature.signature).substr(kTimeBytes))) {
    return std::nullopt;
  }
  return time_seconds;
}

absl::StatusOr<std::vector<Cosignature>> VerifyCosignatures(
    const SignedNote& note, std::span<const VerifierKey> witnesses) {
  std::vector<Cosignature> cosignatures;
  for (size_t i = 0; i < witnesses.size(); ++i) {
    if (witnesses[i].type() != KeyType::kCosignature) {
      return absl::InvalidArgumentError("the key of " + witnesses[i].name() +
                                        " is not a witness's: its type is not 4");
    }
    std::optional<int64_t> latest;
    for (const NoteSignature& signature : note.signatures) {
      if (!IsSignatureOf(signature, witnesses[i])) continue;
      const auto time = CosignatureTime(witnesses[i], note.text, signature);
      if (!time) {
        return absl::UnauthenticatedError("the cosignature of " + witnesses[i].name() +
                                          " is not valid");
      }
      latest = std::max(latest.value_or(*time), *time);
    }
    if (!latest) continue;
    // One key under two names is one witness.
    const auto same =
        std::find_if(cosignatures.begin(), cosignatures.end(), [&](const Cosignature& earlier) {
          return witnesses[earlier.witness].public_key() == witnesses[i].public_key();
        });
    if (same == cosignatures.end()) {
      cosignatures.push_back({i, *latest});
    } else {
      same->time_seconds = std::max(same->time_seconds, *latest);
    }
  }
  return cosignatures;
}

}  // namespace kengred
