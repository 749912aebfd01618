// Goal: no note, checkpoint, key, request to a witness, tile path or bundle crashes its reader,
// what is read is written the same again, and nobody signs for a key by chance. Method: the first
// byte chooses the reader, the rest is the text.
#include "fuzz.h"
#include "kengred/core/base64.h"
#include "kengred/core/checkpoint.h"
#include "kengred/core/cosignature.h"
#include "kengred/core/note_secret.h"
#include "kengred/core/signed_note.h"
#include "kengred/core/tiles.h"
#include "kengred/core/witness_request.h"

namespace kengred {
namespace {

// Keys that the corpus's notes name, so that signatures are verified. Nobody has their secrets.
const std::vector<VerifierKey>& Known() {
  static const std::vector<VerifierKey> known = {
      *VerifierKey::Make("log.example", KeyType::kEd25519, PublicKey()),
      *VerifierKey::Make("witness.example", KeyType::kCosignature, PublicKey())};
  return known;
}

void ReadNote(std::string_view text) {
  const auto note = ParseNote(text);
  if (!note.ok()) return;
  KENGRED_FUZZ_CHECK(*FormatNote(*note) == text);
  KENGRED_FUZZ_CHECK(!VerifyNote(*note, Known()).ok());
  KENGRED_FUZZ_CHECK(!OpenCheckpoint(text, std::span(Known()).subspan(0, 1)).ok());
  const auto cosignatures = VerifyCosignatures(*note, std::span(Known()).subspan(1));
  KENGRED_FUZZ_CHECK(!cosignatures.ok() || cosignatures->empty());
}

void ReadSignatures(std::string_view text) {
  const auto signatures = ParseNoteSignatures(text);
  if (!signatures.ok()) return;
  std::string written;
  for (const NoteSignature& signature : *signatures) written += FormatNoteSignature(signature);
  KENGRED_FUZZ_CHECK(written == text);
}

void ReadCheckpoint(std::string_view text) {
  const auto checkpoint = ParseCheckpoint(text);
  if (checkpoint.ok()) KENGRED_FUZZ_CHECK(*FormatCheckpoint(*checkpoint) == text);
}

void ReadKey(std::string_view text) {
  const auto key = VerifierKey::Parse(text);
  if (key.ok()) KENGRED_FUZZ_CHECK(key->Format() == text);
}

void ReadTilePath(std::string_view text) {
  const auto path = ParseTilePath(text);
  if (path.ok()) KENGRED_FUZZ_CHECK(*FormatTilePath(*path) == text);
}

void ReadBundle(std::string_view text) {
  const auto entries = ParseEntryBundle(text);
  if (entries.ok()) KENGRED_FUZZ_CHECK(*EncodeEntryBundle(*entries) == text);
}

void ReadBase64(std::string_view text) {
  const auto bytes = DecodeBase64(text);
  if (bytes) KENGRED_FUZZ_CHECK(EncodeBase64(*bytes) == text);
  const auto url_bytes = DecodeBase64Url(text);
  if (url_bytes) KENGRED_FUZZ_CHECK(EncodeBase64Url(*url_bytes) == text);
}

void ReadWitnessRequest(std::string_view text) {
  const auto request = ParseWitnessRequest(text);
  if (request.ok()) KENGRED_FUZZ_CHECK(*FormatWitnessRequest(*request) == text);
}

void ReadNoteSecret(std::string_view text) {
  const auto secret = ParseNoteSecret(text);
  if (secret.ok()) {
    KENGRED_FUZZ_CHECK(
        VerifierKey::Make(secret->name, secret->type, secret->key.public_key()).ok());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr void (*kReaders[])(std::string_view) = {ReadNote,   ReadSignatures,     ReadCheckpoint,
                                                    ReadKey,    ReadTilePath,       ReadBundle,
                                                    ReadBase64, ReadWitnessRequest, ReadNoteSecret};
  if (size == 0) return 0;
  kReaders[data[0] % std::size(kReaders)](fuzz::AsText(data + 1, size - 1));
  return 0;
}

}  // namespace kengred
