#include "server/audit/export_file.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "kengred/core/checkpoint.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"

namespace kengred::audit {
namespace {

constexpr std::string_view kFirstLine = "kengred-export/v1\n";
constexpr size_t kLengthBytes = 4;
constexpr size_t kPageEntries = 1024;
// Of every so many records the place is remembered.
constexpr uint64_t kStride = 64;

std::string EncodeLength(size_t length) {
  std::string bytes(kLengthBytes, '\0');
  for (size_t i = kLengthBytes; i-- > 0; length >>= 8) bytes[i] = static_cast<char>(length & 0xff);
  return bytes;
}

size_t DecodeLength(std::string_view bytes) {
  size_t length = 0;
  for (const char byte : bytes) length = length << 8 | static_cast<uint8_t>(byte);
  return length;
}

// The size that a checkpoint's second line says; 0 where it says none.
uint64_t SizeIn(std::string_view note) {
  const size_t start = std::min(note.find('\n'), note.size() - 1) + 1;
  uint64_t size = 0;
  const char* const end = note.data() + note.size();
  const auto [rest, error] = std::from_chars(note.data() + start, end, size);
  return error == std::errc() && rest != end && *rest == '\n' && size <= kTreeLeavesMax ? size : 0;
}

class MemoryBytes : public ExportBytes {
 public:
  explicit MemoryBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  absl::StatusOr<std::string> Read(uint64_t offset, size_t count) override {
    return bytes_.substr(offset, count);
  }

 private:
  const std::string bytes_;
};

// Records one after the other, with a sparse index. `what` names one: "entry".
class Records {
 public:
  Records(ExportBytes* bytes, std::string what, size_t bytes_max)
      : bytes_(bytes), what_(std::move(what)), bytes_max_(bytes_max) {}

  // Walks from `offset` to behind the end; `look` sees each record where it is given. Answers the
  // offset there.
  absl::StatusOr<uint64_t> Index(uint64_t offset,
                                 const std::function<absl::Status(const std::string&)>& look) {
    while (true) {
      const absl::StatusOr<size_t> length = LengthAt(offset, count_);
      if (!length.ok()) return length.status();
      if (*length == 0) return offset + kLengthBytes;
      if (look) {
        const absl::StatusOr<std::string> record = bytes_->Read(offset + kLengthBytes, *length);
        if (!record.ok()) return record.status();
        if (absl::Status status = look(*record); !status.ok()) return status;
      }
      if (count_ % kStride == 0) offsets_.push_back(offset);
      ++count_;
      offset += kLengthBytes + *length;
    }
  }

  uint64_t count() const { return count_; }

  // Record `number` of count(), from 0.
  absl::StatusOr<std::string> At(uint64_t number) {
    if (number < next_ || number / kStride > next_ / kStride || next_offset_ == 0) {
      next_ = number / kStride * kStride;
      next_offset_ = offsets_[number / kStride];
    }
    while (true) {
      const absl::StatusOr<size_t> length = LengthAt(next_offset_, next_);
      if (!length.ok()) return length.status();
      if (*length == 0) return absl::DataLossError("the export has changed while it was read");
      const uint64_t offset = next_offset_ + kLengthBytes;
      next_offset_ = offset + *length;
      if (next_++ == number) return bytes_->Read(offset, *length);
    }
  }

 private:
  absl::StatusOr<size_t> LengthAt(uint64_t offset, uint64_t number) {
    const std::string name = what_ + " " + std::to_string(number + 1);
    if (bytes_->size() - offset < kLengthBytes) return CutOff(name);
    const absl::StatusOr<std::string> length_bytes = bytes_->Read(offset, kLengthBytes);
    if (!length_bytes.ok()) return length_bytes.status();
    const size_t length = DecodeLength(*length_bytes);
    if (length > bytes_max_) {
      return absl::InvalidArgumentError(
          "the export is damaged: its " + name + " (at byte " + std::to_string(offset) +
          ") would have " + std::to_string(length) + " bytes, and none has more than " +
          std::to_string(bytes_max_) + "; get it again from where it was made");
    }
    if (bytes_->size() - offset - kLengthBytes < length) return CutOff(name);
    return length;
  }

  static absl::Status CutOff(const std::string& name) {
    return absl::InvalidArgumentError("the export is cut off in the middle: it ends before its " +
                                      name + " does; get it again from where it was made");
  }

