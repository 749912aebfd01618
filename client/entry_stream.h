// The journal, streamed to an auditor. Internal to this folder.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <string>

#include "kengred/client/client.h"
#include "kengred/client/session.h"

namespace kengred::client {

// See Client::StreamEntries.
absl::Status StreamEntries(Session* session, const Reader& reader, Sequence after,
                           const std::function<bool(Sequence, std::string)>& on_entry);

}  // namespace kengred::client
