// Goal: a receipt proves that an entry is in a journal, without network, and nothing that was
// changed or made up passes for one. Method: a small journal with receipts of all its entries;
// every bit of one receipt's text and parts changed; entries that an unfaithful log might sign.
#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <functional>

#include "kengred/core/base64.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"
#include "kengred/core/receipt.h"
#include "tests/support/community.h"

namespace kengred {
namespace {

using testing::Community;
using ::testing::HasSubstr;
using testing::kNowSeconds;

constexpr char kOrigin[] = "heol.example/ledger";

class ReceiptTest : public ::testing::Test {
 protected:
  // protobuf says on stderr what it thinks of malformed bytes.
  void SetUp() override {
    logged_by_ = google::protobuf::SetLogHandler(nullptr);
    v1::JournalEntry charter = Entry(1);
    charter.set_charter(community_.charter_bytes());
    entries_.push_back(charter.SerializeAsString());
    for (Sequence sequence = 2; sequence <= 7; ++sequence) {
      entries_.push_back(Payment(sequence).SerializeAsString());
    }
  }
  void TearDown() override { google::protobuf::SetLogHandler(logged_by_); }

  static v1::JournalEntry Entry(Sequence sequence) {
    v1::JournalEntry entry;
    entry.set_sequence(sequence);
    entry.mutable_time()->set_seconds(kNowSeconds + 60);
    entry.set_civil_day(testing::kToday);
    return entry;
  }
  v1::JournalEntry Payment(Sequence sequence) const {
    v1::JournalEntry entry = Entry(sequence);
    *entry.mutable_signed_transaction() = community_.Transaction(
        kNowSeconds, {community_.Transfer("alice", "bruno", 100)}, {"alice"});
    return entry;
  }

  // A receipt of entry `index` in the tree of these entries, signed by the log.
  Receipt Of(uint64_t index, const std::vector<std::string>& entries) const {
    std::vector<Digest> leaves;
    TreeFrontier frontier;
    for (const std::string& entry : entries) {
      leaves.push_back(LeafHash(entry));
      frontier.Append(leaves.back());
    }
    struct Leaves : HashReader {
      std::vector<Digest> hashes;
      absl::StatusOr<std::vector<Digest>> Read(uint32_t, uint64_t, size_t count) override {
        return std::vector<Digest>(hashes.begin(), hashes.begin() + static_cast<ptrdiff_t>(count));
      }
    } reader;
    reader.hashes = leaves;
    return {entries[index], "", index, *InclusionProof(index, entries.size(), reader),
            *SignCheckpoint({kOrigin, entries.size(), frontier.Root(), {}}, log_)};
  }
  Receipt Of(uint64_t index) const { return Of(index, entries_); }
  // The same journal with another entry in the place of `index`: what an unfaithful log can sign.
  Receipt WithEntry(uint64_t index, const std::string& entry) const {
    std::vector<std::string> entries = entries_;
    entries[index] = entry;
    return Of(index, entries);
  }
  Receipt WithEntry(uint64_t index, const v1::JournalEntry& entry) const {
    return WithEntry(index, entry.SerializeAsString());
  }

  absl::StatusOr<VerifiedReceipt> Verify(const Receipt& receipt) const {
    return VerifyReceipt(receipt, std::vector{log_.verifier_key()}, {}, 0);
  }
  void ExpectRefused(const Receipt& receipt, const std::string& words,
                     absl::StatusCode code = absl::StatusCode::kInvalidArgument) const {
    const auto result = Verify(receipt);
    EXPECT_EQ(result.status().code(), code) << result.status();
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(words));
  }

  Community community_;
  const NoteSigner log_ =
      *NoteSigner::Make(kOrigin, *SecretKey::FromSeed(std::string(kSeedBytes, 'l')));
  std::vector<std::string> entries_;