  ExportBytes* const bytes_;
  const std::string what_;
  const size_t bytes_max_;
  uint64_t count_ = 0;
  std::vector<uint64_t> offsets_;  // of the records 0, kStride, 2 kStride, ...
  // Where the record after the last one read begins: 0 before the first.
  uint64_t next_ = 0;
  uint64_t next_offset_ = 0;
};

class ExportSource : public EntrySource {
 public:
  explicit ExportSource(std::unique_ptr<ExportBytes> bytes)
      : bytes_(std::move(bytes)),
        entries_(bytes_.get(), "entry", kEntryBytesMax),
        checkpoints_(bytes_.get(), "checkpoint", kNoteBytesMax) {}

  absl::Status Open();

  Sequence size() const override { return entries_.count(); }
  absl::StatusOr<std::vector<std::string>> Entries(Sequence after, size_t max) override;
  absl::StatusOr<std::vector<publish::StoredCheckpoint>> Checkpoints(uint64_t after,
                                                                     size_t max) override;

 private:
  const std::unique_ptr<ExportBytes> bytes_;
  Records entries_;
  Records checkpoints_;
  std::vector<uint64_t> sizes_;  // of the checkpoints 0, kStride, 2 kStride, ...
};

absl::Status ExportSource::Open() {
  const size_t first_bytes = std::min<uint64_t>(bytes_->size(), kFirstLine.size());
  const absl::StatusOr<std::string> first = bytes_->Read(0, first_bytes);
  if (!first.ok()) return first.status();
  if (*first != kFirstLine) {
    return absl::InvalidArgumentError(
        "this is no export: it does not begin with \"kengred-export/v1\"; give a file that "
        "`kengred-server export` has made");
  }
  const absl::StatusOr<uint64_t> entries_end = entries_.Index(kFirstLine.size(), nullptr);
  if (!entries_end.ok()) return entries_end.status();
  uint64_t last_size = 0;
  const auto look = [this, &last_size](const std::string& note) -> absl::Status {
    const uint64_t size = SizeIn(note);
    if (size <= last_size) {
      return absl::InvalidArgumentError(
          "the export is damaged: its checkpoint " + std::to_string(checkpoints_.count() + 1) +
          " is none, or is out of place; get it again from where it was made");
    }
    last_size = size;
    if (checkpoints_.count() % kStride == 0) sizes_.push_back(size);
    return absl::OkStatus();
  };
  const absl::StatusOr<uint64_t> end = checkpoints_.Index(*entries_end, look);
  if (!end.ok()) return end.status();
  if (*end != bytes_->size()) {
    return absl::InvalidArgumentError("the export goes on after its end, at byte " +
                                      std::to_string(*end) +
                                      "; get it again from where it was made");
  }
  if (entries_.count() == 0 || checkpoints_.count() == 0) {
    return absl::InvalidArgumentError(
        "the export is empty: it has no entry or no checkpoint; get it again from where it was "
        "made");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ExportSource::Entries(Sequence after, size_t max) {
  std::vector<std::string> entries;
  size_t bytes = 0;
  for (Sequence number = after; number < size() && entries.size() < max; ++number) {
    absl::StatusOr<std::string> entry = entries_.At(number);
    if (!entry.ok()) return entry.status();
    bytes += entry->size();
    // The one too many is read again with the next page.
    if (bytes > storage::kJournalPageBytesMax && !entries.empty()) break;
    entries.push_back(*std::move(entry));
  }
  return entries;
}

absl::StatusOr<std::vector<publish::StoredCheckpoint>> ExportSource::Checkpoints(uint64_t after,
                                                                                 size_t max) {
  std::vector<publish::StoredCheckpoint> checkpoints;
  const auto above = std::upper_bound(sizes_.begin(), sizes_.end(), after);
  const auto strides = static_cast<uint64_t>(above - sizes_.begin());
  for (uint64_t number = strides == 0 ? 0 : (strides - 1) * kStride;
       number < checkpoints_.count() && checkpoints.size() < max; ++number) {
    absl::StatusOr<std::string> note = checkpoints_.At(number);
    if (!note.ok()) return note.status();
    const uint64_t size = SizeIn(*note);
    if (size > after) checkpoints.push_back({size, *std::move(note)});
  }
  return checkpoints;
}

// What WriteExport does, with what it has to remember.
class Exporter {
 public:
  Exporter(EntrySource* source, const std::function<absl::Status(std::string_view)>& write)
      : source_(source), write_(write) {}

  absl::StatusOr<ExportSummary> Run(
      const std::function<void(Sequence done, Sequence all)>& on_progress) {
    if (absl::Status status = Write(kFirstLine); !status.ok()) return status;
    while (tree_.size() < source_->size()) {
      if (absl::Status status = WriteEntries(); !status.ok()) return status;
      if (on_progress) on_progress(tree_.size(), source_->size());
    }
    if (absl::Status status = Write(EncodeLength(0)); !status.ok()) return status;
    if (absl::Status status = WriteCheckpoints(); !status.ok()) return status;
    if (absl::Status status = Write(EncodeLength(0)); !status.ok()) return status;
    summary_.entries = tree_.size();
    summary_.root = tree_.Root();
    return summary_;
  }

 private:
  absl::Status Write(std::string_view bytes) {
    summary_.bytes += bytes.size();
    return write_(bytes);
  }
  absl::Status WriteRecord(const std::string& record) {
    if (absl::Status status = Write(EncodeLength(record.size())); !status.ok()) return status;
    return Write(record);
  }

  // A page of them, compared with the checkpoints of just these.
  absl::Status WriteEntries() {
    const absl::StatusOr<std::vector<std::string>> entries =
        source_->Entries(tree_.size(), kPageEntries);
    if (!entries.ok()) return entries.status();
    const auto checkpoints = source_->Checkpoints(tree_.size(), entries->size());
    if (!checkpoints.ok()) return checkpoints.status();
    auto checkpoint = checkpoints->begin();
    for (const std::string& entry : *entries) {
      if (absl::Status status = WriteRecord(entry); !status.ok()) return status;
      tree_.Append(LeafHash(entry));
      if (checkpoint == checkpoints->end() || checkpoint->size != tree_.size()) continue;
      const auto note = ParseNote(checkpoint->note);
      const auto parsed = note.ok() ? ParseCheckpoint(note->text) : note.status();
      if (!parsed.ok() || parsed->size != tree_.size() || parsed->root != tree_.Root()) {
        return Damaged("the entries do not lead to the checkpoint of " +
                       std::to_string(tree_.size()) + " entries");
      }
      covered_ = tree_.size();
      ++checkpoint;
    }
    return absl::OkStatus();
  }

  absl::Status WriteCheckpoints() {
    if (covered_ != source_->size()) {
      return Damaged("no checkpoint covers its last entry");
    }
    uint64_t after = 0;
    while (after < source_->size()) {
      const auto checkpoints = source_->Checkpoints(after, kPageEntries);
      if (!checkpoints.ok()) return checkpoints.status();
      if (checkpoints->empty()) break;
      for (const publish::StoredCheckpoint& checkpoint : *checkpoints) {
        if (checkpoint.size > source_->size()) return absl::OkStatus();
        if (absl::Status status = WriteRecord(checkpoint.note); !status.ok()) return status;
        ++summary_.checkpoints;
        after = checkpoint.size;
      }
    }
    return absl::OkStatus();
  }

  static absl::Status Damaged(const std::string& what) {
    return absl::DataLossError("the journal cannot be exported: " + what +
                               "; look for the damage with `kengred-server audit`");
  }

  EntrySource* const source_;
  const std::function<absl::Status(std::string_view)>& write_;
  TreeFrontier tree_;
  uint64_t covered_ = 0;  // by the last checkpoint that was compared
  ExportSummary summary_;
};

}  // namespace

std::unique_ptr<ExportBytes> BytesOf(std::string bytes) {
  return std::make_unique<MemoryBytes>(std::move(bytes));
}

absl::StatusOr<ExportSummary> WriteExport(
    EntrySource* source, const std::function<absl::Status(std::string_view)>& write,
    const std::function<void(Sequence done, Sequence all)>& on_progress) {
  return Exporter(source, write).Run(on_progress);
}

absl::StatusOr<std::unique_ptr<EntrySource>> OpenExport(std::unique_ptr<ExportBytes> bytes) {
  auto source = std::make_unique<ExportSource>(std::move(bytes));
  if (absl::Status status = source->Open(); !status.ok()) return status;
  return source;
}

}  // namespace kengred::audit
