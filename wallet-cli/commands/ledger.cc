// The communities a profile knows: ledger; and who can be paid there: directory.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "kengred/core/limits.h"
#include "kengred/core/signed_note.h"
#include "wallet/commands/commands.h"
#include "wallet/describe.h"
#include "wallet/files.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"
#include "wallet/witness.h"

namespace kengred::wallet {
namespace {

constexpr size_t kCertificateBytesMax = 1024 * 1024;

// ---- targets ----

// "host:port" with the default port added; "unix:" paths and IPv6 in brackets as they are.
std::string WithPort(const std::string& target) {
  if (target.starts_with("unix:")) return target;
  const size_t bracket = target.rfind(']');
  const size_t colon = target.rfind(':');
  const bool has_port =
      colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  return has_port ? target : fmt::format("{}:{}", target, kPortDefault);
}

// Whether a target never leaves this machine.
bool IsLoopback(const std::string& target) {
  if (target.starts_with("unix:")) return true;
  const std::string host = target.substr(0, target.rfind(':'));
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

// A name to type, from the community's: "Heol du Pays de Brest" is "heol".
std::string NameFor(const v1::Charter& charter) { return charter.address_prefix(); }

// ---- ledger add ----

struct LedgerAddOptions {
  std::string target;
  std::string name;
  std::string ledger_id;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  bool plaintext = false;
};

void BindLedgerAdd(CLI::App& command, LedgerAddOptions& options) {
  command.add_option("ADDRESS", options.target, _("host or host:port (default port: 4365)"))
      ->required();
  command
      .add_option("--name", options.name,
                  _("what you call it (default: the prefix of its addresses)"))
      ->type_name(_("NAME"));
  command
      .add_option("--ledger-id", options.ledger_id,
                  _("refuse any other ledger than this: 64 hexadecimal digits"))
      ->type_name("ID");
  const std::string group = _("Encryption");
  command
      .add_option("--ca", options.ca_file,
                  _("trust the certificates in this file instead of the system's"))
      ->type_name(_("FILE"))
      ->group(group);
  auto* certificate = command
                          .add_option("--certificate", options.certificate_file,
                                      _("show this certificate to the server"))
                          ->type_name(_("FILE"))
                          ->group(group);
  auto* key = command.add_option("--key", options.key_file, _("the key of --certificate"))
                  ->type_name(_("FILE"))
                  ->group(group);
  certificate->needs(key);
  key->needs(certificate);
  command
      .add_flag("--plaintext", options.plaintext,
                _("without encryption also beyond this machine: only inside a tunnel"))
      ->group(group);
}

absl::Status RunLedgerAdd(const LedgerAddOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(Profile profile, Profile::Load(io));
  LedgerEntry entry;
  entry.target = WithPort(options.target);
  entry.tls = !options.plaintext && (!IsLoopback(entry.target) || !options.ca_file.empty());
  // Read again by later commands, wherever they are run.
  if (!options.certificate_file.empty()) {
    entry.client_certificate_file = std::filesystem::absolute(options.certificate_file).string();
    entry.client_key_file = std::filesystem::absolute(options.key_file).string();
  }
  if (!options.ledger_id.empty()) {
    if (!LedgerId::FromHex(options.ledger_id)) {
      return Fail(ExitCode::kUsage, Tr("“{}” is not a ledger id.", options.ledger_id),
                  _("It has 64 hexadecimal digits."));
    }
    entry.ledger_id = options.ledger_id;
  }
  if (!options.ca_file.empty()) {
    WALLET_ASSIGN_OR_RETURN(entry.root_certificates,
                            ReadWholeFile(options.ca_file, kCertificateBytesMax));
  }
  WALLET_ASSIGN_OR_RETURN(client::ClientOptions client_options, ClientOptionsOf(entry, io));
  client_options.log_memory = client::NewFileLogMemory(profile.log_folder());
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, io.connect(client_options));
  const v1::Charter& charter = ledger->charter();
  entry.ledger_id = ledger->ledger_id().ToHex();
  entry.community = charter.name();
  entry.name = options.name.empty() ? NameFor(charter) : options.name;
  if (!IsProfileName(entry.name)) {
    return Fail(ExitCode::kUsage, Tr("“{}” cannot be a ledger's name.", entry.name),
                _("Use letters, digits, '.', '_' and '-', at most 64."));
  }
  if (LedgerEntry* existing = profile.config().FindLedger(entry.name)) {
    if (existing->ledger_id != entry.ledger_id) {
      return Fail(ExitCode::kUsage, Tr("The profile knows another ledger as “{}”.", entry.name),
                  _("Choose another name with --name, or remove that one: kengred ledger remove"));
    }
    // The same ledger at a new address: the account stays, and what is demanded of it.
    entry.account = existing->account;
    entry.witnesses_needed = existing->witnesses_needed;
    entry.witness_hours = existing->witness_hours;
    *existing = entry;
  } else {
    profile.config().ledgers.push_back(entry);
  }
  if (profile.config().default_ledger.empty()) profile.config().default_ledger = entry.name;
  WALLET_RETURN_IF_ERROR(profile.Save());
  Json json;
  json["ledger"] = entry.name;
  json["target"] = entry.target;
  json["tls"] = entry.tls;
  json["ledger_id"] = entry.ledger_id;
  json["community"] = entry.community;
  json["default"] = profile.config().default_ledger == entry.name;
  io.Result(json,
            Tr("Added “{}”: {}.", entry.name, Printable(entry.community)) + "\n" +
                FormatFacts({{_("address"), entry.target}, {_("ledger id"), entry.ledger_id}}));
  io.Say(_("Compare the ledger id with the one your association publishes."));
  io.Say(_("Next: kengred account open --kind person --name \"Your Name\""));
  return absl::OkStatus();
}

// ---- ledger list ----

struct LedgerListOptions {};
void BindLedgerList(CLI::App&, LedgerListOptions&) {}

absl::Status RunLedgerList(const LedgerListOptions&, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const Profile profile, Profile::Load(io));
  Json list = Json::array();
  Table table(
      {{"", {}}, {_("NAME"), {}}, {_("COMMUNITY"), {}}, {_("ADDRESS"), {}}, {_("ACCOUNT"), {}}});
  for (const LedgerEntry& entry : profile.config().ledgers) {
    const bool is_default = entry.name == profile.config().default_ledger;
    Json item;
    item["ledger"] = entry.name;
    item["community"] = entry.community;
    item["target"] = entry.target;
    item["tls"] = entry.tls;
    item["ledger_id"] = entry.ledger_id;
    item["account"] = entry.account.empty() ? Json(nullptr) : Json(entry.account);
    item["default"] = is_default;
    list.push_back(std::move(item));
    table.Add({is_default ? "*" : "", entry.name, entry.community, entry.target, entry.account});
  }
  io.Result(Json{{"ledgers", list}}, table.empty() ? "" : table.Format(io.color_out));
  if (table.empty()) io.Say(_("None yet. Add one with: kengred ledger add ADDRESS"));
  return absl::OkStatus();
}

// ---- ledger info ----

struct LedgerInfoOptions {};
void BindLedgerInfo(CLI::App&, LedgerInfoOptions&) {}

std::string CurrencyKindText(const v1::Currency& currency) {
  switch (currency.kind()) {
    case v1::CURRENCY_KIND_BACKED:
      return Tr("backed by {}", currency.backing_currency());
    case v1::CURRENCY_KIND_EARNED:
      return _("earned");
    case v1::CURRENCY_KIND_FIAT:
      return _("official money");
    default:
      return "?";
  }
}

std::string CurrencyKindName(v1::CurrencyKind kind) {
  switch (kind) {
    case v1::CURRENCY_KIND_BACKED:
      return "backed";
    case v1::CURRENCY_KIND_EARNED:
      return "earned";
    case v1::CURRENCY_KIND_FIAT:
      return "fiat";
    default:
      return "unknown";
  }
}

absl::Status RunLedgerInfo(const LedgerInfoOptions&, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const v1::GetLedgerResponse ledger, session->ledger().GetLedger());
  const v1::Charter& charter = session->charter();
  const Currencies& currencies = session->currencies();
  Json json;
  json["ledger"] = session->entry().name;
  json["community"] = charter.name();
  json["ledger_id"] = session->ledger().ledger_id().ToHex();
  json["target"] = session->entry().target;
  json["address_prefix"] = charter.address_prefix();
  json["time_zone"] = charter.time_zone();
  json["head_sequence"] = ledger.head_sequence();
  json["head_time"] = FormatTimeUtc(ledger.head_time().seconds());
  json["server_version"] = ledger.server_version();
  WALLET_ASSIGN_OR_RETURN(const client::LogState log, session->ledger().CheckLog());
  json["checkpoint"] = Json{{"size", log.checkpoint.size}, {"root", log.checkpoint.root.ToHex()}};
  json["verifier_keys"] = Json::array();
  for (const TrustedLogKey& key : log.keys) json["verifier_keys"].push_back(key.key.Format());
  json["witnesses_needed"] = session->entry().witnesses_needed;
  json["witnesses"] = WitnessesJson(log.witnesses);
  json["currencies"] = Json::array();
  std::vector<Fact> facts = {
      {_("community"), Printable(charter.name())},
      {_("ledger id"), session->ledger().ledger_id().ToHex()},
      {_("address"), session->entry().target},
      {_("entries"), std::to_string(ledger.head_sequence())},
      {_("last entry"), FormatTime(ledger.head_time().seconds())},
      {_("server version"), Printable(ledger.server_version())},
      {_("root"), log.checkpoint.root.ToHex()},
      // The older ones are in the JSON: receipts are verified with any of them.
      {_("verifier key"), log.keys.back().key.Format()},
      {_("witnesses"), WitnessesText(log.witnesses, session->entry().witnesses_needed)},
  };
  std::string text = FormatFacts(facts);
  if (!log.witnesses.empty()) text += "\n" + WitnessesTable(log.witnesses, io.color_out);
  for (const v1::Currency& currency : charter.currencies()) {
    Json item;
    item["code"] = currency.code();
    item["name"] = currency.name();
    item["kind"] = CurrencyKindName(currency.kind());
    item["decimals"] = currency.decimals();
    std::vector<Fact> state;
    for (const v1::CurrencyStatus& status : ledger.currencies()) {
      if (status.currency() != currency.code()) continue;
      item["circulation"] = currencies.ToJson(currency.code(), status.circulation_minor());
      state.push_back(
          {_("in circulation"), currencies.Format(currency.code(), status.circulation_minor())});
      if (currency.kind() != v1::CURRENCY_KIND_BACKED) continue;
      const std::string& euro = currency.backing_currency();
      item["fund"] = currencies.ToJson(euro, status.fund_minor());
      item["paper_fund"] = currencies.ToJson(euro, status.paper_fund_minor());
      item["locked"] = currencies.ToJson(currency.code(), status.locked_minor());
      item["commission"] = currencies.ToJson(currency.code(), status.commission_minor());
      state.push_back({_("guarantee fund"), currencies.Format(euro, status.fund_minor())});
      state.push_back(
          {_("paper guarantee fund"), currencies.Format(euro, status.paper_fund_minor())});
      state.push_back({_("locked for reconversion"),
                       currencies.Format(currency.code(), status.locked_minor())});
      state.push_back({_("commission collected"),
                       currencies.Format(currency.code(), status.commission_minor())});
    }
    json["currencies"].push_back(std::move(item));
    text += "\n" +
            Bold(fmt::format("{} - {}, {}", currency.code(), Printable(currency.name()),
                             CurrencyKindText(currency)),
                 io.color_out) +
            "\n" + FormatFacts(state);
  }
  io.Result(json, text);
  return absl::OkStatus();
}

