#include "bench/replay_community.h"

#include <fmt/core.h>

#include "kengred/core/charter.h"
#include "kengred/core/hash.h"
#include "kengred/keys/derivation.h"
#include "kengred/keys/key_file.h"

namespace kengred::bench {

namespace {

Digest SeedOf(uint64_t seed, std::string_view name) {
  return Sha256({"kengred-bench/party", std::to_string(seed), "/", name});
}

keys::Mnemonic AuditorWords(uint64_t seed) {
  const Digest digest = SeedOf(seed, kAuditor);
  const auto bytes = reinterpret_cast<const uint8_t*>(digest.view().data());
  // A digest has the size of the entropy of 24 words, as that of a seed: this cannot fail.
  return *keys::Mnemonic::FromEntropy(keys::Language::kEnglish,
                                      keys::SecretBytes::CopyOf({bytes, digest.view().size()}));
}

}  // namespace

Party MakeParty(uint64_t seed, std::string_view name) {
  Party party{name == kAuditor ? *keys::DeriveAccountKey(AuditorWords(seed), 0)
                               : *SecretKey::FromSeed(SeedOf(seed, name).view()),
              {},
              {}};
  party.authority.add_public_keys(party.key.public_key().ToBytes());
  party.authority.set_threshold(1);
  party.account = AccountIdOf(party.authority);
  return party;
}

absl::Status WriteAuditorKey(uint64_t seed, const std::string& path) {
  keys::KeyFileContent content{kAuditor, "", AuditorWords(seed), 0};
  keys::WriteKeyFileOptions options;
  options.overwrite = true;
  options.cost = keys::kCostMin;
  return keys::WriteKeyFile(path, content, keys::SecretString::CopyOf(keys::kNoPassphrase),
                            options);
}

std::string CharterToml(uint64_t seed) {
  return fmt::format(R"(# A ledger of play money for kengred-bench with --seed {0}
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
