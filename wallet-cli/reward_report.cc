#include "wallet/reward_report.h"

#include <algorithm>
#include <map>
#include <utility>

#include "wallet/manners.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// In the order of a report.
constexpr RewardItem::State kStates[] = {
    RewardItem::State::kPaid,       RewardItem::State::kAcceptable,  RewardItem::State::kSaved,
    RewardItem::State::kToPay,      RewardItem::State::kAlreadyPaid, RewardItem::State::kRefused,
    RewardItem::State::kUnanswered, RewardItem::State::kNotSent,
};

std::string AmountText(Session& session, const Pot& pot, int64_t minor) {
  return session.currencies().Format(pot.currency(), minor);
}

const char* StateWord(RewardItem::State state) {
  switch (state) {
    case RewardItem::State::kToPay:
      return "to_pay";
    case RewardItem::State::kAlreadyPaid:
      return "already_paid";
    case RewardItem::State::kPaid:
      return "paid";
    case RewardItem::State::kAcceptable:
      return "acceptable";
    case RewardItem::State::kSaved:
      return "saved";
    case RewardItem::State::kRefused:
      return "refused";
    case RewardItem::State::kUnanswered:
      return "unanswered";
    case RewardItem::State::kNotSent:
      break;
  }
  return "not_sent";
}

std::string StateText(const RewardItem& item) {
  switch (item.state) {
    case RewardItem::State::kToPay:
      return _("to pay");
    case RewardItem::State::kAlreadyPaid:
      return Tr("already paid (entry {})", item.sequence);
    case RewardItem::State::kPaid:
      return Tr("paid (entry {})", item.sequence);
    case RewardItem::State::kAcceptable:
      return _("the ledger would pay");
    case RewardItem::State::kSaved:
      return _("saved");
    case RewardItem::State::kRefused:
      return Tr("refused: {}", item.message);
    case RewardItem::State::kUnanswered:
      return _("no answer");
    case RewardItem::State::kNotSent:
      break;
  }
  return _("not sent");
}

// "12 lines paid: 180.00 HEOL."
std::string CountText(RewardItem::State state, size_t count, const std::string& amount) {
  switch (state) {
    case RewardItem::State::kToPay:
      return TrN("{} line to pay: {}.", "{} lines to pay: {}.", count, count, amount);
    case RewardItem::State::kAlreadyPaid:
      return TrN("{} line was paid already: {}.", "{} lines were paid already: {}.", count, count,
                 amount);
    case RewardItem::State::kPaid:
      return TrN("{} line paid: {}.", "{} lines paid: {}.", count, count, amount);
    case RewardItem::State::kAcceptable:
      return TrN("{} line would be paid: {}.", "{} lines would be paid: {}.", count, count, amount);
    case RewardItem::State::kSaved:
      return TrN("{} line saved: {}.", "{} lines saved: {}.", count, count, amount);
    case RewardItem::State::kRefused:
      return TrN("{} line refused: {}.", "{} lines refused: {}.", count, count, amount);
    case RewardItem::State::kUnanswered:
      return TrN("{} line without an answer: {}.", "{} lines without an answer: {}.", count, count,
                 amount);
    case RewardItem::State::kNotSent:
      break;
  }
  return TrN("{} line not sent: {}.", "{} lines not sent: {}.", count, count, amount);
}

// The persons whom this list alone would pay more than the programme's caps.
std::vector<std::string> CapWarnings(Session& session, const Pot& pot, const ImportResult& result) {
  std::map<AccountId, int64_t> sums;
  for (const RewardItem& item : result.items) {
    if (item.state != RewardItem::State::kAlreadyPaid) sums[item.beneficiary] += item.pay_minor;
  }
  const int64_t cap =
      std::min(pot.terms().person_period_cap_minor(), pot.terms().person_yearly_cap_minor());
  std::vector<std::string> warnings;
  for (const auto& [account, sum] : sums) {
    if (sum > cap) {
      warnings.push_back(Tr("this list alone pays {} to {}; the cap for one person is {}.",
                            AmountText(session, pot, sum), session.ShortName(account),
                            AmountText(session, pot, cap)));
    }
  }
  return warnings;
}

std::string TableText(Session& session, const Pot& pot, const ImportResult& result) {
  Table table({{_("LINE"), Table::Align::kRight},
               {_("BENEFICIARY"), {}},
               {_("ACTIVITY"), {}},
               {_("QUANTITY"), Table::Align::kRight},
               {_("AMOUNT"), Table::Align::kRight},
               {_("STATE"), {}}});
  for (const RewardItem& item : result.items) {
    table.Add({std::to_string(item.line.line), item.line.beneficiary, item.line.activity,
               std::to_string(item.line.quantity), AmountText(session, pot, item.pay_minor),
               StateText(item)});
  }
  return table.Format(session.io().color_out);
}

