#include "server/rpc/transparency_service.h"

#include <utility>

#include "kengred/v1/transparency_service.pb.h"
#include "server/publish/proofs.h"
#include "server/rpc/page_token.h"

namespace kengred::rpc {
namespace {

// A message of StreamEntries grows past this by at most one entry.
constexpr size_t kMessageBytes = 1024 * 1024;
constexpr size_t kPageEntries = 1000;

void AddHashes(const std::vector<Digest>& hashes,
               google::protobuf::RepeatedPtrField<std::string>* field) {
  for (const Digest& hash : hashes) *field->Add() = hash.ToBytes();
}

grpc::Status GetCheckpoint(const ServiceContext& services, const MaybeCaller& /*caller*/,
                           LedgerReader& reader, const v1::GetCheckpointRequest& /*request*/,
                           v1::GetCheckpointResponse* response) {
  // First what was cosigned: it must not be of more entries than the last checkpoint.
  if (services.cosignatures != nullptr) {
    for (std::string& note : services.cosignatures->Latest()) {
      response->add_cosigned_checkpoints(std::move(note));
    }
  }
  const publish::ProofReader proofs(services.store, services.cosignatures);
  absl::StatusOr<publish::StoredCheckpoint> latest = proofs.LatestCheckpoint();
  const auto keys = proofs.LogKeys(services.charter());
  for (const absl::Status& status : {latest.status(), keys.status()}) {
    if (!status.ok()) reader.Remember(status);
  }
  if (!latest.ok() || !keys.ok()) return grpc::Status::OK;
  response->set_checkpoint(std::move(latest->note));
  for (const publish::LogKeyPeriod& period : *keys) {
    // A key that a later commit than the checkpoint's has brought is left for the next call.
    if (period.since > latest->size) break;
    v1::LogKey* key = response->add_log_keys();
    key->set_public_key(period.public_key.ToBytes());
    key->set_since_sequence(period.since);
    if (key == &response->log_keys(0)) continue;
    const std::optional<std::string> bytes = reader.Entry(period.since);
    v1::JournalEntry entry;
    if (!bytes || !entry.ParseFromString(*bytes)) {
      reader.Remember(absl::DataLossError("a journal entry cannot be read"));
      return grpc::Status::OK;
    }
    *key->mutable_rotation() = std::move(*entry.mutable_signed_transaction());
  }
  return grpc::Status::OK;
}

// The size that a request means; nothing where the ledger has not got there.
std::optional<uint64_t> SizeOf(const ServiceContext& services, LedgerReader& reader,
                               uint64_t asked) {
  const auto latest = publish::ProofReader(services.store).LatestCheckpoint();
  if (!latest.ok()) {
    reader.Remember(latest.status());
    return std::nullopt;
  }
  if (asked > latest->size) return std::nullopt;
  return asked == 0 ? latest->size : asked;
}

grpc::Status GetInclusionProof(const ServiceContext& services, const MaybeCaller& /*caller*/,
                               LedgerReader& reader, const v1::GetInclusionProofRequest& request,
                               v1::GetInclusionProofResponse* response) {
  const std::optional<uint64_t> size = SizeOf(services, reader, request.tree_size());
  if (!size) return MalformedField("tree_size");
  if (request.sequence() == 0 || request.sequence() > *size) return MalformedField("sequence");
  const auto hashes = publish::ProofReader(services.store).Inclusion(request.sequence(), *size);
  if (!hashes.ok()) {
    reader.Remember(hashes.status());
    return grpc::Status::OK;
  }
  response->set_tree_size(*size);
  AddHashes(*hashes, response->mutable_hashes());
  return grpc::Status::OK;
}

grpc::Status GetConsistencyProof(const ServiceContext& services, const MaybeCaller& /*caller*/,
                                 LedgerReader& reader,
                                 const v1::GetConsistencyProofRequest& request,
                                 v1::GetConsistencyProofResponse* response) {
  const std::optional<uint64_t> size = SizeOf(services, reader, request.new_size());
  if (!size) return MalformedField("new_size");
  if (request.old_size() > *size) return MalformedField("old_size");
  const auto hashes = publish::ProofReader(services.store).Consistency(request.old_size(), *size);
  if (!hashes.ok()) {
    reader.Remember(hashes.status());
    return grpc::Status::OK;
  }
  response->set_new_size(*size);
  AddHashes(*hashes, response->mutable_hashes());
  return grpc::Status::OK;
}

grpc::Status ListCheckpoints(const ServiceContext& services, const MaybeCaller& /*caller*/,
                             LedgerReader& reader, const v1::ListCheckpointsRequest& request,
                             v1::ListCheckpointsResponse* response) {
  const auto page_size = ReadPageSize(request.page_size());
  if (!page_size) return MalformedField("page_size");
  auto checkpoints = publish::ProofReader(services.store)
                         .Checkpoints(request.after_size(), static_cast<size_t>(*page_size));
  if (!checkpoints.ok()) {
    reader.Remember(checkpoints.status());
    return grpc::Status::OK;
  }
  for (publish::StoredCheckpoint& checkpoint : *checkpoints) {
    response->add_checkpoints(std::move(checkpoint.note));
  }
  return grpc::Status::OK;
}

// ---- StreamEntries ----

// Writes page after page. Only one party acts at a time, a worker that reads or gRPC that writes,
// so that nothing needs a lock; a call that was cancelled is noticed by the write that fails.
class EntryStream final : public CallHandler {
 public:
  EntryStream(Call* call, const ServiceContext& services) : CallHandler(call), services_(services) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      Finish(UnreadableRequest());
      return;
    }
    after_ = request_.after_sequence();
    Post([this] {
      LedgerReader reader(services_.store);
      MaybeCaller caller;
      grpc::Status status = services_.access->Identify(context(), reader, &caller);
      if (status.ok()) status = CheckMayReadEntries(caller);
      if (!reader.status().ok()) status = services_.Failed(reader.status());
      if (status.ok()) {
        WritePage();
      } else {
        Finish(status);
      }
    });
  }

