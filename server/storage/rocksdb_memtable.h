// The memtable of a Kengred store: where RocksDB keeps, in order, what is in the write-ahead log
// but in no table yet.
//
// RocksDB's own, a skip list, was two thirds of the CPU of a commit: each of its 20 to 25
// comparisons an insert is a cache miss and three calls. This one is a B-tree of wide nodes in
// which the first eight bytes of each key stand side by side, so that an insert touches three or
// four nodes and compares numbers; whole keys are compared where those are equal. A commit's writes
// come sorted, so the place of the last insert is tried first: journal entries, tree hashes and the
// history of a busy account are appended without any search.
//
// Everything that makes a store safe is still RocksDB's: the log, recovery, snapshots, flushes.
// This is the order of entries in memory, and each entry's bytes are where RocksDB put them.
//
// Keys must be in the order of RocksDB's bytewise comparator. One thread inserts at a time
// (allow_concurrent_memtable_write must be off), any may read meanwhile.
#pragma once

#include <rocksdb/memtablerep.h>

namespace kengred::storage {

class TreeMemTableFactory : public rocksdb::MemTableRepFactory {
 public:
  using rocksdb::MemTableRepFactory::CreateMemTableRep;
  // `compare` and `allocator` must outlive the memtable; the caller owns it.
  rocksdb::MemTableRep* CreateMemTableRep(const rocksdb::MemTableRep::KeyComparator& compare,
                                          rocksdb::Allocator* allocator,
                                          const rocksdb::SliceTransform* prefix,
                                          rocksdb::Logger* logger) override;
  const char* Name() const override { return "kengred.TreeMemTable"; }
};

}  // namespace kengred::storage
