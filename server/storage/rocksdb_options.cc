#include "server/storage/rocksdb_options.h"

#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>

#include "server/storage/rocksdb_families.h"
#include "server/storage/rocksdb_memtable.h"

namespace kengred::storage {
namespace {

constexpr size_t kKibibyte = 1024;
constexpr size_t kMebibyte = 1024 * kKibibyte;

// RocksDB's account of what it does, for operators: the file LOG, the one before it LOG.old.
// RocksDB would write it by itself, but Debian's aborts the process when a line fails after another
// has failed, and a full disk must stop the commits, not the reads.
class FileLogger : public rocksdb::Logger {
 public:
  explicit FileLogger(const std::string& directory) {
    const std::string path = directory + "/LOG";
    ::rename(path.c_str(), (path + ".old").c_str());
    file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  }
  ~FileLogger() override {
    if (file_ >= 0) ::close(file_);
  }

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char line[1024];
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    tm utc{};
    ::gmtime_r(&now.tv_sec, &utc);
    const size_t stamp = std::strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ ", &utc);
    // A byte is kept for the end of the line; what is longer is cut.
    const size_t room = sizeof(line) - stamp - 1;
    const int wanted = std::vsnprintf(line + stamp, room, format, arguments);
    if (wanted < 0) return;
    size_t bytes = stamp + std::min(static_cast<size_t>(wanted), room - 1);
    line[bytes++] = '\n';
    if (written_.fetch_add(bytes) > kLogBytesMax) return;
    // Nothing depends on it.
    static_cast<void>(::write(file_, line, bytes) == 0);
  }

 private:
  static constexpr size_t kLogBytesMax = 4 * 1024 * 1024;

  int file_ = -1;
  std::atomic<size_t> written_ = 0;
};

// A tool that only reads must not write a log.
class SilentLogger : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*ap*/) override {}
};

// Tables that share one cache.
class Caching {
 public:
  explicit Caching(size_t bytes) : cache_(rocksdb::NewLRUCache(bytes)) {}

  rocksdb::BlockBasedTableOptions WithoutFilters(size_t block_bytes) const {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache_;
    table.block_size = block_bytes;
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_top_level_index_and_filter = true;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    return table;
  }
  rocksdb::BlockBasedTableOptions WithFilters(size_t block_bytes) const {
    rocksdb::BlockBasedTableOptions table = WithoutFilters(block_bytes);
    table.partition_filters = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.whole_key_filtering = true;
    return table;
  }
  // Filters and indexes in one piece, a look into the cache less: for tables whose rows are few
  // for each account, and that are asked most.
  rocksdb::BlockBasedTableOptions InOnePiece(size_t block_bytes) const {
    rocksdb::BlockBasedTableOptions table = WithFilters(block_bytes);
    table.index_type = rocksdb::BlockBasedTableOptions::kBinarySearch;
    table.partition_filters = false;
    table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
    return table;
  }

 private:
  std::shared_ptr<rocksdb::Cache> cache_;
};

// What all families have in common.
rocksdb::ColumnFamilyOptions FamilyOptions(const RocksDbOptions& options,
                                           const rocksdb::BlockBasedTableOptions& table) {
  rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  family.memtable_factory = std::make_shared<TreeMemTableFactory>();
  family.write_buffer_size = 2 * options.write_buffer_bytes;
  // A memtable takes memory in pieces, one at least: small ones, as there are several families.
  family.arena_block_size = std::max(4 * kKibibyte, options.write_buffer_bytes / 128);
  family.level_compaction_dynamic_level_bytes = true;
  family.target_file_size_base = 32 * kMebibyte;
  family.compression = rocksdb::kNoCompression;
  // Where the disk or the cores are slow, reads look into more files before commits have to wait.
  family.level0_slowdown_writes_trigger = 60;
  family.level0_stop_writes_trigger = 120;
  return family;
}

rocksdb::ColumnFamilyOptions StateOptions(const RocksDbOptions& options, const Caching& caching) {
  rocksdb::ColumnFamilyOptions family = FamilyOptions(options, caching.WithFilters(4 * kKibibyte));
  family.compression = rocksdb::kLZ4Compression;
  family.memtable_prefix_bloom_size_ratio = 0.01;
  family.memtable_whole_key_filtering = true;
  family.max_bytes_for_level_base = 128 * kMebibyte;
  return family;
}

rocksdb::ColumnFamilyOptions EngineOptions(const RocksDbOptions& options, const Caching& caching) {
  return FamilyOptions(options, caching.WithoutFilters(4 * kKibibyte));
}

