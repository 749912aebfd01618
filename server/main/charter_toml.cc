#include "server/main/charter_toml.h"

#include <absl/time/time.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "kengred/core/address.h"
#include "kengred/core/amount.h"
#include "kengred/core/base64.h"
#include "kengred/core/charter.h"
#include "kengred/core/civil_day.h"
#include "kengred/core/limits.h"
#include "kengred/core/signing.h"
#include "server/main/toml_reader.h"

namespace kengred::server {
namespace {

// The base point of Ed25519 (RFC 8032, section 5.1): a key that is acceptable and nobody's.
constexpr std::string_view kBasePoint =
    "5866666666666666666666666666666666666666666666666666666666666666";

constexpr char kKeyForm[] =
    "write 64 hexadecimal digits or base64, as `kengred profile show` prints it";

// A charter that is valid and means nothing, to put a file's values into one after the other.
v1::Charter BlankCharter() {
  v1::Charter charter;
  charter.set_name("blank");
  charter.set_address_prefix("blank");
  charter.set_time_zone("UTC");
  v1::Currency* currency = charter.add_currencies();
  currency->set_code("XXX");
  currency->set_kind(v1::CURRENCY_KIND_FIAT);
  currency->set_name("blank");
  charter.mutable_governance()->add_public_keys(PublicKey::FromHex(kBasePoint)->ToBytes());
  charter.mutable_governance()->set_threshold(1);
  charter.mutable_policy()->set_committee_quorum(2);
  charter.set_salt(std::string(kCharterSaltBytes, '\0'));
  charter.set_origin("blank");
  // Nobody's: its secret is forgotten here.
  charter.set_log_public_key(SecretKey::Generate().public_key().ToBytes());
  return charter;
}

// The names of the IANA database that are about one machine or one way of counting, not a place.
bool IsPlaceless(const std::string& zone) {
  return zone == "localtime" || zone == "posixrules" || zone == "Factory" ||
         zone.starts_with("right/") || zone.starts_with("posix/");
}

// Puts the values of a file into a charter that is valid at every step, so that what
// ValidateCharter refuses is the value just put, and its line is known.
class CharterReader {
 public:
  CharterReader(const toml::table& root, TomlProblems* problems)
      : root_(root, "", problems), problems_(problems) {}

  v1::Charter Read() {
    ReadName();
    ReadTimeZone();
    ReadSalt();
    ReadOrigin();
    ReadWitnesses();
    ReadCurrencies();
    ReadGovernance();
    ReadPolicy();
    root_.RefuseUnknown();
    return charter_;
  }

 private:
  bool Put(uint32_t line, const std::function<void(v1::Charter*)>& set) {
    v1::Charter trial = charter_;
    set(&trial);
    const absl::Status status = ValidateCharter(trial);
    if (!status.ok()) {
      problems_->Add(line, std::string(status.message()));
      return false;
    }
    charter_ = std::move(trial);
    return true;
  }

  void ReadName() {
    if (const auto name = root_.Text("name", TomlTable::kRequired, "\"Our currency\"")) {
      Put(root_.line("name"), [&](v1::Charter* charter) { charter->set_name(*name); });
    }
    if (const auto prefix = root_.Text("address_prefix", TomlTable::kRequired, "\"heol\"")) {
      prefix_known_ = Put(root_.line("address_prefix"),
                          [&](v1::Charter* charter) { charter->set_address_prefix(*prefix); });
    }
  }

  void ReadTimeZone() {
    const auto zone = root_.Text("time_zone", TomlTable::kRequired, "\"Europe/Paris\"");
    if (!zone || !Put(root_.line("time_zone"),
                      [&](v1::Charter* charter) { charter->set_time_zone(*zone); })) {
      return;
    }
    absl::TimeZone loaded;
    if (IsPlaceless(*zone) || !absl::LoadTimeZone(*zone, &loaded)) {
      root_.Problem("time_zone", "this machine does not know the time zone \"" + *zone +
                                     "\"; write an IANA name like \"Europe/Paris\" (and install "
                                     "the package tzdata)");
    }
  }

