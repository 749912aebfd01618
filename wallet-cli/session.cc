#include "wallet/session.h"

#include <utility>

#include "kengred/core/address.h"
#include "kengred/core/system_accounts.h"
#include "kengred/keys/key_file.h"
#include "wallet/passphrase.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// What the key file says went wrong, with what to do.
absl::Status KeyFileError(const absl::Status& status, const Profile& profile) {
  if (status.code() == absl::StatusCode::kUnauthenticated) {
    return Fail(ExitCode::kPassphrase,
                Tr("This is not the passphrase of the profile “{}”.", profile.name()),
                _("Try again. If it is lost, make a new profile from your words: kengred restore"));
  }
  return Fail(ExitCode::kFile, std::string(status.message()),
              _("If the key file cannot be mended, move it away and run: kengred restore"));
}

std::string SystemAccountText(std::string_view name, const std::string& currency) {
  if (name == kCirculation) return Tr("circulation ({})", currency);
  if (name == kFundDigital) return Tr("guarantee fund ({})", currency);
  if (name == kFundPaper) return Tr("paper guarantee fund ({})", currency);
  if (name == kBank) return Tr("bank ({})", currency);
  if (name == kLocked) return Tr("locked for reconversion ({})", currency);
  if (name == kCommission) return Tr("commission ({})", currency);
  return std::string(name);
}

}  // namespace

absl::StatusOr<keys::KeyFileInfo> ReadKeyInfo(const Profile& profile) {
  auto info = keys::ReadKeyFileInfo(profile.key_path());
  if (!info.ok()) return KeyFileError(info.status(), profile);
  return info;
}

absl::StatusOr<keys::OpenedKeyFile> UnlockKeyFile(const Io& io, const Profile& profile) {
  WALLET_ASSIGN_OR_RETURN(const keys::KeyFileInfo info, ReadKeyInfo(profile));
  if (info.cost == keys::kCostMin) {
    auto opened =
        keys::OpenKeyFile(profile.key_path(), keys::SecretString::CopyOf(keys::kNoPassphrase));
    if (opened.ok()) return opened;
  }
  WALLET_ASSIGN_OR_RETURN(const keys::SecretString passphrase, GetPassphrase(io, profile.name()));
  auto opened = keys::OpenKeyFile(profile.key_path(), passphrase);
  if (!opened.ok()) return KeyFileError(opened.status(), profile);
  return opened;
}

Session::Session(Io& io, Profile profile, LedgerEntry entry, std::unique_ptr<Ledger> ledger)
    : io_(io), profile_(std::move(profile)), entry_(std::move(entry)), ledger_(std::move(ledger)) {}

absl::StatusOr<std::unique_ptr<Session>> Session::Open(Io& io) {
  WALLET_ASSIGN_OR_RETURN(Profile profile, Profile::Load(io));
  WALLET_ASSIGN_OR_RETURN(const LedgerEntry* entry, profile.ChosenLedger(io));
  WALLET_ASSIGN_OR_RETURN(client::ClientOptions options, ClientOptionsOf(*entry, io));
  options.log_memory = client::NewFileLogMemory(profile.log_folder());
  WALLET_ASSIGN_OR_RETURN(std::unique_ptr<Ledger> ledger, io.connect(options));
  io.currencies = std::make_shared<const Currencies>(ledger->charter());
  LedgerEntry copy = *entry;
  return std::unique_ptr<Session>(
      new Session(io, std::move(profile), std::move(copy), std::move(ledger)));
}

absl::StatusOr<PublicKey> Session::public_key() {
  if (key_ != nullptr) return key_->public_key();
  WALLET_ASSIGN_OR_RETURN(const keys::KeyFileInfo info, ReadKeyInfo(profile_));
  return info.public_key;
}

