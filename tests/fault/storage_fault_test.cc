// The RocksDB store on a disk that breaks.
//
// Goal: whatever the disk does, an acknowledged commit is there afterwards, no commit is there by
// halves, after a failure nothing more is accepted, and damage is named instead of skipped (I7).
//
// Method: the same batches go to a memory store, whose content after each of them is what the disk
// must show. Then, for every file operation that commits, an opening, a making or an erasure
// perform: let that operation fail in one of four ways, once or for ever; end the process; take
// away what was not synced, half of it, or nothing; open again on a healthy disk and compare.
// Flushes and compactions are among the operations, as buffers are small. For damage that comes
// later: cut the log at every byte, flip bits of every file.
#include <absl/status/status.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fault_sweep.h"
#include "faulty_files.h"
#include "server/storage/head_record.h"
#include "server/storage/memory_store.h"
#include "server/storage/rocksdb_store.h"
#include "server/storage/rocksdb_store_testing.h"
#include "temporary_directory.h"

namespace kengred::storage {
namespace {

namespace fs = std::filesystem;

using kengred::testing::AnyFileHolds;
using kengred::testing::Damage;
using kengred::testing::Fault;
using kengred::testing::FaultyFiles;
using kengred::testing::Loss;
using kengred::testing::ReadFile;
using kengred::testing::SweepFaults;
using kengred::testing::TemporaryDirectory;
using kengred::testing::WriteFile;
using ::testing::HasSubstr;

constexpr size_t kSmallBuffers = 256 * 1024;
constexpr char kErasedKey[] = "Sperson to forget";
constexpr char kErasedText[] = "this text must not outlive its erasure";

// All that a store shows, or why it cannot.
absl::StatusOr<std::string> Everything(Store& store) {
  absl::StatusOr<Head> head = store.head();
  if (!head.ok()) return head.status();
  absl::StatusOr<Scan> scan = store.scan("", "", 1'000'000);
  if (!scan.ok()) return scan.status();
  std::string all =
      std::to_string(head->sequence) + "/" + std::string(head->hash.begin(), head->hash.end());
  for (const auto& [key, value] : scan->pairs) all += "\n" + key + "=" + value;
  for (uint64_t after = 0; after < head->sequence;) {
    absl::StatusOr<JournalPage> page = store.journal(after, 1000);
    if (!page.ok()) return page.status();
    if (page->entries.empty()) return absl::InternalError("the journal ends early");
    for (const auto& [sequence, entry] : page->entries) {
      all += "\n" + std::to_string(sequence) + ":" + entry;
    }
    after = page->entries.back().first;
  }
  return all;
}

// The batches that every test here commits, and what a store shows after the first so many of them.
class History {
 public:
  explicit History(int commits) {
    const std::unique_ptr<Store> model = NewMemoryStore();
    Head head = *model->acquire("writer");
    shown_.push_back(*Everything(*model));
    for (int i = 1; i <= commits; ++i) {
      Batch batch;
      batch.epoch = head.epoch;
      batch.parent_hash = head.hash;
      batch.first_sequence = head.sequence + 1;
      batch.hash.fill(static_cast<uint8_t>(i));
      std::map<std::string, std::string> puts;
      for (int j = 0; j < 1 + i % 3; ++j) batch.journal.push_back(Text("entry", 10 * i + j, 3000));
      for (int j = 0; j < 4; ++j) {
        puts["account " + std::to_string((7 * i + 5 * j) % 23)] = Text("state", 10 * i + j, 2000);
      }
      puts["count"] = std::to_string(i);
      puts["Srecord " + std::to_string(i % 11)] = Text("side", i, 1000);
      if (i == 2) puts[kErasedKey] = kErasedText;
      for (auto& [key, value] : puts) batch.writes.push_back({key, value});
      if (i % 5 == 0) batch.writes.push_back({"zz", std::nullopt});
      if (i % 5 == 1) batch.writes.push_back({"zz", "there"});
      if (*model->commit(batch) != CommitResult::kDurable) std::abort();
      head = *model->head();
      batches_.push_back(std::move(batch));
      shown_.push_back(*Everything(*model));
    }
  }

