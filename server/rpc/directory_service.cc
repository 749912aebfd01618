#include "server/rpc/directory_service.h"

#include <set>
#include <utility>

#include "kengred/core/side_record.h"
#include "kengred/v1/directory_service.pb.h"
#include "server/rpc/page_token.h"
#include "server/sequence/side_keys.h"

namespace kengred::rpc {
namespace {

constexpr v1::HolderKind kListedKinds[] = {v1::HOLDER_KIND_PROFESSIONAL,
                                           v1::HOLDER_KIND_ASSOCIATION, v1::HOLDER_KIND_PROGRAMME};
constexpr size_t kExaminedMax = 2000;

// The directory entry of an account; nothing where it has no profile or is not for the directory.
std::optional<v1::DirectoryEntry> EntryOf(const ServiceContext& services, LedgerReader& reader,
                                          const AccountId& id) {
  const rules::AccountRecord account = reader.state().FindAccount(id);
  if (!account || account->kind() == v1::HOLDER_KIND_PERSON) return std::nullopt;
  std::optional<v1::Profile> profile = reader.FindProfile(*account);
  if (!profile) return std::nullopt;
  v1::DirectoryEntry entry;
  entry.set_account_id(account->account_id());
  entry.set_kind(account->kind());
  *entry.mutable_profile() = *std::move(profile);
  const std::optional<Refusal> refusal =
      CheckPayableToday(services.charter(), reader, *account, services.sequencer->Today());
  entry.set_payable(!refusal);
  if (refusal) entry.set_payable_verdict(refusal->verdict);
  return entry;
}

grpc::Status ListDirectoryEntries(const ServiceContext& services, const MaybeCaller& /*caller*/,
                                  LedgerReader& reader,
                                  const v1::ListDirectoryEntriesRequest& request,
                                  v1::ListDirectoryEntriesResponse* response) {
  std::vector<v1::HolderKind> kinds;
  for (const v1::HolderKind kind : kListedKinds) {
    if (request.kind() == v1::HOLDER_KIND_UNSPECIFIED || request.kind() == kind) {
      kinds.push_back(kind);
    }
  }
  if (kinds.empty()) return MalformedField("kind");
  const auto page_size = ReadPageSize(request.page_size());
  if (!page_size) return MalformedField("page_size");
  const auto cursor = ReadPageToken(request, AccountId::kSize);
  if (!cursor) return ToStatus(v1::VERDICT_PAGE_TOKEN_MALFORMED);
  std::string after = *cursor;
  size_t examined = 0;
  while (true) {
    // The index is by kind; the next ids over all kinds are among the next ids of each.
    const size_t ids_max = *page_size + 1;
    std::set<std::string> ids;
    for (const v1::HolderKind kind : kinds) {
      for (const auto& [id, value] : reader.Scan(rules::key::ListedOfKind(kind), after, ids_max)) {
        ids.insert(id);
      }
    }
    // The first ids_max of them are complete; past those, some ids may not have been read.
    const bool more = ids.size() >= ids_max;
    size_t left = ids_max;
    for (const std::string& bytes : ids) {
      if (left-- == 0) break;
      if (response->entries().size() >= static_cast<int>(*page_size) || examined >= kExaminedMax) {
        response->set_next_page_token(MakePageToken(request, after));
        return grpc::Status::OK;
      }
      ++examined;
      after = bytes;
      const auto id = AccountId::FromBytes(bytes);
      std::optional<v1::DirectoryEntry> entry = id ? EntryOf(services, reader, *id) : std::nullopt;
      if (entry && (entry->payable() || !request.payable_only())) {
        response->add_entries()->Swap(&*entry);
      }
    }
    if (!more) return grpc::Status::OK;
  }
}

grpc::Status LookupAlias(const ServiceContext& services, const MaybeCaller& /*caller*/,
                         LedgerReader& reader, const v1::LookupAliasRequest& request,
                         v1::LookupAliasResponse* response) {
  if (!IsWellFormedAlias(request.alias())) return MalformedField("alias");
  const storage::Read read = reader.Get({sequence::AliasKey(request.alias())});
  const std::optional<std::string>& owner = read.values.front();
  const auto id = owner ? AccountId::FromBytes(*owner) : std::nullopt;
  std::optional<v1::DirectoryEntry> entry = id ? EntryOf(services, reader, *id) : std::nullopt;
  // An alias whose profile was erased, or names another, is nobody's.
  if (!entry || entry->profile().alias() != request.alias()) {
    return ToStatus(v1::VERDICT_ALIAS_UNKNOWN);
  }
  *response->mutable_entry() = *std::move(entry);
  return grpc::Status::OK;
}

}  // namespace

Methods DirectoryMethods(const ServiceContext& services) {
  return {{"ListDirectoryEntries", RunRead(services, ListDirectoryEntries)},
          {"LookupAlias", RunRead(services, LookupAlias)}};
}

}  // namespace kengred::rpc
