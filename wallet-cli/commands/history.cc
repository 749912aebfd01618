// What happened: history, watch.
#include "wallet/history.h"

#include <fmt/format.h>

#include <ctime>

#include "kengred/core/civil_day.h"
#include "kengred/core/limits.h"
#include "wallet/commands/commands.h"
#include "wallet/describe.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// ---- history ----

struct HistoryOptions {
  std::string since;
  std::string until;
  std::string with;
  std::string currency;
  std::string account;
  int limit = 50;
  bool all = false;
  bool oldest_first = false;
  bool csv = false;
};

void BindHistory(CLI::App& command, HistoryOptions& options) {
  command.add_option("--since", options.since, _("from this day on"))->type_name(_("YYYY-MM-DD"));
  command.add_option("--until", options.until, _("to this day, included"))
      ->type_name(_("YYYY-MM-DD"));
  command.add_option("--with", options.with, _("only what moved to or from them"))
      ->type_name(_("WHO"));
  command.add_option("--currency", options.currency, _("only this one"))->type_name(_("CODE"));
  auto* limit =
      command.add_option("--limit", options.limit, _("at most so many entries (default: 50)"))
          ->type_name("N")
          ->check(CLI::Range(1, 1000000));
  auto* all = command.add_flag("--all", options.all, _("all entries"));
  limit->excludes(all);
  command.add_flag("--oldest-first", options.oldest_first,
                   _("from the oldest on, as on a statement (default: newest first)"));
  command.add_flag("--csv", options.csv, _("as CSV for a spreadsheet, with all columns"));
  command
      .add_option("--account", options.account,
                  _("another account: for auditors (address, @alias or contact)"))
      ->type_name(_("WHO"));
}

// The first second of a civil day in this machine's time zone, in which times are shown too.
int64_t StartOfDay(int32_t day) {
  const CivilDate date = DateOfDay(day);
  std::tm parts{};
  parts.tm_year = date.year - 1900;
  parts.tm_mon = date.month - 1;
  parts.tm_mday = date.day;
  parts.tm_isdst = -1;
  return std::mktime(&parts);
}

absl::StatusOr<int32_t> DayOption(const std::string& text) {
  const auto day = ParseDay(text);
  if (day.ok()) return *day;
  return Fail(ExitCode::kUsage, Tr("“{}” is not a day.", text), _("Write it as in 2026-11-24."));
}

std::string CounterpartyText(Session& session, const HistoryRow& row) {
  if (!row.counterparty.has_value()) return {};
  // A contact's name first; then the public name the ledger sent along, which saves a call.
  const std::string address = session.Address(*row.counterparty);
  for (const Contact& contact : session.profile().config().contacts) {
    if (contact.address == address) return contact.name;
  }
  if (!row.operation->counterparty_name().empty()) return row.operation->counterparty_name();
  return session.ShortName(*row.counterparty);
}

std::string MemoText(const HistoryRow& row) {
  if (row.operation->memo().empty()) return row.reference;
  if (row.reference.empty()) return row.operation->memo();
  return fmt::format("{} ({})", row.operation->memo(), row.reference);
}

std::string CsvTitles() {
  return CsvLine({"time", "sequence", "transaction_id", "operation_index", "operation",
                  "counterparty", "counterparty_name", "currency", "amount", "balance_after",
                  "reference", "memo"});
}

std::string CsvRow(Session& session, const HistoryRow& row) {
  const Currencies& currencies = session.currencies();
  const bool moved = !row.currency.empty();
  return CsvLine({FormatTimeUtc(row.time_seconds), std::to_string(row.sequence), row.transaction_id,
                  std::to_string(row.operation->operation_index()),
                  OperationName(row.operation->operation()),
                  row.counterparty.has_value() ? session.Address(*row.counterparty) : "",
                  CounterpartyText(session, row), row.currency,
                  moved ? currencies.FormatPlain(row.currency, row.amount_minor) : "",
                  moved ? currencies.FormatPlain(row.currency, row.balance_after_minor) : "",
                  row.reference, row.operation->memo()});
}