  size_t size() const { return batches_.size(); }
  const Batch& batch(size_t i) const { return batches_.at(i); }
  // After the first `count` batches.
  const std::string& shown(size_t count) const { return shown_.at(count); }

 private:
  // Text that hardly compresses, so that bytes on disk are many and each of them counts.
  static std::string Text(const std::string& what, int number, size_t size) {
    std::string text = what + " " + std::to_string(number) + ": ";
    auto state = static_cast<uint32_t>(number) * 2654435761U + 1;
    while (text.size() < size) {
      state = state * 1664525 + 1013904223;
      text.push_back(static_cast<char>(' ' + (state >> 24) % 90));
    }
    return text;
  }

  std::vector<Batch> batches_;
  std::vector<std::string> shown_;
};

const History& TheHistory() {
  static const History history(32);
  return history;
}

RocksDbOptions Options(const std::string& path) {
  RocksDbOptions options;
  options.path = path;
  options.write_buffer_bytes = kSmallBuffers;
  return options;
}

std::unique_ptr<Store> OpenHealthy(const std::string& path) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksDbStore(Options(path));
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

void CopyDirectory(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

// The files of a directory with their sizes; one that goes away meanwhile may be missing.
std::set<std::pair<std::string, uintmax_t>> Listing(const std::string& path) {
  std::set<std::pair<std::string, uintmax_t>> listing;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    std::error_code gone;
    listing.emplace(entry.path().filename().string(), entry.file_size(gone));
  }
  return listing;
}

// Copies the directory of a store that is open and takes no commits: again, where its background
// work has made or removed files meanwhile, since no kill leaves a mixture of then and now.
void CopyRunning(const std::string& from, const std::string& to) {
  while (true) {
    const auto before = Listing(from);
    fs::remove_all(to);
    std::error_code error;
    fs::copy(from, to, fs::copy_options::recursive, error);
    if (!error && Listing(from) == before && Listing(to) == before) return;
  }
}

std::set<std::string> FilesOf(const std::string& path, const std::string& part) {
  std::set<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (name.find(part) != std::string::npos) found.insert(entry.path().string());
  }
  return found;
}

class StorageFault : public ::testing::Test {
 protected:
  // Makes a store of the first `count` batches, and copies it while it runs: what a kill leaves,
  // with the last commits in the log only.
  void MakeImage(const std::string& image, size_t count) {
    RocksDbOptions options = Options(directory_ / "making");
    options.create_if_missing = true;
    absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksDbStore(options);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->acquire("writer").ok());
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(*(*store)->commit(TheHistory().batch(i)), CommitResult::kDurable);
    }
    CopyRunning(directory_ / "making", image);
    store->reset();
    fs::remove_all(directory_ / "making");
  }

  // The store must open, show what it does after `at_least` to `at_most` batches, and go on.
  void ExpectHealthy(const std::string& path, size_t at_least, size_t at_most) {
    const std::unique_ptr<Store> store = OpenHealthy(path);
    ASSERT_NE(store, nullptr);
    const absl::StatusOr<std::string> shown = Everything(*store);
    ASSERT_TRUE(shown.ok()) << shown.status();
    size_t count = at_least;
    while (count < at_most && *shown != TheHistory().shown(count)) ++count;
    ASSERT_EQ(*shown, TheHistory().shown(count));
    if (count == TheHistory().size()) return;

    absl::StatusOr<Head> head = store->acquire("writer after the fault");
    ASSERT_TRUE(head.ok()) << head.status();
    Batch next = TheHistory().batch(count);
    next.epoch = head->epoch;
    absl::StatusOr<CommitResult> result = store->commit(next);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(*result, CommitResult::kDurable);
    EXPECT_EQ(*Everything(*store), TheHistory().shown(count + 1));
  }

  const TemporaryDirectory directory_;
};

