#include "bench/replay_community.h"

#include <fmt/core.h>

#include "kengred/core/charter.h"
#include "kengred/core/hash.h"

namespace kengred::bench {

Party MakeParty(uint64_t seed, std::string_view name) {
  const Digest digest = Sha256({"kengred-bench/party", std::to_string(seed), "/", name});
  // A digest has the size of a seed: this cannot fail.
  Party party{*SecretKey::FromSeed(digest.view()), {}, {}};
  party.authority.add_public_keys(party.key.public_key().ToBytes());
  party.authority.set_threshold(1);
  party.account = AccountIdOf(party.authority);
  return party;
}

std::string CharterToml(uint64_t seed) {
  return fmt::format(R"(# A ledger of play money for kengred-bench replay --seed {0}
name = "Replay {0}"
address_prefix = "replay"
time_zone = "Europe/Paris"

[[currencies]]
code = "EUR"
kind = "fiat"
decimals = 2
name = "euro"

[[currencies]]
code = "{1}"
kind = "backed"
decimals = 2
name = "heol"
backing_currency = "EUR"

[governance]
threshold = 1
keys = ["{2}"]

[policy]
commission_bps = 300
committee_quorum = 2
)",
                     seed, kCurrency, MakeParty(seed, "governance").key.public_key().ToHex());
}

}  // namespace kengred::bench
