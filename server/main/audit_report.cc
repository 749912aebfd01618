#include "server/main/audit_report.h"

#include <vector>

#include "kengred/core/amount.h"
#include "server/main/json_text.h"
#include "server/main/progress.h"

namespace kengred::server {
namespace {

std::string Seconds(int64_t elapsed_us) { return FormatAmount(elapsed_us / 1000, 3); }

std::string FindingJson(const audit::Finding& finding) {
  JsonObject json;
  json.Text("fault", audit::NameOf(finding.fault))
      .Number("sequence", uint64_t{finding.sequence})
      .Number("first_sequence", uint64_t{finding.first_sequence})
      .Text("sentence", finding.sentence);
  if (!finding.verdict.empty()) json.Text("verdict", finding.verdict);
  return json.ToString();
}

std::string_view NameOf(AuditSubject subject) {
  switch (subject) {
    case AuditSubject::kStore:
      return "store";
    case AuditSubject::kExport:
      return "export";
    case AuditSubject::kServer:
      break;
  }
  return "server";
}

// What there was to compare with the journal.
std::string Compared(AuditSubject subject) {
  switch (subject) {
    case AuditSubject::kStore:
      return "compared with what the journal adds up to, down to the last key";
    case AuditSubject::kExport:
      return "none to compare: an export holds the journal and its checkpoints";
    case AuditSubject::kServer:
      break;
  }
  return "none to compare: a server shows the journal and its checkpoints, not its store";
}

// What nobody but the journal has said.
std::vector<std::string> OnItsOwnWord(const AuditTrust& trust) {
  std::vector<std::string> words;
  // A checkpoint that a known key has signed holds the charter too.
  if (!trust.ledger_id && !trust.verifier_keys && trust.verified_before == 0) {
    words.emplace_back(
        "which ledger this is and which key is its log's: compare the ledger id with one that you "
        "have from elsewhere (--ledger-id), or give the log's key (--verifier-key)");
  }
  words.emplace_back(
      "that this is the only journal of its ledger: whoever has the log's key could have signed "
      "another; compare the root with what others have seen");
  return words;
}

}  // namespace

std::string PlaceOf(const audit::Finding& finding) {
  if (finding.sequence == 0) return "the journal";
  if (finding.first_sequence == finding.sequence) {
    return "entry " + std::to_string(finding.sequence);
  }
  return "entries " + std::to_string(finding.first_sequence) + " to " +
         std::to_string(finding.sequence);
}

std::string AuditReportJson(const audit::Report& report, const AuditTrust& trust) {
  std::vector<std::string> currencies;
  for (const audit::Replay::CurrencyTotals& total : report.totals) {
    JsonObject json;
    json.Text("currency", total.currency)
        .Number("accounts", total.accounts)
        .Number("circulation_minor", total.circulation_minor);
    if (!total.backing_currency.empty()) {
      json.Text("backing_currency", total.backing_currency).Number("fund_minor", total.fund_minor);
    }
    currencies.push_back(json.ToString());
  }
  std::vector<std::string> trusted;
  for (const std::string& key : report.trusted_keys) trusted.push_back(JsonString(key));
  std::vector<std::string> words;
  for (const std::string& word : OnItsOwnWord(trust)) words.push_back(JsonString(word));
  JsonObject json;
  json.Boolean("good", !report.finding.has_value())
      .Text("source", NameOf(trust.subject))
      .Boolean("state_compared", trust.subject == AuditSubject::kStore && !report.finding);
  if (report.finding) json.Json("finding", FindingJson(*report.finding));
  if (report.ledger_id) {
    json.Text("ledger_id", report.ledger_id->ToHex()).Text("name", report.name);
  }
  return json.Number("entries", uint64_t{report.entries})
      .Number("signatures", report.signatures)
      .Number("checkpoints", report.checkpoints)
      .Text("root", report.root.ToHex())
      .Text("log_key", report.log_key)
      .Json("trusted_keys", JsonArray(trusted))
      .Number("verified_before", trust.verified_before)
      .Json("on_its_own_word", JsonArray(words))
      .Json("currencies", JsonArray(currencies))
      .Number("elapsed_us", report.elapsed_us)
      .Number("entries_per_second", PerSecond(report.entries, report.elapsed_us))
      .ToString();
}

std::string AuditReportText(const audit::Report& report, const AuditTrust& trust) {
  std::string text;
  const auto line = [&text](std::string name, const std::string& value) {
    name.resize(13, ' ');
    text += "  " + name + value + "\n";
  };
  if (report.finding) {
    text += "Something is wrong with " + PlaceOf(*report.finding) + ".\n\n";
    line("what", std::string(audit::NameOf(report.finding->fault)));
    line("why", report.finding->sentence + ".");
    text += "\nBefore it:\n";
  } else {
    text += "The journal is good" + std::string(report.name.empty() ? "" : ": " + report.name) +
            ".\n\n";
  }
  if (report.ledger_id) line("ledger id", report.ledger_id->ToHex());
  std::string entries = Grouped(report.entries);
  if (trust.verified_before > 0) {
    entries += ", of which " + Grouped(trust.verified_before) +
               " were verified by an earlier audit and only replayed now";
  }
  line("entries", entries);
  line("signatures", Grouped(report.signatures) + " of transactions");
  line("checkpoints", Grouped(report.checkpoints));
  if (!report.finding) line("state", Compared(trust.subject));
  if (!report.finding) line("root", report.root.ToHex());
  if (!report.log_key.empty()) line("log key", report.log_key);
  line("took", Seconds(report.elapsed_us) + " s, " +
                   Grouped(PerSecond(report.entries, report.elapsed_us)) + " entries a second");
  if (report.finding) return text;
  for (const audit::Replay::CurrencyTotals& total : report.totals) {
    std::string value = "sums to zero over " + Grouped(total.accounts) + " accounts";
    if (total.circulation_minor != 0 || !total.backing_currency.empty()) {
      value += "; " + FormatAmount(total.circulation_minor, total.decimals) + " in circulation";
    }
    if (!total.backing_currency.empty()) {
      value += ", " + FormatAmount(total.fund_minor, total.decimals) + " " +
               total.backing_currency + " in the guarantee fund";
    }
    line(total.currency, value);
  }
  const std::vector<std::string> words = OnItsOwnWord(trust);
  if (!words.empty()) text += "\nTaken on the journal's own word:\n";
  for (const std::string& word : words) text += "  - " + word + ".\n";
  return text;
}

}  // namespace kengred::server
