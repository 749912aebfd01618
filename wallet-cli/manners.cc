#include "wallet/manners.h"

#include <absl/strings/cord.h>

#include <cctype>

#include "wallet/status_macros.h"
#include "wallet/text.h"
#include "wallet/verdict_text.h"
#include "wallet/witness.h"

namespace kengred::wallet {
namespace {

constexpr char kExitPayload[] = "kengred.wallet/exit";
constexpr char kHintPayload[] = "kengred.wallet/hint";
// A serialized v1::SubmitRefusal.
constexpr char kRefusalPayload[] = "kengred.wallet/refusal";
constexpr char kSaidPayload[] = "kengred.wallet/said";

absl::StatusCode StatusCodeOfExit(ExitCode code) {
  switch (code) {
    case ExitCode::kOk:
      return absl::StatusCode::kOk;
    case ExitCode::kUsage:
      return absl::StatusCode::kInvalidArgument;
    case ExitCode::kRefused:
      return absl::StatusCode::kFailedPrecondition;
    case ExitCode::kNotFound:
      return absl::StatusCode::kNotFound;
    case ExitCode::kPassphrase:
      return absl::StatusCode::kUnauthenticated;
    case ExitCode::kUnavailable:
      return absl::StatusCode::kUnavailable;
    case ExitCode::kFile:
      return absl::StatusCode::kDataLoss;
    case ExitCode::kDeclined:
      return absl::StatusCode::kCancelled;
    case ExitCode::kProof:
      return absl::StatusCode::kDataLoss;
    case ExitCode::kInternal:
      break;
  }
  return absl::StatusCode::kInternal;
}

ExitCode ExitOfVerdict(v1::Verdict verdict) {
  const int number = verdict;
  if (number >= 100 && number < 200) return ExitCode::kPassphrase;
  if (number >= 300 && number < 400) return ExitCode::kNotFound;
  if (number >= 800 && number < 950) return ExitCode::kUnavailable;
  if (number >= 950) return ExitCode::kInternal;
  return ExitCode::kRefused;
}

std::string PayloadOf(const absl::Status& status, const char* url) {
  const auto payload = status.GetPayload(url);
  return payload.has_value() ? std::string(*payload) : std::string();
}

std::optional<Refusal> RefusalIn(const absl::Status& status) {
  v1::SubmitRefusal message;
  const std::string own = PayloadOf(status, kRefusalPayload);
  if (own.empty() || !message.ParseFromString(own)) return client::RefusalOf(status);
  return Refusal{message.verdict(), {message.figures().begin(), message.figures().end()}};
}

// For errors of the network and the server that carry no verdict.
void ExplainTransport(const absl::Status& status, ErrorReport* report) {
  report->message = std::string(status.message());
  if (client::IsAlarm(status)) {
    report->exit = ExitCode::kProof;
    report->hint =
        _("Pay nothing and accept nothing through this server. Keep the evidence, and show it to "
          "your association and to other members.");
    return;
  }
  if (const auto shortage = client::WitnessShortageOf(status)) {
    report->exit = ExitCode::kProof;
    report->message = ShortageText(*shortage);
    report->hint = ShortageHint();
    return;
  }
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
      report->exit = ExitCode::kUnavailable;
      report->hint =
          _("Check the network and that the server is running (kengred ledger list shows its "
            "address), then try again.");
      return;
    case absl::StatusCode::kUnauthenticated:
      report->exit = ExitCode::kPassphrase;
      report->hint = _("Check that this is the right profile (kengred profile list).");
      return;
    case absl::StatusCode::kNotFound:
      report->exit = ExitCode::kNotFound;
      report->hint = _("Check the spelling.");
      return;
    case absl::StatusCode::kFailedPrecondition:
      report->exit = ExitCode::kRefused;
      report->hint = _("Check with kengred ledger info that this is the ledger you mean.");
      return;
    case absl::StatusCode::kInvalidArgument:
      report->exit = ExitCode::kUsage;
      report->hint = _("Run the command with --help to see what it expects.");
      return;
    case absl::StatusCode::kUnimplemented:
      report->exit = ExitCode::kUnavailable;
      report->hint = _("The server is of another version; update the wallet or the server.");
      return;
    default:
      report->exit = ExitCode::kInternal;
      report->hint = _("Please report this, with the command and this message.");
      return;
  }
}

void WriteEscaped(std::string_view text, const char* on, bool color, std::string* out) {
  if (color) *out += on;
  *out += text;
  if (color) *out += "\x1b[0m";
}

}  // namespace

absl::Status Fail(ExitCode code, const std::string& message, const std::string& hint) {
  absl::Status status(StatusCodeOfExit(code), message);
  status.SetPayload(kExitPayload, absl::Cord(std::to_string(static_cast<int>(code))));
  status.SetPayload(kHintPayload, absl::Cord(hint));
  return status;
}

