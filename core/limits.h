// Every limit of the ledger in one place; the unit is last in each name. Limits that travel (a
// client must know them to build a valid request) are also written in the protos' comments.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kengred {

// ---- a transaction ----
inline constexpr size_t kTransactionBytesMax = 128 * 1024;
inline constexpr size_t kOperationsMax = 1000;
inline constexpr size_t kSignaturesMax = 16;
inline constexpr int64_t kValiditySecondsMax = 90 * 24 * 3600;
inline constexpr int64_t kClockSkewSecondsMax = 5 * 60;
inline constexpr size_t kNonceBytes = 16;
inline constexpr size_t kAwardsMax = 1000;

// ---- an account ----
inline constexpr size_t kAuthorityKeysMax = 16;
inline constexpr int32_t kDaysAheadMax = 3660;

// ---- texts ----
inline constexpr size_t kReferenceBytesMax = 64;
inline constexpr size_t kAwardReferenceBytesMin = 16;
inline constexpr size_t kAwardReferenceBytesMax = 32;
inline constexpr size_t kSaltBytesMin = 16;
inline constexpr size_t kSaltBytesMax = 32;
inline constexpr size_t kSideContentBytesMax = 4096;
inline constexpr size_t kSideRecordsMax = 1000;
inline constexpr size_t kDisplayNameBytesMax = 128;
inline constexpr size_t kAliasCharsMin = 2;
inline constexpr size_t kAliasCharsMax = 32;
inline constexpr size_t kDescriptionBytesMax = 512;
inline constexpr size_t kLocationBytesMax = 256;
inline constexpr size_t kWebsiteBytesMax = 256;

// ---- a charter ----
inline constexpr size_t kCurrenciesMax = 16;
inline constexpr uint32_t kDecimalsMax = 6;
inline constexpr size_t kCommissionSharesMax = 8;
inline constexpr uint32_t kBasisPoints = 10000;
inline constexpr size_t kCharterSaltBytes = 16;
inline constexpr size_t kOriginBytesMax = 128;
inline constexpr size_t kWitnessesMax = 16;

// ---- a programme ----
inline constexpr size_t kActivitiesMax = 32;
inline constexpr size_t kValidatorsMax = 64;
inline constexpr size_t kFundersMax = 128;

// ---- a token ----
inline constexpr int64_t kTokenSecondsMax = 600;
inline constexpr size_t kTokenBytesMax = 2048;

// ---- a commit ----
inline constexpr size_t kBatchBytesMax = 768 * 1024;
inline constexpr size_t kBatchTransactionsMax = 1024;

// ---- a proof ----
// Leaves of a Merkle tree. Proofs and tiles are computed for trees up to this size.
inline constexpr uint64_t kTreeLeavesMax = uint64_t{1} << 40;
// Hashes of an inclusion or consistency proof in such a tree: a consistency proof may need one more
// than the tree is high.
inline constexpr size_t kProofHashesMax = 41;
// A journal entry alone; it must fit a commit.
inline constexpr size_t kEntryBytesMax = kBatchBytesMax;
// A signed note and its signature lines. C2SP asks for at least 16 signatures of up to 5 KB.
inline constexpr size_t kNoteBytesMax = 128 * 1024;
inline constexpr size_t kNoteSignaturesMax = 64;
inline constexpr size_t kKeyNameBytesMax = 255;
// A log's request to a witness, and the hashes in it; C2SP fixes the latter.
inline constexpr size_t kWitnessProofHashesMax = 63;
inline constexpr size_t kWitnessRequestBytesMax = kNoteBytesMax + 4 * 1024;
inline constexpr size_t kReceiptCharterBytesMax = 32 * 1024;
// A receipt's text: the entry in base64, the checkpoint, the proof.
inline constexpr size_t kReceiptBytesMax =
    (kEntryBytesMax + kReceiptCharterBytesMax) / 3 * 4 + kNoteBytesMax + 4 * 1024;

// ---- the wire ----
inline constexpr size_t kMessageBytesMax = 4 * 1024 * 1024;
inline constexpr int32_t kPageSizeDefault = 50;
inline constexpr int32_t kPageSizeMax = 500;
inline constexpr size_t kStreamRequestsMax = 1000;
// Invalid signatures on one submission stream, each of which costs us as much as a valid one; with
// the last the stream ends.
inline constexpr size_t kStreamInvalidSignaturesMax = 16;
inline constexpr uint16_t kPortDefault = 4365;

static_assert(kTransactionBytesMax * 2 < kBatchBytesMax,
              "one transaction and its entry must fit a commit");
static_assert(kTransactionBytesMax < kMessageBytesMax, "one transaction must fit a message");
static_assert(kReceiptBytesMax < kMessageBytesMax, "one receipt must fit a message");
static_assert(kSaltBytesMin <= kSaltBytesMax && kAwardReferenceBytesMin <= kAwardReferenceBytesMax);

}  // namespace kengred
