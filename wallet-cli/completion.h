// Completion of half-typed command lines. The shells' scripts are small and never change: at each
// TAB they ask `kengred __complete WORDS...`, which walks the tree of commands, so that what is
// offered is always what this build has, in the person's language.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wallet/command.h"

namespace kengred::wallet {

// The hidden first word.
inline constexpr char kCompleteWord[] = "__complete";

struct Completion {
  // What may stand there, with a short description (may be empty), in order.
  std::vector<std::pair<std::string, std::string>> candidates;
  // File names too: the shell knows them best.
  bool files = false;
};

// What may stand for the last of `words`, which may be empty; `words` without the program's name.
// Reads profiles and contacts of this machine; asks no passphrase and no network.
Completion Complete(const Cli& cli, const std::vector<std::string>& words);

// For the scripts: a candidate, a tab and its description on each line; ":files" on one of its own.
std::string FormatCompletion(const Completion& completion);

// The script for "bash", "zsh" or "fish"; nothing for any other shell.
std::optional<std::string_view> CompletionScript(std::string_view shell);

}  // namespace kengred::wallet
