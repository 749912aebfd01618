// The guarantee funds: fund record, show. For treasurers; anyone may look.
#include "kengred/core/limits.h"
#include "wallet/commands/commands.h"
#include "wallet/describe.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// ---- fund record ----

struct FundRecordOptions {
  std::string movement;
  std::vector<std::string> amount;
  std::string reference;
  std::string fund;
  std::string holder;
  std::string currency;
  ActOptions act;
};

void BindFundRecord(CLI::App& command, FundRecordOptions& options) {
  command.add_option("MOVEMENT", options.movement, _("in, out, notes-in or notes-out"))->required();
  command.add_option("AMOUNT", options.amount, _("how many euros: 500 or 500,00"))
      ->required()
      ->expected(1, 2);
  command
      .add_option("--ref", options.reference,
                  _("the bank's or the desk's reference; it counts once, for ever"))
      ->type_name("REF")
      ->required();
  command
      .add_option("--fund", options.fund,
                  _("which fund, for in and out: digital or paper (default: digital)"))
      ->type_name("digital|paper");
  command
      .add_option("--holder", options.holder,
                  _("whose units, for notes-in and notes-out: an address, a contact or an @alias"))
      ->type_name(_("WHO"));
  command
      .add_option("--currency", options.currency,
                  _("which backed currency's fund (default: the ledger's first)"))
      ->type_name(_("CODE"));
  AddActOptions(command, options.act);
}

absl::StatusOr<v1::FundMovement> ParseMovement(const std::string& word) {
  if (word == "in") return v1::FUND_MOVEMENT_EUROS_IN;
  if (word == "out") return v1::FUND_MOVEMENT_EUROS_OUT;
  if (word == "notes-in") return v1::FUND_MOVEMENT_NOTES_DEPOSITED;
  if (word == "notes-out") return v1::FUND_MOVEMENT_NOTES_WITHDRAWN;
  return Fail(ExitCode::kUsage, Tr("There is no fund movement “{}”.", word),
              _("Choose in, out, notes-in or notes-out."));
}

absl::StatusOr<v1::Fund> ParseFund(const std::string& word) {
  if (word.empty() || word == "digital") return v1::FUND_DIGITAL;
  if (word == "paper") return v1::FUND_PAPER;
  return Fail(ExitCode::kUsage, Tr("There is no fund “{}”.", word), _("Choose digital or paper."));
}

// The amount as units of the BACKED currency whose fund it is. "500 EUR" means the fund that EUR
// backs.
absl::StatusOr<Money> ParseFundAmount(const Session& session,
                                      const std::vector<std::string>& amount,
                                      const std::string& currency) {
  const Currencies& currencies = session.currencies();
  // "500 EUR" and --currency HEOL go together: the amount is read in the currency it names.
  auto given = currencies.Parse(amount, currency);
  if (!given.ok()) {
    const auto alone = currencies.Parse(amount);
    const v1::Currency* backed = currencies.Find(currency);
    if (!alone.ok() || backed == nullptr || backed->backing_currency() != alone->currency) {
      return given.status();
    }
    return Money{backed->code(), alone->minor};
  }
  const v1::Currency* found = currencies.Find(given->currency);
  if (found == nullptr || found->kind() != v1::CURRENCY_KIND_FIAT) return given;
  std::vector<std::string> backed;
  for (const v1::Currency& each : currencies.all()) {
    if (each.backing_currency() == given->currency) backed.push_back(each.code());
  }
  if (backed.size() != 1) {
    return Fail(ExitCode::kUsage, Tr("{} backs more than one currency, or none.", given->currency),
                _("Say whose fund it is with --currency CODE."));
  }
  return Money{backed.front(), given->minor};
}

absl::Status RunFundRecord(const FundRecordOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const v1::FundMovement movement, ParseMovement(options.movement));
  WALLET_ASSIGN_OR_RETURN(const v1::Fund fund, ParseFund(options.fund));
  const bool notes = movement == v1::FUND_MOVEMENT_NOTES_DEPOSITED ||
                     movement == v1::FUND_MOVEMENT_NOTES_WITHDRAWN;
  if (notes && !options.fund.empty()) {
    return Fail(ExitCode::kUsage, _("Notes move between the two funds."),
                _("Leave --fund out with notes-in and notes-out."));
  }
  if (notes == options.holder.empty()) {
    return Fail(ExitCode::kUsage,
                notes ? _("Whose notes?") : _("Euros in and out concern no holder."),
                notes ? _("Say whose units they become or were: --holder WHO.")
                      : _("Leave --holder out with in and out."));
  }
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const Money amount,
                          ParseFundAmount(*session, options.amount, options.currency));
  Act act;
  v1::RecordFund* record = act.Add()->mutable_record_fund();
  record->set_currency(amount.currency);
  record->set_movement(movement);
  record->set_amount_minor(amount.minor);
  record->set_reference(options.reference);
  const std::string units = session->currencies().Format(amount);
  const v1::Currency* currency = session->currencies().Find(amount.currency);
  const std::string euros = session->currencies().Format(
      currency->backing_currency().empty() ? amount.currency : currency->backing_currency(),
      amount.minor);
  if (notes) {
    WALLET_ASSIGN_OR_RETURN(const AccountId holder, session->Resolve(options.holder));
    record->set_account_id(holder.ToBytes());
    act.json["holder"] = session->Address(holder);
    if (movement == v1::FUND_MOVEMENT_NOTES_DEPOSITED) {
      act.done =
          Tr("{} in notes were deposited; {} has the units.", units, session->ShortName(holder));
    } else {
      // The units leave the holder's account, so the holder signs too.
      const auto own = session->account();
      if (!own.ok() || *own != holder) {
        act.needs_others =
            Tr("{} must sign too: the units leave that account.", session->ShortName(holder));
      }
      act.done = Tr("{} in notes were handed to {}.", units, session->ShortName(holder));
    }
  } else {
    record->set_fund(fund);
    const bool paper = fund == v1::FUND_PAPER;
    act.json["fund"] = paper ? "paper" : "digital";
    if (movement == v1::FUND_MOVEMENT_EUROS_IN) {
      act.done = paper ? Tr("{} came into the paper guarantee fund.", euros)
                       : Tr("{} came into the guarantee fund.", euros);
    } else {
      act.done = paper ? Tr("{} left the paper guarantee fund.", euros)
                       : Tr("{} left the guarantee fund.", euros);
    }
  }
  act.json["movement"] = options.movement;
  act.json["amount"] = session->currencies().ToJson(amount);
  act.json["reference"] = options.reference;
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- fund show ----

