// Profiles: who a person is on this machine. A profile is a folder with two files,
//
//   $XDG_DATA_HOME/kengred/NAME/key          the encrypted words (docs/formats/key_file.md)
//   $XDG_DATA_HOME/kengred/NAME/config.toml  ledgers and contacts; no secrets
//
// ($HOME/.local/share where XDG_DATA_HOME is not set). Both are mode 0600 in a folder of mode 0700,
// and are replaced atomically.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/ids.h"
#include "wallet/manners.h"

namespace kengred::wallet {

// How long a witness's cosignature counts, in hours.
inline constexpr size_t kWitnessHoursDefault = 24;
inline constexpr size_t kWitnessHoursMax = 24 * 365;

// One community's server, as a profile remembers it.
struct LedgerEntry {
  std::string name;       // what the person calls it
  std::string target;     // "host:port" or "unix:/path"
  std::string ledger_id;  // 64 hexadecimal digits: a server that keeps another ledger is refused
  std::string community;  // the charter's name
  bool tls = false;
  std::string root_certificates;        // PEM; empty: the system's
  std::string client_certificate_file;  // mutual TLS: both or none
  std::string client_key_file;
  // Where the profile's account is known: its address. Empty: found by its key.
  std::string account;
  // How many of the charter's witnesses must have cosigned within so many hours; 0: none.
  size_t witnesses_needed = 0;
  size_t witness_hours = kWitnessHoursDefault;
};

// A name for an address, on this machine only.
struct Contact {
  std::string name;
  std::string address;
};

struct ProfileConfig {
  std::string default_ledger;
  std::vector<LedgerEntry> ledgers;
  std::vector<Contact> contacts;

  LedgerEntry* FindLedger(std::string_view name);
  const LedgerEntry* FindLedger(std::string_view name) const;
  const Contact* FindContact(std::string_view name) const;
};

class Profile {
 public:
  // The profile that the options name. NotFound where it has no folder.
  static absl::StatusOr<Profile> Load(const Io& io);
  // Its folder, made. AlreadyExists where it holds a key.
  static absl::StatusOr<Profile> Create(const Io& io);
  // The names of all profiles, sorted.
  static absl::StatusOr<std::vector<std::string>> List(const Io& io);

  const std::string& name() const { return name_; }
  std::string key_path() const { return folder_ + "/key"; }
  const std::string& folder() const { return folder_; }
  // What is remembered of each ledger's log, and evidence where one misbehaved.
  std::string log_folder() const { return folder_ + "/log"; }
  ProfileConfig& config() { return config_; }
  const ProfileConfig& config() const { return config_; }
  // Writes config.toml.
  absl::Status Save() const;
  // The ledger the options name, or the default. NotFound with a hint.
  absl::StatusOr<const LedgerEntry*> ChosenLedger(const Io& io) const;

 private:
  Profile(std::string name, std::string folder)
      : name_(std::move(name)), folder_(std::move(folder)) {}
  std::string name_;
  std::string folder_;
  ProfileConfig config_;
};

// The name the options and the environment choose.
std::string ChosenProfileName(const Io& io);
// 1 to 64 characters a-z A-Z 0-9 . _ -, not starting with a dot.
bool IsProfileName(std::string_view name);

// The configuration as text and back; DataLoss names the line.
std::string SerializeConfig(const ProfileConfig& config);
absl::StatusOr<ProfileConfig> ParseConfig(std::string_view text);

// The options to connect to a ledger that a profile remembers. Reads the certificate files.
absl::StatusOr<client::ClientOptions> ClientOptionsOf(const LedgerEntry& entry, const Io& io);

}  // namespace kengred::wallet
