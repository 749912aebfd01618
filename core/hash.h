// SHA-256 (FIPS 180-4) and the domain tags. Every hash and every signature of Kengred starts with a
// tag of its own, ended by a zero byte, so that nothing signed for one purpose is valid for
// another.
#pragma once

#include <initializer_list>
#include <string_view>

#include "kengred/core/ids.h"

namespace kengred {

namespace domain {
// The literals hold their final zero byte.
inline constexpr std::string_view kTransactionId{"kengred/v1/transaction-id\0", 26};
inline constexpr std::string_view kTransaction{"kengred/v1/transaction\0", 23};
inline constexpr std::string_view kAccount{"kengred/v1/account\0", 19};
inline constexpr std::string_view kSystemAccount{"kengred/v1/system-account\0", 26};
inline constexpr std::string_view kProgramme{"kengred/v1/programme\0", 21};
inline constexpr std::string_view kReconversion{"kengred/v1/reconversion\0", 24};
inline constexpr std::string_view kCommitment{"kengred/v1/commitment\0", 22};
static_assert(kTransactionId.back() == '\0' && kTransaction.back() == '\0' &&
              kAccount.back() == '\0');
static_assert(kSystemAccount.back() == '\0' && kProgramme.back() == '\0');
static_assert(kReconversion.back() == '\0' && kCommitment.back() == '\0');
}  // namespace domain

// SHA-256 of the parts put together. Any thread.
Digest Sha256(std::initializer_list<std::string_view> parts);

}  // namespace kengred
