// Funded pots that reward services: programme open, example, fund, show, list, close.
#include <cerrno>
#include <optional>

#include "kengred/core/civil_day.h"
#include "kengred/core/limits.h"
#include "kengred/core/side_record.h"
#include "wallet/commands/commands.h"
#include "wallet/dates.h"
#include "wallet/derived_ids.h"
#include "wallet/describe.h"
#include "wallet/files.h"
#include "wallet/passphrase.h"
#include "wallet/programme_terms.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

constexpr size_t kTermsBytesMax = 256 * 1024;

// ---- programme open ----

struct ProgrammeOpenOptions {
  std::string file;
  // The simple case, one activity.
  ProgrammeDraft draft;
  ProgrammeDraft::Activity activity;
  std::string ground;
  std::string period;
  std::string from;
  std::string until;
  ActOptions act;
};

void BindProgrammeOpen(CLI::App& command, ProgrammeOpenOptions& options) {
  auto* file = command
                   .add_option("--file", options.file,
                               _("read the terms from this file; see kengred programme example"))
                   ->type_name(_("FILE"));
  const std::string terms = _("Terms, where no file is given");
  std::vector<CLI::Option*> pieces;
  const auto add = [&](const char* name, auto& value, const char* text, const std::string& type) {
    CLI::Option* option = command.add_option(name, value, text);
    option->type_name(type)->group(terms);
    pieces.push_back(option);
    return option;
  };
  add("--name", options.draft.name, _("its name in the public directory"), _("TEXT"));
  add("--alias", options.draft.alias, _("what people type after @"), _("ALIAS"));
  add("--description", options.draft.description, _("what it is about"), _("TEXT"));
  add("--currency", options.draft.currency,
      _("the currency it pays (default: the ledger's first backed one)"), _("CODE"));
  add("--activity", options.activity.code, _("the code of its activity: repair"), _("CODE"));
  add("--unit", options.activity.unit, _("what a quantity counts: session, hour, minute"),
      _("WORD"));
  add("--rate", options.activity.rate, _("what one unit is worth"), _("AMOUNT"));
  add("--quantity-max", options.activity.quantity_max, _("the most that one award may count"), "N");
  add("--validator", options.draft.validators,
      _("who confirms services (repeatable): an address, a contact or an @alias"), _("WHO"))
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add("--required", options.draft.validators_required,
      _("how many validators must sign each reward (default: all)"), "N");
  add("--total-cap", options.draft.total_cap, _("the most it pays in all"), _("AMOUNT"));
  add("--person-cap", options.draft.person_cap, _("the most one person is paid in a period"),
      _("AMOUNT"));
  add("--period", options.period, _("the period of --person-cap"), kCapPeriodWords);
  add("--yearly-cap", options.draft.person_yearly_cap, _("the most one person is paid in a year"),
      _("AMOUNT"));
  add("--ground", options.ground, _("why people may be paid"), kLegalGroundWords);
  add("--from", options.from, _("first day of rewards (default: today)"), _("DATE"));
  add("--until", options.until, _("last day of rewards"), _("DATE"));
  for (CLI::Option* piece : pieces) file->excludes(piece);
  AddActOptions(command, options.act);
}

// The draft that the options make up.
absl::StatusOr<ProgrammeDraft> DraftOfOptions(const ProgrammeOpenOptions& options) {
  ProgrammeDraft draft = options.draft;
  if (!options.activity.code.empty()) draft.activities.push_back(options.activity);
  if (!options.ground.empty()) {
    const auto ground = LegalGroundOf(options.ground);
    if (!ground.has_value()) {
      return Fail(ExitCode::kUsage, Tr("There is no legal ground “{}”.", options.ground),
                  Tr("Choose one of: {}", kLegalGroundWords));
    }
    draft.ground = *ground;
  }
  if (!options.period.empty()) {
    const auto period = CapPeriodOf(options.period);
    if (!period.has_value()) {
      return Fail(ExitCode::kUsage, Tr("There is no period “{}”.", options.period),
                  Tr("Choose one of: {}", kCapPeriodWords));
    }
    draft.period = *period;
  }
  if (!options.from.empty()) {
    WALLET_ASSIGN_OR_RETURN(draft.from_day, ParseDate(options.from));
  }
  if (!options.until.empty()) {
    WALLET_ASSIGN_OR_RETURN(draft.until_day, ParseDate(options.until));
  }
  return draft;
}

