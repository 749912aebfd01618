// Cosignatures, as C2SP tlog-cosignature specifies them (version 1, Ed25519): a witness states that
// at some time it had seen a log grow, without taking anything back, up to a checkpoint.
//
//   signature = time ed25519            ; the signature of a note's line, 72 bytes
//   time      = 8 bytes                 ; seconds since 1970, big-endian, at most 2^63 - 1
//   ed25519   = 64 bytes                ; over the message
//   message   = "cosignature/v1" LF "time" SP decimal-time LF checkpoint-text
//
// Any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/signed_note.h"
#include "kengred/core/signing.h"

namespace kengred {

// The secret key of a witness with its name. Moved, never copied. A key must not be that of another
// witness, nor of a log: the signed message does not hold the name.
class Cosigner {
 public:
  // InvalidArgument where the name cannot be a key's name.
  static absl::StatusOr<Cosigner> Make(std::string_view name, SecretKey key);

  // Of type kCosignature.
  const VerifierKey& verifier_key() const { return verifier_key_; }
  // `checkpoint_text` is a checkpoint's body (checkpoint.h). That it continues what this witness
  // signed before is for the caller to check. InvalidArgument for another text or a negative time.
  absl::StatusOr<NoteSignature> Cosign(std::string_view checkpoint_text,
                                       int64_t time_seconds) const;

 private:
  Cosigner(VerifierKey verifier_key, SecretKey key);

  VerifierKey verifier_key_;
  SecretKey key_;
};

// The time of a cosignature of `witness` over the text; nothing where the line is not a valid one.
std::optional<int64_t> CosignatureTime(const VerifierKey& witness, std::string_view checkpoint_text,
                                       const NoteSignature& signature);

// A known witness has cosigned.
struct Cosignature {
  size_t witness = 0;  // its place in the list of the known ones
  int64_t time_seconds = 0;
};

// The known witnesses that cosigned a note, in the order of `witnesses`, each public key counted
// once, with its latest time. Lines of other keys are ignored; nobody having signed is no error.
// Unauthenticated where a known witness's line is not valid; InvalidArgument where `witnesses`
// holds a key of another type than kCosignature.
absl::StatusOr<std::vector<Cosignature>> VerifyCosignatures(const SignedNote& note,
                                                            std::span<const VerifierKey> witnesses);

}  // namespace kengred