 private:
  google::protobuf::LogHandler* logged_by_ = nullptr;
};

TEST_F(ReceiptTest, EveryEntryHasOne) {
  for (uint64_t index = 0; index < entries_.size(); ++index) {
    const Receipt receipt = Of(index);
    const auto text = FormatReceipt(receipt);
    ASSERT_TRUE(text.ok()) << text.status();
    const auto parsed = ParseReceipt(*text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, receipt);
    const auto verified = Verify(*parsed);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->checkpoint.size, entries_.size());
    EXPECT_EQ(verified->entry.SerializeAsString(), entries_[index]);
    EXPECT_EQ(verified->ledger_id, community_.ledger_id());
    ASSERT_EQ(verified->transaction.has_value(), index > 0);
    if (index > 0) {
      EXPECT_EQ(verified->transaction->id(), testing::IdOf(verified->entry.signed_transaction()));
      EXPECT_EQ(verified->transaction->signers(),
                std::vector{community_.key("alice").public_key()});
    }
  }
}

TEST_F(ReceiptTest, IsText) {
  const Receipt receipt = Of(2);
  v1::ReceiptContent content;
  content.set_journal_entry(receipt.entry_bytes);
  std::string text =
      "c2sp.org/tlog-proof@v1\nextra " + EncodeBase64(content.SerializeAsString()) + "\nindex 2\n";
  for (const Digest& hash : receipt.proof) text += EncodeBase64(hash.view()) + "\n";
  EXPECT_EQ(*FormatReceipt(receipt), text + "\n" + receipt.checkpoint);
  // A journal of one entry: no hashes.
  EXPECT_THAT(*FormatReceipt(Of(0, {entries_[0]})),
              HasSubstr("\nindex 0\n\n" + std::string(kOrigin)));
}

// Long after the transaction's window, and with as many witnesses as are asked for.
TEST_F(ReceiptTest, WitnessesAreCounted) {
  const auto witness = [](char seed) {
    return *Cosigner::Make(std::string("witness.example/") + seed,
                           *SecretKey::FromSeed(std::string(kSeedBytes, seed)));
  };
  const Cosigner one = witness('1');
  const Cosigner two = witness('2');
  Receipt receipt = Of(3);
  const std::vector logs = {log_.verifier_key()};
  const std::vector known = {one.verifier_key(), two.verifier_key()};
  const auto none = VerifyReceipt(receipt, logs, known, 1);
  EXPECT_EQ(none.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("1 are needed"));
  const std::string text = ParseNote(receipt.checkpoint)->text;
  receipt.checkpoint = *AddNoteSignature(receipt.checkpoint, *one.Cosign(text, 7));
  receipt = *ParseReceipt(*FormatReceipt(receipt));
  const auto verified = VerifyReceipt(receipt, logs, known, 1);
  ASSERT_TRUE(verified.ok()) << verified.status();
  ASSERT_EQ(verified->cosignatures.size(), 1u);
  EXPECT_EQ(verified->cosignatures[0].time_seconds, 7);
  EXPECT_FALSE(VerifyReceipt(receipt, logs, known, 2).ok());
  EXPECT_FALSE(VerifyReceipt(receipt, logs, {}, 1).ok());
  receipt.checkpoint = *AddNoteSignature(
      receipt.checkpoint, *two.Cosign("o\n1\n" + EncodeBase64(LeafHash("").view()) + "\n", 7));
  EXPECT_THAT(std::string(VerifyReceipt(receipt, logs, known, 1).status().message()),
              HasSubstr("witness.example/2"));
}

