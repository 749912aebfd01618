// What most commands start with: the profile, its ledger connected, its account, its key.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "kengred/client/client.h"
#include "kengred/core/ids.h"
#include "kengred/core/signing.h"
#include "kengred/keys/key_file.h"
#include "wallet/currencies.h"
#include "wallet/ledger.h"
#include "wallet/manners.h"
#include "wallet/profile.h"

namespace kengred::wallet {

// Who an account is, as far as this wallet may know.
struct Party {
  AccountId id;
  std::string name;   // contact, directory name, "guarantee fund (EUR)", or empty
  std::string alias;  // without '@', or empty
  std::optional<v1::HolderKind> kind;
};

class Session {
 public:
  // Loads the profile and connects to its ledger. Asks for no passphrase yet.
  static absl::StatusOr<std::unique_ptr<Session>> Open(Io& io);

  Io& io() { return io_; }
  Profile& profile() { return profile_; }
  const LedgerEntry& entry() const { return entry_; }
  Ledger& ledger() { return *ledger_; }
  const v1::Charter& charter() const { return ledger_->charter(); }
  const Currencies& currencies() const { return *io_.currencies; }

  // The profile's public key; needs no passphrase.
  absl::StatusOr<PublicKey> public_key();
  // The profile's account here: remembered, else found by its key. NotFound with a hint where none
  // is open.
  absl::StatusOr<AccountId> account();
  // The secret key; unlocks the key file, once.
  absl::StatusOr<std::shared_ptr<const SecretKey>> key();
  // The secret key of another profile of this machine, for acts that several people sign at one
  // desk. Unlocked once; the passphrase is asked by the profile's name.
  absl::StatusOr<std::shared_ptr<const SecretKey>> KeyOf(const std::string& profile_name);
  // Key and account together: for private reads. Lives as long as the session.
  absl::StatusOr<const client::Reader*> reader();

  // The address of an account: "heol1...".
  std::string Address(const AccountId& account) const;
  // Reads an address, "@alias", a contact's name, or "me". NotFound or usage errors with a hint.
  absl::StatusOr<AccountId> Resolve(const std::string& who);
  // Who that is: own account, contact, system account, directory. Asks the ledger once per account;
  // unknown stays unnamed.
  const Party& Who(const AccountId& account);
  // "Biocoop (@biocoop, heol1...)": for confirming. Always with the whole address.
  std::string FullName(const AccountId& account);
  // "Biocoop", or the address: for lists.
  std::string ShortName(const AccountId& account);

  // A committed transaction of this account; read once. Unlocks the key.
  absl::StatusOr<v1::Transaction> ReadTransaction(const TransactionId& id);
  // The payment that a refund gives back, where this session may read it: only once the key is
  // unlocked, since reading asks for no passphrase.
  std::optional<v1::Transfer> KnownTransfer(const TransactionId& transaction, uint32_t operation);

  // What the ledger's answer to a lookup says, kept with the others.
  void Remember(const AccountId& account, v1::HolderKind kind, const v1::Profile& profile);

  // The account's balance in that currency, minor units; 0 where it holds none. Private: own
  // account.
  absl::StatusOr<int64_t> Balance(const std::string& currency);

 private:
  Session(Io& io, Profile profile, LedgerEntry entry, std::unique_ptr<Ledger> ledger);

  Io& io_;
  Profile profile_;
  LedgerEntry entry_;
  std::unique_ptr<Ledger> ledger_;
  std::optional<AccountId> account_;
  std::shared_ptr<const SecretKey> key_;
  std::map<std::string, std::shared_ptr<const SecretKey>> other_keys_;
  std::optional<client::Reader> reader_;
  std::map<AccountId, Party> parties_;
  std::map<TransactionId, v1::Transaction> transactions_;
};

// Opens a profile's key file: asks for the passphrase where it has one.
absl::StatusOr<keys::OpenedKeyFile> UnlockKeyFile(const Io& io, const Profile& profile);
// What can be read of it without.
absl::StatusOr<keys::KeyFileInfo> ReadKeyInfo(const Profile& profile);

}  // namespace kengred::wallet
