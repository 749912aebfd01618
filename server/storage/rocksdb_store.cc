// How a Kengred store is written to and read from in RocksDB 7.8, and why. How it lies there,
// what it is tuned to and how it recovers is in rocksdb_options.h.
//
// Writing. A commit is one WriteBatch with sync on: the write-ahead log is appended to and
// fdatasync'd before the answer. The new head is in the batch, so that the log cannot hold one
// without the other. After any write that is not OK, and after any error of RocksDB's background
// threads, the store accepts nothing more: whether the bytes reached the disk is unknown, a second
// fsync would not tell (Linux reports a failed writeback once and drops the pages), and RocksDB
// must not heal by itself (max_bgerror_resume_count = 0).
//
// Reading. Checksums of blocks are verified on every read, an error names the file, and the
// journal's sequences are checked for gaps. get() and scan() take a snapshot and find the head in
// it, so that the sequence they answer is the one of what they read: from memory where the snapshot
// is of the very write that made the head known there, which is nearly always.
#include "server/storage/rocksdb_store.h"

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/transaction_log.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <set>
#include <utility>

#include "server/storage/batch_check.h"
#include "server/storage/head_record.h"
#include "server/storage/key_range.h"
#include "server/storage/rocksdb_families.h"
#include "server/storage/rocksdb_options.h"
#include "server/storage/rocksdb_present.h"
#include "server/storage/rocksdb_status.h"
#include "server/storage/rocksdb_store_testing.h"
#include "server/storage/store_directory.h"

namespace kengred::storage {
namespace {

// A page of the journal longer than this is a bulk read, which should not push everything else out
// of the cache.
constexpr size_t kJournalCachedEntriesMax = 100;

constexpr int kReadOnlyAttempts = 5;

std::string HeadKey() { return std::string(1, kEnginePrefix) + "head"; }
std::string ErasureKey() { return std::string(1, kEnginePrefix) + "erasure"; }

// ---- the store ----

class RocksDbStore : public Store {
 public:
  // `families`: in the order of Family.
  RocksDbStore(const RocksDbOptions& options, rocksdb::Env* env, std::shared_ptr<Present> present,
               std::unique_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> families)
      : path_(options.path),
        read_only_(options.read_only),
        env_(env),
        present_(std::move(present)),
        db_(std::move(db)),
        families_(std::move(families)),
        engine_(families_[kEngine]),
        journal_(families_[kJournal]),
        side_(families_[kSide]) {}

  ~RocksDbStore() override;

  // Reads the head, checks that the journal ends there, and finishes an interrupted erasure.
  absl::Status Start();

  absl::StatusOr<Head> acquire(std::string_view writer) override;
  absl::StatusOr<CommitResult> commit(const Batch& batch) override;
  absl::Status renew(uint64_t epoch) override;
  absl::Status release(uint64_t epoch) override;
  absl::StatusOr<Head> head() override;
  absl::StatusOr<Head> wait_for(uint64_t sequence, absl::Duration timeout) override;
  absl::StatusOr<Read> get(const std::vector<std::string>& keys) override;
  absl::StatusOr<Scan> scan(std::string_view prefix, std::string_view after, size_t max,
                            bool reverse) override;
  absl::StatusOr<JournalPage> journal(uint64_t after, size_t max) override;
  absl::Status erase(const std::vector<std::string>& side_keys) override;

 private:
  // The head record, or why nothing may be written.
  absl::StatusOr<HeadRecord> Writable() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // Writes and syncs; a failure is for good.
  absl::Status Write(rocksdb::WriteBatch* batch, const std::string& what)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  absl::Status WriteHead(const HeadRecord& record, const std::string& what)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // Makes known that `record` is the head as of RocksDB's write `written`.
  void Publish(HeadRecord record, rocksdb::SequenceNumber written);

  absl::Status MakeFirstHead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  absl::StatusOr<HeadRecord> ReadHead(const rocksdb::ReadOptions& options);
  // The head in a snapshot; from here on head() answers it or a later one.
  absl::StatusOr<Head> HeadOf(const rocksdb::Snapshot* snapshot);
  // Appends to `scan` the pairs of one family that are in the range, up to `max` in all.
  absl::Status ScanFamily(rocksdb::ColumnFamilyHandle* family, const KeyRange& range,
                          const rocksdb::Snapshot* snapshot, size_t max, bool reverse, Scan* scan);

