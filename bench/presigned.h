// Transactions signed and serialized before the clock starts, so that a run measures the server and
// not the making of its load.
#pragma once

#include <absl/status/statusor.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load_accounts.h"
#include "bench/mix.h"
#include "kengred/core/ids.h"
#include "kengred/core/transaction_builder.h"

namespace kengred::bench {

// At most so many bytes are signed in advance.
inline constexpr size_t kPresignedBytesMax = size_t{1} << 30;

struct PresignOptions {
  LedgerId ledger_id;
  uint64_t seed = 1;
  // Payments of 1 cent between random accounts; rewards of 1 cent to random accounts.
  Mix mix;
  // Everybody pays account 0.
  bool one_payee = false;
  AccountId programme;  // means nothing without rewards
  size_t rewards_per_transaction = 100;
  // Transactions that one message of a stream will carry.
  size_t per_message = 64;
  // How many; fewer where they would not fit kPresignedBytesMax.
  size_t transactions = 0;
};

// Immutable once signed; any thread. Its bytes stay where they are.
class Presigned {
 public:
  // Signs on all cores. INVALID_ARGUMENT where a message would be too large, CANCELLED once `stop`
  // is true.
  static absl::StatusOr<Presigned> Sign(const PresignOptions& options, const LoadAccounts& accounts,
                                        const Officials& officials, const std::atomic<bool>& stop);

  // A multiple of per_message().
  size_t size() const { return ids_.size(); }
  size_t per_message() const { return per_message_; }
  const TransactionId& id(size_t number) const { return ids_[number]; }
  // How many rewards a transaction carries; 0: it is a payment.
  size_t rewards(size_t number) const { return is_reward_[number] != 0 ? rewards_each_ : 0; }
  // A serialized SubmitTransactionRequest.
  std::string_view Request(size_t number) const;
  // A serialized SubmitTransactionsRequest of `per_message` transactions; `first` is a multiple of
  // that.
  std::string_view Message(size_t first) const;
  // The mean size of a SubmitTransactionRequest and what frames it in a message.
  size_t mean_bytes() const;

 private:
  // Some messages, each a sequence of requests with their tags and lengths.
  struct Chunk {
    std::string bytes;
    std::vector<size_t> ends;  // of each transaction
  };

  Presigned() = default;
  // Where transaction `number` starts in its chunk.
  size_t StartOf(size_t number) const;

  size_t per_message_ = 1;
  size_t per_chunk_ = 1;
  size_t rewards_each_ = 0;
  std::vector<Chunk> chunks_;
  std::vector<TransactionId> ids_;
  std::vector<uint8_t> is_reward_;
};

}  // namespace kengred::bench
