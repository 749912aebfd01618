// What the witnesses of a ledger have cosigned, as people and programs read it.
#pragma once

#include <string>
#include <vector>

#include "kengred/client/client.h"
#include "wallet/manners.h"

namespace kengred::wallet {

// How many of them count.
size_t CountVouching(const std::vector<client::WitnessState>& witnesses);

// "1 of 2 vouch; 1 is demanded"
std::string WitnessesText(const std::vector<client::WitnessState>& witnesses, size_t needed);
// A line for each: its name, what it has cosigned last, when, whether that counts.
std::string WitnessesTable(const std::vector<client::WitnessState>& witnesses, bool color);
Json WitnessesJson(const std::vector<client::WitnessState>& witnesses);

// Too few vouch: who has cosigned what, in sentences, and what to do.
std::string ShortageText(const client::WitnessShortage& shortage);
std::string ShortageHint();

}  // namespace kengred::wallet