  void ReadSalt() {
    const auto salt = root_.Text("salt", TomlTable::kOptional, "\"<32 hexadecimal digits>\"");
    if (!salt) {
      charter_.set_salt(RandomBytes(kCharterSaltBytes));
      return;
    }
    const auto bytes = FixedBytes<struct SaltTag, kCharterSaltBytes>::FromHex(*salt);
    if (bytes) {
      charter_.set_salt(bytes->ToBytes());
    } else {
      root_.Problem("salt",
                    "the salt must be 32 hexadecimal digits; write them, or leave the line out for "
                    "a random one");
    }
  }

  void ReadOrigin() {
    const auto origin = root_.Text("origin", TomlTable::kOptional, "\"heol.example/registre\"");
    if (origin) {
      Put(root_.line("origin"), [&](v1::Charter* charter) { charter->set_origin(*origin); });
    } else {
      charter_.set_origin(DefaultOrigin(charter_));
    }
  }

  // The strings of a list; each put by itself, so that a wrong one is named.
  void ReadWitnesses() {
    const toml::node* node = root_.Find("witnesses");
    if (node == nullptr) return;
    const toml::array* keys = node->as_array();
    if (keys == nullptr) {
      root_.Problem("witnesses", "`witnesses` must be a list; write witnesses = [\"name+id+key\"]");
      return;
    }
    for (const toml::node& item : *keys) {
      const std::string text = item.value_or(std::string());
      Put(root_.line("witnesses"), [&](v1::Charter* charter) { charter->add_witness_keys(text); });
    }
  }

  // One currency, as far as it is right.
  struct ReadCurrency {
    v1::Currency currency;
    TomlTable table;
    bool right = false;
  };

  ReadCurrency ReadOneCurrency(TomlTable table) {
    ReadCurrency read{{}, table, true};
    const auto code = table.Text("code", TomlTable::kRequired, "\"HEOL\"");
    const auto kind = table.Text("kind", TomlTable::kRequired, "\"backed\"");
    const auto decimals = table.Integer("decimals", TomlTable::kRequired, 0, int64_t{kDecimalsMax});
    const auto name = table.Text("name", TomlTable::kRequired, "\"Heol\"");
    const auto backing = table.Text("backing_currency", TomlTable::kOptional, "\"EUR\"");
    table.RefuseUnknown();
    read.right = code && kind && decimals && name;
    read.currency.set_code(code.value_or(""));
    read.currency.set_name(name.value_or(""));
    read.currency.set_decimals(static_cast<uint32_t>(decimals.value_or(0)));
    read.currency.set_backing_currency(backing.value_or(""));
    if (kind == "backed") {
      read.currency.set_kind(v1::CURRENCY_KIND_BACKED);
    } else if (kind == "earned") {
      read.currency.set_kind(v1::CURRENCY_KIND_EARNED);
    } else if (kind == "fiat") {
      read.currency.set_kind(v1::CURRENCY_KIND_FIAT);
    } else if (kind) {
      table.Problem("kind", "a currency's kind cannot be \"" + *kind +
                                "\"; write \"backed\", \"earned\" or \"fiat\"");
      read.right = false;
    }
    read.table = table;
    return read;
  }

  // Code and name on their own lines, then what ties a currency to its backing, unless that could
  // not be read.
  bool PutCurrency(const ReadCurrency& read, bool backing_known) {
    const v1::Currency& currency = read.currency;
    const auto last = [](v1::Charter* charter) {
      return charter->mutable_currencies(charter->currencies_size() - 1);
    };
    const bool named = Put(read.table.line("code"),
                           [&](v1::Charter* charter) {
                             v1::Currency* added = charter->add_currencies();
                             added->set_code(currency.code());
                             added->set_kind(v1::CURRENCY_KIND_FIAT);
                             added->set_name("blank");
                           }) &&
                       Put(read.table.line("name"),
                           [&](v1::Charter* charter) { last(charter)->set_name(currency.name()); });
    if (currency.kind() == v1::CURRENCY_KIND_BACKED && !backing_known) return false;
    return named && Put(read.table.line("backing_currency"),
                        [&](v1::Charter* charter) { *last(charter) = currency; });
  }

