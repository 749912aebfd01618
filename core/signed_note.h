// Signed notes, as C2SP signed-note specifies them: a text, an empty line, and one line per
// signature. Checkpoints are signed notes.
//
//   note      = text LF 1*signature-line        ; text ends with LF and may hold empty lines
//   signature-line = %xE2.80.94 SP name SP base64( key-id signature ) LF
//   verifier-key   = name "+" 8HEXDIG "+" base64( type public-key )
//   key-id    = first 4 bytes of SHA-256( name LF type public-key )
//
// UTF-8 without control characters but LF; a name is not empty and has neither Unicode spaces nor
// "+". At most kNoteBytesMax bytes, kNoteSignaturesMax signatures and kKeyNameBytesMax bytes of
// name. Base64 is strict, so that a note has one text. Any thread.
//
// Errors: InvalidArgument for what is malformed, Unauthenticated for signatures that prove nothing;
// the message says which, in words.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/signing.h"

namespace kengred {

// The signature types that are understood here; all others are unknown keys.
enum class KeyType : uint8_t {
  kEd25519 = 0x01,      // of a log: Ed25519 over the text
  kCosignature = 0x04,  // of a witness: a time and Ed25519, see cosignature.h
};

// A public key with its name: what somebody trusts. Notes name it by name and id.
class VerifierKey {
 public:
  // InvalidArgument where the name cannot be a key's name.
  static absl::StatusOr<VerifierKey> Make(std::string_view name, KeyType type,
                                          const PublicKey& public_key);
  // Of its text. InvalidArgument also for an id that does not follow from the key.
  static absl::StatusOr<VerifierKey> Parse(std::string_view text);
  // "example.com/log+530d903a+AekyeRrm56h..."
  std::string Format() const;

  const std::string& name() const { return name_; }
  uint32_t id() const { return id_; }
  KeyType type() const { return type_; }
  const PublicKey& public_key() const { return public_key_; }

  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;

 private:
  VerifierKey() = default;

  std::string name_;
  uint32_t id_ = 0;
  KeyType type_ = KeyType::kEd25519;
  PublicKey public_key_;
};

// One signature line. `signature` is what follows the key id: at least 1 byte, 64 for kEd25519, 72
// for kCosignature.
struct NoteSignature {
  std::string name;
  uint32_t key_id = 0;
  std::string signature;

  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct SignedNote {
  std::string text;  // with its last newline
  std::vector<NoteSignature> signatures;
};

// Reads a note. Nothing is verified: do not trust, nor show, the text before VerifyNote.
absl::StatusOr<SignedNote> ParseNote(std::string_view note);
// Writes a note; ParseNote reads the same again.
absl::StatusOr<std::string> FormatNote(const SignedNote& note);

// Signature lines alone, as witnesses send them; at least one.
absl::StatusOr<std::vector<NoteSignature>> ParseNoteSignatures(std::string_view lines);
// One line, with its newline.
std::string FormatNoteSignature(const NoteSignature& signature);

// The note with one line more; unchanged where exactly that line is there.
absl::StatusOr<std::string> AddNoteSignature(std::string_view note, const NoteSignature& signature);

// Which of the known keys signed: their places in `known`, rising, at least one. Signatures of
// other keys are ignored. Unauthenticated where a known key's signature is not valid, or no known
// key signed.
absl::StatusOr<std::vector<size_t>> VerifyNote(const SignedNote& note,
                                               std::span<const VerifierKey> known);

// Whether the line is of this key, by name and id.
bool IsSignatureOf(const NoteSignature& signature, const VerifierKey& key);
// Whether a line of this key signs `text`.
bool VerifyNoteSignature(const VerifierKey& key, std::string_view text,
                         const NoteSignature& signature);

// The secret key of a log with its name: makes signatures of type kEd25519. Moved, never copied.
class NoteSigner {
 public:
  // InvalidArgument where the name cannot be a key's name.
  static absl::StatusOr<NoteSigner> Make(std::string_view name, SecretKey key);

  const VerifierKey& verifier_key() const { return verifier_key_; }
  NoteSignature Sign(std::string_view text) const;

 private:
  NoteSigner(VerifierKey verifier_key, SecretKey key);

  VerifierKey verifier_key_;
  SecretKey key_;
};

// The note of this text with one signature.
absl::StatusOr<std::string> SignNote(std::string_view text, const NoteSigner& signer);

}  // namespace kengred
