// A running server, opened by one of its auditors.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>

#include "kengred/client/client.h"
#include "kengred/core/checkpoint.h"
#include "kengred/core/ids.h"
#include "server/audit/entry_source.h"
#include "server/audit/finding.h"
#include "server/main/exit_code.h"

namespace kengred::server {

struct RemoteOptions {
  std::string target;       // "host", "host:port" or "unix:/path"; empty: no server
  std::string auditor_key;  // the key file of the auditor's wallet profile
  // Where its passphrase is; neither: KENGRED_PASSPHRASE_FILE, then the terminal is asked. A
  // profile without one needs none.
  std::string passphrase_file;
  int passphrase_fd = -1;
  // TLS, as the wallet's: always beyond this machine, unless `plaintext`.
  std::string ca_file;  // trusted instead of the system's
  std::string certificate_file;
  std::string key_file;
  bool plaintext = false;
  // The most that one call, and the silence between entries, may take.
  int timeout_seconds = 60;
};

// What an audit reads; the parts refer to each other.
struct RemoteSubject {
  std::unique_ptr<client::Client> client;
  std::unique_ptr<client::Reader> reader;
  Checkpoint checkpoint;  // what is audited: the server's last one, signed by its log
  // Null where there is a finding: it is another ledger, or its log's key or checkpoint is not
  // good.
  std::unique_ptr<audit::EntrySource> source;
  std::optional<audit::Finding> finding;
};

// Connects, checks the server's last checkpoint, finds the account of the key and unlocks it. No
// token goes to a ledger that is not `ledger_id`, where that is given. Errors say what to do;
// `code` is what the command then ends with: kExitUsage for a key file, passphrase or certificate
// that cannot be used, kExitStore for what the server or the network does.
absl::StatusOr<std::unique_ptr<RemoteSubject>> OpenRemoteSubject(
    const RemoteOptions& options, const std::optional<LedgerId>& ledger_id, ExitCode* code);

}  // namespace kengred::server
