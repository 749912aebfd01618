#include "wallet/completion.h"

#include <algorithm>

#include "wallet/describe.h"
#include "wallet/profile.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// ---- the scripts ----

// "%q" quotes what a contact's name may contain.
constexpr std::string_view kBash = R"script(# bash completion for kengred
_kengred() {
    local line word
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            compopt -o filenames 2>/dev/null
            while IFS= read -r word; do
                COMPREPLY+=("$word")
            done < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]#=}")
        else
            COMPREPLY+=("$(printf '%q' "${line%%$'\t'*}")")
        fi
    done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _kengred kengred
)script";

// The last lines serve both ways of loading it: as an autoloaded function, and by `source`.
constexpr std::string_view kZsh = R"script(#compdef kengred
_kengred() {
    local line
    local -a candidates
    local -i files=0
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            files=1
        else
            candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        fi
    done < <("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    (( ${#candidates} )) && _describe -V kengred candidates
    (( files )) && _files
}
if [[ ${funcstack[1]} == _kengred ]]; then
    _kengred "$@"
else
    compdef _kengred kengred
fi
)script";

constexpr std::string_view kFish = R"script(# fish completion for kengred
function __kengred_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l program $words[1]
    for line in ($program __complete $words[2..-1] "$token" 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path "$token"
        else
            echo $line
        end
    end
end
complete -c kengred -f -a '(__kengred_complete)'
)script";

// ---- the tree ----

// What the arguments of that name are, where they are words of a fixed list.
struct ArgumentWords {
  std::string_view name;
  std::string_view words;  // separated by '|'
};
constexpr ArgumentWords kArgumentWords[] = {
    {"MOVEMENT", "in|out|notes-in|notes-out"},
    {"SHELL", "bash|zsh|fish"},
    {"KIND", "shops|associations|programmes"},
};

// The option that a word names, in a command or those above it.
const CLI::Option* FindOption(const CLI::App* app, const std::string& word) {
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      if (option->nonpositional() && option->check_name(word)) return option;
    }
  }
  return nullptr;
}

bool TakesValue(const CLI::Option* option) { return option->get_items_expected_max() > 0; }

// Collects what begins with what is typed.
class Collector {
 public:
  Collector(Io io, std::string typed) : io_(std::move(io)), typed_(std::move(typed)) {}

