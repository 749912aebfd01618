// Help texts: what `--help` prints.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "wallet/command.h"

namespace kengred::wallet {

// Lays out the help of a command. `cli` must outlive it.
class HelpFormatter final : public CLI::FormatterBase {
 public:
  explicit HelpFormatter(const Cli& cli) : cli_(cli) {}
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;

 private:
  std::string RootHelp(const CLI::App* app) const;
  std::string CommandText(const CLI::App* app, const std::string& name) const;

  const Cli& cli_;
};

// What the process may end with, and what it reads from the environment: name and meaning.
std::vector<std::pair<std::string, std::string>> ExitCodeMeanings();
std::vector<std::pair<std::string, std::string>> EnvironmentMeanings();
// "WHO": the name of a positional argument, in the person's language; for texts, not for parsing.
std::string ArgumentName(const std::string& name);
// "WHO AMOUNT [CURRENCY]": the arguments of a command as its usage line has them.
std::string UsageArguments(const CLI::App* app);
// "--for TEXT", "-y, --yes": how an option is written.
std::string OptionSpelling(const CLI::Option* option);

}  // namespace kengred::wallet
