// Goal: an auditor whom governance has named audits a running ledger from elsewhere with one
// command, and nobody else can; a server that is stopped and started again meanwhile is no reason
// to begin anew. Method: the real programs; the auditor's key file is one as the wallet makes it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kengred/client/client.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"
#include "kengred/keys/key_file.h"
#include "real_server.h"
#include "server/main/exit_code.h"
#include "tests/support/community.h"
#include "tests/support/server_process.h"

namespace kengred::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LiveAuditTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    community_ = new Community();
    server_ = new RealServer(community_);
  }
  static void TearDownTestSuite() {
    delete server_;
    delete community_;
  }

  // A member with a wallet's key file.
  static AccountId Member(const std::string& name) {
    keys::KeyFileContent content{name, "", keys::Mnemonic::Generate(keys::Language::kFrench), 0};
    keys::WriteKeyFileOptions options;
    options.cost = keys::kCostMin;
    const auto passphrase = keys::SecretString::CopyOf(keys::kNoPassphrase);
    EXPECT_TRUE(keys::WriteKeyFile(KeyFile(name), content, passphrase, options).ok());
    const auto opened = keys::OpenKeyFile(KeyFile(name), passphrase);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return server_->OpenMember(opened->key, v1::HOLDER_KIND_PERSON);
  }
  static std::string KeyFile(const std::string& name) { return server_->folder() + "/" + name; }
  static void Change(v1::Operation operation, const AccountId& account) {
    if (operation.has_grant_role()) {
      operation.mutable_grant_role()->set_account_id(account.ToBytes());
    } else {
      operation.mutable_revoke_role()->set_account_id(account.ToBytes());
    }
    server_->Submit({operation}, {"governance"});
  }

  static Finished Audit(const std::string& key_file, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"audit", "--server", server_->target(), "--auditor-key",
                                          key_file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunServerProgram(arguments);
  }
  static nlohmann::json Parsed(const Finished& finished) {
    return nlohmann::json::parse(finished.out, nullptr, /*allow_exceptions=*/false);
  }

  static Community* community_;
  static RealServer* server_;
};

Community* LiveAuditTest::community_ = nullptr;
RealServer* LiveAuditTest::server_ = nullptr;

TEST_F(LiveAuditTest, AnAuditorAuditsAndNobodyElse) {
  const AccountId auditor = Member("auditor");
  const Finished before = Audit(KeyFile("auditor"));
  EXPECT_EQ(before.exit_code, server::kExitStore);
  EXPECT_THAT(before.out, IsEmpty());
  EXPECT_THAT(before.err, HasSubstr("no auditor's role"));

  Change(community_->GrantRole("newcomer", v1::ROLE_AUDITOR), auditor);
  const std::string key = community_->log_keys()[0]->verifier_key().Format();
  const Finished good =
      Audit(KeyFile("auditor"), {"--ledger-id", community_->ledger_id().ToHex(), "--verifier-key",
                                 key, "--save-verified", KeyFile("seen"), "--json"});
  ASSERT_EQ(good.exit_code, server::kExitOk) << good.out << good.err;
  const nlohmann::json json = Parsed(good);
  EXPECT_EQ(json["good"], true);
  EXPECT_EQ(json["source"], "server");
  EXPECT_EQ(json["ledger_id"], community_->ledger_id().ToHex());
  EXPECT_EQ(json["trusted_keys"], nlohmann::json::array({key}));
  EXPECT_EQ(json["entries"], server_->client().GetLedger()->head_sequence());

  // From there on, after the ledger has grown.
  server_->Submit({community_->Transfer("alice", "biocoop", 100)}, {"alice"});
  const Finished again = Audit(KeyFile("auditor"), {"--from-verified", KeyFile("seen"), "--json"});
  ASSERT_EQ(again.exit_code, server::kExitOk) << again.out << again.err;
  EXPECT_EQ(Parsed(again)["signatures"], 1);

  // A disk without room for the journal.
  Conditions full;
  full.file_bytes_max = 2000;  // and some for what it says
  const Finished no_room = RunServerProgram(
      {"audit", "--server", server_->target(), "--auditor-key", KeyFile("auditor")}, full);
  EXPECT_EQ(no_room.exit_code, server::kExitStore) << no_room.out;
  EXPECT_THAT(no_room.err, HasSubstr("Set TMPDIR to a folder with room"));

  // A role that is taken away opens nothing, nor does somebody without account.
  Change(community_->RevokeRole("newcomer", v1::ROLE_AUDITOR), auditor);
  EXPECT_EQ(Audit(KeyFile("auditor")).exit_code, server::kExitStore);
  keys::KeyFileContent stranger{"stranger", "", keys::Mnemonic::Generate(keys::Language::kEnglish),
                                0};
  keys::WriteKeyFileOptions options;
  options.cost = keys::kCostMin;
  ASSERT_TRUE(keys::WriteKeyFile(KeyFile("stranger"), stranger,
                                 keys::SecretString::CopyOf(keys::kNoPassphrase), options)
                  .ok());
  const Finished unknown = Audit(KeyFile("stranger"));
  EXPECT_EQ(unknown.exit_code, server::kExitStore);
  EXPECT_THAT(unknown.err, HasSubstr("has no account on this ledger"));
}