absl::Status EndWith(ExitCode code) {
  absl::Status status = Fail(code, "", "");
  status.SetPayload(kSaidPayload, absl::Cord("1"));
  return status;
}

absl::Status FailRefused(const Refusal& refusal) {
  v1::SubmitRefusal message;
  message.set_verdict(refusal.verdict);
  message.mutable_figures()->insert(refusal.figures.begin(), refusal.figures.end());
  absl::Status status(StatusCodeOf(refusal.verdict), VerdictSentence(refusal));
  status.SetPayload(kRefusalPayload, absl::Cord(message.SerializeAsString()));
  return status;
}

std::string StatusName(absl::StatusCode code) { return absl::StatusCodeToString(code); }

ErrorReport Explain(const absl::Status& status, const Io& io) {
  ErrorReport report;
  report.status = StatusName(status.code());
  if (const std::string exit = PayloadOf(status, kExitPayload); !exit.empty()) {
    report.exit = static_cast<ExitCode>(std::stoi(exit));
    report.message = std::string(status.message());
    report.hint = PayloadOf(status, kHintPayload);
    return report;
  }
  if (const auto refusal = RefusalIn(status)) {
    report.exit = ExitOfVerdict(refusal->verdict);
    report.verdict = VerdictName(refusal->verdict);
    report.message = RefusalSentence(*refusal, io.currencies.get());
    report.figures = refusal->figures;
    report.hint = RefusalHint(refusal->verdict);
    return report;
  }
  ExplainTransport(status, &report);
  return report;
}

int PrintError(const absl::Status& status, Io& io) {
  const ErrorReport report = Explain(status, io);
  const int exit = static_cast<int>(report.exit);
  if (!PayloadOf(status, kSaidPayload).empty()) return exit;
  if (io.options.json) {
    Json error;
    error["verdict"] = report.verdict.empty() ? Json(nullptr) : Json(report.verdict);
    error["status"] = report.status;
    error["message"] = report.message;
    error["figures"] = report.figures;
    error["hint"] = report.hint;
    error["exit_code"] = exit;
    io.Line(Json{{"error", error}}, "");
    return exit;
  }
  *io.err << Red(_("error:"), io.color_err) << ' ' << report.message << '\n';
  if (!report.hint.empty()) *io.err << Dim(_("hint:"), io.color_err) << ' ' << report.hint << '\n';
  io.err->flush();
  return exit;
}

void Io::Result(const Json& json, const std::string& text) {
  if (options.json) {
    *out << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    *out << text;
  }
  out->flush();
}

void Io::Line(const Json& json, const std::string& text) {
  if (options.json) {
    *out << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    *out << text << '\n';
  }
  out->flush();
}

void Io::Say(const std::string& line) {
  if (options.quiet) return;
  *err << line << '\n';
  err->flush();
}

void Io::Warn(const std::string& line) { Say(Bold(_("warning:"), color_err) + " " + line); }

absl::Status Io::Confirm(const std::string& details, const std::string& question) {
  if (options.yes) {
    if (!details.empty() && !options.quiet) {
      *err << details;
      err->flush();
    }
    return absl::OkStatus();
  }
  if (!terminal->available()) {
    return Fail(ExitCode::kUsage, _("Nobody can be asked: there is no terminal."),
                _("Give --yes to answer yes to every question."));
  }
  terminal->Write(details);
  // Translators: "y" and the letters accepted as yes are in two messages.
  const std::string prompt = question + " " + _("[y/N]") + " ";
  auto answer = terminal->ReadLine(prompt);
  if (!answer.ok() && answer.status().code() != absl::StatusCode::kOutOfRange) {
    return answer.status();
  }
  // Translators: words that mean yes, separated by spaces; the first letter of one is enough.
  const std::string yes_words = std::string(" ") + _("y yes") + " y yes o oui ";
  if (answer.ok() && !answer->empty()) {
    std::string word;
    for (const char c : *answer) {
      if (c != ' ') word.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
    if (!word.empty() && yes_words.find(" " + word + " ") != std::string::npos) {
      return absl::OkStatus();
    }
  }
  return Fail(ExitCode::kDeclined, _("Nothing was done."),
              _("Run the command again when you are sure."));
}

std::string Bold(std::string_view text, bool color) {
  std::string result;
  WriteEscaped(text, "\x1b[1m", color, &result);
  return result;
}

std::string Dim(std::string_view text, bool color) {
  std::string result;
  WriteEscaped(text, "\x1b[2m", color, &result);
  return result;
}

std::string Red(std::string_view text, bool color) {
  std::string result;
  WriteEscaped(text, "\x1b[1;31m", color, &result);
  return result;
}

}  // namespace kengred::wallet
