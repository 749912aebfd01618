#include "bench/presigned.h"

#include <absl/synchronization/mutex.h>

#include <algorithm>
#include <optional>
#include <random>

#include "bench/parallel.h"
#include "bench/progress.h"
#include "kengred/core/limits.h"
#include "kengred/v1/ledger_service.pb.h"

namespace kengred::bench {
namespace {

constexpr size_t kChunkTransactions = 256;

// Makes the transactions of one chunk.
class Signer {
 public:
  Signer(const PresignOptions& options, const LoadAccounts& accounts, const Officials& officials,
         uint64_t chunk)
      : options_(options), accounts_(accounts), officials_(officials) {
    std::seed_seq seed{options.seed, chunk};
    random_.seed(seed);
  }

  bool NextIsReward() { return Draw(options_.mix.submissions()) < options_.mix.rewards; }

  v1::SubmitTransactionRequest Payment() {
    // With one payee, account 0 pays nobody.
    const uint64_t payer_number =
        options_.one_payee ? 1 + Draw(accounts_.count() - 1) : Draw(accounts_.count());
    uint64_t payee_number = 0;
    if (!options_.one_payee) {
      payee_number = Draw(accounts_.count() - 1);
      if (payee_number >= payer_number) ++payee_number;
    }
    std::optional<Party> payer_scratch;
    std::optional<Party> payee_scratch;
    const Party& payer = accounts_.At(payer_number, &payer_scratch);
    TransactionBuilder builder = NewTransaction(options_.ledger_id);
    v1::Transfer* transfer = builder.Add()->mutable_transfer();
    transfer->set_payer_account_id(payer.account.ToBytes());
    transfer->set_payee_account_id(accounts_.At(payee_number, &payee_scratch).account.ToBytes());
    transfer->set_currency(kCurrency);
    transfer->set_amount_minor(1);
    return SignBy(builder, {&payer.key});
  }

  v1::SubmitTransactionRequest Rewards() {
    TransactionBuilder builder = NewTransaction(options_.ledger_id);
    v1::Reward* reward = builder.Add()->mutable_reward();
    reward->set_programme_account_id(options_.programme.ToBytes());
    for (size_t i = 0; i < options_.rewards_per_transaction; ++i) {
      std::optional<Party> scratch;
      v1::Award* award = reward->add_awards();
      award->set_beneficiary_account_id(
          accounts_.At(Draw(accounts_.count()), &scratch).account.ToBytes());
      award->set_activity(kActivity);
      award->set_quantity(1);
      award->set_reference(RandomBytes(kAwardReferenceBytesMin));
    }
    return SignBy(builder, {&officials_.association.key, &officials_.validator.key});
  }

 private:
  uint64_t Draw(uint64_t below) {
    return std::uniform_int_distribution<uint64_t>(0, below - 1)(random_);
  }

  const PresignOptions& options_;
  const LoadAccounts& accounts_;
  const Officials& officials_;
  std::mt19937_64 random_;
};

}  // namespace

absl::StatusOr<Presigned> Presigned::Sign(const PresignOptions& options,
                                          const LoadAccounts& accounts, const Officials& officials,
                                          const std::atomic<bool>& stop) {
  Presigned result;
  result.per_message_ = std::max<size_t>(options.per_message, 1);
  result.rewards_each_ = options.rewards_per_transaction;
  result.per_chunk_ =
      (kChunkTransactions + result.per_message_ - 1) / result.per_message_ * result.per_message_;
  // The heaviest transaction says how many there may be.
  Signer first(options, accounts, officials, 0);
  const size_t bytes_each =
      (options.mix.rewards > 0 ? first.Rewards() : first.Payment()).ByteSizeLong();
  if (bytes_each * result.per_message_ + 16 * result.per_message_ > kMessageBytesMax) {
    return absl::InvalidArgumentError(std::to_string(result.per_message_) + " transactions of " +
                                      std::to_string(bytes_each) +
                                      " bytes are too large for one message; make --message less");
  }
  const size_t count = std::max(std::min(options.transactions, kPresignedBytesMax / bytes_each),
                                result.per_message_);
  const size_t chunks = (count + result.per_chunk_ - 1) / result.per_chunk_;
  result.chunks_.resize(chunks);
  result.ids_.resize(chunks * result.per_chunk_);
  result.is_reward_.resize(chunks * result.per_chunk_);

  Progress progress("signing", result.ids_.size());
  absl::Mutex mutex;
  OnAllCores(chunks, [&](size_t number) {
    if (stop) return;
    Signer signer(options, accounts, officials, number);
    Chunk& chunk = result.chunks_[number];
    v1::SubmitTransactionsRequest message;
    for (size_t i = 0; i < result.per_chunk_; ++i) {
      const bool reward = signer.NextIsReward();
      message.Clear();
      *message.add_requests() = reward ? signer.Rewards() : signer.Payment();
      // Serialized messages one after the other are one message with the items of all.
      message.AppendToString(&chunk.bytes);
      chunk.ends.push_back(chunk.bytes.size());
      const size_t place = number * result.per_chunk_ + i;
      result.ids_[place] = TransactionIdOf(message.requests(0).signed_transaction().transaction());
      result.is_reward_[place] = reward ? 1 : 0;
    }
    chunk.bytes.shrink_to_fit();
    const absl::MutexLock lock(&mutex);
    progress.Add(result.per_chunk_);
  });
  if (stop) return absl::CancelledError("interrupted before the run began");
  return result;
}

size_t Presigned::StartOf(size_t number) const {
  const size_t place = number % per_chunk_;
  return place == 0 ? 0 : chunks_[number / per_chunk_].ends[place - 1];
}

std::string_view Presigned::Message(size_t first) const {
  const Chunk& chunk = chunks_[first / per_chunk_];
  const size_t start = StartOf(first);
  const size_t end = chunk.ends[first % per_chunk_ + per_message_ - 1];
  return std::string_view(chunk.bytes).substr(start, end - start);
}

std::string_view Presigned::Request(size_t number) const {
  const Chunk& chunk = chunks_[number / per_chunk_];
  const size_t start = StartOf(number);
  std::string_view framed =
      std::string_view(chunk.bytes).substr(start, chunk.ends[number % per_chunk_] - start);
  // One byte of tag, then the length: bytes with the high bit set but for the last.
  size_t header = 1;
  while ((static_cast<uint8_t>(framed[header]) & 0x80) != 0) ++header;
  return framed.substr(header + 1);
}

size_t Presigned::mean_bytes() const {
  size_t bytes = 0;
  for (const Chunk& chunk : chunks_) bytes += chunk.bytes.size();
  return bytes / std::max<size_t>(size(), 1);
}

}  // namespace kengred::bench
