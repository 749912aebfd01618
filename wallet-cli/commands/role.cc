// Rights that governance gives: role grant, revoke, list.
#include <algorithm>

#include "kengred/core/civil_day.h"
#include "wallet/commands/commands.h"
#include "wallet/dates.h"
#include "wallet/describe.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// ---- shared ----

// "treasurer", in the person's language too.
absl::StatusOr<v1::Role> ParseRole(const std::string& word) {
  std::string known;
  for (int number = v1::Role_MIN; number <= v1::Role_MAX; ++number) {
    if (!v1::Role_IsValid(number) || number == v1::ROLE_UNSPECIFIED) continue;
    const auto role = static_cast<v1::Role>(number);
    if (word == RoleName(role) || word == RoleText(role)) return role;
    known += (known.empty() ? "" : ", ") + RoleName(role);
  }
  return Fail(ExitCode::kUsage, Tr("There is no role “{}”.", word),
              Tr("The roles are: {}.", known));
}

absl::StatusOr<std::vector<v1::Role>> ParseRoles(const std::vector<std::string>& words) {
  std::vector<v1::Role> roles;
  for (const std::string& word : words) {
    WALLET_ASSIGN_OR_RETURN(const v1::Role role, ParseRole(word));
    if (std::find(roles.begin(), roles.end(), role) == roles.end()) roles.push_back(role);
  }
  return roles;
}

std::string Join(const std::vector<v1::Role>& roles) {
  std::string text;
  for (const v1::Role role : roles) text += (text.empty() ? "" : ", ") + RoleText(role);
  return text;
}

Json NamesOf(const std::vector<v1::Role>& roles) {
  Json list = Json::array();
  for (const v1::Role role : roles) list.push_back(RoleName(role));
  return list;
}

// ---- role grant ----

struct RoleGrantOptions {
  std::string who;
  std::vector<std::string> roles;
  std::string until;
  ActOptions act;
};

void BindRoleGrant(CLI::App& command, RoleGrantOptions& options) {
  command.add_option("WHO", options.who, _("an address, a contact or an @alias"))->required();
  command
      .add_option("ROLE", options.roles,
                  _("one or more of: issuer, treasurer, registrar, committee, validator, mediator, "
                    "auditor"))
      ->required();
  command.add_option("--until", options.until, _("last day (default: without end)"))
      ->type_name(_("DATE"));
  AddActOptions(command, options.act);
}

absl::Status RunRoleGrant(const RoleGrantOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::vector<v1::Role> roles, ParseRoles(options.roles));
  int32_t until = 0;
  if (!options.until.empty()) {
    WALLET_ASSIGN_OR_RETURN(until, ParseDate(options.until));
  }
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const AccountId account, session->Resolve(options.who));
  Act act;
  for (const v1::Role role : roles) {
    v1::GrantRole* grant = act.Add()->mutable_grant_role();
    grant->set_account_id(account.ToBytes());
    grant->set_role(role);
    grant->set_until_day(until);
  }
  act.needs_others = NeedsGovernance(*session);
  act.done = Tr("{} has been given: {}.", session->ShortName(account), Join(roles));
  act.json["account"] = session->Address(account);
  act.json["roles"] = NamesOf(roles);
  act.json["until"] = until == 0 ? Json(nullptr) : Json(FormatDay(until));
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- role revoke ----

struct RoleRevokeOptions {
  std::string who;
  std::vector<std::string> roles;
  std::string reason;
  ActOptions act;
};

void BindRoleRevoke(CLI::App& command, RoleRevokeOptions& options) {
  command.add_option("WHO", options.who, _("an address, a contact or an @alias"))->required();
  command.add_option("ROLE", options.roles, _("one or more roles, as in role grant"))->required();
  command
      .add_option("--reason", options.reason, _("why; kept beside the journal, and can be erased"))
      ->type_name(_("TEXT"));
  AddActOptions(command, options.act);
}

