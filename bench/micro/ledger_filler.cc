#include "bench/micro/ledger_filler.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "bench/micro/samples.h"
#include "kengred/core/limits.h"
#include "kengred/v1/account.pb.h"
#include "kengred/v1/journal.pb.h"
#include "kengred/v1/ledger_service.pb.h"
#include "kengred/v1/transaction.pb.h"
#include "server/rules/state.h"
#include "server/sequence/batch_builder.h"
#include "server/sequence/tree.h"

namespace kengred::bench {
namespace {

constexpr char kOrigin[] = "heol.kengred/0123456789abcdef";
constexpr size_t kNonceBytes = 16;
constexpr size_t kSignatureBytes = 64;
constexpr size_t kPublicKeyBytes = 32;
constexpr size_t kAccountRecordsBytes = 512;  // at least what one account's records take

// SplitMix64: numbers that look random, the same for the same seed.
uint64_t Mix(uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

std::string BytesOf(uint64_t seed, size_t count) {
  std::string bytes;
  while (bytes.size() < count) {
    seed = Mix(seed);
    bytes.append(reinterpret_cast<const char*>(&seed), sizeof(seed));
  }
  bytes.resize(count);
  return bytes;
}

}  // namespace

LedgerFiller::LedgerFiller(const FillerOptions& options)
    : options_(options), log_key_(*NoteSigner::Make(kOrigin, SecretKey::Generate())) {}

void LedgerFiller::StartAt(const storage::Head& head, TreeFrontier tree) {
  epoch_ = head.epoch;
  hash_ = head.hash;
  sequence_ = head.sequence;
  tree_ = std::move(tree);
  // A run that goes on must not make the transactions of the one before.
  random_.seed(head.sequence + head.epoch);
}

LedgerFiller::Party LedgerFiller::PartyOf(uint64_t number) {
  return {*AccountId::FromBytes(BytesOf(2 * number, 20)), BytesOf(2 * number + 1, kPublicKeyBytes)};
}

std::string LedgerFiller::RandomBytes(size_t count) {
  std::string bytes;
  while (bytes.size() < count) {
    const uint64_t number = random_();
    bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  bytes.resize(count);
  return bytes;
}

storage::Batch LedgerFiller::Accounts(uint64_t first, uint64_t* count) const {
  storage::Batch batch;
  batch.epoch = epoch_;
  batch.parent_hash = batch.hash = hash_;
  batch.first_sequence = sequence_ + 1;
  *count = std::min<uint64_t>(kBatchBytesMax / kAccountRecordsBytes, options_.accounts - first);
  std::vector<storage::Write> writes;
  for (uint64_t i = 0; i < *count; ++i) {
    const Party party = PartyOf(first + i);
    v1::Account account;
    account.set_account_id(party.account.ToBytes());
    account.set_kind(v1::HOLDER_KIND_PERSON);
    account.mutable_authority()->add_public_keys(party.public_key);
    account.mutable_authority()->set_threshold(1);
    account.set_opened_sequence(first + i);
    account.mutable_profile()->set_sha256(BytesOf(first + i, 32));
    account.mutable_membership()->set_from_day(20781);
    account.mutable_membership()->set_until_day(21146);
    writes.push_back({rules::key::Account(party.account), account.SerializeAsString()});
    writes.push_back(
        {rules::key::KeyOwner(*PublicKey::FromBytes(party.public_key)), party.account.ToBytes()});
    writes.push_back({rules::key::Listed(v1::HOLDER_KIND_PERSON, party.account), std::string()});
    writes.push_back({rules::key::Balance(party.account, "HEOL"), rules::EncodeNumber(1'000'000)});
  }
  batch.writes = std::move(writes);
  sequence::SortWrites(&batch.writes);
  return batch;
}

storage::Batch LedgerFiller::Payments(size_t count) {
  storage::Batch batch;
  batch.epoch = epoch_;
  batch.first_sequence = sequence_ + 1;
  std::map<std::string, std::string> writes;
  keys_to_read_.clear();
  static const std::string ledger_id = BytesOf(0, 32);
  for (size_t i = 0; i < count; ++i) {
    ++sequence_;
    const Party payer = PartyOf(random_() % options_.accounts);
    const Party payee = PartyOf(random_() % options_.accounts);
    v1::Transaction transaction;
    transaction.set_ledger_id(ledger_id);
    transaction.set_nonce(RandomBytes(kNonceBytes));
    const int64_t seconds = kSampleTimeSeconds + static_cast<int64_t>(sequence_ / 1000);
    transaction.mutable_valid_from()->set_seconds(seconds);
    transaction.mutable_valid_until()->set_seconds(seconds + 3600);
    v1::Transfer* transfer = transaction.add_operations()->mutable_transfer();
    transfer->set_payer_account_id(payer.account.ToBytes());
    transfer->set_payee_account_id(payee.account.ToBytes());
    transfer->set_currency("HEOL");
    transfer->set_amount_minor(static_cast<int64_t>(random_() % 10'000));
    v1::JournalEntry entry;
    entry.set_sequence(sequence_);
    entry.mutable_time()->set_seconds(seconds);
    entry.mutable_time()->set_nanos(static_cast<int32_t>(random_() % 1'000'000) * 1000);
    entry.set_civil_day(20781);
    v1::SignedTransaction* signed_transaction = entry.mutable_signed_transaction();
    transaction.SerializeToString(signed_transaction->mutable_transaction());
    v1::Signature* signature = signed_transaction->add_signatures();
    signature->set_scheme(v1::SIGNATURE_SCHEME_ED25519);
    signature->set_public_key(payer.public_key);
    signature->set_signature(RandomBytes(kSignatureBytes));
    const std::string id = RandomBytes(sizeof(Digest));
    for (const Party& party : {payer, payee}) {
      v1::Posting* posting = entry.add_postings();
      posting->set_account_id(party.account.ToBytes());
      posting->set_currency("HEOL");
      posting->set_amount_minor(transfer->amount_minor());
      const auto balance = static_cast<int64_t>(random_() % 1'000'000);
      v1::ListBalancesResponse after;
      after.set_sequence(sequence_);
      after.add_balances()->set_currency("HEOL");
      after.mutable_balances(0)->set_amount_minor(balance);
      const std::string balance_key = rules::key::Balance(party.account, "HEOL");
      if (With('B')) writes[balance_key] = rules::EncodeNumber(static_cast<uint64_t>(balance));
      if (With('H')) {
        writes[rules::key::History(party.account, sequence_)] = after.SerializeAsString();
      }
      keys_to_read_.push_back(balance_key);
      keys_to_read_.push_back(rules::key::Account(party.account));
    }
    const std::string transaction_key = rules::key::Transaction(*TransactionId::FromBytes(id));
    if (With('T')) writes[transaction_key] = rules::EncodeNumber(sequence_);
    keys_to_read_.push_back(transaction_key);
    batch.journal.push_back(entry.SerializeAsString());
  }
  batch.writes.reserve(writes.size());
  for (auto& [key, value] : writes) batch.writes.push_back({key, std::move(value)});
  sequence::AppendToTree(&tree_, &batch);
  if (!With('M')) {
    std::erase_if(batch.writes, [](const storage::Write& write) { return write.key[0] == 'M'; });
  }
  if (!With('J')) {
    for (std::string& entry : batch.journal) entry.resize(1);
  }
  const auto note = SignCheckpoint({kOrigin, tree_.size(), tree_.Root(), {}}, log_key_);
  batch.writes.push_back({rules::key::Checkpoint(tree_.size()), *note});
  sequence::SortWrites(&batch.writes);
  hash_ = batch.hash;
  return batch;
}

}  // namespace kengred::bench
