#include "faulty_files.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace kengred::testing {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

std::optional<std::string> Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string FolderOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

bool IsLog(const std::string& path) { return path.ends_with(".log"); }

IOStatus Planned(Damage damage) {
  return damage == Damage::kDiskFull ? IOStatus::NoSpace("planned", "No space left on device")
                                     : IOStatus::IOError("planned fault");
}

}  // namespace

struct FaultyFiles::State {
  // What a power cut would leave of a file written since the last restart.
  struct Unsafe {
    uint64_t size = 0;
    uint64_t synced_size = 0;
    bool name_synced = false;
  };
  struct Rename {
    std::string from;
    std::string to;
    std::optional<std::string> replaced;
  };

  mutable absl::Mutex mutex;
  uint64_t nth ABSL_GUARDED_BY(mutex) = 0;  // 0: no plan
  Damage damage ABSL_GUARDED_BY(mutex) = Damage::kRefused;
  bool for_ever ABSL_GUARDED_BY(mutex) = false;
  Operation operation ABSL_GUARDED_BY(mutex) = Operation::kAny;
  uint64_t count ABSL_GUARDED_BY(mutex) = 0;
  bool struck ABSL_GUARDED_BY(mutex) = false;
  bool killed ABSL_GUARDED_BY(mutex) = false;
  uint64_t bytes_read ABSL_GUARDED_BY(mutex) = 0;
  std::chrono::microseconds sync_slower_by ABSL_GUARDED_BY(mutex){0};
  std::map<std::string, Unsafe> files ABSL_GUARDED_BY(mutex);
  std::vector<Rename> renames ABSL_GUARDED_BY(mutex);

  // Counts an operation, and says which damage it takes, if any.
  std::optional<Damage> Strike(Operation kind) {
    absl::MutexLock lock(&mutex);
    if (killed) return Damage::kRefused;
    if (operation != Operation::kAny && operation != kind) return std::nullopt;
    ++count;
    const bool hit = nth != 0 && (for_ever ? count >= nth : count == nth);
    if (!hit) return std::nullopt;
    struck = true;
    return damage;
  }

  // Runs an operation that is done or not done, never by halves.
  template <typename Do>
  IOStatus Run(Operation kind, Do&& operate) {
    const std::optional<Damage> hit = Strike(kind);
    if (hit && *hit != Damage::kDoneButNo) return Planned(*hit);
    IOStatus status = operate();
    return hit ? Planned(*hit) : status;
  }

  // What a sync waits for; false where the process has died meanwhile.
  bool Linger() {
    std::chrono::microseconds left;
    {
      absl::MutexLock lock(&mutex);
      left = sync_slower_by;
    }
    if (left.count() > 0) std::this_thread::sleep_for(left);
    absl::MutexLock lock(&mutex);
    return !killed;
  }

  void Read(uint64_t bytes) {
    absl::MutexLock lock(&mutex);
    bytes_read += bytes;
  }
};

