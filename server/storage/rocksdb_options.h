// How a Kengred store lies in RocksDB 7.8, and why. Everything about it is decided here and in
// rocksdb_store.cc.
//
// Column families. One write batch spans them all, so they move together.
//   default   the state; and two records of our own, whose keys start with kEnginePrefix: the head
//             (head_record.h) and, while an erasure is not finished, its mark
//   journal   sequence, 8 bytes big-endian -> the entry's bytes
//   side      the side records
//
// Recovery. kTolerateCorruptedTailRecords: a log that ends in the middle of a record is what a
// crash leaves of a commit that was never acknowledged, and is cut there; damage anywhere before
// refuses to open. (kPointInTimeRecovery, the default, would silently drop every commit after the
// damage; kAbsoluteConsistency would not start after an ordinary power cut.) No log file is
// recycled, and each finished one is checked against the manifest
// (track_and_verify_wals_in_manifest). Closing does nothing special: every start is the start after
// a crash, and so it is the one that is tested. The log, and with it the time to start, is bounded
// by write_buffer_bytes.
//
// Tables. 4 KiB blocks for the state, since it is read by key; 16 KiB for the journal, since it is
// read in order. Bloom filters of 10 bits where keys are looked up, most of all for keys that must
// not be there (transaction ids, bank references); the journal needs none, its entries exist. LZ4
// for the state, which is rewritten often; ZSTD at its fastest for the journal, which is written
// once and kept for ever, with one setting for all levels, so that compaction moves its files
// instead of rewriting them. The side family is not compressed, so that whoever wants to check an
// erasure can search the files for the words.
//
// Memory. One LRU cache for data blocks, indexes and filters. One bound on all memtables: when it
// is reached the oldest is written out. The bound of each family is above it and never reached, as
// RocksDB 7.8 forgets a reference, and aborts on closing, when two families reach theirs in one
// write that then fails. Indexes and filters are partitioned and live in the cache, and open files
// are limited, so that nothing grows with the journal. max_manifest_file_size = 1 starts a new
// manifest with each table, a few kilobytes: it keeps the start short, and lets no erased key
// survive as a past table's first or last key.
//
// Threads: any.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <memory>
#include <vector>

#include "server/storage/rocksdb_store.h"

namespace kengred::storage {

// Of the database as a whole. `env` must outlive it; `errors` is told of what fails in the
// background. Starts a new file LOG, unless read-only.
rocksdb::DBOptions DatabaseOptions(const RocksDbOptions& options, rocksdb::Env* env,
                                   std::shared_ptr<rocksdb::EventListener> errors);

// The column families, in this order: state, journal, side.
std::vector<rocksdb::ColumnFamilyDescriptor> Families(const RocksDbOptions& options);

}  // namespace kengred::storage
