#include "tests/support/charter_file.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "kengred/core/address.h"
#include "kengred/core/amount.h"
#include "kengred/core/base64.h"
#include "kengred/core/charter.h"
#include "kengred/core/civil_day.h"
#include "kengred/core/ids.h"

namespace kengred::testing {
namespace {

std::string Line(const std::string& key, const std::string& value) {
  return key + " = " + value + "\n";
}

std::string Quoted(const std::string& text) {
  if (text.find_first_of("\"\\\n\t") != std::string::npos) std::abort();
  return "\"" + text + "\"";
}

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char c : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned char>(c));
    hex += digits;
  }
  return hex;
}

std::string KindWord(v1::CurrencyKind kind) {
  switch (kind) {
    case v1::CURRENCY_KIND_BACKED:
      return "backed";
    case v1::CURRENCY_KIND_EARNED:
      return "earned";
    case v1::CURRENCY_KIND_FIAT:
      return "fiat";
    default:
      std::abort();
  }
}

std::string Address(const v1::Charter& charter, const std::string& account) {
  return Quoted(EncodeAddress(charter.address_prefix(), AccountId::FromBytes(account).value()));
}

}  // namespace

std::string CharterFile(const v1::Charter& charter) {
  std::string text = Line("name", Quoted(charter.name())) +
                     Line("address_prefix", Quoted(charter.address_prefix())) +
                     Line("time_zone", Quoted(charter.time_zone())) +
                     Line("salt", Quoted(Hex(charter.salt()))) +
                     Line("origin", Quoted(charter.origin()));
  std::string witnesses;
  for (const std::string& key : charter.witness_keys()) {
    witnesses += (witnesses.empty() ? "" : ", ") + Quoted(key);
  }
  if (!witnesses.empty()) text += Line("witnesses", "[" + witnesses + "]");
  for (const v1::Currency& currency : charter.currencies()) {
    text += "\n[[currencies]]\n" + Line("code", Quoted(currency.code())) +
            Line("kind", Quoted(KindWord(currency.kind()))) +
            Line("decimals", std::to_string(currency.decimals())) +
            Line("name", Quoted(currency.name()));
    if (!currency.backing_currency().empty()) {
      text += Line("backing_currency", Quoted(currency.backing_currency()));
    }
  }
  text += "\n[governance]\n" + Line("threshold", std::to_string(charter.governance().threshold())) +
          "keys = [\n";
  for (const std::string& key : charter.governance().public_keys()) {
    text += "  " + Quoted(Hex(key)) + ",\n";
  }
  const v1::Policy& policy = charter.policy();
  text += "]\n\n[policy]\n";
  if (policy.effective_day() != 0) text += Line("effective_day", FormatDay(policy.effective_day()));
  text += Line("commission_bps", std::to_string(policy.commission_bps())) +
          Line("membership_grace_days", std::to_string(policy.membership_grace_days())) +
          Line("leaver_reconversion_days", std::to_string(policy.leaver_reconversion_days())) +
          Line("committee_quorum", std::to_string(policy.committee_quorum())) +
          Line("refund_window_days", std::to_string(policy.refund_window_days()));
  if (!policy.commission_remainder_account_id().empty()) {
    text += Line("commission_remainder_account",
                 Address(charter, policy.commission_remainder_account_id()));
  }
  for (const v1::CommissionShare& share : policy.commission_shares()) {
    text += "\n[[policy.commission_shares]]\n" +
            Line("account", Address(charter, share.account_id())) +
            Line("share_bps", std::to_string(share.share_bps()));
  }
  for (const v1::CurrencyLimits& limits : policy.limits()) {
    text += "\n[[policy.limits]]\n" + Line("currency", Quoted(limits.currency()));
    const v1::Currency* currency = FindCurrency(charter, limits.currency());
    if (currency == nullptr) std::abort();
    const auto amount = [&](const std::string& key, int64_t minor) {
      if (minor != 0) text += Line(key, Quoted(FormatAmount(minor, currency->decimals())));
    };
    amount("transfer_max", limits.transfer_max_minor());
    amount("person_balance_max", limits.person_balance_max_minor());
    amount("unadmitted_balance_max", limits.unadmitted_balance_max_minor());
    amount("reconversion_min", limits.reconversion_min_minor());
  }
  return text;
}

void WriteLogKeyFile(const Community& community, const std::string& data) {
  const VerifierKey key = community.log_keys()[0]->verifier_key();
  char id[9];
  std::snprintf(id, sizeof(id), "%08x", key.id());
  const std::string path = data + ".log-key";
  std::ofstream(path) << "PRIVATE+KEY+" << key.name() << "+" << id << "+"
                      << EncodeBase64("\x01" + community.log_key_seed().ToBytes()) << "\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
}

}  // namespace kengred::testing
