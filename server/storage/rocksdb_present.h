// What a store in RocksDB knows of itself without asking the disk: where it stands, and whether
// anything has failed. Threads: any.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/synchronization/mutex.h>
#include <rocksdb/listener.h>
#include <rocksdb/status.h>
#include <rocksdb/types.h>

#include <memory>
#include <string>
#include <utility>

#include "server/storage/head_record.h"

namespace kengred::storage {

// Shared with the listener, as RocksDB's threads may report to it until the database is closed.
struct Present {
  absl::Mutex mutex;
  HeadRecord record ABSL_GUARDED_BY(mutex);
  // RocksDB's number of the write after which `record` held.
  rocksdb::SequenceNumber written ABSL_GUARDED_BY(mutex) = 0;
  absl::Status fault ABSL_GUARDED_BY(mutex);  // not OK: accepts nothing more

  absl::Status Fail(const rocksdb::Status& cause, const std::string& what) {
    absl::MutexLock lock(&mutex);
    if (fault.ok()) {
      fault = absl::UnavailableError("the store accepts nothing more until it is opened again: " +
                                     what + ": " + cause.ToString());
    }
    return fault;
  }
};

class BackgroundErrors : public rocksdb::EventListener {
 public:
  explicit BackgroundErrors(std::shared_ptr<Present> present) : present_(std::move(present)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                         rocksdb::Status* status) override {
    present_->Fail(*status, "background work failed").IgnoreError();
  }

 private:
  const std::shared_ptr<Present> present_;
};

}  // namespace kengred::storage
