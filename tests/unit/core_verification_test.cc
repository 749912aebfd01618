// Goal: what needs no state is decided before any, always the same way, the cheap faults first.
// Method: a table of faults in order of precedence, each alone with its verdict and figures, then
// every pair of faults that can stand together, which must get the verdict of the earlier one.
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "kengred/core/limits.h"
#include "kengred/core/transaction_builder.h"
#include "kengred/core/verification.h"
#include "tests/support/community.h"
#include "tests/support/mixed_order_key.h"

namespace kengred {
namespace {

using testing::Community;
using testing::kNowSeconds;

// A transaction on its way: its body, which is serialized and signed after the faults of the body,
// and what is done to the signed result.
struct Attempt {
  v1::Transaction body;
  std::vector<std::string> signers = {"alice"};
  std::vector<std::function<void(v1::SignedTransaction*)>> after_signing;
};

struct Fault {
  const char* name;
  const char* slot;  // what it spoils: two faults of one slot exclude each other
  v1::Verdict verdict;
  std::map<std::string, std::string> figures;
  std::function<void(Attempt*)> spoil;
};

class VerificationTest : public ::testing::Test {
 protected:
  // protobuf says on stderr what it thinks of malformed bytes.
  void SetUp() override { logged_by_ = google::protobuf::SetLogHandler(nullptr); }
  void TearDown() override { google::protobuf::SetLogHandler(logged_by_); }

  Attempt Good() const {
    Attempt attempt;
    TransactionBuilder builder(community_.ledger_id(), kNowSeconds, 3600);
    *builder.Add() = community_.Transfer("alice", "bruno", 100);
    attempt.body = builder.transaction();
    return attempt;
  }

  v1::SignedTransaction Finish(const Attempt& attempt) const {
    v1::SignedTransaction transaction;
    attempt.body.SerializeToString(transaction.mutable_transaction());
    for (const std::string& signer : attempt.signers) community_.Sign(signer, &transaction);
    for (const auto& change : attempt.after_signing) change(&transaction);
    return transaction;
  }

  std::optional<Refusal> Verify(const v1::SignedTransaction& transaction) const {
    auto parsed = Parse(transaction, community_.ledger_id());
    if (auto* refusal = std::get_if<Refusal>(&parsed)) return *refusal;
    auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
    if (auto* refusal = std::get_if<Refusal>(&verified)) return *refusal;
    return std::nullopt;
  }

  static Fault Body(const char* name, const char* slot, v1::Verdict verdict,
                    std::map<std::string, std::string> figures,
                    const std::function<void(v1::Transaction*)>& change) {
    return {name, slot, verdict, std::move(figures),
            [change](Attempt* attempt) { change(&attempt->body); }};
  }
  static Fault Signed(const char* name, const char* slot, v1::Verdict verdict,
                      std::map<std::string, std::string> figures,
                      const std::function<void(v1::SignedTransaction*)>& change) {
    return {name, slot, verdict, std::move(figures),
            [change](Attempt* attempt) { attempt->after_signing.push_back(change); }};
  }

