// The ledger's own accounts. They have no keys: only the rules move them. Each id is the first 20
// bytes of SHA-256 of "kengred/v1/system-account\0", the account's name, a zero byte, and the
// BACKED or EARNED currency it serves.
//
// In double entry, per currency C backed by EUR:
//   circulation   in C    minus what circulates: issuing takes from it, burning gives back
//   fund-digital  in EUR  the euros that back C on this ledger
//   fund-paper    in EUR  the euros that back C's notes
//   bank          in EUR  the world outside: minus all euros in the two funds
//   locked        in C    units waiting for a reconversion
//   commission    in C    commission that the policy names no account for
#pragma once

#include <string_view>

#include "kengred/core/ids.h"

namespace kengred {

inline constexpr std::string_view kCirculation = "circulation";
inline constexpr std::string_view kFundDigital = "fund-digital";
inline constexpr std::string_view kFundPaper = "fund-paper";
inline constexpr std::string_view kBank = "bank";
inline constexpr std::string_view kLocked = "locked";
inline constexpr std::string_view kCommission = "commission";

// All of them.
inline constexpr std::string_view kSystemAccountNames[] = {kCirculation, kFundDigital, kFundPaper,
                                                           kBank,        kLocked,      kCommission};

AccountId SystemAccountId(std::string_view name, std::string_view currency);

// The name of a system account; empty for any other account. `currency` as above.
std::string_view SystemAccountName(const AccountId& account, std::string_view currency);

// Whether a system account of that name may go below zero: circulation and bank.
bool MayBeNegative(std::string_view system_account_name);

}  // namespace kengred
