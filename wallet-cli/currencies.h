// The currencies of one ledger: reading and writing amounts as people do.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/v1/charter.pb.h"

namespace kengred::wallet {

// An amount of one currency.
struct Money {
  std::string currency;  // its code
  int64_t minor = 0;

  friend bool operator==(const Money&, const Money&) = default;
};

// Copied from a charter; safe for any number of readers.
class Currencies {
 public:
  explicit Currencies(const v1::Charter& charter);

  // Null where the charter has no such currency. Any case.
  const v1::Currency* Find(std::string_view code) const;
  // The first BACKED currency; the first of all where none is backed. A charter has at least one.
  const std::string& default_code() const { return default_code_; }
  // In the charter's order.
  const std::vector<v1::Currency>& all() const { return currencies_; }

  // Reads "12", "12,50", "12.50", "12.50 HEOL", "HEOL 12,50", "HEOL:12.50". Without a code the
  // currency is `currency`, or the default where that is empty. A usage error says what is wrong.
  absl::StatusOr<Money> Parse(std::string_view text, std::string_view currency = {}) const;
  // The same, typed as several words: "12,50" "HEOL".
  absl::StatusOr<Money> Parse(const std::vector<std::string>& words,
                              std::string_view currency = {}) const;

  // "12.50 HEOL", "12,50 HEOL" in French.
  std::string Format(const Money& money) const;
  std::string Format(std::string_view currency, int64_t minor) const;
  // "12.50" with a point in every language, without the code: for CSV, JSON and URIs.
  std::string FormatPlain(std::string_view currency, int64_t minor) const;
  // "+12,50" or "-12,50", without the code, in the person's language: for columns.
  std::string FormatSigned(std::string_view currency, int64_t minor) const;
  // {"currency": "HEOL", "amount": "12.50", "minor": 1250}
  nlohmann::ordered_json ToJson(const Money& money) const;
  nlohmann::ordered_json ToJson(std::string_view currency, int64_t minor) const;

 private:
  std::vector<v1::Currency> currencies_;
  std::string default_code_;
};

}  // namespace kengred::wallet
