#include "bench/answer_reader.h"

#include <google/protobuf/io/coded_stream.h>

#include "kengred/v1/ledger_service.pb.h"

namespace kengred::bench {
namespace {

using google::protobuf::io::CodedInputStream;

// The wire types of protobuf's encoding.
enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr uint32_t Tag(int field, WireType type) {
  return static_cast<uint32_t>(field) << 3 | type;
}

bool Skip(CodedInputStream* in, uint32_t tag) {
  uint64_t number = 0;
  switch (tag & 7) {
    case kVarint:
      return in->ReadVarint64(&number);
    case kFixed64:
      return in->Skip(8);
    case kBytes:
      return in->ReadVarint64(&number) && number <= INT32_MAX && in->Skip(static_cast<int>(number));
    case kFixed32:
      return in->Skip(4);
    default:
      return false;
  }
}

// Calls on_field(tag) for each field of the message that the stream is at the start of, up to the
// limit. It must read the field and say whether it could.
template <typename OnField>
bool ReadFields(CodedInputStream* in, const OnField& on_field) {
  while (const uint32_t tag = in->ReadTagNoLastTag()) {
    if (!on_field(tag)) return false;
  }
  return in->ConsumedEntireMessage();
}

// Reads a field that is a message of its own.
template <typename ReadMessage>
bool ReadNested(CodedInputStream* in, const ReadMessage& read) {
  uint32_t size = 0;
  // A limit past the end of what there is would be none.
  if (!in->ReadVarint32(&size) || size > static_cast<uint32_t>(in->BytesUntilLimit())) return false;
  const CodedInputStream::Limit limit = in->PushLimit(static_cast<int>(size));
  if (!read()) return false;
  in->PopLimit(limit);
  return true;
}

bool ReadAccepted(CodedInputStream* in, AnswerRead* answer) {
  constexpr uint32_t kSequence = Tag(v1::SubmitTransactionResponse::kSequenceFieldNumber, kVarint);
  constexpr uint32_t kDuplicate =
      Tag(v1::SubmitTransactionResponse::kDuplicateFieldNumber, kVarint);
  return ReadFields(in, [&](uint32_t tag) {
    if (tag == kSequence) return in->ReadVarint64(&answer->sequence);
    if (tag != kDuplicate) return Skip(in, tag);
    uint64_t duplicate = 0;
    if (!in->ReadVarint64(&duplicate)) return false;
    answer->duplicate = duplicate != 0;
    return true;
  });
}

bool ReadRefused(CodedInputStream* in, AnswerRead* answer) {
  constexpr uint32_t kVerdict = Tag(v1::SubmitRefusal::kVerdictFieldNumber, kVarint);
  return ReadFields(in, [&](uint32_t tag) {
    if (tag != kVerdict) return Skip(in, tag);
    uint64_t verdict = 0;
    if (!in->ReadVarint64(&verdict)) return false;
    answer->verdict = static_cast<v1::Verdict>(verdict);
    return true;
  });
}

bool ReadResult(CodedInputStream* in, AnswerRead* answer) {
  constexpr uint32_t kAccepted = Tag(v1::SubmitResult::kAcceptedFieldNumber, kBytes);
  constexpr uint32_t kRefused = Tag(v1::SubmitResult::kRefusedFieldNumber, kBytes);
  return ReadFields(in, [&](uint32_t tag) {
    if (tag == kAccepted) return ReadNested(in, [&] { return ReadAccepted(in, answer); });
    if (tag == kRefused) return ReadNested(in, [&] { return ReadRefused(in, answer); });
    return Skip(in, tag);
  });
}

}  // namespace

bool ReadAnswer(std::string_view bytes, AnswerRead* answer) {
  CodedInputStream in(static_cast<const uint8_t*>(static_cast<const void*>(bytes.data())),
                      static_cast<int>(bytes.size()));
  return ReadAccepted(&in, answer);
}

bool ReadAnswers(std::string_view bytes, const std::function<void(const AnswerRead&)>& on_answer) {
  constexpr uint32_t kResults = Tag(v1::SubmitTransactionsResponse::kResultsFieldNumber, kBytes);
  CodedInputStream in(static_cast<const uint8_t*>(static_cast<const void*>(bytes.data())),
                      static_cast<int>(bytes.size()));
  return ReadFields(&in, [&](uint32_t tag) {
    if (tag != kResults) return Skip(&in, tag);
    AnswerRead answer;
    if (!ReadNested(&in, [&] { return ReadResult(&in, &answer); })) return false;
    on_answer(answer);
    return true;
  });
}

}  // namespace kengred::bench