TEST_F(ReceiptTest, NoBitOfTheTextMayChange) {
  const std::string text = *FormatReceipt(Of(2));
  ASSERT_TRUE(Verify(*ParseReceipt(text)).ok());
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const auto parsed = ParseReceipt(changed);
    if (!parsed.ok()) continue;
    EXPECT_EQ(*FormatReceipt(*parsed), changed);
    EXPECT_FALSE(Verify(*parsed).ok()) << bit;
  }
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(ParseReceipt(text.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(ParseReceipt(text + "\n").ok());
  EXPECT_FALSE(ParseReceipt("\n" + text).ok());
}

TEST_F(ReceiptTest, ItsContentHasOneForm) {
  Receipt receipt = Of(2);
  receipt.charter_bytes = community_.charter_bytes();
  const std::string text = *FormatReceipt(receipt);
  EXPECT_EQ(*ParseReceipt(text), receipt);
  const auto verified = Verify(receipt);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->charter->name(), community_.charter().name());
  v1::ReceiptContent content;
  content.set_journal_entry(receipt.entry_bytes);
  content.set_charter(receipt.charter_bytes);
  const std::string bytes = content.SerializeAsString();
  const size_t start = text.find("extra ") + 6;
  const size_t end = text.find('\n', start);
  // An unknown field; the fields the other way round.
  v1::ReceiptContent charter_only;
  charter_only.set_charter(receipt.charter_bytes);
  v1::ReceiptContent entry_only;
  entry_only.set_journal_entry(receipt.entry_bytes);
  for (const std::string& other :
       {bytes + std::string("\x18\x01", 2),
        charter_only.SerializeAsString() + entry_only.SerializeAsString()}) {
    std::string changed = text;
    changed.replace(start, end - start, EncodeBase64(other));
    EXPECT_FALSE(ParseReceipt(changed).ok());
  }
  // Another ledger's charter.
  receipt.charter_bytes = testing::Community(7).charter_bytes();
  EXPECT_FALSE(Verify(receipt).ok());
}

TEST_F(ReceiptTest, NoBitOfItsPartsMayChange) {
  Receipt receipt = Of(2);
  receipt.charter_bytes = community_.charter_bytes();
  const auto flip = [](std::string* bytes, size_t bit) {
    (*bytes)[bit / 8] = static_cast<char>((*bytes)[bit / 8] ^ (1 << bit % 8));
  };
  for (size_t bit = 0; bit < 8 * receipt.entry_bytes.size(); ++bit) {
    Receipt changed = receipt;
    flip(&changed.entry_bytes, bit);
    EXPECT_FALSE(Verify(changed).ok()) << "entry " << bit;
  }
  for (size_t bit = 0; bit < 8 * receipt.charter_bytes.size(); ++bit) {
    Receipt changed = receipt;
    flip(&changed.charter_bytes, bit);
    EXPECT_FALSE(Verify(changed).ok()) << "charter " << bit;
  }
  for (size_t i = 0; i < receipt.proof.size(); ++i) {
    for (size_t bit = 0; bit < 256; ++bit) {
      Receipt changed = receipt;
      uint8_t& byte = changed.proof[i].data()[bit / 8];
      byte = static_cast<uint8_t>(byte ^ (1U << bit % 8));
      EXPECT_FALSE(Verify(changed).ok()) << "proof " << i << " " << bit;
    }
  }
  for (size_t bit = 0; bit < 64; ++bit) {
    Receipt changed = receipt;
    changed.index ^= uint64_t{1} << bit;
    EXPECT_FALSE(Verify(changed).ok()) << "index " << bit;
  }
  // The bytes of root and signature below their base64.
  const SignedNote note = *ParseNote(receipt.checkpoint);
  const Checkpoint checkpoint = *ParseCheckpoint(note.text);
  for (size_t bit = 0; bit < 256; ++bit) {
    Checkpoint other = checkpoint;
    uint8_t& byte = other.root.data()[bit / 8];
    byte = static_cast<uint8_t>(byte ^ (1U << bit % 8));
    Receipt changed = receipt;
    changed.checkpoint = *FormatNote({*FormatCheckpoint(other), note.signatures});
    EXPECT_FALSE(Verify(changed).ok()) << "root " << bit;
    // Also where the log signs it.
    changed.checkpoint = *SignCheckpoint(other, log_);
    ExpectRefused(changed, "does not lead to the root");
  }
  for (size_t bit = 0; bit < 512; ++bit) {
    SignedNote other = note;
    flip(&other.signatures[0].signature, bit);
    Receipt changed = receipt;
    changed.checkpoint = *FormatNote(other);
    ExpectRefused(changed, "signature of heol.example/ledger is not valid",
                  absl::StatusCode::kUnauthenticated);
  }
  for (const uint64_t size : {1u, 2u, 3u, 6u, 8u}) {
    Checkpoint other = checkpoint;
    other.size = size;
    Receipt changed = receipt;
    changed.checkpoint = *FormatNote({*FormatCheckpoint(other), note.signatures});
    EXPECT_FALSE(Verify(changed).ok()) << "size " << size;
  }
}

