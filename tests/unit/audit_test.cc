// Goal: an audit finds nothing wrong with a good ledger, and whatever is changed in one, it names
// the entry. Method: a small ledger with every kind of act, made by the real sequencer; each entry,
// each stored key and each checkpoint of it is tampered with in turn, also by somebody who has the
// log's key and computes the whole tree anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>

#include "kengred/core/checkpoint.h"
#include "kengred/core/limits.h"
#include "kengred/core/signing.h"
#include "server/audit/auditor.h"
#include "server/audit/state_check.h"
#include "server/audit/transaction_index.h"
#include "server/audit/verified_prefix.h"
#include "server/audit/workers.h"
#include "server/rules/state.h"
#include "server/sequence/batch_builder.h"
#include "tests/support/audited_ledger.h"
#include "tests/support/community.h"

namespace kengred::audit {
namespace {

using ::testing::AnyOf;
using testing::Community;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LedgerData;

Options DefaultOptions() {
  Options options;
  options.threads = 2;
  return options;
}

Report AuditSource(const LedgerData& data, const Options& options = DefaultOptions()) {
  const std::unique_ptr<EntrySource> source = testing::SourceOf(data);
  const absl::StatusOr<Report> report = Audit(source.get(), options);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.value_or(Report());
}

Report AuditStore(const LedgerData& data, Options options = DefaultOptions()) {
  const std::unique_ptr<storage::Store> store = testing::StoreOf(data);
  const absl::StatusOr<std::unique_ptr<EntrySource>> source = OpenStoreSource(store.get());
  const std::unique_ptr<Observer> observer = NewStateCheck(store.get());
  options.observer = observer.get();
  const absl::StatusOr<Report> report = Audit(source->get(), options);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.value_or(Report());
}

std::string Explain(const Report& report) {
  if (!report.finding) return "nothing is wrong";
  return std::string(NameOf(report.finding->fault)) + " at " +
         std::to_string(report.finding->sequence) + ": " + report.finding->sentence;
}

v1::JournalEntry ParseEntry(const std::string& bytes) {
  v1::JournalEntry entry;
  EXPECT_TRUE(entry.ParseFromString(bytes));
  return entry;
}

class AuditTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    InitializeCrypto();
    community_ = new Community();
    ledger_ = new LedgerData(testing::MakeAuditedLedger(community_));
  }
  static void TearDownTestSuite() {
    delete ledger_;
    delete community_;
  }

  static Sequence size() { return ledger_->journal.size(); }
  // The entry as it is in the good ledger.
  static v1::JournalEntry Good(Sequence sequence) {
    return ParseEntry(ledger_->journal[sequence - 1]);
  }
  // The ledger with another entry in one place.
  static LedgerData With(Sequence sequence, const v1::JournalEntry& entry) {
    LedgerData data = *ledger_;
    data.journal[sequence - 1] = entry.SerializeAsString();
    return data;
  }
  // Spares the signatures before a place: an audit has verified them before.
  static Options From(Sequence sequence) {
    Options options = DefaultOptions();
    if (sequence > 1) {
      options.verified = {community_->ledger_id(), sequence - 1, ledger_->RootOf(sequence - 1)};
    }
    return options;
  }
  // That an audit of the store names this entry and no other.
  static void ExpectFound(const LedgerData& data, Sequence sequence,
                          const ::testing::Matcher<Fault>& fault) {
    const Report report = AuditStore(data, From(sequence));
    ASSERT_TRUE(report.finding) << "nothing was found at " << sequence;
    EXPECT_EQ(report.finding->sequence, sequence) << Explain(report);
    EXPECT_THAT(report.finding->fault, fault) << Explain(report);
    EXPECT_EQ(report.entries, sequence - 1) << Explain(report);
    EXPECT_FALSE(report.finding->sentence.empty());
  }

  static Community* community_;
  static LedgerData* ledger_;
};

Community* AuditTest::community_ = nullptr;
LedgerData* AuditTest::ledger_ = nullptr;

// ---- a good ledger ----

