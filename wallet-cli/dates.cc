#include "wallet/dates.h"

#include <ctime>
#include <optional>
#include <string>

#include "kengred/core/civil_day.h"
#include "wallet/manners.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// "31/12/2027" as "2027-12-31". Nothing for any other form.
std::optional<std::string> FromFrench(std::string_view text) {
  if (text.size() != 10 || text[2] != '/' || text[5] != '/') return std::nullopt;
  std::string iso(text.substr(6));
  iso += '-';
  iso += text.substr(3, 2);
  iso += '-';
  iso += text.substr(0, 2);
  return iso;
}

}  // namespace

absl::StatusOr<int32_t> ParseDate(std::string_view text) {
  std::string iso(text);
  // 01/02/2027 is another day in other languages, so this form is French only.
  if (Language() == "fr") iso = FromFrench(text).value_or(iso);
  auto day = ParseDay(iso);
  if (day.ok()) return *day;
  // Translators: the French form 31/12/2027 is accepted too; say so.
  return Fail(ExitCode::kUsage, Tr("“{}” is not a date.", text),
              _("Write year, month and day: 2027-12-31."));
}

int32_t DayHere(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  localtime_r(&time, &parts);
  return DayOfDate({parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday});
}

}  // namespace kengred::wallet