  // Removes from the files whatever the side family no longer shows.
  absl::Status PurgeSide() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  absl::Status RemoveObsoleteFiles() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // Names a file that could hold erased bytes and that the store needs no more, if there is one,
  // and syncs the directory.
  rocksdb::Status FindObsoleteFile(std::string* left) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // Returns once every read that was under way has ended.
  void DrainReads() ABSL_LOCKS_EXCLUDED(reads_mutex_);

  const std::string path_;
  const bool read_only_;
  rocksdb::Env* const env_;
  const std::shared_ptr<Present> present_;
  const std::unique_ptr<rocksdb::DB> db_;
  const std::vector<rocksdb::ColumnFamilyHandle*> families_;
  rocksdb::ColumnFamilyHandle* const engine_;
  rocksdb::ColumnFamilyHandle* const journal_;
  rocksdb::ColumnFamilyHandle* const side_;

  // Held by whoever writes. Taken before Present::mutex, which is never held over a write: RocksDB
  // may report an error to the listener from within one.
  absl::Mutex writer_mutex_;
  // Held shared over every read, as a read keeps old files and old values alive.
  absl::Mutex reads_mutex_;
};

RocksDbStore::~RocksDbStore() {
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }
}

absl::StatusOr<HeadRecord> RocksDbStore::Writable() {
  if (read_only_) {
    return absl::FailedPreconditionError(path_ + " was opened read-only");
  }
  absl::MutexLock lock(&present_->mutex);
  if (!present_->fault.ok()) return present_->fault;
  return present_->record;
}

absl::Status RocksDbStore::Write(rocksdb::WriteBatch* batch, const std::string& what) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = db_->Write(options, batch);
  return status.ok() ? absl::OkStatus() : present_->Fail(status, what);
}

absl::Status RocksDbStore::WriteHead(const HeadRecord& record, const std::string& what) {
  rocksdb::WriteBatch batch;
  batch.Put(engine_, HeadKey(), EncodeHeadRecord(record)).PermitUncheckedError();
  if (absl::Status status = Write(&batch, what); !status.ok()) return status;
  Publish(record, db_->GetLatestSequenceNumber());
  return absl::OkStatus();
}

void RocksDbStore::Publish(HeadRecord record, rocksdb::SequenceNumber written) {
  absl::MutexLock lock(&present_->mutex);
  if (written <= present_->written) return;
  present_->record = std::move(record);
  present_->written = written;
}

absl::StatusOr<HeadRecord> RocksDbStore::ReadHead(const rocksdb::ReadOptions& options) {
  std::string bytes;
  const rocksdb::Status status = db_->Get(options, engine_, HeadKey(), &bytes);
  if (status.IsNotFound()) {
    return absl::NotFoundError(path_ + " has no head record: restore it from a backup");
  }
  if (!status.ok()) return ToStatus(status, "cannot read the head of " + path_);
  absl::StatusOr<HeadRecord> record = DecodeHeadRecord(bytes);
  if (!record.ok()) {
    return absl::DataLossError(path_ + ": " + std::string(record.status().message()) +
                               ": restore the store from a backup");
  }
  return record;
}

absl::StatusOr<Head> RocksDbStore::HeadOf(const rocksdb::Snapshot* snapshot) {
  {
    absl::MutexLock lock(&present_->mutex);
    if (present_->written == snapshot->GetSequenceNumber()) return present_->record.head;
  }
  // Taken between a write and its publishing, or after one that left the head as it was. What a
  // snapshot shows was synced before it could be seen: publish it, lest head() go back.
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  absl::StatusOr<HeadRecord> record = ReadHead(options);
  if (!record.ok()) return record.status();
  const Head head = record->head;
  Publish(*std::move(record), snapshot->GetSequenceNumber());
  return head;
}

absl::Status RocksDbStore::MakeFirstHead() {
  // A store without a head is one whose making was interrupted, and then it is empty.
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    const std::unique_ptr<rocksdb::Iterator> all(db_->NewIterator(rocksdb::ReadOptions(), family));
    all->SeekToFirst();
    if (!all->status().ok()) return ToStatus(all->status(), "cannot read " + path_);
    if (all->Valid()) {
      return absl::DataLossError(path_ + " has content but no head: restore it from a backup");
    }
  }
  if (read_only_) {
    return NoStore(StoreDirectory::kUnfinished, path_);
  }
  return WriteHead(HeadRecord(), "cannot write the first head of " + path_);
}

