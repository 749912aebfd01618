// A shop's till: asks for an amount, waits for the payment with that reference, and says paid.
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "kengred/client/client.h"
#include "kengred/core/amount.h"
#include "kengred/core/payto.h"
#include "kengred/keys/key_file.h"

template <typename T>
T Get(absl::StatusOr<T> result) {  // the value, or the end of the program with the reason
  if (result.ok()) return *std::move(result);
  std::cerr << "till: " << result.status().message() << "\n";
  std::exit(1);
}

kengred::keys::SecretString ReadPassphrase() {  // one line; a terminal does not show it
  termios shown{};
  const bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
  termios hidden = shown;
  hidden.c_lflag &= ~tcflag_t{ECHO};
  if (terminal && !tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)) std::cerr << "Passphrase: ";
  kengred::keys::SecretString line;
  for (char c = 0; read(STDIN_FILENO, &c, 1) == 1 && c != '\n';) line.push_back(c);
  if (terminal) tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
  return line;
}

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: till HOST:PORT KEY-FILE\n", 2;
  auto file = Get(kengred::keys::OpenKeyFile(argv[2], ReadPassphrase()));
  auto key = std::make_shared<const kengred::SecretKey>(std::move(file.key));
  auto ledger = Get(kengred::client::Client::Connect({.target = argv[1]}));
  const auto id = Get(ledger.GetAccountByKey(key->public_key())).account().account_id();
  const kengred::AccountId shop = *kengred::AccountId::FromBytes(id);
  const kengred::client::Reader reader(key, shop);
  const std::string& prefix = ledger.charter().address_prefix();
  const std::string& code = ledger.charter().currencies(0).code();
  const uint32_t decimals = ledger.charter().currencies(0).decimals();
  for (std::string text; std::cout << "Amount? " << std::flush, std::getline(std::cin, text);) {
    const auto due = kengred::ParseAmount(text, decimals);
    if (!due.ok() || *due == 0) continue;
    const auto reference = kengred::AccountId::FromBytes(kengred::RandomBytes(20))->ToHex();
    const kengred::Sequence now = Get(ledger.GetLedger()).head_sequence();
    const auto watch = Get(ledger.WatchAccount(reader, shop, now));
    const auto uri = kengred::FormatPaymentRequest(prefix, shop, code, *due, decimals, reference);
    std::cout << Get(uri) << std::endl;
    for (int64_t paid = 0; paid < *due;) {
      const kengred::v1::HistoryItem item = Get(watch->Next(std::chrono::hours(24)));
      for (const auto& operation : item.operations()) {
        const kengred::v1::Transfer& transfer = operation.operation().transfer();
        if (transfer.payee_reference() != reference || transfer.currency() != code) continue;
        if (transfer.payee_account_id() == id) paid += transfer.amount_minor();
      }
    }
    std::cout << "paid" << std::endl;
  }
}
