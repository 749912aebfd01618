#include "wallet/manual.h"

#include <algorithm>
#include <cctype>

#include "wallet/help.h"
#include "wallet/text.h"
#include "wallet/version.h"

namespace kengred::wallet {
namespace {

// When what the pages say last changed in substance. A fixed day, so that a build can be repeated.
constexpr char kManualDate[] = "2026-11-24";

std::string Bold(const std::string& text) { return "\\fB" + EscapeRoff(text) + "\\fR"; }
std::string Italic(const std::string& text) { return "\\fI" + EscapeRoff(text) + "\\fR"; }

std::string Heading(const std::string& page) {
  std::string title = page;
  for (char& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format(".TH \"{}\" \"1\" \"{}\" \"kengred {}\" \"{}\"\n", EscapeRoff(title),
                     kManualDate, kVersion, EscapeRoff(_("Kengred manual")));
}

std::string Section(const char* title) {
  std::string upper;
  for (const char c : std::string(title)) {
    upper.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  return ".SH \"" + EscapeRoff(upper) + "\"\n";
}

// A text, with a paragraph for each of its lines.
std::string Paragraphs(const std::string& text) {
  std::string result;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (!line.empty()) result += (result.empty() ? "" : ".PP\n") + EscapeRoff(line) + "\n";
    begin = end + 1;
  }
  return result;
}

std::string Item(const std::string& tag, const std::string& text) {
  return ".TP\n" + tag + "\n" + EscapeRoff(text) + "\n";
}

// "-y, --yes", "--for TEXT" with the value in italics.
std::string OptionTag(const CLI::Option* option) {
  std::string tag;
  for (const std::string& name : option->get_snames()) {
    tag += (tag.empty() ? "" : ", ") + Bold("-" + name);
  }
  for (const std::string& name : option->get_lnames()) {
    tag += (tag.empty() ? "" : ", ") + Bold("--" + name);
  }
  if (option->get_type_size() != 0) {
    // The parser appends what a checker says about itself: "N:INT in [0 - 9]".
    const std::string type = option->get_type_name();
    if (!type.empty()) tag += " " + Italic(type.substr(0, type.find(':')));
  }
  return tag;
}

std::string Options(const CLI::App* app) {
  std::string text;
  for (const CLI::Option* option : app->get_options()) {
    if (option->nonpositional() && !option->get_group().empty()) {
      text += Item(OptionTag(option), option->get_description());
    }
  }
  return text;
}

std::string Arguments(const CLI::App* app) {
  std::string text;
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_positional() && !option->get_group().empty()) {
      text += Item(Italic(ArgumentName(option->get_name(true, false))), option->get_description());
    }
  }
  return text;
}

// "kengred member admit WHO [OPTIONS]".
std::string Usage(const CLI::App* app, const std::string& words) {
  return Bold(words) + EscapeRoff(UsageArguments(app)) + " [" + EscapeRoff(_("OPTIONS")) + "]";
}

std::string Examples(const std::vector<std::string>& examples) {
  std::string text;
  for (const std::string& example : examples) {
    text +=
        (text.empty() ? ".nf\n.RS\n" : ".PP\n.nf\n.RS\n") + EscapeRoff(example) + "\n.RE\n.fi\n";
  }
  return text;
}

std::string List(const std::vector<std::pair<std::string, std::string>>& list) {
  std::string text;
  for (const auto& [name, meaning] : list) {
    const size_t begin = name.find_first_not_of(' ');
    text += Item(Bold(name.substr(begin)), meaning);
  }
  return text;
}

std::vector<const CLI::App*> VisibleCommands(const CLI::App* app) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* command : app->get_subcommands({})) {
    if (!command->get_group().empty()) commands.push_back(command);
  }
  return commands;
}

}  // namespace

std::string EscapeRoff(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        // A plain one would become a typographic hyphen, which cannot be pasted into a shell.
        result += "\\-";
        break;
      case '"':
        result += "\\(dq";
        break;
      case '.':
      case '\'':
        // At the beginning of a line these would start a request.
        if (result.empty() || result.back() == '\n') result += "\\&";
        if (c == '\'') {
          result += "\\(aq";
        } else {
          result.push_back(c);
        }
        break;
      case '~':
        result += "\\(ti";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '`':
        result += "\\(ga";
        break;
      default:
        result.push_back(c);
        break;
    }
  }
  return result;
}