absl::Status RocksDbStore::Start() {
  absl::MutexLock lock(&writer_mutex_);
  absl::StatusOr<HeadRecord> record = ReadHead(rocksdb::ReadOptions());
  if (absl::IsNotFound(record.status())) return MakeFirstHead();
  if (!record.ok()) return record.status();

  uint64_t last = 0;
  const std::unique_ptr<rocksdb::Iterator> end(db_->NewIterator(rocksdb::ReadOptions(), journal_));
  end->SeekToLast();
  if (!end->status().ok()) return ToStatus(end->status(), "cannot read the journal of " + path_);
  if (end->Valid() && end->key().size() == sizeof(uint64_t)) {
    last = DecodeSequence(end->key().ToStringView());
  }
  if (last != record->head.sequence) {
    return absl::DataLossError("the journal of " + path_ + " ends at entry " +
                               std::to_string(last) + " but its head says " +
                               std::to_string(record->head.sequence) +
                               ": restore the store from a backup");
  }
  Publish(*record, db_->GetLatestSequenceNumber());

  if (read_only_) return absl::OkStatus();
  std::string mark;
  const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), engine_, ErasureKey(), &mark);
  if (status.IsNotFound()) return absl::OkStatus();
  if (!status.ok()) return ToStatus(status, "cannot read " + path_);
  return PurgeSide();
}

absl::StatusOr<Head> RocksDbStore::acquire(std::string_view writer) {
  if (absl::Status status = CheckWriter(writer); !status.ok()) return status;
  absl::MutexLock lock(&writer_mutex_);
  absl::StatusOr<HeadRecord> record = Writable();
  if (!record.ok()) return record.status();
  ++record->head.epoch;
  record->writer = writer;
  if (absl::Status status = WriteHead(*record, "cannot write a new epoch"); !status.ok()) {
    return status;
  }
  return record->head;
}

absl::StatusOr<CommitResult> RocksDbStore::commit(const Batch& batch) {
  absl::MutexLock lock(&writer_mutex_);
  absl::StatusOr<HeadRecord> record = Writable();
  if (absl::IsUnavailable(record.status())) return CommitResult::kUnknown;
  if (!record.ok()) return record.status();
  if (absl::Status status = CheckBatch(batch); !status.ok()) return status;
  absl::StatusOr<bool> built_on = BuiltOn(batch, *record);
  if (!built_on.ok()) return built_on.status();
  if (!*built_on) return CommitResult::kFenced;

  const HeadRecord next = Advance(*record, batch);
  // Adding to a write batch fails only where it has a size limit, and this one has none.
  constexpr size_t kPerWriteBytes = 16;
  rocksdb::WriteBatch changes(
      BatchBytes(batch) + (batch.writes.size() + batch.journal.size() + 8) * kPerWriteBytes + 512);
  uint64_t sequence = batch.first_sequence;
  for (const std::string& entry : batch.journal) {
    changes.Put(journal_, EncodeSequence(sequence++), entry).PermitUncheckedError();
  }
  for (const struct Write& write : batch.writes) {
    rocksdb::ColumnFamilyHandle* family = families_[FamilyOf(write.key)];
    if (write.value) {
      changes.Put(family, write.key, *write.value).PermitUncheckedError();
    } else {
      changes.Delete(family, write.key).PermitUncheckedError();
    }
  }
  changes.Put(engine_, HeadKey(), EncodeHeadRecord(next)).PermitUncheckedError();
  if (!Write(&changes, "a commit failed").ok()) return CommitResult::kUnknown;
  Publish(next, db_->GetLatestSequenceNumber());
  return CommitResult::kDurable;
}

absl::Status RocksDbStore::renew(uint64_t epoch) {
  absl::MutexLock lock(&writer_mutex_);
  absl::StatusOr<HeadRecord> record = Writable();
  if (!record.ok()) return record.status();
  return CheckEpoch(epoch, *record);
}

