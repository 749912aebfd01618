#include "wallet/pot.h"

#include <algorithm>
#include <utility>

#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {

absl::StatusOr<Pot> FindPot(Session& session, const std::string& who) {
  Pot pot;
  WALLET_ASSIGN_OR_RETURN(pot.id, session.Resolve(who));
  WALLET_ASSIGN_OR_RETURN(v1::GetProgrammeResponse found,
                          session.ledger().GetProgramme(pot.id, nullptr));
  pot.status = std::move(*found.mutable_status());
  return pot;
}

std::string ActivityList(const Pot& pot) {
  std::string list;
  for (const v1::Activity& activity : pot.terms().activities()) {
    list += (list.empty() ? "" : ", ") + Printable(activity.code());
  }
  return list;
}

std::string NeedsValidators(Session& session, const Pot& pot) {
  const auto association = AccountId::FromBytes(pot.terms().association_account_id());
  return TrN("{} and {} validator of the programme must sign this.",
             "{} and {} validators of the programme must sign this.",
             pot.terms().validators_required(),
             association.has_value() ? session.ShortName(*association) : std::string("?"),
             pot.terms().validators_required());
}

}  // namespace kengred::wallet
