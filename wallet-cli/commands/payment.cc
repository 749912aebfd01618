// Money: balance, pay, request, refund.
#include <fmt/format.h>

#include <charconv>

#include "kengred/core/amount.h"
#include "kengred/core/limits.h"
#include "kengred/core/payto.h"
#include "wallet/act.h"
#include "wallet/commands/commands.h"
#include "wallet/describe.h"
#include "wallet/history.h"
#include "wallet/payee.h"
#include "wallet/qr.h"
#include "wallet/receipt.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

absl::Status CheckPositive(const Money& money) {
  if (money.minor > 0) return absl::OkStatus();
  return FailRefused({v1::VERDICT_AMOUNT_NOT_POSITIVE,
                      {{"given", std::to_string(money.minor)}, {"currency", money.currency}}});
}

// ---- balance ----

struct BalanceOptions {
  std::string account;
  std::string currency;
};

void BindBalance(CLI::App& command, BalanceOptions& options) {
  command
      .add_option("--account", options.account,
                  _("another account: for auditors (address, @alias or contact)"))
      ->type_name(_("WHO"));
  command.add_option("--currency", options.currency, _("only this one"))->type_name(_("CODE"));
}

absl::Status RunBalance(const BalanceOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  const Currencies& currencies = session->currencies();
  std::string only;
  if (!options.currency.empty()) {
    const v1::Currency* currency = currencies.Find(options.currency);
    if (currency == nullptr) return FailRefused({v1::VERDICT_CURRENCY_UNKNOWN, {}});
    only = currency->code();
  }
  WALLET_ASSIGN_OR_RETURN(const AccountId account, options.account.empty()
                                                       ? session->account()
                                                       : session->Resolve(options.account));
  WALLET_ASSIGN_OR_RETURN(const client::Reader* reader, session->reader());
  WALLET_ASSIGN_OR_RETURN(v1::ListBalancesResponse response,
                          session->ledger().ListBalances(*reader, account));
  // An account that never held anything has nothing of the usual currency.
  const std::string expected = only.empty() ? currencies.default_code() : only;
  bool found = false;
  for (const v1::Balance& balance : response.balances()) {
    found = found || balance.currency() == expected;
  }
  if (!found) response.add_balances()->set_currency(expected);
  Json json;
  json["account"] = session->Address(account);
  json["balances"] = Json::array();
  Table table({{"", Table::Align::kRight}, {"", {}}});
  for (const v1::Balance& balance : response.balances()) {
    if (!only.empty() && balance.currency() != only) continue;
    json["balances"].push_back(currencies.ToJson(balance.currency(), balance.amount_minor()));
    const std::string text = currencies.Format(balance.currency(), balance.amount_minor());
    const size_t space = text.rfind(' ');
    table.Add({text.substr(0, space), text.substr(space + 1)});
  }
  json["sequence"] = response.sequence();
  io.Result(json, table.FormatRows());
  return absl::OkStatus();
}

// ---- pay ----

struct PayOptions {
  std::string who;
  std::vector<std::string> amount;
  std::string memo;
  std::string reference;
  std::string currency;
  std::string receipt_file;
  ActOptions act;
};

void BindPay(CLI::App& command, PayOptions& options) {
  command
      .add_option("WHO", options.who,
                  _("an address, an @alias, a contact, or a payto:// payment request"))
      ->required();
  command
      .add_option("AMOUNT", options.amount,
                  _("12,50 or 12.50, with a currency or without; may be left out where the request "
                    "says it"))
      ->expected(0, 2);
  command.add_option("--for", options.memo, _("what it is for; kept beside the journal, erasable"))
      ->type_name(_("TEXT"));
  command
      .add_option("--ref", options.reference,
                  _("the order number or ticket the payee asked you to quote"))
      ->type_name("REF");
  command
      .add_option("--currency", options.currency,
                  _("the currency's code (default: the ledger's backed currency)"))
      ->type_name(_("CODE"));
  command
      .add_option("--receipt", options.receipt_file,
                  _("keep a receipt in this file: it proves the payment without the server"))
      ->type_name(_("FILE"));
  AddActOptions(command, options.act);
}

