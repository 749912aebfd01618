// Accounts and the people one knows: account, contacts.
#include <fmt/format.h>

#include <algorithm>

#include "kengred/core/address.h"
#include "kengred/core/charter.h"
#include "kengred/core/civil_day.h"
#include "kengred/core/limits.h"
#include "kengred/core/side_record.h"
#include "wallet/act.h"
#include "wallet/commands/commands.h"
#include "wallet/describe.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"
#include "wallet/verdict_text.h"

namespace kengred::wallet {
namespace {

constexpr size_t kContactNameBytesMax = 64;

// ---- account open ----

struct AccountOpenOptions {
  std::string kind;
  std::string name;
  std::string alias;
  std::string description;
  std::string location;
  std::string website;
  std::vector<std::string> keys;
  uint32_t threshold = 1;
  ActOptions act;
};

void BindAccountOpen(CLI::App& command, AccountOpenOptions& options) {
  command.add_option("--kind", options.kind, _("person, professional (a shop) or association"))
      ->type_name(_("KIND"))
      ->required();
  const std::string group = _("Profile");
  command.add_option("--name", options.name, _("the name people read"))
      ->type_name(_("NAME"))
      ->group(group);
  command
      .add_option("--alias", options.alias,
                  _("what people type to pay you, without '@': a-z 0-9 -; not for persons"))
      ->type_name("ALIAS")
      ->group(group);
  command.add_option("--description", options.description, _("what you offer"))
      ->type_name(_("TEXT"))
      ->group(group);
  command.add_option("--location", options.location, _("where to find you"))
      ->type_name(_("TEXT"))
      ->group(group);
  command.add_option("--website", options.website, _("an https:// address"))
      ->type_name("URL")
      ->group(group);
  const std::string shared = _("Accounts of several people");
  command
      .add_option("--key", options.keys,
                  _("public key of another holder (kengred profile show); may be repeated"))
      ->type_name("KEY")
      ->group(shared);
  command
      .add_option("--threshold", options.threshold,
                  _("how many holders must sign each act (default: 1)"))
      ->type_name("N")
      ->check(CLI::Range(1, 16))
      ->group(shared);
  AddActOptions(command, options.act);
}

absl::StatusOr<v1::HolderKind> KindOfOption(const std::string& word) {
  if (word == "person" || word == "personne") return v1::HOLDER_KIND_PERSON;
  if (word == "professional" || word == "shop" || word == "professionnel" || word == "commerce") {
    return v1::HOLDER_KIND_PROFESSIONAL;
  }
  if (word == "association") return v1::HOLDER_KIND_ASSOCIATION;
  return Fail(ExitCode::kUsage, Tr("“{}” is no kind of account.", word),
              _("Choose person, professional or association."));
}

absl::StatusOr<v1::Authority> AuthorityOf(const AccountOpenOptions& options, const PublicKey& own) {
  v1::Authority authority;
  authority.add_public_keys(own.ToBytes());
  for (const std::string& text : options.keys) {
    const auto key = PublicKey::FromHex(text);
    if (!key.has_value() || !IsAcceptablePublicKey(*key)) {
      return Fail(ExitCode::kUsage, Tr("“{}” is not a public key.", text),
                  _("It has 64 hexadecimal digits; its holder sees it with: kengred profile show"));
    }
    if (*key != own) authority.add_public_keys(key->ToBytes());
  }
  authority.set_threshold(options.threshold);
  if (!IsWellFormedAuthority(authority)) {
    return Fail(ExitCode::kUsage,
                Tr("{} of {} keys cannot sign.", options.threshold, authority.public_keys_size()),
                _("Give each key once, and a threshold between 1 and the number of keys."));
  }
  return authority;
}

absl::Status RunAccountOpen(const AccountOpenOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const v1::HolderKind kind, KindOfOption(options.kind));
  if (kind != v1::HOLDER_KIND_PERSON && options.name.empty()) {
    return Fail(ExitCode::kUsage, _("A shop or an association needs a name."),
                _("Give --name NAME: people find it in the directory."));
  }
  if (kind == v1::HOLDER_KIND_PERSON && !options.alias.empty()) {
    return Fail(ExitCode::kUsage, _("Persons have no alias: nobody should find them by name."),
                _("Leave --alias out; give your address to who pays you."));
  }
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const PublicKey own, session->public_key());
  WALLET_ASSIGN_OR_RETURN(const v1::Authority authority, AuthorityOf(options, own));
  v1::Profile profile;
  profile.set_display_name(options.name);
  profile.set_alias(options.alias);
  profile.set_description(options.description);
  profile.set_location(options.location);
  profile.set_website(options.website);
  const bool has_profile = profile.ByteSizeLong() != 0;
  if (has_profile && !IsWellFormedProfile(profile)) {
    return FailRefused({v1::VERDICT_PROFILE_MALFORMED, {}});
  }

