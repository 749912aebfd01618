#include "wallet/programme_terms.h"

#include <toml++/toml.h>

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "kengred/core/civil_day.h"
#include "kengred/core/limits.h"
#include "kengred/core/side_record.h"
#include "wallet/dates.h"
#include "wallet/status_macros.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

struct PeriodWord {
  std::string_view word;
  v1::CapPeriod period;
};
constexpr PeriodWord kPeriods[] = {
    {"day", v1::CAP_PERIOD_DAY},
    {"month", v1::CAP_PERIOD_MONTH},
    {"year", v1::CAP_PERIOD_YEAR},
    {"programme", v1::CAP_PERIOD_PROGRAMME},
};

struct GroundWord {
  std::string_view word;
  v1::LegalGround ground;
};
constexpr GroundWord kGrounds[] = {
    {"expense", v1::LEGAL_GROUND_EXPENSE},
    {"prize", v1::LEGAL_GROUND_PRIZE},
    {"business-service", v1::LEGAL_GROUND_BUSINESS_SERVICE},
    {"public-aid", v1::LEGAL_GROUND_PUBLIC_AID},
    {"not-convertible", v1::LEGAL_GROUND_NOT_CONVERTIBLE},
};

uint32_t LineOf(const toml::source_region& source) {
  return std::max<uint32_t>(1, source.begin.line);
}

// The mistakes of one file, by line.
class Mistakes {
 public:
  explicit Mistakes(const std::string& file) : file_(file) {}
  void Add(uint32_t line, const std::string& what) { mistakes_.emplace(line, what); }
  absl::Status ToStatus() const {
    if (mistakes_.empty()) return absl::OkStatus();
    std::string text =
        TrN("{} has {} mistake:", "{} has {} mistakes:", mistakes_.size(), file_, mistakes_.size());
    for (const auto& [line, what] : mistakes_)
      text += fmt::format("\n  {}:{}: {}", file_, line, what);
    return Fail(ExitCode::kFile, text,
                _("Correct the file; kengred programme example shows the form."));
  }

 private:
  const std::string file_;
  std::multimap<uint32_t, std::string> mistakes_;
};

// One table, read key by key; remembers which keys were asked for.
class Reader {
 public:
  Reader(const toml::table& table, Mistakes* mistakes) : table_(table), mistakes_(mistakes) {}

  uint32_t LineOfKey(std::string_view key) const {
    const toml::node* node = table_.get(key);
    return LineOf(node == nullptr ? table_.source() : node->source());
  }
  void Mistake(std::string_view key, const std::string& what) {
    mistakes_->Add(LineOfKey(key), what);
  }

  const toml::node* Find(std::string_view key, const char* example) {
    known_.emplace(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr && example != nullptr) {
      Mistake(key, Tr("“{}” is missing; write: {}", key, example));
    }
    return node;
  }

  // A text. `example` is null where it may be absent.
  std::string Text(std::string_view key, const char* example) {
    const toml::node* node = Find(key, example);
    if (node == nullptr) return {};
    if (const auto* text = node->as_string()) return text->get();
    Mistake(key, Tr("“{}” must be a text in quotes.", key));
    return {};
  }

  // An amount: a text, or a whole number of units.
  std::string Amount(std::string_view key, const char* example) {
    const toml::node* node = Find(key, example);
    if (node == nullptr) return {};
    if (const auto* text = node->as_string()) return text->get();
    if (const auto* number = node->as_integer()) return std::to_string(number->get());
    Mistake(key, Tr("“{}” must be an amount in quotes; write: {}", key, example));
    return {};
  }

  int64_t Count(std::string_view key, const char* example, int64_t max) {
    const toml::node* node = Find(key, example);
    if (node == nullptr) return 0;
    const auto* number = node->as_integer();
    if (number != nullptr && number->get() >= 1 && number->get() <= max) return number->get();
    Mistake(key, Tr("“{}” must be a whole number from 1 to {}.", key, max));
    return 0;
  }