TEST_F(LiveAuditTest, GoesOnAfterTheServerWasStarted) {
  // Far more than is on its way at once: large entries, which move nothing in the end.
  constexpr size_t kTransactions = 80;
  std::vector<v1::Operation> back_and_forth;
  for (size_t i = 0; i < kOperationsMax / 2; ++i) {
    back_and_forth.push_back(community_->Transfer("alice", "bruno", 1));
    back_and_forth.push_back(community_->Transfer("bruno", "alice", 1));
  }
  for (size_t i = 0; i < kTransactions; ++i) server_->Submit(back_and_forth, {"alice", "bruno"});

  const client::Reader auditor = ReaderOf(*community_, "auditor");
  client::Client& client = server_->client();
  const uint64_t head = client.GetLedger()->head_sequence();
  TreeFrontier tree;
  size_t bytes_read = 0;
  const absl::Status status =
      client.StreamEntries(auditor, 0, [&](Sequence sequence, const std::string& bytes) {
        EXPECT_EQ(sequence, tree.size() + 1) << "in order and once";
        tree.Append(LeafHash(bytes));
        bytes_read += bytes.size();
        if (sequence == 10) server_->Restart();
        return true;
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(tree.size(), head);
  EXPECT_GT(bytes_read, 2 * kMessageBytesMax);
  const auto log = client.CheckLog();
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->checkpoint.size, head);
  EXPECT_EQ(log->checkpoint.root, tree.Root());

  // From the middle, and no further than asked.
  std::vector<Sequence> some;
  ASSERT_TRUE(client
                  .StreamEntries(auditor, 20,
                                 [&](Sequence sequence, const std::string&) {
                                   some.push_back(sequence);
                                   return some.size() < 3;
                                 })
                  .ok());
  EXPECT_EQ(some, (std::vector<Sequence>{21, 22, 23}));
  // Nothing is after the head, and nobody else may read.
  EXPECT_TRUE(client
                  .StreamEntries(auditor, head,
                                 [](Sequence, const std::string&) {
                                   ADD_FAILURE();
                                   return true;
                                 })
                  .ok());
  const absl::Status refused =
      client.StreamEntries(ReaderOf(*community_, "alice"), 0, [](Sequence, const std::string&) {
        ADD_FAILURE();
        return true;
      });
  ASSERT_TRUE(client::RefusalOf(refused)) << refused;
  EXPECT_EQ(client::RefusalOf(refused)->verdict, v1::VERDICT_READ_NOT_ALLOWED);
}

}  // namespace
}  // namespace kengred::testing