// ---- operations that fail ----

TEST_F(StorageFault, EveryOperationOfCommits) {
  constexpr size_t kBefore = 10;
  const std::string image = directory_ / "image";
  const std::string path = directory_ / "store";
  MakeImage(image, kBefore);
  // With what was in the log in tables already, so that only commits write.
  OpenHealthy(image).reset();

  SweepFaults([&](const Fault& fault) {
    CopyDirectory(image, path);
    FaultyFiles files;
    absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksDbStoreOn(Options(path), files.env());
    EXPECT_TRUE(store.ok()) << store.status();
    if (!store.ok()) return false;

    fault.PlanIn(&files);
    size_t acknowledged = kBefore;
    size_t attempted = kBefore;
    while (attempted < TheHistory().size()) {
      absl::StatusOr<CommitResult> result = (*store)->commit(TheHistory().batch(attempted));
      EXPECT_TRUE(result.ok()) << result.status();
      ++attempted;
      if (result.value_or(CommitResult::kFenced) != CommitResult::kDurable) {
        EXPECT_EQ(*result, CommitResult::kUnknown);
        break;
      }
      acknowledged = attempted;
    }
    if (acknowledged < attempted) {
      // For good, though a fault that came once is over.
      const Batch& next = TheHistory().batch(acknowledged);
      EXPECT_EQ(*(*store)->commit(next), CommitResult::kUnknown);
      EXPECT_TRUE(absl::IsUnavailable((*store)->renew(next.epoch)));
      EXPECT_TRUE(absl::IsUnavailable((*store)->acquire("another").status()));
      if (fault.damage == Damage::kDiskFull) {
        EXPECT_THAT(std::string((*store)->renew(next.epoch).message()), HasSubstr("No space"));
      }
      // What is known to be durable is still shown.
      EXPECT_EQ((*store)->scan("count", "", 1)->pairs.at(0).second, std::to_string(acknowledged));
    }
    const bool struck = files.Struck();
    files.Kill();
    store->reset();
    files.Restart(fault.loss);
    ExpectHealthy(path, acknowledged, attempted);
    return struck;
  });
}

TEST_F(StorageFault, EveryOperationOfOpening) {
  constexpr size_t kCommits = 12;
  const std::string image = directory_ / "image";
  const std::string path = directory_ / "store";
  MakeImage(image, kCommits);

  SweepFaults([&](const Fault& fault) {
    CopyDirectory(image, path);
    FaultyFiles files;
    fault.PlanIn(&files);
    absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksDbStoreOn(Options(path), files.env());
    if (!store.ok() && fault.damage == Damage::kDiskFull) {
      EXPECT_EQ(store.status().code(), absl::StatusCode::kResourceExhausted) << store.status();
    } else if (!store.ok()) {
      EXPECT_EQ(store.status().code(), absl::StatusCode::kUnavailable) << store.status();
    } else if (absl::StatusOr<std::string> shown = Everything(**store); shown.ok()) {
      EXPECT_EQ(*shown, TheHistory().shown(kCommits));
    }
    const bool struck = files.Struck();
    files.Kill();
    store = absl::UnavailableError("closed");
    files.Restart(fault.loss);
    ExpectHealthy(path, kCommits, kCommits);
    return struck;
  });
}

TEST_F(StorageFault, EveryOperationOfMaking) {
  const std::string path = directory_ / "store";
  RocksDbOptions options = Options(path);
  options.create_if_missing = true;
  SweepFaults([&](const Fault& fault) {
    fs::remove_all(path);
    FaultyFiles files;
    fault.PlanIn(&files);
    absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksDbStoreOn(options, files.env());
    const bool made = store.ok();
    const bool struck = files.Struck();
    files.Kill();
    store = absl::UnavailableError("closed");
    files.Restart(fault.loss);
    // What was said to be made is there; what was not can be made by saying it again.
    absl::StatusOr<std::unique_ptr<Store>> again = OpenRocksDbStore(made ? Options(path) : options);
    EXPECT_TRUE(again.ok()) << again.status();
    if (!again.ok()) return false;
    EXPECT_EQ(*Everything(**again), TheHistory().shown(0));
    EXPECT_TRUE((*again)->acquire("writer").ok());
    EXPECT_EQ((*again)->commit(TheHistory().batch(0)).value_or(CommitResult::kFenced),
              CommitResult::kDurable);
    return struck;
  });
}

