// Manual pages (man(7)), made from the tree of commands: kengred(1) and one page for each of its
// commands, kengred-pay(1), in the person's language.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "wallet/command.h"

namespace kengred::wallet {

// The text of kengred(1).
std::string MainManualPage(const Cli& cli);
// The text of the page of a command: kengred-member(1) has all of `kengred member`.
std::string CommandManualPage(const Cli& cli, const CLI::App* command);
// Every page with its file name: "kengred.1", "kengred-pay.1".
std::vector<std::pair<std::string, std::string>> ManualPages(const Cli& cli);

// Escapes a text for man(7): it is shown as it is, whatever it contains.
std::string EscapeRoff(const std::string& text);

}  // namespace kengred::wallet