Json ResultJson(Session& session, const Pot& pot, const ImportResult& result) {
  Json json;
  json["programme"] = session.Address(pot.id);
  json["file"] = result.file;
  json["dry_run"] = result.dry_run;
  json["lines"] = Json::array();
  for (const RewardItem& item : result.items) {
    Json line;
    line["line"] = item.line.line;
    line["beneficiary"] = session.Address(item.beneficiary);
    line["activity"] = item.line.activity;
    line["quantity"] = item.line.quantity;
    line["amount"] = session.currencies().ToJson(pot.currency(), item.pay_minor);
    line["state"] = StateWord(item.state);
    if (item.sequence != 0) line["sequence"] = item.sequence;
    if (!item.verdict.empty()) line["verdict"] = item.verdict;
    if (!item.message.empty()) line["message"] = item.message;
    json["lines"].push_back(std::move(line));
  }
  Json counts = Json::object();
  for (const RewardItem::State state : kStates) {
    Json each;
    each["lines"] = result.Count(state);
    each["amount"] = session.currencies().ToJson(pot.currency(), result.Sum(state));
    counts[StateWord(state)] = std::move(each);
  }
  json["totals"] = std::move(counts);
  json["available_before"] =
      session.currencies().ToJson(pot.currency(), pot.status.available_minor());
  json["transactions"] = result.transactions;
  json["files"] = result.files;
  if (!result.stopped.ok()) {
    const ErrorReport report = Explain(result.stopped, session.io());
    Json error;
    error["verdict"] = report.verdict.empty() ? Json(nullptr) : Json(report.verdict);
    error["message"] = report.message;
    error["hint"] = report.hint;
    error["exit_code"] = static_cast<int>(report.exit);
    json["error"] = std::move(error);
  }
  return json;
}

void SayNext(Session& session, const Pot& pot, const ImportResult& result) {
  Io& io = session.io();
  if (result.dry_run) {
    for (const std::string& warning : CapWarnings(session, pot, result)) io.Warn(warning);
    const int64_t total =
        result.Sum(RewardItem::State::kToPay) + result.Sum(RewardItem::State::kAcceptable);
    if (total > pot.status.available_minor()) {
      io.Warn(Tr("the list needs {} more than the programme can pay.",
                 AmountText(session, pot, total - pot.status.available_minor())));
    }
    if (result.lacks_signatures) {
      io.Say(
          _("The ledger was not asked line by line, since signatures are missing: give "
            "--also-sign PROFILE to ask it."));
    }
    io.Say(_("Nothing was done."));
    return;
  }
  if (!result.files.empty()) {
    io.Say(
        Tr("The others sign each file with: kengred tx sign {0}\nThen send each with: kengred "
           "tx submit {0}",
           result.files.front()));
  }
  if (!result.stopped.ok() || result.Count(RewardItem::State::kRefused) > 0) {
    io.Say(_("Run the same command again when it is mended: what was paid is not paid again."));
  }
  const bool by_content =
      std::any_of(result.items.begin(), result.items.end(), [](const RewardItem& item) {
        return item.state == RewardItem::State::kAlreadyPaid && item.line.reference.empty();
      });
  if (by_content) {
    io.Say(
        _("Lines without a reference are known by their content: to pay the same service "
          "again, give each line a reference of its own (a date, a ticket number)."));
  }
}

}  // namespace

size_t ImportResult::Count(RewardItem::State state) const {
  return static_cast<size_t>(std::count_if(
      items.begin(), items.end(), [state](const RewardItem& item) { return item.state == state; }));
}

int64_t ImportResult::Sum(RewardItem::State state) const {
  int64_t sum = 0;
  for (const RewardItem& item : items) {
    if (item.state == state) sum += item.pay_minor;
  }
  return sum;
}

absl::Status ReportImport(Session& session, const Pot& pot, const ImportResult& result) {
  Io& io = session.io();
  const size_t refused = result.Count(RewardItem::State::kRefused);
  const bool dry = result.dry_run;
  std::string text;
  if (dry) {
    text += TableText(session, pot, result);
  } else if (refused > 0 || !result.stopped.ok()) {
    for (const RewardItem& item : result.items) {
      if (item.state == RewardItem::State::kRefused) {
        text += Tr("line {}: {}", item.line.line, StateText(item)) + "\n";
      }
    }
  }
  for (const RewardItem::State state : kStates) {
    if (const size_t count = result.Count(state); count > 0) {
      text += CountText(state, count, AmountText(session, pot, result.Sum(state))) + "\n";
    }
  }
  for (const std::string& file : result.files) text += file + "\n";
  if (dry) {
    text += Tr("The programme can still pay {}.",
               AmountText(session, pot, pot.status.available_minor())) +
            "\n";
  }
  io.Result(ResultJson(session, pot, result), text);
  SayNext(session, pot, result);
  // In JSON the result has the error already.
  if (!result.stopped.ok() && !io.options.json) return result.stopped;
  if (!result.stopped.ok()) return EndWith(Explain(result.stopped, io).exit);
  if (refused > 0) return EndWith(ExitCode::kRefused);
  return absl::OkStatus();
}

}  // namespace kengred::wallet
