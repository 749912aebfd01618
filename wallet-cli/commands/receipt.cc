// Proofs to keep and to show: receipt.
#include "kengred/core/receipt.h"

#include <vector>

#include "kengred/core/limits.h"
#include "kengred/core/signed_note.h"
#include "wallet/commands/commands.h"
#include "wallet/files.h"
#include "wallet/receipt.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// Names of this profile's contacts; none where there is no profile.
AddressNames ContactNames(const Io& io) {
  AddressNames names;
  const auto profile = Profile::Load(io);
  if (!profile.ok()) return names;
  for (const Contact& contact : profile->config().contacts) names[contact.address] = contact.name;
  return names;
}

// ---- receipt get ----

struct ReceiptGetOptions {
  std::string id;
  std::string file;
};

void BindReceiptGet(CLI::App& command, ReceiptGetOptions& options) {
  command.add_option("ID", options.id, _("the transaction's id, as kengred history shows it"))
      ->required();
  command.add_option("FILE", options.file, _("where to keep it (default: ID.receipt)"));
}

absl::Status RunReceiptGet(const ReceiptGetOptions& options, Io& io) {
  const auto id = TransactionId::FromHex(options.id);
  if (!id) {
    return Fail(ExitCode::kUsage, Tr("“{}” is no transaction id.", options.id),
                _("It has 64 hexadecimal digits; kengred history shows it."));
  }
  const std::string file = options.file.empty() ? id->ToHex() + ".receipt" : options.file;
  WALLET_RETURN_IF_ERROR(CheckReceiptFile(file));
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const client::CheckedReceipt receipt, FetchReceipt(*session, *id, file));
  Json json = ReceiptJson(receipt.verified);
  json["file"] = file;
  io.Result(json, Tr("The receipt is in {}.", file) + "\n");
  io.Say(Tr("Anybody can check it offline: kengred receipt verify {}", file));
  return absl::OkStatus();
}

// ---- receipt verify, receipt show ----

struct ReceiptVerifyOptions {
  std::string file;
  std::vector<std::string> keys;
  std::vector<std::string> witnesses;
  size_t witnesses_needed = 0;
};

void BindReceiptVerify(CLI::App& command, ReceiptVerifyOptions& options) {
  command.add_option("FILE", options.file, _("a receipt"))->required();
  command
      .add_option("--key", options.keys,
                  _("the ledger's verifier key; may be given several times (default: the keys this "
                    "profile has seen)"))
      ->type_name(_("KEY"));
  command
      .add_option("--witness", options.witnesses,
                  _("a witness's verifier key; may be given several times (default: those of the "
                    "charter)"))
      ->type_name(_("KEY"));
  command
      .add_option("--witnesses-needed", options.witnesses_needed,
                  _("how many of the witnesses must have signed (default: 0)"))
      ->type_name(_("NUMBER"));
}

