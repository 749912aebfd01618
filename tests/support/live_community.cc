#include "tests/support/live_community.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include "tests/support/charter_file.h"

namespace kengred::testing {
namespace {

[[noreturn]] void Die(const std::string& what, const absl::Status& status) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), status.ToString().c_str());
  std::abort();
}

}  // namespace

int64_t NowInSeconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void MakeLedger(const Community& community, const std::string& data) {
  const ScratchDirectory scratch;
  WriteFileOrDie(scratch / "charter.toml", CharterFile(community.charter()));
  WriteLogKeyFile(community, data);
  const Finished init =
      RunServerProgram({"init", "--charter", scratch / "charter.toml", "--data", data});
  if (init.exit_code != 0 || init.out.find(community.ledger_id().ToHex()) == std::string::npos) {
    Die("no ledger could be made", absl::UnknownError(init.err));
  }
}

client::Client ConnectTo(const ServerProcess& server, const Community& community,
                         std::chrono::milliseconds timeout) {
  client::ClientOptions options;
  options.target = server.target();
  options.ledger_id = community.ledger_id();
  options.timeout = timeout;
  options.connect_timeout = std::chrono::seconds(60);
  absl::StatusOr<client::Client> client = client::Client::Connect(options);
  if (!client.ok()) Die("no connection to the server\n" + server.log(), client.status());
  return *std::move(client);
}

void FoundOn(client::Client* client, Community* community) {
  for (const v1::SubmitTransactionRequest& request : community->Found(NowInSeconds())) {
    const auto response = client->Submit(request);
    if (!response.ok()) Die("the founding is refused", response.status());
  }
}

client::Reader ReaderOf(const Community& community, const std::string& name) {
  // The community owns the key and outlives the reader.
  return {std::shared_ptr<const SecretKey>(&community.key(name), [](const SecretKey*) {}),
          community.account(name)};
}

std::map<std::string, int64_t> BalancesOf(client::Client* client, const Community& community,
                                          const std::vector<std::string>& names,
                                          const std::string& currency) {
  const client::Reader auditor = ReaderOf(community, "auditor");
  std::map<std::string, int64_t> balances;
  for (const std::string& name : names) {
    const auto response = client->ListBalances(auditor, community.account(name));
    if (!response.ok()) Die("the balances of " + name + " cannot be read", response.status());
    balances[name] = 0;
    for (const v1::Balance& balance : response->balances()) {
      if (balance.currency() == currency) balances[name] = balance.amount_minor();
    }
  }
  return balances;
}

}  // namespace kengred::testing
