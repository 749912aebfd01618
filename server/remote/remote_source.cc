#include "server/remote/remote_source.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "kengred/core/address.h"
#include "kengred/core/limits.h"
#include "server/remote/spool.h"
#include "server/storage/store.h"

namespace kengred::remote {
namespace {

// Entries fetched by one call beyond those that are needed: each call leaves a message or two that
// were on their way.
constexpr size_t kAheadEntries = 16 * 1024;

class RemoteSource : public audit::EntrySource {
 public:
  RemoteSource(client::Client* client, const client::Reader* reader, Sequence size,
               std::unique_ptr<Spool> entries, std::unique_ptr<Spool> notes)
      : client_(*client),
        reader_(*reader),
        size_(size),
        entries_(std::move(entries)),
        notes_(std::move(notes)) {}

  Sequence size() const override { return size_; }

  absl::StatusOr<std::vector<std::string>> Entries(Sequence after, size_t max) override {
    const size_t end = std::min<uint64_t>(size_, after + std::min<uint64_t>(max, size_));
    // What has come is judged before what has not come is reported.
    const absl::Status status = Fetch(end);
    if (!status.ok() && entries_->size() <= after) return status;
    return entries_->Read(after, end - after, storage::kJournalPageBytesMax);
  }

  absl::StatusOr<std::vector<publish::StoredCheckpoint>> Checkpoints(uint64_t after,
                                                                     size_t max) override {
    const auto first = [&] { return std::upper_bound(sizes_.begin(), sizes_.end(), after); };
    while (!is_listed_ && static_cast<size_t>(sizes_.end() - first()) < max) {
      if (absl::Status status = List(); !status.ok()) return status;
    }
    std::vector<publish::StoredCheckpoint> checkpoints;
    for (auto size = first(); size != sizes_.end() && checkpoints.size() < max; ++size) {
      auto note = notes_->Read(static_cast<size_t>(size - sizes_.begin()), 1,
                               storage::kJournalPageBytesMax);
      if (!note.ok()) return note.status();
      checkpoints.push_back({*size, std::move(note->front())});
    }
    return checkpoints;
  }

 private:
  // Has the first `end` entries.
  absl::Status Fetch(size_t end) {
    if (entries_->size() >= end) return absl::OkStatus();
    const size_t goal = std::min<uint64_t>(size_, std::max(end, entries_->size() + kAheadEntries));
    absl::Status kept;
    const absl::Status status =
        client_.StreamEntries(reader_, entries_->size(), [&](Sequence, const std::string& bytes) {
          kept = entries_->Append(bytes);
          return kept.ok() && entries_->size() < goal;
        });
    if (!kept.ok()) return kept;
    // What has come may be enough; the next call says whether the rest can be had.
    if (entries_->size() >= end) return absl::OkStatus();
    if (!status.ok()) return Explained(status);
    return absl::DataLossError("the server has signed a checkpoint of " + std::to_string(size_) +
                               " entries and gives only " + std::to_string(entries_->size()) +
                               "; keep the checkpoint, and ask for the entries that are missing");
  }

  // The next page of checkpoints.
  absl::Status List() {
    v1::ListCheckpointsRequest request;
    request.set_after_size(sizes_.empty() ? 0 : sizes_.back());
    request.set_page_size(kPageSizeMax);
    const auto response = client_.ListCheckpoints(request);
    if (!response.ok()) return response.status();
    is_listed_ = response->checkpoints().empty();
    for (const std::string& note : response->checkpoints()) {
      const auto parsed = ParseNote(note);
      const auto checkpoint =
          parsed.ok() ? ParseCheckpoint(parsed->text) : absl::StatusOr<Checkpoint>(parsed.status());
      const uint64_t last = sizes_.empty() ? 0 : sizes_.back();
      // What cannot be read, or is out of order, is put at the next place: the auditor says what is
      // wrong with it.
      const uint64_t size =
          checkpoint.ok() && checkpoint->size > last ? checkpoint->size : last + 1;
      // The ledger has gone on since.
      if (size > size_) {
        is_listed_ = true;
        break;
      }
      if (absl::Status status = notes_->Append(note); !status.ok()) return status;
      sizes_.push_back(size);
    }
    return absl::OkStatus();
  }

  // With what to do where the server does not let this account read.
  absl::Status Explained(const absl::Status& status) const {
    const auto refusal = client::RefusalOf(status);
    if (!refusal) return status;
    const std::string address =
        EncodeAddress(client_.charter().address_prefix(), reader_.account());
    switch (refusal->verdict) {
      case v1::VERDICT_READ_NOT_ALLOWED:
        return absl::PermissionDeniedError(
            "the account " + address +
            " may not read the journal: it has no auditor's role today. Governance gives it: "
            "kengred role grant " +
            address + " auditor");
      case v1::VERDICT_TOKEN_INVALID:
        return absl::UnauthenticatedError(
            "the server does not take this key for the account " + address +
            ". Was it replaced? Give the key file that the auditor's wallet uses now");
      case v1::VERDICT_TOKEN_EXPIRED:
        return absl::UnauthenticatedError(
            "the server takes the auditor's token for expired: the clock of this machine or of the "
            "server is wrong");
      default:
        return status;
    }
  }

  client::Client& client_;
  const client::Reader& reader_;
  const Sequence size_;
  const std::unique_ptr<Spool> entries_;
  const std::unique_ptr<Spool> notes_;
  std::vector<uint64_t> sizes_;  // of the notes, rising
  bool is_listed_ = false;       // there are no more
};

}  // namespace

absl::StatusOr<std::unique_ptr<audit::EntrySource>> OpenRemoteSource(client::Client* client,
                                                                     const client::Reader* reader,
                                                                     const Checkpoint& checkpoint) {
  auto entries = Spool::Create();
  if (!entries.ok()) return entries.status();
  auto notes = Spool::Create();
  if (!notes.ok()) return notes.status();
  return std::make_unique<RemoteSource>(client, reader, checkpoint.size, *std::move(entries),
                                        *std::move(notes));
}

}  // namespace kengred::remote
