#include "server/rules/prefetch.h"

#include <optional>
#include <string_view>

#include "server/rules/state.h"

namespace kengred::rules {
namespace {

// An account and what it has of a currency.
void AddAccount(std::string_view account_id, std::string_view currency,
                std::vector<std::string>* keys) {
  const std::optional<AccountId> account = AccountId::FromBytes(account_id);
  if (!account) return;
  keys->push_back(key::Account(*account));
  if (!currency.empty()) keys->push_back(key::Balance(*account, currency));
}

// The operations that come in numbers. A rule that reads much for one operation tells the view
// itself (StateView::Expect).
void AddKeys(const v1::Operation& operation, std::vector<std::string>* keys) {
  if (operation.has_transfer()) {
    const v1::Transfer& transfer = operation.transfer();
    AddAccount(transfer.payer_account_id(), transfer.currency(), keys);
    AddAccount(transfer.payee_account_id(), transfer.currency(), keys);
  } else if (operation.has_issue()) {
    AddAccount(operation.issue().account_id(), operation.issue().currency(), keys);
    keys->push_back(key::Reference(operation.issue().reference()));
  }
}

}  // namespace

void AddKeysOf(const v1::Transaction& transaction, std::vector<std::string>* keys) {
  for (const v1::Operation& operation : transaction.operations()) AddKeys(operation, keys);
}

}  // namespace kengred::rules
