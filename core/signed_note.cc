#include "kengred/core/signed_note.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "kengred/core/base64.h"
#include "kengred/core/cosignature.h"
#include "kengred/core/hash.h"
#include "kengred/core/limits.h"
#include "kengred/core/side_record.h"

namespace kengred {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // an em dash and a space
constexpr size_t kKeyIdBytes = 4;

// The Unicode spaces beyond ASCII.
constexpr std::string_view kSpaces[] = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
    "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
    "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

absl::Status Invalid(const std::string& why) { return absl::InvalidArgumentError(why); }

bool IsNoteText(std::string_view text) {
  return IsUtf8(text) && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<uint8_t>(c) >= 0x20 || c == '\n';
         });
}

bool IsKeyName(std::string_view name) {
  return !name.empty() && name.size() <= kKeyNameBytesMax && IsNoteText(name) &&
         name.find_first_of(" \n+") == std::string_view::npos &&
         std::none_of(std::begin(kSpaces), std::end(kSpaces), [name](std::string_view space) {
           return name.find(space) != std::string_view::npos;
         });
}

absl::Status CheckKeyName(std::string_view name) {
  if (IsKeyName(name)) return absl::OkStatus();
  return Invalid("a key's name is 1 to " + std::to_string(kKeyNameBytesMax) +
                 " bytes of text without spaces and \"+\"");
}

uint32_t ReadKeyId(std::string_view bytes) {
  uint32_t id = 0;
  for (size_t i = 0; i < kKeyIdBytes; ++i) id = id << 8 | static_cast<uint8_t>(bytes[i]);
  return id;
}

std::string KeyIdBytes(uint32_t id) {
  return {static_cast<char>(id >> 24), static_cast<char>(id >> 16 & 0xff),
          static_cast<char>(id >> 8 & 0xff), static_cast<char>(id & 0xff)};
}

std::string KeyIdHex(uint32_t id) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (int shift = 28; shift >= 0; shift -= 4) hex.push_back(kDigits[id >> shift & 15]);
  return hex;
}

// What stands in a verifier key's base64, and in its id's hash.
std::string TypeAndKey(KeyType type, const PublicKey& key) {
  std::string bytes(1, static_cast<char>(type));
  bytes.append(key.view());
  return bytes;
}

std::optional<NoteSignature> ParseLine(std::string_view line) {
  if (!line.starts_with(kDash)) return std::nullopt;
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsKeyName(line.substr(0, space))) return std::nullopt;
  const auto bytes = DecodeBase64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kKeyIdBytes) return std::nullopt;
  return NoteSignature{std::string(line.substr(0, space)), ReadKeyId(*bytes),
                       bytes->substr(kKeyIdBytes)};
}

}  // namespace

absl::StatusOr<VerifierKey> VerifierKey::Make(std::string_view name, KeyType type,
                                              const PublicKey& public_key) {
  if (absl::Status status = CheckKeyName(name); !status.ok()) return status;
  VerifierKey key;
  key.name_ = std::string(name);
  key.type_ = type;
  key.public_key_ = public_key;
  key.id_ = ReadKeyId(Sha256({name, "\n", TypeAndKey(type, public_key)}).view());
  return key;
}

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view text) {
  // The base64 may hold plus signs of its own.
  const size_t first = text.find('+');
  const size_t second =
      first == std::string_view::npos ? std::string_view::npos : text.find('+', first + 1);
  if (second == std::string_view::npos) {
    return Invalid("a verifier key has three parts: name+id+key");
  }
  const auto bytes = DecodeBase64(text.substr(second + 1));
  if (!bytes || bytes->empty()) return Invalid("the verifier key's last part is not base64");
  const auto type = static_cast<uint8_t>(bytes->front());
  if (type != static_cast<uint8_t>(KeyType::kEd25519) &&
      type != static_cast<uint8_t>(KeyType::kCosignature)) {
    return Invalid("the verifier key has type " + std::to_string(type) +
                   "; only 1 (Ed25519) and 4 (Ed25519 cosignatures) are understood");
  }
  const auto public_key = PublicKey::FromBytes(std::string_view(*bytes).substr(1));
  if (!public_key) return Invalid("the verifier key does not hold 32 bytes of Ed25519 key");
  auto key = Make(text.substr(0, first), static_cast<KeyType>(type), *public_key);
  if (!key.ok()) return key.status();
  if (text.substr(first + 1, second - first - 1) != KeyIdHex(key->id_)) {
    return Invalid("the verifier key's id should be " + KeyIdHex(key->id_) +
                   "; copy the key again");
  }
  return key;
}

std::string VerifierKey::Format() const {
  return name_ + "+" + KeyIdHex(id_) + "+" + EncodeBase64(TypeAndKey(type_, public_key_));
}