  // In order of precedence.
  static std::vector<Fault> Faults() {
    using v1::SignedTransaction;
    using v1::Transaction;
    const auto validity = [](const char* name, const std::function<void(Transaction*)>& change) {
      return Body(name, "validity", v1::VERDICT_VALIDITY_MALFORMED, {}, change);
    };
    return {
        Signed("too large", "size", v1::VERDICT_TRANSACTION_TOO_LARGE, {{"limit", "131072"}},
               [](SignedTransaction* t) { t->mutable_transaction()->append(131073, '\xff'); }),
        Signed("empty", "bytes", v1::VERDICT_TRANSACTION_MALFORMED, {},
               [](SignedTransaction* t) { t->clear_transaction(); }),
        Signed("no protobuf", "bytes", v1::VERDICT_TRANSACTION_MALFORMED, {},
               [](SignedTransaction* t) { t->set_transaction(std::string(50, '\xff')); }),
        Signed("cut short", "bytes", v1::VERDICT_TRANSACTION_MALFORMED, {},
               [](SignedTransaction* t) {
                 t->mutable_transaction()->resize(t->transaction().size() - 1);
               }),
        // One more Operation with a Transfer whose currency is the byte ff.
        Signed("text that is not UTF-8", "bytes", v1::VERDICT_TRANSACTION_MALFORMED, {},
               [](SignedTransaction* t) {
                 t->mutable_transaction()->append("\x2a\x05\x52\x03\x1a\x01\xff");
               }),
        Signed("an unknown field beside the signatures", "unknown", v1::VERDICT_UNKNOWN_FIELD, {},
               [](SignedTransaction* t) {
                 t->GetReflection()->MutableUnknownFields(t)->AddVarint(99, 1);
               }),
        Body("an unknown field", "unknown", v1::VERDICT_UNKNOWN_FIELD, {},
             [](Transaction* t) { t->GetReflection()->MutableUnknownFields(t)->AddVarint(99, 1); }),
        // Scenario 30.
        Body("an unknown field deep inside", "unknown", v1::VERDICT_UNKNOWN_FIELD, {},
             [](Transaction* t) {
               if (t->operations().empty()) t->add_operations();
               v1::Commitment* memo = t->mutable_operations(0)->mutable_transfer()->mutable_memo();
               memo->GetReflection()->MutableUnknownFields(memo)->AddLengthDelimited(7, "x");
             }),
        Body("an operation of the future", "unknown", v1::VERDICT_UNKNOWN_FIELD, {},
             [](Transaction* t) {
               if (t->operations().empty()) t->add_operations();
               v1::Operation* operation = t->mutable_operations(0);
               operation->GetReflection()->MutableUnknownFields(operation)->AddLengthDelimited(900,
                                                                                               "x");
             }),
        // Scenario 43.
        Body("another ledger", "ledger", v1::VERDICT_WRONG_LEDGER, {},
             [](Transaction* t) { t->set_ledger_id(std::string(32, 'l')); }),
        Body("no ledger", "ledger", v1::VERDICT_WRONG_LEDGER, {},
             [](Transaction* t) { t->clear_ledger_id(); }),
        Body("no nonce", "nonce", v1::VERDICT_NONCE_MALFORMED, {},
             [](Transaction* t) { t->clear_nonce(); }),
        Body("a nonce of 15 bytes", "nonce", v1::VERDICT_NONCE_MALFORMED, {},
             [](Transaction* t) { t->set_nonce(std::string(15, 'n')); }),
        Body("a nonce of 17 bytes", "nonce", v1::VERDICT_NONCE_MALFORMED, {},
             [](Transaction* t) { t->set_nonce(std::string(17, 'n')); }),
        validity("no beginning", [](Transaction* t) { t->clear_valid_from(); }),
        validity("no end", [](Transaction* t) { t->clear_valid_until(); }),
        validity("a beginning of half a second",
                 [](Transaction* t) { t->mutable_valid_from()->set_nanos(500000000); }),
        validity("an end of half a second",
                 [](Transaction* t) { t->mutable_valid_until()->set_nanos(1); }),
        validity("before 1970", [](Transaction* t) { t->mutable_valid_from()->set_seconds(-1); }),
        validity("after the year 9999",
                 [](Transaction* t) {
                   t->mutable_valid_from()->set_seconds(253402300799);
                   t->mutable_valid_until()->set_seconds(253402300800);
                 }),
        validity("reversed",
                 [](Transaction* t) { t->mutable_valid_until()->set_seconds(kNowSeconds - 1); }),
        validity("over 90 days",
                 [](Transaction* t) {
                   t->mutable_valid_until()->set_seconds(kNowSeconds + 90 * 86400 + 1);
                 }),
        validity("from the beginning to the end of 64 bits",
                 [](Transaction* t) {
                   t->mutable_valid_from()->set_seconds(std::numeric_limits<int64_t>::min());
                   t->mutable_valid_until()->set_seconds(std::numeric_limits<int64_t>::max());
                 }),
        Body("no operation", "operations", v1::VERDICT_OPERATION_COUNT,
             {{"limit", "1000"}, {"given", "0"}}, [](Transaction* t) { t->clear_operations(); }),
        Body("1001 operations", "operations", v1::VERDICT_OPERATION_COUNT,
             {{"limit", "1000"}, {"given", "1001"}},
             [](Transaction* t) {
               while (t->operations().size() < 1001) {
                 t->add_operations()->mutable_transfer()->set_amount_minor(1);
               }
             }),
        Body("an empty operation", "operations", v1::VERDICT_OPERATION_EMPTY,
             {{"operation_index", "1"}}, [](Transaction* t) { t->add_operations(); }),
        // Scenario 36.
        Signed("no signature", "signatures", v1::VERDICT_SIGNATURE_MISSING, {},
               [](SignedTransaction* t) { t->clear_signatures(); }),
        Signed("17 signatures", "signatures", v1::VERDICT_SIGNATURE_COUNT,
               {{"limit", "16"}, {"given", "17"}},
               [](SignedTransaction* t) {
                 while (t->signatures().size() < 17) {
                   AddSignature(SecretKey::Generate(), t);
                 }
               }),
        Signed("no scheme", "signatures", v1::VERDICT_SIGNATURE_SCHEME_UNSUPPORTED, {},
               [](SignedTransaction* t) {
                 t->mutable_signatures(0)->set_scheme(v1::SIGNATURE_SCHEME_UNSPECIFIED);
               }),
        Signed("a scheme of the future", "signatures", v1::VERDICT_SIGNATURE_SCHEME_UNSUPPORTED, {},
               [](SignedTransaction* t) {
                 t->mutable_signatures(0)->set_scheme(static_cast<v1::SignatureScheme>(2));
               }),
        Signed("a key of 31 bytes", "signatures", v1::VERDICT_SIGNATURE_MALFORMED, {},
               [](SignedTransaction* t) {
                 t->mutable_signatures(0)->mutable_public_key()->pop_back();
               }),
        Signed("a signature of 63 bytes", "signatures", v1::VERDICT_SIGNATURE_MALFORMED, {},
               [](SignedTransaction* t) {
                 t->mutable_signatures(0)->mutable_signature()->pop_back();
               }),
        Signed("a signature of 65 bytes", "signatures", v1::VERDICT_SIGNATURE_MALFORMED, {},
               [](SignedTransaction* t) {
                 t->mutable_signatures(0)->mutable_signature()->push_back('x');
               }),
        // Scenario 48: the same signer twice counts once; here it is refused outright.
        Signed("the same key twice", "signatures", v1::VERDICT_SIGNATURE_DUPLICATE, {},
               [](SignedTransaction* t) { *t->add_signatures() = t->signatures(0); }),
        // Scenario 37 and 38.
        Signed("another key's signature", "signatures", v1::VERDICT_SIGNATURE_INVALID,
               {{"signature_index", "0"}},
               [](SignedTransaction* t) {
                 t->mutable_signatures(0)->set_public_key(
                     SecretKey::Generate().public_key().ToBytes());
               }),
        Signed("a second signature that is wrong", "signatures", v1::VERDICT_SIGNATURE_INVALID,
               {{"signature_index", "1"}},
               [](SignedTransaction* t) {
                 AddSignature(SecretKey::Generate(), t);
                 t->mutable_signatures(1)->mutable_signature()->at(5) ^= 1;
               }),
    };
  }

