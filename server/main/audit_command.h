// `kengred-server audit`: replays a ledger from its first entry and checks all that can be checked.
#pragma once

#include <string>
#include <vector>

#include "server/main/exit_code.h"
#include "server/main/io.h"
#include "server/main/remote_subject.h"

namespace kengred::server {

struct AuditOptions {
  // One of them.
  std::string data;         // a store; its server may run
  std::string export_file;  // an export
  RemoteOptions remote;     // a running server
  // What the auditor knows from outside.
  std::string ledger_id;                   // 64 hexadecimal digits
  std::vector<std::string> verifier_keys;  // "name+id+key"
  // Notes of an earlier audit, to start from and to leave.
  std::string from_verified;
  std::string save_verified;
  size_t threads = 0;  // 0: one for each core
  bool json = false;
};

// kExitOk: nothing is wrong. kExitNo: something is, and it is named. kExitUsage: a key, an id or a
// note of an earlier audit cannot be read. kExitStore: the store or file cannot be read, the server
// cannot be reached, or it does not let the auditor read.
ExitCode RunAudit(const AuditOptions& options, Io& io);

}  // namespace kengred::server
