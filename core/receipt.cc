#include "kengred/core/receipt.h"

#include <utility>
#include <variant>

#include "kengred/core/base64.h"
#include "kengred/core/charter.h"
#include "kengred/core/decimal.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"
#include "kengred/core/side_record.h"
#include "kengred/core/verdict.h"

namespace kengred {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1\n";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

absl::Status Invalid(const std::string& why) { return absl::InvalidArgumentError(why); }

// The text up to the next newline, taken off with it; false where no line ends.
bool TakeLine(std::string_view* text, std::string_view* line) {
  const size_t end = text->find('\n');
  if (end == std::string_view::npos) return false;
  *line = text->substr(0, end);
  text->remove_prefix(end + 1);
  return true;
}

// What must hold of a receipt's parts by themselves.
absl::Status CheckParts(const Receipt& receipt) {
  if (receipt.entry_bytes.empty() || receipt.entry_bytes.size() > kEntryBytesMax) {
    return Invalid("the entry in the receipt is empty or too large");
  }
  if (receipt.charter_bytes.size() > kReceiptCharterBytesMax) {
    return Invalid("the charter in the receipt is too large");
  }
  if (receipt.index >= kTreeLeavesMax) return Invalid("the receipt's index is too large");
  if (receipt.proof.size() > kProofHashesMax) {
    return Invalid("the receipt's proof has too many hashes");
  }
  const auto note = ParseNote(receipt.checkpoint);
  if (!note.ok()) return Invalid("checkpoint: " + std::string(note.status().message()));
  return ParseCheckpoint(note->text).status();
}

std::string ContentOf(const Receipt& receipt) {
  v1::ReceiptContent content;
  content.set_journal_entry(receipt.entry_bytes);
  content.set_charter(receipt.charter_bytes);
  return content.SerializeAsString();
}

// The charter that came with the entry, where it is its ledger's.
absl::Status OpenCharter(const Receipt& receipt, VerifiedReceipt* result) {
  if (receipt.charter_bytes.empty()) return absl::OkStatus();
  if (LedgerIdOf(receipt.charter_bytes) != result->ledger_id ||
      !result->charter.emplace().ParseFromString(receipt.charter_bytes)) {
    return Invalid("the charter in the receipt is not that of the entry's ledger");
  }
  return absl::OkStatus();
}

// Checks what the entry says of itself, and adds it to the result.
absl::Status OpenEntry(const Receipt& receipt, VerifiedReceipt* result) {
  v1::JournalEntry& entry = result->entry;
  if (!entry.ParseFromString(receipt.entry_bytes)) {
    return Invalid("the bytes in the receipt are not a journal entry");
  }
  if (HasUnknownFields(entry)) {
    return Invalid("the entry was made by a newer version, which this one cannot read");
  }
  const Sequence sequence = receipt.index + 1;
  if (entry.sequence() != sequence) {
    return Invalid("the entry calls itself number " + std::to_string(entry.sequence()) +
                   ", but is number " + std::to_string(sequence));
  }
  if (sequence == 1) {
    if (!entry.has_charter()) return Invalid("entry 1 does not hold a charter");
    result->ledger_id = LedgerIdOf(entry.charter());
    if (!result->charter.emplace().ParseFromString(entry.charter())) {
      return Invalid("the charter cannot be read");
    }
    return absl::OkStatus();
  }
  if (!entry.has_signed_transaction()) return Invalid("the entry does not hold a transaction");
  v1::Transaction transaction;
  if (!transaction.ParseFromString(entry.signed_transaction().transaction())) {
    return Invalid("the transaction in the entry cannot be read");
  }
  const auto ledger_id = LedgerId::FromBytes(transaction.ledger_id());
  if (!ledger_id) return Invalid("the transaction in the entry names no ledger");
  result->ledger_id = *ledger_id;
  auto parsed = Parse(entry.signed_transaction(), *ledger_id);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    return Invalid("the transaction in the entry: " + VerdictSentence(*refusal));
  }
  auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
  if (const auto* refusal = std::get_if<Refusal>(&verified)) {
    return absl::UnauthenticatedError("the transaction in the entry: " + VerdictSentence(*refusal));
  }
  result->transaction = std::get<VerifiedTransaction>(std::move(verified));
  return absl::OkStatus();
}

// What the receipt holds, under the checkpoint of the result, which it adds to.
absl::Status OpenContent(const Receipt& receipt, VerifiedReceipt* result) {
  const Checkpoint& checkpoint = result->checkpoint;
  absl::Status status = VerifyInclusion(LeafHash(receipt.entry_bytes), receipt.index,
                                        checkpoint.size, receipt.proof, checkpoint.root);
  if (status.ok()) status = OpenEntry(receipt, result);
  if (status.ok()) status = OpenCharter(receipt, result);
  return status;
}

}  // namespace