absl::Status RunRoleRevoke(const RoleRevokeOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::vector<v1::Role> roles, ParseRoles(options.roles));
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const AccountId account, session->Resolve(options.who));
  Act act;
  for (const v1::Role role : roles) {
    v1::RevokeRole* revoke = act.Add()->mutable_revoke_role();
    revoke->set_account_id(account.ToBytes());
    revoke->set_role(role);
    if (!options.reason.empty()) *revoke->mutable_reason() = act.Commit(options.reason);
  }
  act.needs_others = NeedsGovernance(*session);
  act.done = Tr("{} no longer has: {}.", session->ShortName(account), Join(roles));
  act.json["account"] = session->Address(account);
  act.json["roles"] = NamesOf(roles);
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- role list ----

struct RoleListOptions {
  std::string who;
};

void BindRoleList(CLI::App& command, RoleListOptions& options) {
  command.add_option("WHO", options.who, _("an address, a contact, an @alias, or “me”"))
      ->required();
}

absl::Status RunRoleList(const RoleListOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const AccountId account, session->Resolve(options.who));
  WALLET_ASSIGN_OR_RETURN(const client::Reader* reader, session->reader());
  WALLET_ASSIGN_OR_RETURN(const v1::GetAccountResponse found,
                          session->ledger().GetAccount(account, reader));
  if (found.account().opened_sequence() == 0) {
    return Fail(ExitCode::kRefused,
                _("Roles are shown only to their holder, registrars, committee members and "
                  "auditors."),
                _("Ask one of them, or use the profile that has the right (--profile)."));
  }
  Table table({{_("ROLE"), {}}, {_("NAME"), {}}, {_("UNTIL"), {}}});
  Json list = Json::array();
  for (const v1::RoleGrant& grant : found.account().roles()) {
    Json item;
    item["role"] = RoleName(grant.role());
    item["until"] = grant.until_day() == 0 ? Json(nullptr) : Json(FormatDay(grant.until_day()));
    list.push_back(std::move(item));
    table.Add(
        {RoleName(grant.role()), RoleText(grant.role()),
         grant.until_day() == 0 ? std::string(_("without end")) : FormatDay(grant.until_day())});
  }
  Json json;
  json["account"] = session->Address(account);
  json["roles"] = std::move(list);
  io.Result(json, table.empty() ? "" : table.Format(io.color_out));
  if (table.empty()) io.Say(Tr("Roles of {}: none.", session->FullName(account)));
  return absl::OkStatus();
}

}  // namespace

void RegisterRoleCommands(Cli& cli) {
  cli.Section(_("Running an association"));
  CLI::App* role = cli.Group(
      {"role",
       _("give and take rights (governance)"),
       _("The governance keys stand in the charter and open no account: each belongs to a profile "
         "that only signs. Where several must sign, save the act with --save FILE."),
       {"kengred --profile gov1 role grant heol1… treasurer --save treasurer.json"}});
  cli.Command<RoleGrantOptions>(
      role,
      {"grant",
       _("give somebody one or more roles"),
       _("issuer: issues units against euro receipts. treasurer: records the guarantee funds, "
         "settles reconversions. registrar: admits members. committee: approves shops, with "
         "others. validator: confirms services of programmes. mediator: helps at the desk. "
         "auditor: reads every account."),
       {"kengred --profile gov1 role grant heol1… treasurer --save treasurer.json",
        "kengred --profile gov1 role grant heol1… registrar issuer --also-sign gov2"}},
      BindRoleGrant, RunRoleGrant);
  cli.Command<RoleRevokeOptions>(
      role,
      {"revoke",
       _("take one or more roles away"),
       "",
       {"kengred --profile gov1 role revoke heol1… treasurer --reason \"new board\" --save "
        "revoke.json"}},
      BindRoleRevoke, RunRoleRevoke);
  cli.Command<RoleListOptions>(role,
                               {"list",
                                _("list somebody's roles"),
                                _("Shown to their holder, registrars, committee members and "
                                  "auditors."),
                                {"kengred role list me"}},
                               BindRoleList, RunRoleList);
}

}  // namespace kengred::wallet