// What is to be paid: as typed, or as the request asks.
absl::StatusOr<Money> AmountToPay(Session& session, const PayOptions& options, const Payee& payee) {
  if (options.amount.empty()) {
    if (payee.amount.has_value()) return *payee.amount;
    return Fail(ExitCode::kUsage, _("How much?"),
                Tr("Give the amount after the payee: kengred pay {} 12,50",
                   options.who.size() < 80 ? options.who : "WHO"));
  }
  const std::string currency = !options.currency.empty()  ? options.currency
                               : payee.amount.has_value() ? payee.amount->currency
                                                          : std::string();
  WALLET_ASSIGN_OR_RETURN(const Money money, session.currencies().Parse(options.amount, currency));
  if (payee.amount.has_value() && money != *payee.amount) {
    return Fail(ExitCode::kUsage,
                Tr("The payment request asks for {}, not {}.",
                   session.currencies().Format(*payee.amount), session.currencies().Format(money)),
                _("Leave the amount out to pay what is asked."));
  }
  return money;
}

absl::Status RunPay(const PayOptions& options, Io& io) {
  if (!options.receipt_file.empty()) {
    WALLET_RETURN_IF_ERROR(CheckReceiptFile(options.receipt_file));
    if (options.act.dry_run || !options.act.save_file.empty()) {
      return Fail(ExitCode::kUsage, _("There is no receipt before the payment is sent."),
                  _("Leave --receipt out; get it later with: kengred receipt get ID FILE"));
    }
  }
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const AccountId payer, session->account());
  WALLET_ASSIGN_OR_RETURN(const Payee payee, ResolvePayee(*session, options.who));
  WALLET_ASSIGN_OR_RETURN(const Money money, AmountToPay(*session, options, payee));
  WALLET_RETURN_IF_ERROR(CheckPositive(money));
  if (payee.id == payer) return FailRefused({v1::VERDICT_SELF_PAYMENT, {}});
  if (!options.reference.empty() && !payee.reference.empty() &&
      options.reference != payee.reference) {
    return Fail(
        ExitCode::kUsage,
        Tr("The payment request wants “{}” quoted, not “{}”.", payee.reference, options.reference),
        _("Leave --ref out."));
  }
  const Currencies& currencies = session->currencies();

  Act act;
  v1::Transfer* transfer = act.Add()->mutable_transfer();
  transfer->set_payer_account_id(payer.ToBytes());
  transfer->set_payee_account_id(payee.id.ToBytes());
  transfer->set_currency(money.currency);
  transfer->set_amount_minor(money.minor);
  transfer->set_payee_reference(payee.reference.empty() ? options.reference : payee.reference);
  if (!options.memo.empty()) *transfer->mutable_memo() = act.Commit(options.memo);

  const std::string& known_name = session->Who(payee.id).name;
  if (!payee.receiver_name.empty() && payee.receiver_name != known_name) {
    // Anybody can write any name into a request; the address is who is paid.
    act.more.push_back({_("calls itself"), payee.receiver_name});
  }
  WALLET_ASSIGN_OR_RETURN(const int64_t balance, session->Balance(money.currency));
  if (balance < money.minor && options.act.save_file.empty()) {
    return FailRefused({v1::VERDICT_INSUFFICIENT_BALANCE,
                        {{"needed", std::to_string(money.minor)},
                         {"available", std::to_string(balance)},
                         {"currency", money.currency}}});
  }
  if (const auto left = CheckedSubtract(balance, money.minor)) {
    act.more.push_back({_("left after"), currencies.Format(money.currency, *left)});
    act.json["left_after"] = currencies.ToJson(money.currency, *left);
  }
  act.json["payee"] = session->Address(payee.id);
  act.json["amount"] = currencies.ToJson(money);
  act.done = Tr("Paid {} to {}.", currencies.Format(money), session->ShortName(payee.id));
  WALLET_ASSIGN_OR_RETURN(const ActResult result, Perform(*session, options.act, std::move(act)));
  if (options.receipt_file.empty()) return absl::OkStatus();
  // The payment is done whatever becomes of its receipt.
  const auto receipt = FetchReceipt(*session, result.transaction_id, options.receipt_file);
  if (receipt.ok()) {
    io.Say(Tr("The receipt is in {}.", options.receipt_file));
    return absl::OkStatus();
  }
  io.Warn(
      Tr("the payment is done, but there is no receipt yet. Get it with: kengred receipt get {} "
         "{}",
         result.transaction_id.ToHex(), options.receipt_file));
  return receipt.status();
}

// ---- request ----

