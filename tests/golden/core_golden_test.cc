// Goal: what is signed and what is derived from it never changes by accident: a transaction made by
// an older wallet, and every id on paper, must mean the same for ever. Method: a transaction with
// every operation and every field (transaction_v1.textproto, readable) against its bytes, id,
// signature and derived ids (transaction_v1.txt, frozen). After a change of meaning there will be a
// v2 beside it; this file stays.
#include <absl/strings/escaping.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "kengred/core/address.h"
#include "kengred/core/charter.h"
#include "kengred/core/hash.h"
#include "kengred/core/side_record.h"
#include "kengred/core/signing.h"
#include "kengred/core/system_accounts.h"
#include "kengred/core/transaction_builder.h"
#include "kengred/core/verification.h"
#include "tests/support/community.h"
#include "tests/support/shared_files.h"

namespace kengred {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

v1::Transaction ReadExample() {
  v1::Transaction transaction;
  const std::string text =
      testing::ReadWholeFile(testing::SourceDir() / "tests/golden/transaction_v1.textproto");
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &transaction));
  return transaction;
}

std::map<std::string, std::string> ReadFrozen() {
  std::istringstream lines(
      testing::ReadWholeFile(testing::SourceDir() / "tests/golden/transaction_v1.txt"));
  std::map<std::string, std::string> frozen;
  std::string line;
  while (std::getline(lines, line)) {
    const size_t equals = line.find(" = ");
    if (line.starts_with("#") || equals == std::string::npos) continue;
    frozen[line.substr(0, equals)] = line.substr(equals + 3);
  }
  return frozen;
}

// Names of fields that are not set anywhere in the example; a oneof counts by its members.
void FindUnset(const Message& message, std::vector<std::string>* unset) {
  const auto* type = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated()) {
      if (reflection->FieldSize(message, field) == 0) unset->push_back(field->full_name());
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      for (int j = 0; j < reflection->FieldSize(message, field); ++j) {
        FindUnset(reflection->GetRepeatedMessage(message, field, j), unset);
      }
    } else if (reflection->HasField(message, field)) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        FindUnset(reflection->GetMessage(message, field), unset);
      }
    } else if (field->containing_oneof() == nullptr && field->name() != "nanos") {
      unset->push_back(field->full_name());
    }
  }
}

// RFC 8032 section 7.1, TEST 1.
SecretKey Signer() {
  return *SecretKey::FromSeed(
      absl::HexStringToBytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
}

v1::SignedTransaction Sign(const v1::Transaction& transaction) {
  v1::SignedTransaction result;
  transaction.SerializeToString(result.mutable_transaction());
  AddSignature(Signer(), &result);
  return result;
}

TEST(GoldenTransactionTest, TheExampleSetsEveryFieldOfEveryOperation) {
  const v1::Transaction transaction = ReadExample();
  std::vector<std::string> unset;
  FindUnset(transaction, &unset);
  EXPECT_EQ(unset, std::vector<std::string>());
  const auto* oneof = v1::Operation::descriptor()->oneof_decl(0);
  ASSERT_EQ(transaction.operations().size(), oneof->field_count());
  for (int i = 0; i < oneof->field_count(); ++i) {
    EXPECT_EQ(transaction.operations(i).operation_case(), oneof->field(i)->number());
  }
}

TEST(GoldenTransactionTest, BytesIdSignatureAndDerivedIdsAreFrozen) {
  const v1::Transaction transaction = ReadExample();
  const v1::SignedTransaction signed_transaction = Sign(transaction);
  const TransactionId id = TransactionIdOf(signed_transaction.transaction());
  const AccountId account = AccountIdOf(transaction.operations(0).open_account().authority());
  v1::SideRecord record;
  record.set_salt(std::string(16, 's'));
  record.set_content("Merci !");
  const std::map<std::string, std::string> made = {
      {"transaction", absl::BytesToHexString(signed_transaction.transaction())},
      {"transaction_id", id.ToHex()},
      {"signed_bytes", absl::BytesToHexString(TransactionSigningInput(id))},
      {"public_key", absl::BytesToHexString(signed_transaction.signatures(0).public_key())},
      {"signature", absl::BytesToHexString(signed_transaction.signatures(0).signature())},
      {"signed_transaction", absl::BytesToHexString(signed_transaction.SerializeAsString())},
      {"account_id", account.ToHex()},
      {"address", EncodeAddress("heol", account)},
      {"programme_account_id", testing::ProgrammeOf(signed_transaction, 14).ToHex()},
      {"reconversion_id", testing::ReconversionOf(signed_transaction, 11).ToHex()},
      {"circulation_account_id", SystemAccountId("circulation", "HEOL").ToHex()},
      {"commitment", CommitmentOf(record).ToHex()},
  };
  const std::map<std::string, std::string> frozen = ReadFrozen();
  EXPECT_EQ(frozen.size(), made.size());
  for (const auto& [name, value] : made) {
    const auto line = frozen.find(name);
    EXPECT_EQ(line == frozen.end() ? "" : line->second, value) << name;
  }
}

TEST(GoldenTransactionTest, TheFrozenBytesStillVerify) {
  std::map<std::string, std::string> frozen = ReadFrozen();
  v1::SignedTransaction signed_transaction;
  ASSERT_TRUE(
      signed_transaction.ParseFromString(absl::HexStringToBytes(frozen["signed_transaction"])));
  const auto ledger_id = *LedgerId::FromBytes(ReadExample().ledger_id());
  auto parsed = Parse(signed_transaction, ledger_id);
  ASSERT_TRUE(std::holds_alternative<ParsedTransaction>(parsed))
      << VerdictName(std::get<Refusal>(parsed).verdict);
  auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
  ASSERT_TRUE(std::holds_alternative<VerifiedTransaction>(verified));
  EXPECT_EQ(std::get<VerifiedTransaction>(verified).id().ToHex(), frozen["transaction_id"]);
  EXPECT_EQ(std::get<VerifiedTransaction>(verified).transaction().SerializeAsString(),
            ReadExample().SerializeAsString());
}

}  // namespace
}  // namespace kengred