struct FundShowOptions {};
void BindFundShow(CLI::App&, FundShowOptions&) {}

absl::Status RunFundShow(const FundShowOptions&, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const v1::GetLedgerResponse ledger, session->ledger().GetLedger());
  const Currencies& currencies = session->currencies();
  Json list = Json::array();
  std::string text;
  bool covered = true;
  for (const v1::CurrencyStatus& status : ledger.currencies()) {
    const v1::Currency* currency = currencies.Find(status.currency());
    if (currency == nullptr || currency->kind() != v1::CURRENCY_KIND_BACKED) continue;
    const std::string& code = currency->code();
    const std::string& euro = currency->backing_currency();
    const int64_t more = status.fund_minor() - status.circulation_minor();
    covered = covered && more >= 0;
    Json item;
    item["currency"] = code;
    item["circulation"] = currencies.ToJson(code, status.circulation_minor());
    item["fund"] = currencies.ToJson(euro, status.fund_minor());
    item["covered"] = more >= 0;
    item["paper_fund"] = currencies.ToJson(euro, status.paper_fund_minor());
    item["locked"] = currencies.ToJson(code, status.locked_minor());
    item["commission"] = currencies.ToJson(code, status.commission_minor());
    list.push_back(std::move(item));
    const std::string verdict = more == 0 ? std::string(_("yes, to the cent"))
                                : more > 0
                                    ? Tr("yes, with {} to spare", currencies.Format(euro, more))
                                    : Tr("NO: {} are missing", currencies.Format(euro, -more));
    if (!text.empty()) text += "\n";
    text += Bold(fmt::format("{} - {}", code, Printable(currency->name())), io.color_out) + "\n" +
            FormatFacts({
                {_("in circulation"), currencies.Format(code, status.circulation_minor())},
                {_("guarantee fund"), currencies.Format(euro, status.fund_minor())},
                {_("every unit is backed"), verdict},
                {_("paper guarantee fund"), currencies.Format(euro, status.paper_fund_minor())},
                {_("locked for reconversion"), currencies.Format(code, status.locked_minor())},
                {_("commission collected"), currencies.Format(code, status.commission_minor())},
            });
  }
  Json json;
  json["funds"] = std::move(list);
  json["covered"] = covered;
  json["sequence"] = ledger.head_sequence();
  io.Result(json, text);
  if (text.empty()) io.Say(_("This ledger keeps no backed currency."));
  return absl::OkStatus();
}

}  // namespace

void RegisterFundCommands(Cli& cli) {
  cli.Section(_("Running an association"));
  CLI::App* fund = cli.Group(
      {"fund",
       _("record and see the guarantee funds (treasurer)"),
       _("Each unit in circulation is backed by euros at the bank. There are two funds: one for "
         "the units on this ledger, one for paper notes. Euros that come in against units are "
         "recorded by kengred issue, in one entry."),
       {"kengred fund show", "kengred fund record in 500 --ref \"GIFT-2027-04\""}});
  cli.Command<FundRecordOptions>(
      fund,
      {"record",
       _("record euros or notes that moved"),
       _("in, out: euros came into a fund or left it. notes-in: a holder deposits notes and gets "
         "units. notes-out: a holder gives units and gets notes; the holder signs too."),
       {"kengred fund record in 500 --ref GIFT-2027-04",
        "kengred fund record in 200 --fund paper --ref NOTES-SOLD-12",
        "kengred fund record notes-in 40 --ref DESK-17 --holder @biocoop",
        "kengred fund record notes-out 40 --ref DESK-18 --holder @biocoop --save notes.json"}},
      BindFundRecord, RunFundRecord);
  cli.Command<FundShowOptions>(fund,
                               {"show",
                                _("show what circulates and what backs it"),
                                _("Everybody may look."),
                                {"kengred fund show"}},
                               BindFundShow, RunFundShow);
}

}  // namespace kengred::wallet