struct RequestOptions {
  std::vector<std::string> amount;
  std::string reference;
  std::string currency;
  std::string name;
  bool qr = false;
};

void BindRequest(CLI::App& command, RequestOptions& options) {
  command.add_option("AMOUNT", options.amount, _("how much; left out, the payer chooses"))
      ->expected(0, 2);
  command
      .add_option("--ref", options.reference,
                  _("an order number or ticket that the payment must quote"))
      ->type_name("REF");
  command
      .add_option("--currency", options.currency,
                  _("the currency's code (default: the ledger's backed currency)"))
      ->type_name(_("CODE"));
  command
      .add_option("--name", options.name,
                  _("what to call yourself in it (default: your name in the directory)"))
      ->type_name(_("NAME"));
  command.add_flag("--qr", options.qr, _("show it as a QR code too"));
}

absl::Status RunRequest(const RequestOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const AccountId account, session->account());
  const Currencies& currencies = session->currencies();
  Money money{options.currency.empty() ? currencies.default_code() : options.currency, 0};
  if (!options.amount.empty()) {
    WALLET_ASSIGN_OR_RETURN(money, currencies.Parse(options.amount, options.currency));
    WALLET_RETURN_IF_ERROR(CheckPositive(money));
  }
  const v1::Currency* currency = currencies.Find(money.currency);
  if (currency == nullptr) return FailRefused({v1::VERDICT_CURRENCY_UNKNOWN, {}});
  // The directory's name only: a person's name is in no directory, and no contact's name is theirs.
  std::string name = options.name;
  if (name.empty()) {
    if (const auto found = session->ledger().GetAccount(account, nullptr); found.ok()) {
      name = found->profile().display_name();
    }
  }
  const auto uri =
      FormatPaymentRequest(session->charter().address_prefix(), account, currency->code(),
                           money.minor, currency->decimals(), options.reference, name);
  if (!uri.ok()) {
    return Fail(ExitCode::kUsage, std::string(uri.status().message()),
                _("A reference has at most 64 plain characters, a name at most 128 bytes."));
  }
  Json json;
  json["uri"] = *uri;
  json["account"] = session->Address(account);
  json["amount"] = options.amount.empty() ? Json(nullptr) : currencies.ToJson(money);
  json["reference"] = options.reference.empty() ? Json(nullptr) : Json(options.reference);
  std::string text = *uri + "\n";
  if (options.qr) {
    WALLET_ASSIGN_OR_RETURN(const std::string code, QrCode(*uri, io.color_out));
    text = code + text;
  }
  io.Result(json, text);
  return absl::OkStatus();
}

// ---- refund ----

struct RefundOptions {
  std::string payment;
  std::vector<std::string> amount;
  std::string memo;
  int operation = -1;
  ActOptions act;
};

void BindRefund(CLI::App& command, RefundOptions& options) {
  command
      .add_option("PAYMENT", options.payment,
                  _("a payment you received: its entry number or transaction id (kengred history)"))
      ->required();
  command.add_option("AMOUNT", options.amount, _("how much of it (default: all)"))->expected(0, 2);
  command.add_option("--for", options.memo, _("why; kept beside the journal, erasable"))
      ->type_name(_("TEXT"));
  command
      .add_option("--operation", options.operation,
                  _("which, where one transaction paid you several times; from 0"))
      ->type_name("N")
      ->check(CLI::Range(0, 999));
  AddActOptions(command, options.act);
}

// The transaction a person names: 64 hexadecimal digits, or the number of an entry of their
// history.
absl::StatusOr<TransactionId> PaymentNamed(Session& session, const std::string& text) {
  if (const auto id = TransactionId::FromHex(text)) return *id;
  Sequence sequence = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (error != std::errc() || end != text.data() + text.size() || sequence == 0) {
    return Fail(ExitCode::kUsage, Tr("“{}” is no entry number and no transaction id.", text),
                _("See your payments with: kengred history"));
  }
  WALLET_ASSIGN_OR_RETURN(const v1::HistoryItem item, FindEntry(session, sequence));
  const auto id = TransactionId::FromBytes(item.transaction_id());
  if (!id.has_value()) return FailRefused({v1::VERDICT_TRANSACTION_UNKNOWN, {}});
  return *id;
}

