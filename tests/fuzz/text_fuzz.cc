// Goal: no text that people or programs hand over crashes its reader, and what is read is written
// the same again. Method: the first byte chooses the reader, the rest is the text.
#include "fuzz.h"
#include "kengred/core/address.h"
#include "kengred/core/amount.h"
#include "kengred/core/civil_day.h"
#include "kengred/core/payto.h"
#include "kengred/core/side_record.h"
#include "kengred/core/token.h"

namespace kengred {
namespace {

void ReadAmount(std::string_view text) {
  for (const uint32_t decimals : {0U, 2U, 6U}) {
    const auto amount = ParseAmount(text, decimals);
    if (!amount.ok()) continue;
    KENGRED_FUZZ_CHECK(*amount >= 0);
    KENGRED_FUZZ_CHECK(*ParseAmount(FormatAmount(*amount, decimals), decimals) == *amount);
  }
}

void ReadAddress(std::string_view text) {
  const auto account = DecodeAddress("heol", text);
  if (account.ok())
    KENGRED_FUZZ_CHECK(*DecodeAddress("heol", EncodeAddress("heol", *account)) == *account);
  const auto decoded = DecodeBech32m(text);
  if (decoded.ok())
    KENGRED_FUZZ_CHECK(DecodeBech32m(EncodeBech32m(decoded->prefix, decoded->groups)).ok());
}

void ReadRequest(std::string_view text) {
  const auto request = ParsePaymentRequest(text);
  if (!request.ok()) return;
  const int64_t amount = request->amount ? request->amount->ToMinor(6).value_or(0) : 0;
  const auto written = FormatPaymentRequest(
      request->address_prefix, request->payee, request->amount ? request->amount->currency : "",
      amount, 6, request->payee_reference, request->receiver_name);
  KENGRED_FUZZ_CHECK(written.ok());
  const auto again = ParsePaymentRequest(*written);
  KENGRED_FUZZ_CHECK(again.ok() && again->payee == request->payee);
  KENGRED_FUZZ_CHECK(again->payee_reference == request->payee_reference);
  KENGRED_FUZZ_CHECK(again->receiver_name == request->receiver_name);
}

void ReadDay(std::string_view text) {
  const auto day = ParseDay(text);
  if (day.ok()) KENGRED_FUZZ_CHECK(FormatDay(*day) == text);
}

void ReadToken(std::string_view text) {
  // Nobody can sign for a key by chance.
  const auto result = VerifyToken(text, "heol", LedgerId(), 1795510800);
  KENGRED_FUZZ_CHECK(std::holds_alternative<Refusal>(result));
}

void ReadProfile(std::string_view text) {
  const auto profile = ParseProfile(text);
  if (profile) KENGRED_FUZZ_CHECK(IsPrintableUtf8(profile->display_name()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr void (*kReaders[])(std::string_view) = {ReadAmount, ReadAddress, ReadRequest,
                                                    ReadDay,    ReadToken,   ReadProfile};
  if (size == 0) return 0;
  kReaders[data[0] % std::size(kReaders)](fuzz::AsText(data + 1, size - 1));
  return 0;
}

}  // namespace kengred
