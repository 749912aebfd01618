// The storage engines: each through the conformance suite; then what only one of them has: the
// bytes of records on disk (golden), and the directory of the RocksDB store, opened in every wrong
// way.
//
// The RocksDB engine runs on a file system whose every restart is a power cut: what was not synced
// is gone (tests/fault/faulty_files.h). It runs twice, once with buffers so small that everything
// passes through tables and compaction.
#include <absl/status/status.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "faulty_files.h"
#include "server/storage/head_record.h"
#include "server/storage/memory_store.h"
#include "server/storage/rocksdb_store.h"
#include "server/storage/rocksdb_store_testing.h"
#include "storage_conformance.h"
#include "temporary_directory.h"

namespace kengred::storage {
namespace {

namespace fs = std::filesystem;

using absl::StatusCode;
using kengred::testing::ReadFile;
using kengred::testing::TemporaryDirectory;
using kengred::testing::WriteFile;
using ::testing::HasSubstr;

// ---- the engines ----

class MemoryEngine : public Engine {
 public:
  Store& store() override { return *store_; }
  void Reopen() override { store_ = NewMemoryStore(image_); }
  void FailNextCommit(bool applied) override {
    image_->fail_next_commit(applied ? MemoryImage::Fault::kUnknownApplied
                                     : MemoryImage::Fault::kUnknownNotApplied);
  }
  // It leaves nothing behind but what it shows.
  bool Holds(std::string_view bytes) override {
    const absl::StatusOr<Scan> scan = store_->scan("", "", 1'000'000);
    for (const auto& [key, value] : scan->pairs) {
      if ((key + value).find(bytes) != std::string::npos) return true;
    }
    return false;
  }

 private:
  const std::shared_ptr<MemoryImage> image_ = std::make_shared<MemoryImage>();
  std::unique_ptr<Store> store_ = NewMemoryStore(image_);
};

class RocksDbEngine : public Engine {
 public:
  explicit RocksDbEngine(size_t write_buffer_bytes) {
    options_.path = directory_ / "store";
    options_.create_if_missing = true;
    options_.write_buffer_bytes = write_buffer_bytes;
    Open();
  }

  Store& store() override { return *store_; }
  void Reopen() override {
    files_.Kill();
    store_.reset();
    files_.Restart(testing::Loss::kAll);
    options_.create_if_missing = false;
    Open();
  }
  void FailNextCommit(bool applied) override {
    if (applied) {
      files_.Plan(1, testing::Damage::kDoneButNo, false, testing::Operation::kLogSync);
    } else {
      files_.Plan(1, testing::Damage::kTorn, false, testing::Operation::kLogAppend);
    }
  }
  bool Holds(std::string_view bytes) override {
    return kengred::testing::AnyFileHolds(options_.path, bytes);
  }

 private:
  void Open() {
    absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksDbStoreOn(options_, files_.env());
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  const TemporaryDirectory directory_;
  testing::FaultyFiles files_;
  RocksDbOptions options_;
  std::unique_ptr<Store> store_;
};

const EngineMaker kEngines[] = {
    {"Memory", [] { return std::make_unique<MemoryEngine>(); }},
    {"RocksDb",
     [] { return std::make_unique<RocksDbEngine>(RocksDbOptions().write_buffer_bytes); }},
    {"RocksDbSmallBuffers", [] { return std::make_unique<RocksDbEngine>(256 * 1024); }},
};

INSTANTIATE_TEST_SUITE_P(Engines, StorageConformance, ::testing::ValuesIn(kEngines),
                         [](const auto& engine) { return engine.param.name; });

// ---- the memory store ----

TEST(MemoryStore, TwoStoresOnOneImageFenceEachOther) {
  auto image = std::make_shared<MemoryImage>();
  const std::unique_ptr<Store> first = NewMemoryStore(image);
  const std::unique_ptr<Store> second = NewMemoryStore(image);
  const Head old_head = *first->acquire("first");
  const Head new_head = *second->acquire("second");
  EXPECT_EQ(*first->commit(BatchOn(old_head, {"one"}, {})), CommitResult::kFenced);
  EXPECT_EQ(*second->commit(BatchOn(new_head, {"one"}, {})), CommitResult::kDurable);
  // One sees what the other wrote.
  EXPECT_EQ(first->head()->sequence, 1U);
}

// ---- golden bytes: what is on disk for ever ----

TEST(HeadRecord, GoldenBytes) {
  HeadRecord record;
  record.head.epoch = 3;
  record.head.sequence = 258;
  record.head.hash.fill(0xab);
  record.writer = "a1";
  const std::string golden =
      std::string("\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x01\x02", 17) +
      std::string(32, '\xab') + "a1";
  EXPECT_EQ(EncodeHeadRecord(record), golden);
  absl::StatusOr<HeadRecord> decoded = DecodeHeadRecord(golden);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, record);