absl::StatusOr<uint32_t> TransferToMe(const v1::Transaction& transaction, const AccountId& me,
                                      int chosen) {
  std::vector<uint32_t> found;
  for (int i = 0; i < transaction.operations_size(); ++i) {
    const v1::Operation& operation = transaction.operations(i);
    if (chosen >= 0 && i != chosen) continue;
    if (operation.has_transfer() && operation.transfer().payee_account_id() == me.view()) {
      found.push_back(static_cast<uint32_t>(i));
    }
  }
  if (found.empty()) {
    return Fail(ExitCode::kRefused, _("That is not a payment you received."),
                _("See the payments you received with: kengred history"));
  }
  if (found.size() > 1) {
    return Fail(ExitCode::kUsage, Tr("That transaction paid you {} times.", found.size()),
                _("Say which with --operation N (kengred tx show ID lists them)."));
  }
  return found.front();
}

absl::Status RunRefund(const RefundOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const client::Reader* reader, session->reader());
  WALLET_ASSIGN_OR_RETURN(const TransactionId id, PaymentNamed(*session, options.payment));
  WALLET_ASSIGN_OR_RETURN(const v1::Transaction transaction, session->ReadTransaction(id));
  WALLET_ASSIGN_OR_RETURN(const uint32_t operation,
                          TransferToMe(transaction, reader->account(), options.operation));
  const v1::Transfer& payment = transaction.operations(static_cast<int>(operation)).transfer();
  const Currencies& currencies = session->currencies();
  Money money{payment.currency(), payment.amount_minor()};
  if (!options.amount.empty()) {
    WALLET_ASSIGN_OR_RETURN(money, currencies.Parse(options.amount, payment.currency()));
    WALLET_RETURN_IF_ERROR(CheckPositive(money));
  }
  const auto payer = AccountId::FromBytes(payment.payer_account_id());
  if (!payer.has_value()) return FailRefused({v1::VERDICT_NOT_A_TRANSFER, {}});

  Act act;
  v1::Refund* refund = act.Add()->mutable_refund();
  refund->set_transaction_id(id.ToBytes());
  refund->set_operation_index(operation);
  refund->set_amount_minor(money.minor);
  if (!options.memo.empty()) *refund->mutable_memo() = act.Commit(options.memo);
  WALLET_ASSIGN_OR_RETURN(const int64_t balance, session->Balance(money.currency));
  if (const auto left = CheckedSubtract(balance, money.minor)) {
    act.more.push_back({_("left after"), currencies.Format(money.currency, *left)});
    act.json["left_after"] = currencies.ToJson(money.currency, *left);
  }
  act.json["refunded_transaction_id"] = id.ToHex();
  act.json["amount"] = currencies.ToJson(money);
  act.json["payee"] = session->Address(*payer);
  act.done = Tr("Refunded {} to {}.", currencies.Format(money), session->ShortName(*payer));
  return Perform(*session, options.act, std::move(act)).status();
}

}  // namespace

void RegisterPaymentCommands(Cli& cli) {
  cli.Section(_("Every day"));
  cli.Command<BalanceOptions>(
      cli.root(),
      {"balance", _("what you have"), "", {"kengred balance", "kengred balance --json"}},
      BindBalance, RunBalance);
  cli.Command<PayOptions>(
      cli.root(),
      {"pay",
       _("pay somebody"),
       _("Shows whom and how much you pay and what is left, and asks before it signs. What it is "
         "for "
         "(--for) is read by you, the payee and auditors, and can be erased."),
       {"kengred pay @biocoop 12,50 --for \"panier\"", "kengred pay yann 5 HEOL",
        "kengred pay \"payto://kengred/heol1…?amount=HEOL:8.00&message=TILL-0042\"",
        "kengred pay heol1… 60 --currency HOUR --yes"}},
      BindPay, RunPay);
  cli.Command<RequestOptions>(
      cli.root(),
      {"request",
       _("ask to be paid: a link or QR code for the payer"),
       _("Prints a payto:// link (RFC 8905). The payer gives it to kengred pay, between quotes."),
       {"kengred request 8 --qr", "kengred request 12,50 --ref TILL-0042", "kengred request"}},
      BindRequest, RunRequest);
  cli.Command<RefundOptions>(
      cli.root(),
      {"refund",
       _("give back a payment you received, or a part of it"),
       _("The refund is a new entry linked to the payment; together they never exceed it."),
       {"kengred refund 1042", "kengred refund 1042 3,50 --for \"bocal cassé\""}},
      BindRefund, RunRefund);
}

}  // namespace kengred::wallet
