// What a log asks of a witness: the body of add-checkpoint, as C2SP tlog-witness specifies it.
//
//   body = "old" SP size LF *( base64( hash ) LF ) LF checkpoint
//
//   size        of the witness's last checkpoint of that log, decimal without leading zeroes
//   hash        of the consistency proof from there, 32 bytes; at most kWitnessProofHashesMax
//   checkpoint  a signed note (signed_note.h), verbatim
//
// At most kWitnessRequestBytesMax bytes. Any thread. Errors: InvalidArgument, in words.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/ids.h"

namespace kengred {

struct WitnessRequest {
  uint64_t old_size = 0;
  std::vector<Digest> proof;
  std::string checkpoint;

  friend bool operator==(const WitnessRequest&, const WitnessRequest&) = default;
};

// Strict: FormatWitnessRequest of what is read is the text again. The checkpoint is a note by its
// form; nothing is verified.
absl::StatusOr<WitnessRequest> ParseWitnessRequest(std::string_view body);
absl::StatusOr<std::string> FormatWitnessRequest(const WitnessRequest& request);

}  // namespace kengred
