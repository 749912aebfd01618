// The directory of a store, before any engine touches it: whether it is ours, and making it.
//
// A file FORMAT makes a directory a Kengred store. It holds one line:
//
//   format = "kengred-store" SP number LF
//   number = "2"
//
// (1 kept everything but the journal and the side in one column family of RocksDB.)
//
// FORMAT is written before anything else, so that a directory without it is a stranger's, and is
// never written to unless it is empty.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>

namespace kengred::storage {

enum class StoreDirectory {
  kStore,       // a store of a format that we know
  kUnfinished,  // ours, but its making was interrupted before it held anything
  kEmpty,       // missing, or an empty directory
};

// Says what is at the path. FailedPrecondition where it is something else (a file, a stranger's
// directory, an unknown format), PermissionDenied where it may not be read, DataLoss where a store
// has lost the file that names all others.
absl::StatusOr<StoreDirectory> InspectDirectory(const std::string& path);

// The error for a path without a finished store: NotFound for kEmpty, else FailedPrecondition.
absl::Status NoStore(StoreDirectory found, const std::string& path);

// Makes the directory where it is missing, for its owner's eyes only, and FORMAT in it; synced.
absl::Status MakeDirectory(const std::string& path);

// PermissionDenied where this process may not write in the directory.
absl::Status CheckWritable(const std::string& path);

}  // namespace kengred::storage