absl::Status RocksDbStore::release(uint64_t epoch) {
  absl::MutexLock lock(&writer_mutex_);
  absl::StatusOr<HeadRecord> record = Writable();
  if (!record.ok()) return record.status();
  if (absl::Status status = CheckEpoch(epoch, *record); !status.ok()) return status;
  record->writer.clear();
  return WriteHead(*record, "cannot write the release of an epoch");
}

absl::StatusOr<Head> RocksDbStore::head() {
  absl::MutexLock lock(&present_->mutex);
  if (!present_->fault.ok()) return present_->fault;
  return present_->record.head;
}

absl::StatusOr<Head> RocksDbStore::wait_for(uint64_t sequence, absl::Duration timeout) {
  Present& present = *present_;
  absl::MutexLock lock(&present.mutex);
  auto settled = [&present, sequence]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return present.record.head.sequence >= sequence || !present.fault.ok();
  };
  if (!present.mutex.AwaitWithTimeout(absl::Condition(&settled), timeout)) {
    return absl::DeadlineExceededError("the store has not reached sequence " +
                                       std::to_string(sequence) + " yet");
  }
  if (present.record.head.sequence < sequence) return present.fault;
  return present.record.head;
}

absl::StatusOr<Read> RocksDbStore::get(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    if (absl::Status status = CheckKey(key); !status.ok()) return status;
  }
  absl::ReaderMutexLock reading(&reads_mutex_);
  rocksdb::ManagedSnapshot snapshot(db_.get());
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  const absl::StatusOr<Head> head = HeadOf(snapshot.snapshot());
  if (!head.ok()) return head.status();

  std::vector<rocksdb::ColumnFamilyHandle*> families;
  families.reserve(keys.size());
  for (const std::string& key : keys) {
    families.push_back(families_[FamilyOf(key)]);
  }
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  if (keys.size() == 1) {
    statuses[0] = db_->Get(options, families[0], slices[0], &values[0]);
  } else if (!keys.empty()) {
    db_->MultiGet(options, keys.size(), families.data(), slices.data(), values.data(),
                  statuses.data());
  }
  Read read;
  read.sequence = head->sequence;
  read.values.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      read.values.emplace_back(values[i].ToString());
    } else if (statuses[i].IsNotFound()) {
      read.values.emplace_back(std::nullopt);
    } else {
      return ToStatus(statuses[i], "cannot read " + path_);
    }
  }
  return read;
}

absl::Status RocksDbStore::ScanFamily(rocksdb::ColumnFamilyHandle* family, const KeyRange& range,
                                      const rocksdb::Snapshot* snapshot, size_t max, bool reverse,
                                      Scan* scan) {
  if (range.empty() || scan->pairs.size() >= max) return absl::OkStatus();
  const rocksdb::Slice lower(range.lower);
  const rocksdb::Slice upper = range.upper ? rocksdb::Slice(*range.upper) : rocksdb::Slice();
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.iterate_lower_bound = &lower;
  if (range.upper) options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> pair(db_->NewIterator(options, family));
  reverse ? pair->SeekToLast() : pair->SeekToFirst();
  while (pair->Valid() && scan->pairs.size() < max) {
    scan->pairs.emplace_back(pair->key().ToString(), pair->value().ToString());
    reverse ? pair->Prev() : pair->Next();
  }
  return pair->status().ok() ? absl::OkStatus() : ToStatus(pair->status(), "cannot read " + path_);
}

absl::StatusOr<Scan> RocksDbStore::scan(std::string_view prefix, std::string_view after, size_t max,
                                        bool reverse) {
  absl::ReaderMutexLock reading(&reads_mutex_);
  rocksdb::ManagedSnapshot snapshot(db_.get());
  const absl::StatusOr<Head> head = HeadOf(snapshot.snapshot());
  if (!head.ok()) return head.status();
  Scan scan;
  scan.sequence = head->sequence;

  std::vector<std::pair<Family, KeyRange>> parts = ByFamily(KeysOf(prefix, after, reverse));
  if (reverse) std::reverse(parts.begin(), parts.end());
  for (const auto& [family, range] : parts) {
    absl::Status status =
        ScanFamily(families_[family], range, snapshot.snapshot(), max, reverse, &scan);
    if (!status.ok()) return status;
  }
  return scan;
}