absl::StatusOr<AccountId> Session::account() {
  if (account_.has_value()) return *account_;
  if (!entry_.account.empty()) {
    auto account = DecodeAddress(charter().address_prefix(), entry_.account);
    if (!account.ok()) {
      return Fail(ExitCode::kFile,
                  Tr("The account {} that the profile remembers is no address of this ledger.",
                     entry_.account),
                  Tr("Correct config.toml in {}.", profile_.folder()));
    }
    account_ = *account;
    return *account_;
  }
  WALLET_ASSIGN_OR_RETURN(const PublicKey key, public_key());
  auto found = ledger_->GetAccountByKey(key);
  if (!found.ok()) {
    if (found.status().code() != absl::StatusCode::kNotFound) return found.status();
    return Fail(ExitCode::kNotFound,
                Tr("You have no account at {} yet.", Printable(charter().name())),
                _("Open one with: kengred account open --kind person --name \"Your Name\""));
  }
  const auto id = AccountId::FromBytes(found->account().account_id());
  if (!id.has_value()) {
    return Fail(ExitCode::kInternal, _("The server's answer has no account."),
                _("Please report this, with the command and this message."));
  }
  account_ = *id;
  // Remembered, so that the next command needs one call less.
  if (LedgerEntry* remembered = profile_.config().FindLedger(entry_.name)) {
    remembered->account = entry_.account = Address(*id);
    WALLET_RETURN_IF_ERROR(profile_.Save());
  }
  return *account_;
}

absl::StatusOr<std::shared_ptr<const SecretKey>> Session::key() {
  if (key_ == nullptr) {
    WALLET_ASSIGN_OR_RETURN(keys::OpenedKeyFile opened, UnlockKeyFile(io_, profile_));
    key_ = std::make_shared<const SecretKey>(std::move(opened.key));
  }
  return key_;
}

absl::StatusOr<std::shared_ptr<const SecretKey>> Session::KeyOf(const std::string& profile_name) {
  if (profile_name == profile_.name()) return key();
  std::shared_ptr<const SecretKey>& other = other_keys_[profile_name];
  if (other == nullptr) {
    Io as_other = io_;
    as_other.options.profile = profile_name;
    WALLET_ASSIGN_OR_RETURN(const Profile profile, Profile::Load(as_other));
    WALLET_ASSIGN_OR_RETURN(keys::OpenedKeyFile opened, UnlockKeyFile(as_other, profile));
    other = std::make_shared<const SecretKey>(std::move(opened.key));
  }
  return other;
}

absl::StatusOr<const client::Reader*> Session::reader() {
  if (!reader_.has_value()) {
    // The account first: no passphrase is asked for nothing.
    WALLET_ASSIGN_OR_RETURN(const AccountId id, account());
    WALLET_ASSIGN_OR_RETURN(std::shared_ptr<const SecretKey> secret, key());
    reader_.emplace(std::move(secret), id);
  }
  return &*reader_;
}

std::string Session::Address(const AccountId& account) const {
  return EncodeAddress(charter().address_prefix(), account);
}

absl::StatusOr<AccountId> Session::Resolve(const std::string& who) {
  // Translators: the word for oneself, as in "kengred account show me".
  if (who == "me" || who == _("me")) return account();
  if (const Contact* contact = profile_.config().FindContact(who)) {
    auto id = DecodeAddress(charter().address_prefix(), contact->address);
    if (!id.ok()) {
      return Fail(ExitCode::kNotFound, Tr("The contact “{}” belongs to another ledger.", who),
                  _("Choose the ledger with --ledger NAME."));
    }
    return *id;
  }
  if (who.starts_with('@')) {
    const std::string alias = who.substr(1);
    WALLET_ASSIGN_OR_RETURN(const v1::LookupAliasResponse found, ledger_->LookupAlias(alias));
    const auto id = AccountId::FromBytes(found.entry().account_id());
    if (!id.has_value()) {
      return Fail(ExitCode::kInternal, _("The server's answer has no account."),
                  _("Please report this, with the command and this message."));
    }
    Remember(*id, found.entry().kind(), found.entry().profile());
    return *id;
  }
  auto id = DecodeAddress(charter().address_prefix(), who);
  if (id.ok()) return *id;
  if (who.starts_with(charter().address_prefix() + "1")) {
    return Fail(ExitCode::kUsage, Tr("{} is mistyped.", who),
                _("Copy the whole address again. Nothing was sent."));
  }
  return Fail(
      ExitCode::kNotFound, Tr("“{}” is no contact, and no address of this ledger.", who),
      Tr("Give an address ({}1…), an @alias (kengred directory list), or a contact (kengred "
         "contacts list).",
         charter().address_prefix()));
}

