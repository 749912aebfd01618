// Goal: the till of client/examples says "paid" when, and only when, the amount it asked for has
// come in with its reference. Method: the real program beside a real server. The test types at it,
// reads the payment request it prints, and pays as a customer would: in parts, under another
// reference, in another currency, and across a restart of the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kengred/core/address.h"
#include "kengred/core/payto.h"
#include "kengred/keys/derivation.h"
#include "kengred/keys/key_file.h"
#include "real_server.h"
#include "tests/support/shared_files.h"

namespace kengred::testing {
namespace {

constexpr char kPassphrase[] = "pain au levain";

class TillTest : public ::testing::Test {
 protected:
  TillTest() : server_(&community_) {
    keys::KeyFileContent content{"shop", "", keys::Mnemonic::Generate(keys::Language::kFrench), 0};
    auto key = keys::DeriveAccountKey(content.mnemonic, 0);
    EXPECT_TRUE(key.ok()) << key.status();
    shop_ = server_.OpenMember(*key, v1::HOLDER_KIND_PROFESSIONAL);
    key_file_ = server_.folder() + "/shop.key";
    const absl::Status written =
        keys::WriteKeyFile(key_file_, content, keys::SecretString::CopyOf(kPassphrase),
                           {.cost = {.operations = 1, .memory_kib = 8 * 1024}});
    EXPECT_TRUE(written.ok()) << written;
  }

  std::unique_ptr<Process> StartTill(const std::string& passphrase) {
    auto till = std::make_unique<Process>(
        std::vector<std::string>{ProgramPath("till"), server_.target(), key_file_},
        server_.folder() + "/till.errors");
    till->Write(passphrase + "\n");
    return till;
  }

  // The payment request the till prints for an amount.
  PaymentRequest Ask(Process* till, const std::string& amount) {
    EXPECT_EQ(till->ReadUntil("Amount? "), "Amount? ") << Errors();
    till->Write(amount + "\n");
    std::string line = till->ReadUntil("\n");
    EXPECT_FALSE(line.empty()) << Errors();
    line = line.substr(0, line.size() - 1);
    const auto request = ParsePaymentRequest(line);
    EXPECT_TRUE(request.ok()) << line << ": " << request.status();
    return request.ok() ? *request : PaymentRequest();
  }

  void Pay(int64_t amount_minor, const std::string& reference) {
    v1::Operation operation = community_.Transfer("alice", "biocoop", amount_minor);
    operation.mutable_transfer()->set_payee_account_id(shop_.ToBytes());
    operation.mutable_transfer()->set_payee_reference(reference);
    server_.Submit({operation}, {"alice"});
  }

  std::string Errors() const { return ReadWholeFile(server_.folder() + "/till.errors"); }

  Community community_;
  RealServer server_;
  AccountId shop_;
  std::string key_file_;
};

TEST_F(TillTest, SaysPaidWhenItIs) {
  const auto till = StartTill(kPassphrase);
  const PaymentRequest request = Ask(till.get(), "12,50");
  EXPECT_EQ(request.payee, shop_);
  EXPECT_EQ(request.address_prefix, community_.charter().address_prefix());
  ASSERT_TRUE(request.amount);
  EXPECT_EQ(request.amount->currency, kHeol);
  EXPECT_EQ(*request.amount->ToMinor(2), 1250);
  ASSERT_FALSE(request.payee_reference.empty());
  Pay(1250, request.payee_reference);
  EXPECT_EQ(till->ReadUntil("\n"), "paid\n") << Errors();

  // The next customer has another reference; what the first one paid does not count.
  const PaymentRequest next = Ask(till.get(), "3");
  EXPECT_NE(next.payee_reference, request.payee_reference);
  Pay(300, next.payee_reference);
  EXPECT_EQ(till->ReadUntil("\n"), "paid\n") << Errors();

  till->CloseInput();
  EXPECT_EQ(till->ReadAll(), "Amount? ");
  EXPECT_EQ(till->Wait(), 0) << Errors();
  EXPECT_EQ(server_.Balance(shop_, kHeol), 1550);
}

TEST_F(TillTest, CountsOnlyWhatQuotesItsReference) {
  const auto till = StartTill(kPassphrase);
  const PaymentRequest request = Ask(till.get(), "10");
  Pay(1000, "");
  Pay(1000, "TILL-OF-SOMEBODY-ELSE");
  Pay(400, request.payee_reference);
  server_.Restart();
  Pay(599, request.payee_reference);
  EXPECT_FALSE(till->HasSaid()) << "it says paid for less";
  Pay(1, request.payee_reference);
  EXPECT_EQ(till->ReadUntil("\n"), "paid\n") << Errors();
  EXPECT_EQ(server_.Balance(shop_, kHeol), 3000);
}

TEST_F(TillTest, AsksAgainForAnAmountThatIsNone) {
  const auto till = StartTill(kPassphrase);
  EXPECT_EQ(till->ReadUntil("Amount? "), "Amount? ") << Errors();
  till->Write("twelve\n");
  EXPECT_EQ(till->ReadUntil("Amount? "), "Amount? ");
  till->Write("0\n");
  const PaymentRequest request = Ask(till.get(), "0.01");
  ASSERT_TRUE(request.amount);
  EXPECT_EQ(*request.amount->ToMinor(2), 1);
}

TEST_F(TillTest, RefusesAWrongPassphrase) {
  const auto till = StartTill("pain sans levain");
  EXPECT_EQ(till->ReadAll(), "");
  EXPECT_EQ(till->Wait(), 1);
  EXPECT_THAT(Errors(), ::testing::HasSubstr("passphrase"));
  EXPECT_THAT(Errors(), ::testing::Not(::testing::HasSubstr("levain")));
}

}  // namespace
}  // namespace kengred::testing
