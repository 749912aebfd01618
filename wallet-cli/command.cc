#include "wallet/command.h"

#include <algorithm>
#include <iterator>

#include "wallet/commands/commands.h"
#include "wallet/completion.h"
#include "wallet/help.h"
#include "wallet/status_macros.h"
#include "wallet/text.h"
#include "wallet/version.h"

namespace kengred::wallet {
namespace {

// The number of edits (insert, delete, replace, swap neighbours) between two words.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min(
          {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

// The command that was parsed last, and its words: "kengred member admit".
std::pair<const CLI::App*, std::string> Deepest(const CLI::App& root) {
  const CLI::App* app = &root;
  std::string words = "kengred";
  for (;;) {
    const auto parsed = app->get_subcommands();
    if (parsed.empty()) return {app, words};
    app = parsed.front();
    words += " " + app->get_name();
  }
}

std::string NearestCommand(const CLI::App& app, std::string_view word) {
  std::string nearest;
  size_t distance = 3;  // more is another word
  for (const CLI::App* command : app.get_subcommands({})) {
    const size_t d = EditDistance(word, command->get_name());
    if (d < distance && d < word.size()) {
      distance = d;
      nearest = command->get_name();
    }
  }
  return nearest;
}

absl::Status UnknownCommand(const CLI::App& app, const std::string& words,
                            const std::string& word) {
  const std::string nearest = NearestCommand(app, word);
  return Fail(
      ExitCode::kUsage, Tr("There is no command “{}”.", words + " " + word),
      nearest.empty() ? Tr("See: {} --help", words) : Tr("Did you mean: {} {}", words, nearest));
}

// What the parser says, in the person's language.
absl::Status UsageError(const CLI::App& root, const CLI::ParseError& error) {
  const auto [app, words] = Deepest(root);
  std::string hint = Tr("See: {} --help", words);
  const std::string what = error.what();
  const size_t colon = what.find(": ");
  const std::string before = what.substr(0, colon);
  const std::string after = colon == std::string::npos ? std::string() : what.substr(colon + 2);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    if (!app->get_subcommands({}).empty()) {
      return UnknownCommand(*app, words, after.substr(0, after.find(' ')));
    }
    return Fail(ExitCode::kUsage, Tr("This was not expected: {}", after), hint);
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    if (!app->get_subcommands({}).empty()) {
      // The parser misses the command before it looks at what stands in its place.
      for (const std::string& word : root.remaining(true)) {
        if (!word.empty() && word.front() != '-') return UnknownCommand(*app, words, word);
      }
      return Fail(ExitCode::kUsage, Tr("{} needs a command after it.", words), hint);
    }
    constexpr std::string_view kRequired = " is required";
    const size_t end = what.find(kRequired);
    if (end != std::string::npos && end + kRequired.size() == what.size()) {
      return Fail(ExitCode::kUsage, Tr("{} is missing.", ArgumentName(what.substr(0, end))), hint);
    }
    return Fail(ExitCode::kUsage, what, hint);
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return Fail(ExitCode::kUsage, Tr("{} needs a value.", before), hint);
  }
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr ||
      dynamic_cast<const CLI::ValidationError*>(&error) != nullptr) {
    return Fail(ExitCode::kUsage,
                Tr("This value cannot be used: {}", after.empty() ? before : after), hint);
  }
  return Fail(ExitCode::kUsage, what, hint);
}

// "kengred reconvert 200" is short for "kengred reconvert request 200": puts the word in.
std::vector<std::string> WithShortcuts(const CLI::App& root, std::vector<std::string> arguments) {
  size_t first = 0;
  while (first < arguments.size() && arguments[first].starts_with('-')) {
    const CLI::Option* option = root.get_option_no_throw(arguments[first]);
    first += option != nullptr && option->get_items_expected_max() > 0 ? 2u : 1u;
  }
  if (first >= arguments.size() || arguments[first] != "reconvert") return arguments;
  const CLI::App* group = FindCommand(&root, "reconvert");
  bool has_amount = false;
  for (size_t i = first + 1; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (group == nullptr || FindCommand(group, word) != nullptr) return arguments;
    has_amount = has_amount || (!word.empty() && word.front() >= '0' && word.front() <= '9');
  }
  if (has_amount) {
    arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(first) + 1, "request");
  }
  return arguments;
}

}  // namespace

