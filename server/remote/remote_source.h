// A running server as a source of entries: what it shows an auditor of its ledger.
#pragma once

#include <absl/status/statusor.h>

#include <memory>

#include "kengred/client/client.h"
#include "kengred/core/checkpoint.h"
#include "server/audit/entry_source.h"

namespace kengred::remote {

// The journal up to `checkpoint`, which the server has shown: what comes later is not read. Entries
// and checkpoints are fetched when they are asked for and kept in files without names, so that the
// server cannot show one thing first and another later. Client and reader must outlive the source;
// the reader's account needs the auditor's role. Errors of reading: those of Client::StreamEntries
// with what to do; DataLoss where the server gives fewer entries than it has signed.
absl::StatusOr<std::unique_ptr<audit::EntrySource>> OpenRemoteSource(client::Client* client,
                                                                     const client::Reader* reader,
                                                                     const Checkpoint& checkpoint);

}  // namespace kengred::remote
