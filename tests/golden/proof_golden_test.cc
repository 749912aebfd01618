// Goal: trees, checkpoints, receipts and tiles on paper mean the same for ever. Method: the worked
// examples of docs/formats/ (which formats_doc_test.py computes apart from this code) are written
// and verified again.
#include <absl/strings/escaping.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "kengred/core/checkpoint.h"
#include "kengred/core/cosignature.h"
#include "kengred/core/merkle.h"
#include "kengred/core/receipt.h"
#include "kengred/core/signed_note.h"
#include "kengred/core/tiles.h"
#include "tests/support/shared_files.h"

namespace kengred {
namespace {

// The `name = value` lines and the blocks "```text name" of a page's worked example.
std::map<std::string, std::string> ReadExample(const std::string& page) {
  const std::string text = testing::ReadWholeFile(testing::SourceDir() / "docs/formats" / page);
  std::map<std::string, std::string> values;
  std::string block;
  for (size_t at = text.find("\n## Worked example\n"); at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("```text ")) {
      block = line.substr(8);
    } else if (line == "```") {
      block.clear();
    } else if (!block.empty()) {
      values[block] += line + "\n";
    } else if (const size_t equals = line.find(" = "); equals != std::string::npos) {
      values[line.substr(0, equals)] = line.substr(equals + 3);
    }
  }
  return values;
}

// RFC 8032 section 7.1, TEST 3 and TEST SHA(abc).
NoteSigner Log() {
  return *NoteSigner::Make(
      "heol.example/ledger",
      *SecretKey::FromSeed(absl::HexStringToBytes(
          "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")));
}
Cosigner Witness() {
  return *Cosigner::Make("witness.example/w1",
                         *SecretKey::FromSeed(absl::HexStringToBytes(
                             "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42")));
}

std::vector<std::string> Entries() {
  return {"entry 1", absl::HexStringToBytes(ReadExample("journal_entry.md")["entry"]), "entry 3"};
}

std::vector<Digest> Leaves() {
  std::vector<Digest> leaves;
  for (const std::string& entry : Entries()) leaves.push_back(LeafHash(entry));
  return leaves;
}

Digest Root() {
  TreeFrontier frontier;
  for (const Digest& leaf : Leaves()) frontier.Append(leaf);
  return frontier.Root();
}

std::string SignedCheckpointText() {
  return *SignCheckpoint({"heol.example/ledger", 3, Root(), {}}, Log());
}

TEST(GoldenProofTest, TheTreeAndTheCheckpointAreFrozen) {
  const std::vector<Digest> leaves = Leaves();
  const std::string text = *FormatCheckpoint({"heol.example/ledger", 3, Root(), {}});
  const NoteSignature cosignature = *Witness().Cosign(text, 1795510920);
  std::map<std::string, std::string> shown = ReadExample("checkpoint.md");
  EXPECT_EQ(shown["leaf_0"], leaves[0].ToHex());
  EXPECT_EQ(shown["leaf_1"], leaves[1].ToHex());
  EXPECT_EQ(shown["leaf_2"], leaves[2].ToHex());
  EXPECT_EQ(shown["node_of_0_and_1"], NodeHash(leaves[0], leaves[1]).ToHex());
  EXPECT_EQ(shown["root"], Root().ToHex());
  EXPECT_EQ(shown["log_key"], Log().verifier_key().Format());
  EXPECT_EQ(shown["witness_key"], Witness().verifier_key().Format());
  EXPECT_EQ(shown["checkpoint"], SignedCheckpointText());
  EXPECT_EQ(shown["cosigned_checkpoint"], *AddNoteSignature(SignedCheckpointText(), cosignature));
  EXPECT_TRUE(VerifyConsistency(1, leaves[0], 3, Root(), std::vector{leaves[1], leaves[2]}).ok());
}

TEST(GoldenProofTest, TheFrozenCheckpointStillVerifies) {
  std::map<std::string, std::string> shown = ReadExample("checkpoint.md");
  const auto opened = OpenCheckpoint(shown["cosigned_checkpoint"],
                                     std::vector{*VerifierKey::Parse(shown["log_key"])});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->checkpoint.root.ToHex(), shown["root"]);
  const auto cosignatures =
      VerifyCosignatures(opened->note, std::vector{*VerifierKey::Parse(shown["witness_key"])});
  ASSERT_TRUE(cosignatures.ok()) << cosignatures.status();
  ASSERT_EQ(cosignatures->size(), 1u);
  EXPECT_EQ((*cosignatures)[0].time_seconds, 1795510920);
}

TEST(GoldenProofTest, TheReceiptIsFrozenAndStillVerifies) {
  const std::vector<Digest> leaves = Leaves();
  const std::string shown = ReadExample("receipt.md")["receipt"];
  EXPECT_EQ(shown,
            *FormatReceipt({Entries()[1], "", 1, {leaves[0], leaves[2]}, SignedCheckpointText()}));
  const auto receipt = ParseReceipt(shown);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  const auto verified = VerifyReceipt(*receipt, std::vector{Log().verifier_key()}, {}, 0);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->entry.sequence(), 2u);
  ASSERT_TRUE(verified->transaction.has_value());
  EXPECT_EQ(verified->transaction->id().ToHex(), ReadExample("transaction.md")["transaction_id"]);
}

TEST(GoldenProofTest, TilesAreFrozen) {
  std::map<std::string, std::string> shown = ReadExample("tiles.md");
  EXPECT_EQ(shown["tile_path"], *FormatTilePath({0, 0, TileWidth(0, 0, 3)}));
  EXPECT_EQ(shown["tile"], absl::BytesToHexString(*EncodeTile(Leaves())));
  EXPECT_EQ(shown["bundle_path"], *FormatTilePath(*EntryBundleOf(2, 3)));
  EXPECT_EQ(shown["bundle"], absl::BytesToHexString(*EncodeEntryBundle(Entries())));
  EXPECT_EQ(shown["last_full_of_70000"], *FormatTilePath({0, 272, TileWidth(0, 272, 70000)}));
  EXPECT_EQ(shown["last_of_70000"], *FormatTilePath({0, 273, TileWidth(0, 273, 70000)}));
  EXPECT_EQ(shown["last_at_level_1_of_70000"], *FormatTilePath({1, 1, TileWidth(1, 1, 70000)}));
  EXPECT_EQ(shown["last_at_level_2_of_70000"], *FormatTilePath({2, 0, TileWidth(2, 0, 70000)}));
  EXPECT_EQ(shown["last_bundle_of_70000"], *FormatTilePath(*EntryBundleOf(69999, 70000)));
  EXPECT_EQ(shown["tile_1234067"], *FormatTilePath({0, 1234067, 256}));
}

}  // namespace
}  // namespace kengred
