#include "wallet/payee.h"

#include <algorithm>
#include <cctype>

#include "kengred/core/payto.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

bool IsPayto(const std::string& text) {
  constexpr std::string_view kScheme = "payto:";
  return text.size() > kScheme.size() &&
         std::equal(kScheme.begin(), kScheme.end(), text.begin(), [](char a, char b) {
           return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
         });
}

}  // namespace

absl::StatusOr<Payee> ResolvePayee(Session& session, const std::string& who) {
  Payee payee;
  if (!IsPayto(who)) {
    WALLET_ASSIGN_OR_RETURN(payee.id, session.Resolve(who));
    return payee;
  }
  auto request = ParsePaymentRequest(who);
  if (!request.ok()) {
    return Fail(
        ExitCode::kUsage,
        Tr("The payment request cannot be read: {}.", std::string(request.status().message())),
        _("Copy the whole text of the code again, between quotes."));
  }
  if (request->address_prefix != session.charter().address_prefix()) {
    return Fail(ExitCode::kNotFound,
                Tr("The payment request is for another ledger ({}1…).", request->address_prefix),
                _("Choose the ledger with --ledger NAME (kengred ledger list)."));
  }
  payee.id = request->payee;
  payee.reference = request->payee_reference;
  payee.receiver_name = Printable(request->receiver_name);
  if (request->amount.has_value()) {
    const v1::Currency* currency = session.currencies().Find(request->amount->currency);
    if (currency == nullptr) {
      return Fail(ExitCode::kUsage,
                  Tr("The payment request asks for {}, which this ledger does not keep.",
                     request->amount->currency),
                  _("See the currencies with: kengred ledger info"));
    }
    const auto minor = request->amount->ToMinor(currency->decimals());
    if (!minor.ok()) {
      return Fail(
          ExitCode::kUsage,
          Tr("The payment request cannot be read: {}.", std::string(minor.status().message())),
          _("Ask the payee for a new one."));
    }
    payee.amount = Money{currency->code(), *minor};
  }
  return payee;
}

}  // namespace kengred::wallet
