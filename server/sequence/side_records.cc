#include "server/sequence/side_records.h"

#include <set>

#include "kengred/core/charter.h"
#include "kengred/core/side_record.h"
#include "server/sequence/side_keys.h"

namespace kengred::sequence {
namespace {

// An account that a transaction opens and whose profile it commits to.
struct Opening {
  AccountId account;
  bool is_person = false;
};

// Commitment of a profile -> whose.
std::map<Digest, Opening> ProfilesIn(const TransactionId& id, const v1::Transaction& transaction) {
  std::map<Digest, Opening> profiles;
  for (int i = 0; i < transaction.operations().size(); ++i) {
    const v1::Operation& operation = transaction.operations(i);
    if (operation.has_open_account()) {
      const v1::OpenAccount& open = operation.open_account();
      if (const auto digest = Digest::FromBytes(open.profile().sha256())) {
        profiles[*digest] = {AccountIdOf(open.authority()), open.kind() == v1::HOLDER_KIND_PERSON};
      }
    } else if (operation.has_open_programme()) {
      const auto digest = Digest::FromBytes(operation.open_programme().terms().profile().sha256());
      if (digest) {
        profiles[*digest] = {rules::ProgrammeIdOf(id, static_cast<uint32_t>(i)), false};
      }
    }
  }
  return profiles;
}

}  // namespace

std::variant<std::map<std::string, std::string>, Refusal> SideWrites(
    const TransactionId& id, const v1::Transaction& transaction,
    const std::vector<v1::SideRecord>& records, const rules::StateView& view) {
  std::map<std::string, std::string> writes;
  if (records.empty()) return writes;
  const std::vector<Digest> commitments = CommitmentsIn(transaction);
  const std::set<Digest> known(commitments.begin(), commitments.end());
  const std::map<Digest, Opening> profiles = ProfilesIn(id, transaction);
  for (const v1::SideRecord& record : records) {
    if (!IsWellFormedSideRecord(record)) return Refusal{v1::VERDICT_SIDE_RECORD_MALFORMED, {}};
    const Digest commitment = CommitmentOf(record);
    if (!known.contains(commitment)) return Refusal{v1::VERDICT_SIDE_RECORD_MALFORMED, {}};
    const auto profile = profiles.find(commitment);
    if (profile == profiles.end()) {
      if (!IsPrintableUtf8(record.content())) return Refusal{v1::VERDICT_SIDE_RECORD_MALFORMED, {}};
    } else {
      const std::optional<v1::Profile> parsed = ParseProfile(record.content());
      if (!parsed || (profile->second.is_person && !parsed->alias().empty())) {
        return Refusal{v1::VERDICT_PROFILE_MALFORMED, {}};
      }
      if (!parsed->alias().empty()) {
        const std::string key = AliasKey(parsed->alias());
        const std::string owner = profile->second.account.ToBytes();
        const auto taken_here = writes.find(key);
        const std::optional<std::string> taken =
            taken_here == writes.end() ? view.Get(key) : taken_here->second;
        if (taken && *taken != owner) return Refusal{v1::VERDICT_ALIAS_IN_USE, {}};
        writes[key] = owner;
      }
    }
    writes[SideRecordKey(commitment)] = record.SerializeAsString();
  }
  return writes;
}

}  // namespace kengred::sequence