class FaultyFiles::WritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WritableFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path,
               std::shared_ptr<State> state)
      : FSWritableFileOwnerWrapper(std::move(file)),
        path_(std::move(path)),
        state_(std::move(state)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    const std::optional<Damage> hit =
        state_->Strike(IsLog(path_) ? Operation::kLogAppend : Operation::kAny);
    size_t length = data.size();
    if (hit == Damage::kRefused) length = 0;
    if (hit == Damage::kTorn || hit == Damage::kDiskFull) length /= 2;
    if (length > 0) {
      const IOStatus status = target()->Append(rocksdb::Slice(data.data(), length), options, debug);
      if (!status.ok()) return status;
      absl::MutexLock lock(&state_->mutex);
      state_->files[path_].size += length;
    }
    return hit ? Planned(*hit) : IOStatus::OK();
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*info*/, IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return state_->Run(Operation::kAny, [&] { return target()->Truncate(size, options, debug); });
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return state_->Run(Operation::kAny, [&] { return target()->Close(options, debug); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Synced([&] { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Synced([&] { return target()->Fsync(options, debug); });
  }

 private:
  template <typename Do>
  IOStatus Synced(Do&& sync) {
    const bool is_log = IsLog(path_);
    return state_->Run(is_log ? Operation::kLogSync : Operation::kAny, [&] {
      // A crash may come while the disk is at work.
      if (is_log && !state_->Linger()) return Planned(Damage::kRefused);
      IOStatus status = sync();
      absl::MutexLock lock(&state_->mutex);
      State::Unsafe& file = state_->files[path_];
      if (status.ok()) file.synced_size = file.size;
      return status;
    });
  }

  const std::string path_;
  const std::shared_ptr<State> state_;
};

class FaultyFiles::Directory : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<rocksdb::FSDirectory> directory, std::string path,
            std::shared_ptr<State> state)
      : FSDirectoryWrapper(std::move(directory)),
        path_(std::filesystem::path(path + "/").parent_path().string()),
        state_(std::move(state)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Synced([&] { return FSDirectoryWrapper::Fsync(options, debug); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& how) override {
    return Synced([&] { return FSDirectoryWrapper::FsyncWithDirOptions(options, debug, how); });
  }

 private:
  template <typename Do>
  IOStatus Synced(Do&& sync) {
    return state_->Run(Operation::kAny, [&] {
      IOStatus status = sync();
      absl::MutexLock lock(&state_->mutex);
      if (status.ok()) {
        for (auto& [path, file] : state_->files) {
          if (FolderOf(path) == path_) file.name_synced = true;
        }
        std::erase_if(state_->renames,
                      [this](const State::Rename& rename) { return FolderOf(rename.to) == path_; });
      }
      return status;
    });
  }

  const std::string path_;
  const std::shared_ptr<State> state_;
};

namespace {

// Counts what a file that is read gives.
template <typename Base, typename Count>
class CountedFile : public Base {
 public:
  template <typename File>
  CountedFile(File&& file, Count count)
      : Base(std::forward<File>(file)), count_(std::move(count)) {}

 protected:
  IOStatus Counted(IOStatus status, const rocksdb::Slice* result) const {
    if (status.ok()) count_(result->size());
    return status;
  }

 private:
  const Count count_;
};

using Counter = std::function<void(uint64_t)>;

class SequentialFile : public CountedFile<rocksdb::FSSequentialFileOwnerWrapper, Counter> {
 public:
  using CountedFile::CountedFile;
  IOStatus Read(size_t count, const IOOptions& options, rocksdb::Slice* result, char* scratch,
                IODebugContext* debug) override {
    return Counted(FSSequentialFileOwnerWrapper::Read(count, options, result, scratch, debug),
                   result);
  }
};

class RandomAccessFile : public CountedFile<rocksdb::FSRandomAccessFileOwnerWrapper, Counter> {
 public:
  using CountedFile::CountedFile;
  IOStatus Read(uint64_t offset, size_t count, const IOOptions& options, rocksdb::Slice* result,
                char* scratch, IODebugContext* debug) const override {
    return Counted(
        FSRandomAccessFileOwnerWrapper::Read(offset, count, options, result, scratch, debug),
        result);
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    const IOStatus status =
        FSRandomAccessFileOwnerWrapper::MultiRead(requests, count, options, debug);
    for (size_t i = 0; i < count; ++i) {
      Counted(requests[i].status, &requests[i].result).PermitUncheckedError();
    }
    return status;
  }
};

}  // namespace

class FaultyFiles::FileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit FileSystem(std::shared_ptr<State> state)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), state_(std::move(state)) {}

  const char* Name() const override { return "FaultyFiles"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* debug) override {
    return state_->Run(Operation::kAny, [&] {
      std::unique_ptr<rocksdb::FSWritableFile> file;
      IOStatus status = target()->NewWritableFile(path, options, &file, debug);
      if (!status.ok()) return status;
      result->reset(new WritableFile(std::move(file), path, state_));
      absl::MutexLock lock(&state_->mutex);
      state_->files[path] = State::Unsafe();
      return status;
    });
  }
  // The store neither appends to a file of an earlier life nor recycles one; were it to begin, what
  // a power cut leaves of it would have to be thought about here.
  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& /*options*/,
                              std::unique_ptr<rocksdb::FSWritableFile>* /*result*/,
                              IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("ReopenWritableFile", path);
  }
  IOStatus ReuseWritableFile(const std::string& path, const std::string& /*old_path*/,
                             const FileOptions& /*options*/,
                             std::unique_ptr<rocksdb::FSWritableFile>* /*result*/,
                             IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("ReuseWritableFile", path);
  }
  IOStatus NewSequentialFile(const std::string& path, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    IOStatus status = target()->NewSequentialFile(path, options, &file, debug);
    if (status.ok()) result->reset(new SequentialFile(std::move(file), CountRead()));
    return status;
  }
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    IOStatus status = target()->NewRandomAccessFile(path, options, &file, debug);
    if (status.ok()) result->reset(new RandomAccessFile(std::move(file), CountRead()));
    return status;
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSDirectory> directory;
    IOStatus status = target()->NewDirectory(path, options, &directory, debug);
    if (status.ok()) result->reset(new Directory(std::move(directory), path, state_));
    return status;
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    return state_->Run(Operation::kAny, [&] {
      IOStatus status = target()->DeleteFile(path, options, debug);
      absl::MutexLock lock(&state_->mutex);
      if (status.ok()) state_->files.erase(path);
      return status;
    });
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    return state_->Run(Operation::kAny, [&] {
      State::Rename rename{from, to, Contents(to)};
      IOStatus status = target()->RenameFile(from, to, options, debug);
      absl::MutexLock lock(&state_->mutex);
      if (status.ok()) {
        if (auto moved = state_->files.extract(from)) {
          moved.key() = to;
          state_->files.erase(to);
          state_->files.insert(std::move(moved));
        }
        state_->renames.push_back(std::move(rename));
      }
      return status;
    });
  }

 private:
  Counter CountRead() {
    return [state = state_](uint64_t bytes) { state->Read(bytes); };
  }

  const std::shared_ptr<State> state_;
};

