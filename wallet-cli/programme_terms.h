// A programme's terms as people write them: a TOML file, or the options of `programme open`.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/v1/programme.pb.h"
#include "kengred/v1/side_record.pb.h"
#include "wallet/session.h"

namespace kengred::wallet {

// Before names and amounts mean something on a ledger.
struct ProgrammeDraft {
  struct Activity {
    std::string code;
    std::string unit;
    std::string rate;  // an amount, as written
    int64_t quantity_max = 0;
  };

  // The public profile.
  std::string name;
  std::string alias;  // with or without '@'
  std::string description;
  std::string location;
  std::string website;

  std::string currency;  // a code; empty: the ledger's default
  std::vector<Activity> activities;
  std::vector<std::string> validators;  // addresses, contacts, @aliases
  uint32_t validators_required = 0;     // 0: all of them
  std::string total_cap;                // amounts, as written
  std::string person_cap;
  std::string person_yearly_cap;
  v1::CapPeriod period = v1::CAP_PERIOD_UNSPECIFIED;
  v1::LegalGround ground = v1::LEGAL_GROUND_UNSPECIFIED;
  std::optional<int32_t> from_day;  // absent: today
  std::optional<int32_t> until_day;
};

// Reads a file of terms; the form is ProgrammeExample(). `file` is how messages call it.
// Fail(kFile) names every mistake, one "file:line: what to write" per line.
absl::StatusOr<ProgrammeDraft> ParseProgrammeDraft(const std::string& text,
                                                   const std::string& file);

// The commented example, in the person's language; the keys are the same in all.
std::string ProgrammeExample();

// "month", "prize", as written in options and files; nothing for any other word.
std::optional<v1::CapPeriod> CapPeriodOf(std::string_view word);
std::optional<v1::LegalGround> LegalGroundOf(std::string_view word);
// The words, separated by '|'.
inline constexpr char kCapPeriodWords[] = "day|month|year|programme";
inline constexpr char kLegalGroundWords[] =
    "expense|prize|business-service|public-aid|not-convertible";

// The terms on this ledger, of the session's own association. Reads amounts, resolves validators.
// Usage errors and NotFound with a hint. `profile` receives the public profile; its name is empty
// where the draft has none.
absl::StatusOr<v1::ProgrammeTerms> BuildTerms(Session& session, const ProgrammeDraft& draft,
                                              v1::Profile* profile);

}  // namespace kengred::wallet
