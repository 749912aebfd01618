#include "server/main/export_command.h"

#include <memory>

#include "server/audit/entry_source.h"
#include "server/audit/export_file.h"
#include "server/main/command_status.h"
#include "server/main/json_text.h"
#include "server/main/large_file.h"
#include "server/main/ledger_file.h"
#include "server/main/progress.h"

namespace kengred::server {

ExitCode RunExport(const ExportOptions& options, Io& io) {
  const absl::StatusOr<LedgerFile> ledger = OpenLedgerFile(options.data, /*read_only=*/true);
  if (!ledger.ok()) return Complain(ledger.status(), kExitStore, io);
  const absl::StatusOr<std::unique_ptr<audit::EntrySource>> source =
      audit::OpenStoreSource(ledger->store.get());
  if (!source.ok()) return Complain(source.status(), kExitStore, io);
  const absl::StatusOr<std::unique_ptr<LargeFileWriter>> file =
      LargeFileWriter::Create(options.file);
  if (!file.ok()) return Complain(file.status(), kExitUsage, io);

  ProgressBar bar("exporting", &io);
  absl::Status written;
  const absl::StatusOr<audit::ExportSummary> summary = audit::WriteExport(
      source->get(),
      [&](std::string_view bytes) {
        written = (*file)->Write(bytes);
        return written;
      },
      [&bar](Sequence done, Sequence all) { bar.Show(done, all); });
  bar.Clear();
  if (!written.ok()) return Complain(written, kExitInternal, io);
  if (!summary.ok()) return Complain(summary.status(), kExitStore, io);
  if (const absl::Status status = (*file)->Finish(); !status.ok()) {
    return Complain(status, kExitInternal, io);
  }

  if (options.json) {
    io.out << JsonObject()
                  .Text("ledger_id", ledger->ledger_id.ToHex())
                  .Text("name", ledger->charter.name())
                  .Number("entries", uint64_t{summary->entries})
                  .Number("checkpoints", summary->checkpoints)
                  .Text("root", summary->root.ToHex())
                  .Text("file", options.file)
                  .Number("bytes", summary->bytes)
                  .ToString()
           << "\n";
    return kExitOk;
  }
  io.out << "Exported " << ledger->charter.name() << ".\n\n"
         << "  ledger id    " << ledger->ledger_id.ToHex() << "\n"
         << "  entries      " << Grouped(summary->entries) << "\n"
         << "  checkpoints  " << Grouped(summary->checkpoints) << "\n"
         << "  root         " << summary->root.ToHex() << "\n"
         << "  file         " << options.file << ", " << Grouped(summary->bytes) << " bytes\n\n"
         << "Private texts (names, memos, reasons) and the log's key are not in it. Balances and\n"
         << "payments are: give it only to those who may see them.\n"
         << "Check it with `kengred-server audit --export " << options.file << "`.\n";
  return kExitOk;
}

}  // namespace kengred::server