  std::optional<int32_t> Day(std::string_view key, const char* example) {
    const toml::node* node = Find(key, example);
    if (node == nullptr) return std::nullopt;
    if (const auto* date = node->as_date()) {
      return DayOfDate({date->get().year, date->get().month, date->get().day});
    }
    if (const auto* text = node->as_string()) {
      if (auto day = ParseDate(text->get()); day.ok()) return *day;
    }
    Mistake(key, Tr("“{}” must be a date; write: {}", key, std::string(key) + " = 2027-12-31"));
    return std::nullopt;
  }

  // One of the words that `find` knows.
  template <typename Value>
  Value Word(std::string_view key, const char* example,
             std::optional<Value> (*find)(std::string_view), const char* words) {
    const std::string word = Text(key, example);
    if (const auto value = find(word)) return *value;
    if (!word.empty()) Mistake(key, Tr("“{}” must be one of: {}", key, words));
    return {};
  }

  void RefuseUnknown() {
    for (const auto& [key, node] : table_) {
      if (known_.contains(key.str())) continue;
      std::string list;
      for (const std::string& each : known_) list += (list.empty() ? "" : ", ") + each;
      mistakes_->Add(LineOf(key.source()),
                     Tr("“{}” is not known here; the keys are: {}", key.str(), list));
    }
  }

 private:
  const toml::table& table_;
  Mistakes* mistakes_;
  std::set<std::string, std::less<>> known_;
};

void ReadActivities(Reader& root, Mistakes* mistakes, ProgrammeDraft* draft) {
  const toml::node* node = root.Find("activity", "[[activity]]");
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr || list->empty() ||
      !std::all_of(list->begin(), list->end(), [](const auto& each) { return each.is_table(); })) {
    root.Mistake("activity", _("Each activity is a table of its own: write [[activity]]."));
    return;
  }
  for (const toml::node& each : *list) {
    Reader table(*each.as_table(), mistakes);
    ProgrammeDraft::Activity activity;
    activity.code = table.Text("code", "code = \"repair\"");
    activity.unit = table.Text("unit", "unit = \"session\"");
    activity.rate = table.Amount("rate", "rate = \"15.00\"");
    activity.quantity_max =
        table.Count("quantity_max", "quantity_max = 4", std::numeric_limits<int64_t>::max());
    table.RefuseUnknown();
    draft->activities.push_back(std::move(activity));
  }
}

void ReadValidators(Reader& root, ProgrammeDraft* draft) {
  const toml::node* node = root.Find("validators", "validators = [\"yann\"]");
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr || list->empty() || list->size() > kValidatorsMax ||
      !std::all_of(list->begin(), list->end(), [](const auto& each) { return each.is_string(); })) {
    root.Mistake("validators",
                 Tr("“validators” must be a list of 1 to {} texts in quotes.", kValidatorsMax));
    return;
  }
  for (const toml::node& each : *list) draft->validators.push_back(each.as_string()->get());
  draft->validators_required =
      static_cast<uint32_t>(root.Count("validators_required", "validators_required = 1",
                                       static_cast<int64_t>(draft->validators.size())));
}

void ReadCaps(Reader& root, Mistakes* mistakes, ProgrammeDraft* draft) {
  const toml::node* node = root.Find("caps", "[caps]");
  if (node == nullptr) return;
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    root.Mistake("caps", _("“caps” is a table: write [caps], then its lines."));
    return;
  }
  Reader caps(*table, mistakes);
  draft->total_cap = caps.Amount("total", "total = \"5000.00\"");
  draft->person_cap = caps.Amount("person", "person = \"100.00\"");
  draft->period = caps.Word("period", "period = \"month\"", CapPeriodOf, kCapPeriodWords);
  draft->person_yearly_cap = caps.Amount("person_year", "person_year = \"300.00\"");
  caps.RefuseUnknown();
}

