// How a Kengred store lies in RocksDB 7.8, and why. Everything about it is decided here and in
// rocksdb_store.cc.
//
// Column families. One write batch spans them all, so they move together; each is what compaction
// rewrites together. A file of level 0 that holds two tables far apart in key order makes RocksDB
// rewrite everything between them: the head and the balances, written all the time, would have the
// accounts rewritten with them. So each kind of table (store.h names them by first byte) has one:
//   default   two records of our own, whose keys start with kEnginePrefix: the head
//             (head_record.h) and, while an erasure is not finished, its mark
//   state     the state that is none of the following; LZ4
//   journal   sequence, 8 bytes big-endian -> the entry's bytes
//   side      the side records
//   counters  balances and sums, overwritten all the time
//   once      transaction ids, references of issues and awards; filters answer that one is not
//             there. Universal compaction: leveled would rewrite, again and again, random keys that
//             never change
//   series    hashes of the tree: in order, so that files are moved down, not rewritten; no filters
//   log       histories, checkpoints: universal compaction; no filters, as they are read in order
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
// Tables. 4 KiB blocks where reads are by key, 16 KiB for the journal and the series, since they
// are read in order. Bloom filters of 10 bits where keys are looked up, most of all for keys that
// must not be there (transaction ids, bank references). ZSTD at its fastest for the journal, which
// is written once and kept for ever, with one setting for all levels, so that compaction moves its
// files instead of rewriting them: with it a store takes a quarter less disk, and leaving it out
// saved no CPU that could be told from noise. Ids, hashes and numbers do not compress. The side
// family is not compressed, so that whoever wants to check an erasure can search the files for the
// words.
//
// Memtables. Of our own making, a B-tree instead of a skip list (rocksdb_memtable.h). 32 MiB in
// all: with 64 a commit cost 2 us a payment more, and what the background saved was between nothing
// and as much.
//
// Measured with kengred-storebench: payments between accounts chosen at random, 512 a commit, on 2
// cores that others used too; CPU in us a payment, one run each, so that a few us are noise.
//   - the memtable alone, 10^6 accounts: commit 19.3 with RocksDB's skip list, 5.7 with ours
//   - the families, and a block cache of 256 MiB instead of 64, not told apart, 10^6 accounts:
//     background 25 before, 14 after; reads 50 before, 28 after
//   - 10^6 accounts: 2.6 bytes written, log and all, for one of key, value or entry
//   - 10^7 accounts, 10^7 payments: background 18 to 33, 3.7 to 5.7 bytes; the longest commit took
//     0.3 s; 472 MiB resident at the end, some of it the iterators that look-ups leaked then
//   - opening that store after a kill, with 37 MB of log to replay: 1.0 s, 0.6 s of it CPU; after
//     that, with none: 0.1 s
//
// Memory. One LRU cache for data blocks, indexes and filters. One bound on all memtables: when it
// is reached the oldest is written out. The bound of each family is above it and never reached, as
// RocksDB 7.8 forgets a reference, and aborts on closing, when two families reach theirs in one
// write that then fails. Indexes and filters are partitioned and live in the cache, and open files
// are limited, as none of that may grow with the journal. In sum: block_cache_bytes, twice
// write_buffer_bytes (what is being flushed still counts) and a fifth of that for the memtables'
// order: 333 MiB. What open tables, compactions, threads and malloc take comes on top: with 10^7
// accounts a whole server, its state cache of 64 MiB included, had 462 MiB at most
// (bench/RESULTS.md looks at 640). max_manifest_file_size = 1 starts a new manifest with each
// table, a few kilobytes: it keeps the start short, and lets no erased key survive as a past
// table's first or last key.
//
// Rate limits. None was tried: with 10^7 accounts all that is written, the log included, is some
// 25 MB/s.
//
// Waiting. A commit waits while a family has 120 files in level 0, and is slowed down from 60 on.
// The defaults, 36 and 20, were reached on a busy machine by the journal, whose files are only
// waiting to be moved: a commit waited 73 s, with one thread for all compactions, and that at a
// lower priority. Now there are several, of the same priority as everybody; which of the two would
// have been enough was not tried.
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

// The column families, in the order of Family (rocksdb_families.h).
std::vector<rocksdb::ColumnFamilyDescriptor> Families(const RocksDbOptions& options);

}  // namespace kengred::storage