TEST_F(StorageFault, EveryOperationOfAnErasure) {
  constexpr size_t kCommits = 6;
  const std::string image = directory_ / "image";
  const std::string path = directory_ / "store";
  MakeImage(image, kCommits);
  ASSERT_TRUE(AnyFileHolds(image, kErasedText));

  SweepFaults([&](const Fault& fault) {
    CopyDirectory(image, path);
    FaultyFiles files;
    absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksDbStoreOn(Options(path), files.env());
    EXPECT_TRUE(store.ok()) << store.status();
    if (!store.ok()) return false;
    fault.PlanIn(&files);
    const absl::Status erased = (*store)->erase({kErasedKey});
    const bool struck = files.Struck();
    files.Kill();
    store->reset();
    files.Restart(fault.loss);
    if (erased.ok()) {
      EXPECT_FALSE(AnyFileHolds(path, kErasedText));
      EXPECT_FALSE(AnyFileHolds(path, kErasedKey));
    } else {
      EXPECT_EQ(erased.code(), absl::StatusCode::kUnavailable) << erased;
    }

    // The next start finishes what was begun; what was not begun is there as before.
    std::unique_ptr<Store> next = OpenHealthy(path);
    if (next == nullptr) return false;
    const bool gone = !next->get({kErasedKey})->values.at(0).has_value();
    EXPECT_TRUE(gone || !erased.ok());
    if (gone) {
      EXPECT_FALSE(AnyFileHolds(path, kErasedText));
      EXPECT_FALSE(AnyFileHolds(path, kErasedKey));
    } else {
      EXPECT_EQ(*Everything(*next), TheHistory().shown(kCommits));
      // Looked for while no compaction moves it about.
      next.reset();
      EXPECT_TRUE(AnyFileHolds(path, kErasedText));
      next = OpenHealthy(path);
      if (next == nullptr) return false;
    }

    EXPECT_TRUE(next->erase({kErasedKey}).ok());
    EXPECT_FALSE(AnyFileHolds(path, kErasedText));
    const std::string line = std::string("\n") + kErasedKey + "=" + kErasedText;
    std::string rest = TheHistory().shown(kCommits);
    rest.erase(rest.find(line), line.size());
    EXPECT_EQ(*Everything(*next), rest);
    return struck;
  });
}

TEST_F(StorageFault, AFullDiskIsCalledSo) {
  MakeImage(directory_ / "store", 3);
  FaultyFiles files;
  files.Plan(1, Damage::kDiskFull, true);
  const absl::Status status =
      OpenRocksDbStoreOn(Options(directory_ / "store"), files.env()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("free space on that disk"));
}

// ---- damage found at the next start ----

TEST_F(StorageFault, ALogCutAnywhereKeepsWholeCommits) {
  // All in one log, which is never flushed.
  constexpr size_t kCommits = 6;
  const std::string image = directory_ / "image";
  const std::string path = directory_ / "store";
  MakeImage(image, kCommits);
  const std::set<std::string> logs = FilesOf(image, ".log");
  ASSERT_EQ(logs.size(), 1U);
  const std::string log = *logs.begin();
  const std::string bytes = ReadFile(log);

  std::set<size_t> seen;
  size_t last = 0;
  auto cut = [&](size_t length) {
    SCOPED_TRACE("log of " + std::to_string(bytes.size()) + " bytes cut to " +
                 std::to_string(length));
    CopyDirectory(image, path);
    WriteFile(path + log.substr(image.size()), bytes.substr(0, length));
    const std::unique_ptr<Store> store = OpenHealthy(path);
    ASSERT_NE(store, nullptr);
    const absl::StatusOr<std::string> shown = Everything(*store);
    ASSERT_TRUE(shown.ok()) << shown.status();
    size_t count = 0;
    while (count < kCommits && *shown != TheHistory().shown(count)) ++count;
    EXPECT_EQ(*shown, TheHistory().shown(count));
    EXPECT_GE(count, last);
    last = count;
    seen.insert(count);
  };
  for (size_t length = 0; length < bytes.size(); length += 331) cut(length);
  for (size_t length = bytes.size() - 20; length < bytes.size(); ++length) {
    cut(length);
    EXPECT_EQ(last, kCommits - 1);
  }
  cut(bytes.size());
  EXPECT_EQ(seen.size(), kCommits + 1);
}

