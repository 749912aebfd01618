// Goal: an erasure finds every private text about an account or in a transaction, and none about
// anybody else. Method: a founded community on a store in memory makes payments, refunds, rewards
// and decisions, each with a text of its own; then it is asked which of them are left.
#include "server/main/erasure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <set>

#include "kengred/core/side_record.h"
#include "server/publish/watch_hub.h"
#include "server/sequence/sequencer.h"
#include "server/sequence/side_keys.h"
#include "server/storage/memory_store.h"
#include "server/verify/verifier.h"
#include "tests/support/community.h"
#include "tests/support/forwarding_store.h"

namespace kengred::server {
namespace {

using testing::IdOf;
using testing::kNowSeconds;
using testing::kToday;
using testing::Text;

class ErasureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = storage::NewMemoryStore();
    ASSERT_TRUE(sequence::InitializeLedger(store_.get(), community_.charter_bytes(),
                                           community_.log_keys().front(), kNowSeconds * 1000000)
                    .ok());
    sequence::SequencerOptions options;
    options.now_us = [] { return kNowSeconds * 1000000; };
    options.log_keys = community_.log_keys();
    auto sequencer = sequence::Sequencer::Start(options, store_.get(), &hub_);
    ASSERT_TRUE(sequencer.ok()) << sequencer.status();
    sequencer_ = *std::move(sequencer);
    verify::VerifierOptions verify;
    verify.ledger_id = community_.ledger_id();
    verify.threads = 1;
    verifier_ = std::make_unique<verify::Verifier>(verify, sequencer_.get());
    for (const v1::SubmitTransactionRequest& request : community_.Found(kNowSeconds)) {
      Submit(request);
    }
  }

  void TearDown() override {
    verifier_.reset();
    sequencer_.reset();
  }

  void Submit(const v1::SubmitTransactionRequest& request) {
    std::promise<publish::Answer> promise;
    verifier_->Submit(request,
                      [&promise](publish::Answer answer) { promise.set_value(std::move(answer)); });
    const publish::Answer answer = promise.get_future().get();
    if (const auto* refusal = std::get_if<Refusal>(&answer)) {
      FAIL() << VerdictName(refusal->verdict) << ": " << VerdictSentence(*refusal);
    }
  }

  // Submits operations with the texts they commit to; answers the transaction.
  v1::SignedTransaction Act(const std::vector<v1::Operation>& operations,
                            const std::vector<std::string>& signers,
                            const std::vector<std::string>& texts) {
    v1::SubmitTransactionRequest request;
    *request.mutable_signed_transaction() =
        community_.Transaction(kNowSeconds, operations, signers);
    for (const std::string& text : texts)
      *request.add_side_records() = community_.text(text).record;
    Submit(request);
    return request.signed_transaction();
  }

  v1::Operation Pay(const std::string& payer, const std::string& payee, int64_t amount,
                    const std::string& memo) {
    v1::Operation operation = community_.Transfer(payer, payee, amount);
    *operation.mutable_transfer()->mutable_memo() = community_.text(memo).commitment;
    return operation;
  }

  bool Holds(const std::string& key) {
    const absl::StatusOr<storage::Read> read = store_->get({key});
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() && read->values[0].has_value();
  }
  bool HasText(const std::string& content) {
    return Holds(sequence::SideRecordKey(CommitmentOf(community_.text(content).record)));
  }
  bool HasProfile(const std::string& name) {
    return HasText(community_.holder(name).profile.SerializeAsString());
  }
  bool HasAlias(const std::string& alias) { return Holds(sequence::AliasKey(alias)); }

  void Erase(const ErasurePlan& plan) {
    const absl::StatusOr<storage::Head> before = store_->head();
    ASSERT_TRUE(store_->erase(plan.keys).ok());
    const absl::StatusOr<storage::Head> after = CheckJournal(store_.get());
    ASSERT_TRUE(before.ok() && after.ok()) << after.status();
    EXPECT_EQ(*before, *after);
  }

  testing::Community community_;
  std::unique_ptr<storage::Store> store_;
  publish::WatchHub hub_;
  std::unique_ptr<sequence::Sequencer> sequencer_;
  std::unique_ptr<verify::Verifier> verifier_;
};

