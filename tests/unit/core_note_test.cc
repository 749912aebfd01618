// Goal: notes, checkpoints and cosignatures are those of C2SP, read strictly, and prove nothing
// that no known key signed. Method: the examples of the specifications (retyped), notes made here
// and changed in every bit, each limit and each rule of the grammar broken, and the shared vectors
// of other implementations where they are there.
#include <absl/strings/escaping.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kengred/core/base64.h"
#include "kengred/core/checkpoint.h"
#include "kengred/core/cosignature.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"
#include "kengred/core/signed_note.h"
#include "tests/support/shared_files.h"

namespace kengred {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// C2SP signed-note.md.
constexpr char kExampleKey[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr char kExampleNote[] =
    "This is an example message.\n\n\xe2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    "\n";
constexpr char kDash[] = "\xe2\x80\x94 ";

SecretKey KeyOf(char seed) { return *SecretKey::FromSeed(std::string(kSeedBytes, seed)); }
NoteSigner Signer(const std::string& name, char seed) {
  return *NoteSigner::Make(name, KeyOf(seed));
}
Cosigner Witness(const std::string& name, char seed) { return *Cosigner::Make(name, KeyOf(seed)); }

absl::StatusOr<std::vector<size_t>> Verify(std::string_view note,
                                           const std::vector<VerifierKey>& known) {
  const auto parsed = ParseNote(note);
  if (!parsed.ok()) return parsed.status();
  return VerifyNote(*parsed, known);
}

// ---- keys ----

TEST(VerifierKeyTest, ReadsAndWritesTheSpecificationsExample) {
  const auto key = VerifierKey::Parse(kExampleKey);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->name(), "example.com/foo");
  EXPECT_EQ(key->id(), 0x530d903au);
  EXPECT_EQ(key->type(), KeyType::kEd25519);
  EXPECT_EQ(key->Format(), kExampleKey);
  EXPECT_EQ(*VerifierKey::Make(key->name(), key->type(), key->public_key()), *key);
  // The same key of another type has another id.
  EXPECT_NE(VerifierKey::Make(key->name(), KeyType::kCosignature, key->public_key())->id(),
            key->id());
}

TEST(VerifierKeyTest, RefusesOtherForms) {
  const std::string good = kExampleKey;
  const std::pair<std::string, const char*> cases[] = {
      {"", "three parts"},
      {"example.com/foo", "three parts"},
      {"example.com/foo+530d903a", "three parts"},
      {"example.com/foo+530d903b" + good.substr(24), "should be 530d903a"},
      {"example.com/foo+530D903A" + good.substr(24), "should be"},
      {"example.com/fop" + good.substr(15), "should be"},
      {"+530d903a" + good.substr(24), "name"},
      {"example com" + good.substr(15), "name"},
      {good + "=", "base64"},
      {good + "\n", "base64"},
      {good.substr(0, good.size() - 1), "base64"},
      {good.substr(0, good.size() - 4), "32 bytes"},
      {"a+00000000+", "base64"},
      {"a+00000000+AQ==", "32 bytes"},
      {"a+00000000+BnkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "type 6"},
  };
  for (const auto& [text, words] : cases) {
    const auto key = VerifierKey::Parse(text);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(key.status().message()), HasSubstr(words)) << text;
  }
}

TEST(VerifierKeyTest, NamesHaveNoSpacesNorPlus) {
  const PublicKey key = KeyOf('k').public_key();
  for (const std::string name :
       {"a", "sum.golang.org", "heol.example/ledger", "\xc3\xa9t\xc3\xa9", "a\x7f"}) {
    EXPECT_TRUE(VerifierKey::Make(name, KeyType::kEd25519, key).ok()) << name;
  }
  for (const std::string name :
       {"", " ", "a b", "a+b", "a\n", "a\tb", "a\x01", "\xff",
        "a\xc2\xa0"
        "b",
        "a\xc2\x85", "\xe1\x9a\x80", "\xe2\x80\x83", "\xe2\x80\xa8", "\xe3\x80\x80"}) {
    EXPECT_FALSE(VerifierKey::Make(name, KeyType::kEd25519, key).ok()) << name;
  }
  EXPECT_TRUE(VerifierKey::Make(std::string(kKeyNameBytesMax, 'a'), KeyType::kEd25519, key).ok());
  EXPECT_FALSE(
      VerifierKey::Make(std::string(kKeyNameBytesMax + 1, 'a'), KeyType::kEd25519, key).ok());
  EXPECT_FALSE(NoteSigner::Make("a b", KeyOf('k')).ok());
  EXPECT_FALSE(Cosigner::Make("a+b", KeyOf('k')).ok());
}

// ---- notes ----

TEST(NoteTest, VerifiesTheSpecificationsExample) {
  const auto note = ParseNote(kExampleNote);
  ASSERT_TRUE(note.ok()) << note.status();
  EXPECT_EQ(note->text, "This is an example message.\n");
  ASSERT_EQ(note->signatures.size(), 1u);
  EXPECT_EQ(note->signatures[0].name, "example.com/foo");
  EXPECT_EQ(note->signatures[0].key_id, 0x530d903au);
  EXPECT_EQ(note->signatures[0].signature.size(), kSignatureBytes);
  EXPECT_EQ(*FormatNote(*note), kExampleNote);
  EXPECT_THAT(*Verify(kExampleNote, {*VerifierKey::Parse(kExampleKey)}), ElementsAre(0));
}

TEST(NoteTest, NoBitOfItMayChange) {
  const std::vector<VerifierKey> known = {*VerifierKey::Parse(kExampleKey)};
  const std::string note = kExampleNote;
  for (size_t bit = 0; bit < 8 * note.size(); ++bit) {
    std::string changed = note;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(Verify(changed, known).ok()) << bit;
  }
  for (size_t size = 0; size < note.size(); ++size) {
    EXPECT_FALSE(Verify(note.substr(0, size), known).ok()) << size;
  }
  EXPECT_FALSE(Verify(note + "\n", known).ok());
  EXPECT_FALSE(Verify(note + "x", known).ok());
  EXPECT_FALSE(Verify("x" + note, known).ok());
}

TEST(NoteTest, SaysWhichKnownKeysSigned) {
  const NoteSigner one = Signer("one", '1');
  const NoteSigner two = Signer("two", '2');
  const NoteSigner three = Signer("three", '3');
  std::string note = *SignNote("text\n\nwith an empty line\n", one);
  note = *AddNoteSignature(note, two.Sign("text\n\nwith an empty line\n"));
  const auto key = [](const NoteSigner& signer) { return signer.verifier_key(); };
  EXPECT_EQ(ParseNote(note)->text, "text\n\nwith an empty line\n");
  EXPECT_THAT(*Verify(note, {key(one)}), ElementsAre(0));
  EXPECT_THAT(*Verify(note, {key(three), key(two), key(one)}), ElementsAre(1, 2));
  EXPECT_EQ(Verify(note, {key(three)}).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Verify(note, {}).status().code(), absl::StatusCode::kUnauthenticated);
  // The same signature again changes nothing.
  EXPECT_EQ(*AddNoteSignature(note, two.Sign("text\n\nwith an empty line\n")), note);
}

TEST(NoteTest, ABadSignatureOfAKnownKeyIsAnError) {
  const NoteSigner one = Signer("one", '1');
  const NoteSigner two = Signer("two", '2');
  // Signed by one, and a line of two's over another text.
  const std::string note = *AddNoteSignature(*SignNote("text\n", one), two.Sign("other\n"));
  EXPECT_THAT(*Verify(note, {one.verifier_key()}), ElementsAre(0));
  const auto both = Verify(note, {one.verifier_key(), two.verifier_key()});
  EXPECT_EQ(both.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(both.status().message()), HasSubstr("two"));
  // A second, bad line of a key that has signed well.
  const std::string twice = *AddNoteSignature(*SignNote("text\n", one), one.Sign("other\n"));
  EXPECT_FALSE(Verify(twice, {one.verifier_key()}).ok());
}

TEST(NoteTest, AnotherNameOrIdIsAnotherKey) {
  const NoteSigner one = Signer("one", '1');
  NoteSignature renamed = one.Sign("text\n");
  renamed.name = "eno";
  NoteSignature renumbered = one.Sign("text\n");
  renumbered.key_id ^= 1;
  for (const NoteSignature& signature : {renamed, renumbered}) {
    EXPECT_FALSE(IsSignatureOf(signature, one.verifier_key()));
    EXPECT_FALSE(VerifyNoteSignature(one.verifier_key(), "text\n", signature));
    EXPECT_FALSE(Verify(*FormatNote({"text\n", {signature}}), {one.verifier_key()}).ok());
    EXPECT_TRUE(
        Verify(*FormatNote({"text\n", {signature, one.Sign("text\n")}}), {one.verifier_key()})
            .ok());
  }
}

TEST(NoteTest, RefusesOtherForms) {
  const std::string line = std::string(kDash) + "a AAAAAAE=\n";
  ASSERT_TRUE(ParseNote("t\n\n" + line).ok());
  ASSERT_TRUE(ParseNote("\n\n" + line).ok());
  for (const std::string& note : std::vector<std::string>{
           "",
           "t",
           "t\n",
           "t\n\n",
           "t\n\n\n",
           "t\n" + line,
           line,
           "\n" + line,
           "t\n\n" + line + "\n",
           "t\n\n" + line + "x\n",
           "t\n\n" + line.substr(0, line.size() - 1),
           "t\n\n- a AAAAAAE=\n",
           "t\n\n\xe2\x80\x94"
           "a AAAAAAE=\n",
           std::string("t\n\n") + kDash + "a\n",
           std::string("t\n\n") + kDash + "a \n",
           std::string("t\n\n") + kDash + " AAAAAAE=\n",
           std::string("t\n\n") + kDash + "a  AAAAAAE=\n",
           std::string("t\n\n") + kDash + "a b AAAAAAE=\n",
           std::string("t\n\n") + kDash + "a+ AAAAAAE=\n",
           std::string("t\n\n") + kDash + "a AAAAAA==\n",
           std::string("t\n\n") + kDash + "a AAAAAAE\n",
           std::string("t\n\n") + kDash + "a AAAAAAF=\n",
           std::string("t\n\n") + kDash + "a AAAAAAE=\r\n",
           "t\r\n\n" + line,
           "t\t\n\n" + line,
           std::string("t\0\n\n", 4) + line,
           "t\xff\n\n" + line,
       }) {
    EXPECT_EQ(ParseNote(note).status().code(), absl::StatusCode::kInvalidArgument) << note;
  }
}

TEST(NoteTest, KeepsItsLimits) {
  const NoteSigner one = Signer("one", '1');
  SignedNote note{"text\n", {}};
  EXPECT_FALSE(FormatNote(note).ok()) << "no signature";
  for (size_t i = 0; i < kNoteSignaturesMax; ++i) note.signatures.push_back(one.Sign("text\n"));
  EXPECT_TRUE(FormatNote(note).ok());
  note.signatures.push_back(one.Sign("text\n"));
  EXPECT_FALSE(FormatNote(note).ok());
  note.signatures.resize(1);
  note.text = std::string(kNoteBytesMax - 200, 't') + "\n";
  EXPECT_TRUE(FormatNote(note).ok());
  note.text = std::string(kNoteBytesMax, 't') + "\n";
  EXPECT_FALSE(FormatNote(note).ok());
  for (const char* text : {"", "t", "t\n\nx", "t\x01\n"}) {
    note.text = text;
    EXPECT_FALSE(FormatNote(note).ok()) << text;
  }
  note.text = "text\n";
  note.signatures[0].name = "a AAAAAAE=\n" + std::string(kDash) + "b";
  EXPECT_FALSE(FormatNote(note).ok());
  EXPECT_FALSE(ParseNoteSignatures(std::string(kNoteBytesMax + 1, '\n')).ok());
}

TEST(NoteTest, SignatureLinesStandAlone) {
  const NoteSigner one = Signer("one", '1');
  const std::string line = FormatNoteSignature(one.Sign("text\n"));
  EXPECT_THAT(*ParseNoteSignatures(line), ElementsAre(one.Sign("text\n")));
  EXPECT_THAT(*ParseNoteSignatures(line + line),
              ElementsAre(one.Sign("text\n"), one.Sign("text\n")));
  EXPECT_FALSE(ParseNoteSignatures("").ok());
  EXPECT_FALSE(ParseNoteSignatures("\n").ok());
  EXPECT_FALSE(ParseNoteSignatures(line + "\n").ok());
}

// ---- checkpoints ----

Checkpoint ThreeEntries() { return {"heol.example/ledger", 3, LeafHash("a root"), {}}; }

TEST(CheckpointTest, IsThreeLines) {
  const std::string text = *FormatCheckpoint(ThreeEntries());
  EXPECT_EQ(text, "heol.example/ledger\n3\n" + EncodeBase64(LeafHash("a root").view()) + "\n");
  EXPECT_EQ(*ParseCheckpoint(text), ThreeEntries());
  Checkpoint extended = ThreeEntries();
  extended.extensions = {"one more", "and another"};
  EXPECT_EQ(*FormatCheckpoint(extended), text + "one more\nand another\n");
  EXPECT_EQ(*ParseCheckpoint(text + "one more\nand another\n"), extended);
}

TEST(CheckpointTest, RefusesOtherForms) {
  const std::string root = EncodeBase64(LeafHash("a root").view());
  const std::string large = std::to_string(kTreeLeavesMax);
  ASSERT_TRUE(ParseCheckpoint("o\n" + large + "\n" + root + "\n").ok());
  for (const std::string& text :
       std::vector<std::string>{"",
                                "\n",
                                "o\n",
                                "o\n3\n",
                                "o\n3\n" + root,
                                "\n3\n" + root + "\n",
                                "o\n\n" + root + "\n",
                                "o\n03\n" + root + "\n",
                                "o\n+3\n" + root + "\n",
                                "o\n-3\n" + root + "\n",
                                "o\n 3\n" + root + "\n",
                                "o\n3 \n" + root + "\n",
                                "o\n0x3\n" + root + "\n",
                                "o\n" + std::to_string(kTreeLeavesMax + 1) + "\n" + root + "\n",
                                "o\n18446744073709551616\n" + root + "\n",
                                "o\n0\n" + root + "\n",
                                "o\n3\n\n",
                                "o\n3\n" + root + "=\n",
                                "o\n3\n " + root + "\n",
                                "o\n3\nAAAA\n",
                                "o\n3\n" + root + "\n\n",
                                "o\n3\n" + root + "\nx",
                                "o\n3\n" + root + "\n\nx\n",
                                std::string(kKeyNameBytesMax + 1, 'o') + "\n3\n" + root + "\n"}) {
    EXPECT_EQ(ParseCheckpoint(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  for (const Checkpoint& checkpoint :
       std::vector<Checkpoint>{{"", 3, LeafHash(""), {}},
                               {"a\n4", 3, LeafHash(""), {}},
                               {"o", 0, LeafHash(""), {}},
                               {"o", kTreeLeavesMax + 1, LeafHash(""), {}},
                               {"o", 3, LeafHash(""), {""}},
                               {"o", 3, LeafHash(""), {"a\nb"}}}) {
    EXPECT_FALSE(FormatCheckpoint(checkpoint).ok()) << checkpoint.origin;
  }
  EXPECT_TRUE(FormatCheckpoint({"o", 0, EmptyTreeRoot(), {}}).ok());
}

TEST(CheckpointTest, OpensWhatItsLogSigned) {
  const NoteSigner log = Signer("heol.example/ledger", 'l');
  const NoteSigner old_log = Signer("heol.example/ledger", 'o');
  const auto note = SignCheckpoint(ThreeEntries(), log);
  ASSERT_TRUE(note.ok()) << note.status();
  const std::vector<VerifierKey> known = {old_log.verifier_key(), log.verifier_key()};
  const auto opened = OpenCheckpoint(*note, known);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->checkpoint, ThreeEntries());
  EXPECT_EQ(opened->log, 1u);
  EXPECT_EQ(*FormatNote(opened->note), *note);
  EXPECT_FALSE(OpenCheckpoint(*note, std::span(known).subspan(0, 1)).ok());
  EXPECT_FALSE(OpenCheckpoint(*note, {}).ok());
}

// Whoever trusts two ledgers must not take one's word for the other.
TEST(CheckpointTest, ALogSignsForItselfOnly) {
  const NoteSigner other = Signer("eusko.example/ledger", 'e');
  EXPECT_EQ(SignCheckpoint(ThreeEntries(), other).status().code(),
            absl::StatusCode::kInvalidArgument);
  const std::string note = *SignNote(*FormatCheckpoint(ThreeEntries()), other);
  const auto opened = OpenCheckpoint(note, std::vector{other.verifier_key()});
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("eusko.example/ledger"));
}

TEST(CheckpointTest, RefusesNotesThatAreNoCheckpoints) {
  const NoteSigner log = Signer("heol.example/ledger", 'l');
  const std::vector known = {log.verifier_key()};
  EXPECT_EQ(OpenCheckpoint(*SignNote("heol.example/ledger\n3\n", log), known).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(OpenCheckpoint("", known).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(SignCheckpoint({"heol.example/ledger", 0, LeafHash(""), {}}, log).ok());
  // A witness's key is no log's.
  const Cosigner witness = Witness("heol.example/ledger", 'l');
  EXPECT_EQ(
      OpenCheckpoint(*SignCheckpoint(ThreeEntries(), log), std::vector{witness.verifier_key()})
          .status()
          .code(),
      absl::StatusCode::kInvalidArgument);
}

// ---- cosignatures ----

class CosignatureTest : public ::testing::Test {
 protected:
  SignedNote Note(const std::vector<NoteSignature>& more) const {
    SignedNote note = *ParseNote(note_);
    note.signatures.insert(note.signatures.end(), more.begin(), more.end());
    return note;
  }
  absl::StatusOr<size_t> Count(const std::vector<NoteSignature>& more,
                               const std::vector<VerifierKey>& witnesses) const {
    const auto found = VerifyCosignatures(Note(more), witnesses);
    if (!found.ok()) return found.status();
    return found->size();
  }
  NoteSignature Of(const Cosigner& witness, int64_t time = 1'679'315'147) const {
    return *witness.Cosign(text_, time);
  }

  const NoteSigner log_ = Signer("heol.example/ledger", 'l');
  const Cosigner one_ = Witness("witness.example/one", '1');
  const Cosigner two_ = Witness("witness.example/two", '2');
  const std::string note_ = *SignCheckpoint(ThreeEntries(), log_);
  const std::string text_ = *FormatCheckpoint(ThreeEntries());
  const std::vector<VerifierKey> known_ = {one_.verifier_key(), two_.verifier_key()};
};

TEST_F(CosignatureTest, CoversTheTimeAndTheCheckpoint) {
  const NoteSignature signature = Of(one_);
  EXPECT_EQ(one_.verifier_key().type(), KeyType::kCosignature);
  EXPECT_EQ(signature.signature.size(), 72u);
  EXPECT_EQ(signature.signature.substr(0, 8), std::string("\0\0\0\0\x64\x18\x50\xcb", 8));
  EXPECT_TRUE(VerifySignature(one_.verifier_key().public_key(),
                              "cosignature/v1\ntime 1679315147\n" + text_,
                              signature.signature.substr(8)));
  EXPECT_EQ(CosignatureTime(one_.verifier_key(), text_, signature), 1'679'315'147);
  EXPECT_EQ(CosignatureTime(two_.verifier_key(), text_, signature), std::nullopt);
  EXPECT_EQ(CosignatureTime(one_.verifier_key(), text_ + "more\n", signature), std::nullopt);
  EXPECT_EQ(CosignatureTime(log_.verifier_key(), text_, log_.Sign(text_)), std::nullopt);
  for (size_t bit = 0; bit < 8 * signature.signature.size(); ++bit) {
    NoteSignature changed = signature;
    changed.signature[bit / 8] = static_cast<char>(changed.signature[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(CosignatureTime(one_.verifier_key(), text_, changed), std::nullopt) << bit;
  }
  NoteSignature shorter = signature;
  shorter.signature.pop_back();
  EXPECT_EQ(CosignatureTime(one_.verifier_key(), text_, shorter), std::nullopt);
}

TEST_F(CosignatureTest, CountsDistinctKnownWitnesses) {
  EXPECT_EQ(*Count({}, known_), 0u);
  EXPECT_EQ(*Count({Of(one_)}, known_), 1u);
  EXPECT_EQ(*Count({Of(one_), Of(one_, 5), Of(one_)}, known_), 1u);
  EXPECT_EQ(*Count({Of(one_), Of(two_)}, known_), 2u);
  EXPECT_EQ(*Count({Of(one_), Of(two_)}, {two_.verifier_key()}), 1u);
  EXPECT_EQ(*Count({Of(one_), Of(two_)}, {}), 0u);
  // The same key under another name is the same witness, also when it is listed twice.
  const Cosigner alias = Witness("witness.example/alias", '1');
  EXPECT_EQ(*Count({Of(one_), Of(alias)}, {one_.verifier_key(), alias.verifier_key()}), 1u);
  EXPECT_EQ(*Count({Of(one_)}, {one_.verifier_key(), one_.verifier_key()}), 1u);
}

TEST_F(CosignatureTest, TellsTheLatestTime) {
  const auto found = VerifyCosignatures(Note({Of(two_, 7), Of(one_, 9), Of(two_, 8)}), known_);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[0].witness, 0u);
  EXPECT_EQ((*found)[0].time_seconds, 9);
  EXPECT_EQ((*found)[1].witness, 1u);
  EXPECT_EQ((*found)[1].time_seconds, 8);
}

TEST_F(CosignatureTest, ABadOneOfAKnownWitnessIsAnError) {
  NoteSignature other_text = *one_.Cosign("o\n1\n" + EncodeBase64(LeafHash("").view()) + "\n", 1);
  EXPECT_EQ(Count({Of(two_), other_text}, known_).status().code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(*Count({Of(two_), other_text}, {two_.verifier_key()}), 1u);
  // A plain signature of the witness's key is no cosignature.
  NoteSignature plain = Signer("witness.example/one", '1').Sign(text_);
  EXPECT_EQ(*Count({plain}, known_), 0u) << "another id: unknown";
  plain.key_id = one_.verifier_key().id();
  EXPECT_EQ(Count({plain}, known_).status().code(), absl::StatusCode::kUnauthenticated);
  // A log's key is no witness's.
  EXPECT_EQ(Count({}, {log_.verifier_key()}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CosignatureTest, TimesAreFrom1970To2To63) {
  EXPECT_EQ(CosignatureTime(one_.verifier_key(), text_, Of(one_, INT64_MAX)), INT64_MAX);
  EXPECT_EQ(CosignatureTime(one_.verifier_key(), text_, Of(one_, 0)), 0);
  EXPECT_FALSE(one_.Cosign(text_, -1).ok());
  EXPECT_FALSE(one_.Cosign("not a checkpoint\n", 1).ok());
  // A time past 2^63 - 1, well signed.
  NoteSignature late = Of(one_);
  late.signature = std::string("\x80\0\0\0\0\0\0\0", 8) +
                   KeyOf('1').Sign("cosignature/v1\ntime 9223372036854775808\n" + text_);
  EXPECT_EQ(CosignatureTime(one_.verifier_key(), text_, late), std::nullopt);
}

TEST_F(CosignatureTest, WitnessesDoNotDisturbTheLog) {
  const std::string note = *AddNoteSignature(*AddNoteSignature(note_, Of(one_)), Of(two_));
  const auto opened = OpenCheckpoint(note, std::vector{log_.verifier_key()});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(VerifyCosignatures(opened->note, known_)->size(), 2u);
  // VerifyNote knows both types of key.
  EXPECT_THAT(*Verify(note, {one_.verifier_key(), log_.verifier_key(), two_.verifier_key()}),
              ElementsAre(0, 1, 2));
}

// ---- the shared vectors ----

TEST(NoteTest, AgreesWithOtherImplementationsOnNotes) {
  const auto path = testing::FindSharedFile("vectors/c2sp/notes.json");
  if (!path) GTEST_SKIP() << "the shared notes are not there";
  const auto vectors = nlohmann::json::parse(testing::ReadWholeFile(*path));
  size_t checked = 0;
  for (const auto& c : vectors.at("open")) {
    const std::string note = c.contains("note_hex")
                                 ? absl::HexStringToBytes(c.at("note_hex").get<std::string>())
                                 : c.at("note").get<std::string>();
    std::vector<VerifierKey> known;
    for (const auto& text : c.at("vkeys")) {
      known.push_back(*VerifierKey::Parse(text.get<std::string>()));
    }
    const auto signers = Verify(note, known);
    const std::string expected = c.at("expect").get<std::string>();
    if (expected != "reject_or_ok") {
      EXPECT_EQ(signers.ok(), expected == "ok") << c.at("desc") << signers.status();
    }
    if (signers.ok()) {
      EXPECT_EQ(*FormatNote(*ParseNote(note)), note);
      if (c.contains("verified")) {
        std::vector<std::string> names;
        for (const size_t signer : *signers) names.push_back(known[signer].name());
        EXPECT_EQ(names, c.at("verified").get<std::vector<std::string>>()) << c.at("desc");
      }
      if (c.contains("size")) {
        const auto checkpoint = ParseCheckpoint(ParseNote(note)->text);
        ASSERT_TRUE(checkpoint.ok()) << c.at("desc") << checkpoint.status();
        EXPECT_EQ(checkpoint->size, c.at("size").get<uint64_t>());
        EXPECT_EQ(*FormatCheckpoint(*checkpoint), ParseNote(note)->text);
      }
    }
    ++checked;
  }
  EXPECT_GE(checked, 31u);
  for (const auto& c : vectors.at("vkeys")) {
    const std::string text = c.at("vkey").get<std::string>();
    const auto key = VerifierKey::Parse(text);
    EXPECT_EQ(key.ok(), c.at("expect") == "ok") << text << key.status();
    if (key.ok()) {
      EXPECT_EQ(key->Format(), text);
    }
  }
  for (const auto& c : vectors.at("sign")) {
    // "PRIVATE+KEY+name+id+base64(type seed)"
    const std::string key = c.at("skey").get<std::string>().substr(12);
    const size_t name_end = key.find('+');
    const std::string seed = DecodeBase64(key.substr(key.find('+', name_end + 1) + 1))->substr(1);
    const auto signer = NoteSigner::Make(key.substr(0, name_end), *SecretKey::FromSeed(seed));
    EXPECT_EQ(*SignNote(c.at("text").get<std::string>(), *signer), c.at("signed"));
  }
}

TEST(CheckpointTest, AgreesWithOtherImplementationsOnBodies) {
  const auto path = testing::FindSharedFile("vectors/c2sp/checkpoint_bodies.json");
  if (!path) GTEST_SKIP() << "the shared checkpoints are not there";
  const auto vectors = nlohmann::json::parse(testing::ReadWholeFile(*path));
  EXPECT_GE(vectors.size(), 16u);
  for (const auto& c : vectors) {
    const std::string body = c.at("body").get<std::string>();
    // "ok_lenient": for a log of any hash function; here a root has 32 bytes.
    const auto checkpoint = ParseCheckpoint(body);
    EXPECT_EQ(checkpoint.ok(), c.at("expect") == "ok") << c.at("desc") << checkpoint.status();
    if (checkpoint.ok()) {
      EXPECT_EQ(*FormatCheckpoint(*checkpoint), body);
    }
  }
}

}  // namespace
}  // namespace kengred
