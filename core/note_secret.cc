#include "kengred/core/note_secret.h"

#include <sodium.h>

#include <utility>

#include "kengred/core/base64.h"

namespace kengred {
namespace {

constexpr std::string_view kPrefix = "PRIVATE+KEY+";
// What follows the name: the id has eight digits, and the secret is always as long.
constexpr size_t kSecretChars = 44;
constexpr size_t kIdChars = 1 + 8 + 1;

absl::Status NoKey() { return absl::InvalidArgumentError("this is no secret key of signed notes"); }

// "name+id+" of the public half.
absl::StatusOr<std::string> NameAndId(std::string_view name, KeyType type, const SecretKey& key) {
  const auto verifier_key = VerifierKey::Make(name, type, key.public_key());
  if (!verifier_key.ok()) return verifier_key.status();
  // Counted from the front, since "+" is also a sign of base64.
  return verifier_key->Format().substr(0, name.size() + kIdChars);
}

}  // namespace

absl::StatusOr<std::string> FormatNoteSecret(std::string_view name, KeyType type,
                                             std::string_view seed) {
  const auto key = SecretKey::FromSeed(seed);
  if (!key.ok()) return key.status();
  const auto name_and_id = NameAndId(name, type, *key);
  if (!name_and_id.ok()) return name_and_id.status();
  std::string secret(1, static_cast<char>(type));
  secret.append(seed);
  std::string encoded = EncodeBase64(secret);
  std::string line = std::string(kPrefix) + *name_and_id + encoded;
  for (std::string* wiped : {&secret, &encoded}) sodium_memzero(wiped->data(), wiped->size());
  return line;
}

absl::StatusOr<NoteSecret> ParseNoteSecret(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  // From the end, since "+" is also a sign of base64.
  if (!line.starts_with(kPrefix) || line.size() <= kPrefix.size() + kIdChars + kSecretChars) {
    return NoKey();
  }
  const std::string_view name_and_id =
      line.substr(kPrefix.size(), line.size() - kPrefix.size() - kSecretChars);
  const std::string_view name = name_and_id.substr(0, name_and_id.size() - kIdChars);
  std::string secret = DecodeBase64(line.substr(line.size() - kSecretChars)).value_or("");
  if (secret.size() != 1 + kSeedBytes) return NoKey();
  const auto type = static_cast<KeyType>(secret.front());
  auto key = SecretKey::FromSeed(std::string_view(secret).substr(1));
  sodium_memzero(secret.data(), secret.size());
  if (!key.ok() || (type != KeyType::kEd25519 && type != KeyType::kCosignature)) return NoKey();
  const auto expected = NameAndId(name, type, *key);
  if (!expected.ok() || *expected != name_and_id) return NoKey();
  return NoteSecret{std::string(name), type, *std::move(key)};
}

}  // namespace kengred
