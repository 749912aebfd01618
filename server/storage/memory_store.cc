#include "server/storage/memory_store.h"

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <optional>
#include <utility>

#include "server/storage/batch_check.h"
#include "server/storage/key_range.h"

namespace kengred::storage {

void MemoryImage::fail_next_commit(Fault fault) {
  absl::MutexLock lock(&mutex_);
  fault_ = fault;
}

class MemoryStore : public Store {
 public:
  explicit MemoryStore(std::shared_ptr<MemoryImage> image) : image_(std::move(image)) {}

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
  using Content = MemoryImage::Content;

  // OK, or why this store accepts nothing more.
  absl::Status health() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(image_->mutex_);
  // What reads may show.
  const Content& shown() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(image_->mutex_);

  const std::shared_ptr<MemoryImage> image_;
  // Set by a fault on this store: the last content that it knows to be durable, which it goes on
  // showing. Guarded by image_->mutex_.
  std::optional<Content> frozen_;
};

absl::Status MemoryStore::health() const {
  if (!frozen_) return absl::OkStatus();
  return absl::UnavailableError("the store has failed and must be opened again: a planned fault");
}

const MemoryStore::Content& MemoryStore::shown() const {
  return frozen_ ? *frozen_ : image_->content_;
}

absl::StatusOr<Head> MemoryStore::acquire(std::string_view writer) {
  if (absl::Status status = CheckWriter(writer); !status.ok()) return status;
  absl::MutexLock lock(&image_->mutex_);
  if (absl::Status status = health(); !status.ok()) return status;
  HeadRecord& record = image_->content_.record;
  ++record.head.epoch;
  record.writer = writer;
  return record.head;
}

absl::StatusOr<CommitResult> MemoryStore::commit(const Batch& batch) {
  absl::MutexLock lock(&image_->mutex_);
  if (frozen_) return CommitResult::kUnknown;
  if (absl::Status status = CheckBatch(batch); !status.ok()) return status;
  Content& content = image_->content_;
  absl::StatusOr<bool> built_on = BuiltOn(batch, content.record);
  if (!built_on.ok()) return built_on.status();
  if (!*built_on) return CommitResult::kFenced;

  const MemoryImage::Fault fault = std::exchange(image_->fault_, MemoryImage::Fault::kNone);
  if (fault != MemoryImage::Fault::kNone) frozen_ = content;
  if (fault == MemoryImage::Fault::kUnknownNotApplied) return CommitResult::kUnknown;

  for (const Write& write : batch.writes) {
    if (write.value) {
      content.pairs.insert_or_assign(write.key, *write.value);
    } else {
      content.pairs.erase(write.key);
    }
  }
  content.journal.insert(content.journal.end(), batch.journal.begin(), batch.journal.end());
  content.record = Advance(content.record, batch);
  return fault == MemoryImage::Fault::kNone ? CommitResult::kDurable : CommitResult::kUnknown;
}

absl::Status MemoryStore::renew(uint64_t epoch) {
  absl::MutexLock lock(&image_->mutex_);
  if (absl::Status status = health(); !status.ok()) return status;
  return CheckEpoch(epoch, image_->content_.record);
}

absl::Status MemoryStore::release(uint64_t epoch) {
  absl::MutexLock lock(&image_->mutex_);
  if (absl::Status status = health(); !status.ok()) return status;
  HeadRecord& record = image_->content_.record;
  if (absl::Status status = CheckEpoch(epoch, record); !status.ok()) return status;
  record.writer.clear();
  return absl::OkStatus();
}

absl::StatusOr<Head> MemoryStore::head() {
  absl::MutexLock lock(&image_->mutex_);
  if (absl::Status status = health(); !status.ok()) return status;
  return image_->content_.record.head;
}

absl::StatusOr<Head> MemoryStore::wait_for(uint64_t sequence, absl::Duration timeout) {
  absl::MutexLock lock(&image_->mutex_);
  auto reached = [this, sequence]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return shown().record.head.sequence >= sequence;
  };
  auto settled = [this, &reached] { return reached() || frozen_; };
  if (!image_->mutex_.AwaitWithTimeout(absl::Condition(&settled), timeout)) {
    return absl::DeadlineExceededError("the store has not reached sequence " +
                                       std::to_string(sequence) + " yet");
  }
  if (!reached()) return health();
  return shown().record.head;
}

absl::StatusOr<Read> MemoryStore::get(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    if (absl::Status status = CheckKey(key); !status.ok()) return status;
  }
  absl::MutexLock lock(&image_->mutex_);
  Read read;
  read.sequence = shown().record.head.sequence;
  read.values.reserve(keys.size());
  for (const std::string& key : keys) {
    const auto found = shown().pairs.find(key);
    read.values.push_back(found == shown().pairs.end() ? std::nullopt
                                                       : std::make_optional(found->second));
  }
  return read;
}

absl::StatusOr<Scan> MemoryStore::scan(std::string_view prefix, std::string_view after, size_t max,
                                       bool reverse) {
  const KeyRange range = KeysOf(prefix, after, reverse);
  absl::MutexLock lock(&image_->mutex_);
  Scan scan;
  scan.sequence = shown().record.head.sequence;
  if (range.empty()) return scan;
  const auto& pairs = shown().pairs;
  auto first = pairs.lower_bound(range.lower);
  auto last = range.upper ? pairs.lower_bound(*range.upper) : pairs.end();
  while (first != last && scan.pairs.size() < max) {
    scan.pairs.emplace_back(reverse ? *--last : *first++);
  }
  return scan;
}

absl::StatusOr<JournalPage> MemoryStore::journal(uint64_t after, size_t max) {
  absl::MutexLock lock(&image_->mutex_);
  const std::vector<std::string>& entries = shown().journal;
  JournalPage page;
  size_t bytes = 0;
  for (uint64_t i = after; i < entries.size() && page.entries.size() < max; ++i) {
    bytes += entries[i].size();
    if (bytes > kJournalPageBytesMax && !page.entries.empty()) break;
    page.entries.emplace_back(i + 1, entries[i]);
  }
  return page;
}

absl::Status MemoryStore::erase(const std::vector<std::string>& side_keys) {
  if (absl::Status status = CheckSideKeys(side_keys); !status.ok()) return status;
  absl::MutexLock lock(&image_->mutex_);
  if (absl::Status status = health(); !status.ok()) return status;
  for (const std::string& key : side_keys) image_->content_.pairs.erase(key);
  return absl::OkStatus();
}

std::unique_ptr<Store> NewMemoryStore() { return NewMemoryStore(std::make_shared<MemoryImage>()); }

std::unique_ptr<Store> NewMemoryStore(std::shared_ptr<MemoryImage> image) {
  return std::make_unique<MemoryStore>(std::move(image));
}

}  // namespace kengred::storage
