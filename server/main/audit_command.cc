#include "server/main/audit_command.h"

#include <memory>
#include <utility>

#include "files/small_file.h"
#include "server/audit/auditor.h"
#include "server/audit/entry_source.h"
#include "server/audit/state_check.h"
#include "server/main/audit_options.h"
#include "server/main/audit_report.h"
#include "server/main/command_status.h"
#include "server/main/progress.h"
#include "server/storage/rocksdb_store.h"

namespace kengred::server {
namespace {

// What is audited, kept open.
struct Subject {
  AuditSubject kind = AuditSubject::kStore;
  std::unique_ptr<RemoteSubject> remote;
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<audit::EntrySource> source;
  std::unique_ptr<audit::Observer> observer;  // null but for a store: there is no state
};

absl::StatusOr<Subject> OpenSubject(const AuditOptions& options) {
  Subject subject;
  if (!options.export_file.empty()) {
    subject.kind = AuditSubject::kExport;
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

// What the server has shown first must be what its entries lead to.
void CompareWithShown(const Checkpoint& shown, audit::Report* report) {
  if (report->finding || report->root == shown.root) return;
  report->finding =
      audit::MakeFinding(audit::Fault::kRootDiffers, shown.size,
                         "the server has shown two checkpoints of " + std::to_string(shown.size) +
                             " entries, both signed by its log: with the root " +
                             shown.root.ToHex() + " when the audit began, and with the root " +
                             report->root.ToHex() + " beside these entries");
  report->finding->first_sequence = 1;
}

// What was found before there was an entry to look at.
audit::Report ReportOf(const RemoteSubject& remote) {
  audit::Report report;
  report.finding = remote.finding;
  report.ledger_id = remote.client->ledger_id();
  report.name = remote.client->charter().name();
  return report;
}

absl::StatusOr<audit::Options> ReadOptions(const AuditOptions& options) {
  const int subjects = static_cast<int>(!options.data.empty()) +
                       static_cast<int>(!options.export_file.empty()) +
                       static_cast<int>(!options.remote.target.empty());
  if (subjects != 1) {
    return absl::InvalidArgumentError(
        "say what to audit: --data DIRECTORY, --export FILE, or --server ADDRESS");
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
  absl::StatusOr<Subject> subject = Subject();
  if (options.remote.target.empty()) {
    subject = OpenSubject(options);
    if (!subject.ok()) return Complain(subject.status(), kExitStore, io);
  } else {
    subject->kind = AuditSubject::kServer;
    ExitCode code = kExitStore;
    auto remote = OpenRemoteSubject(options.remote, audit_options->ledger_id, &code);
    if (!remote.ok()) return Complain(remote.status(), code, io);
    subject->remote = *std::move(remote);
    subject->source = std::move(subject->remote->source);
  }

  absl::StatusOr<audit::Report> report = audit::Report();
  if (subject->source == nullptr) {
    report = ReportOf(*subject->remote);
  } else {
    ProgressBar bar("auditing", &io);
    audit_options->observer = subject->observer.get();
    audit_options->on_progress = [&bar](Sequence done, Sequence all) { bar.Show(done, all); };
    report = audit::Audit(subject->source.get(), *audit_options);
    bar.Clear();
    if (!report.ok()) return Complain(report.status(), kExitStore, io);
    if (subject->remote != nullptr) CompareWithShown(subject->remote->checkpoint, &*report);
  }

  AuditTrust trust;
  trust.subject = subject->kind;
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