  void ReadCurrencies() {
    std::vector<ReadCurrency> read;
    for (const TomlTable& table : root_.Tables("currencies")) {
      read.push_back(ReadOneCurrency(table));
    }
    if (read.empty()) {
      root_.Problem("currencies", "there is no currency; write [[currencies]] and its lines");
      return;
    }
    charter_.clear_currencies();
    currencies_known_ =
        std::all_of(read.begin(), read.end(), [](const ReadCurrency& one) { return one.right; });
    // What backs comes before what is backed, whatever the order in the file.
    for (const bool fiat : {true, false}) {
      for (const ReadCurrency& one : read) {
        if ((one.currency.kind() == v1::CURRENCY_KIND_FIAT) != fiat) continue;
        if (!one.right || !PutCurrency(one, currencies_known_)) currencies_known_ = false;
      }
    }
    // Where one is wrong, the rest of the file is read with the blank one.
    charter_.clear_currencies();
    if (!currencies_known_) {
      *charter_.mutable_currencies() = BlankCharter().currencies();
      return;
    }
    for (const ReadCurrency& one : read) *charter_.add_currencies() = one.currency;
  }

  // The keys of a list of texts, of which each may have several lines.
  void ReadKeys(TomlTable* table) {
    const toml::node* node = table->Find("keys");
    if (node == nullptr) {
      table->Problem("keys", "`governance.keys` is missing; write keys = [\"<public key>\", ...]");
      return;
    }
    std::vector<const toml::node*> texts;
    if (const toml::array* array = node->as_array()) {
      for (const toml::node& item : *array) texts.push_back(&item);
    } else {
      texts.push_back(node);
    }
    for (const toml::node* item : texts) {
      const auto* text = item->as_string();
      uint32_t line = std::max<uint32_t>(1, item->source().begin.line);
      if (text == nullptr) {
        problems_->Add(line, std::string("a key must be a text in quotes; ") + kKeyForm);
        continue;
      }
      // A text of several lines has its first line after the quotes, unless it starts there.
      const uint32_t span = item->source().end.line - item->source().begin.line;
      const auto breaks =
          static_cast<uint32_t>(std::count(text->get().begin(), text->get().end(), '\n'));
      if (span > breaks) ++line;
      ReadKeyLines(text->get(), line);
    }
    if (keys_.empty() && problems_->empty()) {
      table->Problem("keys", std::string("there is no key; ") + kKeyForm);
    }
  }

  void ReadKeyLines(const std::string& text, uint32_t line) {
    size_t start = 0;
    while (start <= text.size()) {
      const size_t end = std::min(text.find('\n', start), text.size());
      std::string key = text.substr(start, std::min(text.find('#', start), end) - start);
      key.erase(0, key.find_first_not_of(" \t\r"));
      key.erase(key.find_last_not_of(" \t\r") + 1);
      if (!key.empty()) ReadKey(key, line);
      start = end + 1;
      ++line;
    }
  }

  void ReadKey(const std::string& text, uint32_t line) {
    const absl::StatusOr<std::string> key = ParsePublicKey(text);
    if (!key.ok()) {
      problems_->Add(line, std::string(key.status().message()));
    } else if (!IsAcceptablePublicKey(*PublicKey::FromBytes(*key))) {
      problems_->Add(line, "\"" + text + "\" is no Ed25519 public key; copy it again");
    } else if (std::find(keys_.begin(), keys_.end(), *key) != keys_.end()) {
      problems_->Add(line, "this key is there twice; each key belongs to one person");
    } else {
      keys_.push_back(*key);
    }
  }

