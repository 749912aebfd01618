// Payment requests as "payto:" URIs (RFC 8905), the text behind a link or a QR code:
//
//   payto://kengred/heol1qqq...?amount=HEOL:12.50&message=TILL-0042&receiver-name=Biocoop
//
//   path            one segment: the payee's address (bech32m, either case)
//   amount          currency code ":" decimal number; absent: the payer chooses
//   message         the payee reference that the payment must quote; absent: none.
//                   `instruction`, RFC 8905's other word for it, is read the same way
//   receiver-name   what the payee calls itself. Anybody can write anything there: show the name
//                   that the ledger's directory has for the address, and this one only beside it
//
// Options stand in any order, each at most once; sender-name and unknown options are ignored, as
// RFC 8905 asks. One widening: a currency code may have digits after its first letter ("CO2"),
// since a charter's may. There is no fragment and no user part. A URI names no ledger; the
// address's prefix and the payer's own wallet do.
//
// Threads: pure functions; call them from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kengred/core/ids.h"

namespace kengred {

inline constexpr char kPaytoType[] = "kengred";
inline constexpr size_t kPaytoBytesMax = 2048;

// ---- any payto URI ----

// An amount as RFC 8905 writes it: exact decimal digits, since only the charter knows how many
// decimals the currency has.
struct PaytoAmount {
  std::string currency;
  uint64_t unit = 0;     // below 2^53
  std::string fraction;  // 0 to 8 digits

  // In minor units of a currency with `decimals` digits. InvalidArgument where there are more
  // decimals than that other than zeroes; OutOfRange past int64.
  absl::StatusOr<int64_t> ToMinor(uint32_t decimals) const;
};

// Reads "EUR:1,000.5"; commas are ignored. InvalidArgument says what is wrong.
absl::StatusOr<PaytoAmount> ParsePaytoAmount(std::string_view text);

// A payto URI taken apart, whatever its type; all texts decoded, printable UTF-8.
struct PaytoUri {
  std::string type;                                          // lower case: "kengred", "iban"
  std::vector<std::string> path;                             // segments
  std::vector<std::pair<std::string, std::string>> options;  // names in lower case

  // The first option of that name; null where there is none.
  const std::string* Find(std::string_view name) const;
};

// InvalidArgument says what is wrong. `amount`, where present, is an amount and there once.
absl::StatusOr<PaytoUri> ParsePaytoUri(std::string_view uri);

// ---- of Kengred ----

struct PaymentRequest {
  std::string address_prefix;  // of the payee's ledger: "heol"
  AccountId payee;
  std::optional<PaytoAmount> amount;  // more than zero
  std::string payee_reference;        // at most 64 printable ASCII characters; may be empty
  std::string receiver_name;          // UTF-8, at most 128 bytes; may be empty
};

// Reads a request. InvalidArgument says what is wrong, also where the URI is for another system.
absl::StatusOr<PaymentRequest> ParsePaymentRequest(std::string_view uri);

// Writes a request. `amount_minor` is in minor units of a currency with `decimals` digits; 0: the
// payer chooses, and `currency` is not read. InvalidArgument where the parts keep not the bounds of
// PaymentRequest, or the amount is negative or not below 2^53 whole units.
absl::StatusOr<std::string> FormatPaymentRequest(std::string_view address_prefix,
                                                 const AccountId& payee, std::string_view currency,
                                                 int64_t amount_minor, uint32_t decimals,
                                                 std::string_view payee_reference = {},
                                                 std::string_view receiver_name = {});

}  // namespace kengred
