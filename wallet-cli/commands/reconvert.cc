// Units back into euros: reconvert request, settle, fail, list. For partner shops and treasurers.
#include <algorithm>

#include "kengred/core/amount.h"
#include "kengred/core/limits.h"
#include "wallet/commands/commands.h"
#include "wallet/derived_ids.h"
#include "wallet/describe.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// The fewest digits that may stand for a whole id, and how many the list shows.
constexpr size_t kPrefixDigitsMin = 6;
constexpr size_t kDigitsShown = 12;

// ---- shared ----

std::string StateName(v1::ReconversionState state) {
  switch (state) {
    case v1::RECONVERSION_STATE_REQUESTED:
      return "requested";
    case v1::RECONVERSION_STATE_SETTLED:
      return "settled";
    case v1::RECONVERSION_STATE_FAILED:
      return "failed";
    default:
      return "unknown";
  }
}

std::string StateText(v1::ReconversionState state) {
  switch (state) {
    case v1::RECONVERSION_STATE_REQUESTED:
      return _("requested");
    case v1::RECONVERSION_STATE_SETTLED:
      return _("settled");
    case v1::RECONVERSION_STATE_FAILED:
      return _("failed");
    default:
      return "?";
  }
}

absl::StatusOr<v1::ReconversionState> ParseState(const std::string& word) {
  if (word.empty()) return v1::RECONVERSION_STATE_UNSPECIFIED;
  for (const v1::ReconversionState state :
       {v1::RECONVERSION_STATE_REQUESTED, v1::RECONVERSION_STATE_SETTLED,
        v1::RECONVERSION_STATE_FAILED}) {
    if (word == StateName(state) || word == StateText(state)) return state;
  }
  return Fail(ExitCode::kUsage, Tr("There is no state “{}”.", word),
              _("Choose requested, settled or failed."));
}

// What the shop receives, in euros: the currency that backs the units.
std::string NetText(const Session& session, const std::string& currency, int64_t net_minor) {
  const v1::Currency* found = session.currencies().Find(currency);
  const bool backed = found != nullptr && !found->backing_currency().empty();
  return session.currencies().Format(backed ? found->backing_currency() : currency, net_minor);
}

Json NetJson(const Session& session, const std::string& currency, int64_t net_minor) {
  const v1::Currency* found = session.currencies().Find(currency);
  const bool backed = found != nullptr && !found->backing_currency().empty();
  return session.currencies().ToJson(backed ? found->backing_currency() : currency, net_minor);
}

// "5 %", "2.5 %" from basis points; the decimal mark as in amounts.
std::string PercentText(uint32_t basis_points) {
  std::string text = FormatAmount(basis_points, 2, Language() == "fr" ? ',' : '.');
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.' || text.back() == ',') text.pop_back();
  return text + " %";
}

std::string IdOf(const v1::Reconversion& reconversion) {
  const auto id = ReconversionId::FromBytes(reconversion.reconversion_id());
  return id.has_value() ? id->ToHex() : std::string();
}

std::string ShopOf(Session& session, const v1::Reconversion& reconversion) {
  const auto id = AccountId::FromBytes(reconversion.account_id());
  return id.has_value() ? session.ShortName(*id) : std::string();
}

Json ToJson(Session& session, const v1::Reconversion& reconversion) {
  const std::string& currency = reconversion.currency();
  const auto account = AccountId::FromBytes(reconversion.account_id());
  Json json;
  json["reconversion_id"] = IdOf(reconversion);
  json["account"] = account.has_value() ? Json(session.Address(*account)) : Json(nullptr);
  json["state"] = StateName(reconversion.state());
  json["gross"] = session.currencies().ToJson(currency, reconversion.gross_minor());
  json["commission"] = session.currencies().ToJson(currency, reconversion.commission_minor());
  json["net"] =
      NetJson(session, currency, reconversion.gross_minor() - reconversion.commission_minor());
  json["requested"] = FormatTimeUtc(reconversion.request_time().seconds());
  const bool decided = reconversion.has_decision_time();
  json["decided"] =
      decided ? Json(FormatTimeUtc(reconversion.decision_time().seconds())) : Json(nullptr);
  json["bank_reference"] =
      reconversion.bank_reference().empty() ? Json(nullptr) : Json(reconversion.bank_reference());
  return json;
}

