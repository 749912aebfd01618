#include "kengred/core/payto.h"

#include <algorithm>

#include "kengred/core/address.h"
#include "kengred/core/amount.h"
#include "kengred/core/limits.h"
#include "kengred/core/side_record.h"

namespace kengred {
namespace {

constexpr uint64_t kUnitLimit = uint64_t{1} << 53;
constexpr size_t kFractionDigitsMax = 8;

absl::Status Invalid(const std::string& why) { return absl::InvalidArgumentError(why); }

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string Lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// ALPHA *( ALPHA / DIGIT / "-" / "." ), RFC 8905 section 2: names of types and options.
bool IsName(std::string_view text) {
  return !text.empty() && IsAlpha(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlpha(c) || IsDigit(c) || c == '-' || c == '.';
  });
}

bool IsUnreserved(char c) {
  return IsAlpha(c) || IsDigit(c) || std::string_view("-._~").find(c) != std::string_view::npos;
}

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// *pchar of RFC 3986 appendix A. A plus sign is a plus sign.
absl::StatusOr<std::string> Decode(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsUnreserved(text[i]) ||
        std::string_view("!$&'()*+,;=:@").find(text[i]) != std::string_view::npos) {
      result.push_back(text[i]);
      continue;
    }
    if (text[i] != '%') return Invalid("it has a character that must be percent-encoded");
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return Invalid("a % must be followed by two hexadecimal digits");
    result.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (!IsPrintableUtf8(result)) return Invalid("a percent-encoded text is not printable UTF-8");
  return result;
}

std::string Encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      result.push_back(c);
      continue;
    }
    const auto byte = static_cast<uint8_t>(c);
    result += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return result;
}

bool IsReference(std::string_view text) {
  return text.size() <= kReferenceBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 32 && c <= 126; });
}

bool IsReceiverName(std::string_view text) {
  return text.size() <= kDisplayNameBytesMax && IsPrintableUtf8(text) &&
         text.find_first_of("\n\t") == std::string_view::npos;
}

// The part of `*text` up to `mark`, taken off its front with the mark; all of it where there is
// none.
std::string_view TakeUntil(char mark, std::string_view* text) {
  const size_t end = text->find(mark);
  const std::string_view part = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  return part;
}

// 1*(DIGIT / ","), without the commas. Nothing where that is not what it is, or no digit is in it.
std::optional<std::string> TakeDigits(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (!IsDigit(c) && c != ',') return std::nullopt;
    if (IsDigit(c)) digits.push_back(c);
  }
  if (digits.empty()) return std::nullopt;
  return digits;
}

}  // namespace

absl::StatusOr<int64_t> PaytoAmount::ToMinor(uint32_t decimals) const {
  // What is past the currency's decimals may only be zeroes.
  std::string_view digits = fraction;
  while (digits.size() > decimals && digits.back() == '0') digits.remove_suffix(1);
  return ParseAmount(std::to_string(unit) + (digits.empty() ? "" : "." + std::string(digits)),
                     decimals);
}

absl::StatusOr<PaytoAmount> ParsePaytoAmount(std::string_view text) {
  const auto invalid = [text](const std::string& why) {
    return Invalid("\"" + std::string(text) + "\" is not an amount: " + why);
  };
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return invalid("the currency is missing; write it like HEOL:12.50");
  }
  PaytoAmount amount;
  amount.currency = std::string(text.substr(0, colon));
  if (amount.currency.empty() || !IsAlpha(amount.currency[0]) ||
      !std::all_of(amount.currency.begin(), amount.currency.end(),
                   [](char c) { return IsAlpha(c) || IsDigit(c); })) {
    return invalid("a currency is letters, such as HEOL");
  }
  const std::string_view number = text.substr(colon + 1);
  const size_t point = number.find('.');
  const auto unit = TakeDigits(number.substr(0, point));
  if (!unit) return invalid("only digits, commas between them and one decimal point are allowed");
  for (const char digit : *unit) {
    amount.unit = amount.unit * 10 + static_cast<uint64_t>(digit - '0');
    if (amount.unit >= kUnitLimit) return invalid("it is too large");
  }
  if (point != std::string_view::npos) {
    const auto fraction = TakeDigits(number.substr(point + 1));
    if (!fraction) return invalid("digits are missing after the decimal point");
    if (fraction->size() > kFractionDigitsMax) return invalid("it has more than 8 decimals");
    amount.fraction = *fraction;
  }
  return amount;
}

const std::string* PaytoUri::Find(std::string_view name) const {
  for (const auto& [option, value] : options) {
    if (option == name) return &value;
  }
  return nullptr;
}