absl::Status RunProgrammeOpen(const ProgrammeOpenOptions& options, Io& io) {
  ProgrammeDraft draft;
  if (options.file.empty()) {
    WALLET_ASSIGN_OR_RETURN(draft, DraftOfOptions(options));
  } else {
    WALLET_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(options.file, kTermsBytesMax));
    WALLET_ASSIGN_OR_RETURN(draft, ParseProgrammeDraft(text, options.file));
  }
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  v1::Profile profile;
  WALLET_ASSIGN_OR_RETURN(v1::ProgrammeTerms terms, BuildTerms(*session, draft, &profile));
  Act act;
  if (!profile.display_name().empty()) {
    *terms.mutable_profile() = act.Commit(profile.SerializeAsString());
  }
  *act.Add()->mutable_open_programme()->mutable_terms() = std::move(terms);
  const std::string name = profile.display_name().empty()
                               ? std::string(_("The programme"))
                               : "“" + Printable(profile.display_name()) + "”";
  act.done = Tr("{} is open.", name);
  act.outcome = [&session](const TransactionId& transaction, Json* json) {
    const std::string address = session->Address(OpenedProgrammeId(transaction));
    (*json)["programme"] = address;
    return Tr("Its address is {}.", address) + "\n";
  };
  WALLET_ASSIGN_OR_RETURN(const ActResult result, Perform(*session, options.act, std::move(act)));
  if (result.response.has_value() && !options.act.dry_run) {
    io.Say(Tr("Next: kengred programme fund {} AMOUNT",
              profile.alias().empty() ? session->Address(OpenedProgrammeId(result.transaction_id))
                                      : "@" + profile.alias()));
  }
  return absl::OkStatus();
}

// ---- programme example ----

struct ProgrammeExampleOptions {};
void BindProgrammeExample(CLI::App&, ProgrammeExampleOptions&) {}

absl::Status RunProgrammeExample(const ProgrammeExampleOptions&, Io& io) {
  const std::string example = ProgrammeExample();
  io.Result(Json{{"terms_toml", example}}, example);
  return absl::OkStatus();
}

// ---- programme fund ----

struct ProgrammeFundOptions {
  std::string programme;
  std::vector<std::string> amount;
  std::string memo;
  ActOptions act;
};

void BindProgrammeFund(CLI::App& command, ProgrammeFundOptions& options) {
  command
      .add_option("PROGRAMME", options.programme,
                  _("the programme: an address, a contact or an @alias"))
      ->required();
  command.add_option("AMOUNT", options.amount, _("how much: 500 or 500,00"))
      ->required()
      ->expected(1, 2);
  command
      .add_option("--for", options.memo, _("a memo; kept beside the journal, and can be erased"))
      ->type_name(_("TEXT"));
  AddActOptions(command, options.act);
}

// The programme that a word names; it must be one.
absl::StatusOr<v1::ProgrammeStatus> FindProgramme(Session& session, const std::string& who,
                                                  const client::Reader* reader) {
  WALLET_ASSIGN_OR_RETURN(const AccountId id, session.Resolve(who));
  WALLET_ASSIGN_OR_RETURN(const v1::GetProgrammeResponse found,
                          session.ledger().GetProgramme(id, reader));
  return found.status();
}

absl::StatusOr<AccountId> IdOf(const v1::ProgrammeStatus& status) {
  const auto id = AccountId::FromBytes(status.programme().account_id());
  if (!id.has_value()) {
    return Fail(ExitCode::kInternal, _("The server's answer has no account."),
                _("Please report this, with the command and this message."));
  }
  return *id;
}

