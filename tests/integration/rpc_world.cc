#include "rpc_world.h"

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <chrono>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/rpc/error_details.h"

namespace kengred::testing {

void ReadFaultStore::FailReads(const absl::Status& failure) {
  const absl::MutexLock lock(&mutex_);
  failure_ = failure;
}

void ReadFaultStore::CloseGate() {
  const absl::MutexLock lock(&mutex_);
  open_ = false;
}

void ReadFaultStore::OpenGate() {
  const absl::MutexLock lock(&mutex_);
  open_ = true;
}

void ReadFaultStore::AwaitReader() {
  const absl::MutexLock lock(&mutex_);
  const auto waits = [this]()
                         ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return readers_waiting_ > 0; };
  mutex_.Await(absl::Condition(&waits));
}

absl::Status ReadFaultStore::Failure() const {
  const absl::MutexLock lock(&mutex_);
  return failure_;
}

absl::StatusOr<storage::Head> ReadFaultStore::acquire(std::string_view writer) {
  return store_->acquire(writer);
}
absl::StatusOr<storage::CommitResult> ReadFaultStore::commit(const storage::Batch& batch) {
  return store_->commit(batch);
}
absl::Status ReadFaultStore::renew(uint64_t epoch) { return store_->renew(epoch); }
absl::Status ReadFaultStore::release(uint64_t epoch) { return store_->release(epoch); }
absl::StatusOr<storage::Head> ReadFaultStore::head() { return store_->head(); }
absl::StatusOr<storage::Head> ReadFaultStore::wait_for(uint64_t sequence, absl::Duration timeout) {
  return store_->wait_for(sequence, timeout);
}

absl::StatusOr<storage::Read> ReadFaultStore::get(const std::vector<std::string>& keys) {
  {
    const absl::MutexLock lock(&mutex_);
    ++readers_waiting_;
    mutex_.Await(absl::Condition(&open_));
    --readers_waiting_;
    if (!failure_.ok()) return failure_;
  }
  return store_->get(keys);
}

absl::StatusOr<storage::Scan> ReadFaultStore::scan(std::string_view prefix, std::string_view after,
                                                   size_t max, bool reverse) {
  if (const absl::Status failure = Failure(); !failure.ok()) return failure;
  return store_->scan(prefix, after, max, reverse);
}

absl::StatusOr<storage::JournalPage> ReadFaultStore::journal(uint64_t after, size_t max) {
  if (const absl::Status failure = Failure(); !failure.ok()) return failure;
  return store_->journal(after, max);
}

absl::Status ReadFaultStore::erase(const std::vector<std::string>& side_keys) {
  return store_->erase(side_keys);
}

Refusal RefusalOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (!details.ParseFromString(status.error_details()) || details.details().size() != 1 ||
      !details.details(0).UnpackTo(&info)) {
    return {};
  }
  return {VerdictOfName(info.reason()), {info.metadata().begin(), info.metadata().end()}};
}

v1::Verdict VerdictOf(const grpc::Status& status) {
  if (status.ok()) return v1::VERDICT_UNSPECIFIED;
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.details().size(), 1)
      << status.error_code() << " " << status.error_message() << " has no details";
  if (details.details().empty()) return v1::VERDICT_UNSPECIFIED;
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(details.code(), status.error_code());
  EXPECT_EQ(details.message(), status.error_message());
  EXPECT_EQ(info.domain(), "kengred");
  const Refusal refusal = RefusalOf(status);
  EXPECT_NE(refusal.verdict, v1::VERDICT_UNSPECIFIED) << info.reason();
  EXPECT_EQ(static_cast<int>(StatusCodeOf(refusal.verdict)), status.error_code());
  EXPECT_EQ(VerdictSentence(refusal), status.error_message());
  return refusal.verdict;
}