  void OnWriteDone(bool ok) override {
    if (ok) {
      Post([this] { WritePage(); });
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

 private:
  template <typename Task>
  void Post(Task task) {
    // Whoever is told to come later resumes after the last entry.
    if (!services_.workers->TryPost(task)) Finish(ToStatus(v1::VERDICT_QUEUE_FULL));
  }

  void WritePage() {
    const absl::StatusOr<storage::JournalPage> page =
        services_.store->journal(after_, kPageEntries);
    if (!page.ok()) {
      Finish(services_.Failed(page.status()));
      return;
    }
    response_.Clear();
    response_.set_first_sequence(after_ + 1);
    size_t bytes = 0;
    for (const auto& [sequence, entry] : page->entries) {
      if (bytes >= kMessageBytes) break;
      bytes += entry.size();
      response_.add_entries(entry);
      after_ = sequence;
    }
    if (response_.entries().empty()) {
      Finish(grpc::Status::OK);
    } else {
      StartWrite(response_);
    }
  }

  const ServiceContext& services_;
  v1::StreamEntriesRequest request_;
  uint64_t after_ = 0;
  v1::StreamEntriesResponse response_;
};

}  // namespace

Methods TransparencyMethods(const ServiceContext& services) {
  return {{"GetCheckpoint", RunRead(services, GetCheckpoint)},
          {"GetInclusionProof", RunRead(services, GetInclusionProof)},
          {"GetConsistencyProof", RunRead(services, GetConsistencyProof)},
          {"ListCheckpoints", RunRead(services, ListCheckpoints)},
          {"StreamEntries", [&services](Call* call) { new EntryStream(call, services); }}};
}

}  // namespace kengred::rpc
