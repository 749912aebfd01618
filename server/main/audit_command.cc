#include "server/main/audit_command.h"

#include <memory>
#include <utility>

#include "server/audit/auditor.h"
#include "server/audit/entry_source.h"
#include "server/audit/state_check.h"
#include "server/main/audit_options.h"
#include "server/main/audit_report.h"
#include "server/main/command_status.h"
#include "server/main/files.h"
#include "server/main/progress.h"
#include "server/storage/rocksdb_store.h"

namespace kengred::server {
namespace {

// What is audited, kept open.
struct Subject {
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<audit::EntrySource> source;
  std::unique_ptr<audit::Observer> observer;  // null for an export: there is no state
};

absl::StatusOr<Subject> OpenSubject(const AuditOptions& options) {
  Subject subject;
  if (!options.export_file.empty()) {
    absl::StatusOr<std::unique_ptr<audit::EntrySource>> source =
        OpenExportFile(options.export_file);
    if (!source.ok()) return source.status();
    subject.source = *std::move(source);
    return subject;
  }
  storage::RocksDbOptions store_options;
  store_options.path = options.data;
  store_options.read_only = true;
  absl::StatusOr<std::unique_ptr<storage::Store>> store = storage::OpenRocksDbStore(store_options);
  if (!store.ok()) return store.status();
  subject.store = *std::move(store);
  absl::StatusOr<std::unique_ptr<audit::EntrySource>> source =
      audit::OpenStoreSource(subject.store.get());
  if (!source.ok()) return source.status();
  subject.source = *std::move(source);
  subject.observer = audit::NewStateCheck(subject.store.get());
  return subject;
}

absl::StatusOr<audit::VerifiedPrefix> ReadVerified(const std::string& file) {
  const absl::StatusOr<std::string> text = ReadSmallFile(file);
  if (!text.ok()) return text.status();
  absl::StatusOr<audit::VerifiedPrefix> prefix = audit::ParseVerifiedPrefix(*text);
  if (prefix.ok()) return prefix;
  return absl::InvalidArgumentError(file + ": " + std::string(prefix.status().message()));
}

absl::StatusOr<audit::Options> ReadOptions(const AuditOptions& options) {
  if (options.data.empty() == options.export_file.empty()) {
    return absl::InvalidArgumentError("say what to audit: --data DIRECTORY, or --export FILE");
  }
  absl::StatusOr<audit::Options> read =
      ReadAuditOptions(options.ledger_id, options.verifier_keys, options.threads);
  if (!read.ok()) return read.status();
  if (!options.from_verified.empty()) {
    const absl::StatusOr<audit::VerifiedPrefix> prefix = ReadVerified(options.from_verified);
    if (!prefix.ok()) return prefix.status();
    read->verified = *prefix;
  }
  return read;
}

}  // namespace

ExitCode RunAudit(const AuditOptions& options, Io& io) {
  absl::StatusOr<audit::Options> audit_options = ReadOptions(options);
  if (!audit_options.ok()) return Complain(audit_options.status(), kExitUsage, io);
  const absl::StatusOr<Subject> subject = OpenSubject(options);
  if (!subject.ok()) return Complain(subject.status(), kExitStore, io);

  ProgressBar bar("auditing", &io);
  audit_options->observer = subject->observer.get();
  audit_options->on_progress = [&bar](Sequence done, Sequence all) { bar.Show(done, all); };
  const absl::StatusOr<audit::Report> report = audit::Audit(subject->source.get(), *audit_options);
  bar.Clear();
  if (!report.ok()) return Complain(report.status(), kExitStore, io);

  AuditTrust trust;
  trust.ledger_id = audit_options->ledger_id.has_value();
  trust.verifier_keys = !audit_options->verifier_keys.empty();
  if (audit_options->verified) trust.verified_before = audit_options->verified->size;
  io.out << (options.json ? AuditReportJson(*report, trust) + "\n"
                          : AuditReportText(*report, trust));
  if (report->finding) return kExitNo;
  if (!options.save_verified.empty()) {
    const absl::Status status =
        WriteFileAtomically(options.save_verified, audit::FormatVerifiedPrefix(report->verified));
    if (!status.ok()) return Complain(status, kExitInternal, io);
  }
  return kExitOk;
}

}  // namespace kengred::server