absl::Status RunProgrammeFund(const ProgrammeFundOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const v1::ProgrammeStatus status,
                          FindProgramme(*session, options.programme, nullptr));
  WALLET_ASSIGN_OR_RETURN(const AccountId programme, IdOf(status));
  const Currencies& currencies = session->currencies();
  WALLET_ASSIGN_OR_RETURN(const Money amount,
                          currencies.Parse(options.amount, status.programme().terms().currency()));
  WALLET_ASSIGN_OR_RETURN(const AccountId payer, session->account());
  Act act;
  v1::Transfer* transfer = act.Add()->mutable_transfer();
  transfer->set_payer_account_id(payer.ToBytes());
  transfer->set_payee_account_id(programme.ToBytes());
  transfer->set_currency(amount.currency);
  transfer->set_amount_minor(amount.minor);
  if (!options.memo.empty()) *transfer->mutable_memo() = act.Commit(options.memo);
  WALLET_ASSIGN_OR_RETURN(const int64_t balance, session->Balance(amount.currency));
  if (balance >= amount.minor) {
    act.more.push_back(
        {_("left after"), currencies.Format(amount.currency, balance - amount.minor)});
  } else {
    act.more.push_back({_("you have"), currencies.Format(amount.currency, balance)});
  }
  act.done = Tr("Paid {} into {}.", currencies.Format(amount), session->ShortName(programme));
  act.json["programme"] = session->Address(programme);
  act.json["amount"] = currencies.ToJson(amount);
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- programme show, list ----

Json StatusToJson(Session& session, const v1::ProgrammeStatus& status) {
  const v1::Programme& programme = status.programme();
  const std::string& currency = programme.terms().currency();
  const Currencies& currencies = session.currencies();
  const auto id = AccountId::FromBytes(programme.account_id());
  Json json;
  json["programme"] = id.has_value() ? session.Address(*id) : std::string();
  json["name"] = status.profile().display_name().empty() ? Json(nullptr)
                                                         : Json(status.profile().display_name());
  json["alias"] =
      status.profile().alias().empty() ? Json(nullptr) : Json("@" + status.profile().alias());
  json["balance"] = currencies.ToJson(currency, status.balance_minor());
  json["available"] = currencies.ToJson(currency, status.available_minor());
  json["paid"] = currencies.ToJson(currency, programme.paid_minor());
  json["closed"] =
      programme.closed_day() == 0 ? Json(nullptr) : Json(FormatDay(programme.closed_day()));
  v1::Operation operation;
  *operation.mutable_open_programme()->mutable_terms() = programme.terms();
  json["terms"] = OperationToJson(session, operation, {})["terms"];
  json["terms"].erase("profile");
  return json;
}

struct ProgrammeShowOptions {
  std::string programme;
  bool funders = false;
};

void BindProgrammeShow(CLI::App& command, ProgrammeShowOptions& options) {
  command
      .add_option("PROGRAMME", options.programme,
                  _("the programme: an address, a contact or an @alias"))
      ->required();
  command.add_flag("--funders", options.funders,
                   _("also who funded it, for its association and auditors; asks for your "
                     "passphrase"));
}

