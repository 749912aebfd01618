// How a command joins the command line. A command is an Options struct and
// `absl::Status Run(const Options&, Io&)`; a group of commands is one file in commands/ with one
// Register function, named in commands/commands.h.
#pragma once

#include <absl/status/status.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "wallet/act.h"
#include "wallet/manners.h"

namespace kengred::wallet {

// The words of one command in the help, in the person's language; examples are the same in all.
struct CommandHelp {
  std::string name;
  std::string summary;                // one line, no full stop
  std::string details;                // may be empty; whole sentences
  std::vector<std::string> examples;  // whole command lines: "kengred pay @biocoop 12,50"
};

// The tree of commands while it is built and parsed.
class Cli {
 public:
  Cli(CLI::App& root, Io& io) : root_(root), io_(io) {}
  Cli(const Cli&) = delete;
  Cli& operator=(const Cli&) = delete;

  CLI::App* root() { return &root_; }
  const CLI::App* root() const { return &root_; }
  Io& io() { return io_; }
  const Io& io() const { return io_; }

  // The section of `kengred --help` under which what is added to root() next appears.
  void Section(const std::string& title) { section_ = title; }

  // A group of commands under one word: "member".
  CLI::App* Group(const CommandHelp& help);

  // A command. `parent` is a group, or root(). `bind` gives the parser the fields of the options;
  // `run` does the work. Plain functions, so that a test can call `run` with options of its own.
  template <typename Options>
  CLI::App* Command(CLI::App* parent, const CommandHelp& help, void (*bind)(CLI::App&, Options&),
                    absl::Status (*run)(const Options&, Io&)) {
    auto options = std::make_shared<Options>();
    CLI::App* command = Add(parent, help);
    bind(*command, *options);
    command->callback(
        [this, options, run] { chosen_ = [options, run](Io& io) { return run(*options, io); }; });
    return command;
  }

  // What the command line chose, after parsing; empty where it chose nothing.
  const std::function<absl::Status(Io&)>& chosen() const { return chosen_; }
  // The words of a command added here; null for root().
  const CommandHelp* HelpOf(const CLI::App* app) const;

 private:
  CLI::App* Add(CLI::App* parent, const CommandHelp& help);

  CLI::App& root_;
  Io& io_;
  std::string section_;
  std::map<const CLI::App*, CommandHelp> help_;
  std::function<absl::Status(Io&)> chosen_;
};

// The command of that name right below `app`; null where there is none.
const CLI::App* FindCommand(const CLI::App* app, const std::string& name);

// --dry-run, --save, --also-sign, --valid-for.
void AddActOptions(CLI::App& command, ActOptions& options);

// Adds every command and global option. For RunWallet, the man pages, completions, and tests.
void BuildCommandLine(Cli& cli);

// The whole program: parses, runs, prints errors; returns the exit code. `arguments` without the
// program's name.
int RunWallet(const std::vector<std::string>& arguments, Io& io);

}  // namespace kengred::wallet
