#include "server/rpc/access.h"

#include <algorithm>
#include <string>
#include <utility>

#include "kengred/core/token.h"
#include "server/rpc/error_details.h"
#include "server/rules/rules.h"

namespace kengred::rpc {
namespace {

// The token of "Bearer <token>" (RFC 6750; the scheme in any case). Nothing for any other form.
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

grpc::Status NotAllowed(const MaybeCaller& caller) {
  return ToStatus(caller ? v1::VERDICT_READ_NOT_ALLOWED : v1::VERDICT_TOKEN_MISSING);
}

}  // namespace

bool Caller::HasRole(v1::Role role) const { return rules::HasRole(account, role, today); }

Access::Access(const sequence::Sequencer* sequencer, std::function<int64_t()> now_seconds)
    : sequencer_(sequencer), now_seconds_(std::move(now_seconds)) {}

grpc::Status Access::Identify(const grpc::CallbackServerContext& context, LedgerReader& reader,
                              MaybeCaller* caller) const {
  const auto& metadata = context.client_metadata();
  const auto [first, last] = metadata.equal_range("authorization");
  if (first == last) return grpc::Status::OK;
  const std::string_view header(first->second.data(), first->second.size());
  const std::optional<std::string_view> token = BearerToken(header);
  if (!token || std::next(first) != last) return ToStatus(v1::VERDICT_TOKEN_INVALID);
  const auto verified = VerifyToken(*token, sequencer_->charter().address_prefix(),
                                    sequencer_->ledger_id(), now_seconds_());
  if (const auto* refusal = std::get_if<Refusal>(&verified)) return ToStatus(*refusal);
  const auto& holder = std::get<TokenHolder>(verified);
  Caller found;
  found.account_id = holder.account_id;
  found.public_key = holder.public_key;
  const grpc::Status status = Refresh(reader, &found);
  if (status.ok()) *caller = std::move(found);
  return status;
}

grpc::Status Access::Refresh(LedgerReader& reader, Caller* caller) const {
  std::optional<v1::Account> account = reader.state().FindAccount(caller->account_id);
  if (!account || !HasKey(*account, caller->public_key)) {
    return ToStatus(v1::VERDICT_TOKEN_INVALID);
  }
  caller->account = *std::move(account);
  caller->today = sequencer_->Today();
  return grpc::Status::OK;
}

grpc::Status CheckMayRead(const MaybeCaller& caller, const AccountId& account,
                          LedgerReader& reader) {
  if (!caller) return NotAllowed(caller);
  if (caller->account_id == account || caller->HasRole(v1::ROLE_AUDITOR)) return grpc::Status::OK;
  // A programme has no keys: its association reads for it.
  const std::optional<v1::Programme> programme = reader.state().FindProgramme(account);
  if (programme && programme->terms().association_account_id() == caller->account_id.view()) {
    return grpc::Status::OK;
  }
  return NotAllowed(caller);
}

bool MaySeeRecord(const MaybeCaller& caller, const AccountId& account, LedgerReader& reader) {
  return caller && (caller->HasRole(v1::ROLE_REGISTRAR) || caller->HasRole(v1::ROLE_COMMITTEE) ||
                    CheckMayRead(caller, account, reader).ok());
}

bool MaySeePersonProfile(const MaybeCaller& caller, const AccountId& account) {
  return caller && (caller->account_id == account || caller->HasRole(v1::ROLE_REGISTRAR) ||
                    caller->HasRole(v1::ROLE_AUDITOR));
}

grpc::Status CheckMayReadReconversions(const MaybeCaller& caller,
                                       const std::optional<AccountId>& account) {
  if (caller && (caller->HasRole(v1::ROLE_TREASURER) || caller->HasRole(v1::ROLE_AUDITOR) ||
                 caller->account_id == account)) {
    return grpc::Status::OK;
  }
  return NotAllowed(caller);
}

bool MaySeeFunders(const MaybeCaller& caller, const v1::Programme& programme) {
  return caller && (caller->HasRole(v1::ROLE_AUDITOR) ||
                    caller->account_id.view() == programme.terms().association_account_id());
}

grpc::Status CheckMayReadAwards(const MaybeCaller& caller, const v1::Programme& programme) {
  if (MaySeeFunders(caller, programme)) return grpc::Status::OK;
  const auto& validators = programme.terms().validator_account_ids();
  if (caller && std::find(validators.begin(), validators.end(), caller->account_id.view()) !=
                    validators.end()) {
    return grpc::Status::OK;
  }
  return NotAllowed(caller);
}

}  // namespace kengred::rpc