TEST_F(ReceiptTest, RefusesOtherForms) {
  const std::string text = *FormatReceipt(Of(2));
  const size_t extra = text.find("extra ");
  const size_t index = text.find("index ");
  const size_t proof = index + 8;
  const size_t blank = text.find("\n\n") + 1;
  const std::string hash = text.substr(proof, 45);
  std::string many;
  for (size_t i = 0; i <= kProofHashesMax; ++i) many += hash;
  const auto replaced = [&](size_t from, size_t to, const std::string& by) {
    return text.substr(0, from) + by + text.substr(to);
  };
  const std::pair<std::string, const char*> cases[] = {
      {"", "not a receipt"},
      {replaced(0, extra, "c2sp.org/tlog-proof@v2\n"), "not a receipt"},
      {replaced(0, extra, "c2sp.org/tlog-proof@v1\r\n"), "not a receipt"},
      {replaced(extra, index, ""), "does not hold its entry"},
      {replaced(extra, index, "extra\n"), "does not hold its entry"},
      {replaced(extra, index, "extra \n"), "empty"},
      {replaced(extra, index, "extra AA\n"), "entry is not base64"},
      {replaced(extra, index, "extra  AAAA\n"), "entry is not base64"},
      {replaced(extra, index, "extra AAAA\n"), "content cannot be read"},
      {replaced(extra, index, "extra CgFl\nextra CgFl\n"), "third line"},
      {replaced(index, proof, ""), "third line"},
      {replaced(index, proof, "index\n"), "third line"},
      {replaced(index, proof, "index 02\n"), "not a number"},
      {replaced(index, proof, "index -2\n"), "not a number"},
      {replaced(index, proof, "index 18446744073709551616\n"), "not a number"},
      {replaced(index, proof, "index 18446744073709551615\n"), "index is too large"},
      {replaced(index, proof, "index 1099511627776\n"), "index is too large"},
      {replaced(proof, proof + 45, "AAAA\n"), "not 32 bytes"},
      {replaced(proof, proof + 45, " " + hash), "not 32 bytes"},
      {replaced(proof, proof, many), "too many hashes"},
      {replaced(blank, blank + 1, ""), "not 32 bytes"},
      {text.substr(0, blank), "ends before"},
      {text.substr(0, blank + 1), "checkpoint: "},
      {text.substr(0, blank + 1) + "not a note\n", "checkpoint: "},
      {text + std::string(kReceiptBytesMax, '\n'), "longer than"},
  };
  for (const auto& [changed, words] : cases) {
    const auto parsed = ParseReceipt(changed);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << changed.substr(0, 80);
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(words));
  }
}

TEST_F(ReceiptTest, TheLargestEntryFits) {
  Receipt receipt = Of(2);
  receipt.entry_bytes = std::string(kEntryBytesMax, 'e');
  receipt.charter_bytes = std::string(kReceiptCharterBytesMax, 'c');
  receipt.proof.resize(kProofHashesMax);
  const auto text = FormatReceipt(receipt);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*ParseReceipt(*text), receipt);
  receipt.entry_bytes += 'e';
  EXPECT_FALSE(FormatReceipt(receipt).ok());
  receipt.entry_bytes = "e";
  receipt.proof.emplace_back();
  EXPECT_FALSE(FormatReceipt(receipt).ok());
  receipt.proof.clear();
  receipt.index = kTreeLeavesMax;
  EXPECT_FALSE(FormatReceipt(receipt).ok());
  receipt.index = 0;
  receipt.checkpoint = "x";
  EXPECT_FALSE(FormatReceipt(receipt).ok());
  receipt.checkpoint = *SignNote("not a checkpoint\n", log_);
  EXPECT_FALSE(FormatReceipt(receipt).ok());
}

