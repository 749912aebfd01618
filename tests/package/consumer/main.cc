// Uses a little of each installed library, so that what the package forgot to name does not link.
#include <iostream>

#include "kengred/client/client.h"
#include "kengred/core/payto.h"
#include "kengred/core/transaction_builder.h"
#include "kengred/keys/derivation.h"

int main() {
  kengred::InitializeCrypto();
  const auto words = kengred::keys::Mnemonic::Generate(kengred::keys::Language::kFrench);
  const auto key = kengred::keys::DeriveAccountKey(words, 0);
  if (!key.ok()) return 1;

  kengred::TransactionBuilder builder(kengred::LedgerId(), 0, 60);
  builder.Add()->mutable_transfer()->set_amount_minor(1250);
  kengred::v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() = builder.Build();
  kengred::AddSignature(*key, request.mutable_signed_transaction());

  const auto uri = kengred::FormatPaymentRequest("heol", kengred::AccountId(), "HEOL", 1250, 2);
  if (!uri.ok()) return 1;
  std::cout << *uri << "\n";

  // Nobody listens there: what counts is that the client says so, in its own words.
  const auto client = kengred::client::Client::Connect(
      {.target = "unix:/nonexistent/kengred", .connect_timeout = std::chrono::milliseconds(100)});
  std::cout << client.status().message() << "\n";
  return client.ok() ? 1 : 0;
}
