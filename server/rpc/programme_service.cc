#include "server/rpc/programme_service.h"

#include <algorithm>
#include <utility>

#include "kengred/core/limits.h"
#include "kengred/v1/programme_service.pb.h"
#include "server/rpc/page_token.h"

namespace kengred::rpc {
namespace {

constexpr size_t kExaminedMax = 2000;
// A page grows past this by at most one programme.
constexpr size_t kPageBytes = 1024 * 1024;

// The programme with its profile and budget, without its funders where they are not the caller's
// business.
v1::ProgrammeStatus StatusOf(const MaybeCaller& caller, LedgerReader& reader,
                             v1::Programme programme) {
  v1::ProgrammeStatus status;
  const AccountId id = *AccountId::FromBytes(programme.account_id());
  v1::Account account;
  account.set_account_id(programme.account_id());
  *account.mutable_profile() = programme.terms().profile();
  if (std::optional<v1::Profile> profile = reader.FindProfile(account)) {
    *status.mutable_profile() = *std::move(profile);
  }
  status.set_balance_minor(reader.state().Balance(id, programme.terms().currency()));
  status.set_available_minor(std::min(
      status.balance_minor(), programme.terms().total_cap_minor() - programme.paid_minor()));
  if (!MaySeeFunders(caller, programme)) programme.clear_funders();
  *status.mutable_programme() = std::move(programme);
  return status;
}

grpc::Status GetProgramme(const ServiceContext& /*services*/, const MaybeCaller& caller,
                          LedgerReader& reader, const v1::GetProgrammeRequest& request,
                          v1::GetProgrammeResponse* response) {
  const auto id = AccountId::FromBytes(request.programme_account_id());
  if (!id) return ToStatus(v1::VERDICT_ID_MALFORMED);
  std::optional<v1::Programme> programme = reader.state().FindProgramme(*id);
  if (!programme) return ToStatus(v1::VERDICT_PROGRAMME_UNKNOWN);
  *response->mutable_status() = StatusOf(caller, reader, *std::move(programme));
  return grpc::Status::OK;
}

bool PaysRewards(const v1::Programme& programme, int32_t today) {
  return programme.closed_day() == 0 && today >= programme.terms().from_day() &&
         today <= programme.terms().until_day();
}

grpc::Status ListProgrammes(const ServiceContext& services, const MaybeCaller& caller,
                            LedgerReader& reader, const v1::ListProgrammesRequest& request,
                            v1::ListProgrammesResponse* response) {
  const auto page_size = ReadPageSize(request.page_size());
  if (!page_size) return MalformedField("page_size");
  const auto cursor = ReadPageToken(request, AccountId::kSize);
  if (!cursor) return ToStatus(v1::VERDICT_PAGE_TOKEN_MALFORMED);
  const int32_t today = services.sequencer->Today();
  std::string after = *cursor;
  size_t examined = 0;
  size_t bytes = 0;
  while (true) {
    const size_t pairs_max = *page_size + 1;
    const auto pairs = reader.Scan(std::string(rules::key::kProgrammes), after, pairs_max);
    for (const auto& [id, value] : pairs) {
      if (response->programmes().size() >= static_cast<int>(*page_size) ||
          examined >= kExaminedMax || bytes >= kPageBytes) {
        response->set_next_page_token(MakePageToken(request, after));
        return grpc::Status::OK;
      }
      ++examined;
      after = id;
      v1::Programme programme;
      if (!programme.ParseFromString(value)) {
        reader.Remember(absl::DataLossError("a programme cannot be read"));
        return grpc::Status::OK;
      }
      if (request.active_only() && !PaysRewards(programme, today)) continue;
      v1::ProgrammeStatus status = StatusOf(caller, reader, std::move(programme));
      bytes += status.ByteSizeLong();
      response->add_programmes()->Swap(&status);
    }
    if (pairs.size() < pairs_max) return grpc::Status::OK;
  }
}

grpc::Status CheckAwards(const ServiceContext& /*services*/, const MaybeCaller& caller,
                         LedgerReader& reader, const v1::CheckAwardsRequest& request,
                         v1::CheckAwardsResponse* response) {
  const auto id = AccountId::FromBytes(request.programme_account_id());
  if (!id) return ToStatus(v1::VERDICT_ID_MALFORMED);
  if (request.references().size() > static_cast<int>(kAwardsMax)) {
    return MalformedField("references");
  }
  std::vector<std::string> keys;
  for (const std::string& reference : request.references()) {
    if (reference.size() < kAwardReferenceBytesMin || reference.size() > kAwardReferenceBytesMax) {
      return MalformedField("references");
    }
    keys.push_back(rules::key::Award(*id, reference));
  }
  if (!caller) return ToStatus(v1::VERDICT_TOKEN_MISSING);
  const std::optional<v1::Programme> programme = reader.state().FindProgramme(*id);
  if (!programme) return ToStatus(v1::VERDICT_PROGRAMME_UNKNOWN);
  const grpc::Status status = CheckMayReadAwards(caller, *programme);
  if (!status.ok() || keys.empty()) return status;
  for (const std::optional<std::string>& value : reader.Get(keys).values) {
    response->add_sequences(value ? rules::DecodeNumber(*value) : 0);
  }
  return grpc::Status::OK;
}

}  // namespace

Methods ProgrammeMethods(const ServiceContext& services) {
  return {{"GetProgramme", RunRead(services, GetProgramme)},
          {"ListProgrammes", RunRead(services, ListProgrammes)},
          {"CheckAwards", RunRead(services, CheckAwards)}};
}

}  // namespace kengred::rpc
