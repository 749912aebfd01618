#include "kengred/core/witness_request.h"

#include <optional>
#include <utility>

#include "kengred/core/base64.h"
#include "kengred/core/decimal.h"
#include "kengred/core/limits.h"
#include "kengred/core/signed_note.h"

namespace kengred {
namespace {

constexpr std::string_view kOld = "old ";

absl::Status Invalid(const std::string& why) { return absl::InvalidArgumentError(why); }

}  // namespace

absl::StatusOr<WitnessRequest> ParseWitnessRequest(std::string_view body) {
  if (body.size() > kWitnessRequestBytesMax) {
    return Invalid("the request is longer than " + std::to_string(kWitnessRequestBytesMax) +
                   " bytes");
  }
  WitnessRequest request;
  bool first = true;
  while (true) {
    const size_t end = body.find('\n');
    if (end == std::string_view::npos) {
      return Invalid("the request has no empty line before its checkpoint");
    }
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(end + 1);
    if (first) {
      const auto size = line.starts_with(kOld) ? ParseDecimal(line.substr(kOld.size()))
                                               : std::optional<uint64_t>();
      if (!size) return Invalid("the first line must be \"old\" and a size");
      request.old_size = *size;
      first = false;
      continue;
    }
    if (line.empty()) break;
    if (request.proof.size() == kWitnessProofHashesMax) {
      return Invalid("the proof has more than " + std::to_string(kWitnessProofHashesMax) +
                     " hashes");
    }
    const auto bytes = DecodeBase64(line);
    const auto hash = Digest::FromBytes(bytes ? *bytes : std::string());
    if (!hash) {
      return Invalid("line " + std::to_string(request.proof.size() + 2) +
                     " is not a hash of 32 bytes in base64");
    }
    request.proof.push_back(*hash);
  }
  if (const auto note = ParseNote(body); !note.ok()) return note.status();
  request.checkpoint = std::string(body);
  return request;
}

absl::StatusOr<std::string> FormatWitnessRequest(const WitnessRequest& request) {
  std::string body = std::string(kOld) + std::to_string(request.old_size) + "\n";
  for (const Digest& hash : request.proof) body += EncodeBase64(hash.view()) + "\n";
  body += "\n" + request.checkpoint;
  const auto parsed = ParseWitnessRequest(body);
  if (!parsed.ok()) return parsed.status();
  return body;
}

}  // namespace kengred
