// A note of how far an audit went, so that the next one need not verify the same signatures again.
//
//   file    = "kengred-verified/v1" LF ledger LF size LF root LF
//   ledger  = 64HEXDIG             ; the ledger id, lower case
//   size    = %x31-39 *19DIGIT     ; entries that were verified
//   root    = 64HEXDIG             ; of the tree over them, lower case
//
// Whoever can write it can make the next audit believe: keep it where the auditor keeps its own
// things. Any thread.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "kengred/core/ids.h"

namespace kengred::audit {

struct VerifiedPrefix {
  LedgerId ledger_id;
  uint64_t size = 0;
  Digest root;

  friend bool operator==(const VerifiedPrefix&, const VerifiedPrefix&) = default;
};

std::string FormatVerifiedPrefix(const VerifiedPrefix& prefix);
// Strict. InvalidArgument where it is anything else.
absl::StatusOr<VerifiedPrefix> ParseVerifiedPrefix(std::string_view text);

}  // namespace kengred::audit
