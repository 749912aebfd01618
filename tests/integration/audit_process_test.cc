// Goal: an association can have its books checked, and leave its host with them: audit, export and
// import as a person or a script runs them, with their exit codes and their JSON. Method: the real
// program on the store of a real server, which runs on beside it; then the store and the export are
// tampered with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "server/main/exit_code.h"
#include "server/storage/rocksdb_store.h"
#include "tests/support/live_community.h"
#include "tests/support/server_process.h"

namespace kengred::server {
namespace {

using testing::Community;
using testing::Finished;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ReadFileOrNothing;
using testing::RunServerProgram;
using testing::ScratchDirectory;
using testing::ServerProcess;
using testing::WriteFileOrDie;

nlohmann::json Parsed(const Finished& finished) {
  return nlohmann::json::parse(finished.out, nullptr, /*allow_exceptions=*/false);
}

class AuditProcessTest : public ::testing::Test {
 protected:
  // A founded community, served for a while.
  static void SetUpTestSuite() {
    scratch_ = new ScratchDirectory();
    community_ = new Community();
    data_ = new std::string(*scratch_ / "ledger");
    testing::MakeLedger(*community_, *data_);
    ServerProcess server(*data_);
    ASSERT_TRUE(server.ready()) << server.log();
    client::Client client = testing::ConnectTo(server, *community_);
    testing::FoundOn(&client, community_);
    // Beside the running server.
    const Finished audit = RunServerProgram({"audit", "--data", *data_, "--json"});
    EXPECT_EQ(audit.exit_code, kExitOk) << audit.out << audit.err;
    const Finished exported =
        RunServerProgram({"export", "--data", *data_, *scratch_ / "while-serving"});
    EXPECT_EQ(exported.exit_code, kExitOk) << exported.err;
    entries_ = client.GetLedger()->head_sequence();
    // Killed: what was acknowledged is there all the same.
  }
  static void TearDownTestSuite() {
    delete data_;
    delete community_;
    delete scratch_;
  }

  static Finished Run(const std::vector<std::string>& arguments) {
    return RunServerProgram(arguments);
  }
  // A copy of the ledger that may be spoilt.
  static std::string Copy(const ScratchDirectory& scratch) {
    std::filesystem::copy(*data_, scratch / "copy", std::filesystem::copy_options::recursive);
    return scratch / "copy";
  }
  static std::string Export(const ScratchDirectory& scratch) {
    const Finished finished = Run({"export", "--data", *data_, scratch / "export"});
    EXPECT_EQ(finished.exit_code, kExitOk) << finished.err;
    return scratch / "export";
  }