absl::StatusOr<JournalPage> RocksDbStore::journal(uint64_t after, size_t max) {
  absl::ReaderMutexLock reading(&reads_mutex_);
  rocksdb::ManagedSnapshot snapshot(db_.get());
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  const absl::StatusOr<Head> head = HeadOf(snapshot.snapshot());
  if (!head.ok()) return head.status();
  JournalPage page;
  if (after >= head->sequence || max == 0) return page;

  options.fill_cache = max <= kJournalCachedEntriesMax;
  const std::unique_ptr<rocksdb::Iterator> entry(db_->NewIterator(options, journal_));
  size_t bytes = 0;
  uint64_t sequence = after + 1;
  entry->Seek(EncodeSequence(sequence));
  for (; sequence <= head->sequence && page.entries.size() < max; ++sequence) {
    if (!entry->Valid() || entry->key() != rocksdb::Slice(EncodeSequence(sequence))) {
      if (!entry->status().ok()) {
        return ToStatus(entry->status(), "cannot read entry " + std::to_string(sequence) +
                                             " of the journal of " + path_);
      }
      return absl::DataLossError("entry " + std::to_string(sequence) + " of the journal of " +
                                 path_ + " is missing: restore the store from a backup");
    }
    bytes += entry->value().size();
    if (bytes > kJournalPageBytesMax && !page.entries.empty()) break;
    page.entries.emplace_back(sequence, entry->value().ToString());
    entry->Next();
  }
  return page;
}

// ---- erasure ----
//
// The bytes to erase stand in the side family's tables and memtables, in the write-ahead log, as
// first or last key of a table in the manifest, and in old versions of all of these. In order:
//   delete the keys and set the mark, synced: from here on a start finishes the work
//   wait for reads that began earlier: their snapshots keep deleted values alive
//   compact the whole side family down to the last level: the tables now hold none of them
//   clear the mark and flush every family: the log before is obsolete, the manifest is new
//   wait for reads that began earlier: they keep old tables open
//   let RocksDB remove obsolete files, and check that it could

absl::Status RocksDbStore::erase(const std::vector<std::string>& side_keys) {
  if (absl::Status status = CheckSideKeys(side_keys); !status.ok()) return status;
  absl::MutexLock lock(&writer_mutex_);
  absl::StatusOr<HeadRecord> record = Writable();
  if (!record.ok()) return record.status();
  rocksdb::WriteBatch changes;
  for (const std::string& key : side_keys) changes.Delete(side_, key).PermitUncheckedError();
  changes.Put(engine_, ErasureKey(), rocksdb::Slice()).PermitUncheckedError();
  if (absl::Status status = Write(&changes, "an erasure failed"); !status.ok()) return status;
  return PurgeSide();
}

absl::Status RocksDbStore::PurgeSide() {
  DrainReads();
  rocksdb::Status status = db_->Flush(rocksdb::FlushOptions(), side_);
  if (!status.ok()) return present_->Fail(status, "an erasure failed");
  rocksdb::CompactRangeOptions all;
  all.exclusive_manual_compaction = true;
  all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  status = db_->CompactRange(all, side_, nullptr, nullptr);
  if (!status.ok()) return present_->Fail(status, "an erasure failed");

  rocksdb::WriteBatch changes;
  changes.Delete(engine_, ErasureKey()).PermitUncheckedError();
  if (absl::Status written = Write(&changes, "an erasure failed"); !written.ok()) return written;
  status = db_->Flush(rocksdb::FlushOptions(), families_);
  if (!status.ok()) return present_->Fail(status, "an erasure failed");

  return RemoveObsoleteFiles();
}

void RocksDbStore::DrainReads() { absl::WriterMutexLock lock(&reads_mutex_); }

absl::Status RocksDbStore::RemoveObsoleteFiles() {
  // With no work in the background no file comes or goes but by us; and whoever reads from now on
  // holds no file that is obsolete already.
  rocksdb::Status status = db_->PauseBackgroundWork();
  if (!status.ok()) return present_->Fail(status, "an erasure failed");
  DrainReads();
  status = db_->DisableFileDeletions();
  // This is what removes: enabling looks for every obsolete file.
  if (status.ok()) status = db_->EnableFileDeletions(/*force=*/true);
  std::string left;
  if (status.ok()) status = FindObsoleteFile(&left);
  if (status.ok()) status = db_->ContinueBackgroundWork();
  if (!status.ok()) return present_->Fail(status, "an erasure failed");
  if (left.empty()) return absl::OkStatus();
  return absl::UnavailableError("erased, but " + path_ + "/" + left +
                                " could not be removed and may still hold the bytes: erase again, "
                                "or restart and look whether it is gone");
}