absl::Status RunProgrammeShow(const ProgrammeShowOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  const client::Reader* reader = nullptr;
  if (options.funders) {
    WALLET_ASSIGN_OR_RETURN(reader, session->reader());
  }
  WALLET_ASSIGN_OR_RETURN(const v1::ProgrammeStatus status,
                          FindProgramme(*session, options.programme, reader));
  WALLET_ASSIGN_OR_RETURN(const AccountId id, IdOf(status));
  const v1::Programme& programme = status.programme();
  const std::string& currency = programme.terms().currency();
  const Currencies& currencies = session->currencies();
  Json json = StatusToJson(*session, status);

  std::vector<Fact> facts = {{_("programme"), session->FullName(id)}};
  if (!status.profile().description().empty()) {
    facts.push_back({_("description"), Printable(status.profile().description())});
  }
  if (!status.profile().location().empty()) {
    facts.push_back({_("location"), Printable(status.profile().location())});
  }
  v1::Operation operation;
  *operation.mutable_open_programme()->mutable_terms() = programme.terms();
  operation.mutable_open_programme()->mutable_terms()->clear_profile();
  for (Fact& fact : Describe(*session, operation, {}).facts) facts.push_back(std::move(fact));
  facts.push_back({_("in its pot"), currencies.Format(currency, status.balance_minor())});
  facts.push_back({_("paid so far"), currencies.Format(currency, programme.paid_minor())});
  facts.push_back({_("can still be paid"), currencies.Format(currency, status.available_minor())});
  if (programme.closed_day() != 0) {
    facts.push_back({_("closed on"), FormatDay(programme.closed_day())});
  }
  if (options.funders) {
    json["funders"] = Json::array();
    for (const v1::ProgrammeFunder& funder : programme.funders()) {
      const auto funder_id = AccountId::FromBytes(funder.account_id());
      if (!funder_id.has_value()) continue;
      Json item;
      item["account"] = session->Address(*funder_id);
      item["amount"] = currencies.ToJson(currency, funder.amount_minor());
      json["funders"].push_back(std::move(item));
      facts.push_back({_("funded by"), Tr("{}: {}", session->FullName(*funder_id),
                                          currencies.Format(currency, funder.amount_minor()))});
    }
    if (programme.funders().empty()) {
      io.Say(
          _("No funder is shown: either there is none yet, or they are shown only to the "
            "association and auditors."));
    }
  }
  io.Result(json, FormatFacts(facts));
  return absl::OkStatus();
}

struct ProgrammeListOptions {
  bool active = false;
};

void BindProgrammeList(CLI::App& command, ProgrammeListOptions& options) {
  command.add_flag("--active", options.active, _("only those that pay rewards today"));
}

absl::Status RunProgrammeList(const ProgrammeListOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  const Currencies& currencies = session->currencies();
  Table table({{_("NAME"), {}},
               {_("ALIAS"), {}},
               {_("FROM"), {}},
               {_("UNTIL"), {}},
               {_("IN THE POT"), Table::Align::kRight},
               {_("PAID"), Table::Align::kRight},
               {_("CAP"), Table::Align::kRight},
               {_("CLOSED"), {}},
               {_("ADDRESS"), {}}});
  Json list = Json::array();
  v1::ListProgrammesRequest request;
  request.set_active_only(options.active);
  request.set_page_size(kPageSizeMax);
  do {
    WALLET_ASSIGN_OR_RETURN(const v1::ListProgrammesResponse page,
                            session->ledger().ListProgrammes(request));
    for (const v1::ProgrammeStatus& status : page.programmes()) {
      const v1::Programme& programme = status.programme();
      const v1::ProgrammeTerms& terms = programme.terms();
      const auto id = AccountId::FromBytes(programme.account_id());
      if (!id.has_value()) continue;
      list.push_back(StatusToJson(*session, status));
      table.Add({status.profile().display_name(),
                 status.profile().alias().empty() ? "" : "@" + status.profile().alias(),
                 FormatDay(terms.from_day()), FormatDay(terms.until_day()),
                 currencies.Format(terms.currency(), status.balance_minor()),
                 currencies.Format(terms.currency(), programme.paid_minor()),
                 currencies.Format(terms.currency(), terms.total_cap_minor()),
                 programme.closed_day() == 0 ? "" : FormatDay(programme.closed_day()),
                 session->Address(*id)});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  io.Result(Json{{"programmes", list}}, table.empty() ? "" : table.Format(io.color_out));
  if (table.empty()) io.Say(_("There is no programme yet."));
  return absl::OkStatus();
}

// ---- programme close ----

struct ProgrammeCloseOptions {
  std::string programme;
  std::string reason;
  ActOptions act;
};

void BindProgrammeClose(CLI::App& command, ProgrammeCloseOptions& options) {
  command
      .add_option("PROGRAMME", options.programme,
                  _("the programme: an address, a contact or an @alias"))
      ->required();
  command
      .add_option("--reason", options.reason, _("why; kept beside the journal, and can be erased"))
      ->type_name(_("TEXT"));
  AddActOptions(command, options.act);
}

absl::Status RunProgrammeClose(const ProgrammeCloseOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const v1::ProgrammeStatus status,
                          FindProgramme(*session, options.programme, nullptr));
  WALLET_ASSIGN_OR_RETURN(const AccountId programme, IdOf(status));
  const std::string left =
      session->currencies().Format(status.programme().terms().currency(), status.balance_minor());
  Act act;
  v1::CloseProgramme* close = act.Add()->mutable_close_programme();
  close->set_programme_account_id(programme.ToBytes());
  if (!options.reason.empty()) *close->mutable_reason() = act.Commit(options.reason);
  act.more.push_back({_("goes back to its funders"), left});
  act.done = Tr("{} is closed; {} went back to its funders.", session->ShortName(programme), left);
  act.json["programme"] = session->Address(programme);
  act.json["returned"] =
      session->currencies().ToJson(status.programme().terms().currency(), status.balance_minor());
  return Perform(*session, options.act, std::move(act)).status();
}

}  // namespace

