#include "kengred/core/charter.h"

#include <absl/strings/escaping.h>

#include <algorithm>
#include <set>

#include "kengred/core/hash.h"
#include "kengred/core/limits.h"
#include "kengred/core/side_record.h"
#include "kengred/core/signed_note.h"
#include "kengred/core/signing.h"

namespace kengred {
namespace {

absl::Status Invalid(const std::string& why) { return absl::InvalidArgumentError(why); }

bool IsCurrencyCode(std::string_view code) {
  if (code.size() < 2 || code.size() > 8 || code[0] < 'A' || code[0] > 'Z') return false;
  for (const char c : code) {
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) return false;
  }
  return true;
}

absl::Status ValidateCurrency(const v1::Charter& charter, const v1::Currency& currency) {
  const std::string& code = currency.code();
  if (!IsCurrencyCode(code)) {
    return Invalid("currency code \"" + code + "\": use 2 to 8 characters A-Z 0-9, a letter first");
  }
  if (FindCurrency(charter, code) != &currency)
    return Invalid("currency " + code + " is there twice");
  if (currency.kind() != v1::CURRENCY_KIND_BACKED && currency.kind() != v1::CURRENCY_KIND_EARNED &&
      currency.kind() != v1::CURRENCY_KIND_FIAT) {
    return Invalid("currency " + code + ": the kind must be backed, earned or fiat");
  }
  if (currency.decimals() > kDecimalsMax) {
    return Invalid("currency " + code + ": at most 6 decimals");
  }
  if (currency.name().empty() || currency.name().size() > 64 || !IsPrintableUtf8(currency.name())) {
    return Invalid("currency " + code + ": the name must have 1 to 64 bytes of UTF-8 text");
  }
  if (currency.kind() != v1::CURRENCY_KIND_BACKED) {
    if (currency.backing_currency().empty()) return absl::OkStatus();
    return Invalid("currency " + code + ": only a backed currency has a backing currency");
  }
  const v1::Currency* backing = FindCurrency(charter, currency.backing_currency());
  if (backing == nullptr || backing->kind() != v1::CURRENCY_KIND_FIAT) {
    return Invalid("currency " + code +
                   ": its backing currency must be a fiat currency of the charter");
  }
  if (backing->decimals() != currency.decimals()) {
    return Invalid("currency " + code + " must have as many decimals as " + backing->code() +
                   ", since it is backed at par");
  }
  return absl::OkStatus();
}

absl::Status ValidatePolicy(const v1::Charter& charter, const v1::Policy& policy) {
  std::set<std::string> limited;
  for (const v1::CurrencyLimits& limits : policy.limits()) {
    if (FindCurrency(charter, limits.currency()) == nullptr) {
      return Invalid("policy limits: the charter has no currency \"" + limits.currency() + "\"");
    }
    if (!limited.insert(limits.currency()).second) {
      return Invalid("policy limits: " + limits.currency() + " is there twice");
    }
    if (limits.transfer_max_minor() < 0 || limits.person_balance_max_minor() < 0 ||
        limits.unadmitted_balance_max_minor() < 0 || limits.reconversion_min_minor() < 0) {
      return Invalid("policy limits of " + limits.currency() + ": a limit cannot be negative");
    }
  }
  if (policy.commission_bps() > kBasisPoints)
    return Invalid("policy: commission_bps is at most 10000");
  if (policy.commission_shares().size() > static_cast<int>(kCommissionSharesMax)) {
    return Invalid("policy: at most 8 commission shares");
  }
  uint64_t shares = 0;
  for (const v1::CommissionShare& share : policy.commission_shares()) {
    if (!AccountId::FromBytes(share.account_id())) {
      return Invalid("policy: a commission share needs an account");
    }
    if (share.share_bps() < 1 || share.share_bps() > kBasisPoints) {
      return Invalid("policy: a commission share is 1 to 10000 basis points");
    }
    shares += share.share_bps();
  }
  if (shares > kBasisPoints)
    return Invalid("policy: the commission shares exceed 10000 basis points");
  if (!policy.commission_remainder_account_id().empty() &&
      !AccountId::FromBytes(policy.commission_remainder_account_id())) {
    return Invalid("policy: the commission remainder account is not an account id");
  }
  if (policy.membership_grace_days() > 366) return Invalid("policy: at most 366 days of grace");
  if (policy.leaver_reconversion_days() > static_cast<uint32_t>(kDaysAheadMax)) {
    return Invalid("policy: leaver_reconversion_days is at most 3660");
  }
  if (policy.committee_quorum() < 2 || policy.committee_quorum() > kSignaturesMax) {
    return Invalid("policy: the committee's quorum is 2 to 16 persons");
  }
  if (policy.refund_window_days() > static_cast<uint32_t>(kDaysAheadMax)) {
    return Invalid("policy: refund_window_days is at most 3660");
  }
  return absl::OkStatus();
}

}  // namespace

