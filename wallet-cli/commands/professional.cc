// Partner shops: professional approve, suspend, list. For the committee.
#include <algorithm>

#include "kengred/core/civil_day.h"
#include "kengred/core/limits.h"
#include "wallet/commands/commands.h"
#include "wallet/dates.h"
#include "wallet/describe.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"
#include "wallet/verdict_text.h"

namespace kengred::wallet {
namespace {

std::string NeedsCommittee(const Session& session) {
  return Tr("{} members of the committee must sign this.",
            session.charter().policy().committee_quorum());
}

// ---- professional approve ----

struct ApproveOptions {
  std::string who;
  std::string until;
  std::string reason;
  ActOptions act;
};

void BindApprove(CLI::App& command, ApproveOptions& options) {
  command.add_option("WHO", options.who, _("the shop: an address, a contact or an @alias"))
      ->required();
  command.add_option("--until", options.until, _("last day of the approval: 2027-12-31"))
      ->type_name(_("DATE"))
      ->required();
  command
      .add_option("--reason", options.reason, _("why; kept beside the journal, and can be erased"))
      ->type_name(_("TEXT"))
      ->required();
  AddActOptions(command, options.act);
}

absl::Status RunApprove(const ApproveOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const int32_t until, ParseDate(options.until));
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const AccountId account, session->Resolve(options.who));
  Act act;
  v1::ApproveProfessional* approve = act.Add()->mutable_approve_professional();
  approve->set_account_id(account.ToBytes());
  approve->set_until_day(until);
  if (!options.reason.empty()) *approve->mutable_reason() = act.Commit(options.reason);
  act.needs_others = NeedsCommittee(*session);
  act.done = Tr("{} is a partner shop until {}.", session->ShortName(account), FormatDay(until));
  act.json["account"] = session->Address(account);
  act.json["until"] = FormatDay(until);
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- professional suspend ----

struct SuspendOptions {
  std::string who;
  std::string reason;
  ActOptions act;
};

void BindSuspend(CLI::App& command, SuspendOptions& options) {
  command.add_option("WHO", options.who, _("the shop: an address, a contact or an @alias"))
      ->required();
  command
      .add_option("--reason", options.reason, _("why; kept beside the journal, and can be erased"))
      ->type_name(_("TEXT"))
      ->required();
  AddActOptions(command, options.act);
}

absl::Status RunSuspend(const SuspendOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const AccountId account, session->Resolve(options.who));
  Act act;
  v1::SuspendProfessional* suspend = act.Add()->mutable_suspend_professional();
  suspend->set_account_id(account.ToBytes());
  if (!options.reason.empty()) *suspend->mutable_reason() = act.Commit(options.reason);
  act.needs_others = NeedsCommittee(*session);
  act.done =
      Tr("{} is suspended from today on. Past payments stay valid.", session->ShortName(account));
  act.json["account"] = session->Address(account);
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- professional list ----

struct ProfessionalListOptions {
  bool approvals = false;
};

void BindProfessionalList(CLI::App& command, ProfessionalListOptions& options) {
  command.add_flag("--approvals", options.approvals,
                   _("also the dates, for registrars, the committee and auditors; asks for your "
                     "passphrase"));
}

std::string DayOrNothing(int32_t day) { return day == 0 ? std::string() : FormatDay(day); }

Json DayOrNull(int32_t day) { return day == 0 ? Json(nullptr) : Json(FormatDay(day)); }

absl::Status RunProfessionalList(const ProfessionalListOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  const client::Reader* reader = nullptr;
  if (options.approvals) {
    WALLET_ASSIGN_OR_RETURN(reader, session->reader());
  }
  std::vector<Table::Column> columns = {{_("NAME"), {}}, {_("ALIAS"), {}}, {_("PAYABLE"), {}}};
  if (options.approvals) {
    columns.push_back({_("MEMBER UNTIL"), {}});
    columns.push_back({_("APPROVED UNTIL"), {}});
    columns.push_back({_("SUSPENDED"), {}});
  }
  columns.push_back({_("ADDRESS"), {}});
  Table table(std::move(columns));
  Json list = Json::array();
  bool hidden = false;
  v1::ListDirectoryEntriesRequest request;
  request.set_kind(v1::HOLDER_KIND_PROFESSIONAL);
  request.set_page_size(kPageSizeMax);
  do {
    WALLET_ASSIGN_OR_RETURN(const v1::ListDirectoryEntriesResponse page,
                            session->ledger().ListDirectoryEntries(request));
    for (const v1::DirectoryEntry& entry : page.entries()) {
      const auto id = AccountId::FromBytes(entry.account_id());
      if (!id.has_value()) continue;
      const std::string alias =
          entry.profile().alias().empty() ? std::string() : "@" + entry.profile().alias();
      Json item;
      item["address"] = session->Address(*id);
      item["name"] = entry.profile().display_name();
      item["alias"] = alias.empty() ? Json(nullptr) : Json(alias);
      item["payable"] = entry.payable();
      if (!entry.payable()) item["payable_verdict"] = VerdictName(entry.payable_verdict());
      std::vector<std::string> row = {entry.profile().display_name(), alias,
                                      entry.payable() ? _("yes") : _("no")};
      if (options.approvals) {
        WALLET_ASSIGN_OR_RETURN(const v1::GetAccountResponse found,
                                session->ledger().GetAccount(*id, reader));
        hidden = hidden || found.account().opened_sequence() == 0;
        const v1::Membership& membership = found.account().membership();
        const v1::Approval& approval = found.account().approval();
        const int32_t member_until = membership.ended_day() == 0
                                         ? membership.until_day()
                                         : std::min(membership.ended_day(), membership.until_day());
        item["member_until"] = DayOrNull(member_until);
        item["approved_until"] = DayOrNull(approval.until_day());
        item["suspended"] = DayOrNull(approval.suspended_day());
        row.push_back(DayOrNothing(member_until));
        row.push_back(DayOrNothing(approval.until_day()));
        row.push_back(DayOrNothing(approval.suspended_day()));
      }
      row.push_back(session->Address(*id));
      list.push_back(std::move(item));
      table.Add(std::move(row));
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (hidden) {
    io.Warn(_("the dates are shown only to registrars, the committee and auditors."));
  }
  io.Result(Json{{"professionals", list}}, table.empty() ? "" : table.Format(io.color_out));
  if (table.empty()) io.Say(_("No shop is in the directory yet."));
  return absl::OkStatus();
}

}  // namespace

void RegisterProfessionalCommands(Cli& cli) {
  cli.Section(_("Running an association"));
  CLI::App* professional = cli.Group(
      {"professional",
       _("approve and suspend partner shops (committee)"),
       _("An approved shop may be paid, and may turn units back into euros. Several members of the "
         "committee sign: one saves the act with --save FILE, the others run kengred tx sign FILE, "
         "and anyone sends it with kengred tx submit FILE."),
       {"kengred professional approve @biocoop --until 2027-12-31 --reason \"visited on 3 March\" "
        "--save biocoop.json",
        "kengred tx sign biocoop.json", "kengred tx submit biocoop.json"}});
  cli.Command<ApproveOptions>(
      professional,
      {"approve",
       _("approve a shop, or prolong an approval"),
       _("The shop must be a member. Nobody approves their own shop."),
       {"kengred professional approve @biocoop --until 2027-12-31 --reason \"visited on 3 March\" "
        "--save biocoop.json",
        "kengred professional approve @biocoop --until 2027-12-31 --reason \"visited\" --also-sign "
        "marie"}},
      BindApprove, RunApprove);
  cli.Command<SuspendOptions>(
      professional,
      {"suspend",
       _("suspend a shop from today on"),
       _("Past payments stay valid. A new approval lifts the suspension."),
       {"kengred professional suspend @biocoop --reason \"charter not kept\" --save suspend.json"}},
      BindSuspend, RunSuspend);
  cli.Command<ProfessionalListOptions>(
      professional,
      {"list",
       _("list the shops, and whether they may be paid"),
       "",
       {"kengred professional list", "kengred professional list --approvals"}},
      BindProfessionalList, RunProfessionalList);
}

}  // namespace kengred::wallet