void RegisterProgrammeCommands(Cli& cli) {
  cli.Section(_("Running an association"));
  CLI::App* programme = cli.Group(
      {"programme",
       _("funded pots that reward services"),
       _("An association opens a programme with fixed terms: activities and rates, validators, "
         "caps, dates, legal ground. Whoever pays into it funds it. Rewards are paid out of it, "
         "within its caps (kengred reward)."),
       {"kengred programme list", "kengred programme show @repair-cafe"}});
  cli.Command<ProgrammeOpenOptions>(
      programme,
      {"open",
       _("open one; its terms are fixed for its life"),
       _("The terms come from a file, or, where there is one activity only, from options."),
       {"kengred programme example > terms.toml",
        "kengred programme open --file terms.toml --dry-run",
        "kengred programme open --name \"Repair café\" --alias repair-cafe --activity repair "
        "--unit "
        "session --rate 15 --quantity-max 4 --validator yann --total-cap 5000 --person-cap 100 "
        "--period month --yearly-cap 300 --ground prize --until 2027-12-31"}},
      BindProgrammeOpen, RunProgrammeOpen);
  cli.Command<ProgrammeExampleOptions>(programme,
                                       {"example",
                                        _("print a commented file of terms"),
                                        "",
                                        {"kengred programme example > terms.toml"}},
                                       BindProgrammeExample, RunProgrammeExample);
  cli.Command<ProgrammeFundOptions>(programme,
                                    {"fund",
                                     _("pay into one"),
                                     _("When it closes, what is left goes back to its funders."),
                                     {"kengred programme fund @repair-cafe 500"}},
                                    BindProgrammeFund, RunProgrammeFund);
  cli.Command<ProgrammeShowOptions>(
      programme,
      {"show",
       _("show one's terms and budget"),
       "",
       {"kengred programme show @repair-cafe", "kengred programme show @repair-cafe --funders"}},
      BindProgrammeShow, RunProgrammeShow);
  cli.Command<ProgrammeListOptions>(
      programme, {"list", _("list them"), "", {"kengred programme list --active"}},
      BindProgrammeList, RunProgrammeList);
  cli.Command<ProgrammeCloseOptions>(
      programme,
      {"close",
       _("close one; what is left returns to its funders"),
       "",
       {"kengred programme close @repair-cafe --reason \"end of the project\""}},
      BindProgrammeClose, RunProgrammeClose);
}

}  // namespace kengred::wallet