namespace {

// RocksDB waits a second after background work has failed; here time is short.
class ImpatientClock : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "ImpatientClock"; }
  void SleepForMicroseconds(int micros) override {
    SystemClockWrapper::SleepForMicroseconds(std::min(micros, 1000));
  }
};

class FaultyEnv : public rocksdb::EnvWrapper {
 public:
  explicit FaultyEnv(const std::shared_ptr<rocksdb::FileSystem>& files)
      : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = files;
    system_clock_ = std::make_shared<ImpatientClock>(rocksdb::SystemClock::Default());
  }
};

}  // namespace

FaultyFiles::FaultyFiles()
    : state_(std::make_shared<State>()),
      env_(std::make_unique<FaultyEnv>(std::make_shared<FileSystem>(state_))) {}

FaultyFiles::~FaultyFiles() = default;

rocksdb::Env* FaultyFiles::env() { return env_.get(); }

void FaultyFiles::Plan(uint64_t nth, Damage damage, bool for_ever, Operation operation) {
  absl::MutexLock lock(&state_->mutex);
  state_->nth = nth;
  state_->damage = damage;
  state_->for_ever = for_ever;
  state_->operation = operation;
  state_->count = 0;
  state_->struck = false;
}

bool FaultyFiles::Struck() const {
  absl::MutexLock lock(&state_->mutex);
  return state_->struck;
}

uint64_t FaultyFiles::operations() const {
  absl::MutexLock lock(&state_->mutex);
  return state_->count;
}

uint64_t FaultyFiles::bytes_read() const {
  absl::MutexLock lock(&state_->mutex);
  return state_->bytes_read;
}

void FaultyFiles::SlowLogSyncs(std::chrono::microseconds by) {
  absl::MutexLock lock(&state_->mutex);
  state_->sync_slower_by = by;
}

void FaultyFiles::Kill() {
  absl::MutexLock lock(&state_->mutex);
  state_->killed = true;
}

void FaultyFiles::Restart(Loss loss) {
  absl::MutexLock lock(&state_->mutex);
  if (loss != Loss::kNone) {
    // A rename that was not synced did not happen: what it replaced is back.
    for (auto rename = state_->renames.rbegin(); rename != state_->renames.rend(); ++rename) {
      std::filesystem::remove(rename->to);
      state_->files.erase(rename->to);
      if (rename->replaced) {
        std::ofstream(rename->to, std::ios::binary) << *rename->replaced;
      }
    }
    for (const auto& [path, file] : state_->files) {
      if (!std::filesystem::exists(path)) continue;
      if (!file.name_synced && loss == Loss::kAll) {
        std::filesystem::remove(path);
        continue;
      }
      const uint64_t unsynced = file.size - file.synced_size;
      std::filesystem::resize_file(path,
                                   file.synced_size + (loss == Loss::kHalf ? unsynced / 2 : 0));
    }
  }
  state_->renames.clear();
  state_->files.clear();
  state_->nth = 0;
  state_->count = 0;
  state_->killed = false;
}

}  // namespace kengred::testing
