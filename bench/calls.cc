#include "bench/calls.h"

#include <utility>

#include "kengred/client/client.h"
#include "kengred/v1/ledger_service.pb.h"

namespace kengred::bench {
namespace {

constexpr char kSubmit[] = "/kengred.v1.LedgerService/SubmitTransaction";
constexpr char kSubmitMany[] = "/kengred.v1.LedgerService/SubmitTransactions";
constexpr char kRead[] = "/kengred.v1.LedgerService/ListBalances";
constexpr char kWatch[] = "/kengred.v1.LedgerService/WatchAccount";

// The same bytes; they must outlive the buffer.
grpc::ByteBuffer Borrow(std::string_view bytes) {
  // gRPC does not write to them.
  const grpc::Slice slice(const_cast<char*>(bytes.data()), bytes.size(), grpc::Slice::STATIC_SLICE);
  return {&slice, 1};
}

// All bytes of a buffer, in one piece; `slice` keeps them.
std::string_view View(grpc::ByteBuffer* buffer, grpc::Slice* slice) {
  if (!buffer->TrySingleSlice(slice).ok()) buffer->DumpToSingleSlice(slice).ok();
  return {static_cast<const char*>(static_cast<const void*>(slice->begin())), slice->size()};
}

}  // namespace

// ---- UnaryCall ----

void UnaryCall::Start(grpc::GenericStub* stub, std::optional<size_t> number,
                      const PrivateCall* call, int64_t since_ns) {
  number_ = number;
  since_ns_ = since_ns;
  context_.emplace();
  if (call != nullptr) context_->AddMetadata("authorization", call->authorization);
  reader_ = stub->PrepareUnaryCall(
      &*context_, number ? kSubmit : kRead,
      Borrow(number ? owner_->transactions().Request(*number) : call->request), owner_->queue());
  reader_->StartCall();
  reader_->Finish(&response_, &status_, static_cast<Event*>(this));
}

void UnaryCall::On(bool /*ok*/) {
  reader_.reset();
  context_.reset();
  std::string refused;
  if (!status_.ok()) {
    const absl::Status status = owner_->ToStatus(status_);
    const auto refusal = client::RefusalOf(status);
    if (!refusal) owner_->Fail(status);
    if (refusal) refused = VerdictName(refusal->verdict);
  }
  if (!number_) {
    owner_->OnReadDone(since_ns_, refused);
  } else if (!status_.ok()) {
    owner_->OnRefused(*number_, refused);
  } else {
    grpc::Slice slice;
    AnswerRead answer;
    if (!ReadAnswer(View(&response_, &slice), &answer) || answer.sequence == 0) {
      owner_->Fail(absl::InternalError("the server sent an answer that cannot be read"));
    }
    owner_->OnAnswer(*number_, answer);
  }
  response_.Clear();
  owner_->OnFree(this);
}

// ---- Stream ----

void Stream::Start(grpc::GenericStub* stub, const PrivateCall* call) {
  if (call != nullptr) {
    context_.AddMetadata("authorization", call->authorization);
    watch_request_ = call->request;
  }
  call_ = stub->PrepareCall(&context_, watch_ ? kWatch : kSubmitMany, owner_->queue());
  call_->StartCall(static_cast<Event*>(&on_start_));
}

void Stream::OnStart(bool ok) {
  if (!ok) {
    call_->Finish(&status_, static_cast<Event*>(&on_finish_));
    return;
  }
  if (watch_) {
    writing_ = true;
    call_->WriteLast(Borrow(watch_request_), grpc::WriteOptions(), static_cast<Event*>(&on_write_));
  } else {
    ready_ = true;
  }
  Read();
}

void Stream::Read() { call_->Read(&response_, static_cast<Event*>(&on_read_)); }

void Stream::OnRead(bool ok) {
  if (!ok) {
    call_->Finish(&status_, static_cast<Event*>(&on_finish_));
    return;
  }
  grpc::Slice slice;
  const std::string_view bytes = View(&response_, &slice);
  if (watch_) {
    // The first message says that the watch has been taken; one with an item starts with it.
    ready_ = true;
    if (!bytes.empty() && bytes[0] == (v1::WatchAccountResponse::kItemFieldNumber << 3) + 2) {
      owner_->OnWatched();
    }
    return Read();
  }
  const bool good = ReadAnswers(bytes, [this](const AnswerRead& answer) {
    if (unanswered_.empty()) {
      return owner_->Fail(absl::InternalError("the server answered more than it was asked"));
    }
    owner_->OnAnswer(unanswered_.front()++, answer);
    if (unanswered_.front() % owner_->transactions().per_message() == 0) unanswered_.pop_front();
  });
  if (!good) owner_->Fail(absl::InternalError("the server sent an answer that cannot be read"));
  Read();
}

void Stream::Send(size_t first) {
  waiting_.push_back(first);
  WriteNext();
}

void Stream::WriteNext() {
  if (writing_ || waiting_.empty() || owner_->failed()) return;
  const size_t first = waiting_.front();
  waiting_.pop_front();
  writing_ = true;
  unanswered_.push_back(first);
  owner_->OnSent(first, owner_->transactions().per_message());
  call_->Write(Borrow(owner_->transactions().Message(first)), static_cast<Event*>(&on_write_));
}

void Stream::OnWrite(bool ok) {
  writing_ = false;
  // Where it failed, the read will end as well and the status say why.
  if (ok && !watch_) WriteNext();
}

void Stream::Close() {
  closing_ = true;
  call_->WritesDone(static_cast<Event*>(&on_close_));
}

void Stream::OnClose(bool /*ok*/) {}

void Stream::OnFinish(bool /*ok*/) {
  ended_ = true;
  if (closing_) return;
  owner_->Fail(status_.ok() ? absl::UnavailableError("the server ended a stream early")
                            : owner_->ToStatus(status_));
}

}  // namespace kengred::bench
