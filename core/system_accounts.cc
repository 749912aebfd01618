#include "kengred/core/system_accounts.h"

#include "kengred/core/hash.h"

namespace kengred {

AccountId SystemAccountId(std::string_view name, std::string_view currency) {
  constexpr std::string_view kZero("\0", 1);
  return *AccountId::FromBytes(
      Sha256({domain::kSystemAccount, name, kZero, currency}).view().substr(0, AccountId::kSize));
}

std::string_view SystemAccountName(const AccountId& account, std::string_view currency) {
  for (const std::string_view name : kSystemAccountNames) {
    if (SystemAccountId(name, currency) == account) return name;
  }
  return {};
}

bool MayBeNegative(std::string_view system_account_name) {
  return system_account_name == kCirculation || system_account_name == kBank;
}

}  // namespace kengred
