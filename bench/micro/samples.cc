#include "bench/micro/samples.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "kengred/core/hash.h"
#include "kengred/core/transaction_builder.h"
#include "kengred/v1/journal.pb.h"

namespace kengred::bench {

void Die(const std::string& what) {
  std::fprintf(stderr, "kengred-microbench: %s\n", what.c_str());
  std::exit(1);
}

Payments::Payments(size_t count) {
  InitializeCrypto();
  ledger_id_ = *LedgerId::FromBytes(Sha256({"a ledger for measurements"}).view());
  for (size_t i = 0; i < count; ++i) {
    const SecretKey key = SecretKey::Generate();
    TransactionBuilder builder(ledger_id_, kSampleTimeSeconds, 3600);
    v1::Transfer* transfer = builder.Add()->mutable_transfer();
    transfer->set_payer_account_id(
        Sha256({"payer", key.public_key().view()}).ToBytes().substr(0, 20));
    transfer->set_payee_account_id(
        Sha256({"payee", key.public_key().view()}).ToBytes().substr(0, 20));
    transfer->set_currency("HEOL");
    transfer->set_amount_minor(1250);
    v1::SignedTransaction transaction = builder.Build();
    AddSignature(key, &transaction);
    transactions_.push_back(std::move(transaction));
  }
}

std::vector<std::string> Payments::Entries(uint64_t first) const {
  std::vector<std::string> entries;
  for (const v1::SignedTransaction& transaction : transactions_) {
    v1::JournalEntry entry;
    entry.set_sequence(first + entries.size());
    entry.mutable_time()->set_seconds(kSampleTimeSeconds);
    entry.set_civil_day(20781);
    *entry.mutable_signed_transaction() = transaction;
    for (const int64_t amount : {-1250, 1250}) {
      v1::Posting* posting = entry.add_postings();
      posting->set_account_id(Sha256({transaction.transaction()}).ToBytes().substr(0, 20));
      posting->set_currency("HEOL");
      posting->set_amount_minor(amount);
    }
    entries.push_back(entry.SerializeAsString());
  }
  return entries;
}

SampleTree::SampleTree(uint64_t size) {
  std::vector<Subtree> made;
  for (uint64_t i = 0; i < size; ++i) {
    made.clear();
    frontier_.Append(LeafHash(std::to_string(i)), &made);
    for (const Subtree& subtree : made) {
      if (!IsStoredLevel(subtree.level)) continue;
      levels_.resize(std::max<size_t>(levels_.size(), subtree.level / kTileHeight + 1));
      levels_[subtree.level / kTileHeight].push_back(subtree.hash);
    }
  }
}

SampleTree& SampleTree::Of(uint64_t size) {
  static auto* trees = new std::map<uint64_t, SampleTree>();
  return trees->try_emplace(size, size).first->second;
}

absl::StatusOr<std::vector<Digest>> SampleTree::Read(uint32_t level, uint64_t first, size_t count) {
  const auto begin = levels_[level / kTileHeight].begin() + static_cast<ptrdiff_t>(first);
  return std::vector<Digest>(begin, begin + static_cast<ptrdiff_t>(count));
}

}  // namespace kengred::bench
