#include "wallet/help.h"

#include <algorithm>

#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kIndent = 2;
constexpr size_t kLeftMax = 28;

// Breaks a text at spaces, each line but the first indented.
std::string Wrap(const std::string& text, size_t indent) {
  std::string result;
  size_t column = indent;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const size_t width = DisplayWidth(word);
    if (column > indent && column + width + 1 > kColumns) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      result += " ";
      ++column;
    }
    result += word;
    column += width;
    if (end < text.size() && text[end] == '\n') {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    }
    begin = end + 1;
  }
  return result;
}

// Rows of name and description, aligned.
class Rows {
 public:
  void Add(std::string left, std::string right) {
    rows_.emplace_back(std::move(left), std::move(right));
  }
  bool empty() const { return rows_.empty(); }
  std::string Format() const {
    size_t width = 0;
    for (const auto& [left, right] : rows_) {
      if (DisplayWidth(left) <= kLeftMax) width = std::max(width, DisplayWidth(left));
    }
    const size_t indent = kIndent + width + 2;
    std::string text;
    for (const auto& [left, right] : rows_) {
      text += std::string(kIndent, ' ');
      if (DisplayWidth(left) > width) {
        text += left + "\n" + std::string(indent, ' ');
      } else {
        text += PadRight(left, width) + "  ";
      }
      text += Wrap(right, indent) + "\n";
    }
    return text;
  }

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

// Translators: a heading, as in "Options:".
std::string Heading(const std::string& title) { return "\n" + Tr("{}:", title) + "\n"; }

std::string OptionText(const CLI::Option* option) {
  std::string text = option->get_description();
  if (!option->get_default_str().empty()) {
    text += " " + Tr("(default: {})", option->get_default_str());
  }
  return text;
}

// Options by their group, in the order of the groups' first options.
std::string OptionSections(const CLI::App* app) {
  std::string text;
  for (const std::string& group : app->get_groups()) {
    if (group.empty()) continue;
    Rows rows;
    for (const CLI::Option* option : app->get_options()) {
      if (option->get_group() == group && option->nonpositional()) {
        rows.Add(OptionSpelling(option), OptionText(option));
      }
    }
    if (!rows.empty()) text += Heading(group) + rows.Format();
  }
  return text;
}

std::string ListText(const char* title,
                     const std::vector<std::pair<std::string, std::string>>& list) {
  Rows rows;
  for (const auto& [name, meaning] : list) rows.Add(name, meaning);
  return Heading(title) + rows.Format();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ExitCodeMeanings() {
  const std::pair<ExitCode, const char*> codes[] = {
      {ExitCode::kOk, _("done")},
      {ExitCode::kUsage, _("the command line makes no sense, or nobody can be asked")},
      {ExitCode::kRefused, _("the ledger refused: a rule says no, and is named")},
      {ExitCode::kNotFound, _("no such account, contact, transaction, profile or ledger")},
      {ExitCode::kPassphrase, _("passphrase wrong or missing, or signature not accepted")},
      {ExitCode::kUnavailable, _("network or server not available: trying again may help")},
      {ExitCode::kFile, _("a file is missing, damaged, or cannot be written")},
      {ExitCode::kDeclined, _("you said no")},
      {ExitCode::kProof,
       _("a receipt does not hold, the ledger contradicts itself, or too few witnesses vouch")},
      {ExitCode::kInternal, _("a fault of the program or the server")},
  };
  std::vector<std::pair<std::string, std::string>> list;
  for (const auto& [code, meaning] : codes) {
    list.emplace_back(fmt::format("{:2}", static_cast<int>(code)), meaning);
  }
  return list;
}

std::vector<std::pair<std::string, std::string>> EnvironmentMeanings() {
  return {
      {"KENGRED_PROFILE", _("profile to use, as --profile")},
      {"KENGRED_LEDGER", _("ledger to use, as --ledger")},
      {"KENGRED_PASSPHRASE_FILE", _("file with the passphrase, as --passphrase-file")},
      {"XDG_DATA_HOME", _("where profiles are kept (default: ~/.local/share)")},
      {"LC_ALL, LC_MESSAGES, LANG", _("the language: French or English")},
      {"NO_COLOR", _("no colours")},
  };
}

std::string OptionSpelling(const CLI::Option* option) {
  std::string text;
  for (const std::string& name : option->get_snames()) text += (text.empty() ? "-" : ", -") + name;
  for (const std::string& name : option->get_lnames()) {
    text += (text.empty() ? "--" : ", --") + name;
  }
  if (option->get_type_size() != 0) {
    // The parser appends what a checker says about itself: "N:INT in [0 - 9]".
    const std::string type = option->get_type_name();
    if (!type.empty()) text += " " + type.substr(0, type.find(':'));
  }
  return text;
}

std::string ArgumentName(const std::string& name) {
  // The names that the commands give, for the catalogue.
  static constexpr const char* kNames[] = {
      N_("ADDRESS"),   N_("AMOUNT"), N_("COMMAND"),  N_("FILE"), N_("FILE|ID"),
      N_("ID"),        N_("KIND"),   N_("MOVEMENT"), N_("NAME"), N_("PAYMENT"),
      N_("PROGRAMME"), N_("ROLE"),   N_("SHELL"),    N_("WHO"),
  };
  for (const char* known : kNames) {
    if (name == known) return gettext(known);
  }
  return name;
}

std::string UsageArguments(const CLI::App* app) {
  std::string text;
  for (const CLI::Option* option : app->get_options()) {
    if (!option->get_positional() || option->get_group().empty()) continue;
    std::string name = ArgumentName(option->get_name(true, false));
    if (option->get_expected_max() > 1) name += "…";
    text += option->get_required() ? " " + name : " [" + name + "]";
  }
  return text;
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode /*mode*/) const {
  return app->get_parent() == nullptr ? RootHelp(app) : CommandText(app, name);
}

std::string HelpFormatter::RootHelp(const CLI::App* app) const {
  std::string text = app->get_description() + "\n";
  text += Heading(_("Usage"));
  text += "  kengred " + std::string(_("COMMAND [ARGUMENTS] [OPTIONS]")) + "\n";
  text += Heading(_("To pay somebody, the first time"));
  Rows steps;
  steps.Add("kengred init", _("make your keys: a passphrase, and words to write down"));
  steps.Add("kengred ledger add heol.example:4365", _("your community's server"));
  steps.Add("kengred account open --kind person --name \"Anne Le Gall\"", _("your account there"));
  steps.Add("kengred pay @biocoop 12,50 --for \"panier\"",
            _("pay a partner shop: it shows what you sign, and asks"));
  steps.Add("kengred balance", _("what you have left"));
  text += steps.Format();

  std::vector<std::string> sections;
  for (const CLI::App* command : app->get_subcommands({})) {
    const std::string& section = command->get_group();
    if (!section.empty() &&
        std::find(sections.begin(), sections.end(), section) == sections.end()) {
      sections.push_back(section);
    }
  }
  for (const std::string& section : sections) {
    Rows rows;
    for (const CLI::App* command : app->get_subcommands({})) {
      if (command->get_group() == section)
        rows.Add(command->get_name(), command->get_description());
    }
    text += Heading(section) + rows.Format();
  }
  text += OptionSections(app);
  text += ListText(_("Exit codes"), ExitCodeMeanings());
  text += ListText(_("Environment"), EnvironmentMeanings());
  text += "\n" + std::string(_("Every command has its own help: kengred pay --help")) + "\n";
  return text;
}

std::string HelpFormatter::CommandText(const CLI::App* app, const std::string& name) const {
  const CommandHelp* help = cli_.HelpOf(app);
  std::string text = app->get_description() + "\n";
  text += Heading(_("Usage"));
  const auto subcommands = app->get_subcommands({});
  if (subcommands.empty()) {
    text += "  " + name + UsageArguments(app) + " [" + _("OPTIONS") + "]\n";
  } else {
    text += "  " + name + " " + _("COMMAND [ARGUMENTS] [OPTIONS]") + "\n";
  }
  if (help != nullptr && !help->details.empty()) text += "\n" + Wrap(help->details, 0) + "\n";
  Rows commands;
  for (const CLI::App* command : subcommands) {
    if (!command->get_group().empty())
      commands.Add(command->get_name(), command->get_description());
  }
  if (!commands.empty()) text += Heading(_("Commands")) + commands.Format();
  Rows arguments;
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_positional() && !option->get_group().empty()) {
      arguments.Add(ArgumentName(option->get_name(true, false)), OptionText(option));
    }
  }
  if (!arguments.empty()) text += Heading(_("Arguments")) + arguments.Format();
  text += OptionSections(app);
  if (help != nullptr && !help->examples.empty()) {
    text += Heading(_("Examples"));
    for (const std::string& example : help->examples) text += "  " + example + "\n";
  }
  text += "\n" +
          std::string(_("Options of every command (--json, --yes, --profile, …): kengred --help")) +
          "\n";
  return text;
}

}  // namespace kengred::wallet
