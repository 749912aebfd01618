// Units against euros: issue. For issuers.
#include "wallet/commands/commands.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

struct IssueOptions {
  std::string who;
  std::vector<std::string> amount;
  std::string receipt;
  ActOptions act;
};

void BindIssue(CLI::App& command, IssueOptions& options) {
  command.add_option("WHO", options.who, _("who receives: an address, a contact or an @alias"))
      ->required();
  command.add_option("AMOUNT", options.amount, _("how much: 50, 50,00 or “6000 HOUR”"))
      ->required()
      ->expected(1, 2);
  command
      .add_option("--receipt", options.receipt,
                  _("the euro receipt behind it (or the decision, for earned units); it counts "
                    "once, for ever"))
      ->type_name("REF")
      ->required();
  AddActOptions(command, options.act);
}

absl::Status RunIssue(const IssueOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const Money amount, session->currencies().Parse(options.amount));
  WALLET_ASSIGN_OR_RETURN(const AccountId account, session->Resolve(options.who));
  Act act;
  v1::Issue* issue = act.Add()->mutable_issue();
  issue->set_account_id(account.ToBytes());
  issue->set_currency(amount.currency);
  issue->set_amount_minor(amount.minor);
  issue->set_reference(options.receipt);
  const v1::Currency* currency = session->currencies().Find(amount.currency);
  if (currency != nullptr && currency->kind() == v1::CURRENCY_KIND_BACKED) {
    act.more.push_back({_("into the guarantee fund"),
                        session->currencies().Format(currency->backing_currency(), amount.minor)});
  }
  act.done =
      Tr("Issued {} to {}.", session->currencies().Format(amount), session->ShortName(account));
  act.json["account"] = session->Address(account);
  act.json["amount"] = session->currencies().ToJson(amount);
  act.json["receipt"] = options.receipt;
  return Perform(*session, options.act, std::move(act)).status();
}

}  // namespace

void RegisterIssueCommands(Cli& cli) {
  cli.Section(_("Running an association"));
  cli.Command<IssueOptions>(
      cli.root(),
      {"issue",
       _("issue units against euros received (issuer)"),
       _("The euros enter the guarantee fund and the units are credited in one entry. Each receipt "
         "counts once, for ever. Earned units (hours, CO2) are issued into a programme only."),
       {"kengred issue heol1… 50 --receipt BANK-2027-0412",
        "kengred issue @timebank \"6000 HOUR\" --receipt BOARD-2027-03"}},
      BindIssue, RunIssue);
}

}  // namespace kengred::wallet