  Community community_;
  google::protobuf::LogHandler* logged_by_ = nullptr;
};

TEST_F(VerificationTest, AcceptsAGoodTransactionAndKeepsItsBytes) {
  Attempt attempt = Good();
  attempt.signers = {"biocoop/2", "alice", "bruno"};
  const v1::SignedTransaction transaction = Finish(attempt);
  auto parsed = Parse(transaction, community_.ledger_id());
  ASSERT_TRUE(std::holds_alternative<ParsedTransaction>(parsed));
  EXPECT_EQ(std::get<ParsedTransaction>(parsed).id(), testing::IdOf(transaction));
  auto result = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
  ASSERT_TRUE(std::holds_alternative<VerifiedTransaction>(result));
  const auto& verified = std::get<VerifiedTransaction>(result);
  EXPECT_EQ(verified.id(), testing::IdOf(transaction));
  EXPECT_EQ(verified.signed_transaction().SerializeAsString(), transaction.SerializeAsString());
  EXPECT_EQ(verified.transaction().operations(0).transfer().amount_minor(), 100);
  std::vector<PublicKey> signers = {community_.key("alice").public_key(),
                                    community_.key("bruno").public_key(),
                                    community_.holder("biocoop").keys[1].public_key()};
  std::sort(signers.begin(), signers.end());
  EXPECT_EQ(verified.signers(), signers);
}

TEST_F(VerificationTest, AcceptsTheBounds) {
  const std::vector<std::function<void(v1::Transaction*)>> bounds = {
      [](v1::Transaction* t) { t->mutable_valid_until()->set_seconds(kNowSeconds + 90 * 86400); },
      [](v1::Transaction* t) { t->mutable_valid_until()->set_seconds(kNowSeconds); },
      [](v1::Transaction* t) {
        t->mutable_valid_from()->set_seconds(1);
        t->mutable_valid_until()->set_seconds(1);
      },
      [](v1::Transaction* t) {
        while (t->operations().size() < 1000) {
          t->add_operations()->mutable_transfer()->set_amount_minor(1);
        }
      },
      // To the byte: what the padding adds besides itself is tag and length.
      [](v1::Transaction* t) {
        v1::Transfer* last = t->add_operations()->mutable_transfer();
        last->set_currency(std::string(1 << 16, 'x'));
        last->set_currency(std::string((1 << 16) + kTransactionBytesMax - t->ByteSizeLong(), 'x'));
        while (t->ByteSizeLong() > kTransactionBytesMax) last->mutable_currency()->pop_back();
        ASSERT_EQ(t->ByteSizeLong(), kTransactionBytesMax);
      },
  };
  for (size_t i = 0; i < bounds.size(); ++i) {
    Attempt attempt = Good();
    bounds[i](&attempt.body);
    const auto refusal = Verify(Finish(attempt));
    EXPECT_FALSE(refusal) << i << ": " << VerdictName(refusal->verdict);
  }
  Attempt sixteen = Good();
  sixteen.after_signing.push_back([](v1::SignedTransaction* t) {
    while (t->signatures().size() < 16) AddSignature(SecretKey::Generate(), t);
  });
  EXPECT_FALSE(Verify(Finish(sixteen)));
}

TEST_F(VerificationTest, EachFaultHasItsVerdict) {
  for (const Fault& fault : Faults()) {
    Attempt attempt = Good();
    fault.spoil(&attempt);
    const auto refusal = Verify(Finish(attempt));
    ASSERT_TRUE(refusal) << fault.name;
    EXPECT_EQ(VerdictName(refusal->verdict), VerdictName(fault.verdict)) << fault.name;
    for (const auto& [figure, value] : fault.figures) {
      const auto found = refusal->figures.find(figure);
      ASSERT_NE(found, refusal->figures.end()) << fault.name << ": " << figure;
      EXPECT_EQ(found->second, value) << fault.name;
    }
  }
}

// Scenario 32.
TEST_F(VerificationTest, TheEarlierOfTwoFaultsDecides) {
  const std::vector<Fault> faults = Faults();
  size_t pairs = 0;
  for (size_t i = 0; i < faults.size(); ++i) {
    for (size_t j = i + 1; j < faults.size(); ++j) {
      if (std::string_view(faults[i].slot) == faults[j].slot) continue;
      Attempt attempt = Good();
      faults[j].spoil(&attempt);
      faults[i].spoil(&attempt);
      const auto refusal = Verify(Finish(attempt));
      ASSERT_TRUE(refusal) << faults[i].name << " + " << faults[j].name;
      EXPECT_EQ(VerdictName(refusal->verdict), VerdictName(faults[i].verdict))
          << faults[i].name << " + " << faults[j].name;
      ++pairs;
    }
  }
  EXPECT_GT(pairs, 400u);
}

// One good signature does not spare the others.
TEST_F(VerificationTest, AllOtherSignaturesAreStillChecked) {
  Attempt attempt = Good();
  attempt.signers = {"alice", "bruno", "chloe"};
  for (int index = 0; index < 3; ++index) {
    v1::SignedTransaction transaction = Finish(attempt);
    transaction.mutable_signatures(index)->mutable_signature()->at(0) ^= 1;
    const auto refusal = Verify(transaction);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->verdict, v1::VERDICT_SIGNATURE_INVALID);
    EXPECT_EQ(refusal->figures.at("signature_index"), std::to_string(index));
  }
}

// Scenario 42: what was signed is bytes. The same message with its fields in another order is
// another transaction with the same meaning; neither is ever re-serialized.
TEST_F(VerificationTest, AnotherEncodingIsAnotherTransaction) {
  const Attempt attempt = Good();
  const v1::SignedTransaction canonical = Finish(attempt);
  // The nonce first: protobuf readers take fields in any order.
  v1::Transaction nonce_only;
  nonce_only.set_nonce(attempt.body.nonce());
  v1::Transaction rest = attempt.body;
  rest.clear_nonce();
  v1::SignedTransaction reordered;
  reordered.set_transaction(nonce_only.SerializeAsString() + rest.SerializeAsString());
  community_.Sign("alice", &reordered);
  ASSERT_NE(reordered.transaction(), canonical.transaction());
  EXPECT_FALSE(Verify(reordered));
  EXPECT_NE(testing::IdOf(reordered), testing::IdOf(canonical));
  // The signature covers the bytes received: it does not fit the other encoding.
  v1::SignedTransaction crossed = canonical;
  crossed.set_transaction(reordered.transaction());
  EXPECT_EQ(Verify(crossed)->verdict, v1::VERDICT_SIGNATURE_INVALID);
}

// Scenarios 45 and 46, with the window that the payer gives.
TEST_F(VerificationTest, TheWindowIsClosedAtBothEnds) {
  const v1::Transaction body = Good().body;
  const int64_t from = kNowSeconds;
  const int64_t until = kNowSeconds + 3600;
  EXPECT_FALSE(CheckWindow(body, from));
  EXPECT_FALSE(CheckWindow(body, until));
  EXPECT_FALSE(CheckWindow(body, from - 300));
  const auto early = CheckWindow(body, from - 301);
  ASSERT_TRUE(early);
  EXPECT_EQ(early->verdict, v1::VERDICT_NOT_YET_VALID);
  EXPECT_EQ(early->figures.at("valid_from"), std::to_string(from));
  EXPECT_EQ(early->figures.at("now"), std::to_string(from - 301));
  const auto late = CheckWindow(body, until + 1);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->verdict, v1::VERDICT_EXPIRED);
  EXPECT_EQ(late->figures.at("valid_until"), std::to_string(until));
  EXPECT_EQ(late->figures.at("now"), std::to_string(until + 1));
}

