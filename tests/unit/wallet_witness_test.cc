// Goal: what a person demands of witnesses is kept in the profile, handed to every connection, and
// shown with what the witnesses have done, in both languages. Method: whole command lines in this
// process against a ledger in memory; the ledger's own counting is client_witness_test's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kengred/core/hash.h"
#include "tests/support/wallet_bench.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

client::WitnessState Witness(const std::string& name, uint64_t size, int64_t time, bool counts) {
  const SecretKey key = *SecretKey::FromSeed(Sha256({"wallet_witness_test/", name}).view());
  return {*VerifierKey::Make(name, KeyType::kCosignature, key.public_key()), size, time, counts};
}

class WalletWitnessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SetLanguage("en");
    bench_.ledger.log.witnesses = {Witness("one.example", 12, testing::kNowSeconds, true),
                                   Witness("two.example", 0, 0, false)};
    bench_.MakeProfile("default");
  }
  void TearDown() override { SetLanguage("en"); }
  std::string Config() { return bench_.ReadFile(bench_.ProfileFolder("default") + "/config.toml"); }

  testing::WalletBench bench_;
};

TEST_F(WalletWitnessTest, ADemandIsKeptAndHandedOn) {
  bench_.Expect(ExitCode::kOk, {"ledger", "info"});
  EXPECT_EQ(bench_.ledger.connected_with.witness_policy.witnesses_needed, 0u);
  EXPECT_THAT(Config(), Not(HasSubstr("witness")));

  const testing::Outcome set =
      bench_.Expect(ExitCode::kOk, {"ledger", "witnesses", "1", "--within", "48"});
  EXPECT_THAT(set.out, AllOf(HasSubstr("1 of the 2 witnesses have cosigned within 48 hours"),
                             HasSubstr("one.example"), HasSubstr("12"), HasSubstr("never")));
  EXPECT_EQ(set.err.find("warning"), std::string::npos);
  EXPECT_EQ(bench_.ledger.connected_with.witness_policy.witnesses_needed, 0u)
      << "the command itself demands nothing";
  EXPECT_EQ(bench_.ledger.connected_with.witness_policy.age_max, std::chrono::hours(48));
  EXPECT_THAT(Config(), AllOf(HasSubstr("witnesses_needed = 1"), HasSubstr("witness_hours = 48")));

  const testing::Outcome info = bench_.Expect(ExitCode::kOk, {"ledger", "info"});
  EXPECT_EQ(bench_.ledger.connected_with.witness_policy.witnesses_needed, 1u);
  EXPECT_EQ(bench_.ledger.connected_with.witness_policy.age_max, std::chrono::hours(48));
  EXPECT_THAT(info.out, AllOf(HasSubstr("1 of 2 vouch; demanded: 1"), HasSubstr("two.example")));
  const auto json = nlohmann::json::parse(
      bench_.Expect(ExitCode::kOk, {"ledger", "info", "--json"}).out, nullptr, false);
  EXPECT_EQ(json["witnesses_needed"], 1);
  EXPECT_EQ(json["witnesses"][0]["size"], 12);
  EXPECT_EQ(json["witnesses"][0]["time"], "2026-11-24T09:00:00Z");
  EXPECT_EQ(json["witnesses"][1]["time"], nullptr);

  // More than vouch today: it is kept, with a warning.
  EXPECT_THAT(bench_.Expect(ExitCode::kOk, {"ledger", "witnesses", "2"}).err,
              HasSubstr("Today 1 vouch"));
  // More than there are: nothing changes.
  EXPECT_THAT(bench_.Expect(ExitCode::kUsage, {"ledger", "witnesses", "3"}).err,
              HasSubstr("You ask for 3 witnesses; the charter of"));
  EXPECT_THAT(Config(), HasSubstr("witnesses_needed = 2"));
  // The same ledger at another address.
  bench_.Expect(ExitCode::kOk, {"ledger", "add", "localhost:99"});
  bench_.Expect(ExitCode::kOk, {"ledger", "info"});
  EXPECT_EQ(bench_.ledger.connected_with.witness_policy.witnesses_needed, 2u);
  bench_.Expect(ExitCode::kOk, {"ledger", "witnesses", "0"});
  EXPECT_THAT(Config(), Not(HasSubstr("witness")));
}

TEST_F(WalletWitnessTest, ACharterWithoutWitnesses) {
  bench_.ledger.log.witnesses.clear();
  const testing::Outcome shown = bench_.Expect(ExitCode::kOk, {"ledger", "witnesses"});
  EXPECT_THAT(shown.err, HasSubstr("names no witness"));
  bench_.Expect(ExitCode::kUsage, {"ledger", "witnesses", "1"});
  bench_.Expect(ExitCode::kOk, {"ledger", "witnesses", "0"});
}

TEST_F(WalletWitnessTest, ADamagedDemandIsNoDemandLess) {
  const std::string path = bench_.ProfileFolder("default") + "/config.toml";
  bench_.Expect(ExitCode::kOk, {"ledger", "witnesses", "1"});
  const std::string good = Config();
  for (const char* bad : {"witnesses_needed = -1", "witnesses_needed = 17",
                          "witnesses_needed = \"1\"", "witnesses_needed = 1.0"}) {
    std::string text = good;
    text.replace(text.find("witnesses_needed = 1"), 20, bad);
    bench_.WriteFile(path, text);
    EXPECT_THAT(bench_.Expect(ExitCode::kFile, {"ledger", "info"}).err,
                HasSubstr("witnesses_needed is a number from 0 to 16"))
        << bad;
  }
  bench_.WriteFile(path, good);
  bench_.Expect(ExitCode::kOk, {"ledger", "info"});
}

// Beyond this machine without TLS only where `ledger add --plaintext` has settled it.
TEST_F(WalletWitnessTest, PlaintextIsHandedOn) {
  bench_.Expect(ExitCode::kOk,
                {"ledger", "add", "heol.example", "--name", "tunnel", "--plaintext"});
  EXPECT_TRUE(bench_.ledger.connected_with.allow_plaintext);
  bench_.Expect(ExitCode::kOk, {"ledger", "add", "heol.example", "--name", "far"});
  EXPECT_FALSE(bench_.ledger.connected_with.allow_plaintext);
}

}  // namespace
}  // namespace kengred::wallet
