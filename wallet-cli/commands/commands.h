// Every group of commands, in the order of `kengred --help`. To add one: write commands/<group>.cc,
// declare its Register function here, name it in kCommandGroups, and add the file to
// wallet-cli/CMakeLists.txt.
#pragma once

#include "wallet/command.h"

namespace kengred::wallet {

void RegisterIdentityCommands(Cli& cli);  // init, restore, words, passphrase, profile
void RegisterLedgerCommands(Cli& cli);    // ledger, directory
void RegisterAccountCommands(Cli& cli);   // account, contacts

using RegisterCommands = void (*)(Cli& cli);

inline constexpr RegisterCommands kCommandGroups[] = {
    RegisterIdentityCommands,
    RegisterLedgerCommands,
    RegisterAccountCommands,
};

}  // namespace kengred::wallet
