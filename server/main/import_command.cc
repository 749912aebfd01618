#include "server/main/import_command.h"

#include <memory>
#include <utility>

#include "server/audit/auditor.h"
#include "server/audit/export_file.h"
#include "server/audit/importer.h"
#include "server/main/audit_options.h"
#include "server/main/audit_report.h"
#include "server/main/command_status.h"
#include "server/main/import_directory.h"
#include "server/main/json_text.h"
#include "server/main/large_file.h"
#include "server/main/log_key.h"
#include "server/main/progress.h"
#include "server/storage/rocksdb_store.h"

namespace kengred::server {
namespace {

// Audits the export into a store in the directory, which is closed when this returns.
absl::StatusOr<audit::Report> ImportInto(ImportDirectory* directory, audit::EntrySource* source,
                                         audit::Options options, Io* io) {
  storage::RocksDbOptions store_options;
  store_options.path = directory->path();
  store_options.create_if_missing = true;
  const absl::StatusOr<std::unique_ptr<storage::Store>> store =
      storage::OpenRocksDbStore(store_options);
  if (!store.ok()) return store.status();
  if (absl::Status status = directory->Hide(); !status.ok()) return status;
  const absl::StatusOr<std::unique_ptr<audit::Observer>> importer =
      audit::NewImporter(store->get());
  if (!importer.ok()) return importer.status();
  ProgressBar bar("importing", io);
  options.observer = importer->get();
  options.on_progress = [&bar](Sequence done, Sequence all) { bar.Show(done, all); };
  return audit::Audit(source, options);
}

std::string Next(const ImportOptions& options) {
  const std::string serve = "kengred-server serve --data " + options.data;
  if (!options.log_key_file.empty()) {
    return "Serve it with `" + serve + " --log-key " + options.log_key_file + "`.\n";
  }
  return "To serve it the secret half of its log key is needed, which no export holds:\n"
         "  " +
         serve + " --log-key FILE\n";
}

}  // namespace

ExitCode RunImport(const ImportOptions& options, Io& io) {
  absl::StatusOr<audit::Options> audit_options =
      ReadAuditOptions(options.ledger_id, options.verifier_keys, options.threads);
  if (!audit_options.ok()) return Complain(audit_options.status(), kExitUsage, io);
  std::string log_key;
  if (!options.log_key_file.empty()) {
    const auto key = ReadLogKeyFile(options.log_key_file);
    if (!key.ok()) return Complain(key.status(), kExitUsage, io);
    log_key = (*key)->verifier_key().Format();
  }
  const absl::StatusOr<std::unique_ptr<audit::EntrySource>> source = OpenExportFile(options.file);
  if (!source.ok()) return Complain(source.status(), kExitStore, io);
  const absl::StatusOr<std::unique_ptr<ImportDirectory>> directory =
      ImportDirectory::Make(options.data);
  if (!directory.ok()) return Complain(directory.status(), kExitStore, io);

  const absl::StatusOr<audit::Report> report =
      ImportInto(directory->get(), source->get(), *audit_options, &io);
  if (!report.ok()) return Complain(report.status(), kExitStore, io);
  if (!log_key.empty() && !report->finding && log_key != report->log_key) {
    return Complain(absl::InvalidArgumentError(options.log_key_file + " is the key " + log_key +
                                               "; the log's key is " + report->log_key +
                                               ". Nothing was imported"),
                    kExitUsage, io);
  }
  if (!report->finding) {
    if (const absl::Status status = (*directory)->Publish(); !status.ok()) {
      return Complain(status, kExitStore, io);
    }
  }
  AuditTrust trust;
  trust.ledger_id = audit_options->ledger_id.has_value();
  trust.verifier_keys = !audit_options->verifier_keys.empty();
  if (options.json) {
    io.out << AuditReportJson(*report, trust) << "\n";
  } else {
    io.out << AuditReportText(*report, trust) << "\n"
           << (report->finding ? "Nothing was imported.\n"
                               : "Imported into " + options.data +
                                     ". Private texts (names, memos, reasons) were not in it.\n" +
                                     Next(options));
  }
  return report->finding ? kExitNo : kExitOk;
}

}  // namespace kengred::server
