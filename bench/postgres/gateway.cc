#include "bench/postgres/gateway.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <utility>
#include <variant>

#include "bench/parallel.h"
#include "kengred/core/hash.h"
#include "kengred/core/transaction_builder.h"
#include "kengred/core/verification.h"
#include "kengred/v1/transaction.pb.h"

namespace kengred::bench::postgres {
namespace {

constexpr size_t kKeys = 1000;
constexpr size_t kPerBlock = 1000;
constexpr size_t kAccountIdBytes = 20;
constexpr int64_t kValidSeconds = 24 * 3600;

// An account's number stands at the front of its id.
std::string AccountIdOf(int64_t number) {
  std::string id = EncodeBigint(number);
  id.resize(kAccountIdBytes);
  return id;
}

int64_t NumberOf(const std::string& account_id) {
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof(number); ++i) {
    number = number << 8 | static_cast<uint8_t>(account_id[i]);
  }
  return static_cast<int64_t>(number);
}

}  // namespace

Gateway::Gateway() : ledger_id_(*LedgerId::FromBytes(Sha256({"a ledger in PostgreSQL"}).view())) {
  for (size_t i = 0; i < kKeys; ++i) keys_.push_back(SecretKey::Generate());
}

void Gateway::Sign(size_t count, TransferSource* source) {
  std::vector<Transfer> transfers(count);
  for (Transfer& transfer : transfers) transfer = source->Next();
  const size_t first = signed_.size();
  signed_.resize(first + count);
  const int64_t now = std::time(nullptr);
  OnAllCores((count + kPerBlock - 1) / kPerBlock, [&](size_t block) {
    for (size_t i = block * kPerBlock; i < std::min(count, (block + 1) * kPerBlock); ++i) {
      const Transfer& transfer = transfers[i];
      TransactionBuilder builder(ledger_id_, now, kValidSeconds);
      v1::Transfer* operation = builder.Add()->mutable_transfer();
      operation->set_payer_account_id(AccountIdOf(transfer.payer));
      operation->set_payee_account_id(AccountIdOf(transfer.payee));
      operation->set_currency("HEOL");
      operation->set_amount_minor(transfer.amount);
      v1::SignedTransaction transaction = builder.Build();
      AddSignature(keys_[static_cast<size_t>(transfer.payer) % keys_.size()], &transaction);
      signed_[first + i] = transaction.SerializeAsString();
    }
  });
}

std::optional<Transfer> Gateway::VerifyNext() {
  const size_t place = next_.fetch_add(1, std::memory_order_relaxed);
  if (place >= signed_.size()) return std::nullopt;
  v1::SignedTransaction received;
  if (!received.ParseFromString(signed_[place])) std::abort();
  auto parsed = Parse(std::move(received), ledger_id_);
  if (!std::holds_alternative<ParsedTransaction>(parsed)) std::abort();
  const auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
  const auto* transaction = std::get_if<VerifiedTransaction>(&verified);
  if (transaction == nullptr) std::abort();
  const v1::Transfer& operation = transaction->transaction().operations(0).transfer();
  Transfer transfer;
  const std::string_view id = transaction->id().view();
  std::copy_n(id.begin(), transfer.key.size(), transfer.key.begin());
  transfer.payer = NumberOf(operation.payer_account_id());
  transfer.payee = NumberOf(operation.payee_account_id());
  transfer.amount = operation.amount_minor();
  return transfer;
}

}  // namespace kengred::bench::postgres