RpcWorld::RpcWorld(const Edit& edit)
    : image_(std::make_shared<storage::MemoryImage>()),
      store_(std::make_unique<ReadFaultStore>(storage::NewMemoryStore(image_))) {
  const auto id =
      sequence::InitializeLedger(store_.get(), community_.charter_bytes(),
                                 community_.log_keys().front(), (kNowSeconds - 1) * 1'000'000);
  EXPECT_TRUE(id.ok()) << id.status();
  sequence::SequencerOptions sequencer;
  sequencer.now_us = [this] { return now_seconds_ * 1'000'000; };
  sequencer.log_keys = community_.log_keys(3);
  auto started = sequence::Sequencer::Start(std::move(sequencer), store_.get(), &hub_);
  EXPECT_TRUE(started.ok()) << started.status();
  sequencer_ = *std::move(started);
  verify::VerifierOptions verifier;
  verifier.ledger_id = community_.ledger_id();
  verifier_ = std::make_unique<verify::Verifier>(std::move(verifier), sequencer_.get());

  rpc::RpcOptions options;
  options.addresses = {"127.0.0.1:0"};
  options.now_seconds = [this] { return now_seconds_.load(); };
  options.on_failure = [this](const std::string& why) {
    const absl::MutexLock lock(&mutex_);
    failures_.push_back(why);
  };
  if (edit) edit(&options);
  auto server = rpc::RpcServer::Start(std::move(options), store_.get(), sequencer_.get(),
                                      verifier_.get(), &hub_);
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  channel_ = grpc::CreateChannel(address(), grpc::InsecureChannelCredentials());
  ledger_ = v1::LedgerService::NewStub(channel_);
  programmes_ = v1::ProgrammeService::NewStub(channel_);
  directory_ = v1::DirectoryService::NewStub(channel_);

  for (const v1::SubmitTransactionRequest& request : community_.Found(kNowSeconds)) {
    v1::SubmitTransactionResponse response;
    const grpc::Status status = Submit(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
}

RpcWorld::~RpcWorld() {
  server_->Shutdown(absl::Seconds(10));
  verifier_.reset();
  sequencer_->Stop();
}

std::vector<std::string> RpcWorld::failures() const {
  const absl::MutexLock lock(&mutex_);
  return failures_;
}

std::string RpcWorld::address() const {
  return "127.0.0.1:" + std::to_string(server_->ports().front());
}

std::unique_ptr<grpc::ClientContext> RpcWorld::Context(const std::string& name) const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  if (!name.empty()) {
    context->AddMetadata("authorization", "Bearer " + community_.token(name, now_seconds_));
  }
  return context;
}

v1::SubmitTransactionRequest RpcWorld::Request(const std::vector<v1::Operation>& operations,
                                               const std::vector<std::string>& signers,
                                               const std::vector<Text>& texts) const {
  v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() = community_.Transaction(now_seconds_, operations, signers);
  for (const Text& text : texts) *request.add_side_records() = text.record;
  return request;
}

grpc::Status RpcWorld::Submit(const v1::SubmitTransactionRequest& request,
                              v1::SubmitTransactionResponse* response) {
  return ledger_->SubmitTransaction(Context().get(), request, response);
}

v1::SubmitTransactionResponse RpcWorld::Do(const std::vector<v1::Operation>& operations,
                                           const std::vector<std::string>& signers,
                                           const std::vector<Text>& texts) {
  v1::SubmitTransactionResponse response;
  const grpc::Status status = Submit(Request(operations, signers, texts), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

v1::SubmitTransactionResponse RpcWorld::Pay(const std::string& payer, const std::string& payee,
                                            int64_t amount_minor, const std::string& memo) {
  v1::Operation transfer = community_.Transfer(payer, payee, amount_minor);
  if (memo.empty()) return Do({transfer}, {payer});
  const Text text = community_.text(memo);
  *transfer.mutable_transfer()->mutable_memo() = text.commitment;
  return Do({transfer}, {payer}, {text});
}

Sequence RpcWorld::Head() {
  v1::GetLedgerResponse response;
  EXPECT_TRUE(ledger_->GetLedger(Context().get(), {}, &response).ok());
  return response.head_sequence();
}

grpc::Status CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                     const std::string& bytes) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

}  // namespace kengred::testing
