// The manners of the command line. Every command keeps them; they are stated here once.
//
//   - Data goes to standard output, talk to standard error, questions to the terminal (/dev/tty, so
//     that they work while standard input and output are pipes).
//   - Nothing is asked where nobody can answer: a question without a terminal is an error that
//   names
//     the option to give instead. --yes answers every yes-or-no question; it never stands for a
//     passphrase.
//   - Every error ends with a hint: what to do next.
//   - --json: exactly one JSON object on standard output, also for an error ({"error": {...}}).
//     `watch` prints one object per line, as things happen. Amounts are objects {"currency",
//     "amount", "minor"}; `amount` has a decimal point in every language. Days are ISO 8601, times
//     RFC 3339 in UTC.
//   - --quiet: no talk, but errors.
//   - Colour only on a terminal, never with NO_COLOR set or TERM=dumb.
//   - Secrets are never arguments, and never printed except to the terminal of who asked.
//   - Exit codes are part of the contract (ExitCode) and stand in `kengred --help`.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/verdict.h"
#include "wallet/currencies.h"
#include "wallet/ledger.h"
#include "wallet/terminal.h"

namespace kengred::wallet {

// What the process ends with. Stable: scripts rely on the numbers.
enum class ExitCode : int {
  kOk = 0,
  kUsage = 2,        // the command line makes no sense
  kRefused = 3,      // the ledger said no: a rule (the verdict is named)
  kNotFound = 4,     // no such account, alias, transaction, contact, profile, ledger
  kPassphrase = 5,   // passphrase wrong or missing, or a token or signature not accepted
  kUnavailable = 6,  // network or server: trying again may help
  kFile = 7,         // a file of this machine is missing, damaged, or not writable
  kDeclined = 8,     // the person answered no
  kProof = 9,      // a receipt does not hold, a ledger's log contradicts itself, or lacks witnesses
  kInternal = 70,  // our bug, here or at the server
};

// Keys stay in the order they were set, which is the order people read.
using Json = nlohmann::ordered_json;

// An error with its exit code and its hint, both of which travel inside the Status. `message` and
// `hint` are whole sentences in the person's language.
absl::Status Fail(ExitCode code, const std::string& message, const std::string& hint);

// Ends with this exit code without another word: the result has said what went wrong. Only after
// Io::Result.
absl::Status EndWith(ExitCode code);

// A refusal by the ledger as an error: for results of a stream, and for what the wallet can see
// coming. Explain gives it its sentence and hint.
absl::Status FailRefused(const Refusal& refusal);

// What an error comes down to, whoever made it: Fail, the client library, the key file.
struct ErrorReport {
  ExitCode exit = ExitCode::kInternal;
  std::string verdict;  // "INSUFFICIENT_BALANCE"; empty where the ledger did not speak
  std::string status;   // the gRPC status name: "FAILED_PRECONDITION"
  std::string message;  // one sentence or more
  std::map<std::string, std::string> figures;
  std::string hint;
};

// What may be given before or after any command.
struct GlobalOptions {
  bool json = false;
  bool yes = false;
  bool quiet = false;
  std::string profile;  // --profile, KENGRED_PROFILE, "default"
  std::string ledger;   // --ledger, KENGRED_LEDGER, the profile's default
  int passphrase_fd = -1;
  std::string passphrase_file;  // --passphrase-file, KENGRED_PASSPHRASE_FILE
  int timeout_seconds = 10;
};

// Everything a command touches outside itself. Tests give their own.
struct Io {
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  Terminal* terminal = nullptr;
  // The environment; nothing where the variable is not set.
  std::function<std::optional<std::string>(const char* name)> environment;
  // Seconds since 1970.
  std::function<int64_t()> now_seconds;
  LedgerFactory connect;
  GlobalOptions options;
  bool color_out = false;
  bool color_err = false;
  // Whether standard error is a terminal, where a line can be written over.
  bool err_is_terminal = false;

  // Set once a ledger is connected: how the figures of its refusals are written.
  std::shared_ptr<const Currencies> currencies;

  // The command's result: `json` with --json, else `text` (whole lines). Call it once.
  void Result(const Json& json, const std::string& text);
  // Talk: one line to standard error, unless --quiet.
  void Say(const std::string& line);
  // A warning: like Say, and marked as one.
  void Warn(const std::string& line);
  // A yes-or-no question, default no. --yes answers it. `details` is shown first. Declined where
  // the person says no; a usage error where there is nobody to ask.
  absl::Status Confirm(const std::string& details, const std::string& question);
  // One line of standard output while a command goes on (watch).
  void Line(const Json& json, const std::string& text);
};

// Explains an error.
ErrorReport Explain(const absl::Status& status, const Io& io);
// Prints it and returns the exit code.
int PrintError(const absl::Status& status, Io& io);

// Text in bold, dim or red where `color` says so.
std::string Bold(std::string_view text, bool color);
std::string Dim(std::string_view text, bool color);
std::string Red(std::string_view text, bool color);

// "name" -> "NAME": gRPC's spelling of a status code.
std::string StatusName(absl::StatusCode code);

}  // namespace kengred::wallet
