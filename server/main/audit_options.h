// What the commands that audit have in common.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "server/audit/auditor.h"
#include "server/audit/entry_source.h"

namespace kengred::server {

// What an auditor knows from outside, from the command line; texts may be empty. InvalidArgument
// says which is wrong and what to write.
absl::StatusOr<audit::Options> ReadAuditOptions(const std::string& ledger_id,
                                                const std::vector<std::string>& verifier_keys,
                                                size_t threads);

// An export on disk. Errors name it.
absl::StatusOr<std::unique_ptr<audit::EntrySource>> OpenExportFile(const std::string& path);

}  // namespace kengred::server