TEST_F(AuditTest, FindsNothingWrongWithAGoodLedger) {
  for (const Report& report : {AuditStore(*ledger_), AuditSource(*ledger_)}) {
    ASSERT_FALSE(report.finding) << Explain(report);
    EXPECT_EQ(report.entries, size());
    EXPECT_GT(report.signatures, size());
    EXPECT_EQ(report.checkpoints, size());
    EXPECT_EQ(report.root, ledger_->RootOf(size()));
    EXPECT_EQ(report.ledger_id, community_->ledger_id());
    EXPECT_EQ(report.name, community_->charter().name());
    EXPECT_EQ(report.log_key, community_->log_keys(3)[2]->verifier_key().Format());
    const VerifiedPrefix verified = {community_->ledger_id(), size(), report.root};
    EXPECT_EQ(report.verified, verified);
    ASSERT_EQ(report.totals.size(), 3U);
    EXPECT_EQ(report.totals[0].currency, testing::kHeol);
    EXPECT_EQ(report.totals[0].circulation_minor, 135000 - 1900);  // 100 is commission
    EXPECT_EQ(report.totals[0].fund_minor, report.totals[0].circulation_minor);
  }
}

TEST_F(AuditTest, TellsHowFarItIs) {
  std::vector<Sequence> told;
  Options options = DefaultOptions();
  options.on_progress = [&](Sequence done, Sequence all) {
    EXPECT_EQ(all, size());
    told.push_back(done);
  };
  AuditSource(*ledger_, options);
  EXPECT_THAT(told, ElementsAre(size()));
}

TEST_F(AuditTest, ReadsAPageAtATime) {
  // More than one page of 1024 entries, and one of a single entry.
  Community community(7);
  LedgerData data;
  {
    const std::unique_ptr<EntrySource> empty = testing::SourceOf(data);
    const absl::StatusOr<Report> report = Audit(empty.get(), DefaultOptions());
    ASSERT_TRUE(report.ok() && report->finding);
    EXPECT_EQ(report->finding->fault, Fault::kCharterInvalid);
  }
  data.journal = {ledger_->journal.front()};
  data.pairs = ledger_->pairs;
  const Report report = AuditSource(data);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kCheckpointInvalid) << Explain(report);
  EXPECT_THAT(report.finding->sentence, HasSubstr("there is a checkpoint of 2 entries"));
}

// ---- entries ----

TEST_F(AuditTest, NamesEveryEntryInWhichAByteIsAnother) {
  for (Sequence sequence = 1; sequence <= size(); ++sequence) {
    for (const size_t salt : {3U, 7919U}) {
      LedgerData data = *ledger_;
      std::string& bytes = data.journal[sequence - 1];
      bytes[sequence * salt % bytes.size()] ^= static_cast<char>(1 << sequence % 8);
      ExpectFound(data, sequence, ::testing::_);
    }
  }
}

TEST_F(AuditTest, NamesEveryEntryThatIsOutOfPlace) {
  for (Sequence sequence = 1; sequence < size(); ++sequence) {
    LedgerData swapped = *ledger_;
    std::swap(swapped.journal[sequence - 1], swapped.journal[sequence]);
    ExpectFound(swapped, sequence, Fault::kSequenceGap);

    LedgerData dropped = *ledger_;
    dropped.journal.erase(dropped.journal.begin() + static_cast<ptrdiff_t>(sequence - 1));
    ExpectFound(dropped, sequence, Fault::kSequenceGap);
  }
  LedgerData shortened = *ledger_;
  shortened.journal.pop_back();
  const Report report = AuditStore(shortened);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kCheckpointInvalid) << Explain(report);
}

TEST_F(AuditTest, NamesEveryEntryWithOtherPostingsOrAnotherTime) {
  for (Sequence sequence = 1; sequence <= size(); ++sequence) {
    v1::JournalEntry entry = Good(sequence);
    if (entry.postings_size() > 0) {
      entry.mutable_postings(0)->set_amount_minor(entry.postings(0).amount_minor() + 1);
      ExpectFound(With(sequence, entry), sequence, Fault::kPostingsDiffer);
    }
    entry = Good(sequence);
    entry.add_postings()->set_currency(testing::kHeol);
    ExpectFound(With(sequence, entry), sequence,
                sequence == 1 ? Fault::kCharterInvalid : Fault::kPostingsDiffer);

    entry = Good(sequence);
    entry.mutable_time()->set_nanos(entry.time().nanos() + 1000);
    ExpectFound(With(sequence, entry), sequence, Fault::kTreeDiffers);
    entry.mutable_time()->set_nanos(1);
    ExpectFound(With(sequence, entry), sequence, Fault::kTimeMalformed);
    if (sequence > 1) {
      *entry.mutable_time() = Good(sequence - 1).time();
      entry.mutable_time()->set_nanos(entry.time().nanos() - 1000);
      if (entry.time().nanos() < 0) {
        entry.mutable_time()->set_nanos(999'999'000);
        entry.mutable_time()->set_seconds(entry.time().seconds() - 1);
      }
      ExpectFound(With(sequence, entry), sequence, Fault::kTimeBackwards);
    }
    entry = Good(sequence);
    entry.set_civil_day(entry.civil_day() + 1);
    ExpectFound(With(sequence, entry), sequence, Fault::kDayWrong);
  }
}

