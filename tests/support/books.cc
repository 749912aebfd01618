#include "tests/support/books.h"

#include <gtest/gtest.h>

#include <memory>

#include "kengred/core/side_record.h"
#include "server/audit/auditor.h"
#include "server/audit/state_check.h"
#include "server/rules/state.h"
#include "server/sequence/side_keys.h"
#include "server/sequence/store_view.h"

namespace kengred::testing {
namespace {

// What is in the store of one payment's memo; nothing where there is none.
std::optional<std::string> MemoIn(const sequence::StoreView& view, const Sent& sent) {
  const Digest commitment = CommitmentOf(sent.request.side_records(0));
  const std::optional<std::string> bytes = view.Get(sequence::SideRecordKey(commitment));
  if (!bytes) return std::nullopt;
  v1::SideRecord record;
  EXPECT_TRUE(record.ParseFromString(*bytes));
  return record.content();
}

void ExpectWhole(const Community& community, const Sent& sent, const v1::JournalEntry& entry) {
  if (sent.sequence) {
    EXPECT_EQ(entry.sequence(), *sent.sequence);
  }
  EXPECT_EQ(entry.signed_transaction().SerializeAsString(),
            sent.request.signed_transaction().SerializeAsString());
  std::map<std::string, int64_t> moves;
  for (const v1::Posting& posting : entry.postings()) {
    for (const auto& [name, amount] : sent.moves) {
      if (posting.account_id() == community.account(name).view()) {
        moves[name] += posting.amount_minor();
      }
    }
  }
  EXPECT_EQ(moves, sent.moves);
  EXPECT_EQ(entry.postings_size(), 4);
}

}  // namespace

Sent MakePayment(const Community& community, int64_t now_seconds, const std::string& payer,
                 const Share& first, const Share& second, uint64_t number, size_t memo_bytes) {
  Sent sent;
  sent.memo = "memo " + std::to_string(number) + " ";
  // Letters that hardly compress, so that they weigh on disk what they weigh here.
  for (uint64_t state = number; sent.memo.size() < memo_bytes;) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    sent.memo.push_back(static_cast<char>('!' + (state >> 40) % 90));
  }
  const Text text = community.text(sent.memo);
  v1::Operation with_memo = community.Transfer(payer, first.payee, first.amount_minor);
  *with_memo.mutable_transfer()->mutable_memo() = text.commitment;
  *sent.request.mutable_signed_transaction() = community.Transaction(
      now_seconds, {with_memo, community.Transfer(payer, second.payee, second.amount_minor)},
      {payer});
  *sent.request.add_side_records() = text.record;
  sent.moves = {{payer, -first.amount_minor - second.amount_minor},
                {first.payee, first.amount_minor},
                {second.payee, second.amount_minor}};
  return sent;
}

uint64_t ExpectAuditAgrees(storage::Store* store, const Community& community) {
  const auto source = audit::OpenStoreSource(store);
  EXPECT_TRUE(source.ok()) << source.status();
  if (!source.ok()) return 0;
  const std::unique_ptr<audit::Observer> state = audit::NewStateCheck(store);
  audit::Options options;
  options.ledger_id = community.ledger_id();
  options.verifier_keys = {community.log_keys().front()->verifier_key()};
  options.observer = state.get();
  const absl::StatusOr<audit::Report> report = audit::Audit(source->get(), options);
  EXPECT_TRUE(report.ok()) << report.status();
  if (!report.ok()) return 0;
  EXPECT_FALSE(report->finding) << audit::NameOf(report->finding->fault) << " at entry "
                                << report->finding->sequence << ": " << report->finding->sentence;
  EXPECT_EQ(report->entries, (*source)->size());
  return report->entries;
}

void ExpectWholeOrAbsent(storage::Store* store, const Community& community,
                         std::vector<Sent>* payments) {
  const sequence::StoreView view(store);
  const rules::StateReader reader(view);
  for (Sent& sent : *payments) {
    SCOPED_TRACE(sent.memo.substr(0, 20));
    const std::optional<v1::JournalEntry> entry =
        reader.FindEntry(IdOf(sent.request.signed_transaction()));
    sent.present = entry.has_value();
    if (sent.present) {
      ExpectWhole(community, sent, *entry);
      EXPECT_EQ(MemoIn(view, sent), sent.memo);
    } else {
      EXPECT_FALSE(sent.sequence) << "acknowledged as entry " << *sent.sequence << " and lost";
      EXPECT_FALSE(MemoIn(view, sent)) << "a memo without its entry";
    }
    if (::testing::Test::HasFailure()) break;  // one says it all
  }
  ASSERT_TRUE(view.status().ok()) << view.status();
}

std::map<std::string, int64_t> HeolOf(storage::Store* store, const Community& community,
                                      const std::vector<std::string>& names) {
  const sequence::StoreView view(store);
  const rules::StateReader reader(view);
  std::map<std::string, int64_t> balances;
  for (const std::string& name : names) {
    balances[name] = reader.Balance(community.account(name), kHeol);
  }
  EXPECT_TRUE(view.status().ok()) << view.status();
  return balances;
}

}  // namespace kengred::testing
