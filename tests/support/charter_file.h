// A charter as the TOML file that `kengred-server init` reads, so that tests can make a real
// server's ledger from a community's charter. Reading it back gives the same bytes, and so the same
// ledger id.
#pragma once

#include <string>

#include "kengred/v1/charter.pb.h"
#include "tests/support/community.h"

namespace kengred::testing {

std::string CharterFile(const v1::Charter& charter);

// Writes the log key of a community where `kengred-server init --data DATA` looks for it.
void WriteLogKeyFile(const Community& community, const std::string& data);

}  // namespace kengred::testing
