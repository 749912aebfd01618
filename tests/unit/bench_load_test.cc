// Goal: what the load driver reports rests on parts that count right: percentiles, mixes, answers
// read from the wire, messages cut from the pool.
// Method: each against a plain computation: a sorted list, tables, protobuf's own reading.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "bench/answer_reader.h"
#include "bench/histogram.h"
#include "bench/mix.h"
#include "bench/presigned.h"
#include "kengred/v1/ledger_service.pb.h"

namespace kengred::bench {
namespace {

// ---- Histogram ----

TEST(Histogram, IsExactWhereBucketsAreFine) {
  Histogram histogram;
  EXPECT_EQ(histogram.Percentile(500), 0);
  for (int64_t us = 1; us <= 10; ++us) histogram.Record(us);
  EXPECT_EQ(histogram.count(), 10U);
  EXPECT_EQ(histogram.Percentile(500), 5);
  EXPECT_EQ(histogram.Percentile(950), 10);
  EXPECT_EQ(histogram.Percentile(1000), 10);
  EXPECT_EQ(histogram.Percentile(1), 1);
  EXPECT_EQ(histogram.max(), 10);
}

TEST(Histogram, IsWithinOneInSixtyFourOfTheSortedList) {
  Histogram histogram;
  std::vector<int64_t> all;
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    // As many short ones as long ones, up to days.
    const auto us = static_cast<int64_t>(random() >> (24 + random() % 39));
    histogram.Record(us);
    all.push_back(us);
  }
  std::sort(all.begin(), all.end());
  for (const int per_mille : {1, 10, 500, 900, 950, 990, 999, 1000}) {
    const int64_t exact = all[all.size() * static_cast<size_t>(per_mille) / 1000 - 1];
    const int64_t reported = histogram.Percentile(per_mille);
    EXPECT_GE(reported, exact) << per_mille;
    EXPECT_LE(reported, exact + exact / 64 + 1) << per_mille;
  }
  EXPECT_EQ(histogram.max(), all.back());
}

TEST(Histogram, TakesAnything) {
  Histogram histogram;
  histogram.Record(-5);
  EXPECT_EQ(histogram.max(), 0);
  histogram.Record(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.Percentile(500), 0);
  EXPECT_EQ(histogram.Percentile(1000), std::numeric_limits<int64_t>::max());
}

// ---- Mix ----

TEST(ParseMix, ReadsWeights) {
  const std::pair<const char*, Mix> kTable[] = {{"payments=1", {1, 0, 0}},
                                                {"payments=10,reads=90", {10, 0, 90}},
                                                {"reads=3,rewards=2,payments=1", {1, 2, 3}},
                                                {"rewards=1000000", {0, 1'000'000, 0}},
                                                {"payments=0,reads=1", {0, 0, 1}}};
  for (const auto& [text, expected] : kTable) {
    const auto mix = ParseMix(text);
    ASSERT_TRUE(mix.ok()) << text << ": " << mix.status();
    EXPECT_EQ(*mix, expected) << text;
  }
}

TEST(ParseMix, RefusesWhatIsNoMix) {
  for (const char* text :
       {"", "payments", "payments=", "payments=x", "payments=-1", "payments=1.5", "gifts=1",
        "payments=1,", "payments=1,payments=2", "payments=1000001", "payments=0", " payments=1",
        "payments=1;reads=2", "payments=99999999999999999999"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseMix(text).status())) << text;
  }
}

// ---- ReadAnswers ----