const CLI::App* FindCommand(const CLI::App* app, const std::string& name) {
  for (const CLI::App* command : app->get_subcommands({})) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

CLI::App* Cli::Add(CLI::App* parent, const CommandHelp& help) {
  CLI::App* app = parent->add_subcommand(help.name, help.summary);
  if (parent == &root_) app->group(section_);
  app->set_help_flag("--help,-h", _("show this help"));
  app->get_help_ptr()->group("");
  help_[app] = help;
  return app;
}

CLI::App* Cli::Group(const CommandHelp& help) {
  CLI::App* group = Add(&root_, help);
  group->require_subcommand(1);
  return group;
}

const CommandHelp* Cli::HelpOf(const CLI::App* app) const {
  const auto found = help_.find(app);
  return found == help_.end() ? nullptr : &found->second;
}

void AddActOptions(CLI::App& command, ActOptions& options) {
  const std::string group = _("Signing");
  command
      .add_flag("--dry-run", options.dry_run,
                _("ask the ledger whether it would accept this; nothing is done"))
      ->group(group);
  command
      .add_option(
          "--save", options.save_file,
          _("sign, but write to a file instead of sending: for others to sign (kengred tx)"))
      ->type_name(_("FILE"))
      ->group(group);
  command
      .add_option(
          "--also-sign", options.also_sign,
          _("let another profile of this machine sign too (repeatable): people at one desk"))
      ->type_name(_("PROFILE"))
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(group);
  command
      .add_option(
          "--valid-for", options.valid_for,
          _("how long it may be sent: 30m, 1h, 7d; at most 90d (default: 1h, with --save 7d)"))
      ->type_name(_("DURATION"))
      ->group(group);
}

void BuildCommandLine(Cli& cli) {
  CLI::App& root = *cli.root();
  root.description(
      _("kengred - the wallet of local solidarity currencies.\n"
        "Pays partner shops, receives rewards, and signs the acts of an association."));
  root.fallthrough();
  root.require_subcommand(0, 1);
  root.set_help_flag("--help,-h", _("show this help"));
  root.set_version_flag("--version", std::string("kengred ") + kVersion, _("show the version"));

  GlobalOptions& options = cli.io().options;
  const std::string group = _("Options of every command");
  root.get_help_ptr()->group(group);
  root.get_version_ptr()->group(group);
  root.add_flag("--json", options.json, _("print one JSON object on standard output"))
      ->group(group);
  root.add_flag("-y,--yes", options.yes, _("answer yes to every question"))->group(group);
  root.add_flag("-q,--quiet", options.quiet, _("print nothing but the result and errors"))
      ->group(group);
  root.add_option("--profile", options.profile, _("which of your profiles to use"))
      ->type_name(_("NAME"))
      ->group(group);
  root.add_option("--ledger", options.ledger, _("which of the profile's ledgers to use"))
      ->type_name(_("NAME"))
      ->group(group);
  root.add_option("--passphrase-file", options.passphrase_file,
                  _("read the passphrase from the first line of a file that only you may read"))
      ->type_name(_("FILE"))
      ->group(group);
  root.add_option("--passphrase-fd", options.passphrase_fd,
                  _("read the passphrase from this open file descriptor"))
      ->type_name("N")
      ->check(CLI::Range(0, 1 << 20))
      ->group(group);
  root.add_option("--timeout", options.timeout_seconds,
                  _("how many seconds to wait for the server (default: 10)"))
      ->type_name(_("SECONDS"))
      ->check(CLI::Range(1, 3600))
      ->group(group);

  for (const RegisterCommands register_commands : kCommandGroups) register_commands(cli);
}

int RunWallet(const std::vector<std::string>& arguments, Io& io) {
  CLI::App root;
  root.name("kengred");
  Cli cli(root, io);
  BuildCommandLine(cli);
  const auto formatter = std::make_shared<HelpFormatter>(cli);
  root.formatter(formatter);
  for (CLI::App* command : root.get_subcommands({})) {
    command->formatter(formatter);
    for (CLI::App* leaf : command->get_subcommands({})) leaf->formatter(formatter);
  }
  if (arguments.empty()) {
    *io.out << root.help();
    return static_cast<int>(ExitCode::kOk);
  }
  if (arguments.front() == kCompleteWord) {
    *io.out << FormatCompletion(Complete(cli, {arguments.begin() + 1, arguments.end()}));
    return static_cast<int>(ExitCode::kOk);
  }
  const std::vector<std::string> words = WithShortcuts(root, arguments);
  // An error of the command line itself must be JSON too.
  const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  try {
    // The parser takes the last argument first.
    root.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    *io.out << root.help();
    return static_cast<int>(ExitCode::kOk);
  } catch (const CLI::CallForVersion& version) {
    *io.out << version.what() << '\n';
    return static_cast<int>(ExitCode::kOk);
  } catch (const CLI::ParseError& error) {
    io.options.json = json;
    return PrintError(UsageError(root, error), io);
  }
  if (!cli.chosen()) {
    return PrintError(Fail(ExitCode::kUsage, _("No command was given."), _("See: kengred --help")),
                      io);
  }
  const absl::Status status = cli.chosen()(io);
  if (!status.ok()) return PrintError(status, io);
  if (!io.out->good()) {
    return PrintError(Fail(ExitCode::kFile, _("The result could not be written."),
                           _("Check where standard output goes; what was sent was sent.")),
                      io);
  }
  return static_cast<int>(ExitCode::kOk);
}

}  // namespace kengred::wallet
