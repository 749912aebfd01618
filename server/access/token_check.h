// Whose token it is, whatever it came by: gRPC's metadata and HTTP's header carry the same text. A
// caller is whom their token names, where the token is signed by a key that the account has now;
// roles count on today's civil day. Nothing else about a caller matters: there is no session and no
// password. What a caller may then read stands where it is read (server/rpc/access.h,
// server/http/log_handler.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "kengred/core/ids.h"
#include "kengred/core/verdict.h"
#include "kengred/v1/account.pb.h"
#include "server/rules/state.h"

namespace kengred::access {

// Somebody with a valid token.
struct Caller {
  AccountId account_id;
  PublicKey public_key;
  // As it stood when the token was checked.
  v1::Account account;
  // The civil day on which it was.
  int32_t today = 0;

  bool HasRole(v1::Role role) const;
};

// Absent: nobody in particular.
using MaybeCaller = std::optional<Caller>;

struct TokenCheckOptions {
  // The ledger that tokens must be for, and how its addresses begin.
  LedgerId ledger_id;
  std::string address_prefix;
  // Seconds since 1970. Called from any thread.
  std::function<int64_t()> now_seconds;
  // The civil day of now, in the ledger's time zone. Called from any thread.
  std::function<int32_t()> today;
};

// Thread-safe.
class TokenCheck {
 public:
  explicit TokenCheck(TokenCheckOptions options);

  // Who shows `authorization`, the text "Bearer <token>" (RFC 6750): TOKEN_INVALID, TOKEN_EXPIRED
  // for everything that is no good token of an account of this ledger. Where a read of `state`
  // failed the answer means nothing: whoever asks looks at its status first.
  std::variant<Caller, Refusal> Identify(std::string_view authorization,
                                         const rules::StateReader& state) const;

  // Brings a caller up to date later on, in a long-lived call: TOKEN_INVALID where the key is no
  // longer one of the account's. The token's own end does not count.
  std::optional<Refusal> Refresh(const rules::StateReader& state, Caller* caller) const;

 private:
  const TokenCheckOptions options_;
};

// For what is shown to auditors only: TOKEN_MISSING or READ_NOT_ALLOWED to anybody else.
std::optional<Refusal> CheckIsAuditor(const MaybeCaller& caller);

}  // namespace kengred::access