// All pages. `account` absent: of everybody, for treasurers and auditors.
absl::StatusOr<std::vector<v1::Reconversion>> ListAll(Session& session,
                                                      const std::optional<AccountId>& account,
                                                      v1::ReconversionState state) {
  WALLET_ASSIGN_OR_RETURN(const client::Reader* reader, session.reader());
  v1::ListReconversionsRequest request;
  if (account.has_value()) request.set_account_id(account->ToBytes());
  request.set_state(state);
  request.set_page_size(kPageSizeMax);
  std::vector<v1::Reconversion> list;
  do {
    WALLET_ASSIGN_OR_RETURN(const v1::ListReconversionsResponse page,
                            session.ledger().ListReconversions(*reader, request));
    list.insert(list.end(), page.reconversions().begin(), page.reconversions().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  // The oldest first: whoever has waited longest is on top.
  const auto time = [](const v1::Reconversion& reconversion) {
    return std::pair(reconversion.request_time().seconds(), reconversion.request_time().nanos());
  };
  std::stable_sort(
      list.begin(), list.end(),
      [&time](const v1::Reconversion& a, const v1::Reconversion& b) { return time(a) < time(b); });
  return list;
}

// The reconversion that an id or the beginning of one names.
absl::StatusOr<v1::Reconversion> FindReconversion(Session& session, const std::string& text) {
  std::string digits;
  for (const char c : text) {
    digits.push_back(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  if (digits.size() < kPrefixDigitsMin || digits.size() > 2 * ReconversionId::kSize ||
      digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return Fail(ExitCode::kUsage, Tr("“{}” is not the id of a reconversion.", text),
                Tr("Give its 40 hexadecimal digits, or at least the first {}: kengred reconvert "
                   "list",
                   kPrefixDigitsMin));
  }
  WALLET_ASSIGN_OR_RETURN(const std::vector<v1::Reconversion> all,
                          ListAll(session, std::nullopt, v1::RECONVERSION_STATE_UNSPECIFIED));
  std::vector<v1::Reconversion> found;
  for (const v1::Reconversion& each : all) {
    if (IdOf(each).starts_with(digits)) found.push_back(each);
  }
  if (found.empty()) {
    return Fail(ExitCode::kNotFound, Tr("There is no reconversion {}.", text),
                _("See them with: kengred reconvert list --all"));
  }
  if (found.size() > 1) {
    return Fail(ExitCode::kUsage, Tr("More than one reconversion begins with {}.", text),
                _("Give more of its digits: kengred reconvert list --all"));
  }
  return found.front();
}

std::vector<Fact> FactsOf(Session& session, const v1::Reconversion& reconversion) {
  const std::string& currency = reconversion.currency();
  const auto account = AccountId::FromBytes(reconversion.account_id());
  return {
      {_("shop"), account.has_value() ? session.FullName(*account) : std::string("?")},
      {_("units"), session.currencies().Format(currency, reconversion.gross_minor())},
      {_("commission"), session.currencies().Format(currency, reconversion.commission_minor())},
      {_("euros to pay"),
       NetText(session, currency, reconversion.gross_minor() - reconversion.commission_minor())},
      {_("state"), StateText(reconversion.state())},
  };
}

// ---- reconvert request ----

struct RequestOptions {
  std::vector<std::string> amount;
  ActOptions act;
};

void BindRequest(CLI::App& command, RequestOptions& options) {
  command.add_option("AMOUNT", options.amount, _("how many units: 200 or 200,00"))
      ->required()
      ->expected(1, 2);
  AddActOptions(command, options.act);
}

absl::Status RunRequest(const RequestOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  const Currencies& currencies = session->currencies();
  WALLET_ASSIGN_OR_RETURN(const Money amount, currencies.Parse(options.amount));
  WALLET_ASSIGN_OR_RETURN(const AccountId account, session->account());
  const uint32_t commission_bps = session->charter().policy().commission_bps();
  const int64_t commission = BasisPointsHalfUp(amount.minor, commission_bps);
  const int64_t net = amount.minor - commission;
  Act act;
  v1::RequestReconversion* request = act.Add()->mutable_request_reconversion();
  request->set_account_id(account.ToBytes());
  request->set_currency(amount.currency);
  request->set_amount_minor(amount.minor);
  act.more.push_back({_("commission"), Tr("{} ({})", currencies.Format(amount.currency, commission),
                                          PercentText(commission_bps))});
  act.more.push_back({_("you receive"), NetText(*session, amount.currency, net)});
  WALLET_ASSIGN_OR_RETURN(const int64_t balance, session->Balance(amount.currency));
  if (balance >= amount.minor) {
    act.more.push_back(
        {_("left after"), currencies.Format(amount.currency, balance - amount.minor)});
  } else {
    act.more.push_back({_("you have"), currencies.Format(amount.currency, balance)});
  }
  act.done = Tr("Asked to turn {} back into euros: {} to come from the treasurer.",
                currencies.Format(amount), NetText(*session, amount.currency, net));
  act.json["gross"] = currencies.ToJson(amount);
  act.json["commission"] = currencies.ToJson(amount.currency, commission);
  act.json["net"] = NetJson(*session, amount.currency, net);
  act.outcome = [](const TransactionId& transaction, Json* json) {
    const std::string id = RequestedReconversionId(transaction).ToHex();
    (*json)["reconversion_id"] = id;
    return Tr("The reconversion is {}.", id) + "\n";
  };
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- reconvert settle ----

struct SettleOptions {
  std::string id;
  std::string bank_reference;
  ActOptions act;
};

void BindSettle(CLI::App& command, SettleOptions& options) {
  command.add_option("ID", options.id, _("its id, or the first digits of it"))->required();
  command
      .add_option("--bank-ref", options.bank_reference,
                  _("the reference of the bank transfer; it counts once, for ever"))
      ->type_name("REF")
      ->required();
  AddActOptions(command, options.act);
}

absl::Status RunSettle(const SettleOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const v1::Reconversion reconversion,
                          FindReconversion(*session, options.id));
  Act act;
  v1::SettleReconversion* settle = act.Add()->mutable_settle_reconversion();
  settle->set_reconversion_id(reconversion.reconversion_id());
  settle->set_bank_reference(options.bank_reference);
  act.more = FactsOf(*session, reconversion);
  act.done = Tr("Settled: {} were paid to {}.",
                NetText(*session, reconversion.currency(),
                        reconversion.gross_minor() - reconversion.commission_minor()),
                ShopOf(*session, reconversion));
  act.json["reconversion_id"] = IdOf(reconversion);
  act.json["bank_reference"] = options.bank_reference;
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- reconvert fail ----

struct FailOptions {
  std::string id;
  std::string reason;
  ActOptions act;
};

void BindFail(CLI::App& command, FailOptions& options) {
  command.add_option("ID", options.id, _("its id, or the first digits of it"))->required();
  command
      .add_option("--reason", options.reason, _("why; kept beside the journal, and can be erased"))
      ->type_name(_("TEXT"))
      ->required();
  AddActOptions(command, options.act);
}

absl::Status RunFail(const FailOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const v1::Reconversion reconversion,
                          FindReconversion(*session, options.id));
  Act act;
  v1::FailReconversion* fail = act.Add()->mutable_fail_reconversion();
  fail->set_reconversion_id(reconversion.reconversion_id());
  if (!options.reason.empty()) *fail->mutable_reason() = act.Commit(options.reason);
  act.more = FactsOf(*session, reconversion);
  act.done = Tr("{} has its {} back.", ShopOf(*session, reconversion),
                session->currencies().Format(reconversion.currency(), reconversion.gross_minor()));
  act.json["reconversion_id"] = IdOf(reconversion);
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- reconvert list ----

struct ReconvertListOptions {
  std::string state;
  bool all = false;
};

void BindReconvertList(CLI::App& command, ReconvertListOptions& options) {
  command
      .add_option("--state", options.state,
                  _("only those in this state: requested, settled or failed"))
      ->type_name("requested|settled|failed");
  command.add_flag("--all", options.all, _("everybody's, for treasurers and auditors"));
}

absl::Status RunReconvertList(const ReconvertListOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const v1::ReconversionState state, ParseState(options.state));
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  std::optional<AccountId> account;
  if (!options.all) {
    WALLET_ASSIGN_OR_RETURN(account, session->account());
  }
  WALLET_ASSIGN_OR_RETURN(const std::vector<v1::Reconversion> list,
                          ListAll(*session, account, state));
  const Currencies& currencies = session->currencies();
  Table table({{_("ID"), {}},
               {_("REQUESTED"), {}},
               {_("SHOP"), {}},
               {_("UNITS"), Table::Align::kRight},
               {_("COMMISSION"), Table::Align::kRight},
               {_("EUROS"), Table::Align::kRight},
               {_("STATE"), {}},
               {_("BANK REFERENCE"), {}}});
  Json items = Json::array();
  for (const v1::Reconversion& each : list) {
    items.push_back(ToJson(*session, each));
    table.Add({IdOf(each).substr(0, kDigitsShown), FormatTime(each.request_time().seconds()),
               ShopOf(*session, each), currencies.Format(each.currency(), each.gross_minor()),
               currencies.Format(each.currency(), each.commission_minor()),
               NetText(*session, each.currency(), each.gross_minor() - each.commission_minor()),
               StateText(each.state()), each.bank_reference()});
  }
  io.Result(Json{{"reconversions", items}}, table.empty() ? "" : table.Format(io.color_out));
  if (table.empty()) {
    io.Say(options.all ? _("None.") : _("None of yours. A treasurer sees everybody's with --all."));
  }
  return absl::OkStatus();
}

}  // namespace

void RegisterReconvertCommands(Cli& cli) {
  cli.Section(_("Keeping a shop"));
  CLI::App* reconvert = cli.Group(
      {"reconvert",
       _("turn units back into euros (partner shops)"),
       _("A shop asks, and its units are locked. The treasurer pays the euros and settles: units "
         "are burned and the commission is shared. If the euros cannot be paid, the units come "
         "back. “kengred reconvert 200” is short for “kengred reconvert request 200”."),
       {"kengred reconvert 200", "kengred reconvert list"}});
  cli.Command<RequestOptions>(
      reconvert,
      {"request",
       _("ask for euros; the units are locked meanwhile"),
       _("Shows the commission and what you will receive before you sign."),
       {"kengred reconvert 200", "kengred reconvert request 200,00 --dry-run"}},
      BindRequest, RunRequest);
  cli.Command<SettleOptions>(
      reconvert,
      {"settle",
       _("the euros were paid (treasurer)"),
       _("Pay the euros at the bank first; then settle with the transfer's reference. A treasurer "
         "does not settle their own shop's."),
       {"kengred reconvert settle 3f9a1c --bank-ref SEPA-2027-0007"}},
      BindSettle, RunSettle);
  cli.Command<FailOptions>(
      reconvert,
      {"fail",
       _("the euros could not be paid (treasurer)"),
       _("The units go back to the shop."),
       {"kengred reconvert fail 3f9a1c --reason \"the bank refused the IBAN\""}},
      BindFail, RunFail);
  cli.Command<ReconvertListOptions>(
      reconvert,
      {"list",
       _("list them, the longest waiting first"),
       "",
       {"kengred reconvert list", "kengred reconvert list --all --state requested"}},
      BindReconvertList, RunReconvertList);
}

}  // namespace kengred::wallet
