#include "wallet/transaction_file.h"

#include <absl/strings/escaping.h>
#include <sodium.h>

#include <optional>

#include "kengred/core/base64.h"
#include "kengred/core/limits.h"
#include "kengred/core/side_record.h"
#include "kengred/core/signing.h"
#include "wallet/files.h"
#include "wallet/manners.h"
#include "wallet/status_macros.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

constexpr char kFormat[] = "kengred-transaction v1";
constexpr char kEd25519[] = "ed25519";

std::optional<std::string> FromHex(const std::string& text, size_t size) {
  std::string bytes(size, '\0');
  size_t read = 0;
  const char* end = nullptr;
  if (text.size() != 2 * size ||
      sodium_hex2bin(static_cast<unsigned char*>(static_cast<void*>(bytes.data())), size,
                     text.data(), text.size(), nullptr, &read, &end) != 0 ||
      read != size) {
    return std::nullopt;
  }
  return bytes;
}

// The text of a field, or nothing where it is no text.
std::optional<std::string> TextOf(const Json& json, const char* name) {
  if (!json.is_object()) return std::nullopt;
  const auto field = json.find(name);
  if (field == json.end() || !field->is_string()) return std::nullopt;
  return field->get<std::string>();
}

absl::Status Damaged(const std::string& why) {
  return Fail(ExitCode::kFile, Tr("This is not a whole transaction file: {}.", why),
              _("Ask for it again from whoever saved it."));
}

}  // namespace

TransactionId TransactionFile::transaction_id() const {
  return TransactionIdOf(signed_transaction.transaction());
}

std::string SerializeTransactionFile(const TransactionFile& file) {
  Json json;
  json["format"] = kFormat;
  json["community"] = file.community;
  json["summary"] = file.summary;
  json["transaction_id"] = file.transaction_id().ToHex();
  json["transaction"] = EncodeBase64(file.signed_transaction.transaction());
  json["signatures"] = Json::array();
  for (const v1::Signature& signature : file.signed_transaction.signatures()) {
    Json item;
    item["scheme"] = kEd25519;
    item["public_key"] = absl::BytesToHexString(signature.public_key());
    item["signature"] = absl::BytesToHexString(signature.signature());
    json["signatures"].push_back(std::move(item));
  }
  json["side_records"] = Json::array();
  for (const v1::SideRecord& record : file.side_records) {
    Json item;
    item["salt"] = EncodeBase64(record.salt());
    item["content"] = EncodeBase64(record.content());
    json["side_records"].push_back(std::move(item));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<TransactionFile> ParseTransactionFile(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) return Damaged(_("it is no JSON object"));
  const std::string format = TextOf(json, "format").value_or("");
  if (format != kFormat) {
    if (format.starts_with("kengred-transaction ")) {
      return Fail(ExitCode::kFile,
                  Tr("The file's format is “{}”; this wallet reads “{}”.", format, kFormat),
                  _("Update the wallet."));
    }
    return Damaged(_("its format is missing"));
  }
  TransactionFile file;
  file.community = TextOf(json, "community").value_or("");
  if (const auto summary = json.find("summary"); summary != json.end() && summary->is_array()) {
    for (const Json& line : *summary) {
      if (line.is_string()) file.summary.push_back(line.get<std::string>());
    }
  }
  const auto transaction = DecodeBase64(TextOf(json, "transaction").value_or(""));
  if (!transaction.has_value() || transaction->empty()) {
    return Damaged(_("the transaction is missing"));
  }
  file.signed_transaction.set_transaction(*transaction);
  if (file.transaction_id().ToHex() != TextOf(json, "transaction_id").value_or("")) {
    return Damaged(_("the transaction is not the one its id names"));
  }
  const auto signatures = json.find("signatures");
  if (signatures == json.end() || !signatures->is_array()) {
    return Damaged(_("the signatures are missing"));
  }
  if (signatures->size() > kSignaturesMax) return Damaged(_("it has too many signatures"));
  for (const Json& item : *signatures) {
    const auto key = FromHex(TextOf(item, "public_key").value_or(""), PublicKey::kSize);
    const auto bytes = FromHex(TextOf(item, "signature").value_or(""), kSignatureBytes);
    if (TextOf(item, "scheme") != kEd25519 || !key || !bytes) {
      return Damaged(_("a signature is malformed"));
    }
    v1::Signature* signature = file.signed_transaction.add_signatures();
    signature->set_scheme(v1::SIGNATURE_SCHEME_ED25519);
    signature->set_public_key(*key);
    signature->set_signature(*bytes);
  }
  if (const auto records = json.find("side_records"); records != json.end()) {
    if (!records->is_array() || records->size() > kSideRecordsMax) {
      return Damaged(_("the texts sent along are malformed"));
    }
    for (const Json& item : *records) {
      const auto salt = DecodeBase64(TextOf(item, "salt").value_or(""));
      const auto content = DecodeBase64(TextOf(item, "content").value_or(""));
      v1::SideRecord record;
      if (salt) record.set_salt(*salt);
      if (content) record.set_content(*content);
      if (!salt || !content || !IsWellFormedSideRecord(record)) {
        return Damaged(_("the texts sent along are malformed"));
      }
      file.side_records.push_back(std::move(record));
    }
  }
  return file;
}

absl::StatusOr<TransactionFile> ReadTransactionFile(const std::string& path) {
  WALLET_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path, kTransactionFileBytesMax));
  return ParseTransactionFile(text);
}

absl::Status WriteTransactionFile(const std::string& path, const TransactionFile& file,
                                  bool overwrite) {
  return WritePrivateFile(path, SerializeTransactionFile(file), overwrite);
}

absl::Status MergeSignatures(const TransactionFile& other, TransactionFile* file) {
  if (other.signed_transaction.transaction() != file->signed_transaction.transaction()) {
    return Fail(ExitCode::kUsage, _("The files hold different transactions."),
                _("Give copies of one saved act only."));
  }
  for (const v1::Signature& signature : other.signed_transaction.signatures()) {
    bool known = false;
    for (const v1::Signature& has : file->signed_transaction.signatures()) {
      known = known || has.public_key() == signature.public_key();
    }
    if (!known) *file->signed_transaction.add_signatures() = signature;
  }
  return absl::OkStatus();
}

}  // namespace kengred::wallet