  void ReadGovernance() {
    std::optional<TomlTable> table = root_.Table("governance", TomlTable::kRequired);
    if (!table) return;
    const auto threshold = table->Integer("threshold", TomlTable::kRequired, 1,
                                          static_cast<int64_t>(kAuthorityKeysMax));
    const bool right_before = problems_->empty();
    ReadKeys(&*table);
    table->RefuseUnknown();
    if (!threshold || keys_.empty()) return;
    if (keys_.size() > kAuthorityKeysMax) {
      table->Problem("keys", "there are " + std::to_string(keys_.size()) + " keys; write at most " +
                                 std::to_string(kAuthorityKeysMax));
    } else if (static_cast<size_t>(*threshold) > keys_.size()) {
      // Where a key could not be read, the threshold is judged when all can.
      if (right_before == problems_->empty()) {
        table->Problem("threshold", "the threshold is " + std::to_string(*threshold) + " of " +
                                        std::to_string(keys_.size()) +
                                        " keys; write at most as many as there are keys");
      }
    } else {
      Put(table->line(), [&](v1::Charter* charter) {
        charter->mutable_governance()->Clear();
        charter->mutable_governance()->set_threshold(static_cast<uint32_t>(*threshold));
        for (const std::string& key : keys_) charter->mutable_governance()->add_public_keys(key);
      });
    }
  }

  // The account that an address of this ledger names.
  std::optional<std::string> Account(TomlTable* table, std::string_view key,
                                     TomlTable::Presence presence) {
    const auto address = table->Text(key, presence, "\"" + charter_.address_prefix() + "1...\"");
    if (!address || !prefix_known_) return std::nullopt;
    const absl::StatusOr<AccountId> account = DecodeAddress(charter_.address_prefix(), *address);
    if (account.ok()) return account->ToBytes();
    table->Problem(key, std::string(account.status().message()) + "; copy the address again");
    return std::nullopt;
  }

  // A number of the policy, put where it is there.
  void PutNumber(TomlTable* table, std::string_view key, int64_t min, int64_t max,
                 void (v1::Policy::*set)(uint32_t)) {
    const auto number = table->Integer(key, TomlTable::kOptional, min, max);
    if (!number) return;
    Put(table->line(key), [&](v1::Charter* charter) {
      (charter->mutable_policy()->*set)(static_cast<uint32_t>(*number));
    });
  }

  void ReadPolicy() {
    std::optional<TomlTable> table = root_.Table("policy", TomlTable::kRequired);
    if (!table) return;
    ReadEffectiveDay(&*table);
    PutNumber(&*table, "commission_bps", 0, kBasisPoints, &v1::Policy::set_commission_bps);
    PutNumber(&*table, "membership_grace_days", 0, 366, &v1::Policy::set_membership_grace_days);
    PutNumber(&*table, "leaver_reconversion_days", 0, kDaysAheadMax,
              &v1::Policy::set_leaver_reconversion_days);
    if (table->Find("committee_quorum") == nullptr) {
      table->Problem("committee_quorum",
                     "`policy.committee_quorum` is missing; write committee_quorum = 2");
    }
    PutNumber(&*table, "committee_quorum", 2, static_cast<int64_t>(kSignaturesMax),
              &v1::Policy::set_committee_quorum);
    PutNumber(&*table, "refund_window_days", 0, kDaysAheadMax, &v1::Policy::set_refund_window_days);
    if (const auto account =
            Account(&*table, "commission_remainder_account", TomlTable::kOptional)) {
      charter_.mutable_policy()->set_commission_remainder_account_id(*account);
    }
    for (TomlTable& share : table->Tables("commission_shares")) ReadShare(&share);
    for (TomlTable& limits : table->Tables("limits")) ReadLimits(&limits);
    table->RefuseUnknown();
  }

  // A TOML date, or the same in quotes.
  void ReadEffectiveDay(TomlTable* table) {
    const toml::node* node = table->Find("effective_day");
    if (node == nullptr) return;
    std::optional<int32_t> day;
    if (const auto* text = node->as_string()) {
      const absl::StatusOr<int32_t> parsed = ParseDay(text->get());
      if (parsed.ok()) day = *parsed;
    } else if (const auto* date = node->as_date()) {
      const toml::date& value = date->get();
      day = DayOfDate({int32_t{value.year}, int32_t{value.month}, int32_t{value.day}});
    }
    if (day) {
      charter_.mutable_policy()->set_effective_day(*day);
    } else {
      table->Problem("effective_day",
                     "`policy.effective_day` must be a date; write effective_day = 2027-01-31");
    }
  }