TEST_F(AuditTest, NamesEveryEntryThatSomebodyElseSigned) {
  const SecretKey stranger = SecretKey::Generate();
  const std::shared_ptr<const NoteSigner> log_key = community_->log_keys().front();
  for (Sequence sequence = 2; sequence <= size(); ++sequence) {
    v1::JournalEntry entry = Good(sequence);
    v1::SignedTransaction& transaction = *entry.mutable_signed_transaction();
    const std::string input = TransactionSigningInput(testing::IdOf(transaction));
    transaction.mutable_signatures(0)->set_signature(stranger.Sign(input));
    LedgerData data = With(sequence, entry);
    data.Forge(*log_key);
    ExpectFound(data, sequence, Fault::kSignatureInvalid);

    // A good signature, but of somebody who has no right to it; and a tree that agrees.
    transaction.mutable_signatures(0)->set_public_key(stranger.public_key().ToBytes());
    data = With(sequence, entry);
    data.Forge(*log_key);
    ExpectFound(data, sequence, Fault::kRuleRefuses);
  }
}

TEST_F(AuditTest, NamesATransactionThatTakesEffectTwice) {
  LedgerData data = *ledger_;
  v1::JournalEntry entry = Good(size());
  entry.set_sequence(size() + 1);
  data.journal.push_back(entry.SerializeAsString());
  const Report report = AuditSource(data);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kDuplicateTransaction);
  EXPECT_THAT(report.finding->sentence, HasSubstr("in entry " + std::to_string(size())));
}

TEST_F(AuditTest, NamesTheVerdictOfARuleAndItsFigures) {
  LedgerData data = *ledger_;
  v1::JournalEntry entry = Good(size());
  entry.set_sequence(size() + 1);
  *entry.mutable_signed_transaction() = community_->Transaction(
      testing::kNowSeconds, {community_->Transfer("bruno", "librairie", 90'000)}, {"bruno"});
  data.journal.push_back(entry.SerializeAsString());
  const Report report = AuditSource(data);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kRuleRefuses);
  EXPECT_EQ(report.finding->verdict, "INSUFFICIENT_BALANCE");
  EXPECT_THAT(report.finding->sentence, HasSubstr("needed 90000"));
}

TEST_F(AuditTest, SaysAmongWhichEntriesTheBadOneIs) {
  // Without stored hashes only a root can tell, and here only the last one is left.
  v1::JournalEntry entry = Good(size() - 3);
  entry.mutable_time()->set_nanos(entry.time().nanos() + 1000);
  LedgerData data = With(size() - 3, entry);
  for (Sequence sequence = size() - 4; sequence < size(); ++sequence) {
    if (sequence != size() - 1) data.pairs.erase(rules::key::Checkpoint(sequence));
  }
  const Report report = AuditSource(data);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kRootDiffers) << Explain(report);
  EXPECT_EQ(report.finding->sequence, size() - 1);
  EXPECT_EQ(report.finding->first_sequence, size() - 4);
  EXPECT_EQ(report.entries, size() - 5);
}

// ---- what a store made of the entries ----

TEST_F(AuditTest, MissesEveryKeyThatIsGoneOrChanged) {
  const Options options = From(size() + 1);
  size_t number = 0;
  for (const auto& [key, value] : ledger_->pairs) {
    if (key.front() == storage::kSidePrefix || key.front() == 'C') continue;
    LedgerData data = *ledger_;
    if (number++ % 2 == 0) {
      data.pairs.erase(key);
    } else {
      data.pairs[key].append(1, 'x');
    }
    const Report report = AuditStore(data, options);
    ASSERT_TRUE(report.finding) << key;
    EXPECT_THAT(report.finding->fault,
                key.front() == 'M' ? Fault::kTreeDiffers : Fault::kStateDiffers);
    // What an entry writes once names the entry.
    if (key.front() == 'T') {
      EXPECT_EQ(report.finding->sequence, rules::DecodeNumber(value)) << Explain(report);
    }
  }
  EXPECT_GT(number, 100U);
}

TEST_F(AuditTest, SeesEveryKeyTooMany) {
  const Options options = From(size() + 1);
  for (const char table : std::string("AKBRFPQUYVWGLTHMCZ")) {
    LedgerData data = *ledger_;
    data.pairs[std::string(1, table) + std::string(40, '\0')] = std::string(8, '\0');
    const Report report = AuditStore(data, options);
    ASSERT_TRUE(report.finding) << table;
  }
  LedgerData data = *ledger_;
  data.pairs["Sanything"] = "private texts come and go";
  EXPECT_FALSE(AuditStore(data, options).finding);
}

TEST_F(AuditTest, SeesAHeadThatIsNotTheJournals) {
  LedgerData data = *ledger_;
  data.hash[0] ^= 1;
  const Report report = AuditStore(data);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kRootDiffers) << Explain(report);
}

