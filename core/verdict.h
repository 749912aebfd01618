// Verdicts in C++: the ledger's "no", with the figures behind it. A Refusal is not an absl::Status:
// a Status says that the machine failed, a Refusal that a rule said no.
#pragma once

#include <absl/status/status.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "kengred/v1/verdict.pb.h"

namespace kengred {

// Why a transaction or a read was refused.
struct Refusal {
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  // As decimal text or names; what the verdict's comment lists.
  std::map<std::string, std::string> figures;
};

// "INSUFFICIENT_BALANCE": the name without its prefix; "UNKNOWN_VERDICT" for a number this build
// does not know.
std::string VerdictName(v1::Verdict verdict);
// The verdict of that name; VERDICT_UNSPECIFIED where there is none.
v1::Verdict VerdictOfName(std::string_view name);

// The status code the verdict's hundred stands for.
absl::StatusCode StatusCodeOf(v1::Verdict verdict);

// One English sentence with {figure} placeholders; the wallet translates it.
std::string_view VerdictTemplate(v1::Verdict verdict);
// The sentence with its figures put in; a placeholder without a figure reads "?".
std::string FillTemplate(std::string_view sentence,
                         const std::map<std::string, std::string>& figures);
// FillTemplate(VerdictTemplate(...), ...).
std::string VerdictSentence(const Refusal& refusal);

}  // namespace kengred