  // A released epoch has no writer's name.
  record.writer.clear();
  EXPECT_EQ(*DecodeHeadRecord(golden.substr(0, 49)), record);
}

TEST(HeadRecord, DamagedBytesAreRefused) {
  const std::string good = EncodeHeadRecord(HeadRecord());
  ASSERT_TRUE(DecodeHeadRecord(good).ok());
  for (const std::string& bad :
       {std::string(), good.substr(0, good.size() - 1), "\x02" + good.substr(1),
        good + std::string(kWriterBytesMax + 1, 'w')}) {
    EXPECT_THAT(DecodeHeadRecord(bad), HasCode(StatusCode::kDataLoss));
  }
}

TEST(HeadRecord, SequencesSortAsBytes) {
  EXPECT_EQ(EncodeSequence(0x0102030405060708), "\x01\x02\x03\x04\x05\x06\x07\x08");
  EXPECT_EQ(DecodeSequence("\x01\x02\x03\x04\x05\x06\x07\x08"), 0x0102030405060708U);
  EXPECT_LT(EncodeSequence(255), EncodeSequence(256));
}

// ---- opening a RocksDB store in every wrong way ----

class OpenRocksDb : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path, bool create,
                                              bool read_only = false) {
    RocksDbOptions options;
    options.path = path;
    options.create_if_missing = create;
    options.read_only = read_only;
    return OpenRocksDbStore(options);
  }

  // Makes a store with one commit in it, and closes it.
  void Make(const std::string& path) {
    absl::StatusOr<std::unique_ptr<Store>> store = Open(path, true);
    ASSERT_TRUE(store.ok()) << store.status();
    const Head head = *(*store)->acquire("test");
    ASSERT_EQ(*(*store)->commit(BatchOn(head, {"one"}, {Put("k", "v")})), CommitResult::kDurable);
  }

  void ExpectRefused(const std::string& path, bool create, StatusCode code,
                     const std::string& words) {
    const absl::Status status = Open(path, create).status();
    EXPECT_THAT(status, HasCode(code));
    EXPECT_THAT(std::string(status.message()), HasSubstr(words));
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  }

  // Every file with its size and time of change, to see that nothing was touched.
  static std::string Listing(const std::string& path) {
    std::set<std::string> lines;
    for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
      lines.insert(entry.path().filename().string() + " " + std::to_string(entry.file_size()) +
                   " " + std::to_string(entry.last_write_time().time_since_epoch().count()));
    }
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    return all;
  }

  const TemporaryDirectory directory_;
};

TEST_F(OpenRocksDb, MakesAStoreForItsOwnerOnly) {
  const std::string path = directory_ / "store";
  Make(path);
  EXPECT_EQ(ReadFile(path + "/FORMAT"), "kengred-store 3\n");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  absl::StatusOr<std::unique_ptr<Store>> store = Open(path, false);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->head()->sequence, 1U);
}

TEST_F(OpenRocksDb, MakesAStoreInAnEmptyDirectory) {
  fs::create_directory(directory_ / "store");
  Make(directory_ / "store");
  // A trailing slash names the same directory, and creating what is there opens it.
  absl::StatusOr<std::unique_ptr<Store>> store = Open(directory_ / "store/", true);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->head()->sequence, 1U);
}

TEST_F(OpenRocksDb, Missing) {
  ExpectRefused(directory_ / "store", false, StatusCode::kNotFound, "there is no store");
  EXPECT_FALSE(fs::exists(directory_ / "store"));
  ExpectRefused(directory_ / "no/store", true, StatusCode::kNotFound, "make it first");
}

TEST_F(OpenRocksDb, EmptyDirectory) {
  fs::create_directory(directory_ / "store");
  ExpectRefused(directory_ / "store", false, StatusCode::kNotFound, "there is no store");
  EXPECT_TRUE(fs::is_empty(directory_ / "store"));
}

TEST_F(OpenRocksDb, AFile) {
  WriteFile(directory_ / "store", "text");
  ExpectRefused(directory_ / "store", true, StatusCode::kFailedPrecondition, "is a file");
}

TEST_F(OpenRocksDb, AStrangersDirectory) {
  fs::create_directory(directory_ / "store");
  WriteFile(directory_ / "store/photo.jpg", "photo");
  const std::string before = Listing(directory_ / "store");
  for (const bool create : {false, true}) {
    ExpectRefused(directory_ / "store", create, StatusCode::kFailedPrecondition,
                  "is not a Kengred store: it holds photo.jpg");
  }
  EXPECT_EQ(Listing(directory_ / "store"), before);
}

