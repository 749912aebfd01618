// The storage seam: everything the server asks of a storage engine. It knows nothing of RocksDB or
// of what keys and values mean, so that a second engine fits behind it; one conformance suite
// (tests/unit/storage_conformance.h) holds for all of them.
//
// A store holds three things that move together, atomically:
//   state    sorted key -> value pairs, the ledger's present
//   journal  sequence -> bytes, appended only, from sequence 1 without gaps
//   side     sorted key -> value pairs that may be erased for good (kSidePrefix)
// and a Head that says up to where.
//
// Threads: every method may be called from any thread, except that acquire, commit, renew, release
// and erase belong to one writer at a time. A store outlives the calls in it.
//
// Errors of reading and opening: DataLoss where bytes on disk are damaged (the message names the
// file or the entry; nothing is skipped), ResourceExhausted where the disk is full, Unavailable for
// every other fault of the machine.
//
// After a fault of writing (see kUnknown) the store is read-only until it is opened again: get,
// scan and journal still answer from the last head known to be durable, everything else is
// Unavailable, and the message says what broke.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kengred::storage {

// Keys that start with this byte are side records: kept apart, and removed physically by erase().
// All other keys are state.
inline constexpr char kSidePrefix = 'S';

// What an engine may count on to keep a table well, without knowing what it means. Each is a list
// of first bytes of keys.
//   counter a few bytes, written again and again, all over the place; read before that
//   once    written once, all over the place; asked for key by key, and most are not there
//   series  written once, nearly always after all that is there; read in order
//   log     written once, all over the place; read in order, seldom
// Writing such a key again, or deleting it, is slower and no error.
inline constexpr std::string_view kCounterPrefixes = "BFUY";
inline constexpr std::string_view kOncePrefixes = "QRT";
inline constexpr std::string_view kSeriesPrefixes = "M";
inline constexpr std::string_view kLogPrefixes = "CH";

// Keys that start with this byte are the engine's own, and the empty key is nobody's: no batch or
// get may name them, no scan shows them.
inline constexpr char kEnginePrefix = '\0';

// A page of the journal holds at most this many bytes of entries, but at least one entry.
inline constexpr size_t kJournalPageBytesMax = 4 * 1024 * 1024;

// The name of a writer is at most this long.
inline constexpr size_t kWriterBytesMax = 255;

using Hash = std::array<uint8_t, 32>;

// Where a store stands.
struct Head {
  uint64_t epoch = 0;     // of the last writer that acquired it
  uint64_t sequence = 0;  // of the last journal entry; 0: empty
  Hash hash{};            // the root over the journal (see sequence/tree.h); zeroes when empty

  friend bool operator==(const Head&, const Head&) = default;
};

// One change of state or side: a value to put, or nothing to delete the key.
struct Write {
  std::string key;
  std::optional<std::string> value;
};

// What one commit writes. At most kBatchBytesMax bytes of keys, values and journal together.
struct Batch {
  uint64_t epoch = 0;           // from acquire()
  Hash parent_hash{};           // the hash of the head it was built on
  uint64_t first_sequence = 0;  // the head's sequence + 1
  Hash hash{};                  // the hash after it
  // The entries first_sequence, first_sequence + 1, ...; may be empty, and then the hash stays the
  // parent's, as it covers the journal only.
  std::vector<std::string> journal;
  std::vector<Write> writes;  // sorted by key, each key once
};

enum class CommitResult {
  kDurable,  // all of it is synced to disk
  kFenced,   // none of it: another writer has the epoch, or the head is not the one it was built on
  kUnknown,  // a fault: all or none of it. The store accepts no commit until it is opened again.
};

// A value read, and at which sequence it held.
struct Read {
  uint64_t sequence = 0;
  std::vector<std::optional<std::string>> values;  // in the order of the keys asked
};

struct Scan {
  uint64_t sequence = 0;
  std::vector<std::pair<std::string, std::string>> pairs;  // in order of key
};

struct JournalPage {
  std::vector<std::pair<uint64_t, std::string>> entries;  // consecutive sequences
};

class Store {
 public:
  virtual ~Store() = default;

  // Makes the caller the writer; `writer` (1 to kWriterBytesMax bytes, such as host and process)
  // only serves to name it to people. The epoch in the answer is greater than any before, and
  // durable; every earlier writer is fenced from now on. FailedPrecondition on a store opened
  // read-only.
  virtual absl::StatusOr<Head> acquire(std::string_view writer) = 0;

  // Writes a batch atomically and syncs it. After kUnknown every later commit is kUnknown too, and
  // renew() says what broke. InvalidArgument where the batch itself is wrong (unsorted, a key twice
  // or the engine's, too large, or first_sequence leaves a gap after the head that parent_hash
  // names): our bug, and nothing is written.
  virtual absl::StatusOr<CommitResult> commit(const Batch& batch) = 0;

  // Says that the writer still lives. Unavailable after a fault, FailedPrecondition when fenced.
  virtual absl::Status renew(uint64_t epoch) = 0;

  // Gives up the epoch: a commit that carries it is fenced from now on. Errors as renew().
  virtual absl::Status release(uint64_t epoch) = 0;

  // The last durable head. Unavailable after a fault, since only opening the store again can tell
  // whether the last commit is in.
  virtual absl::StatusOr<Head> head() = 0;

  // Waits until the head has reached `sequence` and answers the head then; DeadlineExceeded after
  // `timeout`, Unavailable as soon as a fault makes it impossible. Answers at once where it is
  // reached already, whatever the timeout.
  virtual absl::StatusOr<Head> wait_for(uint64_t sequence, absl::Duration timeout) = 0;

  // Reads state or side keys from one snapshot. A key may be asked twice.
  virtual absl::StatusOr<Read> get(const std::vector<std::string>& keys) = 0;

  // Up to `max` pairs whose key starts with `prefix` (empty: any key) and is after `after` (empty:
  // from the first), in order of key, from one snapshot; `reverse`: before `after` (empty: from the
  // last), in opposite order. `after` need not exist.
  virtual absl::StatusOr<Scan> scan(std::string_view prefix, std::string_view after, size_t max,
                                    bool reverse = false) = 0;

  // Up to `max` journal entries after `after`, at most kJournalPageBytesMax bytes of them but at
  // least one. Empty where `after` is the head's sequence or later. An entry that should be there
  // and is not is DataLoss.
  virtual absl::StatusOr<JournalPage> journal(uint64_t after, size_t max) = 0;

  // Deletes side keys so that the bytes of the keys, of their values and of every value they had
  // before are no longer in any file when it returns OK. (What a disk does below its file system is
  // not ours to say.) The journal and the state do not change. It costs a rewrite of all side
  // records, so erase many keys in one call. Erasing a key that is not there is no error, and
  // calling it again finishes what an interrupted call began. InvalidArgument for a key that is not
  // a side key.
  virtual absl::Status erase(const std::vector<std::string>& side_keys) = 0;
};

}  // namespace kengred::storage