// ---- keys that no authority may have ----

class NewKeysTest : public VerificationTest {
 protected:
  // An account to be opened with these keys.
  void Open(const std::vector<std::string>& keys) {
    v1::Authority* authority =
        attempt_.body.add_operations()->mutable_open_account()->mutable_authority();
    authority->set_threshold(1);
    for (const std::string& key : keys) authority->add_public_keys(key);
  }
  std::string KeyOf(const std::string& name) const {
    return community_.key(name).public_key().ToBytes();
  }
  VerifiedTransaction Verified() const {
    v1::SignedTransaction transaction = Finish(attempt_);
    mixed_.Sign(&transaction);
    auto parsed = Parse(transaction, community_.ledger_id());
    return std::get<VerifiedTransaction>(
        VerifySignatures(std::get<ParsedTransaction>(std::move(parsed))));
  }

  const testing::MixedOrderKey mixed_;
  const std::string bad_ = mixed_.public_key().ToBytes();
  Attempt attempt_ = Good();
};

TEST_F(NewKeysTest, AreLookedAtOnlyWhereAnAccountIsOpened) {
  EXPECT_FALSE(Verified().IsUnacceptable(bad_));
  Open({KeyOf("alice"), bad_});
  const VerifiedTransaction verified = Verified();
  EXPECT_TRUE(verified.IsUnacceptable(bad_));
  EXPECT_FALSE(verified.IsUnacceptable(KeyOf("alice")));
  EXPECT_EQ(verified.signers().size(), 2U);
}