TEST_F(StorageFault, AFlippedBitIsNeverPassedOver) {
  // In every file that holds content, at steps over all of its bytes: the store refuses to open, or
  // refuses to read, or shows all that it should, since not every byte matters. The only exception
  // there can be is the last block of the log, where a damaged length looks like the end of an
  // unfinished commit: there, whole commits may be missing from the end.
  constexpr size_t kCommits = 14;
  constexpr size_t kLogBlockBytes = 32 * 1024;
  const std::string image = directory_ / "image";
  const std::string path = directory_ / "store";
  MakeImage(image, kCommits);

  std::map<std::string, int> found_in;
  auto flip_all = [&] {
    for (const std::string part : {".sst", ".log", "MANIFEST-", "CURRENT"}) {
      for (const std::string& file : FilesOf(image, part)) {
        const std::string bytes = ReadFile(file);
        const size_t step = std::max<size_t>(1, bytes.size() / 25);
        for (size_t offset = 0; offset < bytes.size(); offset += step) {
          SCOPED_TRACE(file + " byte " + std::to_string(offset) + " of " +
                       std::to_string(bytes.size()));
          CopyDirectory(image, path);
          std::string flipped = bytes;
          flipped[offset] = static_cast<char>(flipped[offset] ^ (1 << (offset / step % 8)));
          WriteFile(path + file.substr(image.size()), flipped);

          absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksDbStore(Options(path));
          absl::StatusOr<std::string> shown =
              store.ok() ? Everything(**store) : absl::StatusOr<std::string>(store.status());
          if (!shown.ok()) {
            ++found_in[part];
            EXPECT_EQ(shown.status().code(), absl::StatusCode::kDataLoss) << shown.status();
            EXPECT_THAT(std::string(shown.status().message()), HasSubstr(path));
            // Where a table's description of itself is damaged, RocksDB names the manifest.
            if (part == ".sst") {
              EXPECT_THAT(std::string(shown.status().message()),
                          ::testing::AnyOf(HasSubstr(fs::path(file).filename().string()),
                                           HasSubstr("MANIFEST-")));
            }
          } else if (part == ".log" && offset / kLogBlockBytes == bytes.size() / kLogBlockBytes) {
            size_t count = 0;
            while (count < kCommits && *shown != TheHistory().shown(count)) ++count;
            EXPECT_EQ(*shown, TheHistory().shown(count));
          } else {
            EXPECT_EQ(*shown, TheHistory().shown(kCommits));
          }
        }
      }
    }
  };
  flip_all();
  EXPECT_GT(found_in[".log"], 15);
  // Once more with all of it in tables.
  OpenHealthy(image).reset();
  flip_all();
  EXPECT_GT(found_in[".sst"], 30);
  EXPECT_GT(found_in["MANIFEST-"], 20);
  EXPECT_GT(found_in["CURRENT"], 10);
}

TEST_F(StorageFault, AMissingFileIsNamed) {
  const std::string image = directory_ / "image";
  const std::string path = directory_ / "store";
  MakeImage(image, 14);
  OpenHealthy(image).reset();
  const std::set<std::string> tables = FilesOf(image, ".sst");
  ASSERT_FALSE(tables.empty());
  for (const std::string& table : tables) {
    CopyDirectory(image, path);
    fs::remove(path + table.substr(image.size()));
    const absl::Status status = OpenRocksDbStore(Options(path)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(fs::path(table).stem().string()));
  }
}