absl::StatusOr<std::vector<VerifierKey>> ParseKeys(const std::vector<std::string>& texts) {
  std::vector<VerifierKey> keys;
  for (const std::string& text : texts) {
    auto key = VerifierKey::Parse(text);
    if (!key.ok()) {
      return Fail(ExitCode::kUsage, Tr("“{}” is no verifier key.", text),
                  _("Copy it whole, as kengred ledger info shows it: name+8 digits+key."));
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

// The keys that this profile has seen of the log which the receipt names.
absl::StatusOr<std::vector<VerifierKey>> RememberedKeys(const Receipt& receipt, const Io& io) {
  const auto unknown = [] {
    return Fail(ExitCode::kNotFound, _("This profile does not know the receipt's ledger."),
                _("Give the ledger's verifier key with --key; the association publishes it."));
  };
  const auto profile = Profile::Load(io);
  const auto note = ParseNote(receipt.checkpoint);
  if (!profile.ok() || !note.ok()) return unknown();
  const auto memory = client::NewFileLogMemory(profile->log_folder());
  std::vector<VerifierKey> keys;
  for (const LedgerEntry& entry : profile->config().ledgers) {
    const auto id = LedgerId::FromHex(entry.ledger_id);
    if (!id) continue;
    WALLET_ASSIGN_OR_RETURN(const std::optional<client::RememberedLog> log, memory->Load(*id));
    if (!log) continue;
    WALLET_ASSIGN_OR_RETURN(const std::vector<VerifierKey> known, ParseKeys(log->verifier_keys));
    keys.insert(keys.end(), known.begin(), known.end());
  }
  if (keys.empty()) return unknown();
  return keys;
}

absl::StatusOr<Receipt> ReadReceipt(const std::string& file) {
  WALLET_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(file, kReceiptBytesMax));
  auto receipt = ParseReceipt(text);
  if (!receipt.ok()) {
    return Fail(ExitCode::kProof,
                Tr("{} is not a receipt: {}.", file, std::string(receipt.status().message())),
                _("Ask whoever gave it to you for the whole file, unchanged."));
  }
  return receipt;
}

absl::Status NotValid(const absl::Status& why) {
  return Fail(ExitCode::kProof, Tr("The receipt is NOT valid: {}.", std::string(why.message())),
              _("It proves nothing. Check that the key is the ledger's, and ask for the receipt "
                "again."));
}

absl::Status RunReceiptVerify(const ReceiptVerifyOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const Receipt receipt, ReadReceipt(options.file));
  WALLET_ASSIGN_OR_RETURN(const std::vector<VerifierKey> keys, options.keys.empty()
                                                                   ? RememberedKeys(receipt, io)
                                                                   : ParseKeys(options.keys));
  WALLET_ASSIGN_OR_RETURN(std::vector<VerifierKey> witnesses, ParseKeys(options.witnesses));
  auto verified = VerifyReceipt(receipt, keys, {}, 0);
  if (!verified.ok()) return NotValid(verified.status());
  if (witnesses.empty() && verified->charter) {
    WALLET_ASSIGN_OR_RETURN(witnesses, ParseKeys({verified->charter->witness_keys().begin(),
                                                  verified->charter->witness_keys().end()}));
  }
  if (!witnesses.empty() || options.witnesses_needed > 0) {
    verified = VerifyReceipt(receipt, keys, witnesses, options.witnesses_needed);
    if (!verified.ok()) return NotValid(verified.status());
  }
  Json json = ReceiptJson(*verified);
  json["valid"] = true;
  json["verifier_key"] = keys[verified->log].Format();
  io.Result(json, std::string(_("The receipt is valid.")) + "\n" +
                      ReceiptText(*verified, ContactNames(io)));
  return absl::OkStatus();
}

struct ReceiptShowOptions {
  std::string file;
};

void BindReceiptShow(CLI::App& command, ReceiptShowOptions& options) {
  command.add_option("FILE", options.file, _("a receipt"))->required();
}

absl::Status RunReceiptShow(const ReceiptShowOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const Receipt receipt, ReadReceipt(options.file));
  const auto claimed = InspectReceipt(receipt);
  if (!claimed.ok()) return NotValid(claimed.status());
  Json json = ReceiptJson(*claimed);
  json["valid"] = nullptr;
  io.Result(json, ReceiptText(*claimed, ContactNames(io)));
  io.Say(
      Tr("Who signed it was not checked. Do that with: kengred receipt verify {}", options.file));
  return absl::OkStatus();
}

}  // namespace

void RegisterReceiptCommands(Cli& cli) {
  cli.Section(_("Every day"));
  CLI::App* receipt = cli.Group(
      {"receipt",
       _("files that prove a payment without the server"),
       _("A receipt holds the entry, the way from it to the ledger's signed root, and that root. "
         "Whoever has it and the ledger's verifier key can check it, offline and for ever. It "
         "shows the whole entry: who paid whom, and how much."),
       {"kengred pay @biocoop 12,50 --receipt panier.receipt",
        "kengred receipt verify panier.receipt"}});
  cli.Command<ReceiptGetOptions>(
      receipt,
      {"get",
       _("get the receipt of a transaction"),
       "",
       {"kengred receipt get 5f2c...", "kengred receipt get 5f2c... panier.receipt"}},
      BindReceiptGet, RunReceiptGet);
  cli.Command<ReceiptVerifyOptions>(
      receipt,
      {"verify",
       _("check a receipt, offline"),
       _("Ends with 0 where the receipt is valid and with 9 where it is not. Without --key, the "
         "keys this profile has seen of its ledgers are used."),
       {"kengred receipt verify panier.receipt",
        "kengred receipt verify panier.receipt --key heol.example/registre+2ff2f20a+ATZ..."}},
      BindReceiptVerify, RunReceiptVerify);
  cli.Command<ReceiptShowOptions>(receipt,
                                  {"show",
                                   _("show what a receipt says, without checking who signed it"),
                                   "",
                                   {"kengred receipt show panier.receipt"}},
                                  BindReceiptShow, RunReceiptShow);
}

}  // namespace kengred::wallet
