#include "wallet/receipt.h"

#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "kengred/core/address.h"
#include "kengred/core/system_accounts.h"
#include "wallet/currencies.h"
#include "wallet/describe.h"
#include "wallet/files.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// How a receipt's accounts and amounts are written: as its charter says, or raw where it has none.
class ReceiptWriter {
 public:
  explicit ReceiptWriter(const VerifiedReceipt& receipt) {
    if (!receipt.charter) return;
    charter_ = &*receipt.charter;
    currencies_.emplace(*charter_);
  }

  std::string Account(const std::string& bytes) const {
    const auto id = AccountId::FromBytes(bytes);
    if (!id || charter_ == nullptr) return absl::BytesToHexString(bytes);
    for (const v1::Currency& currency : charter_->currencies()) {
      const std::string_view name = SystemAccountName(*id, currency.code());
      if (!name.empty()) return fmt::format("{} ({})", name, currency.code());
    }
    return EncodeAddress(charter_->address_prefix(), *id);
  }

  std::string Amount(const v1::Posting& posting) const {
    if (!currencies_ || currencies_->Find(posting.currency()) == nullptr) {
      return fmt::format("{} {}", posting.amount_minor(), Printable(posting.currency()));
    }
    return fmt::format("{} {}",
                       currencies_->FormatSigned(posting.currency(), posting.amount_minor()),
                       posting.currency());
  }

  Json AmountJson(const v1::Posting& posting) const {
    if (!currencies_ || currencies_->Find(posting.currency()) == nullptr) {
      return Json{{"currency", posting.currency()}, {"minor", posting.amount_minor()}};
    }
    return currencies_->ToJson(posting.currency(), posting.amount_minor());
  }

 private:
  const v1::Charter* charter_ = nullptr;
  std::optional<Currencies> currencies_;
};

}  // namespace

absl::Status CheckReceiptFile(const std::string& file) {
  if (!FileExists(file)) return absl::OkStatus();
  return Fail(ExitCode::kUsage, Tr("The file {} is there already.", file),
              _("Choose another name for the receipt. Nothing was done."));
}

absl::StatusOr<client::CheckedReceipt> FetchReceipt(Session& session, const TransactionId& id,
                                                    const std::string& file) {
  WALLET_ASSIGN_OR_RETURN(const client::Reader* reader, session.reader());
  WALLET_ASSIGN_OR_RETURN(client::CheckedReceipt receipt, session.ledger().GetReceipt(*reader, id));
  WALLET_RETURN_IF_ERROR(WritePrivateFile(file, receipt.text, /*overwrite=*/false));
  return receipt;
}

std::string ReceiptText(const VerifiedReceipt& receipt, const AddressNames& names) {
  const ReceiptWriter writer(receipt);
  std::vector<Fact> facts;
  if (receipt.charter) facts.push_back({_("community"), Printable(receipt.charter->name())});
  facts.push_back({_("ledger id"), receipt.ledger_id.ToHex()});
  facts.push_back({_("entry"), Tr("{} of {}", receipt.entry.sequence(), receipt.checkpoint.size)});
  facts.push_back({_("time"), FormatTime(receipt.entry.time().seconds())});
  if (receipt.transaction) {
    facts.push_back({_("transaction"), receipt.transaction->id().ToHex()});
    facts.push_back({_("signed by"), TrN("{} key", "{} keys", receipt.transaction->signers().size(),
                                         receipt.transaction->signers().size())});
  }
  facts.push_back({_("log"), Printable(receipt.checkpoint.origin)});
  facts.push_back({_("witnesses"), std::to_string(receipt.cosignatures.size())});
  std::string text = FormatFacts(facts);
  if (!receipt.transaction) return text;
  const auto& operations = receipt.transaction->transaction().operations();
  for (int i = 0; i < operations.size(); ++i) {
    text += "\n" + OperationTitle(operations[i]) + "\n";
    Table table({{"", Table::Align::kRight}, {"", {}}});
    for (const v1::Posting& posting : receipt.entry.postings()) {
      if (posting.operation_index() != static_cast<uint32_t>(i)) continue;
      std::string who = writer.Account(posting.account_id());
      if (const auto name = names.find(who); name != names.end()) {
        who = fmt::format("{} ({})", name->second, who);
      }
      table.Add({"  " + writer.Amount(posting), who});
    }
    text += table.FormatRows();
  }
  return text;
}

Json ReceiptJson(const VerifiedReceipt& receipt) {
  const ReceiptWriter writer(receipt);
  Json json;
  json["ledger_id"] = receipt.ledger_id.ToHex();
  json["community"] = receipt.charter ? Json(receipt.charter->name()) : Json(nullptr);
  json["sequence"] = receipt.entry.sequence();
  json["time"] = FormatTimeUtc(receipt.entry.time().seconds());
  json["transaction_id"] =
      receipt.transaction ? Json(receipt.transaction->id().ToHex()) : Json(nullptr);
  json["checkpoint"] = Json{{"origin", receipt.checkpoint.origin},
                            {"size", receipt.checkpoint.size},
                            {"root", receipt.checkpoint.root.ToHex()}};
  json["witnesses"] = receipt.cosignatures.size();
  json["operations"] = Json::array();
  if (receipt.transaction) {
    for (const v1::Operation& operation : receipt.transaction->transaction().operations()) {
      json["operations"].push_back(OperationName(operation));
    }
  }
  json["postings"] = Json::array();
  for (const v1::Posting& posting : receipt.entry.postings()) {
    Json item;
    item["account"] = writer.Account(posting.account_id());
    item["amount"] = writer.AmountJson(posting);
    item["operation_index"] = posting.operation_index();
    json["postings"].push_back(std::move(item));
  }
  return json;
}

}  // namespace kengred::wallet