LedgerId LedgerIdOf(std::string_view charter_bytes) {
  return *LedgerId::FromBytes(Sha256({charter_bytes}).view());
}

absl::Status ValidateCharter(const v1::Charter& charter) {
  if (HasUnknownFields(charter))
    return Invalid("the charter has fields this version does not know");
  if (charter.name().empty() || charter.name().size() > 128 || !IsPrintableUtf8(charter.name())) {
    return Invalid("name: 1 to 128 bytes of UTF-8 text");
  }
  const std::string& prefix = charter.address_prefix();
  if (prefix.size() < 2 || prefix.size() > 16 ||
      prefix.find_first_not_of("abcdefghijklmnopqrstuvwxyz") != std::string::npos) {
    return Invalid("address_prefix: 2 to 16 letters a-z");
  }
  if (charter.time_zone().empty() || charter.time_zone().size() > 64 ||
      charter.time_zone().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                            "0123456789_+-/") != std::string::npos) {
    return Invalid("time_zone: an IANA name like Europe/Paris");
  }
  if (charter.currencies().empty() ||
      charter.currencies().size() > static_cast<int>(kCurrenciesMax)) {
    return Invalid("currencies: 1 to 16 of them");
  }
  for (const v1::Currency& currency : charter.currencies()) {
    if (const absl::Status status = ValidateCurrency(charter, currency); !status.ok())
      return status;
  }
  if (!IsWellFormedAuthority(charter.governance())) {
    return Invalid("governance: 1 to 16 distinct Ed25519 keys and a threshold among them");
  }
  if (charter.salt().size() != kCharterSaltBytes) return Invalid("salt: 16 bytes");
  if (!IsWellFormedOrigin(charter.origin())) {
    return Invalid("origin: 1 to 128 printable ASCII characters without space or +");
  }
  const auto log_key = PublicKey::FromBytes(charter.log_public_key());
  if (!log_key || !IsAcceptablePublicKey(*log_key)) {
    return Invalid("log_public_key: an Ed25519 public key of 32 bytes");
  }
  const auto& governors = charter.governance().public_keys();
  if (std::find(governors.begin(), governors.end(), charter.log_public_key()) != governors.end()) {
    return Invalid("log_public_key: a key of governance cannot be the log's too");
  }
  if (charter.witness_keys_size() > static_cast<int>(kWitnessesMax)) {
    return Invalid("witness_keys: at most 16");
  }
  std::set<PublicKey> witnesses;
  for (const std::string& text : charter.witness_keys()) {
    const absl::StatusOr<VerifierKey> key = VerifierKey::Parse(text);
    if (!key.ok() || key->type() != KeyType::kCosignature) {
      return Invalid("witness_keys: \"" + text +
                     "\" is no verifier key of a witness; copy it again");
    }
    if (!witnesses.insert(key->public_key()).second || key->public_key() == *log_key) {
      return Invalid("witness_keys: each key once, and not the log's");
    }
  }
  return ValidatePolicy(charter, charter.policy());
}

bool IsWellFormedOrigin(std::string_view origin) {
  return !origin.empty() && origin.size() <= kOriginBytesMax &&
         std::all_of(origin.begin(), origin.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != '+'; });
}

std::string DefaultOrigin(const v1::Charter& charter) {
  return charter.address_prefix() + ".kengred/" +
         absl::BytesToHexString(charter.salt()).substr(0, 16);
}

const v1::Currency* FindCurrency(const v1::Charter& charter, std::string_view code) {
  for (const v1::Currency& currency : charter.currencies()) {
    if (currency.code() == code) return &currency;
  }
  return nullptr;
}

bool HasAuthorityShape(const v1::Authority& authority) {
  if (authority.public_keys().empty() ||
      authority.public_keys().size() > static_cast<int>(kAuthorityKeysMax)) {
    return false;
  }
  if (authority.threshold() < 1 ||
      authority.threshold() > static_cast<uint32_t>(authority.public_keys().size())) {
    return false;
  }
  std::set<std::string_view> seen;
  return std::all_of(authority.public_keys().begin(), authority.public_keys().end(),
                     [&seen](const std::string& bytes) {
                       return bytes.size() == PublicKey::kSize && seen.insert(bytes).second;
                     });
}

bool IsWellFormedAuthority(const v1::Authority& authority) {
  return HasAuthorityShape(authority) &&
         std::all_of(authority.public_keys().begin(), authority.public_keys().end(),
                     [](const std::string& bytes) {
                       return IsAcceptablePublicKey(*PublicKey::FromBytes(bytes));
                     });
}

AccountId AccountIdOf(const v1::Authority& authority) {
  std::string keys(1, static_cast<char>(authority.threshold()));
  for (const std::string& key : authority.public_keys()) keys += key;
  return *AccountId::FromBytes(Sha256({domain::kAccount, keys}).view().substr(0, AccountId::kSize));
}

}  // namespace kengred