  static ScratchDirectory* scratch_;
  static Community* community_;
  static std::string* data_;
  static uint64_t entries_;
};

ScratchDirectory* AuditProcessTest::scratch_ = nullptr;
Community* AuditProcessTest::community_ = nullptr;
std::string* AuditProcessTest::data_ = nullptr;
uint64_t AuditProcessTest::entries_ = 0;

TEST_F(AuditProcessTest, SaysThatAGoodLedgerIsGood) {
  const Finished text = Run({"audit", "--data", *data_});
  EXPECT_EQ(text.exit_code, kExitOk) << text.err;
  EXPECT_THAT(text.out, HasSubstr("The journal is good"));
  EXPECT_THAT(text.out, HasSubstr("Taken on the journal's own word:"));
  EXPECT_THAT(text.out, HasSubstr("1350.00 in circulation, 1350.00 EUR in the guarantee fund"));
  EXPECT_THAT(text.err, IsEmpty()) << "a bar is for terminals";

  const std::string key = community_->log_keys()[0]->verifier_key().Format();
  const nlohmann::json json =
      Parsed(Run({"audit", "--data", *data_, "--ledger-id", community_->ledger_id().ToHex(),
                  "--verifier-key", key, "--threads", "3", "--json"}));
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["good"], true);
  EXPECT_EQ(json["ledger_id"], community_->ledger_id().ToHex());
  EXPECT_EQ(json["entries"], entries_);
  EXPECT_EQ(json["log_key"], key);
  EXPECT_EQ(json["trusted_keys"], nlohmann::json::array({key}));
  EXPECT_GT(json["signatures"], entries_);
  EXPECT_GT(json["checkpoints"], 1);
  EXPECT_EQ(json["currencies"][0]["circulation_minor"], 135000);
  EXPECT_FALSE(json.contains("finding"));
}

TEST_F(AuditProcessTest, GoesOnFromWhereItEnded) {
  const ScratchDirectory scratch;
  const std::string note = scratch / "verified";
  EXPECT_EQ(Run({"audit", "--data", *data_, "--save-verified", note}).exit_code, kExitOk);
  const nlohmann::json json =
      Parsed(Run({"audit", "--data", *data_, "--from-verified", note, "--json"}));
  EXPECT_EQ(json["good"], true);
  EXPECT_EQ(json["signatures"], 0);
  EXPECT_EQ(json["verified_before"], entries_);

  // Another journal than the one that was verified.
  std::string text = ReadFileOrNothing(note);
  text[text.size() - 2] = text[text.size() - 2] == '0' ? '1' : '0';
  WriteFileOrDie(note, text);
  const Finished other = Run({"audit", "--data", *data_, "--from-verified", note, "--json"});
  EXPECT_EQ(other.exit_code, kExitNo);
  EXPECT_EQ(Parsed(other)["finding"]["fault"], "ROOT_DIFFERS");
  // A finding leaves no note.
  EXPECT_EQ(
      Run({"audit", "--data", *data_, "--from-verified", note, "--save-verified", scratch / "no"})
          .exit_code,
      kExitNo);
  EXPECT_FALSE(std::filesystem::exists(scratch / "no"));
}

TEST_F(AuditProcessTest, NamesWhatIsWrongWithAStore) {
  const ScratchDirectory scratch;
  const std::string copy = Copy(scratch);
  {
    storage::RocksDbOptions options;
    options.path = copy;
    const auto store = storage::OpenRocksDbStore(options);
    ASSERT_TRUE(store.ok()) << store.status();
    const auto head = (*store)->acquire("thief");
    ASSERT_TRUE(head.ok()) << head.status();
    storage::Batch batch;
    batch.epoch = head->epoch;
    batch.parent_hash = head->hash;
    batch.hash = head->hash;
    batch.first_sequence = head->sequence + 1;
    const std::string balance = "B" + community_->account("alice").ToBytes() + testing::kHeol;
    batch.writes = {{balance, std::string("\0\0\0\0\1\0\0\0", 8)}};
    const auto result = (*store)->commit(batch);
    ASSERT_TRUE(result.ok() && *result == storage::CommitResult::kDurable);
  }
  const Finished text = Run({"audit", "--data", copy});
  EXPECT_EQ(text.exit_code, kExitNo) << text.err;
  EXPECT_THAT(text.out, HasSubstr("STATE_DIFFERS"));
  EXPECT_THAT(text.out, HasSubstr("the table \"balances\""));
  const nlohmann::json json = Parsed(Run({"audit", "--data", copy, "--json"}));
  EXPECT_EQ(json["good"], false);
  EXPECT_EQ(json["finding"]["fault"], "STATE_DIFFERS");
  EXPECT_EQ(json["finding"]["sequence"], entries_);
}

TEST_F(AuditProcessTest, SaysWhatIsWrongWithTheCommandLine) {
  const ScratchDirectory scratch;
  WriteFileOrDie(scratch / "garbage", "garbage");
  const std::vector<std::vector<std::string>> wrong = {
      {"audit"},
      {"audit", "--data", *data_, "--export", scratch / "garbage"},
      {"audit", "--data", *data_, "--ledger-id", "12"},
      {"audit", "--data", *data_, "--verifier-key", "no key"},
      {"audit", "--data", *data_, "--from-verified", scratch / "garbage"},
      {"audit", "--data", *data_, "--from-verified", scratch / "missing"},
      {"export", "--data", *data_},
      {"export", "--data", *data_, scratch / "no/directory"},
      {"import", "--data", scratch / "new"},
      {"import", scratch / "garbage", "--data", scratch / "new", "--ledger-id", "12"},
      {"import", scratch / "garbage", "--data", scratch / "new", "--log-key", scratch / "missing"},
  };
  for (const std::vector<std::string>& arguments : wrong) {
    const Finished finished = Run(arguments);
    EXPECT_EQ(finished.exit_code, kExitUsage) << arguments[0] << ": " << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("kengred-server: "));
    EXPECT_THAT(finished.out, IsEmpty());
  }
  const std::vector<std::vector<std::string>> unreadable = {
      {"audit", "--data", scratch / "missing"},
      {"audit", "--export", scratch / "missing"},
      {"audit", "--export", scratch / "garbage"},
      {"audit", "--export", scratch.path()},
      {"export", "--data", scratch / "missing", scratch / "new"},
      {"import", scratch / "missing", "--data", scratch / "new"},
      {"import", scratch / "garbage", "--data", scratch / "new"},
      {"import", *scratch_ / "while-serving", "--data", *data_},
  };
  for (const std::vector<std::string>& arguments : unreadable) {
    const Finished finished = Run(arguments);
    EXPECT_EQ(finished.exit_code, kExitStore) << arguments[0] << ": " << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("kengred-server: "));
  }
  EXPECT_FALSE(std::filesystem::exists(scratch / "new"));
  EXPECT_FALSE(std::filesystem::exists(scratch / "new.importing"));
  for (const char* command : {"audit", "export", "import"}) {
    EXPECT_THAT(Run({command, "--help"}).out, HasSubstr("Example"));
  }
}