TEST_F(ReceiptTest, AnotherLogsKeyProvesNothing) {
  const auto other = *NoteSigner::Make(kOrigin, *SecretKey::FromSeed(std::string(32, 'x')));
  EXPECT_EQ(VerifyReceipt(Of(2), std::vector{other.verifier_key()}, {}, 0).status().code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(VerifyReceipt(Of(2), {}, {}, 0).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(ReceiptTest, ProofsOfOtherEntriesDoNotPass) {
  for (uint64_t index = 0; index < entries_.size(); ++index) {
    for (uint64_t other = 0; other < entries_.size(); ++other) {
      if (other == index) continue;
      Receipt receipt = Of(index);
      receipt.entry_bytes = entries_[other];
      ExpectRefused(receipt, "does not lead to the root");
      receipt = Of(index);
      receipt.index = other;
      EXPECT_FALSE(Verify(receipt).ok());
    }
  }
}

// ---- what a log may sign that is not right in itself ----

TEST_F(ReceiptTest, AnEntryStandsAtItsSequence) {
  ExpectRefused(WithEntry(2, Payment(4)), "calls itself number 4, but is number 3");
  ExpectRefused(WithEntry(2, Payment(2)), "calls itself number 2, but is number 3");
  ExpectRefused(WithEntry(2, Payment(0)), "calls itself number 0, but is number 3");
}

TEST_F(ReceiptTest, TheCharterIsEntryOneAndNoOther) {
  v1::JournalEntry charter = Entry(3);
  charter.set_charter(community_.charter_bytes());
  ExpectRefused(WithEntry(2, charter), "does not hold a transaction");
  ExpectRefused(WithEntry(0, Payment(1)), "entry 1 does not hold a charter");
  charter.set_sequence(1);
  charter.set_charter("\xff");
  ExpectRefused(WithEntry(0, charter), "the charter cannot be read");
  ExpectRefused(WithEntry(0, Entry(1)), "entry 1 does not hold a charter");
}

TEST_F(ReceiptTest, RefusesEntriesThatAreNone) {
  ExpectRefused(WithEntry(2, std::string("\xff")), "not a journal entry");
  ExpectRefused(WithEntry(2, Entry(3)), "does not hold a transaction");
  // Field 99, a varint.
  ExpectRefused(WithEntry(2, entries_[2] + "\x98\x06\x01"), "newer version");
  v1::JournalEntry entry = Payment(3);
  entry.mutable_signed_transaction()->set_transaction("\xff");
  ExpectRefused(WithEntry(2, entry), "transaction in the entry cannot be read");
  entry.mutable_signed_transaction()->set_transaction("");
  ExpectRefused(WithEntry(2, entry), "names no ledger");
}

TEST_F(ReceiptTest, EverySignatureOfTheTransactionIsChecked) {
  v1::JournalEntry entry = Payment(3);
  v1::Signature* signature = entry.mutable_signed_transaction()->mutable_signatures(0);
  for (size_t bit = 0; bit < 512; ++bit) {
    std::string& bytes = *signature->mutable_signature();
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    ExpectRefused(WithEntry(2, entry),
                  "transaction in the entry: ", absl::StatusCode::kUnauthenticated);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  }
  ASSERT_TRUE(Verify(WithEntry(2, entry)).ok());
  entry.mutable_signed_transaction()->clear_signatures();
  ExpectRefused(WithEntry(2, entry), "transaction in the entry: ");
  // Another transaction under the same signatures.
  entry = Payment(3);
  entry.mutable_signed_transaction()->set_transaction(
      Payment(3).signed_transaction().transaction());
  ExpectRefused(WithEntry(2, entry),
                "transaction in the entry: ", absl::StatusCode::kUnauthenticated);
}

}  // namespace
}  // namespace kengred
