// RocksDB's errors as those of store.h, each with what to do; and its lock.
//
// Threads: any.
#pragma once

#include <absl/status/status.h>
#include <rocksdb/env.h>
#include <rocksdb/status.h>

#include <string>

namespace kengred::storage {

// A fault of reading or opening, as store.h names them. `what` says what was tried.
absl::Status ToStatus(const rocksdb::Status& status, const std::string& what);

// FailedPrecondition: another process has the store.
absl::Status InUse(const std::string& path);
// Whether opening failed since another process, or this one, has the lock.
bool IsLockHeld(const rocksdb::Status& status);
// Takes the store's lock and gives it back; InUse where another process has it. RocksDB takes it
// too, but only after it has put the running process's own log aside.
absl::Status TryLock(const std::string& path, rocksdb::Env* env);

}  // namespace kengred::storage
