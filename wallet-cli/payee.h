// Who is to be paid, and how much of that the payee has said already.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>

#include "wallet/session.h"

namespace kengred::wallet {

struct Payee {
  AccountId id;
  std::optional<Money> amount;  // what a payment request asks
  std::string reference;        // what it wants quoted
  std::string receiver_name;    // what it calls itself; never trusted alone
};

// An address, "@alias", a contact's name, or a payto:// payment request (RFC 8905).
absl::StatusOr<Payee> ResolvePayee(Session& session, const std::string& who);

}  // namespace kengred::wallet
