// What an audit has found, for people and for programs.
#pragma once

#include <string>

#include "server/audit/auditor.h"

namespace kengred::server {

// What was audited.
enum class AuditSubject { kStore, kExport, kServer };

// What the auditor knew from outside, and of what.
struct AuditTrust {
  AuditSubject subject = AuditSubject::kExport;
  bool ledger_id = false;
  bool verifier_keys = false;
  // Entries whose signatures an earlier audit has verified.
  uint64_t verified_before = 0;
};

// One line.
std::string AuditReportJson(const audit::Report& report, const AuditTrust& trust);
// Several. Says plainly what was taken on the journal's own word.
std::string AuditReportText(const audit::Report& report, const AuditTrust& trust);
// "entry 17" or "entries 12 to 17, one of them".
std::string PlaceOf(const audit::Finding& finding);

}  // namespace kengred::server