v1::SubmitTransactionsResponse Answers() {
  v1::SubmitTransactionsResponse response;
  for (uint64_t i = 1; i <= 3; ++i) {
    v1::SubmitTransactionResponse* accepted = response.add_results()->mutable_accepted();
    accepted->set_transaction_id(std::string(32, 't'));
    accepted->set_sequence(i << (20 * i));
    accepted->mutable_time()->set_seconds(1'700'000'000);
    accepted->set_duplicate(i == 2);
    v1::Posting* posting = accepted->add_postings();
    posting->set_account_id(std::string(20, 'a'));
    posting->set_amount_minor(-1);
  }
  v1::SubmitRefusal* refused = response.add_results()->mutable_refused();
  refused->set_transaction_id(std::string(32, 'r'));
  refused->set_verdict(v1::VERDICT_QUEUE_FULL);
  (*refused->mutable_figures())["limit"] = "17";
  refused->set_message("later");
  return response;
}

TEST(ReadAnswers, SeesWhatProtobufSees) {
  const v1::SubmitTransactionsResponse response = Answers();
  int number = 0;
  ASSERT_TRUE(ReadAnswers(response.SerializeAsString(), [&](const AnswerRead& answer) {
    const v1::SubmitResult& result = response.results(number++);
    EXPECT_EQ(answer.sequence, result.accepted().sequence());
    EXPECT_EQ(answer.duplicate, result.accepted().duplicate());
    EXPECT_EQ(answer.verdict, result.refused().verdict());
  }));
  EXPECT_EQ(number, response.results().size());
  AnswerRead answer;
  ASSERT_TRUE(ReadAnswer(response.results(1).accepted().SerializeAsString(), &answer));
  EXPECT_EQ(answer.sequence, response.results(1).accepted().sequence());
  EXPECT_TRUE(answer.duplicate);
}

TEST(ReadAnswers, SkipsFieldsOfLaterVersions) {
  // Fields 100 of each wire type, before and after what is known.
  const std::string later(
      "\xa0\x06\x01\xa1\x06"
      "12345678"
      "\xa2\x06\x03"
      "abc"
      "\xa5\x06"
      "1234",
      25);
  const std::string known = Answers().results(0).accepted().SerializeAsString();
  AnswerRead answer;
  ASSERT_TRUE(ReadAnswer(later + known + later, &answer));
  EXPECT_EQ(answer.sequence, Answers().results(0).accepted().sequence());
}

TEST(ReadAnswers, RefusesWhatWasCutShort) {
  const v1::SubmitTransactionsResponse response = Answers();
  const std::string whole = response.SerializeAsString();
  const auto ignore = [](const AnswerRead& /*answer*/) {};
  // Where a result ends, what is left is a message as well.
  std::vector<size_t> ends = {0};
  for (const v1::SubmitResult& result : response.results()) {
    ends.push_back(ends.back() + 2 + result.ByteSizeLong() + (result.ByteSizeLong() > 127 ? 1 : 0));
  }
  for (size_t size = 0; size <= whole.size(); ++size) {
    const bool is_message = std::find(ends.begin(), ends.end(), size) != ends.end();
    EXPECT_EQ(ReadAnswers(whole.substr(0, size), ignore), is_message) << size;
  }
}

// ---- Presigned ----

class PresignedTest : public ::testing::Test {
 protected:
  PresignedTest() {
    InitializeCrypto();
    options_.ledger_id = LedgerId(std::array<uint8_t, 32>{1});
    options_.per_message = 10;
    options_.transactions = 300;
    options_.rewards_per_transaction = 3;
  }

  absl::StatusOr<Presigned> Sign() {
    return Presigned::Sign(options_, accounts_, officials_, stop_);
  }

  PresignOptions options_;
  const LoadAccounts accounts_{1, 50};
  const Officials officials_{1};
  std::atomic<bool> stop_{false};
};

TEST_F(PresignedTest, CutsMessagesAndRequestsFromTheSameBytes) {
  options_.mix = {2, 1, 0};
  const auto pool = Sign();
  ASSERT_TRUE(pool.ok()) << pool.status();
  ASSERT_GE(pool->size(), options_.transactions);
  ASSERT_EQ(pool->size() % options_.per_message, 0U);
  size_t rewards = 0;
  for (size_t first = 0; first < pool->size(); first += options_.per_message) {
    v1::SubmitTransactionsRequest message;
    ASSERT_TRUE(message.ParseFromString(std::string(pool->Message(first))));
    ASSERT_EQ(message.requests().size(), static_cast<int>(options_.per_message));
    for (size_t i = 0; i < options_.per_message; ++i) {
      const v1::SubmitTransactionRequest& request = message.requests(static_cast<int>(i));
      EXPECT_EQ(request.SerializeAsString(), pool->Request(first + i));
      EXPECT_EQ(TransactionIdOf(request.signed_transaction().transaction()), pool->id(first + i));
      v1::Transaction transaction;
      ASSERT_TRUE(transaction.ParseFromString(request.signed_transaction().transaction()));
      const v1::Operation& operation = transaction.operations(0);
      EXPECT_EQ(static_cast<size_t>(operation.reward().awards().size()), pool->rewards(first + i));
      EXPECT_EQ(request.signed_transaction().signatures().size(), operation.has_reward() ? 2 : 1);
      rewards += operation.has_reward() ? 1U : 0U;
      EXPECT_NE(operation.has_transfer(), operation.has_reward());
    }
  }
  // A third of them, give or take.
  EXPECT_GT(rewards, pool->size() / 5);
  EXPECT_LT(rewards, pool->size() / 2);
}

TEST_F(PresignedTest, NobodyPaysThemselves) {
  for (const bool one_payee : {false, true}) {
    options_.one_payee = one_payee;
    const auto pool = Sign();
    ASSERT_TRUE(pool.ok()) << pool.status();
    std::optional<Party> scratch;
    const std::string shop = accounts_.At(0, &scratch).account.ToBytes();
    for (size_t i = 0; i < pool->size(); ++i) {
      v1::SubmitTransactionRequest request;
      v1::Transaction transaction;
      ASSERT_TRUE(request.ParseFromString(std::string(pool->Request(i))));
      ASSERT_TRUE(transaction.ParseFromString(request.signed_transaction().transaction()));
      const v1::Transfer& transfer = transaction.operations(0).transfer();
      EXPECT_NE(transfer.payer_account_id(), transfer.payee_account_id());
      if (one_payee) {
        EXPECT_EQ(transfer.payee_account_id(), shop);
      }
    }
  }
}

TEST_F(PresignedTest, RefusesAMessageThatIsTooLarge) {
  options_.mix = {0, 1, 0};
  options_.per_message = 1000;
  options_.rewards_per_transaction = 1000;
  EXPECT_TRUE(absl::IsInvalidArgument(Sign().status()));
}

TEST_F(PresignedTest, StopsWhenAsked) {
  stop_ = true;
  EXPECT_TRUE(absl::IsCancelled(Sign().status()));
}

}  // namespace
}  // namespace kengred::bench