  // Candidates start with `prefix` and then a word: "--fund=".
  void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }

  void Add(const std::string& word, const std::string& description = {}) {
    if (word.starts_with(typed_)) completion_.candidates.emplace_back(prefix_ + word, description);
  }
  void AddWords(std::string_view words) {
    while (!words.empty()) {
      const size_t bar = std::min(words.find('|'), words.size());
      Add(std::string(words.substr(0, bar)));
      words.remove_prefix(std::min(bar + 1, words.size()));
    }
  }
  void AddProfiles() {
    const auto names = Profile::List(io_);
    if (!names.ok()) return;
    for (const std::string& name : *names) Add(name);
  }
  void AddLedgers() {
    const auto profile = Profile::Load(io_);
    if (!profile.ok()) return;
    for (const LedgerEntry& entry : profile->config().ledgers) Add(entry.name, entry.community);
  }
  void AddContacts() {
    const auto profile = Profile::Load(io_);
    if (!profile.ok()) return;
    for (const Contact& contact : profile->config().contacts) Add(contact.name, contact.address);
  }
  void AddRoles() {
    for (int number = v1::Role_MIN + 1; number <= v1::Role_MAX; ++number) {
      const auto role = static_cast<v1::Role>(number);
      Add(RoleName(role), RoleText(role));
    }
  }
  void AddFiles() { completion_.files = prefix_.empty(); }

  // The values of an option.
  void AddValues(const CLI::Option* option) {
    // The parser appends what a checker says about itself: "12|24:{12,24}".
    std::string type = option->get_type_name();
    type.resize(std::min(type.find(':'), type.size()));
    if (option->check_lname("profile") || option->check_lname("also-sign")) {
      AddProfiles();
    } else if (option->check_lname("ledger")) {
      AddLedgers();
    } else if (type == _("FILE")) {
      AddFiles();
    } else if (type == _("WHO")) {
      AddContacts();
    } else if (type.find('|') != std::string::npos) {
      AddWords(type);
    }
  }

  // The `position`-th argument of a command, from 0.
  void AddArguments(const CLI::App* app, size_t position) {
    const CLI::Option* argument = nullptr;
    for (const CLI::Option* option : app->get_options()) {
      if (!option->get_positional()) continue;
      argument = option;
      if (position == 0 || option->get_items_expected_max() > 1) break;
      --position;
      argument = nullptr;
    }
    if (argument == nullptr) return;
    const std::string name = argument->get_name(true, false);
    for (const ArgumentWords& each : kArgumentWords) {
      if (each.name == name) AddWords(each.words);
    }
    if (name == "WHO" || name == "PAYEE" || name == "PAYER" || name == "PROGRAMME") AddContacts();
    if (name == "ROLE") AddRoles();
    if (name.starts_with("FILE")) AddFiles();
  }

  void AddCommands(const CLI::App* app) {
    for (const CLI::App* command : app->get_subcommands({})) {
      if (!command->get_group().empty()) Add(command->get_name(), command->get_description());
    }
  }

  void AddOptions(const CLI::App* app) {
    for (; app != nullptr; app = app->get_parent()) {
      for (const CLI::Option* option : app->get_options()) {
        for (const std::string& name : option->get_lnames()) {
          const auto& known = completion_.candidates;
          const bool seen = std::any_of(known.begin(), known.end(), [&name](const auto& each) {
            return each.first == "--" + name;
          });
          if (!seen) Add("--" + name, option->get_description());
        }
      }
    }
  }

  Completion Take() { return std::move(completion_); }

 private:
  const Io io_;
  const std::string typed_;
  std::string prefix_;
  Completion completion_;
};

}  // namespace

Completion Complete(const Cli& cli, const std::vector<std::string>& words) {
  if (words.empty()) return {};
  const CLI::App* app = cli.root();
  Io io = cli.io();
  size_t position = 0;
  const CLI::Option* valued = nullptr;  // the option whose value comes next
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    // bash makes three words of "--fund=digital".
    if (word == "=") continue;
    if (valued != nullptr) {
      if (valued->check_lname("profile")) io.options.profile = word;
      valued = nullptr;
      continue;
    }
    if (word.size() > 1 && word.front() == '-') {
      const size_t equals = word.find('=');
      const CLI::Option* option = FindOption(app, word.substr(0, equals));
      if (option == nullptr || !TakesValue(option)) continue;
      if (equals == std::string::npos) {
        valued = option;
      } else if (option->check_lname("profile")) {
        io.options.profile = word.substr(equals + 1);
      }
    } else if (const CLI::App* command = FindCommand(app, word)) {
      app = command;
      position = 0;
    } else {
      ++position;
    }
  }

  const std::string& last = words.back();
  if (valued != nullptr) {
    Collector values(io, last == "=" ? std::string() : last);
    values.AddValues(valued);
    return values.Take();
  }
  if (!last.empty() && last.front() == '-') {
    const size_t equals = last.find('=');
    if (equals == std::string::npos) {
      Collector options(io, last);
      options.AddOptions(app);
      return options.Take();
    }
    const CLI::Option* option = FindOption(app, last.substr(0, equals));
    Collector values(io, last.substr(equals + 1));
    values.set_prefix(last.substr(0, equals + 1));
    if (option != nullptr) values.AddValues(option);
    return values.Take();
  }
  Collector rest(io, last);
  if (position == 0) rest.AddCommands(app);
  rest.AddArguments(app, position);
  return rest.Take();
}

std::string FormatCompletion(const Completion& completion) {
  std::string text;
  for (const auto& [word, description] : completion.candidates) {
    text += word + "\t" + description + "\n";
  }
  if (completion.files) text += ":files\n";
  return text;
}

std::optional<std::string_view> CompletionScript(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return std::nullopt;
}

}  // namespace kengred::wallet