  const AccountId account = AccountIdOf(authority);
  const std::string address = session->Address(account);
  Act act;
  v1::OpenAccount* open = act.Add()->mutable_open_account();
  open->set_kind(kind);
  *open->mutable_authority() = authority;
  if (has_profile) *open->mutable_profile() = act.Commit(profile.SerializeAsString());
  act.more = {{_("address"), address}};
  act.json["account"] = address;
  act.json["kind"] = HolderKindName(kind);
  act.done = Tr("Your account is open: {}.", address);
  if (options.threshold > 1) {
    act.needs_others = Tr("{} holders must sign to open this account.", options.threshold);
  }
  WALLET_ASSIGN_OR_RETURN(const ActResult result, Perform(*session, options.act, std::move(act)));
  if (result.response.has_value() && result.response->sequence() != 0) {
    if (LedgerEntry* entry = session->profile().config().FindLedger(session->entry().name)) {
      entry->account = address;
      WALLET_RETURN_IF_ERROR(session->profile().Save());
    }
    io.Say(_("Give your address to the association, so that it can admit you as a member."));
  }
  return absl::OkStatus();
}

// ---- account show ----

struct AccountShowOptions {
  std::string who;
  bool full = false;
};

void BindAccountShow(CLI::App& command, AccountShowOptions& options) {
  command.add_option("WHO", options.who, _("address, @alias or contact (default: you)"));
  command.add_flag("--full", options.full,
                   _("the whole record of somebody else: for registrars, the committee, auditors"));
}

void ShowAccount(Session& session, const v1::GetAccountResponse& response, const AccountId& id,
                 Io& io) {
  const v1::Account& account = response.account();
  const v1::Profile& profile = response.profile();
  Json json;
  json["account"] = session.Address(id);
  json["kind"] = HolderKindName(account.kind());
  json["name"] = profile.display_name();
  json["alias"] = profile.alias().empty() ? Json(nullptr) : Json("@" + profile.alias());
  json["description"] = profile.description();
  json["location"] = profile.location();
  json["website"] = profile.website();
  json["payable"] = response.payable();
  if (!response.payable()) json["payable_verdict"] = VerdictName(response.payable_verdict());
  std::vector<Fact> facts = {{_("address"), session.Address(id)},
                             {_("kind"), HolderKindText(account.kind())}};
  const std::pair<const char*, std::string> texts[] = {
      {_("name"), profile.display_name()},
      {_("alias"), profile.alias().empty() ? "" : "@" + profile.alias()},
      {_("description"), profile.description()},
      {_("location"), profile.location()},
      {_("website"), profile.website()},
  };
  for (const auto& [label, value] : texts) {
    if (!value.empty()) facts.push_back({label, Printable(value)});
  }
  if (response.payable()) {
    facts.push_back({_("can be paid"), _("yes")});
  } else {
    facts.push_back(
        {_("can be paid"),
         Tr("no: {}", RefusalSentence({response.payable_verdict(), {}}, &session.currencies()))});
  }
  // The rest is private; without the right to read it, the ledger leaves it out.
  if (account.opened_sequence() != 0) {
    json["opened_sequence"] = account.opened_sequence();
    json["keys"] = Json::array();
    for (const std::string& bytes : account.authority().public_keys()) {
      const auto key = PublicKey::FromBytes(bytes);
      const std::string text = key.has_value() ? key->ToHex() : "?";
      json["keys"].push_back(text);
      facts.push_back({_("key"), text});
    }
    json["threshold"] = account.authority().threshold();
    if (account.authority().public_keys_size() > 1) {
      facts.push_back({_("signs"), Tr("{} of {} keys", account.authority().threshold(),
                                      account.authority().public_keys_size())});
    }
    if (account.has_membership()) {
      const v1::Membership& membership = account.membership();
      json["membership"] = {{"from", FormatDay(membership.from_day())},
                            {"until", FormatDay(membership.until_day())}};
      std::string text =
          Tr("{} to {}", FormatDay(membership.from_day()), FormatDay(membership.until_day()));
      if (membership.ended_day() != 0) {
        json["membership"]["ended"] = FormatDay(membership.ended_day());
        text += " " + Tr("(ended on {})", FormatDay(membership.ended_day()));
      }
      facts.push_back({_("member"), text});
    } else {
      json["membership"] = nullptr;
      facts.push_back({_("member"), _("not admitted yet")});
    }
    if (account.has_approval()) {
      const v1::Approval& approval = account.approval();
      json["approval"] = {{"from", FormatDay(approval.from_day())},
                          {"until", FormatDay(approval.until_day())}};
      std::string text =
          Tr("{} to {}", FormatDay(approval.from_day()), FormatDay(approval.until_day()));
      if (approval.suspended_day() != 0) {
        json["approval"]["suspended"] = FormatDay(approval.suspended_day());
        text += " " + Tr("(suspended on {})", FormatDay(approval.suspended_day()));
      }
      facts.push_back({_("approved"), text});
    }
    json["roles"] = Json::array();
    for (const v1::RoleGrant& grant : account.roles()) {
      Json role;
      role["role"] = RoleName(grant.role());
      role["until"] = grant.until_day() == 0 ? Json(nullptr) : Json(FormatDay(grant.until_day()));
      json["roles"].push_back(std::move(role));
      facts.push_back({_("role"), grant.until_day() == 0 ? RoleText(grant.role())
                                                         : Tr("{} until {}", RoleText(grant.role()),
                                                              FormatDay(grant.until_day()))});
    }
  }
  io.Result(json, FormatFacts(facts));
}

