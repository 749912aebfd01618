// The store on one machine's disk: one RocksDB directory. How it is laid out and tuned is written
// in rocksdb_options.h, how it is written to and read from at the top of rocksdb_store.cc. No file
// but those named rocksdb_* includes RocksDB.
// The directory holds a file FORMAT (store_directory.h) and RocksDB's files, and nothing else.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <memory>
#include <string>

#include "server/storage/store.h"

namespace kengred::storage {

struct RocksDbOptions {
  // The directory. The one above it must exist.
  std::string path;

  // Makes a new store where `path` is missing or empty, and completes one whose making was
  // interrupted. Otherwise a store must be there.
  bool create_if_missing = false;

  // For tools: shows the store as it is when opened, writes nothing, and may stand beside a running
  // server. Everything that writes is FailedPrecondition.
  bool read_only = false;

  // Memory for blocks of data, indexes and filters read from disk.
  size_t block_cache_bytes = 256 * 1024 * 1024;

  // Memory for what is durable in the write-ahead log but not yet in a table; also bounds how much
  // a start has to replay.
  size_t write_buffer_bytes = 32 * 1024 * 1024;
};

// Opens a store; its time and memory do not grow with the journal. Errors, each with what to do:
//   NotFound            no store there, and create_if_missing is not set
//   FailedPrecondition  something else is there; its format is not known to this program; its
//   making
//                       was interrupted; or it is already in use by another process
//   PermissionDenied    the directory or the disk does not let us write
//   ResourceExhausted   the disk is full
//   DataLoss            files are damaged or missing
//   Unavailable         any other fault of the machine
absl::StatusOr<std::unique_ptr<Store>> OpenRocksDbStore(const RocksDbOptions& options);

}  // namespace kengred::storage