TEST_F(ErasureTest, TakesWhatIsAboutThePersonAndNothingElse) {
  Act({Pay("alice", "bruno", 100, "for bruno"), Pay("alice", "biocoop", 900, "vegetables")},
      {"alice"}, {"for bruno", "vegetables"});
  Act({Pay("bruno", "chloe", 50, "bruno pays")}, {"bruno"}, {"bruno pays"});
  Act({Pay("alice", "chloe", 70, "not bruno's")}, {"alice"}, {"not bruno's"});
  v1::Award to_bruno = community_.Award("bruno", "session", 1, "b");
  v1::Award to_chloe = community_.Award("chloe", "session", 1, "c");
  *to_bruno.mutable_evidence() = community_.text("bruno's session").commitment;
  *to_chloe.mutable_evidence() = community_.text("chloe's session").commitment;
  Act({community_.Reward("repair", {to_bruno, to_chloe})}, {"assoc", "validator1", "validator2"},
      {"bruno's session", "chloe's session"});

  const absl::StatusOr<ErasurePlan> plan =
      PlanAccountErasure(store_.get(), community_.account("bruno"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->profiles, 1U);
  EXPECT_EQ(plan->aliases, 0U);
  EXPECT_EQ(plan->texts, 3U);
  EXPECT_EQ(plan->keys.size(), 4U);
  Erase(*plan);

  EXPECT_FALSE(HasProfile("bruno"));
  EXPECT_FALSE(HasText("for bruno"));
  EXPECT_FALSE(HasText("bruno pays"));
  EXPECT_FALSE(HasText("bruno's session"));
  EXPECT_TRUE(HasText("vegetables"));
  EXPECT_TRUE(HasText("not bruno's"));
  EXPECT_TRUE(HasText("chloe's session"));
  for (const std::string& name : community_.names()) {
    if (name == "bruno" || name == "newcomer" || name == "newshop") continue;
    EXPECT_TRUE(HasProfile(name)) << name;
  }

  // Once more there is nothing left.
  const absl::StatusOr<ErasurePlan> again =
      PlanAccountErasure(store_.get(), community_.account("bruno"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->keys.empty());
}

TEST_F(ErasureTest, TakesTheAliasRefundsAndReasonsOfAShop) {
  const v1::SignedTransaction payment =
      Act({Pay("alice", "biocoop", 2900, "vegetables")}, {"alice"}, {"vegetables"});
  v1::Operation refund = community_.Refund(IdOf(payment), 0, 300);
  *refund.mutable_refund()->mutable_memo() = community_.text("too ripe").commitment;
  Act({refund}, {"biocoop"}, {"too ripe"});
  const v1::SignedTransaction request =
      Act({community_.RequestReconversion("biocoop", 1000)}, {"biocoop"}, {});
  Act({community_.FailReconversion(testing::ReconversionOf(request))}, {"treasurer"},
      {"IBAN refused"});
  Act({community_.SuspendProfessional("biocoop")}, {"committee1", "committee2"},
      {"refuses the currency"});

  ASSERT_TRUE(HasAlias("biocoop"));
  const absl::StatusOr<ErasurePlan> plan =
      PlanAccountErasure(store_.get(), community_.account("biocoop"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->profiles, 1U);
  EXPECT_EQ(plan->aliases, 1U);
  // Payment, refund, failed reconversion, suspension, approval.
  EXPECT_EQ(plan->texts, 5U);
  Erase(*plan);
  EXPECT_FALSE(HasProfile("biocoop"));
  EXPECT_FALSE(HasAlias("biocoop"));
  EXPECT_TRUE(HasProfile("librairie"));
  EXPECT_TRUE(HasAlias("librairie"));
  for (const char* text : {"vegetables", "too ripe", "IBAN refused", "refuses the currency",
                           "sells local vegetables"}) {
    EXPECT_FALSE(HasText(text)) << text;
  }
}

TEST_F(ErasureTest, AnAssociationsErasureLeavesItsProgrammesAndBeneficiaries) {
  v1::Profile profile;
  profile.set_display_name("Help with repairs");
  profile.set_alias("repairs");
  const std::string content = profile.SerializeAsString();
  v1::Operation open = community_.OpenProgramme(kToday);
  *open.mutable_open_programme()->mutable_terms()->mutable_profile() =
      community_.text(content).commitment;
  const v1::SignedTransaction opened = Act({open}, {"assoc"}, {content});
  v1::Award award = community_.Award("chloe", "session", 1, "c");
  *award.mutable_evidence() = community_.text("chloe's session").commitment;
  Act({community_.Reward("repair", {award})}, {"assoc", "validator1", "validator2"},
      {"chloe's session"});

  absl::StatusOr<ErasurePlan> plan = PlanAccountErasure(store_.get(), community_.account("assoc"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  Erase(*plan);
  EXPECT_FALSE(HasProfile("assoc"));
  EXPECT_FALSE(HasAlias("assoc"));
  EXPECT_TRUE(HasText(content));
  EXPECT_TRUE(HasAlias("repairs"));
  EXPECT_TRUE(HasText("chloe's session"));

  // A validator is named by the programme's terms, and is not what its profile is about.
  plan = PlanAccountErasure(store_.get(), community_.account("validator1"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  Erase(*plan);
  EXPECT_TRUE(HasText(content));

  plan = PlanAccountErasure(store_.get(), testing::ProgrammeOf(opened));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->profiles, 1U);
  EXPECT_EQ(plan->aliases, 1U);
  EXPECT_EQ(plan->texts, 0U);
  Erase(*plan);
  EXPECT_FALSE(HasText(content));
  EXPECT_FALSE(HasAlias("repairs"));
}

TEST_F(ErasureTest, OneTransactionGoesWhole) {
  Act({Pay("alice", "chloe", 70, "stays")}, {"alice"}, {"stays"});
  const v1::SignedTransaction payments =
      Act({Pay("alice", "bruno", 100, "one"), Pay("alice", "biocoop", 900, "two")}, {"alice"},
          {"one", "two"});
  absl::StatusOr<ErasurePlan> plan = PlanTransactionErasure(store_.get(), IdOf(payments));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->profiles, 0U);
  EXPECT_EQ(plan->texts, 2U);
  Erase(*plan);
  EXPECT_FALSE(HasText("one"));
  EXPECT_FALSE(HasText("two"));
  EXPECT_TRUE(HasText("stays"));

  // A transaction that opens an account takes the alias along with the profile.
  v1::SubmitTransactionRequest open;
  *open.mutable_signed_transaction() = community_.Transaction(
      kNowSeconds, {community_.OpenAccount("newshop"), community_.OpenAccount("newcomer")},
      {"newshop/all", "newcomer/all"});
  for (const char* name : {"newshop", "newcomer"}) {
    *open.add_side_records() =
        community_.text(community_.holder(name).profile.SerializeAsString()).record;
  }
  Submit(open);
  ASSERT_TRUE(HasAlias("newshop"));
  plan = PlanTransactionErasure(store_.get(), IdOf(open.signed_transaction()));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->profiles, 2U);
  EXPECT_EQ(plan->aliases, 1U);
  EXPECT_EQ(plan->texts, 0U);
  Erase(*plan);
  EXPECT_FALSE(HasAlias("newshop"));
  EXPECT_FALSE(HasProfile("newshop"));
  EXPECT_FALSE(HasProfile("newcomer"));
}

TEST_F(ErasureTest, UnknownAccountsAndTransactionsAreSaid) {
  EXPECT_TRUE(absl::IsNotFound(PlanAccountErasure(store_.get(), AccountId()).status()));
  EXPECT_TRUE(absl::IsNotFound(PlanTransactionErasure(store_.get(), TransactionId()).status()));
}

// A store whose journal was touched behind the ledger's back.
class ForgedStore : public testing::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  absl::StatusOr<storage::JournalPage> journal(uint64_t after, size_t max) override {
    absl::StatusOr<storage::JournalPage> page = ForwardingStore::journal(after, max);
    if (page.ok() && after == 0) page->entries[1].second.back() ^= 1;
    return page;
  }
};

TEST_F(ErasureTest, AChangedEntryBreaksTheRoot) {
  EXPECT_TRUE(CheckJournal(store_.get()).ok());
  ForgedStore forged(store_.get());
  EXPECT_TRUE(absl::IsDataLoss(CheckJournal(&forged).status()));
}

}  // namespace
}  // namespace kengred::server