void Session::Remember(const AccountId& account, v1::HolderKind kind, const v1::Profile& profile) {
  Party& party = parties_[account];
  party.id = account;
  party.kind = kind;
  party.name = Printable(profile.display_name());
  party.alias = Printable(profile.alias());
  // What the person calls somebody wins over what they call themselves.
  const std::string address = Address(account);
  for (const Contact& contact : profile_.config().contacts) {
    if (contact.address == address) party.name = contact.name;
  }
}

const Party& Session::Who(const AccountId& account) {
  if (const auto known = parties_.find(account); known != parties_.end()) return known->second;
  Party party;
  party.id = account;
  for (const v1::Currency& currency : charter().currencies()) {
    const std::string_view name = SystemAccountName(account, currency.code());
    if (name.empty()) continue;
    party.kind = v1::HOLDER_KIND_SYSTEM;
    party.name = SystemAccountText(name, currency.code());
    return parties_[account] = std::move(party);
  }
  // Failing to find a name is no failure: the address stands alone then. A registrar who has
  // unlocked the key sees persons' names too.
  const auto found = ledger_->GetAccount(account, reader_.has_value() ? &*reader_ : nullptr);
  if (found.ok()) {
    Remember(account, found->account().kind(), found->profile());
  } else {
    Remember(account, v1::HOLDER_KIND_UNSPECIFIED, v1::Profile());
  }
  return parties_[account];
}

std::string Session::FullName(const AccountId& account) {
  const Party& party = Who(account);
  if (party.kind == v1::HOLDER_KIND_SYSTEM) return party.name;
  const std::string name = account_ == account ? std::string(_("you")) : party.name;
  const std::string address = Address(account);
  if (name.empty() && party.alias.empty()) return address;
  if (name.empty()) return fmt::format("@{} ({})", party.alias, address);
  if (party.alias.empty()) return fmt::format("{} ({})", name, address);
  return fmt::format("{} (@{}, {})", name, party.alias, address);
}

std::string Session::ShortName(const AccountId& account) {
  if (account_ == account) return _("you");
  const Party& party = Who(account);
  if (!party.name.empty()) return party.name;
  return Address(account);
}

absl::StatusOr<v1::Transaction> Session::ReadTransaction(const TransactionId& id) {
  if (const auto known = transactions_.find(id); known != transactions_.end()) {
    return known->second;
  }
  WALLET_ASSIGN_OR_RETURN(const client::Reader* reads, reader());
  WALLET_ASSIGN_OR_RETURN(const v1::GetTransactionResponse response,
                          ledger_->GetTransaction(*reads, id));
  v1::JournalEntry entry;
  v1::Transaction transaction;
  if (!entry.ParseFromString(response.journal_entry()) ||
      !transaction.ParseFromString(entry.signed_transaction().transaction())) {
    return Fail(ExitCode::kInternal, _("The server's answer is no journal entry."),
                _("Please report this, with the command and this message."));
  }
  return transactions_[id] = std::move(transaction);
}

std::optional<v1::Transfer> Session::KnownTransfer(const TransactionId& transaction,
                                                   uint32_t operation) {
  if (!reader_.has_value()) return std::nullopt;
  const auto content = ReadTransaction(transaction);
  if (!content.ok() || operation >= static_cast<uint32_t>(content->operations_size())) {
    return std::nullopt;
  }
  const v1::Operation& found = content->operations(static_cast<int>(operation));
  if (!found.has_transfer()) return std::nullopt;
  return found.transfer();
}

absl::StatusOr<int64_t> Session::Balance(const std::string& currency) {
  WALLET_ASSIGN_OR_RETURN(const client::Reader* reads, reader());
  WALLET_ASSIGN_OR_RETURN(const v1::ListBalancesResponse response,
                          ledger_->ListBalances(*reads, reads->account()));
  for (const v1::Balance& balance : response.balances()) {
    if (balance.currency() == currency) return balance.amount_minor();
  }
  return 0;
}

}  // namespace kengred::wallet