TEST_F(AuditProcessTest, LeavesItsHostWithAllItsBooks) {
  const ScratchDirectory scratch;
  const std::string file = Export(scratch);
  const std::string data = scratch / "new";
  EXPECT_EQ(ReadFileOrNothing(*scratch_ / "while-serving"), ReadFileOrNothing(file));
  EXPECT_EQ(std::filesystem::status(file).permissions() & std::filesystem::perms::others_all,
            std::filesystem::perms::none);
  EXPECT_EQ(Run({"audit", "--export", file}).exit_code, kExitOk);

  const Finished imported = Run({"import", file, "--data", data, "--log-key", *data_ + ".log-key",
                                 "--ledger-id", community_->ledger_id().ToHex()});
  EXPECT_EQ(imported.exit_code, kExitOk) << imported.err << imported.out;
  EXPECT_THAT(imported.out, HasSubstr("Private texts (names, memos, reasons) were not in it."));
  EXPECT_FALSE(std::filesystem::exists(data + ".importing"));
  EXPECT_EQ(Run({"audit", "--data", data}).exit_code, kExitOk);
  const nlohmann::json again = Parsed(Run({"export", "--data", data, scratch / "again", "--json"}));
  EXPECT_EQ(again["entries"], entries_);
  EXPECT_EQ(ReadFileOrNothing(scratch / "again"), ReadFileOrNothing(file));

  // The community goes on where it was.
  auto server = std::make_unique<ServerProcess>(
      data, std::vector<std::string>{"--log-key", *data_ + ".log-key"});
  ASSERT_TRUE(server->ready()) << server->log();
  client::Client client = testing::ConnectTo(*server, *community_);
  v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() = community_->Transaction(
      testing::NowInSeconds(), {community_->Transfer("alice", "biocoop", 100)}, {"alice"});
  const auto response = client.Submit(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->sequence(), entries_ + 1);
  EXPECT_EQ(testing::BalancesOf(&client, *community_, {"alice"}, testing::kHeol).at("alice"),
            20000 - 100);
  server.reset();
  EXPECT_EQ(Run({"audit", "--data", data}).exit_code, kExitOk);
}

TEST_F(AuditProcessTest, ImportsNothingBad) {
  const ScratchDirectory scratch;
  const std::string good = ReadFileOrNothing(Export(scratch));
  const std::string data = scratch / "new";
  // Somewhere in an entry of the middle.
  std::string bad = good;
  bad[bad.size() / 2] ^= 1;
  WriteFileOrDie(scratch / "bad", bad);
  for (const bool json : {false, true}) {
    std::vector<std::string> arguments = {"import", scratch / "bad", "--data", data};
    if (json) arguments.emplace_back("--json");
    const Finished finished = Run(arguments);
    EXPECT_EQ(finished.exit_code, kExitNo) << finished.out << finished.err;
    if (json) {
      EXPECT_EQ(Parsed(finished)["good"], false);
    } else {
      EXPECT_THAT(finished.out, HasSubstr("Nothing was imported."));
    }
    EXPECT_FALSE(std::filesystem::exists(data));
    EXPECT_FALSE(std::filesystem::exists(data + ".importing"));
  }
  // Another ledger's key, and another ledger than the one that was wanted.
  const Finished made = Run({"log-key", "new", "--data", *data_, scratch / "other.log-key"});
  ASSERT_EQ(made.exit_code, kExitOk) << made.err;
  EXPECT_EQ(
      Run({"import", scratch / "export", "--data", data, "--log-key", scratch / "other.log-key"})
          .exit_code,
      kExitUsage);
  EXPECT_EQ(Run({"import", scratch / "export", "--data", data, "--ledger-id", std::string(64, '0')})
                .exit_code,
            kExitNo);
  EXPECT_FALSE(std::filesystem::exists(data));

  // What a crash has left is no ledger, and in nobody's way.
  std::filesystem::create_directory(data + ".importing");
  WriteFileOrDie(data + ".importing/left", "over");
  EXPECT_EQ(Run({"import", scratch / "export", "--data", data}).exit_code, kExitOk);
  EXPECT_FALSE(std::filesystem::exists(data + ".importing"));
  // And a ledger is never written over.
  EXPECT_EQ(Run({"import", scratch / "export", "--data", data}).exit_code, kExitStore);
}

}  // namespace
}  // namespace kengred::server
