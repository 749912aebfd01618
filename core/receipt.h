// Receipts: files that prove, offline, that an entry is in a journal. C2SP tlog-proof texts whose
// extra data is the entry,
// with its ledger's charter:
//
//   "c2sp.org/tlog-proof@v1" LF
//   "extra" SP base64( content ) LF            ; a ReceiptContent: the entry's bytes, the charter's
//   "index" SP decimal LF                      ; of the leaf, from 0: the sequence number less 1
//   *( base64( hash ) LF )                     ; the inclusion proof, from the leaf's sibling up
//   LF
//   checkpoint                                 ; the signed note, verbatim (checkpoint.h)
//
// At most kReceiptBytesMax bytes. Any thread. Errors: InvalidArgument for what is malformed or does
// not hold, Unauthenticated for signatures that prove nothing; the message says which, in words.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/checkpoint.h"
#include "kengred/core/cosignature.h"
#include "kengred/core/ids.h"
#include "kengred/core/signed_note.h"
#include "kengred/core/verification.h"
#include "kengred/v1/charter.pb.h"
#include "kengred/v1/journal.pb.h"

namespace kengred {

struct Receipt {
  std::string entry_bytes;    // 1 to kEntryBytesMax bytes
  std::string charter_bytes;  // at most kReceiptCharterBytesMax; empty: left out
  uint64_t index = 0;
  std::vector<Digest> proof;
  std::string checkpoint;  // the signed note, verbatim

  friend bool operator==(const Receipt&, const Receipt&) = default;
};

absl::StatusOr<std::string> FormatReceipt(const Receipt& receipt);
// Reads a receipt, strictly: FormatReceipt of what is read is the text again. Nothing is verified.
absl::StatusOr<Receipt> ParseReceipt(std::string_view text);

// What a receipt proves.
struct VerifiedReceipt {
  Checkpoint checkpoint;
  size_t log = 0;                         // the place of the log's key among those given
  std::vector<Cosignature> cosignatures;  // of the known witnesses
  v1::JournalEntry entry;
  // The ledger of the entry: compare it with the one you mean. For entry 1 it follows from the
  // charter, else the signers of the transaction named it.
  LedgerId ledger_id;
  // The charter of that ledger, where the receipt has it or the entry is it.
  std::optional<v1::Charter> charter;
  // With its id and signers; none for entry 1, the charter.
  std::optional<VerifiedTransaction> transaction;
};

// Verifies that
//   - one of `log_keys` signed the checkpoint for the log it names (see OpenCheckpoint);
//   - at least `witnesses_needed` of the `witness_keys` cosigned it (see VerifyCosignatures);
//   - the entry is the leaf `index` of the checkpoint's tree;
//   - the entry's sequence number is index + 1, and entry 1, no other, is a charter;
//   - a charter in the receipt is that of the entry's ledger;
//   - the transaction in it has the right shape and every signature of it is valid.
// Whether the rules allowed the transaction is for an auditor, who has the whole journal; its
// validity window is not compared with today.
absl::StatusOr<VerifiedReceipt> VerifyReceipt(const Receipt& receipt,
                                              std::span<const VerifierKey> log_keys,
                                              std::span<const VerifierKey> witness_keys,
                                              size_t witnesses_needed);

// What a receipt claims: all of the above but the signatures on the checkpoint, for which nobody
// vouches here. `log` and `cosignatures` say nothing.
absl::StatusOr<VerifiedReceipt> InspectReceipt(const Receipt& receipt);

}  // namespace kengred