// ---- checkpoints ----

TEST_F(AuditTest, NamesEveryCheckpointInWhichAByteIsAnother) {
  for (Sequence sequence = 1; sequence <= size(); ++sequence) {
    LedgerData data = *ledger_;
    std::string& note = data.pairs[rules::key::Checkpoint(sequence)];
    note[sequence * 7919 % note.size()] ^= 1;
    ExpectFound(data, sequence, AnyOf(Fault::kCheckpointInvalid, Fault::kRootDiffers));
  }
}

TEST_F(AuditTest, NeedsACheckpointAtTheEnd) {
  LedgerData data = *ledger_;
  data.pairs.erase(rules::key::Checkpoint(size()));
  const Report report = AuditSource(data);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kCheckpointInvalid);
  EXPECT_EQ(report.finding->sequence, size());
}

TEST_F(AuditTest, WantsBothKeysWhereOneTakesOver) {
  // The last two entries are a rotation and a payment.
  const Sequence rotation = size() - 1;
  LedgerData data = *ledger_;
  std::string& note = data.pairs[rules::key::Checkpoint(rotation)];
  SignedNote parsed = *ParseNote(note);
  ASSERT_EQ(parsed.signatures.size(), 2U);
  for (const size_t kept : {0U, 1U}) {
    SignedNote half = parsed;
    half.signatures = {parsed.signatures[kept]};
    note = *FormatNote(half);
    ExpectFound(data, rotation, Fault::kCheckpointInvalid);
  }
  // The old key alone is no longer enough.
  data = *ledger_;
  data.pairs[rules::key::Checkpoint(size())] =
      *SignCheckpoint({community_->charter().origin(), size(), data.RootOf(size()), {}},
                      *community_->log_keys(3)[1]);
  ExpectFound(data, size(), Fault::kCheckpointInvalid);
}

TEST_F(AuditTest, SeesAnotherLogsKey) {
  const NoteSigner stranger =
      *NoteSigner::Make(community_->charter().origin(), SecretKey::Generate());
  LedgerData data = *ledger_;
  data.Forge(stranger);
  ExpectFound(data, 1, Fault::kCheckpointInvalid);
}

// ---- what the auditor knows from outside ----

TEST_F(AuditTest, SeesAnotherLedger) {
  // Everything of it is good; only whoever knows the ledger can tell.
  Community other(2);
  const LedgerData data = testing::MakeAuditedLedger(&other);
  EXPECT_FALSE(AuditStore(data).finding);
  Options options = DefaultOptions();
  options.ledger_id = community_->ledger_id();
  Report report = AuditStore(data, options);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kLedgerDiffers);
  EXPECT_EQ(report.finding->sequence, 1U);

  options = DefaultOptions();
  options.verifier_keys = {community_->log_keys()[0]->verifier_key()};
  report = AuditStore(data, options);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kCheckpointInvalid);
}

