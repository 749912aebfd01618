// Saved and committed transactions: tx.
#include <fmt/format.h>

#include <algorithm>

#include "kengred/core/transaction_builder.h"
#include "wallet/act.h"
#include "wallet/commands/commands.h"
#include "wallet/describe.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"
#include "wallet/transaction_file.h"

namespace kengred::wallet {
namespace {

// ---- shared ----

// What a file holds, read from its bytes.
struct Content {
  TransactionFile file;
  v1::Transaction transaction;
};

absl::StatusOr<Content> ReadContent(const std::string& path) {
  Content content;
  WALLET_ASSIGN_OR_RETURN(content.file, ReadTransactionFile(path));
  if (!content.transaction.ParseFromString(content.file.signed_transaction.transaction())) {
    return FailRefused({v1::VERDICT_TRANSACTION_MALFORMED, {}});
  }
  // A field that this wallet cannot show must not be signed unseen.
  if (HasUnknownFields(content.transaction)) {
    return FailRefused({v1::VERDICT_UNKNOWN_FIELD, {}});
  }
  return content;
}

absl::Status CheckLedger(Session& session, const Content& content) {
  if (content.transaction.ledger_id() == session.ledger().ledger_id().view()) {
    return absl::OkStatus();
  }
  return FailRefused({v1::VERDICT_WRONG_LEDGER, {}});
}

std::string DescribeContent(Session& session, const Content& content, bool color) {
  const Openings openings = OpeningsOf(content.file.side_records);
  std::string text;
  for (const v1::Operation& operation : content.transaction.operations()) {
    text += FormatDescription(Describe(session, operation, openings), color);
  }
  return text;
}

// Whether a signature is one, and whose key it is as far as the ledger says.
struct Signer {
  std::string key;
  bool valid = false;
  std::string who;
};

std::vector<Signer> SignersOf(Session& session, const v1::SignedTransaction& transaction) {
  const std::string input = TransactionSigningInput(TransactionIdOf(transaction.transaction()));
  const auto own = session.public_key();
  std::vector<Signer> signers;
  for (const v1::Signature& signature : transaction.signatures()) {
    Signer signer;
    const auto key = PublicKey::FromBytes(signature.public_key());
    if (key.has_value()) {
      signer.key = key->ToHex();
      signer.valid = VerifySignature(*key, input, signature.signature());
      if (own.ok() && *key == *own) {
        signer.who = _("you");
      } else if (const auto found = session.ledger().GetAccountByKey(*key); found.ok()) {
        if (const auto id = AccountId::FromBytes(found->account().account_id())) {
          signer.who = session.ShortName(*id);
        }
      }
    }
    signers.push_back(std::move(signer));
  }
  return signers;
}

void ShowTransaction(Session& session, const Content& content, Json json, Io& io) {
  const v1::Transaction& transaction = content.transaction;
  const Openings openings = OpeningsOf(content.file.side_records);
  const std::string id = content.file.transaction_id().ToHex();
  json["transaction_id"] = id;
  json["valid_from"] = FormatTimeUtc(transaction.valid_from().seconds());
  json["valid_until"] = FormatTimeUtc(transaction.valid_until().seconds());
  json["operations"] = Json::array();
  for (const v1::Operation& operation : transaction.operations()) {
    json["operations"].push_back(OperationToJson(session, operation, openings));
  }
  json["signatures"] = Json::array();
  std::vector<Fact> facts = {{_("transaction"), id},
                             {_("valid until"), FormatTime(transaction.valid_until().seconds())}};
  for (const Signer& signer : SignersOf(session, content.file.signed_transaction)) {
    Json item;
    item["public_key"] = signer.key;
    item["valid"] = signer.valid;
    item["who"] = signer.who.empty() ? Json(nullptr) : Json(signer.who);
    json["signatures"].push_back(std::move(item));
    std::string text =
        signer.who.empty() ? signer.key : fmt::format("{} ({})", signer.who, signer.key);
    if (!signer.valid) text += " " + std::string(_("- NOT VALID"));
    facts.push_back({_("signed by"), std::move(text)});
  }
  io.Result(json, DescribeContent(session, content, io.color_out) + FormatFacts(facts));
}

// ---- tx show ----

struct TxShowOptions {
  std::string what;
};

void BindTxShow(CLI::App& command, TxShowOptions& options) {
  command
      .add_option("FILE|ID", options.what,
                  _("a transaction file, or the id of a transaction of yours"))
      ->required();
}

absl::Status ShowCommitted(Session& session, const TransactionId& id, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const client::Reader* reader, session.reader());
  WALLET_ASSIGN_OR_RETURN(const v1::GetTransactionResponse response,
                          session.ledger().GetTransaction(*reader, id));
  v1::JournalEntry entry;
  Content content;
  if (!entry.ParseFromString(response.journal_entry()) ||
      !content.transaction.ParseFromString(entry.signed_transaction().transaction())) {
    return Fail(ExitCode::kInternal, _("The server's answer is no journal entry."),
                _("Please report this, with the command and this message."));
  }
  content.file.signed_transaction = entry.signed_transaction();
  content.file.side_records = {response.side_records().begin(), response.side_records().end()};
  // The server is not taken at its word: the id is that of the bytes it sent.
  if (content.file.transaction_id() != id) {
    return Fail(ExitCode::kInternal, _("The server answered with another transaction."),
                _("Please report this to the association."));
  }
  Json json;
  json["sequence"] = entry.sequence();
  json["time"] = FormatTimeUtc(entry.time().seconds());
  ShowTransaction(session, content, std::move(json), io);
  return absl::OkStatus();
}

absl::Status RunTxShow(const TxShowOptions& options, Io& io) {
  if (const auto id = TransactionId::FromHex(options.what)) {
    WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
    return ShowCommitted(*session, *id, io);
  }
  WALLET_ASSIGN_OR_RETURN(const Content content, ReadContent(options.what));
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_RETURN_IF_ERROR(CheckLedger(*session, content));
  ShowTransaction(*session, content, Json{{"file", options.what}}, io);
  return absl::OkStatus();
}

// ---- tx sign ----

struct TxSignOptions {
  std::string file;
  std::string output;
};

void BindTxSign(CLI::App& command, TxSignOptions& options) {
  command.add_option("FILE", options.file, _("a transaction file"))->required();
  command
      .add_option("--output", options.output,
                  _("write a new file instead of adding the signature to this one"))
      ->type_name(_("FILE"));
}

absl::Status RunTxSign(const TxSignOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(Content content, ReadContent(options.file));
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_RETURN_IF_ERROR(CheckLedger(*session, content));
  const int64_t until = content.transaction.valid_until().seconds();
  if (until < io.now_seconds()) {
    return FailRefused(
        {v1::VERDICT_EXPIRED,
         {{"valid_until", std::to_string(until)}, {"now", std::to_string(io.now_seconds())}}});
  }
  std::string details = DescribeContent(*session, content, io.color_err);
  details += FormatFacts({{_("valid until"), FormatTime(until)}});
  WALLET_RETURN_IF_ERROR(io.Confirm(details, _("Sign this?")));
  WALLET_ASSIGN_OR_RETURN(const std::shared_ptr<const SecretKey> key, session->key());
  AddSignature(*key, &content.file.signed_transaction);
  const std::string& path = options.output.empty() ? options.file : options.output;
  WALLET_RETURN_IF_ERROR(WriteTransactionFile(path, content.file, options.output.empty()));
  const int signatures = content.file.signed_transaction.signatures_size();
  Json json;
  json["file"] = path;
  json["transaction_id"] = content.file.transaction_id().ToHex();
  json["signatures"] = signatures;
  io.Result(json, TrN("Signed: {} has {} signature now.", "Signed: {} has {} signatures now.",
                      static_cast<size_t>(signatures), path, signatures) +
                      "\n");
  io.Say(Tr("When all have signed: kengred tx submit {}", path));
  return absl::OkStatus();
}

// ---- tx submit ----

struct TxSubmitOptions {
  std::vector<std::string> files;
  bool dry_run = false;
};

void BindTxSubmit(CLI::App& command, TxSubmitOptions& options) {
  command
      .add_option("FILE", options.files,
                  _("a transaction file; several are copies of one, signed by different people"))
      ->required()
      ->expected(1, 16);
  command.add_flag("--dry-run", options.dry_run,
                   _("ask the ledger whether it would accept this; nothing is done"));
}

absl::Status RunTxSubmit(const TxSubmitOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(Content content, ReadContent(options.files.front()));
  for (size_t i = 1; i < options.files.size(); ++i) {
    WALLET_ASSIGN_OR_RETURN(const TransactionFile other, ReadTransactionFile(options.files[i]));
    WALLET_RETURN_IF_ERROR(MergeSignatures(other, &content.file));
  }
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_RETURN_IF_ERROR(CheckLedger(*session, content));
  // No question: whoever signed has been asked, and the act counts once however often it is sent.
  v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() = content.file.signed_transaction;
  for (const v1::SideRecord& record : content.file.side_records) {
    *request.add_side_records() = record;
  }
  request.set_validate_only(options.dry_run);
  WALLET_ASSIGN_OR_RETURN(
      const v1::SubmitTransactionResponse response,
      options.dry_run ? session->ledger().Submit(request) : Send(*session, request));
  Json json;
  json["transaction_id"] = content.file.transaction_id().ToHex();
  json["dry_run"] = options.dry_run;
  std::string text;
  if (options.dry_run) {
    text = std::string(_("The ledger would accept this. Nothing was done.")) + "\n";
  } else {
    json["sequence"] = response.sequence();
    json["time"] = FormatTimeUtc(response.time().seconds());
    json["duplicate"] = response.duplicate();
    text = (response.duplicate() ? Tr("Accepted already, as entry {}.", response.sequence())
                                 : Tr("Accepted, as entry {}.", response.sequence())) +
           "\n";
  }
  io.Result(json, text);
  return absl::OkStatus();
}

// ---- tx list ----

struct TxListOptions {};
void BindTxList(CLI::App&, TxListOptions&) {}

absl::Status RunTxList(const TxListOptions&, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const Profile profile, Profile::Load(io));
  Json list = Json::array();
  std::string text;
  for (const std::string& path : PendingFiles(profile)) {
    list.push_back(path);
    text += path + "\n";
  }
  io.Result(Json{{"pending", list}}, text);
  if (text.empty()) {
    io.Say(_("Every act has had its answer."));
  } else {
    io.Say(_("Ask again, safely, with: kengred tx submit FILE"));
  }
  return absl::OkStatus();
}

}  // namespace

