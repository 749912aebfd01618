// The self-issued token of private reads: JWT (RFC 7519) in JWS compact form (RFC 7515), alg EdDSA
// (RFC 8037). See token.proto.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "kengred/core/ids.h"
#include "kengred/core/signing.h"
#include "kengred/core/verdict.h"

namespace kengred {

// Who shows a token. Whether the key is one of the account's is for the ledger's state to say.
struct TokenHolder {
  AccountId account_id;
  PublicKey public_key;
};

// A token for `account`, valid from `now_seconds` for `seconds` (at most 600).
std::string MakeToken(const SecretKey& key, const AccountId& account,
                      std::string_view address_prefix, const LedgerId& ledger_id,
                      int64_t now_seconds, int64_t seconds = 300);

// Checks form, signature, ledger and times. Any thread.
std::variant<TokenHolder, Refusal> VerifyToken(std::string_view token,
                                               std::string_view address_prefix,
                                               const LedgerId& ledger_id, int64_t now_seconds);

}  // namespace kengred
