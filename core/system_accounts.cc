#include "kengred/core/system_accounts.h"

#include <absl/container/flat_hash_map.h>
#include <absl/hash/hash.h>

#include <string>
#include <utility>

#include "kengred/core/hash.h"

namespace kengred {
namespace {

// Hashes and compares names and currencies, owned or not.
struct ByName {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the library looks for it
  using Name = std::pair<std::string_view, std::string_view>;
  size_t operator()(const Name& name) const { return absl::Hash<Name>()(name); }
  bool operator()(const Name& a, const Name& b) const { return a == b; }
};

// As many ids as are remembered: the system accounts of some ledgers.
constexpr size_t kKnownMax = 1024;

}  // namespace

AccountId SystemAccountId(std::string_view name, std::string_view currency) {
  // Every transaction asks for some of a handful, and a hash takes longer than finding one.
  thread_local absl::flat_hash_map<std::pair<std::string, std::string>, AccountId, ByName, ByName>
      known;
  if (const auto id = known.find(ByName::Name(name, currency)); id != known.end()) {
    return id->second;
  }
  constexpr std::string_view kZero("\0", 1);
  const AccountId id = *AccountId::FromBytes(
      Sha256({domain::kSystemAccount, name, kZero, currency}).view().substr(0, AccountId::kSize));
  if (known.size() >= kKnownMax) known.clear();
  known.emplace(std::pair(name, currency), id);
  return id;
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
