// A file system for RocksDB that breaks on demand: the real one underneath, with an operation that
// fails, tears or lies, and power cuts that take away what was not synced. It also counts what is
// read, and syncs as slowly as a test wants.
//
// It counts every operation that changes something on disk, in order, from 1: creating, appending,
// syncing, closing, truncating, renaming and deleting files, and syncing directories. RocksDB's own
// LOG is left alone. Any thread may call.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace kengred::testing {

// What happens to the operation that is picked.
enum class Damage {
  kRefused,    // it fails, and does nothing
  kTorn,       // an append writes its first half and fails; anything else is refused
  kDoneButNo,  // it is done, and says that it failed
  kDiskFull,   // as kTorn, with the error of a full disk
};

// Which operations count for a plan.
enum class Operation {
  kAny,
  kLogAppend,  // an append to a write-ahead log
  kLogSync,    // a sync of one
};

// How much of what was not synced a crash takes away.
enum class Loss {
  kNone,  // only the process died
  kHalf,  // of each file's unsynced end, the first half had reached the disk
  kAll,   // none of it had
};

class FaultyFiles {
 public:
  FaultyFiles();
  ~FaultyFiles();
  FaultyFiles(const FaultyFiles&) = delete;
  FaultyFiles& operator=(const FaultyFiles&) = delete;

  // The file system, for a store; it must not outlive this object.
  rocksdb::Env* env();

  // Plans damage for the nth operation from now on (1: the next); `for_ever`: and for every later
  // one. Replaces an earlier plan, and counts from zero.
  void Plan(uint64_t nth, Damage damage, bool for_ever, Operation operation = Operation::kAny);

  // Whether the plan came to pass.
  bool Struck() const;

  // Operations since the last plan.
  uint64_t operations() const;

  // Bytes read since this object was made.
  uint64_t bytes_read() const;

  // From now on every sync of a write-ahead log takes so much longer; 0 at first.
  void SlowLogSyncs(std::chrono::microseconds by);

  // Ends the life of the process: no operation does anything any more, so that destroying the store
  // now leaves the files as a kill would.
  void Kill();

  // After Kill(), with the store destroyed: takes away what a crash loses, and works again.
  void Restart(Loss loss);

 private:
  class FileSystem;
  class WritableFile;
  class Directory;
  struct State;

  const std::shared_ptr<State> state_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace kengred::testing
