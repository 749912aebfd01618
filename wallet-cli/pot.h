// A programme as the payer of rewards: its terms and what it can still pay.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "kengred/core/ids.h"
#include "kengred/v1/programme_service.pb.h"
#include "wallet/session.h"

namespace kengred::wallet {

struct Pot {
  AccountId id;
  v1::ProgrammeStatus status;

  const v1::ProgrammeTerms& terms() const { return status.programme().terms(); }
  const std::string& currency() const { return terms().currency(); }
  // Null where the programme has no such activity.
  const v1::Activity* FindActivity(std::string_view code) const {
    for (const v1::Activity& activity : terms().activities()) {
      if (activity.code() == code) return &activity;
    }
    return nullptr;
  }
  bool IsValidator(const AccountId& account) const {
    const auto& validators = terms().validator_account_ids();
    return std::find(validators.begin(), validators.end(), account.view()) != validators.end();
  }
};

// The programme that a word names: an address, an @alias or a contact.
absl::StatusOr<Pot> FindPot(Session& session, const std::string& who);
// "repair, welcome": the codes of its activities.
std::string ActivityList(const Pot& pot);
// Who must sign its rewards, as a sentence (Act::needs_others).
std::string NeedsValidators(Session& session, const Pot& pot);

}  // namespace kengred::wallet
