#include "server/rpc/error_details.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace kengred::rpc {

grpc::Status ToStatus(const Refusal& refusal) {
  // absl's codes are gRPC's.
  const auto code = static_cast<grpc::StatusCode>(StatusCodeOf(refusal.verdict));
  const std::string sentence = VerdictSentence(refusal);
  google::rpc::ErrorInfo info;
  info.set_reason(VerdictName(refusal.verdict));
  info.set_domain(kErrorDomain);
  info.mutable_metadata()->insert(refusal.figures.begin(), refusal.figures.end());
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(sentence);
  details.add_details()->PackFrom(info);
  return grpc::Status(code, sentence, details.SerializeAsString());
}

grpc::Status ToStatus(v1::Verdict verdict) { return ToStatus(Refusal{verdict, {}}); }

grpc::Status MalformedField(const std::string& field) {
  return ToStatus(Refusal{v1::VERDICT_REQUEST_MALFORMED, {{"field", field}}});
}

grpc::Status UnreadableRequest() {
  return grpc::Status(grpc::StatusCode::INTERNAL, "Unable to parse request");
}

grpc::Status ToStatus(const absl::Status& failure) {
  switch (failure.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
      return grpc::Status(grpc::StatusCode::UNAVAILABLE,
                          "The server's storage does not answer. Try again later.");
    default:
      return grpc::Status(grpc::StatusCode::INTERNAL,
                          "The server's storage is damaged. Tell the operator.");
  }
}

}  // namespace kengred::rpc
