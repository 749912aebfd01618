// A whole server in the test's own process: the community of tests/support, founded, on a store in
// memory that can be told to fail or to wait, behind the real pipeline and a gRPC server on a free
// port of the loopback. Its clock stands at kNowSeconds until a test moves it.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kengred/core/verdict.h"
#include "kengred/v1/directory_service.grpc.pb.h"
#include "kengred/v1/ledger_service.grpc.pb.h"
#include "kengred/v1/programme_service.grpc.pb.h"
#include "server/publish/watch_hub.h"
#include "server/rpc/server.h"
#include "server/sequence/sequencer.h"
#include "server/storage/memory_store.h"
#include "server/verify/verifier.h"
#include "tests/support/community.h"

namespace kengred::testing {

// A store whose reads can fail, or wait before a gate. Writes go through.
class ReadFaultStore : public storage::Store {
 public:
  explicit ReadFaultStore(std::unique_ptr<storage::Store> store) : store_(std::move(store)) {}

  // From now on get, scan and journal answer this; OK: they read again.
  void FailReads(const absl::Status& failure);
  // From now on get waits until OpenGate.
  void CloseGate();
  void OpenGate();
  // Waits until a get stands before the gate.
  void AwaitReader();

  absl::StatusOr<storage::Head> acquire(std::string_view writer) override;
  absl::StatusOr<storage::CommitResult> commit(const storage::Batch& batch) override;
  absl::Status renew(uint64_t epoch) override;
  absl::Status release(uint64_t epoch) override;
  absl::StatusOr<storage::Head> head() override;
  absl::StatusOr<storage::Head> wait_for(uint64_t sequence, absl::Duration timeout) override;
  absl::StatusOr<storage::Read> get(const std::vector<std::string>& keys) override;
  absl::StatusOr<storage::Scan> scan(std::string_view prefix, std::string_view after, size_t max,
                                     bool reverse) override;
  absl::StatusOr<storage::JournalPage> journal(uint64_t after, size_t max) override;
  absl::Status erase(const std::vector<std::string>& side_keys) override;

 private:
  absl::Status Failure() const;

  const std::unique_ptr<storage::Store> store_;
  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  bool open_ ABSL_GUARDED_BY(mutex_) = true;
  size_t readers_waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

// What a status says beyond its code: the refusal of its google.rpc.ErrorInfo. VERDICT_UNSPECIFIED
// where it has none.
Refusal RefusalOf(const grpc::Status& status);
// Its verdict alone; a failure of the test where status, reason and details do not agree.
v1::Verdict VerdictOf(const grpc::Status& status);

class RpcWorld {
 public:
  using Edit = std::function<void(rpc::RpcOptions*)>;

  // Founds the community. `edit` changes the server's options.
  explicit RpcWorld(const Edit& edit = {});
  ~RpcWorld();

  const Community& community() const { return community_; }
  ReadFaultStore& store() { return *store_; }
  storage::MemoryImage& image() { return *image_; }
  sequence::Sequencer& sequencer() { return *sequencer_; }
  verify::Verifier& verifier() { return *verifier_; }
  publish::WatchHub& hub() { return hub_; }
  rpc::RpcServer& server() { return *server_; }
  // What on_failure was told.
  std::vector<std::string> failures() const;

  std::atomic<int64_t>& now() { return now_seconds_; }

  // "127.0.0.1:port"
  std::string address() const;
  std::shared_ptr<grpc::Channel> channel() const { return channel_; }
  v1::LedgerService::Stub& ledger() { return *ledger_; }
  v1::ProgrammeService::Stub& programmes() { return *programmes_; }
  v1::DirectoryService::Stub& directory() { return *directory_; }

  // The context of one call, with the token of `name` where it is not empty and a deadline that
  // only a hanging server reaches.
  std::unique_ptr<grpc::ClientContext> Context(const std::string& name = "") const;

  // A transaction to submit, with the private texts it commits to.
  v1::SubmitTransactionRequest Request(const std::vector<v1::Operation>& operations,
                                       const std::vector<std::string>& signers,
                                       const std::vector<Text>& texts = {}) const;
  grpc::Status Submit(const v1::SubmitTransactionRequest& request,
                      v1::SubmitTransactionResponse* response);
  // Submits what must be accepted.
  v1::SubmitTransactionResponse Do(const std::vector<v1::Operation>& operations,
                                   const std::vector<std::string>& signers,
                                   const std::vector<Text>& texts = {});
  // Alice, say, pays.
  v1::SubmitTransactionResponse Pay(const std::string& payer, const std::string& payee,
                                    int64_t amount_minor, const std::string& memo = "");
  // The last committed entry.
  Sequence Head();

 private:
  Community community_;
  std::atomic<int64_t> now_seconds_{kNowSeconds};
  mutable absl::Mutex mutex_;
  std::vector<std::string> failures_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<storage::MemoryImage> image_;
  std::unique_ptr<ReadFaultStore> store_;
  publish::WatchHub hub_;
  std::unique_ptr<sequence::Sequencer> sequencer_;
  std::unique_ptr<verify::Verifier> verifier_;
  std::unique_ptr<rpc::RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::LedgerService::Stub> ledger_;
  std::unique_ptr<v1::ProgrammeService::Stub> programmes_;
  std::unique_ptr<v1::DirectoryService::Stub> directory_;
};

// What a method answers to bytes as they are.
grpc::Status CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                     const std::string& bytes);

}  // namespace kengred::testing