TEST_F(AuditTest, KnowsWhichOfItsKeysHaveSigned) {
  Options options = DefaultOptions();
  options.ledger_id = community_->ledger_id();
  options.verifier_keys = {
      community_->log_keys(3)[1]->verifier_key(),
      *VerifierKey::Make("other", KeyType::kEd25519, SecretKey::Generate().public_key())};
  const Report report = AuditStore(*ledger_, options);
  EXPECT_FALSE(report.finding) << Explain(report);
  EXPECT_THAT(report.trusted_keys, ElementsAre(options.verifier_keys[0].Format()));
}

// ---- going on from an earlier audit ----

TEST_F(AuditTest, VerifiesNoSignatureTwice) {
  const Report all = AuditStore(*ledger_);
  for (const Sequence done : {Sequence{1}, size() / 2, size()}) {
    const Report report = AuditStore(*ledger_, From(done + 1));
    EXPECT_FALSE(report.finding) << Explain(report);
    EXPECT_EQ(report.verified, all.verified);
    EXPECT_EQ(report.signatures == 0, done == size());
    EXPECT_EQ(report.signatures == all.signatures, done == 1);
  }
}

TEST_F(AuditTest, SeesThatWhatWasAuditedIsAnotherNow) {
  // By somebody who has the log's key, in a way that breaks no rule.
  v1::JournalEntry entry = Good(3);
  entry.mutable_time()->set_nanos(entry.time().nanos() + 1000);
  LedgerData data = With(3, entry);
  data.Forge(*community_->log_keys().front());
  Report report = AuditStore(data, From(10));
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kRootDiffers) << Explain(report);
  EXPECT_EQ(report.finding->sequence, 9U);
  EXPECT_EQ(report.finding->first_sequence, 1U);

  data = *ledger_;
  data.journal.resize(4);
  data.Forge(*community_->log_keys().front());
  report = AuditSource(data, From(10));
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kRootDiffers) << Explain(report);
}

TEST_F(AuditTest, ANoteOfAnEarlierAuditHasOneForm) {
  const VerifiedPrefix prefix = {community_->ledger_id(), 17, ledger_->RootOf(17)};
  const std::string text = FormatVerifiedPrefix(prefix);
  ASSERT_TRUE(ParseVerifiedPrefix(text).ok());
  EXPECT_EQ(*ParseVerifiedPrefix(text), prefix);
  for (size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(ParseVerifiedPrefix(text.substr(0, i)).ok()) << i;
    std::string other = text;
    other[i] = '+';
    EXPECT_FALSE(ParseVerifiedPrefix(other).ok()) << i;
  }
  EXPECT_FALSE(ParseVerifiedPrefix(text + "\n").ok());
}

// ---- its parts ----

TEST(TransactionIndexTest, TellsIdsApartThatBeginAlike) {
  TransactionId one;
  TransactionId two;
  two.data()[31] = 1;
  TransactionId three = two;
  three.data()[20] = 9;
  std::map<Sequence, TransactionId> entries = {{300, one}, {kTreeLeavesMax, two}};
  TransactionIndex index([&](Sequence sequence) -> std::optional<TransactionId> {
    const auto found = entries.find(sequence);
    if (found == entries.end()) return std::nullopt;
    return found->second;
  });
  EXPECT_FALSE(index.Find(one));
  index.Add(one, 300);
  EXPECT_FALSE(index.Find(two));
  index.Add(two, kTreeLeavesMax);
  EXPECT_EQ(index.Find(one), 300U);
  EXPECT_EQ(index.Find(two), kTreeLeavesMax);
  EXPECT_FALSE(index.Find(three));
}

TEST(WorkersTest, DoEveryPieceOnce) {
  Workers workers(3);
  std::vector<std::atomic<int>> done(1000);
  std::vector<std::shared_ptr<Workers::Round>> rounds;
  for (int i = 0; i < 20; ++i) {
    rounds.push_back(workers.Start(done.size(), [&done](size_t piece) { ++done[piece]; }));
  }
  rounds.push_back(workers.Start(0, [](size_t) { FAIL(); }));
  for (const auto& round : rounds) workers.Wait(round);
  for (const std::atomic<int>& count : done) EXPECT_EQ(count, 20);
}

}  // namespace
}  // namespace kengred::audit