absl::Status RunAccountShow(const AccountShowOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const AccountId id,
                          options.who.empty() ? session->account() : session->Resolve(options.who));
  const client::Reader* reader = nullptr;
  if (options.who.empty() || options.full) {
    WALLET_ASSIGN_OR_RETURN(reader, session->reader());
  }
  WALLET_ASSIGN_OR_RETURN(const v1::GetAccountResponse response,
                          session->ledger().GetAccount(id, reader));
  ShowAccount(*session, response, id, io);
  return absl::OkStatus();
}

// ---- contacts ----

struct ContactsAddOptions {
  std::string name;
  std::string who;
};

void BindContactsAdd(CLI::App& command, ContactsAddOptions& options) {
  command.add_option("NAME", options.name, _("what you call them, on this machine only"))
      ->required();
  command.add_option("WHO", options.who, _("their address or @alias"))->required();
}

absl::Status RunContactsAdd(const ContactsAddOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(Profile profile, Profile::Load(io));
  if (options.name.empty() || options.name.size() > kContactNameBytesMax ||
      options.name.starts_with('@') || options.name == "me" || options.name == _("me") ||
      options.name.find(':') != std::string::npos || !IsPrintableUtf8(options.name) ||
      DecodeBech32m(options.name).ok()) {
    return Fail(ExitCode::kUsage, Tr("“{}” cannot be a contact's name.", Printable(options.name)),
                _("Use a short name that is no address and has no '@' before and no ':' in it."));
  }
  std::string address = options.who;
  if (address.starts_with('@')) {
    WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
    WALLET_ASSIGN_OR_RETURN(const AccountId id, session->Resolve(address));
    address = session->Address(id);
  } else {
    // Checked without the ledger, so that contacts can be kept offline.
    const auto decoded = DecodeBech32m(address);
    if (!decoded.ok() || !DecodeAddress(decoded->prefix, address).ok()) {
      return Fail(ExitCode::kUsage, Tr("“{}” is not an address.", Printable(address)),
                  _("Copy the whole address again, or give an @alias."));
    }
  }
  if (const Contact* known = profile.config().FindContact(options.name)) {
    if (known->address != address) {
      WALLET_RETURN_IF_ERROR(io.Confirm(Tr("“{}” is {} now.", options.name, known->address) + "\n",
                                        _("Replace the address?")));
    }
  }
  std::vector<Contact>& contacts = profile.config().contacts;
  contacts.erase(std::remove_if(contacts.begin(), contacts.end(),
                                [&options](const Contact& c) { return c.name == options.name; }),
                 contacts.end());
  contacts.push_back({options.name, address});
  std::sort(contacts.begin(), contacts.end(),
            [](const Contact& a, const Contact& b) { return a.name < b.name; });
  WALLET_RETURN_IF_ERROR(profile.Save());
  Json json;
  json["name"] = options.name;
  json["address"] = address;
  io.Result(json, Tr("“{}” is {}.", options.name, address) + "\n");
  return absl::OkStatus();
}

