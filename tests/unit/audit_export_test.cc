// Goal: an export carries a whole ledger from one store to another, and no file that is anything
// else is taken for one. Method: a small ledger is exported, imported and exported again; then the
// file is cut off, lengthened and changed at every byte of its frame.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "kengred/core/checkpoint.h"
#include "kengred/core/limits.h"
#include "kengred/core/signing.h"
#include "server/audit/auditor.h"
#include "server/audit/export_file.h"
#include "server/audit/importer.h"
#include "server/rules/state.h"
#include "server/storage/memory_store.h"
#include "tests/support/audited_ledger.h"
#include "tests/support/community.h"

namespace kengred::audit {
namespace {

using testing::Community;
using ::testing::HasSubstr;
using testing::LedgerData;

constexpr std::string_view kFirstLine = "kengred-export/v1\n";

Options DefaultOptions() {
  Options options;
  options.threads = 2;
  return options;
}

absl::StatusOr<std::string> TryExport(EntrySource* source) {
  std::string bytes;
  const absl::StatusOr<ExportSummary> summary = WriteExport(
      source,
      [&bytes](std::string_view piece) {
        bytes += piece;
        return absl::OkStatus();
      },
      nullptr);
  if (!summary.ok()) return summary.status();
  EXPECT_EQ(summary->entries, source->size());
  EXPECT_EQ(summary->bytes, bytes.size());
  return bytes;
}

std::string Export(const LedgerData& data) {
  const std::unique_ptr<EntrySource> source = testing::SourceOf(data);
  const absl::StatusOr<std::string> bytes = TryExport(source.get());
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

std::string WhyNot(const std::string& bytes) {
  return std::string(OpenExport(BytesOf(bytes)).status().message());
}

std::string Record(const std::string& bytes) {
  std::string length = rules::EncodeNumber(bytes.size()).substr(4);
  return length + bytes;
}

const std::string kEnd(4, '\0');

class ExportTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    InitializeCrypto();
    community_ = new Community();
    ledger_ = new LedgerData(testing::MakeAuditedLedger(community_));
    export_ = new std::string(Export(*ledger_));
  }
  static void TearDownTestSuite() {
    delete export_;
    delete ledger_;
    delete community_;
  }

  static Report AuditExport(const std::string& bytes) {
    const auto source = OpenExport(BytesOf(bytes));
    EXPECT_TRUE(source.ok()) << source.status();
    const absl::StatusOr<Report> report = Audit(source->get(), DefaultOptions());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.value_or(Report());
  }
  // A ledger whose journal goes on with payments and few checkpoints, so that there are pages and
  // batches of them.
  static LedgerData Long(size_t payments) {
    LedgerData data = *ledger_;
    v1::JournalEntry entry;
    EXPECT_TRUE(entry.ParseFromString(data.journal.back()));
    for (size_t i = 0; i < payments; ++i) {
      entry.set_sequence(data.journal.size() + 1);
      const std::string payer = i % 2 == 0 ? "bruno" : "alice";
      const std::string payee = i % 2 == 0 ? "alice" : "bruno";
      *entry.mutable_signed_transaction() = community_->Transaction(
          testing::kNowSeconds, {community_->Transfer(payer, payee, 1)}, {payer});
      entry.clear_postings();
      for (const auto& [name, amount] : {std::pair(payer, -1), std::pair(payee, 1)}) {
        v1::Posting& posting = *entry.add_postings();
        posting.set_account_id(community_->account(name).ToBytes());
        posting.set_currency(testing::kHeol);
        posting.set_amount_minor(amount);
      }
      data.journal.push_back(entry.SerializeAsString());
    }
    const auto key = community_->log_keys(3)[2];
    for (const size_t size : {data.journal.size() - payments / 2, data.journal.size()}) {
      data.pairs[rules::key::Checkpoint(size)] =
          *SignCheckpoint({community_->charter().origin(), size, data.RootOf(size), {}}, *key);
    }
    return data;
  }

