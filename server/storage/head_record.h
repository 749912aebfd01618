// The head record: the few bytes that say where a store stands and who may write to it. It is
// written in the same atomic batch as what it speaks of.
//
//   head-record = version epoch sequence hash writer
//   version     = %x01                 ; one byte
//   epoch       = 8 bytes, big-endian  ; of the last writer that acquired the store, 0: none yet
//   sequence    = 8 bytes, big-endian  ; of the last journal entry, 0: empty
//   hash        = 32 bytes             ; the root over the journal, zeroes when empty
//   writer      = 0 to 255 bytes       ; the name of the writer; empty: the epoch was released
//
// Example, epoch 3, sequence 258, a hash of 32 bytes 0xab, writer "a1":
//   01 0000000000000003 0000000000000102 abab..ab 6131
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "server/storage/store.h"

namespace kengred::storage {

struct HeadRecord {
  Head head;
  std::string writer;  // who holds the epoch; empty: nobody

  friend bool operator==(const HeadRecord&, const HeadRecord&) = default;
};

std::string EncodeHeadRecord(const HeadRecord& record);

// DataLoss where the bytes are not a head record.
absl::StatusOr<HeadRecord> DecodeHeadRecord(std::string_view bytes);

// Sequences as keys: 8 bytes, big-endian, so that the order of bytes is the order of numbers.
std::string EncodeSequence(uint64_t sequence);
// `bytes` must have 8 bytes.
uint64_t DecodeSequence(std::string_view bytes);

}  // namespace kengred::storage