void RegisterTransactionCommands(Cli& cli) {
  cli.Section(_("Acts that several people sign"));
  CLI::App* tx = cli.Group(
      {"tx",
       _("saved transactions: show, sign, send"),
       _("Any command that signs takes --save FILE. The file goes from hand to hand until all have "
         "signed; then one of them sends it."),
       {"kengred professional approve @biocoop --save approval.json",
        "kengred tx sign approval.json", "kengred tx submit approval.json"}});
  cli.Command<TxShowOptions>(
      tx,
      {"show",
       _("show what a transaction does and who signed it"),
       "",
       {"kengred tx show approval.json", "kengred tx show 9f86d081884c7d65…"}},
      BindTxShow, RunTxShow);
  cli.Command<TxSignOptions>(
      tx,
      {"sign",
       _("add your signature to a transaction file"),
       _("Shows what the signed bytes say, whatever else the file says, and asks."),
       {"kengred tx sign approval.json", "kengred tx sign approval.json --output mine.json"}},
      BindTxSign, RunTxSign);
  cli.Command<TxSubmitOptions>(
      tx,
      {"submit",
       _("send a transaction file to the ledger"),
       _("The same transaction counts once, however often it is sent."),
       {"kengred tx submit approval.json", "kengred tx submit annes-copy.json yanns-copy.json"}},
      BindTxSubmit, RunTxSubmit);
  cli.Command<TxListOptions>(
      tx, {"list", _("acts of yours that have had no answer yet"), "", {"kengred tx list"}},
      BindTxList, RunTxList);
}

}  // namespace kengred::wallet