TEST_F(NewKeysTest, AreAllOfThoseThatSigned) {
  Open({KeyOf("alice")});
  Open({KeyOf("alice"), bad_});
  EXPECT_TRUE(Verified().IsUnacceptable(bad_));
}

TEST_F(NewKeysTest, AreTheFirstThatDidNotSignAndNoneAfterIt) {
  const std::string nothing(32, '\0');
  Open({KeyOf("alice"), nothing, bad_});
  EXPECT_TRUE(Verified().IsUnacceptable(nothing));
  EXPECT_FALSE(Verified().IsUnacceptable(bad_));
}

TEST_F(NewKeysTest, AreNoneAfterOneThatIsNoKey) {
  for (const size_t size : {0U, 31U, 33U}) {
    attempt_ = Good();
    Open({std::string(size, 'k'), bad_});
    EXPECT_FALSE(Verified().IsUnacceptable(bad_)) << size;
  }
}

TEST_F(VerificationTest, SigningTwiceAddsNothing) {
  v1::SignedTransaction transaction = Finish(Good());
  AddSignature(community_.key("alice"), &transaction);
  EXPECT_EQ(transaction.signatures().size(), 1);
}

TEST_F(VerificationTest, TwoBuildersNeverMakeTheSameTransaction) {
  TransactionBuilder one(community_.ledger_id(), kNowSeconds, 60);
  TransactionBuilder two(community_.ledger_id(), kNowSeconds, 60);
  EXPECT_NE(one.transaction().nonce(), two.transaction().nonce());
  EXPECT_EQ(one.transaction().nonce().size(), kNonceBytes);
  EXPECT_EQ(one.transaction().valid_until().seconds(), kNowSeconds + 60);
}

}  // namespace
}  // namespace kengred
