// Goal: an account's history says what happened to it, from its side, no more and no less: its
// operations, its postings, its balances, the texts it may see; filtered, and in pages that meet.
// Method: the fixture of rpc_circle.h, asked through generated stubs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "rpc_circle.h"
#include "server/sequence/side_keys.h"

namespace kengred {
namespace {

using testing::Ask;
using testing::CircleTest;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kHeol;
using testing::kHours;
using testing::kNowSeconds;
using testing::kToday;
using ::testing::Not;
using ::testing::SizeIs;
using testing::Text;
using testing::VerdictOf;

// ---- history ----

TEST_F(CircleTest, APaymentIsSeenFromBothSides) {
  const v1::HistoryOperation paid = Seen("alice", payment_);
  ASSERT_TRUE(paid.operation().has_transfer());
  EXPECT_EQ(paid.memo(), "panier");
  EXPECT_EQ(paid.counterparty_account_id(), Id("biocoop"));
  EXPECT_EQ(paid.counterparty_name(), "Profile of biocoop");
  ASSERT_THAT(paid.postings(), SizeIs(1));
  EXPECT_EQ(paid.postings(0).amount_minor(), -1250);
  ASSERT_THAT(paid.balances_after(), SizeIs(1));
  EXPECT_EQ(paid.balances_after(0).amount_minor(), 18750);

  const v1::HistoryOperation received = Seen("biocoop", payment_);
  EXPECT_EQ(received.memo(), "panier");
  EXPECT_EQ(received.counterparty_account_id(), Id("alice"));
  EXPECT_THAT(received.counterparty_name(), IsEmpty());  // a person's name is nobody's business
  EXPECT_EQ(received.postings(0).amount_minor(), 1250);
  EXPECT_EQ(received.balances_after(0).amount_minor(), 1250);

  const v1::HistoryOperation back = Seen("alice", refund_);
  ASSERT_TRUE(back.operation().has_refund());
  EXPECT_EQ(back.postings(0).amount_minor(), 250);
  EXPECT_EQ(back.balances_after(0).amount_minor(), 19000);
}

TEST_F(CircleTest, ABeneficiarySeesOnlyItsOwnAwards) {
  const v1::HistoryOperation chloe = Seen("chloe", reward_);
  ASSERT_THAT(chloe.operation().reward().awards(), SizeIs(1));
  EXPECT_EQ(chloe.operation().reward().awards(0).beneficiary_account_id(), Id("chloe"));
  EXPECT_EQ(chloe.counterparty_account_id(), Id("repair"));
  ASSERT_THAT(chloe.postings(), SizeIs(1));
  EXPECT_EQ(chloe.postings(0).amount_minor(), 3000);
  EXPECT_EQ(chloe.balances_after(0).amount_minor(), 3000);
  EXPECT_THAT(chloe.SerializeAsString(), Not(HasSubstr(Id("denis"))));
  // Whoever reads the beneficiary's history reads it as the beneficiary does.
  EXPECT_EQ(Seen("chloe", reward_, "auditor").SerializeAsString(), chloe.SerializeAsString());

  const v1::HistoryOperation assoc = Seen("assoc", reward_);
  EXPECT_THAT(assoc.operation().reward().awards(), SizeIs(2));
  EXPECT_THAT(assoc.postings(), IsEmpty());
  EXPECT_THAT(assoc.balances_after(), IsEmpty());

  const v1::HistoryOperation pot = Seen("repair", reward_, "assoc");
  EXPECT_THAT(pot.operation().reward().awards(), SizeIs(2));
  EXPECT_THAT(pot.postings(), SizeIs(2));
  EXPECT_THAT(pot.counterparty_account_id(), IsEmpty());  // more than one
  ASSERT_THAT(pot.balances_after(), SizeIs(1));
  EXPECT_EQ(pot.balances_after(0).amount_minor(), 70000 - 4500);
}

TEST_F(CircleTest, AReconversionIsSeenWhereItTouches) {
  const v1::HistoryOperation shop = Seen("biocoop", settlement_);
  ASSERT_TRUE(shop.operation().has_settle_reconversion());
  EXPECT_THAT(shop.postings(), IsEmpty());  // its units had been locked before
  const v1::HistoryOperation share = Seen("choir", settlement_);
  EXPECT_EQ(share.postings(0).amount_minor(), 30);
  EXPECT_THAT(share.counterparty_account_id(), IsEmpty());  // the ledger's own accounts are nobody
  const v1::HistoryOperation failed = Seen("librairie", failure_);
  EXPECT_EQ(failed.postings(0).amount_minor(), 1000);
  EXPECT_EQ(failed.memo(), "IBAN refused");
}

TEST_F(CircleTest, AnEntryShowsOnlyTheOperationsThatTouchTheAccount) {
  const v1::SubmitTransactionResponse entry = world_.Do(
      {community().Transfer("alice", "bruno", 100), community().Transfer("bruno", "chloe", 40),
       community().AdmitMember("denis", kToday + 1)},
      {"alice", "bruno", "registrar"});
  std::map<std::string, std::vector<uint32_t>> seen;
  for (const char* name : {"alice", "bruno", "chloe", "denis"}) {
    const v1::HistoryItem item = WholeHistory(name).back();
    ASSERT_EQ(item.sequence(), entry.sequence());
    for (const v1::HistoryOperation& operation : item.operations()) {
      seen[name].push_back(operation.operation_index());
    }
  }
  EXPECT_THAT(seen["alice"], ElementsAre(0));
  EXPECT_THAT(seen["bruno"], ElementsAre(0, 1));
  EXPECT_THAT(seen["chloe"], ElementsAre(1));
  EXPECT_THAT(seen["denis"], ElementsAre(2));
  // After the whole entry, not after each operation.
  const v1::HistoryItem bruno = WholeHistory("bruno").back();
  EXPECT_EQ(bruno.operations(0).balances_after(0).amount_minor(), 5060);
  EXPECT_EQ(bruno.operations(1).balances_after(0).amount_minor(), 5060);
}

TEST_F(CircleTest, BalancesAfterAddUpOverAWholeHistory) {
  for (int i = 1; i <= 20; ++i) world_.Pay("alice", i % 2 == 0 ? "biocoop" : "bruno", i);
  for (const char* name : {"alice", "biocoop", "bruno", "repair", "timebank", "choir"}) {
    std::map<std::string, int64_t> sums;
    const bool programme = community().places().contains(name);
    for (const v1::HistoryItem& item : WholeHistory(name, programme ? "assoc" : "")) {
      for (const v1::HistoryOperation& operation : item.operations()) {
        for (const v1::Posting& posting : operation.postings()) {
          sums[posting.currency()] += posting.amount_minor();
        }
      }
      for (const v1::HistoryOperation& operation : item.operations()) {
        EXPECT_EQ(operation.balances_after().empty(), operation.postings().empty());
        for (const v1::Balance& balance : operation.balances_after()) {
          EXPECT_EQ(balance.amount_minor(), sums[balance.currency()]) << name;
        }
      }
    }
    v1::ListBalancesRequest request;
    request.set_account_id(Id(name));
    const auto asked =
        Ask(world_, world_.ledger(), &v1::LedgerService::Stub::ListBalances, "auditor", request);
    for (const v1::Balance& balance : asked.response.balances()) {
      EXPECT_EQ(balance.amount_minor(), sums[balance.currency()]) << name;
    }
  }
}

TEST_F(CircleTest, HistoryIsFiltered) {
  const Sequence before = world_.Head();
  for (int hour = 1; hour <= 4; ++hour) {
    world_.now() = kNowSeconds + hour * 3600;
    world_.Pay("alice", hour % 2 == 0 ? "biocoop" : "bruno", hour);
  }
  const auto sequences = [&](const std::function<void(v1::ListHistoryRequest*)>& filter) {
    v1::ListHistoryRequest request;
    request.set_account_id(Id("alice"));
    filter(&request);
    const auto asked = History("alice", request);
    EXPECT_TRUE(asked.status.ok()) << asked.status.error_message();
    std::vector<Sequence> found;
    for (const v1::HistoryItem& item : asked.response.items()) found.push_back(item.sequence());
    return found;
  };
  const Sequence first = before + 1;
  const auto at = [](int hour) {
    google::protobuf::Timestamp time;
    time.set_seconds(kNowSeconds + hour * 3600);
    return time;
  };
  using Request = v1::ListHistoryRequest;
  EXPECT_THAT(sequences([&](Request* r) { *r->mutable_from_time() = at(1); }),
              ElementsAre(first, first + 1, first + 2, first + 3));
  EXPECT_THAT(sequences([&](Request* r) {
                *r->mutable_from_time() = at(1);
                r->mutable_from_time()->set_nanos(1);
              }),
              ElementsAre(first + 1, first + 2, first + 3));
  EXPECT_THAT(sequences([&](Request* r) {
                *r->mutable_from_time() = at(2);
                *r->mutable_until_time() = at(4);
              }),
              ElementsAre(first + 1, first + 2));
  EXPECT_THAT(sequences([&](Request* r) {
                *r->mutable_from_time() = at(2);
                *r->mutable_until_time() = at(4);
                r->mutable_until_time()->set_nanos(1);
                r->set_newest_first(true);
              }),
              ElementsAre(first + 3, first + 2, first + 1));
  EXPECT_THAT(sequences([&](Request* r) { *r->mutable_from_time() = at(5); }), IsEmpty());
  EXPECT_THAT(sequences([&](Request* r) {
                *r->mutable_from_time() = at(4);
                *r->mutable_until_time() = at(2);
              }),
              IsEmpty());
  EXPECT_THAT(sequences([&](Request* r) {
                *r->mutable_until_time() = at(0);
                r->set_newest_first(true);
              }),
              IsEmpty());
  // Everything in one currency, though other entries moved nothing or another one.
  const std::vector<Sequence> hours = sequences([](Request* r) { r->set_currency(kHours); });
  EXPECT_THAT(hours, SizeIs(1));
  EXPECT_THAT(sequences([](Request* r) { r->set_currency(kHeol); }), Not(Contains(hours[0])));
  EXPECT_THAT(sequences([&](Request* r) { r->set_counterparty_account_id(Id("biocoop")); }),
              ElementsAre(payment_.sequence(), refund_.sequence(), first + 1, first + 3));
  EXPECT_THAT(sequences([&](Request* r) {
                r->set_counterparty_account_id(Id("biocoop"));
                *r->mutable_from_time() = at(1);
                r->set_newest_first(true);
              }),
              ElementsAre(first + 3, first + 1));
  // A fellow beneficiary is no counterparty.
  v1::ListHistoryRequest fellow;
  fellow.set_account_id(Id("chloe"));
  fellow.set_counterparty_account_id(Id("denis"));
  EXPECT_THAT(History("chloe", fellow).response.items(), IsEmpty());
  fellow.set_counterparty_account_id(Id("repair"));
  EXPECT_THAT(History("chloe", fellow).response.items(), SizeIs(1));
}

TEST_F(CircleTest, PagesOfHistoryMeetWithoutGapOrOverlap) {
  for (int i = 1; i <= 23; ++i) world_.Pay("alice", "bruno", i);
  std::vector<Sequence> whole;
  for (const v1::HistoryItem& item : WholeHistory("alice")) whole.push_back(item.sequence());
  ASSERT_GT(whole.size(), 23);
  for (const bool newest_first : {false, true}) {
    for (const int32_t page_size : {1, 7, 30}) {
      std::vector<Sequence> paged;
      v1::ListHistoryRequest request;
      request.set_account_id(Id("alice"));
      request.set_newest_first(newest_first);
      request.set_page_size(page_size);
      do {
        const auto asked = History("alice", request);
        ASSERT_TRUE(asked.status.ok());
        ASSERT_LE(asked.response.items().size(), page_size);
        ASSERT_FALSE(asked.response.items().empty());
        for (const v1::HistoryItem& item : asked.response.items()) {
          paged.push_back(item.sequence());
        }
        request.set_page_token(asked.response.next_page_token());
      } while (!request.page_token().empty());
      if (newest_first) std::reverse(paged.begin(), paged.end());
      EXPECT_EQ(paged, whole) << page_size << newest_first;
    }
  }
}

TEST_F(CircleTest, AFilterThatMatchesNothingStillComesToItsEnd) {
  // More entries than one page looks at, so that an empty page must say that there is more.
  const size_t entries = 2100;
  const size_t per_transaction = 1;
  std::vector<std::thread> payers;
  for (int t = 0; t < 4; ++t) {
    payers.emplace_back([&] {
      for (size_t i = 0; i < entries / 4; i += per_transaction) world_.Pay("assoc", "bruno", 1);
    });
  }
  for (std::thread& payer : payers) payer.join();
  v1::ListHistoryRequest request;
  request.set_account_id(Id("bruno"));
  request.set_counterparty_account_id(Id("librairie"));
  size_t pages = 0;
  do {
    const auto asked = History("bruno", request);
    ASSERT_TRUE(asked.status.ok());
    EXPECT_THAT(asked.response.items(), IsEmpty());
    request.set_page_token(asked.response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 2);
}

TEST_F(CircleTest, APageTokenBelongsToItsRequest) {
  v1::ListHistoryRequest request;
  request.set_account_id(Id("alice"));
  request.set_page_size(1);
  const std::string token = History("alice", request).response.next_page_token();
  ASSERT_THAT(token, Not(IsEmpty()));
  request.set_page_token(token);
  request.set_page_size(2);  // may change
  EXPECT_TRUE(History("alice", request).status.ok());
  const std::vector<std::function<void(v1::ListHistoryRequest*)>> spoils = {
      [](auto* r) { r->set_newest_first(true); },
      [](auto* r) { r->set_currency(kHeol); },
      [this](auto* r) { r->set_counterparty_account_id(Id("bruno")); },
      [](auto* r) { r->mutable_from_time(); },
      [](auto* r) { r->set_page_token(r->page_token() + "A"); },
      [](auto* r) { r->set_page_token(r->page_token().substr(1)); },
      [](auto* r) { r->set_page_token("!"); },
      [](auto* r) { r->set_page_token(std::string(5000, 'A')); },
  };
  for (size_t i = 0; i < spoils.size(); ++i) {
    v1::ListHistoryRequest spoiled = request;
    spoils[i](&spoiled);
    EXPECT_EQ(VerdictOf(History("alice", spoiled).status), v1::VERDICT_PAGE_TOKEN_MALFORMED) << i;
  }
  // A token of another call is of no use here, though it has the same form.
  v1::ListReconversionsRequest other;
  other.set_page_token(token);
  EXPECT_EQ(VerdictOf(Ask(world_, world_.ledger(), &v1::LedgerService::Stub::ListReconversions,
                          "treasurer", other)
                          .status),
            v1::VERDICT_PAGE_TOKEN_MALFORMED);
}

TEST_F(CircleTest, ErasedTextsAreGoneAndTheHistoryStays) {
  const Text memo = community().text("panier");
  const Text shop = community().text(community().holder("biocoop").profile.SerializeAsString());
  const auto key = [](const Text& text) {
    return sequence::SideRecordKey(*Digest::FromBytes(text.commitment.sha256()));
  };
  ASSERT_TRUE(world_.store().erase({key(memo), key(shop)}).ok());
  const v1::HistoryOperation paid = Seen("alice", payment_);
  EXPECT_THAT(paid.memo(), IsEmpty());
  EXPECT_THAT(paid.counterparty_name(), IsEmpty());
  EXPECT_EQ(paid.counterparty_account_id(), Id("biocoop"));
  v1::GetTransactionRequest get;
  get.set_transaction_id(payment_.transaction_id());
  const auto asked =
      Ask(world_, world_.ledger(), &v1::LedgerService::Stub::GetTransaction, "alice", get);
  ASSERT_TRUE(asked.status.ok());
  EXPECT_THAT(asked.response.side_records(), IsEmpty());
  v1::LookupAliasRequest alias;
  alias.set_alias("biocoop");
  EXPECT_EQ(
      VerdictOf(Ask(world_, world_.directory(), &v1::DirectoryService::Stub::LookupAlias, "", alias)
                    .status),
      v1::VERDICT_ALIAS_UNKNOWN);
}

TEST_F(CircleTest, ATransactionComesAsStoredWithTheTextsOfItsReader) {
  const auto get = [&](const std::string& who, const v1::SubmitTransactionResponse& entry) {
    v1::GetTransactionRequest request;
    request.set_transaction_id(entry.transaction_id());
    const auto asked =
        Ask(world_, world_.ledger(), &v1::LedgerService::Stub::GetTransaction, who, request);
    EXPECT_TRUE(asked.status.ok()) << asked.status.error_message();
    v1::JournalEntry stored;
    EXPECT_TRUE(stored.ParseFromString(asked.response.journal_entry()));
    EXPECT_EQ(stored.sequence(), entry.sequence());
    const auto page = world_.store().journal(entry.sequence() - 1, 1);
    EXPECT_EQ(asked.response.journal_entry(), page->entries[0].second);
    std::set<std::string> texts;
    for (const v1::SideRecord& record : asked.response.side_records()) {
      texts.insert(record.content());
    }
    return texts;
  };
  EXPECT_THAT(get("alice", payment_), ElementsAre("panier"));
  EXPECT_THAT(get("chloe", reward_), ElementsAre("photo of a mended lamp"));
  EXPECT_THAT(get("denis", reward_), ElementsAre("photo of a mended chair"));
  EXPECT_THAT(get("assoc", reward_), SizeIs(2));
  EXPECT_THAT(get("auditor", reward_), SizeIs(2));
}

}  // namespace
}  // namespace kengred