  void ReadShare(TomlTable* table) {
    const auto account = Account(table, "account", TomlTable::kRequired);
    const auto share = table->Integer("share_bps", TomlTable::kRequired, 1, kBasisPoints);
    table->RefuseUnknown();
    if (!account || !share) return;
    Put(table->line("share_bps"), [&](v1::Charter* charter) {
      v1::CommissionShare* added = charter->mutable_policy()->add_commission_shares();
      added->set_account_id(*account);
      added->set_share_bps(static_cast<uint32_t>(*share));
    });
  }

  // An amount of a currency; 0 where it is absent or wrong.
  int64_t Amount(TomlTable* table, std::string_view key, const v1::Currency* currency) {
    const uint32_t decimals = currency == nullptr ? kDecimalsMax : currency->decimals();
    const std::string example =
        "\"" + FormatAmount(500 * (decimals == 2 ? 100 : 1), decimals == 2 ? 2 : 0) + "\"";
    const auto text = table->Text(key, TomlTable::kOptional, example);
    if (!text || currency == nullptr) return 0;
    const absl::StatusOr<int64_t> amount = ParseAmount(*text, decimals);
    if (amount.ok()) return *amount;
    table->Problem(key, std::string(amount.status().message()) + "; write " + std::string(key) +
                            " = " + example);
    return 0;
  }

  void ReadLimits(TomlTable* table) {
    const auto code = table->Text("currency", TomlTable::kRequired, "\"HEOL\"");
    const v1::Currency* currency = code ? FindCurrency(charter_, *code) : nullptr;
    v1::CurrencyLimits limits;
    limits.set_currency(code.value_or(""));
    limits.set_transfer_max_minor(Amount(table, "transfer_max", currency));
    limits.set_person_balance_max_minor(Amount(table, "person_balance_max", currency));
    limits.set_unadmitted_balance_max_minor(Amount(table, "unadmitted_balance_max", currency));
    limits.set_reconversion_min_minor(Amount(table, "reconversion_min", currency));
    table->RefuseUnknown();
    if (!code || !currencies_known_) return;
    Put(table->line("currency"),
        [&](v1::Charter* charter) { *charter->mutable_policy()->add_limits() = limits; });
  }

  TomlTable root_;
  TomlProblems* problems_;
  v1::Charter charter_ = BlankCharter();
  std::vector<std::string> keys_;
  // Whether what others refer to has been read; where not, they are not blamed for it.
  bool prefix_known_ = false;
  bool currencies_known_ = false;
};

}  // namespace

absl::StatusOr<std::string> ParsePublicKey(std::string_view text) {
  if (const auto key = PublicKey::FromHex(text)) return key->ToBytes();
  // Base64 of either alphabet, with its padding or without.
  std::string base64(text.substr(0, text.ends_with('=') ? text.size() - 1 : text.size()));
  std::replace(base64.begin(), base64.end(), '+', '-');
  std::replace(base64.begin(), base64.end(), '/', '_');
  const std::optional<std::string> bytes = DecodeBase64Url(base64);
  if (bytes && bytes->size() == PublicKey::kSize) return *bytes;
  return absl::InvalidArgumentError("\"" + std::string(text) + "\" is no public key; " + kKeyForm);
}

absl::StatusOr<v1::Charter> ParseCharterToml(const std::string& text, const std::string& file) {
  const absl::StatusOr<toml::table> root = ParseToml(text, file);
  if (!root.ok()) return root.status();
  TomlProblems problems(file);
  v1::Charter charter = CharterReader(*root, &problems).Read();
  if (!problems.empty()) return problems.ToStatus();
  if (const absl::Status status = ValidateCharter(charter); !status.ok()) {
    return absl::InvalidArgumentError(file + ":1: " + std::string(status.message()));
  }
  return charter;
}

}  // namespace kengred::server
