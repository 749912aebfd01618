// Who belongs to the association: member admit, end, show. For registrars.
#include <optional>

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

// ---- member admit ----

struct MemberAdmitOptions {
  std::string who;
  std::string until;
  ActOptions act;
};

void BindMemberAdmit(CLI::App& command, MemberAdmitOptions& options) {
  command.add_option("WHO", options.who, _("an address, a contact or an @alias"))->required();
  command.add_option("--until", options.until, _("last day of the membership: 2027-12-31"))
      ->type_name(_("DATE"))
      ->required();
  AddActOptions(command, options.act);
}

absl::Status RunMemberAdmit(const MemberAdmitOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const int32_t until, ParseDate(options.until));
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const AccountId account, session->Resolve(options.who));
  // Unlocks the key, so that the registrar sees whom the address belongs to before signing.
  WALLET_RETURN_IF_ERROR(session->reader().status());
  Act act;
  v1::AdmitMember* admit = act.Add()->mutable_admit_member();
  admit->set_account_id(account.ToBytes());
  admit->set_until_day(until);
  act.done = Tr("{} is a member until {}.", session->ShortName(account), FormatDay(until));
  act.json["account"] = session->Address(account);
  act.json["until"] = FormatDay(until);
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- member end ----

struct MemberEndOptions {
  std::string who;
  std::string reason;
  ActOptions act;
};

void BindMemberEnd(CLI::App& command, MemberEndOptions& options) {
  command.add_option("WHO", options.who, _("an address, a contact or an @alias"))->required();
  command
      .add_option("--reason", options.reason, _("why; kept beside the journal, and can be erased"))
      ->type_name(_("TEXT"))
      ->required();
  AddActOptions(command, options.act);
}

absl::Status RunMemberEnd(const MemberEndOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const AccountId account, session->Resolve(options.who));
  WALLET_RETURN_IF_ERROR(session->reader().status());
  Act act;
  v1::EndMembership* end = act.Add()->mutable_end_membership();
  end->set_account_id(account.ToBytes());
  if (!options.reason.empty()) *end->mutable_reason() = act.Commit(options.reason);
  act.done = Tr("The membership of {} has ended. What it holds stays its own.",
                session->ShortName(account));
  act.json["account"] = session->Address(account);
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- member show ----

struct MemberShowOptions {
  std::string who;
};

void BindMemberShow(CLI::App& command, MemberShowOptions& options) {
  command.add_option("WHO", options.who, _("an address, a contact, an @alias, or “me”"))
      ->required();
}

absl::Status RunMemberShow(const MemberShowOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const AccountId account, session->Resolve(options.who));
  WALLET_ASSIGN_OR_RETURN(const client::Reader* reader, session->reader());
  WALLET_ASSIGN_OR_RETURN(const v1::GetAccountResponse found,
                          session->ledger().GetAccount(account, reader));
  // The server leaves the record out for those it is not for.
  const bool visible = found.account().opened_sequence() != 0;
  const v1::Membership& membership = found.account().membership();
  Json json;
  json["account"] = session->Address(account);
  json["kind"] = HolderKindName(found.account().kind());
  json["name"] =
      found.profile().display_name().empty() ? Json(nullptr) : Json(found.profile().display_name());
  json["record_visible"] = visible;
  json["membership"] = nullptr;
  std::vector<Fact> facts = {{_("account"), session->FullName(account)},
                             {_("kind"), HolderKindText(found.account().kind())}};
  if (!visible) {
    facts.push_back({_("membership"),
                     _("shown only to the holder, registrars, committee members and auditors")});
  } else if (!found.account().has_membership()) {
    facts.push_back({_("membership"), _("never admitted")});
  } else {
    json["membership"] = {
        {"from", FormatDay(membership.from_day())},
        {"until", FormatDay(membership.until_day())},
        {"ended",
         membership.ended_day() == 0 ? Json(nullptr) : Json(FormatDay(membership.ended_day()))}};
    facts.push_back({_("member from"), FormatDay(membership.from_day())});
    facts.push_back({_("member until"), FormatDay(membership.until_day())});
    if (membership.ended_day() != 0) {
      facts.push_back({_("ended on"), FormatDay(membership.ended_day())});
    }
  }
  json["payable"] = found.payable();
  facts.push_back({_("may be paid today"), found.payable() ? _("yes") : _("no")});
  if (!found.payable()) {
    json["payable_verdict"] = VerdictName(found.payable_verdict());
    facts.push_back({_("why not"), VerdictName(found.payable_verdict())});
  }
  io.Result(json, FormatFacts(facts));
  return absl::OkStatus();
}

}  // namespace

void RegisterMemberCommands(Cli& cli) {
  cli.Section(_("Running an association"));
  CLI::App* member =
      cli.Group({"member",
                 _("admit members, end memberships (registrar)"),
                 _("Only members are paid, beyond what the policy lets newcomers hold. When a "
                   "membership ends, nobody pays in any more; what is there stays its holder's."),
                 {"kengred member admit heol1… --until 2027-12-31"}});
  cli.Command<MemberAdmitOptions>(member,
                                  {"admit",
                                   _("admit somebody, or prolong a membership"),
                                   "",
                                   {"kengred member admit heol1… --until 2027-12-31",
                                    "kengred member admit @biocoop --until 2027-12-31"}},
                                  BindMemberAdmit, RunMemberAdmit);
  cli.Command<MemberEndOptions>(member,
                                {"end",
                                 _("end a membership today"),
                                 _("The balance stays, and can be spent."),
                                 {"kengred member end heol1… --reason \"moved to Quimper\""}},
                                BindMemberEnd, RunMemberEnd);
  cli.Command<MemberShowOptions>(
      member, {"show", _("show whether somebody is a member"), "", {"kengred member show me"}},
      BindMemberShow, RunMemberShow);
}

}  // namespace kengred::wallet
