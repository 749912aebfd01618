// Goal: the contract is enough. A client in another language, with that language's own gRPC,
// protobuf, SHA-256, Ed25519, bech32m and JWT, pays a shop and reads its balance.
// Method: foreign_clients/client.py (by reflection, no generated code) and client.js
// (@grpc/grpc-js) each get a member's secret seed and the name of a shop, and run against a real
// server. What they report is compared with what this side computes and what the ledger then holds.
// The member holds more than 2^53 cents, so that a client which puts amounts into floating point is
// caught.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "real_server.h"
#include "tests/support/shared_files.h"

namespace kengred::testing {
namespace {

using nlohmann::json;

// 2^53 + 1: the first integer that a double does not hold.
constexpr int64_t kInexact = 9007199254740993;
constexpr int64_t kPaid = 1250;
// More than the member has, and little enough that the shop could hold it.
constexpr int64_t kTooMuch = int64_t{1} << 62;

class ForeignClientsTest : public ::testing::Test {
 protected:
  ForeignClientsTest()
      : community_(1, [](v1::Charter* charter) { charter->mutable_policy()->clear_limits(); }),
        server_(&community_) {}

  // Runs a client for a new member and checks all that it reports.
  void PayAs(const std::vector<std::string>& command, const std::string& reference, json* out) {
    const std::string seed = RandomBytes(kSeedBytes);
    const auto key = SecretKey::FromSeed(seed);
    ASSERT_TRUE(key.ok());
    const AccountId account = server_.OpenMember(*key, v1::HOLDER_KIND_PERSON);
    v1::Operation issue = community_.Issue("alice", kInexact + kPaid, "RECEIPT-" + reference);
    issue.mutable_issue()->set_account_id(account.ToBytes());
    server_.Submit({issue}, {"issuer"});
    const int64_t shop_before = server_.Balance(community_.account("biocoop"), kHeol);

    const std::string task_file = server_.folder() + "/" + reference + ".json";
    const mode_t mask = umask(0077);
    std::ofstream(task_file) << json{{"target", server_.target()},
                                     {"seed", Digest::FromBytes(seed)->ToHex()},
                                     {"alias", community_.holder("biocoop").profile.alias()},
                                     {"currency", kHeol},
                                     {"amount_minor", std::to_string(kPaid)},
                                     {"too_much_minor", std::to_string(kTooMuch)},
                                     {"reference", reference},
                                     {"proto_dir", (SourceDir() / "proto").string()}};
    umask(mask);
    std::vector<std::string> full_command = command;
    full_command.push_back(task_file);
    Process process(full_command);
    const std::string text = process.ReadAll();
    ASSERT_EQ(process.Wait(), 0) << "the client failed; it said why above. " << text;
    *out = json::parse(text);

    EXPECT_EQ((*out)["ledger_id"], community_.ledger_id().ToHex());
    EXPECT_EQ((*out)["account"], account.ToHex());
    EXPECT_EQ((*out)["balance_minor"], std::to_string(kInexact));
    EXPECT_EQ((*out)["without_token"], "TOKEN_MISSING");
    EXPECT_EQ((*out)["refused"], (json{{"code", 9},
                                       {"reason", "INSUFFICIENT_BALANCE"},
                                       {"domain", "kengred"},
                                       {"figures", (*out)["refused"]["figures"]}}));
    EXPECT_EQ((*out)["refused"]["figures"]["available"], std::to_string(kInexact));
    EXPECT_EQ((*out)["refused"]["figures"]["needed"], std::to_string(kTooMuch));
    EXPECT_EQ(server_.Balance(account, kHeol), kInexact);
    EXPECT_EQ(server_.Balance(community_.account("biocoop"), kHeol), shop_before + kPaid);

    // The shop finds the payment, with its reference, under the id the client computed.
    const client::Reader reader = ReaderOf(community_, "biocoop");
    v1::ListHistoryRequest request;
    request.set_account_id(reader.account().ToBytes());
    request.set_counterparty_account_id(account.ToBytes());
    const auto history = server_.client().ListHistory(reader, request);
    ASSERT_TRUE(history.ok()) << history.status();
    ASSERT_EQ(history->items_size(), 1);
    EXPECT_EQ((*out)["sequence"], std::to_string(history->items(0).sequence()));
    EXPECT_EQ((*out)["transaction_id"],
              TransactionId::FromBytes(history->items(0).transaction_id())->ToHex());
    ASSERT_EQ(history->items(0).operations_size(), 1);
    EXPECT_EQ(history->items(0).operations(0).operation().transfer().payee_reference(), reference);
  }

  std::string ClientPath(const std::string& name) const {
    return (SourceDir() / "tests/integration/foreign_clients" / name).string();
  }

  Community community_;
  RealServer server_;
};

TEST_F(ForeignClientsTest, PythonPaysByReflectionAlone) {
  json out;
  ASSERT_NO_FATAL_FAILURE(PayAs({KENGRED_PYTHON, ClientPath("client.py")}, "PYTHON-1", &out));
  EXPECT_EQ(out["watched"], out["transaction_id"]);
}

TEST_F(ForeignClientsTest, JavaScriptPaysExactly) {
  const char* offline = std::getenv("KENGRED_OFFLINE");
  Process install({ClientPath("npm_install.sh"), KENGRED_NODE_FOLDER});
  const std::string said = install.ReadAll();
  const int status = install.Wait();
  if (status == 77 && offline != nullptr) GTEST_SKIP() << said;
  ASSERT_EQ(status, 0) << said;
  // Modules are looked for beside the program.
  const std::string program = std::string(KENGRED_NODE_FOLDER) + "/client.js";
  std::filesystem::copy_file(ClientPath("client.js"), program,
                             std::filesystem::copy_options::overwrite_existing);
  json out;
  ASSERT_NO_FATAL_FAILURE(PayAs({"node", program}, "NODE-1", &out));
  EXPECT_EQ(out["streamed"],
            (json{out["sequence"].get<std::string>() + " again", "VERDICT_AMOUNT_NOT_POSITIVE"}));
}

}  // namespace
}  // namespace kengred::testing
