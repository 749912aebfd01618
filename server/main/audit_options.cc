#include "server/main/audit_options.h"

#include <utility>

#include "server/audit/export_file.h"
#include "server/main/large_file.h"

namespace kengred::server {

absl::StatusOr<audit::Options> ReadAuditOptions(const std::string& ledger_id,
                                                const std::vector<std::string>& verifier_keys,
                                                size_t threads) {
  audit::Options options;
  options.threads = threads;
  if (!ledger_id.empty()) {
    options.ledger_id = LedgerId::FromHex(ledger_id);
    if (!options.ledger_id) {
      return absl::InvalidArgumentError("\"" + ledger_id +
                                        "\" is no ledger id; write its 64 hexadecimal digits");
    }
  }
  for (const std::string& text : verifier_keys) {
    absl::StatusOr<VerifierKey> key = VerifierKey::Parse(text);
    if (!key.ok() || key->type() != KeyType::kEd25519) {
      return absl::InvalidArgumentError("\"" + text +
                                        "\" is no log's verifier key; `kengred-server log-key "
                                        "show` prints one");
    }
    options.verifier_keys.push_back(*std::move(key));
  }
  return options;
}

absl::StatusOr<std::unique_ptr<audit::EntrySource>> OpenExportFile(const std::string& path) {
  absl::StatusOr<std::unique_ptr<audit::ExportBytes>> bytes = OpenLargeFile(path);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<std::unique_ptr<audit::EntrySource>> source = audit::OpenExport(*std::move(bytes));
  if (source.ok()) return source;
  return absl::Status(source.status().code(), path + ": " + std::string(source.status().message()));
}

}  // namespace kengred::server