absl::StatusOr<PaytoUri> ParsePaytoUri(std::string_view uri) {
  constexpr std::string_view kScheme = "payto://";
  const auto invalid = [](const std::string& why) { return Invalid("not a payto URI: " + why); };
  if (uri.size() > kPaytoBytesMax) return invalid("it is longer than 2048 bytes");
  if (Lower(uri.substr(0, kScheme.size())) != kScheme) {
    return invalid("it does not start with \"payto://\"");
  }
  if (uri.find('#') != std::string_view::npos) return invalid("it has a fragment (#)");
  uri.remove_prefix(kScheme.size());

  const bool has_options = uri.find('?') != std::string_view::npos;
  std::string_view path = TakeUntil('?', &uri);
  std::string_view options = uri;
  const size_t slash = path.find('/');
  PaytoUri result;
  result.type = Lower(path.substr(0, slash));
  if (!IsName(result.type)) return invalid("the payment type after \"payto://\" is malformed");
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash);
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    auto decoded = Decode(segment);
    if (!decoded.ok()) return invalid(std::string(decoded.status().message()));
    result.path.push_back(*std::move(decoded));
  }
  if (!has_options) return result;

  for (bool last = false; !last;) {
    last = options.find('&') == std::string_view::npos;
    std::string_view value = TakeUntil('&', &options);
    if (value.find('=') == std::string_view::npos) return invalid("an option has no \"=\"");
    const std::string name = Lower(TakeUntil('=', &value));
    if (!IsName(name)) return invalid("an option's name is malformed");
    auto decoded = Decode(value);
    if (!decoded.ok()) return invalid(std::string(decoded.status().message()));
    if (name == "amount") {
      if (result.Find(name) != nullptr) return invalid("it has two amounts");
      if (auto amount = ParsePaytoAmount(*decoded); !amount.ok()) return amount.status();
    }
    result.options.emplace_back(name, *std::move(decoded));
  }
  return result;
}

absl::StatusOr<PaymentRequest> ParsePaymentRequest(std::string_view uri) {
  auto parsed = ParsePaytoUri(uri);
  if (!parsed.ok()) return parsed.status();
  if (parsed->type != kPaytoType) {
    return Invalid("this asks for a payment by \"" + parsed->type + "\", not on a Kengred ledger");
  }
  if (parsed->path.size() != 1) {
    return Invalid("the request must name one address: payto://kengred/ADDRESS");
  }
  auto address = DecodeBech32m(parsed->path[0]);
  if (!address.ok()) return address.status();
  auto payee = DecodeAddress(address->prefix, parsed->path[0]);
  if (!payee.ok()) return payee.status();
  for (const char* name : {"message", "instruction", "receiver-name"}) {
    if (std::count_if(parsed->options.begin(), parsed->options.end(),
                      [name](const auto& option) { return option.first == name; }) > 1) {
      return Invalid("the request has the option \"" + std::string(name) + "\" twice");
    }
  }

  PaymentRequest request;
  request.address_prefix = address->prefix;
  request.payee = *payee;
  if (const std::string* amount = parsed->Find("amount"); amount != nullptr) {
    request.amount = *ParsePaytoAmount(*amount);
    if (request.amount->unit == 0 &&
        request.amount->fraction.find_first_not_of('0') == std::string::npos) {
      return Invalid("the request asks for nothing: its amount is zero");
    }
  }
  const std::string* message = parsed->Find("message");
  const std::string* instruction = parsed->Find("instruction");
  if (message != nullptr && instruction != nullptr && *message != *instruction) {
    return Invalid("the request has two references, \"message\" and \"instruction\"");
  }
  if (message == nullptr) message = instruction;
  if (message != nullptr) request.payee_reference = *message;
  if (!IsReference(request.payee_reference)) {
    return Invalid("the request's reference is longer than 64 characters, or not plain ASCII");
  }
  if (const std::string* name = parsed->Find("receiver-name"); name != nullptr) {
    request.receiver_name = *name;
    if (!IsReceiverName(*name)) {
      return Invalid("the receiver's name is longer than 128 bytes or has several lines");
    }
  }
  return request;
}

absl::StatusOr<std::string> FormatPaymentRequest(std::string_view address_prefix,
                                                 const AccountId& payee, std::string_view currency,
                                                 int64_t amount_minor, uint32_t decimals,
                                                 std::string_view payee_reference,
                                                 std::string_view receiver_name) {
  if (amount_minor < 0) return Invalid("a request cannot ask for less than nothing");
  if (!IsReference(payee_reference)) {
    return Invalid("the reference must have at most 64 plain ASCII characters");
  }
  if (!IsReceiverName(receiver_name)) {
    return Invalid("the receiver's name must be one line of at most 128 bytes");
  }
  std::string uri =
      "payto://" + std::string(kPaytoType) + "/" + EncodeAddress(address_prefix, payee);
  char mark = '?';
  const auto add = [&uri, &mark](const std::string& name, const std::string& value) {
    uri += mark + name + "=" + value;
    mark = '&';
  };
  if (amount_minor > 0) {
    const std::string amount = std::string(currency) + ":" + FormatAmount(amount_minor, decimals);
    if (auto readable = ParsePaytoAmount(amount); !readable.ok()) return readable.status();
    add("amount", amount);
  }
  if (!payee_reference.empty()) add("message", Encode(payee_reference));
  if (!receiver_name.empty()) add("receiver-name", Encode(receiver_name));
  return uri;
}

}  // namespace kengred
