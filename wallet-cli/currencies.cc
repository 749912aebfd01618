#include "wallet/currencies.h"

#include <cctype>

#include "kengred/core/amount.h"
#include "wallet/manners.h"
#include "wallet/status_macros.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

std::string Upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

bool IsSpace(char c) { return c == ' ' || c == '\t'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

bool IsFigure(char c) { return (c >= '0' && c <= '9') || c == '.' || c == ',' || c == '-'; }

char Mark() { return Language() == "fr" ? ',' : '.'; }

}  // namespace

Currencies::Currencies(const v1::Charter& charter)
    : currencies_(charter.currencies().begin(), charter.currencies().end()) {
  for (const v1::Currency& currency : currencies_) {
    if (currency.kind() == v1::CURRENCY_KIND_BACKED) {
      default_code_ = currency.code();
      break;
    }
  }
  if (default_code_.empty() && !currencies_.empty()) default_code_ = currencies_.front().code();
}

const v1::Currency* Currencies::Find(std::string_view code) const {
  const std::string upper = Upper(code);
  for (const v1::Currency& currency : currencies_) {
    if (currency.code() == upper) return &currency;
  }
  return nullptr;
}

absl::StatusOr<Money> Currencies::Parse(std::string_view text, std::string_view currency) const {
  const std::string_view given = Trim(text);
  std::string_view figure = given;
  std::string_view code;
  if (const size_t colon = given.find(':'); colon != std::string_view::npos) {
    code = Trim(given.substr(0, colon));
    figure = Trim(given.substr(colon + 1));
  } else if (!given.empty() && IsFigure(given.front())) {
    size_t end = 0;
    while (end < given.size() && IsFigure(given[end])) ++end;
    figure = given.substr(0, end);
    code = Trim(given.substr(end));
  } else if (const size_t space = given.find(' '); space != std::string_view::npos) {
    code = given.substr(0, space);
    figure = Trim(given.substr(space + 1));
  }
  if (!code.empty() && !currency.empty() && Upper(code) != Upper(currency)) {
    return Fail(ExitCode::kUsage, Tr("The amount “{}” is not in {}.", given, Upper(currency)),
                _("Name one currency only: in the amount, or with --currency."));
  }
  if (code.empty()) code = currency.empty() ? std::string_view(default_code_) : currency;
  const v1::Currency* found = Find(code);
  if (found == nullptr) {
    std::string known;
    for (const v1::Currency& each : currencies_) {
      if (each.kind() == v1::CURRENCY_KIND_FIAT) continue;
      known += (known.empty() ? "" : ", ") + each.code();
    }
    return Fail(ExitCode::kUsage, Tr("This ledger has no currency “{}”.", code),
                Tr("Its currencies are: {}.", known));
  }
  const auto minor = ParseAmount(figure, found->decimals());
  if (!minor.ok()) {
    return Fail(ExitCode::kUsage, Tr("“{}” is not an amount of {}.", given, found->code()),
                TrN("Write digits with a comma or a point and at most {} decimal, as in {}.",
                    "Write digits with a comma or a point and at most {} decimals, as in {}.",
                    found->decimals(), found->decimals(),
                    Format(found->code(), found->decimals() == 0 ? 12 : 1250)));
  }
  return Money{found->code(), *minor};
}

absl::StatusOr<Money> Currencies::Parse(const std::vector<std::string>& words,
                                        std::string_view currency) const {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return Parse(text, currency);
}

std::string Currencies::Format(std::string_view currency, int64_t minor) const {
  const v1::Currency* found = Find(currency);
  return FormatAmount(minor, found == nullptr ? 0 : found->decimals(), Mark()) + " " +
         std::string(currency);
}

std::string Currencies::Format(const Money& money) const {
  return Format(money.currency, money.minor);
}

std::string Currencies::FormatPlain(std::string_view currency, int64_t minor) const {
  const v1::Currency* found = Find(currency);
  return FormatAmount(minor, found == nullptr ? 0 : found->decimals());
}

std::string Currencies::FormatSigned(std::string_view currency, int64_t minor) const {
  const v1::Currency* found = Find(currency);
  return (minor > 0 ? "+" : "") +
         FormatAmount(minor, found == nullptr ? 0 : found->decimals(), Mark());
}

nlohmann::ordered_json Currencies::ToJson(const Money& money) const {
  return ToJson(money.currency, money.minor);
}

nlohmann::ordered_json Currencies::ToJson(std::string_view currency, int64_t minor) const {
  nlohmann::ordered_json json;
  json["currency"] = std::string(currency);
  json["amount"] = FormatPlain(currency, minor);
  json["minor"] = minor;
  return json;
}

}  // namespace kengred::wallet
