// An export: a journal and its checkpoints as one sequence of bytes, which proves itself. The
// format is described in docs/formats/export.md:
//
//   export  = "kengred-export/v1" LF 1*record end 1*record end
//   record  = length octets         ; first the entries from 1 on, then the checkpoints, each size
//   once length  = 4 bytes, big-endian   ; 1 to kEntryBytesMax, or to kNoteBytesMax end     =
//   %x00000000
//
// Nothing follows the last end. Private texts are no part of it.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kengred/core/ids.h"
#include "server/audit/entry_source.h"

namespace kengred::audit {

// Bytes that can be read from anywhere. For one thread.
class ExportBytes {
 public:
  virtual ~ExportBytes() = default;
  virtual uint64_t size() const = 0;
  // Exactly `count` bytes from `offset` on, all of them below size().
  virtual absl::StatusOr<std::string> Read(uint64_t offset, size_t count) = 0;
};

// Bytes in memory.
std::unique_ptr<ExportBytes> BytesOf(std::string bytes);

struct ExportSummary {
  Sequence entries = 0;
  uint64_t checkpoints = 0;
  uint64_t bytes = 0;
  Digest root;
};

// Hands the bytes of an export to `write`, piece by piece. The entries must lead to the roots of
// their checkpoints, and a checkpoint must cover the last; DataLoss where not. (Signatures and
// rules are for an audit.) Other errors are those of the source and of `write`. `on_progress` may
// be empty.
absl::StatusOr<ExportSummary> WriteExport(
    EntrySource* source, const std::function<absl::Status(std::string_view)>& write,
    const std::function<void(Sequence done, Sequence all)>& on_progress);

// Looks at the form of a whole export, and reads it. Memory: some 16 bytes for 64 records. Errors:
// InvalidArgument where it is no export, is cut off or goes on after its end: the message says
// where. What the entries say is for the auditor.
absl::StatusOr<std::unique_ptr<EntrySource>> OpenExport(std::unique_ptr<ExportBytes> bytes);

}  // namespace kengred::audit
