// Goal: no export crashes its reader or the auditor, and what is read is written the same again.
// Method: the input is a file. It is audited as if its signatures had been verified before, so that
// entries reach the rules.
#include "fuzz.h"
#include "kengred/core/charter.h"
#include "kengred/core/limits.h"
#include "server/audit/auditor.h"
#include "server/audit/export_file.h"

namespace kengred {
namespace {

// All records of an export, as they stand in it.
std::string WriteAgain(audit::EntrySource* source) {
  const auto record = [](const std::string& bytes) {
    std::string length(4, '\0');
    for (size_t i = 0; i < 4; ++i) length[i] = static_cast<char>(bytes.size() >> (24 - 8 * i));
    return length + bytes;
  };
  const std::string end(4, '\0');
  std::string written = "kengred-export/v1\n";
  for (Sequence after = 0; after < source->size();) {
    const auto entries = source->Entries(after, 3);
    KENGRED_FUZZ_CHECK(entries.ok() && !entries->empty());
    for (const std::string& entry : *entries) written += record(entry);
    after += entries->size();
  }
  written += end;
  const auto checkpoints = source->Checkpoints(0, SIZE_MAX);
  KENGRED_FUZZ_CHECK(checkpoints.ok() && !checkpoints->empty());
  for (const auto& checkpoint : *checkpoints) written += record(checkpoint.note);
  return written + end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(fuzz::AsText(data, size));
  const auto source = audit::OpenExport(audit::BytesOf(text));
  if (!source.ok()) return 0;
  KENGRED_FUZZ_CHECK(WriteAgain(source->get()) == text);

  audit::Options options;
  options.threads = 1;
  v1::JournalEntry first;
  first.ParseFromString((*source)->Entries(0, 1)->front());
  options.verified = {LedgerIdOf(first.charter()), kTreeLeavesMax, Digest()};
  const auto report = audit::Audit(source->get(), options);
  // The audit before this one has seen more entries than there can be.
  if (report.ok()) KENGRED_FUZZ_CHECK(report->finding && report->entries <= (*source)->size());
  return 0;
}

}  // namespace kengred