rocksdb::Status RocksDbStore::FindObsoleteFile(std::string* left) {
  std::vector<std::string> live_names;
  uint64_t manifest_bytes = 0;
  rocksdb::Status status = db_->GetLiveFiles(live_names, &manifest_bytes, /*flush_memtable=*/false);
  if (!status.ok()) return status;
  std::unique_ptr<rocksdb::LogFile> log;
  status = db_->GetCurrentWalFile(&log);
  if (!status.ok()) return status;
  if (log->SizeFileBytes() == 0) live_names.push_back(log->PathName());
  std::set<std::string> live;
  for (const std::string& name : live_names) live.insert(name.substr(name.rfind('/') + 1));

  std::vector<std::string> names;
  status = env_->GetChildren(path_, &names);
  if (!status.ok()) return status;
  for (const std::string& name : names) {
    const bool has_content =
        name.ends_with(".sst") || name.ends_with(".log") || name.starts_with("MANIFEST-");
    if (has_content && !live.contains(name)) *left = name;
  }
  // Removing is not for good until the directory is synced.
  std::unique_ptr<rocksdb::Directory> directory;
  status = env_->NewDirectory(path_, &directory);
  return status.ok() ? directory->Fsync() : status;
}

// ---- opening ----

absl::StatusOr<std::unique_ptr<Store>> OpenDatabase(const RocksDbOptions& options,
                                                    rocksdb::Env* env, bool create) {
  auto present = std::make_shared<Present>();
  rocksdb::DBOptions db_options =
      DatabaseOptions(options, env, std::make_shared<BackgroundErrors>(present));
  db_options.create_if_missing = create;
  db_options.create_missing_column_families = options.create_if_missing;
  const std::vector<rocksdb::ColumnFamilyDescriptor> descriptors = Families(options);
  rocksdb::DB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  const rocksdb::Status status =
      options.read_only
          ? rocksdb::DB::OpenForReadOnly(db_options, options.path, descriptors, &families, &opened)
          : rocksdb::DB::Open(db_options, options.path, descriptors, &families, &opened);
  if (!status.ok()) {
    if (IsLockHeld(status)) return InUse(options.path);
    if (status.IsInvalidArgument() && status.ToString().find("olumn famil") != std::string::npos) {
      return NoStore(StoreDirectory::kUnfinished, options.path);
    }
    return ToStatus(status, "cannot open " + options.path);
  }
  auto store = std::make_unique<RocksDbStore>(options, env, std::move(present),
                                              std::unique_ptr<rocksdb::DB>(opened), families);
  if (absl::Status started = store->Start(); !started.ok()) return started;
  return store;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenRocksDbStoreOn(const RocksDbOptions& options,
                                                          rocksdb::Env* env) {
  absl::StatusOr<StoreDirectory> directory = InspectDirectory(options.path);
  if (!directory.ok()) return directory.status();
  if (options.read_only) {
    if (*directory != StoreDirectory::kStore) return NoStore(*directory, options.path);
    // A running server may remove a file between our reading its name and opening it.
    absl::StatusOr<std::unique_ptr<Store>> store;
    for (int attempt = 0; attempt < kReadOnlyAttempts; ++attempt) {
      store = OpenDatabase(options, env, /*create=*/false);
      if (store.ok()) break;
    }
    return store;
  }
  const bool create = *directory != StoreDirectory::kStore;
  if (create && !options.create_if_missing) return NoStore(*directory, options.path);
  if (*directory == StoreDirectory::kEmpty) {
    if (absl::Status made = MakeDirectory(options.path); !made.ok()) return made;
  }
  if (absl::Status writable = CheckWritable(options.path); !writable.ok()) return writable;
  if (absl::Status locked = TryLock(options.path, env); !locked.ok()) return locked;
  return OpenDatabase(options, env, create);
}

absl::StatusOr<std::unique_ptr<Store>> OpenRocksDbStore(const RocksDbOptions& options) {
  return OpenRocksDbStoreOn(options, rocksdb::Env::Default());
}

}  // namespace kengred::storage
