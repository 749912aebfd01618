#include "server/access/token_check.h"

#include <algorithm>
#include <utility>

#include "kengred/core/token.h"
#include "server/rules/rules.h"

namespace kengred::access {
namespace {

// The token of "Bearer <token>" (the scheme in any case). Nothing for any other form.
std::optional<std::string_view> BearerToken(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() <= kScheme.size()) return std::nullopt;
  for (size_t i = 0; i < kScheme.size(); ++i) {
    const char c = header[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kScheme[i]) {
      return std::nullopt;
    }
  }
  return header.substr(kScheme.size());
}

bool HasKey(const v1::Account& account, const PublicKey& key) {
  const auto& keys = account.authority().public_keys();
  return std::find(keys.begin(), keys.end(), key.view()) != keys.end();
}

}  // namespace

bool Caller::HasRole(v1::Role role) const { return rules::HasRole(account, role, today); }

TokenCheck::TokenCheck(TokenCheckOptions options) : options_(std::move(options)) {}

std::variant<Caller, Refusal> TokenCheck::Identify(std::string_view authorization,
                                                   const rules::StateReader& state) const {
  const std::optional<std::string_view> token = BearerToken(authorization);
  if (!token) return Refusal{v1::VERDICT_TOKEN_INVALID, {}};
  const auto verified =
      VerifyToken(*token, options_.address_prefix, options_.ledger_id, options_.now_seconds());
  if (const auto* refusal = std::get_if<Refusal>(&verified)) return *refusal;
  const auto& holder = std::get<TokenHolder>(verified);
  Caller found;
  found.account_id = holder.account_id;
  found.public_key = holder.public_key;
  if (std::optional<Refusal> refusal = Refresh(state, &found)) return *std::move(refusal);
  return found;
}

std::optional<Refusal> TokenCheck::Refresh(const rules::StateReader& state, Caller* caller) const {
  std::optional<v1::Account> account = state.CopyAccount(caller->account_id);
  if (!account || !HasKey(*account, caller->public_key)) {
    return Refusal{v1::VERDICT_TOKEN_INVALID, {}};
  }
  caller->account = *std::move(account);
  caller->today = options_.today();
  return std::nullopt;
}

std::optional<Refusal> CheckIsAuditor(const MaybeCaller& caller) {
  if (!caller) return Refusal{v1::VERDICT_TOKEN_MISSING, {}};
  if (!caller->HasRole(v1::ROLE_AUDITOR)) return Refusal{v1::VERDICT_READ_NOT_ALLOWED, {}};
  return std::nullopt;
}

}  // namespace kengred::access
