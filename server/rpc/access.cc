#include "server/rpc/access.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "server/rpc/error_details.h"

namespace kengred::rpc {
namespace {

grpc::Status NotAllowed(const MaybeCaller& caller) {
  return ToStatus(caller ? v1::VERDICT_READ_NOT_ALLOWED : v1::VERDICT_TOKEN_MISSING);
}

}  // namespace

Access::Access(const sequence::Sequencer* sequencer, std::function<int64_t()> now_seconds)
    : tokens_({sequencer->ledger_id(), sequencer->charter().address_prefix(),
               std::move(now_seconds), [sequencer] { return sequencer->Today(); }}) {}

grpc::Status Access::Identify(const grpc::ServerContext& context, LedgerReader& reader,
                              MaybeCaller* caller) const {
  const auto& metadata = context.client_metadata();
  const auto [first, last] = metadata.equal_range("authorization");
  if (first == last) return grpc::Status::OK;
  if (std::next(first) != last) return ToStatus(v1::VERDICT_TOKEN_INVALID);
  auto found = tokens_.Identify({first->second.data(), first->second.size()}, reader.state());
  if (const auto* refusal = std::get_if<Refusal>(&found)) return ToStatus(*refusal);
  *caller = std::get<Caller>(std::move(found));
  return grpc::Status::OK;
}

grpc::Status Access::Refresh(LedgerReader& reader, Caller* caller) const {
  const std::optional<Refusal> refusal = tokens_.Refresh(reader.state(), caller);
  return refusal ? ToStatus(*refusal) : grpc::Status::OK;
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

grpc::Status CheckMayReadEntries(const MaybeCaller& caller) {
  const std::optional<Refusal> refusal = access::CheckIsAuditor(caller);
  return refusal ? ToStatus(*refusal) : grpc::Status::OK;
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
