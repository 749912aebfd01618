#include "kengred/core/checkpoint.h"

#include <optional>
#include <utility>

#include "kengred/core/base64.h"
#include "kengred/core/decimal.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"

namespace kengred {
namespace {

absl::Status Invalid(const std::string& why) { return absl::InvalidArgumentError(why); }

// Takes a line off the front of `text`; nothing where no line ends.
std::optional<std::string_view> TakeLine(std::string_view* text) {
  const size_t end = text->find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(end + 1);
  return line;
}

}  // namespace

absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text) {
  if (text.size() > kNoteBytesMax) return Invalid("the checkpoint is too long");
  Checkpoint checkpoint;
  const auto origin = TakeLine(&text);
  const auto size = TakeLine(&text);
  const auto root = TakeLine(&text);
  if (!root) return Invalid("a checkpoint has at least three lines: origin, size and root");
  if (origin->empty() || origin->size() > kKeyNameBytesMax) {
    return Invalid("the checkpoint's origin must have 1 to " + std::to_string(kKeyNameBytesMax) +
                   " bytes");
  }
  checkpoint.origin = std::string(*origin);
  const auto number = ParseDecimal(*size);
  if (!number || *number > kTreeLeavesMax) {
    return Invalid("the checkpoint's size is not a number from 0 to " +
                   std::to_string(kTreeLeavesMax));
  }
  checkpoint.size = *number;
  const auto root_bytes = DecodeBase64(*root);
  const auto digest = Digest::FromBytes(root_bytes ? *root_bytes : std::string());
  if (!digest) return Invalid("the checkpoint's root is not 32 bytes in base64");
  checkpoint.root = *digest;
  if (checkpoint.size == 0 && checkpoint.root != EmptyTreeRoot()) {
    return Invalid("the checkpoint has size 0, but not the root of the empty tree");
  }
  while (!text.empty()) {
    const auto line = TakeLine(&text);
    if (!line || line->empty()) {
      return Invalid("the checkpoint has an empty line, or a last line that does not end");
    }
    checkpoint.extensions.emplace_back(*line);
  }
  return checkpoint;
}

absl::StatusOr<std::string> FormatCheckpoint(const Checkpoint& checkpoint) {
  std::string text = checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
                     EncodeBase64(checkpoint.root.view()) + "\n";
  for (const std::string& extension : checkpoint.extensions) text += extension + "\n";
  const auto parsed = ParseCheckpoint(text);
  if (!parsed.ok()) return parsed.status();
  if (*parsed != checkpoint) return Invalid("a line of the checkpoint holds a newline");
  return text;
}

absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const NoteSigner& signer) {
  if (signer.verifier_key().name() != checkpoint.origin) {
    return Invalid("the key of " + signer.verifier_key().name() + " cannot sign for the log " +
                   checkpoint.origin);
  }
  const auto text = FormatCheckpoint(checkpoint);
  if (!text.ok()) return text.status();
  return SignNote(*text, signer);
}

absl::StatusOr<SignedCheckpoint> OpenCheckpoint(std::string_view note,
                                                std::span<const VerifierKey> log_keys) {
  for (const VerifierKey& key : log_keys) {
    if (key.type() != KeyType::kEd25519) {
      return Invalid("the key of " + key.name() + " is not a log's: its type is not 1");
    }
  }
  auto parsed = ParseNote(note);
  if (!parsed.ok()) return parsed.status();
  const auto signers = VerifyNote(*parsed, log_keys);
  if (!signers.ok()) {
    return absl::Status(signers.status().code(),
                        "checkpoint: " + std::string(signers.status().message()));
  }
  auto checkpoint = ParseCheckpoint(parsed->text);
  if (!checkpoint.ok()) return checkpoint.status();
  for (const size_t signer : *signers) {
    if (log_keys[signer].name() == checkpoint->origin) {
      return SignedCheckpoint{*std::move(checkpoint), *std::move(parsed), signer};
    }
  }
  return absl::UnauthenticatedError("the checkpoint is of the log " + checkpoint->origin +
                                    ", but was signed by " + log_keys[signers->front()].name());
}

}  // namespace kengred