absl::Status RunHistory(const HistoryOptions& options, Io& io) {
  if (options.csv && io.options.json) {
    return Fail(ExitCode::kUsage, _("--csv and --json exclude each other."),
                _("Give one of them."));
  }
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  v1::ListHistoryRequest request;
  if (!options.since.empty()) {
    WALLET_ASSIGN_OR_RETURN(const int32_t day, DayOption(options.since));
    request.mutable_from_time()->set_seconds(StartOfDay(day));
  }
  if (!options.until.empty()) {
    WALLET_ASSIGN_OR_RETURN(const int32_t day, DayOption(options.until));
    request.mutable_until_time()->set_seconds(StartOfDay(day + 1));
  }
  if (!options.currency.empty()) {
    const v1::Currency* currency = session->currencies().Find(options.currency);
    if (currency == nullptr) return FailRefused({v1::VERDICT_CURRENCY_UNKNOWN, {}});
    request.set_currency(currency->code());
  }
  WALLET_ASSIGN_OR_RETURN(const AccountId account, options.account.empty()
                                                       ? session->account()
                                                       : session->Resolve(options.account));
  request.set_account_id(account.ToBytes());
  if (!options.with.empty()) {
    WALLET_ASSIGN_OR_RETURN(const AccountId with, session->Resolve(options.with));
    request.set_counterparty_account_id(with.ToBytes());
  }
  request.set_newest_first(!options.oldest_first);
  if (!options.all && options.limit < kPageSizeMax) request.set_page_size(options.limit);

  const Currencies& currencies = session->currencies();
  using Align = Table::Align;
  Table table({{_("ENTRY"), Align::kRight},
               {_("TIME"), {}},
               {_("WHAT"), {}},
               {_("WITH"), {}},
               {_("AMOUNT"), Align::kRight},
               {_("BALANCE"), Align::kRight},
               {"", {}},
               {_("FOR"), {}}});
  Json list = Json::array();
  std::string csv = CsvTitles();
  int items = 0;
  WALLET_RETURN_IF_ERROR(ForEachItem(*session, request, [&](const v1::HistoryItem& item) {
    for (const HistoryRow& row : RowsOf(item)) {
      if (!request.currency().empty() && row.currency != request.currency()) continue;
      if (io.options.json) {
        list.push_back(RowToJson(*session, row));
      } else if (options.csv) {
        csv += CsvRow(*session, row);
      } else {
        const bool moved = !row.currency.empty();
        const auto balance = [&] {
          return currencies.Format(row.currency, row.balance_after_minor);
        };
        const std::string after = moved ? balance() : "";
        table.Add({std::to_string(row.sequence), FormatTime(row.time_seconds),
                   OperationTitle(row.operation->operation()), CounterpartyText(*session, row),
                   moved ? currencies.FormatSigned(row.currency, row.amount_minor) : "",
                   after.substr(0, after.rfind(' ')), row.currency, MemoText(row)});
      }
    }
    return options.all || ++items < options.limit;
  }));
  Json json;
  json["account"] = session->Address(account);
  json["items"] = std::move(list);
  io.Result(json, options.csv ? csv : table.empty() ? "" : table.Format(io.color_out));
  if (!io.options.json && !options.csv && table.empty()) io.Say(_("Nothing has happened yet."));
  return absl::OkStatus();
}

// ---- watch ----

struct WatchOptions {
  std::optional<uint64_t> after;
  std::string reference;
  int count = 0;
};

void BindWatch(CLI::App& command, WatchOptions& options) {
  command
      .add_option("--after", options.after,
                  _("from the entry after this on; 0: from the first (default: from now on)"))
      ->type_name(_("ENTRY"));
  command.add_option("--ref", options.reference, _("only what quotes this reference"))
      ->type_name("REF");
  command.add_option("--count", options.count, _("stop after so many"))
      ->type_name("N")
      ->check(CLI::Range(1, 1000000));
}

std::string WatchLine(Session& session, const HistoryRow& row) {
  const Currencies& currencies = session.currencies();
  std::string line = fmt::format("{}  {}", FormatTime(row.time_seconds),
                                 OperationTitle(row.operation->operation()));
  if (!row.currency.empty()) {
    line += fmt::format("  {} {}", currencies.FormatSigned(row.currency, row.amount_minor),
                        row.currency);
  }
  if (const std::string who = CounterpartyText(session, row); !who.empty()) line += "  " + who;
  if (const std::string memo = MemoText(row); !memo.empty()) line += "  " + memo;
  return Printable(line) + "  " + Tr("(entry {})", row.sequence);
}

absl::Status RunWatch(const WatchOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const client::Reader* reader, session->reader());
  Sequence after = 0;
  if (options.after.has_value()) {
    after = *options.after;
  } else {
    WALLET_ASSIGN_OR_RETURN(const v1::GetLedgerResponse ledger, session->ledger().GetLedger());
    after = ledger.head_sequence();
  }
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<client::Watch> watch,
                          session->ledger().WatchAccount(*reader, reader->account(), after));
  io.Say(Tr("Watching {} after entry {}. Stop with Ctrl-C.", session->Address(reader->account()),
            after));
  int seen = 0;
  for (;;) {
    auto item = watch->Next(std::chrono::seconds(60));
    if (item.status().code() == absl::StatusCode::kDeadlineExceeded) continue;
    if (!item.ok()) return item.status();
    for (const HistoryRow& row : RowsOf(*item)) {
      if (!options.reference.empty() && row.reference != options.reference) continue;
      io.Line(RowToJson(*session, row), WatchLine(*session, row));
      // Nobody reads any more.
      if (!io.out->good()) return absl::OkStatus();
      if (options.count != 0 && ++seen == options.count) return absl::OkStatus();
    }
  }
}

}  // namespace

void RegisterHistoryCommands(Cli& cli) {
  cli.Section(_("Every day"));
  cli.Command<HistoryOptions>(
      cli.root(),
      {"history",
       _("what happened on your account"),
       _("Amounts are signed: what you received has a plus. The balance is the one after the whole "
         "entry."),
       {"kengred history", "kengred history --since 2026-11-01 --with @biocoop",
        "kengred history --all --oldest-first --csv > statement.csv"}},
      BindHistory, RunHistory);
  cli.Command<WatchOptions>(cli.root(),
                            {"watch",
                             _("show what happens as it happens"),
                             _("Nothing is skipped or shown twice, also when the connection is "
                               "lost meanwhile. With --json, "
                               "one object per line."),
                             {"kengred watch", "kengred watch --after 1042 --json",
                              "kengred watch --ref TILL-0042 --count 1"}},
                            BindWatch, RunWatch);
}

}  // namespace kengred::wallet