  static Community* community_;
  static LedgerData* ledger_;
  static std::string* export_;
};

Community* ExportTest::community_ = nullptr;
LedgerData* ExportTest::ledger_ = nullptr;
std::string* ExportTest::export_ = nullptr;

TEST_F(ExportTest, HoldsEveryEntryAndCheckpoint) {
  std::string expected(kFirstLine);
  for (const std::string& entry : ledger_->journal) expected += Record(entry);
  expected += kEnd;
  for (size_t size = 1; size <= ledger_->journal.size(); ++size) {
    expected += Record(ledger_->pairs.at(rules::key::Checkpoint(size)));
  }
  expected += kEnd;
  EXPECT_EQ(*export_, expected);
  EXPECT_FALSE(AuditExport(*export_).finding);
}

TEST_F(ExportTest, IsReadFromAnywhere) {
  const auto source = OpenExport(BytesOf(*export_));
  ASSERT_TRUE(source.ok()) << source.status();
  const size_t size = ledger_->journal.size();
  ASSERT_EQ((*source)->size(), size);
  // Forwards, backwards, and with leaps over the places that are remembered.
  for (size_t step : {size_t{1}, size - 1, size_t{66}, size_t{63}}) {
    for (size_t i = 0, number = 0; i < size; ++i, number = (number + step) % size) {
      const auto entries = (*source)->Entries(number, 3);
      ASSERT_TRUE(entries.ok()) << entries.status();
      ASSERT_EQ(entries->size(), std::min<size_t>(3, size - number));
      for (size_t k = 0; k < entries->size(); ++k) {
        ASSERT_EQ((*entries)[k], ledger_->journal[number + k]);
      }
      const auto checkpoints = (*source)->Checkpoints(number, 2);
      ASSERT_TRUE(checkpoints.ok()) << checkpoints.status();
      ASSERT_EQ(checkpoints->size(), std::min<size_t>(2, size - number));
      EXPECT_EQ(checkpoints->front().size, number + 1);
      EXPECT_EQ(checkpoints->front().note, ledger_->pairs.at(rules::key::Checkpoint(number + 1)));
    }
  }
  EXPECT_EQ((*source)->Checkpoints(size, 1)->size(), 0U);
}

TEST_F(ExportTest, MakesTheSameStoreAgain) {
  for (const LedgerData& data : {*ledger_, Long(2500)}) {
    const std::string bytes = Export(data);
    const std::unique_ptr<storage::Store> store = storage::NewMemoryStore();
    const auto source = OpenExport(BytesOf(bytes));
    ASSERT_TRUE(source.ok()) << source.status();
    const auto importer = NewImporter(store.get());
    ASSERT_TRUE(importer.ok()) << importer.status();
    Options options = DefaultOptions();
    options.observer = importer->get();
    const absl::StatusOr<Report> report = Audit(source->get(), options);
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_FALSE(report->finding) << report->finding->sentence;

    LedgerData again = testing::ReadLedgerData(store.get());
    EXPECT_EQ(again.journal, data.journal);
    EXPECT_EQ(Export(again), bytes);
    if (data.journal.size() != ledger_->journal.size()) continue;
    // Private texts stay where they are.
    LedgerData expected = data;
    std::erase_if(expected.pairs,
                  [](const auto& pair) { return pair.first.front() == storage::kSidePrefix; });
    // How the tree's hashes lie together depends on the commits.
    expected.SplitTreeRuns();
    again.SplitTreeRuns();
    EXPECT_EQ(again.pairs, expected.pairs);
    EXPECT_EQ(again.hash, expected.hash);
  }
}

TEST_F(ExportTest, IsImportedIntoAnEmptyStoreOnly) {
  const std::unique_ptr<storage::Store> store = testing::StoreOf(*ledger_);
  EXPECT_EQ(NewImporter(store.get()).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ExportTest, IsNotMadeOfADamagedJournal) {
  LedgerData data = *ledger_;
  data.journal[4][40] ^= 1;
  EXPECT_THAT(TryExport(testing::SourceOf(data).get()).status().message(),
              HasSubstr("do not lead to the checkpoint of 5 entries"));
  data = *ledger_;
  data.pairs.erase(rules::key::Checkpoint(data.journal.size()));
  EXPECT_THAT(TryExport(testing::SourceOf(data).get()).status().message(),
              HasSubstr("no checkpoint covers its last entry"));
}

TEST_F(ExportTest, IsNotMadeWhereItCannotBeWritten) {
  const std::unique_ptr<EntrySource> source = testing::SourceOf(*ledger_);
  size_t left = 10;
  const auto summary = WriteExport(
      source.get(),
      [&left](std::string_view) {
        return left-- > 0 ? absl::OkStatus() : absl::ResourceExhaustedError("full");
      },
      nullptr);
  EXPECT_EQ(summary.status(), absl::ResourceExhaustedError("full"));
}

TEST_F(ExportTest, IsNotTakenForOneWhereItIsCutOff) {
  for (size_t size = 0; size < export_->size(); size += size < 2000 ? 1 : 97) {
    const std::string why = WhyNot(export_->substr(0, size));
    EXPECT_THAT(why, HasSubstr(size < kFirstLine.size() ? "this is no export" : "cut off")) << size;
  }
  EXPECT_THAT(WhyNot(export_->substr(0, export_->size() - 1)), HasSubstr("cut off"));
}

TEST_F(ExportTest, IsNotTakenForOneWhereItIsSomethingElse) {
  const std::string& note = ledger_->pairs.at(rules::key::Checkpoint(1));
  const std::string& other = ledger_->pairs.at(rules::key::Checkpoint(2));
  const std::string first(kFirstLine);
  const std::string entry = Record(ledger_->journal[0]);
  EXPECT_EQ(WhyNot(first + entry + kEnd + Record(note) + kEnd), "");
  EXPECT_THAT(WhyNot(*export_ + "x"), HasSubstr("goes on after its end"));
  EXPECT_THAT(WhyNot("kengred-export/v2\n" + entry), HasSubstr("this is no export"));
  EXPECT_THAT(WhyNot(first + kEnd + kEnd), HasSubstr("is empty"));
  EXPECT_THAT(WhyNot(first + kEnd + Record(note) + kEnd), HasSubstr("is empty"));
  EXPECT_THAT(WhyNot(first + entry + kEnd + kEnd), HasSubstr("is empty"));
  EXPECT_THAT(WhyNot(first + entry + kEnd + Record("garbage") + kEnd), HasSubstr("checkpoint 1"));
  EXPECT_THAT(WhyNot(first + entry + kEnd + Record(other) + Record(note) + kEnd),
              HasSubstr("checkpoint 2"));
  EXPECT_THAT(WhyNot(first + entry + kEnd + Record(note) + Record(note) + kEnd),
              HasSubstr("checkpoint 2"));
  EXPECT_THAT(WhyNot(first + Record(std::string(kEntryBytesMax + 1, 'x'))),
              HasSubstr("would have 786433 bytes"));
  EXPECT_THAT(WhyNot(first + "\xff\xff\xff\xff"), HasSubstr("its entry 1 (at byte 18) would have"));
  EXPECT_THAT(WhyNot(first + entry + kEnd + Record(std::string(kNoteBytesMax + 1, 'x'))),
              HasSubstr("its checkpoint 1 "));
}

TEST_F(ExportTest, IsFoundOutWhereverAByteOfItIsAnother) {
  // Either the file cannot be read, or the audit says what is wrong.
  size_t unreadable = 0;
  size_t found = 0;
  for (size_t i = 0; i < export_->size(); i += 211) {
    std::string bytes = *export_;
    bytes[i] ^= 4;
    const auto source = OpenExport(BytesOf(bytes));
    if (!source.ok()) {
      ++unreadable;
      continue;
    }
    const absl::StatusOr<Report> report = Audit(source->get(), DefaultOptions());
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->finding) << "byte " << i;
    ++found;
  }
  EXPECT_GT(found, unreadable);
}

TEST_F(ExportTest, OfAnEntryThatBreaksARuleIsNotImported) {
  LedgerData data = Long(1100);
  v1::JournalEntry entry;
  ASSERT_TRUE(entry.ParseFromString(data.journal.back()));
  entry.mutable_postings(0)->set_amount_minor(-2);
  entry.mutable_postings(1)->set_amount_minor(2);
  data.journal.back() = entry.SerializeAsString();
  const size_t size = data.journal.size();
  data.pairs[rules::key::Checkpoint(size)] = *SignCheckpoint(
      {community_->charter().origin(), size, data.RootOf(size), {}}, *community_->log_keys(3)[2]);
  const Report report = AuditExport(Export(data));
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->fault, Fault::kPostingsDiffer) << report.finding->sentence;
  EXPECT_EQ(report.finding->sequence, size);
  EXPECT_EQ(report.entries, size - 1);
}

}  // namespace
}  // namespace kengred::audit
