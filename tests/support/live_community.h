// A community on a real server: its ledger made by `kengred-server init`, its founding submitted
// over the wire. Whatever fails here ends the test program, since nothing can be tested then.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kengred/client/client.h"
#include "tests/support/community.h"
#include "tests/support/server_process.h"

namespace kengred::testing {

// Seconds since 1970, now.
int64_t NowInSeconds();

// Makes the community's ledger in a directory that is not there yet.
void MakeLedger(const Community& community, const std::string& data);

// A client of a server that is ready.
client::Client ConnectTo(const ServerProcess& server, const Community& community,
                         std::chrono::milliseconds timeout = std::chrono::seconds(60));

// Submits the founding.
void FoundOn(client::Client* client, Community* community);

// Reads as somebody of the community.
client::Reader ReaderOf(const Community& community, const std::string& name);

// What each of the community's holders and places has of a currency, read by an auditor.
std::map<std::string, int64_t> BalancesOf(client::Client* client, const Community& community,
                                          const std::vector<std::string>& names,
                                          const std::string& currency);

}  // namespace kengred::testing