TEST_F(OpenRocksDb, AnotherProgramsRocksDb) {
  const std::string path = directory_ / "store";
  Make(path);
  fs::remove(path + "/FORMAT");
  const std::string before = Listing(path);
  ExpectRefused(path, true, StatusCode::kFailedPrecondition, "is not a Kengred store");
  EXPECT_EQ(Listing(path), before);
}

TEST_F(OpenRocksDb, AnUnknownFormat) {
  const std::string path = directory_ / "store";
  Make(path);
  WriteFile(path + "/FORMAT", "kengred-store 4\n");
  const std::string before = Listing(path);
  ExpectRefused(path, true, StatusCode::kFailedPrecondition, "has store format 4");
  for (const std::string& text :
       {std::string(), std::string("kengred-store 3"), std::string("kengred-store 3 \n"),
        std::string("kengred-store \n"), std::string("kengred-store 3\n\n"),
        std::string("other 1\n"), "kengred-store 3" + std::string(1000, '0') + "\n"}) {
    WriteFile(path + "/FORMAT", text);
    ExpectRefused(path, true, StatusCode::kFailedPrecondition, "its file FORMAT is not ours");
  }
  WriteFile(path + "/FORMAT", "kengred-store 3\n");
  EXPECT_TRUE(Open(path, false).ok());
  EXPECT_NE(before, "");
}

TEST_F(OpenRocksDb, MakingThatWasInterrupted) {
  // Before FORMAT had its name: as if nothing had been there.
  fs::create_directory(directory_ / "early");
  WriteFile(directory_ / "early/FORMAT.tmp", "keng");
  ExpectRefused(directory_ / "early", false, StatusCode::kNotFound, "there is no store");
  Make(directory_ / "early");

  // After it.
  fs::create_directory(directory_ / "late");
  WriteFile(directory_ / "late/FORMAT", "kengred-store 3\n");
  WriteFile(directory_ / "late/MANIFEST-000001", "half a man");
  ExpectRefused(directory_ / "late", false, StatusCode::kFailedPrecondition, "create it again");
  Make(directory_ / "late");
}

TEST_F(OpenRocksDb, AStoreThatLostItsRootIsNotMadeAgain) {
  const std::string path = directory_ / "store";
  Make(path);
  fs::remove(path + "/CURRENT");
  const std::string before = Listing(path);
  ExpectRefused(path, true, StatusCode::kDataLoss, "has lost its file CURRENT");
  EXPECT_EQ(Listing(path), before);
}

TEST_F(OpenRocksDb, TwiceInOneProcess) {
  const std::string path = directory_ / "store";
  absl::StatusOr<std::unique_ptr<Store>> store = Open(path, true);
  ASSERT_TRUE(store.ok()) << store.status();
  const std::string before = Listing(path);
  ExpectRefused(path, false, StatusCode::kFailedPrecondition, "already in use by another process");
  EXPECT_EQ(Listing(path), before);
  EXPECT_TRUE((*store)->acquire("still working").ok());
}

