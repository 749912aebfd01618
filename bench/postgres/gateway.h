// A process in front of PostgreSQL that verifies what people sign, as Kengred's server does: the
// same transactions, the same checks of core. What such a gateway would do beside is left out, in
// its favour: it serves no clients, looks up no account's keys and stores no signature.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bench/postgres/transfers.h"
#include "kengred/core/ids.h"
#include "kengred/core/signing.h"

namespace kengred::bench::postgres {

// Signed payments, made before the clock starts. Filled by one thread, then read by any.
class Gateway {
 public:
  // Keys of the payers; made from the machine's source of randomness.
  Gateway();

  // Signs `count` transfers of the source, on all cores, after those that are there.
  void Sign(size_t count, TransferSource* source);

  // Verifies the next one and says what it asks for; its key follows from the transaction's id.
  // Nothing when all have been taken. Aborts where one does not verify: all were signed here. Any
  // thread.
  std::optional<Transfer> VerifyNext();

 private:
  std::vector<SecretKey> keys_;  // those of an account: the one at its number modulo their count
  LedgerId ledger_id_;
  std::vector<std::string> signed_;  // serialized SignedTransactions
  std::atomic<size_t> next_{0};
};

}  // namespace kengred::bench::postgres