std::string MainManualPage(const Cli& cli) {
  const CLI::App* root = cli.root();
  const std::string description = root->get_description();
  const size_t line_end = std::min(description.find('\n'), description.size());
  std::string summary = description.substr(0, line_end);
  // "kengred - the wallet …": the name stands before the dash already.
  if (const size_t dash = summary.find(" - "); dash != std::string::npos) {
    summary = summary.substr(dash + 3);
  }
  if (!summary.empty() && summary.back() == '.') summary.pop_back();
  std::string text = Heading("kengred");
  text += Section(_("Name")) + "kengred \\- " + EscapeRoff(summary) + "\n";
  text += Section(_("Synopsis")) + Bold("kengred") + " " +
          Italic(_("COMMAND [ARGUMENTS] [OPTIONS]")) + "\n";
  text += Section(_("Description"));
  text += Paragraphs(description.substr(std::min(line_end + 1, description.size())));
  text += ".PP\n" +
          EscapeRoff(_("Data goes to standard output, talk to standard error, questions to "
                       "the terminal. Nothing is asked where nobody can answer. Every "
                       "error ends with what to do next.")) +
          "\n";
  text += Section(_("Commands"));
  std::string section;
  for (const CLI::App* command : VisibleCommands(root)) {
    if (command->get_group() != section) {
      section = command->get_group();
      text += ".SS \"" + EscapeRoff(section) + "\"\n";
    }
    text += Item(Bold("kengred-" + command->get_name()) + "(1)", command->get_description());
  }
  text += Section(_("Options of every command")) + Options(root);
  text += Section(_("Exit codes")) + List(ExitCodeMeanings());
  text += Section(_("Environment")) + List(EnvironmentMeanings());
  text += Section(_("Files"));
  text += Item(Italic("~/.local/share/kengred/NAME/key"),
               _("the words of the profile NAME, encrypted with its passphrase"));
  text += Item(Italic("~/.local/share/kengred/NAME/config.toml"),
               _("its ledgers and contacts; no secrets"));
  return text;
}

std::string CommandManualPage(const Cli& cli, const CLI::App* command) {
  const std::string words = "kengred " + command->get_name();
  const std::string page = "kengred-" + command->get_name();
  const std::vector<const CLI::App*> leaves = VisibleCommands(command);
  const CommandHelp* help = cli.HelpOf(command);
  std::string text = Heading(page);
  text += Section(_("Name")) + EscapeRoff(page) + " \\- " + EscapeRoff(command->get_description()) +
          "\n";
  text += Section(_("Synopsis"));
  if (leaves.empty()) {
    text += Usage(command, words) + "\n";
  }
  for (const CLI::App* leaf : leaves) {
    text += (leaf == leaves.front() ? "" : ".br\n") + Usage(leaf, words + " " + leaf->get_name()) +
            "\n";
  }
  text += Section(_("Description"));
  text += help != nullptr && !help->details.empty()
              ? Paragraphs(help->details)
              : Paragraphs(Tr("{}: {}.", words, command->get_description()));
  if (leaves.empty()) {
    if (const std::string arguments = Arguments(command); !arguments.empty()) {
      text += Section(_("Arguments")) + arguments;
    }
    if (const std::string options = Options(command); !options.empty()) {
      text += Section(_("Options")) + options;
    }
  } else {
    text += Section(_("Commands"));
    for (const CLI::App* leaf : leaves) {
      const CommandHelp* leaf_help = cli.HelpOf(leaf);
      text += ".SS \"" + EscapeRoff(words + " " + leaf->get_name() + UsageArguments(leaf)) + "\"\n";
      std::string summary = leaf->get_description();
      if (!summary.empty()) {
        summary[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(summary[0])));
      }
      text += EscapeRoff(summary) + ".\n";
      if (leaf_help != nullptr && !leaf_help->details.empty()) {
        text += ".PP\n" + Paragraphs(leaf_help->details);
      }
      text += Arguments(leaf) + Options(leaf);
      if (leaf_help != nullptr && !leaf_help->examples.empty()) {
        text += ".PP\n" + Examples(leaf_help->examples);
      }
    }
  }
  if (leaves.empty() && help != nullptr && !help->examples.empty()) {
    text += Section(_("Examples")) + Examples(help->examples);
  }
  text += Section(_("See also")) + Bold("kengred") + "(1)\n";
  return text;
}

std::vector<std::pair<std::string, std::string>> ManualPages(const Cli& cli) {
  std::vector<std::pair<std::string, std::string>> pages;
  pages.emplace_back("kengred.1", MainManualPage(cli));
  for (const CLI::App* command : VisibleCommands(cli.root())) {
    pages.emplace_back("kengred-" + command->get_name() + ".1", CommandManualPage(cli, command));
  }
  return pages;
}

}  // namespace kengred::wallet