// Deletes a key behind the store's back.
void DeleteBehind(const std::string& path, const std::string& family, const std::string& key) {
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), path, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names) {
    descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions());
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(rocksdb::DBOptions(), path, descriptors, &handles, &db).ok());
  const std::unique_ptr<rocksdb::DB> owner(db);
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    if (handle->GetName() == family) {
      EXPECT_TRUE(db->Delete(rocksdb::WriteOptions(), handle, key).ok());
    }
    EXPECT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  }
}

TEST_F(StorageFault, AHoleInTheJournalIsNamed) {
  const std::string path = directory_ / "store";
  MakeImage(path, 5);
  DeleteBehind(path, "journal", EncodeSequence(3));
  const std::unique_ptr<Store> store = OpenHealthy(path);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->journal(0, 2)->entries.size(), 2U);
  for (uint64_t after : {0U, 2U}) {
    const absl::Status status = store->journal(after, 5).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("entry 3 "));
  }
  EXPECT_FALSE(store->journal(3, 5)->entries.empty());
}

TEST_F(StorageFault, AJournalThatEndsEarlyIsRefused) {
  const std::string path = directory_ / "store";
  MakeImage(path, 5);
  const Head head = *OpenHealthy(path)->head();
  DeleteBehind(path, "journal", EncodeSequence(head.sequence));
  const absl::Status status = OpenRocksDbStore(Options(path)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("ends at entry " + std::to_string(head.sequence - 1)));
}

TEST_F(StorageFault, AStoreWithoutAHeadIsRefused) {
  const std::string path = directory_ / "store";
  MakeImage(path, 5);
  DeleteBehind(path, rocksdb::kDefaultColumnFamilyName, std::string(1, kEnginePrefix) + "head");
  const absl::Status status = OpenRocksDbStore(Options(path)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("has content but no head"));
}

// ---- start-up ----

TEST_F(StorageFault, StartingDoesNotReadTheJournal) {
  // What is read at a start is bounded by the buffers, not by the journal; ten times the journal
  // must not read much more.
  const std::string path = directory_ / "store";
  RocksDbOptions options = Options(path);
  options.create_if_missing = true;
  options.write_buffer_bytes = 1024 * 1024;
  constexpr int kEntryBytes = 100'000;
  auto grow_and_measure = [&](int entries) -> uint64_t {
    {
      absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksDbStore(options);
      EXPECT_TRUE(store.ok()) << store.status();
      Head head = *(*store)->acquire("writer");
      for (int i = 0; i < entries; ++i) {
        Batch batch;
        batch.epoch = head.epoch;
        batch.parent_hash = head.hash;
        batch.first_sequence = head.sequence + 1;
        batch.hash = head.hash;
        for (size_t j = 0; j < 8 && ++batch.hash[j] == 0; ++j) {
        }
        std::string entry(kEntryBytes, '\0');
        uint64_t state = batch.first_sequence;
        for (char& byte : entry) {
          state = state * 6364136223846793005U + 1442695040888963407U;
          byte = static_cast<char>(state >> 56);
        }
        batch.journal = {std::move(entry)};
        EXPECT_EQ(*(*store)->commit(batch), CommitResult::kDurable);
        head = *(*store)->head();
      }
    }
    FaultyFiles files;
    absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksDbStoreOn(options, files.env());
    EXPECT_TRUE(store.ok()) << store.status();
    return files.bytes_read();
  };
  constexpr uint64_t kBound = 3 * 1024 * 1024;
  const uint64_t small = grow_and_measure(50);
  const uint64_t large = grow_and_measure(250);
  EXPECT_GT(small, 0U);
  EXPECT_LT(small, kBound);
  EXPECT_LT(large, kBound);
}

}  // namespace
}  // namespace kengred::storage
