// Every group of commands, in the order of `kengred --help`. To add one: write commands/<group>.cc,
// declare its Register function here, name it in kCommandGroups, and add the file to
// wallet-cli/CMakeLists.txt.
#pragma once

#include "wallet/command.h"

namespace kengred::wallet {

void RegisterIdentityCommands(Cli& cli);      // init, restore, words, passphrase, profile
void RegisterLedgerCommands(Cli& cli);        // ledger, directory
void RegisterAccountCommands(Cli& cli);       // account, contacts
void RegisterPaymentCommands(Cli& cli);       // balance, pay, request, refund
void RegisterHistoryCommands(Cli& cli);       // history, watch
void RegisterReceiptCommands(Cli& cli);       // receipt
void RegisterReconvertCommands(Cli& cli);     // reconvert
void RegisterMemberCommands(Cli& cli);        // member
void RegisterProfessionalCommands(Cli& cli);  // professional
void RegisterRoleCommands(Cli& cli);          // role
void RegisterFundCommands(Cli& cli);          // fund
void RegisterIssueCommands(Cli& cli);         // issue
void RegisterProgrammeCommands(Cli& cli);     // programme
void RegisterRewardCommands(Cli& cli);        // reward
void RegisterTransactionCommands(Cli& cli);   // tx
void RegisterShellCommands(Cli& cli);         // completion, man

// Inside the group `ledger`, whose file calls it.
void RegisterWitnessCommands(Cli& cli, CLI::App* ledger);  // ledger witnesses

using RegisterCommands = void (*)(Cli& cli);

inline constexpr RegisterCommands kCommandGroups[] = {
    RegisterIdentityCommands,  RegisterLedgerCommands,  RegisterAccountCommands,
    RegisterPaymentCommands,   RegisterHistoryCommands, RegisterReceiptCommands,
    RegisterReconvertCommands, RegisterMemberCommands,  RegisterProfessionalCommands,
    RegisterRoleCommands,      RegisterFundCommands,    RegisterIssueCommands,
    RegisterProgrammeCommands, RegisterRewardCommands,  RegisterTransactionCommands,
    RegisterShellCommands,
};

}  // namespace kengred::wallet