// A missing or doubled piece of the draft, for options as for files.
absl::Status CheckComplete(const ProgrammeDraft& draft) {
  const std::pair<bool, const char*> pieces[] = {
      {!draft.activities.empty(), N_("The programme needs at least one activity.")},
      {!draft.validators.empty(), N_("The programme needs at least one validator.")},
      {!draft.total_cap.empty(), N_("The programme needs a total cap.")},
      {!draft.person_cap.empty() && draft.period != v1::CAP_PERIOD_UNSPECIFIED,
       N_("The programme needs a cap per person and its period.")},
      {!draft.person_yearly_cap.empty(), N_("The programme needs a yearly cap per person.")},
      {draft.ground != v1::LEGAL_GROUND_UNSPECIFIED, N_("The programme needs a legal ground.")},
      {draft.until_day.has_value(), N_("The programme needs a last day.")},
  };
  for (const auto& [present, missing] : pieces) {
    if (!present) {
      return Fail(ExitCode::kUsage, gettext(missing),
                  _("See kengred programme open --help, or write a file: kengred programme "
                    "example > terms.toml"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Profile> BuildProfile(const ProgrammeDraft& draft) {
  v1::Profile profile;
  profile.set_display_name(draft.name);
  profile.set_alias(draft.alias.starts_with('@') ? draft.alias.substr(1) : draft.alias);
  profile.set_description(draft.description);
  profile.set_location(draft.location);
  profile.set_website(draft.website);
  if (draft.name.empty() &&
      !(draft.alias + draft.description + draft.location + draft.website).empty()) {
    return Fail(ExitCode::kUsage, _("A programme that is described needs a name."),
                _("Give it one: it stands in the public directory."));
  }
  if (!draft.name.empty() && !IsWellFormedProfile(profile)) {
    return Fail(ExitCode::kUsage, _("A profile's name, alias or texts are out of bounds."),
                _("Give a name of 1 to 128 bytes, an alias of 2 to 32 characters a-z 0-9 -, and a "
                  "website that starts with https://."));
  }
  return profile;
}

}  // namespace

std::optional<v1::CapPeriod> CapPeriodOf(std::string_view word) {
  for (const PeriodWord& each : kPeriods) {
    if (each.word == word) return each.period;
  }
  return std::nullopt;
}

std::optional<v1::LegalGround> LegalGroundOf(std::string_view word) {
  for (const GroundWord& each : kGrounds) {
    if (each.word == word) return each.ground;
  }
  return std::nullopt;
}

absl::StatusOr<ProgrammeDraft> ParseProgrammeDraft(const std::string& text,
                                                   const std::string& file) {
  Mistakes mistakes(file);
  toml::table parsed;
  // Debian's toml++ reports by exception.
  try {
    parsed = toml::parse(std::string_view(text), std::string_view(file));
  } catch (const toml::parse_error& error) {
    mistakes.Add(LineOf(error.source()),
                 Tr("This is not TOML: {}", std::string(error.description())));
    return mistakes.ToStatus();
  }
  ProgrammeDraft draft;
  Reader root(parsed, &mistakes);
  draft.name = root.Text("name", nullptr);
  draft.alias = root.Text("alias", nullptr);
  draft.description = root.Text("description", nullptr);
  draft.location = root.Text("location", nullptr);
  draft.website = root.Text("website", nullptr);
  draft.currency = root.Text("currency", nullptr);
  draft.ground =
      root.Word("legal_ground", "legal_ground = \"prize\"", LegalGroundOf, kLegalGroundWords);
  draft.from_day = root.Day("from", nullptr);
  draft.until_day = root.Day("until", "until = 2027-12-31");
  ReadValidators(root, &draft);
  // Known also where the validators could not be read.
  root.Find("validators_required", nullptr);
  ReadCaps(root, &mistakes, &draft);
  ReadActivities(root, &mistakes, &draft);
  root.RefuseUnknown();
  if (const absl::Status status = mistakes.ToStatus(); !status.ok()) return status;
  return draft;
}

absl::StatusOr<v1::ProgrammeTerms> BuildTerms(Session& session, const ProgrammeDraft& draft,
                                              v1::Profile* profile) {
  WALLET_RETURN_IF_ERROR(CheckComplete(draft));
  WALLET_ASSIGN_OR_RETURN(*profile, BuildProfile(draft));
  const Currencies& currencies = session.currencies();
  v1::ProgrammeTerms terms;
  WALLET_ASSIGN_OR_RETURN(const AccountId association, session.account());
  terms.set_association_account_id(association.ToBytes());
  // The first amount decides where nothing else does: "5000 HOUR".
  WALLET_ASSIGN_OR_RETURN(const Money total, currencies.Parse(draft.total_cap, draft.currency));
  terms.set_currency(total.currency);
  terms.set_total_cap_minor(total.minor);
  WALLET_ASSIGN_OR_RETURN(const Money person, currencies.Parse(draft.person_cap, total.currency));
  terms.set_person_period_cap_minor(person.minor);
  WALLET_ASSIGN_OR_RETURN(const Money year,
                          currencies.Parse(draft.person_yearly_cap, total.currency));
  terms.set_person_yearly_cap_minor(year.minor);
  terms.set_period(draft.period);
  terms.set_legal_ground(draft.ground);
  for (const ProgrammeDraft::Activity& each : draft.activities) {
    WALLET_ASSIGN_OR_RETURN(const Money rate, currencies.Parse(each.rate, total.currency));
    v1::Activity* activity = terms.add_activities();
    activity->set_code(each.code);
    activity->set_unit(each.unit);
    activity->set_rate_minor(rate.minor);
    activity->set_quantity_max(each.quantity_max);
  }
  for (const std::string& each : draft.validators) {
    WALLET_ASSIGN_OR_RETURN(const AccountId validator, session.Resolve(each));
    terms.add_validator_account_ids(validator.ToBytes());
  }
  terms.set_validators_required(draft.validators_required == 0
                                    ? static_cast<uint32_t>(draft.validators.size())
                                    : draft.validators_required);
  terms.set_from_day(draft.from_day.value_or(DayHere(session.io().now_seconds())));
  terms.set_until_day(*draft.until_day);
  return terms;
}

std::string ProgrammeExample() {
  // Translators: translate the comments only. Keys and values stay as they are: the file must still
  // be read by kengred.
  return _(
      R"(# The terms of a programme. They are fixed for its life: once it is open nobody can change them.
#
# Copy this file, put your own values, and ask the ledger whether it would take it:
#
#     kengred programme open --file terms.toml --dry-run

# ---- What people read in the public directory ----
#
# Leave all of it out for a programme without a name.
name = "Repair café of Kerinou"
# What people type after @: 2 to 32 characters a-z 0-9 and -.
alias = "repair-cafe"
description = "Everybody who helps to mend something is thanked."
location = "12 rue Saint-Marc, Brest"
# website = "https://repair.example"

# ---- What is paid, and why ----

# In which currency. Leave it out for the ledger's first backed one.
currency = "HEOL"

# On what ground people may be paid:
#   expense            repayment of expenses
#   prize              a prize or a token of thanks
#   business-service   a service bought from a business
#   public-aid         public aid
#   not-convertible    nothing convertible is paid (hours, CO2; never HEOL)
legal_ground = "prize"

# First and last day of rewards. Without "from": from today on.
from = 2027-01-01
until = 2027-12-31

# ---- Who confirms ----
#
# Addresses, contacts or @aliases of accounts that hold the role of validator. They are never paid by
# the programme, and the association is not one of them.
validators = ["yann", "@mjc-kerinou"]
# How many of them must sign each reward, beside the association.
validators_required = 1

# ---- How much ----

[caps]
# In all.
total = "5000.00"
# To one person in one period: day, month, year or programme (its whole life).
person = "100.00"
period = "month"
# To one natural person in one calendar year.
person_year = "300.00"

# ---- For what: 1 to 32 activities ----
#
# code           1 to 32 characters a-z 0-9 and -
# unit           what a quantity counts, 1 to 16 letters a-z
# rate           what one unit is worth
# quantity_max   the most that one award may count

[[activity]]
code = "repair"
unit = "session"
rate = "15.00"
quantity_max = 4

[[activity]]
code = "welcome"
unit = "hour"
rate = "5.00"
quantity_max = 8
)");
}

}  // namespace kengred::wallet
