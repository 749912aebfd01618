#include "kengred/client/status.h"

#include <absl/strings/cord.h>

#include <optional>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kengred/client/client.h"
#include "kengred/core/verdict.h"

namespace kengred::client {
namespace {

// Where the ErrorInfo of a refusal stands in an absl::Status: the type URL it travels under.
constexpr char kPayload[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kDomain[] = "kengred";

absl::Status Refused(absl::StatusCode code, const std::string& message,
                     const google::rpc::ErrorInfo& info) {
  absl::Status status(code, message);
  status.SetPayload(kPayload, absl::Cord(info.SerializeAsString()));
  return status;
}

// The ErrorInfo in grpc-status-details-bin, where the ledger sent one.
std::optional<google::rpc::ErrorInfo> DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::ErrorInfo info;
    if (detail.Is<google::rpc::ErrorInfo>() && detail.UnpackTo(&info) && info.domain() == kDomain) {
      return info;
    }
  }
  return std::nullopt;
}

bool Mentions(const std::string& text, const char* word) {
  return text.find(word) != std::string::npos;
}

bool IsTooLarge(const std::string& message) { return Mentions(message, "message larger than max"); }

std::string Explain(const grpc::Status& status, const std::string& target, bool tls) {
  const std::string& why = status.error_message();
  const std::string server = "the ledger server at " + target;
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      if (tls && (Mentions(why, "andshake") || Mentions(why, "SSL") || Mentions(why, "ssl"))) {
        return "no secure connection to " + server + " (" + why +
               "). Does it speak TLS, with a certificate for this name that the root certificates "
               "vouch for? Does it ask for a client certificate?";
      }
      return "cannot reach " + server + " (" + why + "). Is the server running there?" +
             (tls ? "" : " If it speaks TLS, use TLS.");
    case grpc::StatusCode::CANCELLED:
      return "the connection to " + server + " was lost before the answer (" + why + ")";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return server + " did not answer in time. Is it running, and is the address right?";
    case grpc::StatusCode::UNIMPLEMENTED:
      return server + " does not know this call (" + why +
             "). Is it a Kengred server, of this version?";
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      if (IsTooLarge(why)) return "the answer of " + server + " is too large (" + why + ")";
      return server + " is busy (" + why + ")";
    default:
      return server + ": " + why;
  }
}

}  // namespace

absl::Status ToStatus(const grpc::Status& status, const std::string& target, bool tls) {
  if (status.ok()) return absl::OkStatus();
  // The numbers are the same by design.
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (const auto info = DetailsOf(status)) return Refused(code, status.error_message(), *info);
  return absl::Status(code, Explain(status, target, tls));
}

absl::Status ToStatus(const v1::SubmitRefusal& refusal) {
  google::rpc::ErrorInfo info;
  info.set_domain(kDomain);
  info.set_reason(VerdictName(refusal.verdict()));
  info.mutable_metadata()->insert(refusal.figures().begin(), refusal.figures().end());
  return Refused(StatusCodeOf(refusal.verdict()), refusal.message(), info);
}

bool IsPassing(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return true;
    case absl::StatusCode::kResourceExhausted:
      return !IsTooLarge(std::string(status.message()));
    case absl::StatusCode::kCancelled:
      // Nobody here cancels a call and then asks: the peer or something between did.
      return true;
    default:
      return false;
  }
}

absl::Status Annotate(const absl::Status& status, const std::string& more) {
  absl::Status result(status.code(), std::string(status.message()) + more);
  if (const auto payload = status.GetPayload(kPayload)) result.SetPayload(kPayload, *payload);
  return result;
}

std::optional<Refusal> RefusalOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  google::rpc::ErrorInfo info;
  if (!payload || !info.ParseFromString(std::string(*payload))) return std::nullopt;
  Refusal refusal;
  refusal.verdict = VerdictOfName(info.reason());
  refusal.figures.insert(info.metadata().begin(), info.metadata().end());
  return refusal;
}

}  // namespace kengred::client