TEST_F(OpenRocksDb, WhileAnotherProcessHasIt) {
  const std::string path = directory_ / "store";
  Make(path);
  // Another process takes the lock as RocksDB does, and says so.
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const std::string lock_path = path + "/LOCK";
  const pid_t holder = ::fork();
  ASSERT_GE(holder, 0);
  if (holder == 0) {
    const int file = ::open(lock_path.c_str(), O_RDWR);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(file, F_SETLK, &lock) != 0) ::_exit(1);
    if (::write(ready[1], "r", 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const std::string before = Listing(path);
  ExpectRefused(path, false, StatusCode::kFailedPrecondition, "already in use by another process");
  EXPECT_EQ(Listing(path), before);
  ::kill(holder, SIGKILL);
  ASSERT_EQ(::waitpid(holder, nullptr, 0), holder);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_TRUE(Open(path, false).ok());
}

TEST_F(OpenRocksDb, WhereItMayNotWrite) {
  const std::string path = directory_ / "store";
  Make(path);
  fs::create_directory(directory_ / "empty");
  // Nothing is forbidden to root, so root becomes somebody else for a moment.
  const bool root = ::geteuid() == 0;
  constexpr uid_t kNobody = 65534;
  if (root) {
    for (const std::string& owned : {directory_ / "", path, directory_ / "empty"}) {
      ASSERT_EQ(::chown(owned.c_str(), kNobody, static_cast<gid_t>(-1)), 0);
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
      ASSERT_EQ(::chown(entry.path().c_str(), kNobody, static_cast<gid_t>(-1)), 0);
    }
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  const std::string before = Listing(path);
  const fs::perms read_only = fs::perms::owner_read | fs::perms::owner_exec;
  fs::permissions(path, read_only);
  fs::permissions(directory_ / "empty", read_only);
  fs::permissions(directory_ / "", read_only);
  ExpectRefused(path, false, StatusCode::kPermissionDenied, "give this user the right to write");
  ExpectRefused(directory_ / "empty", true, StatusCode::kPermissionDenied, "right to write");
  ExpectRefused(directory_ / "new", true, StatusCode::kPermissionDenied, "right to write");
  // A tool may look all the same.
  absl::StatusOr<std::unique_ptr<Store>> seen = Open(path, false, /*read_only=*/true);
  EXPECT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(Listing(path), before);

  fs::permissions(directory_ / "", fs::perms::owner_all);
  fs::permissions(path, fs::perms::owner_exec);
  EXPECT_THAT(Open(path, false), HasCode(StatusCode::kPermissionDenied));
  fs::permissions(path, fs::perms::owner_all);
  fs::permissions(path + "/CURRENT", fs::perms::none);
  EXPECT_THAT(Open(path, false), HasCode(StatusCode::kPermissionDenied));
  fs::permissions(path + "/CURRENT", fs::perms::owner_all);
  EXPECT_TRUE(Open(path, false).ok());
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
}

// ---- a store opened to be looked at ----

TEST_F(OpenRocksDb, ReadOnlyShowsAllAndWritesNothing) {
  const std::string path = directory_ / "store";
  Make(path);
  const std::string before = Listing(path);
  {
    absl::StatusOr<std::unique_ptr<Store>> store = Open(path, true, /*read_only=*/true);
    ASSERT_TRUE(store.ok()) << store.status();
    const absl::StatusOr<Head> head = (*store)->head();
    ASSERT_TRUE(head.ok());
    EXPECT_EQ(head->sequence, 1U);
    EXPECT_THAT((*store)->get({"k", "missing"})->values, ::testing::ElementsAre("v", std::nullopt));
    EXPECT_THAT((*store)->scan("", "", 10)->pairs,
                ::testing::ElementsAre(::testing::Pair("k", "v")));
    EXPECT_THAT((*store)->journal(0, 10)->entries,
                ::testing::ElementsAre(::testing::Pair(1U, "one")));
    EXPECT_THAT((*store)->acquire("tool"), HasCode(StatusCode::kFailedPrecondition));
    EXPECT_THAT((*store)->commit(BatchOn(*head, {"two"}, {})),
                HasCode(StatusCode::kFailedPrecondition));
    EXPECT_THAT((*store)->renew(1), HasCode(StatusCode::kFailedPrecondition));
    EXPECT_THAT((*store)->release(1), HasCode(StatusCode::kFailedPrecondition));
    EXPECT_THAT((*store)->erase({"Sx"}), HasCode(StatusCode::kFailedPrecondition));
  }
  EXPECT_EQ(Listing(path), before);
  EXPECT_THAT(Open(directory_ / "none", true, true), HasCode(StatusCode::kNotFound));
  EXPECT_FALSE(fs::exists(directory_ / "none"));
}

TEST_F(OpenRocksDb, ReadOnlyBesideARunningServer) {
  const std::string path = directory_ / "store";
  RocksDbOptions options;
  options.path = path;
  options.create_if_missing = true;
  options.write_buffer_bytes = 256 * 1024;
  absl::StatusOr<std::unique_ptr<Store>> server = OpenRocksDbStore(options);
  ASSERT_TRUE(server.ok()) << server.status();
  Head head = *(*server)->acquire("server");
  uint64_t seen = 0;
  for (int i = 0; i < 400; ++i) {
    const Batch batch =
        BatchOn(head, {std::string(4000, 'j')}, {Put("Sx", std::string(3000, 's')), Put("k", "v")});
    ASSERT_EQ(*(*server)->commit(batch), CommitResult::kDurable);
    head = HeadAfter(batch);
    if (i % 20 != 0) continue;
    absl::StatusOr<std::unique_ptr<Store>> tool = Open(path, false, /*read_only=*/true);
    ASSERT_TRUE(tool.ok()) << tool.status();
    EXPECT_EQ((*tool)->head()->sequence, head.sequence);
    EXPECT_EQ((*tool)->journal(0, 1000)->entries.size(), head.sequence);
    ++seen;
  }
  EXPECT_EQ(seen, 20U);
}

}  // namespace
}  // namespace kengred::storage