absl::StatusOr<std::vector<NoteSignature>> ParseNoteSignatures(std::string_view lines) {
  if (lines.size() > kNoteBytesMax) return Invalid("the signatures are too long");
  if (lines.empty()) return Invalid("there is no signature");
  std::vector<NoteSignature> signatures;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    if (end == std::string_view::npos) return Invalid("the last signature line does not end");
    auto signature = ParseLine(lines.substr(0, end));
    if (!signature) {
      return Invalid("signature line " + std::to_string(signatures.size() + 1) +
                     " is not a dash, a name and base64");
    }
    if (signatures.size() == kNoteSignaturesMax) {
      return Invalid("there are more than " + std::to_string(kNoteSignaturesMax) + " signatures");
    }
    signatures.push_back(*std::move(signature));
    lines.remove_prefix(end + 1);
  }
  return signatures;
}

std::string FormatNoteSignature(const NoteSignature& signature) {
  return std::string(kDash) + signature.name + " " +
         EncodeBase64(KeyIdBytes(signature.key_id) + signature.signature) + "\n";
}

absl::StatusOr<SignedNote> ParseNote(std::string_view note) {
  if (note.size() > kNoteBytesMax) {
    return Invalid("the note is longer than " + std::to_string(kNoteBytesMax) + " bytes");
  }
  if (!IsNoteText(note)) return Invalid("the note has control characters or is not UTF-8");
  const size_t end = note.rfind("\n\n");
  if (end == std::string_view::npos) return Invalid("the note has no empty line before signatures");
  auto signatures = ParseNoteSignatures(note.substr(end + 2));
  if (!signatures.ok()) return signatures.status();
  return SignedNote{std::string(note.substr(0, end + 1)), *std::move(signatures)};
}

absl::StatusOr<std::string> FormatNote(const SignedNote& note) {
  std::string result = note.text;
  result += '\n';
  for (const NoteSignature& signature : note.signatures) result += FormatNoteSignature(signature);
  const auto parsed = ParseNote(result);
  if (!parsed.ok()) return parsed.status();
  // A text without its last newline, or a newline in a name, would be read as another note.
  if (parsed->text != note.text || parsed->signatures != note.signatures) {
    return Invalid("the note's text does not end with a newline, or a key's name holds one");
  }
  return result;
}

absl::StatusOr<std::string> AddNoteSignature(std::string_view note,
                                             const NoteSignature& signature) {
  auto parsed = ParseNote(note);
  if (!parsed.ok()) return parsed.status();
  const auto& lines = parsed->signatures;
  if (std::find(lines.begin(), lines.end(), signature) != lines.end()) return std::string(note);
  parsed->signatures.push_back(signature);
  return FormatNote(*parsed);
}

bool IsSignatureOf(const NoteSignature& signature, const VerifierKey& key) {
  return signature.key_id == key.id() && signature.name == key.name();
}

bool VerifyNoteSignature(const VerifierKey& key, std::string_view text,
                         const NoteSignature& signature) {
  if (!IsSignatureOf(signature, key)) return false;
  if (key.type() == KeyType::kEd25519) {
    return VerifySignature(key.public_key(), text, signature.signature);
  }
  return CosignatureTime(key, text, signature).has_value();
}

absl::StatusOr<std::vector<size_t>> VerifyNote(const SignedNote& note,
                                               std::span<const VerifierKey> known) {
  std::vector<size_t> signers;
  for (size_t i = 0; i < known.size(); ++i) {
    bool signed_by_it = false;
    for (const NoteSignature& signature : note.signatures) {
      if (!IsSignatureOf(signature, known[i])) continue;
      if (!VerifyNoteSignature(known[i], note.text, signature)) {
        return absl::UnauthenticatedError("the signature of " + known[i].name() + " is not valid");
      }
      signed_by_it = true;
    }
    if (signed_by_it) signers.push_back(i);
  }
  if (signers.empty()) return absl::UnauthenticatedError("none of the known keys has signed");
  return signers;
}

NoteSigner::NoteSigner(VerifierKey verifier_key, SecretKey key)
    : verifier_key_(std::move(verifier_key)), key_(std::move(key)) {}

absl::StatusOr<NoteSigner> NoteSigner::Make(std::string_view name, SecretKey key) {
  auto verifier_key = VerifierKey::Make(name, KeyType::kEd25519, key.public_key());
  if (!verifier_key.ok()) return verifier_key.status();
  return NoteSigner(*std::move(verifier_key), std::move(key));
}

NoteSignature NoteSigner::Sign(std::string_view text) const {
  return {verifier_key_.name(), verifier_key_.id(), key_.Sign(text)};
}

absl::StatusOr<std::string> SignNote(std::string_view text, const NoteSigner& signer) {
  return FormatNote({std::string(text), {signer.Sign(text)}});
}

}  // namespace kengred
