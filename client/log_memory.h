// What a client remembers of a ledger's log between uses, so that the ledger cannot show one
// history today and another tomorrow.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kengred/core/ids.h"

namespace kengred::client {

struct RememberedLog {
  // The last checkpoint that was checked: a signed note (kengred/core/checkpoint.h).
  std::string checkpoint;
  // The log's verifier keys (kengred/core/signed_note.h), the charter's first.
  std::vector<std::string> verifier_keys;
};

// One for each person or device. Thread-safe, and safe among processes.
class LogMemory {
 public:
  virtual ~LogMemory() = default;
  // Nothing where this ledger has not been met. DataLoss where what is there cannot be read.
  virtual absl::StatusOr<std::optional<RememberedLog>> Load(const LedgerId& ledger) = 0;
  virtual absl::Status Save(const LedgerId& ledger, const RememberedLog& log) = 0;
  // Keeps the proof of a misbehaviour, to show to others, and says where.
  virtual absl::StatusOr<std::string> KeepEvidence(const LedgerId& ledger,
                                                   const std::string& text) = 0;
};

// A file per ledger in a directory, which is made where it is missing; each replaced atomically:
//   log-file = "kengred-log/v1" LF 1*( "key " verifier-key LF ) LF checkpoint
std::shared_ptr<LogMemory> NewFileLogMemory(const std::string& directory);

}  // namespace kengred::client