// ---- ledger rotate-log-key ----

struct RotateLogKeyOptions {
  std::string key;
  ActOptions act;
};

void BindRotateLogKey(CLI::App& command, RotateLogKeyOptions& options) {
  command
      .add_option("KEY", options.key,
                  _("the new verifier key, as kengred-server log-key new "
                    "shows it"))
      ->required();
  AddActOptions(command, options.act);
}

absl::Status RunRotateLogKey(const RotateLogKeyOptions& options, Io& io) {
  const auto key = VerifierKey::Parse(options.key);
  if (!key.ok() || key->type() != KeyType::kEd25519) {
    return Fail(ExitCode::kUsage, Tr("“{}” is no verifier key.", options.key),
                _("Copy it whole, as kengred-server log-key new has shown it."));
  }
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  if (key->name() != session->charter().origin()) {
    return Fail(ExitCode::kUsage,
                Tr("The key is of the log “{}”, not of “{}”.", Printable(key->name()),
                   Printable(session->charter().origin())),
                _("Make one for this ledger with: kengred-server log-key new"));
  }
  Act act;
  act.Add()->mutable_rotate_log_key()->set_log_public_key(key->public_key().ToBytes());
  act.needs_others = NeedsGovernance(*session);
  act.done = _("The log has a new key.");
  act.json["verifier_key"] = key->Format();
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- ledger remove, ledger default ----

struct LedgerNameOptions {
  std::string name;
};

void BindLedgerName(CLI::App& command, LedgerNameOptions& options) {
  command.add_option("NAME", options.name, _("as kengred ledger list shows it"))->required();
}

absl::Status UnknownLedger(const Profile& profile, const std::string& name) {
  return Fail(ExitCode::kNotFound,
              Tr("The profile “{}” knows no ledger “{}”.", profile.name(), name),
              _("See which there are with: kengred ledger list"));
}

absl::Status RunLedgerRemove(const LedgerNameOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(Profile profile, Profile::Load(io));
  ProfileConfig& config = profile.config();
  if (config.FindLedger(options.name) == nullptr) return UnknownLedger(profile, options.name);
  config.ledgers.erase(
      std::remove_if(config.ledgers.begin(), config.ledgers.end(),
                     [&options](const LedgerEntry& entry) { return entry.name == options.name; }),
      config.ledgers.end());
  if (config.default_ledger == options.name) {
    config.default_ledger = config.ledgers.empty() ? "" : config.ledgers.front().name;
  }
  WALLET_RETURN_IF_ERROR(profile.Save());
  Json json;
  json["removed"] = options.name;
  json["default"] = config.default_ledger.empty() ? Json(nullptr) : Json(config.default_ledger);
  io.Result(json,
            Tr("The profile has forgotten “{}”. Your account there stays.", options.name) + "\n");
  return absl::OkStatus();
}

absl::Status RunLedgerDefault(const LedgerNameOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(Profile profile, Profile::Load(io));
  if (profile.config().FindLedger(options.name) == nullptr) {
    return UnknownLedger(profile, options.name);
  }
  profile.config().default_ledger = options.name;
  WALLET_RETURN_IF_ERROR(profile.Save());
  io.Result(Json{{"default", options.name}}, Tr("“{}” is used from now on.", options.name) + "\n");
  return absl::OkStatus();
}

// ---- directory list ----

struct DirectoryListOptions {
  std::string kind;
  bool payable = false;
};

void BindDirectoryList(CLI::App& command, DirectoryListOptions& options) {
  command.add_option("KIND", options.kind,
                     _("shops, associations or programmes (default: all of them)"));
  command.add_flag("--payable", options.payable, _("only those that may be paid today"));
}

absl::StatusOr<v1::HolderKind> DirectoryKind(const std::string& word) {
  if (word.empty()) return v1::HOLDER_KIND_UNSPECIFIED;
  if (word == "shops" || word == "professionals" || word == _("shops")) {
    return v1::HOLDER_KIND_PROFESSIONAL;
  }
  if (word == "associations") return v1::HOLDER_KIND_ASSOCIATION;
  if (word == "programmes") return v1::HOLDER_KIND_PROGRAMME;
  return Fail(ExitCode::kUsage, Tr("The directory has no “{}”.", word),
              _("Choose shops, associations or programmes."));
}

absl::Status RunDirectoryList(const DirectoryListOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const v1::HolderKind kind, DirectoryKind(options.kind));
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  Json list = Json::array();
  Table table({{_("NAME"), {}},
               {_("ALIAS"), {}},
               {_("KIND"), {}},
               {_("PAYABLE"), {}},
               {_("WHERE"), {}},
               {_("ADDRESS"), {}}});
  v1::ListDirectoryEntriesRequest request;
  request.set_kind(kind);
  request.set_payable_only(options.payable);
  request.set_page_size(kPageSizeMax);
  do {
    WALLET_ASSIGN_OR_RETURN(const v1::ListDirectoryEntriesResponse page,
                            session->ledger().ListDirectoryEntries(request));
    for (const v1::DirectoryEntry& entry : page.entries()) {
      const auto id = AccountId::FromBytes(entry.account_id());
      if (!id.has_value()) continue;
      const v1::Profile& profile = entry.profile();
      Json item;
      item["address"] = session->Address(*id);
      item["kind"] = HolderKindName(entry.kind());
      item["name"] = profile.display_name();
      item["alias"] = profile.alias().empty() ? Json(nullptr) : Json("@" + profile.alias());
      item["description"] = profile.description();
      item["location"] = profile.location();
      item["website"] = profile.website();
      item["payable"] = entry.payable();
      if (!entry.payable()) item["payable_verdict"] = VerdictName(entry.payable_verdict());
      list.push_back(std::move(item));
      table.Add({profile.display_name(), profile.alias().empty() ? "" : "@" + profile.alias(),
                 HolderKindText(entry.kind()), entry.payable() ? _("yes") : _("no"),
                 profile.location(), session->Address(*id)});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  io.Result(Json{{"entries", list}}, table.empty() ? "" : table.Format(io.color_out));
  if (table.empty()) io.Say(_("Nobody is in the directory yet."));
  return absl::OkStatus();
}

}  // namespace

void RegisterLedgerCommands(Cli& cli) {
  cli.Section(_("Starting"));
  CLI::App* ledger = cli.Group(
      {"ledger",
       _("the communities you belong to"),
       _("A ledger is one community's books, kept by its server. The wallet remembers the ledger's "
         "id and refuses a server that shows other books."),
       {"kengred ledger add heol.example", "kengred ledger info"}});
  cli.Command<LedgerAddOptions>(
      ledger,
      {"add",
       _("remember a community's server"),
       _("Beyond this machine the connection is encrypted and the server must show a certificate."),
       {"kengred ledger add heol.example", "kengred ledger add 127.0.0.1:4365 --name test",
        "kengred ledger add heol.example --ca heol-ca.pem"}},
      BindLedgerAdd, RunLedgerAdd);
  cli.Command<LedgerListOptions>(ledger,
                                 {"list", _("list those you added"), "", {"kengred ledger list"}},
                                 BindLedgerList, RunLedgerList);
  cli.Command<LedgerInfoOptions>(
      ledger,
      {"info",
       _("show a community's currencies and what backs them"),
       "",
       {"kengred ledger info", "kengred --ledger heol ledger info --json"}},
      BindLedgerInfo, RunLedgerInfo);
  cli.Command<LedgerNameOptions>(
      ledger,
      {"default", _("choose which is used without --ledger"), "", {"kengred ledger default heol"}},
      BindLedgerName, RunLedgerDefault);
  cli.Command<RotateLogKeyOptions>(
      ledger,
      {"rotate-log-key",
       _("put a new key in force that signs the ledger's roots"),
       _("Governance signs it. The server must hold the new key before; receipts of before stay "
         "valid."),
       {"kengred ledger rotate-log-key heol.example/registre+2ff2f20a+ATZ... --save key.json"}},
      BindRotateLogKey, RunRotateLogKey);
  RegisterWitnessCommands(cli, ledger);
  cli.Command<LedgerNameOptions>(
      ledger,
      {"remove", _("forget one; your account there stays"), "", {"kengred ledger remove heol"}},
      BindLedgerName, RunLedgerRemove);

  cli.Section(_("Every day"));
  CLI::App* directory = cli.Group({"directory",
                                   _("the shops and associations you can pay"),
                                   "",
                                   {"kengred directory list shops"}});
  cli.Command<DirectoryListOptions>(
      directory,
      {"list",
       _("list them"),
       _("Persons are never in the directory."),
       {"kengred directory list", "kengred directory list shops --payable"}},
      BindDirectoryList, RunDirectoryList);
}

}  // namespace kengred::wallet