struct ContactsListOptions {};
void BindContactsList(CLI::App&, ContactsListOptions&) {}

absl::Status RunContactsList(const ContactsListOptions&, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const Profile profile, Profile::Load(io));
  Json list = Json::array();
  Table table({{_("NAME"), {}}, {_("ADDRESS"), {}}});
  for (const Contact& contact : profile.config().contacts) {
    Json item;
    item["name"] = contact.name;
    item["address"] = contact.address;
    list.push_back(std::move(item));
    table.Add({contact.name, contact.address});
  }
  io.Result(Json{{"contacts", list}}, table.empty() ? "" : table.Format(io.color_out));
  if (table.empty()) io.Say(_("None yet. Add one with: kengred contacts add NAME ADDRESS"));
  return absl::OkStatus();
}

struct ContactsRemoveOptions {
  std::string name;
};

void BindContactsRemove(CLI::App& command, ContactsRemoveOptions& options) {
  command.add_option("NAME", options.name, _("as kengred contacts list shows it"))->required();
}

absl::Status RunContactsRemove(const ContactsRemoveOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(Profile profile, Profile::Load(io));
  std::vector<Contact>& contacts = profile.config().contacts;
  const auto gone = std::remove_if(contacts.begin(), contacts.end(),
                                   [&options](const Contact& c) { return c.name == options.name; });
  if (gone == contacts.end()) {
    return Fail(ExitCode::kNotFound, Tr("There is no contact “{}”.", options.name),
                _("See which there are with: kengred contacts list"));
  }
  contacts.erase(gone, contacts.end());
  WALLET_RETURN_IF_ERROR(profile.Save());
  io.Result(Json{{"removed", options.name}}, Tr("“{}” is forgotten.", options.name) + "\n");
  return absl::OkStatus();
}

}  // namespace

void RegisterAccountCommands(Cli& cli) {
  cli.Section(_("Starting"));
  CLI::App* account = cli.Group({"account", _("your account on the ledger"), "", {}});
  cli.Command<AccountOpenOptions>(
      account,
      {"open",
       _("open an account with this profile's key"),
       _("Name, alias and texts are kept beside the journal, never in it, and can be erased. A "
         "person's are shown to nobody but the association; a shop's or an association's stand in "
         "the directory."),
       {"kengred account open --kind person --name \"Anne Le Gall\"",
        "kengred account open --kind professional --name Biocoop --alias biocoop --location "
        "\"12 rue de Siam, Brest\"",
        "kengred account open --kind association --name Heol --key 4f1c… --threshold 2 --save "
        "heol.json"}},
      BindAccountOpen, RunAccountOpen);
  cli.Command<AccountShowOptions>(account,
                                  {"show",
                                   _("show an account: address, membership, roles"),
                                   "",
                                   {"kengred account show", "kengred account show @biocoop",
                                    "kengred account show heol1… --full"}},
                                  BindAccountShow, RunAccountShow);

  cli.Section(_("Every day"));
  CLI::App* contacts =
      cli.Group({"contacts", _("names for addresses, on this machine only"), "", {}});
  cli.Command<ContactsAddOptions>(
      contacts,
      {"add",
       _("remember an address under a name"),
       "",
       {"kengred contacts add yann heol1…", "kengred contacts add bio @biocoop"}},
      BindContactsAdd, RunContactsAdd);
  cli.Command<ContactsListOptions>(contacts,
                                   {"list", _("list them"), "", {"kengred contacts list"}},
                                   BindContactsList, RunContactsList);
  cli.Command<ContactsRemoveOptions>(
      contacts, {"remove", _("forget one"), "", {"kengred contacts remove yann"}},
      BindContactsRemove, RunContactsRemove);
}

}  // namespace kengred::wallet