absl::StatusOr<std::string> FormatReceipt(const Receipt& receipt) {
  if (absl::Status status = CheckParts(receipt); !status.ok()) return status;
  std::string text(kFirstLine);
  text.append(kExtra).append(EncodeBase64(ContentOf(receipt))).append("\n");
  text.append(kIndex).append(std::to_string(receipt.index)).append("\n");
  for (const Digest& hash : receipt.proof) text.append(EncodeBase64(hash.view())).append("\n");
  return text.append("\n").append(receipt.checkpoint);
}

absl::StatusOr<Receipt> ParseReceipt(std::string_view text) {
  if (text.size() > kReceiptBytesMax) {
    return Invalid("the receipt is longer than " + std::to_string(kReceiptBytesMax) + " bytes");
  }
  if (!text.starts_with(kFirstLine)) {
    return Invalid("this is not a receipt: its first line is not c2sp.org/tlog-proof@v1");
  }
  text.remove_prefix(kFirstLine.size());
  Receipt receipt;
  std::string_view line;
  if (!TakeLine(&text, &line) || !line.starts_with(kExtra)) {
    return Invalid("the receipt does not hold its entry: its second line is not \"extra\"");
  }
  const auto bytes = DecodeBase64(line.substr(kExtra.size()));
  if (!bytes) return Invalid("the receipt's entry is not base64");
  v1::ReceiptContent content;
  if (!content.ParseFromString(*bytes)) return Invalid("the receipt's content cannot be read");
  receipt.entry_bytes = content.journal_entry();
  receipt.charter_bytes = content.charter();
  if (ContentOf(receipt) != *bytes) {
    return Invalid("the receipt's content is not in its one form, or of a newer version");
  }
  if (!TakeLine(&text, &line) || !line.starts_with(kIndex)) {
    return Invalid("the receipt's third line is not \"index\"");
  }
  const auto index = ParseDecimal(line.substr(kIndex.size()));
  if (!index) return Invalid("the receipt's index is not a number");
  receipt.index = *index;
  for (;;) {
    if (!TakeLine(&text, &line)) return Invalid("the receipt ends before its checkpoint");
    if (line.empty()) break;
    const auto decoded = DecodeBase64(line);
    const auto hash = Digest::FromBytes(decoded ? *decoded : std::string());
    if (!hash) return Invalid("a hash of the receipt's proof is not 32 bytes in base64");
    if (receipt.proof.size() == kProofHashesMax) {
      return Invalid("the receipt's proof has too many hashes");
    }
    receipt.proof.push_back(*hash);
  }
  receipt.checkpoint = std::string(text);
  if (absl::Status status = CheckParts(receipt); !status.ok()) return status;
  return receipt;
}

absl::StatusOr<VerifiedReceipt> VerifyReceipt(const Receipt& receipt,
                                              std::span<const VerifierKey> log_keys,
                                              std::span<const VerifierKey> witness_keys,
                                              size_t witnesses_needed) {
  if (absl::Status status = CheckParts(receipt); !status.ok()) return status;
  auto opened = OpenCheckpoint(receipt.checkpoint, log_keys);
  if (!opened.ok()) return opened.status();
  auto cosignatures = VerifyCosignatures(opened->note, witness_keys);
  if (!cosignatures.ok()) return cosignatures.status();
  if (cosignatures->size() < witnesses_needed) {
    return absl::UnauthenticatedError(std::to_string(cosignatures->size()) +
                                      " of the known witnesses cosigned the checkpoint; " +
                                      std::to_string(witnesses_needed) + " are needed");
  }
  VerifiedReceipt result;
  result.checkpoint = std::move(opened->checkpoint);
  result.log = opened->log;
  result.cosignatures = *std::move(cosignatures);
  if (absl::Status status = OpenContent(receipt, &result); !status.ok()) return status;
  return result;
}

absl::StatusOr<VerifiedReceipt> InspectReceipt(const Receipt& receipt) {
  if (absl::Status status = CheckParts(receipt); !status.ok()) return status;
  VerifiedReceipt result;
  // CheckParts has read both.
  result.checkpoint = *ParseCheckpoint(ParseNote(receipt.checkpoint)->text);
  if (absl::Status status = OpenContent(receipt, &result); !status.ok()) return status;
  return result;
}

}  // namespace kengred