rocksdb::ColumnFamilyOptions CounterOptions(const RocksDbOptions& options, const Caching& caching) {
  rocksdb::ColumnFamilyOptions family = FamilyOptions(options, caching.InOnePiece(4 * kKibibyte));
  family.memtable_prefix_bloom_size_ratio = 0.01;
  family.memtable_whole_key_filtering = true;
  family.max_bytes_for_level_base = 128 * kMebibyte;
  return family;
}

rocksdb::ColumnFamilyOptions JournalOptions(const RocksDbOptions& options, const Caching& caching) {
  rocksdb::ColumnFamilyOptions family =
      FamilyOptions(options, caching.WithoutFilters(16 * kKibibyte));
  family.compression = rocksdb::kZSTD;
  family.compression_opts.level = 1;
  family.target_file_size_base = 64 * kMebibyte;
  family.max_bytes_for_level_base = 256 * kMebibyte;
  return family;
}

rocksdb::ColumnFamilyOptions SideOptions(const RocksDbOptions& options, const Caching& caching) {
  return FamilyOptions(options, caching.WithFilters(4 * kKibibyte));
}

// Sorted runs are merged when there are eight of them, and then mostly those of the same age.
void MergeSeldom(rocksdb::ColumnFamilyOptions* family) {
  family->compaction_style = rocksdb::kCompactionStyleUniversal;
  family->level_compaction_dynamic_level_bytes = false;
  family->num_levels = 8;
  family->level0_file_num_compaction_trigger = 8;
  family->compaction_options_universal.max_size_amplification_percent = 1000;
  family->compaction_options_universal.allow_trivial_move = true;
}

rocksdb::ColumnFamilyOptions OnceOptions(const RocksDbOptions& options, const Caching& caching) {
  rocksdb::ColumnFamilyOptions family = FamilyOptions(options, caching.WithFilters(4 * kKibibyte));
  family.memtable_prefix_bloom_size_ratio = 0.01;
  family.memtable_whole_key_filtering = true;
  MergeSeldom(&family);
  return family;
}

rocksdb::ColumnFamilyOptions SeriesOptions(const RocksDbOptions& options, const Caching& caching) {
  return FamilyOptions(options, caching.WithoutFilters(16 * kKibibyte));
}

rocksdb::ColumnFamilyOptions LogOptions(const RocksDbOptions& options, const Caching& caching) {
  rocksdb::ColumnFamilyOptions family =
      FamilyOptions(options, caching.WithoutFilters(4 * kKibibyte));
  family.compression = rocksdb::kLZ4Compression;
  MergeSeldom(&family);
  return family;
}

}  // namespace

rocksdb::DBOptions DatabaseOptions(const RocksDbOptions& options, rocksdb::Env* env,
                                   std::shared_ptr<rocksdb::EventListener> errors) {
  rocksdb::DBOptions db;
  db.env = env;
  db.paranoid_checks = true;
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.track_and_verify_wals_in_manifest = true;
  db.recycle_log_file_num = 0;
  db.max_bgerror_resume_count = 0;
  db.listeners = {std::move(errors)};

  db.db_write_buffer_size = options.write_buffer_bytes;
  db.allow_concurrent_memtable_write = false;
  db.max_total_wal_size = 2 * options.write_buffer_bytes;
  db.max_manifest_file_size = 1;
  db.manifest_preallocation_size = 64 * 1024;
  db.max_open_files = 512;
  // Few are opened at the start; sixteen threads a family, the default, cost more than they save.
  db.max_file_opening_threads = 1;
  db.skip_stats_update_on_db_open = true;
  // One flushes, the others compact: a long merge must not keep back those that every commit waits
  // for once level 0 is full.
  db.max_background_jobs = 4;
  db.bytes_per_sync = 1024 * 1024;

  db.info_log_level = rocksdb::InfoLogLevel::INFO_LEVEL;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;

  if (options.read_only) {
    db.info_log = std::make_shared<SilentLogger>();
    // Beside a running server, files not open yet may be gone when they are wanted.
    db.max_open_files = -1;
  } else {
    db.info_log = std::make_shared<FileLogger>(options.path);
  }
  return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> Families(const RocksDbOptions& options) {
  const Caching caching(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families(kFamilies);
  families[kState].options = StateOptions(options, caching);
  families[kEngine].options = EngineOptions(options, caching);
  families[kCounters].options = CounterOptions(options, caching);
  families[kJournal].options = JournalOptions(options, caching);
  families[kSide].options = SideOptions(options, caching);
  families[kOnce].options = OnceOptions(options, caching);
  families[kSeries].options = SeriesOptions(options, caching);
  families[kLog].options = LogOptions(options, caching);
  for (size_t i = 0; i < kFamilies; ++i) families[i].name = kFamilyNames[i];
  return families;
}

}  // namespace kengred::storage
