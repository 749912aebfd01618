#include "wallet/profile.h"

#include <dirent.h>
#include <sys/stat.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <sstream>

#include "kengred/core/limits.h"
#include "wallet/files.h"
#include "wallet/status_macros.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

constexpr int64_t kConfigFormat = 1;
constexpr size_t kConfigBytesMax = 1024 * 1024;
constexpr size_t kCertificateBytesMax = 1024 * 1024;
constexpr char kDefaultProfile[] = "default";

absl::StatusOr<std::string> ProfilesFolder(const Io& io) {
  // An empty or relative XDG_DATA_HOME counts as none, as the XDG specification has it.
  if (const auto data = io.environment("XDG_DATA_HOME"); data && data->starts_with('/')) {
    return *data + "/kengred";
  }
  if (const auto home = io.environment("HOME"); home && home->starts_with('/')) {
    return *home + "/.local/share/kengred";
  }
  return Fail(ExitCode::kFile, _("There is no home folder to keep profiles in."),
              _("Set HOME, or XDG_DATA_HOME."));
}

absl::StatusOr<std::string> FolderOfProfile(const Io& io, const std::string& name) {
  if (!IsProfileName(name)) {
    return Fail(ExitCode::kUsage, Tr("“{}” cannot be a profile's name.", name),
                _("Use letters, digits, '.', '_' and '-', at most 64."));
  }
  WALLET_ASSIGN_OR_RETURN(const std::string folder, ProfilesFolder(io));
  return folder + "/" + name;
}

// A whole number from `min` to `max`; the default where it is missing, nothing where it is none.
std::optional<size_t> Number(const toml::table& table, std::string_view key, size_t standard,
                             size_t min, size_t max) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return standard;
  const auto value = node->value_exact<int64_t>();
  if (!value || *value < static_cast<int64_t>(min) || *value > static_cast<int64_t>(max)) {
    return std::nullopt;
  }
  return static_cast<size_t>(*value);
}

std::string Text(const toml::table& table, std::string_view key) {
  return table[key].value_or(std::string());
}

}  // namespace

LedgerEntry* ProfileConfig::FindLedger(std::string_view name) {
  for (LedgerEntry& entry : ledgers) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

const LedgerEntry* ProfileConfig::FindLedger(std::string_view name) const {
  return const_cast<ProfileConfig*>(this)->FindLedger(name);
}

const Contact* ProfileConfig::FindContact(std::string_view name) const {
  for (const Contact& contact : contacts) {
    if (contact.name == name) return &contact;
  }
  return nullptr;
}

bool IsProfileName(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '.' || name.front() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::string ChosenProfileName(const Io& io) {
  if (!io.options.profile.empty()) return io.options.profile;
  const std::string named = io.environment("KENGRED_PROFILE").value_or("");
  return named.empty() ? kDefaultProfile : named;
}

absl::StatusOr<Profile> Profile::Load(const Io& io) {
  const std::string name = ChosenProfileName(io);
  WALLET_ASSIGN_OR_RETURN(const std::string folder, FolderOfProfile(io, name));
  Profile profile(name, folder);
  if (!FileExists(profile.key_path())) {
    return Fail(ExitCode::kNotFound, Tr("There is no profile “{}” on this machine.", name),
                name == kDefaultProfile
                    ? _("Make one with: kengred init (or kengred restore, from your words)")
                    : _("See which there are with: kengred profile list"));
  }
  const std::string path = folder + "/config.toml";
  if (!FileExists(path)) return profile;
  WALLET_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path, kConfigBytesMax));
  auto config = ParseConfig(text);
  if (!config.ok()) {
    return Fail(ExitCode::kFile,
                Tr("{} is damaged: {}.", path, std::string(config.status().message())),
                _("Correct it, or move it away and add your ledgers and contacts again."));
  }
  profile.config_ = *std::move(config);
  return profile;
}

absl::StatusOr<Profile> Profile::Create(const Io& io) {
  const std::string name = ChosenProfileName(io);
  WALLET_ASSIGN_OR_RETURN(const std::string folder, FolderOfProfile(io, name));
  Profile profile(name, folder);
  if (FileExists(profile.key_path())) {
    return Fail(ExitCode::kFile, Tr("The profile “{}” exists already.", name),
                _("Choose another with --profile NAME. Nothing was changed."));
  }
  WALLET_RETURN_IF_ERROR(MakePrivateFolder(folder));
  return profile;
}

absl::StatusOr<std::vector<std::string>> Profile::List(const Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::string folder, ProfilesFolder(io));
  std::vector<std::string> names;
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) {
    if (errno == ENOENT) return names;
    return Fail(ExitCode::kFile, Tr("Cannot read {}.", folder),
                _("Check that the folder is yours."));
  }
  while (const dirent* item = readdir(directory)) {
    const std::string name = item->d_name;
    if (IsProfileName(name) && FileExists(folder + "/" + name + "/key")) names.push_back(name);
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status Profile::Save() const {
  return WritePrivateFile(folder_ + "/config.toml", SerializeConfig(config_), true);
}

absl::StatusOr<const LedgerEntry*> Profile::ChosenLedger(const Io& io) const {
  std::string name = io.options.ledger;
  if (name.empty()) name = io.environment("KENGRED_LEDGER").value_or("");
  if (name.empty()) name = config_.default_ledger;
  if (name.empty() && config_.ledgers.size() == 1) name = config_.ledgers.front().name;
  if (name.empty()) {
    return Fail(ExitCode::kNotFound, Tr("The profile “{}” knows no ledger yet.", name_),
                _("Add your community's server with: kengred ledger add ADDRESS"));
  }
  const LedgerEntry* entry = config_.FindLedger(name);
  if (entry == nullptr) {
    return Fail(ExitCode::kNotFound, Tr("The profile “{}” knows no ledger “{}”.", name_, name),
                _("See which there are with: kengred ledger list"));
  }
  return entry;
}

std::string SerializeConfig(const ProfileConfig& config) {
  toml::table root;
  root.insert("format", kConfigFormat);
  if (!config.default_ledger.empty()) root.insert("default_ledger", config.default_ledger);
  toml::array ledgers;
  for (const LedgerEntry& entry : config.ledgers) {
    toml::table table;
    table.insert("name", entry.name);
    table.insert("target", entry.target);
    table.insert("ledger_id", entry.ledger_id);
    table.insert("community", entry.community);
    table.insert("tls", entry.tls);
    const std::pair<const char*, const std::string&> optional[] = {
        {"root_certificates", entry.root_certificates},
        {"client_certificate_file", entry.client_certificate_file},
        {"client_key_file", entry.client_key_file},
        {"account", entry.account},
    };
    for (const auto& [key, value] : optional) {
      if (!value.empty()) table.insert(key, value);
    }
    if (entry.witnesses_needed > 0) {
      table.insert("witnesses_needed", static_cast<int64_t>(entry.witnesses_needed));
      table.insert("witness_hours", static_cast<int64_t>(entry.witness_hours));
    }
    ledgers.push_back(std::move(table));
  }
  if (!ledgers.empty()) root.insert("ledger", std::move(ledgers));
  toml::array contacts;
  for (const Contact& contact : config.contacts) {
    toml::table table;
    table.insert("name", contact.name);
    table.insert("address", contact.address);
    contacts.push_back(std::move(table));
  }
  if (!contacts.empty()) root.insert("contact", std::move(contacts));
  std::ostringstream text;
  text << root << '\n';
  return text.str();
}

absl::StatusOr<ProfileConfig> ParseConfig(std::string_view text) {
  toml::table root;
  try {
    root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return absl::DataLossError(
        fmt::format("line {}: {}", error.source().begin.line, error.description()));
  }
  const int64_t format = root["format"].value_or(int64_t{0});
  if (format != kConfigFormat) {
    return absl::DataLossError(fmt::format("format is {}, not {}", format, kConfigFormat));
  }
  ProfileConfig config;
  config.default_ledger = Text(root, "default_ledger");
  if (const toml::array* ledgers = root["ledger"].as_array()) {
    for (const toml::node& node : *ledgers) {
      const toml::table* table = node.as_table();
      if (table == nullptr) return absl::DataLossError("ledger is not a list of tables");
      LedgerEntry entry;
      entry.name = Text(*table, "name");
      entry.target = Text(*table, "target");
      entry.ledger_id = Text(*table, "ledger_id");
      entry.community = Text(*table, "community");
      entry.tls = (*table)["tls"].value_or(false);
      entry.root_certificates = Text(*table, "root_certificates");
      entry.client_certificate_file = Text(*table, "client_certificate_file");
      entry.client_key_file = Text(*table, "client_key_file");
      entry.account = Text(*table, "account");
      if (entry.name.empty() || entry.target.empty() || !LedgerId::FromHex(entry.ledger_id)) {
        return absl::DataLossError("a ledger lacks its name, target or ledger_id");
      }
      const auto needed = Number(*table, "witnesses_needed", 0, 0, kWitnessesMax);
      const auto hours = Number(*table, "witness_hours", kWitnessHoursDefault, 1, kWitnessHoursMax);
      if (!needed || !hours) {
        return absl::DataLossError(
            fmt::format("witnesses_needed is a number from 0 to {}, witness_hours one from 1 to {}",
                        kWitnessesMax, kWitnessHoursMax));
      }
      entry.witnesses_needed = *needed;
      entry.witness_hours = *hours;
      config.ledgers.push_back(std::move(entry));
    }
  }
  if (const toml::array* contacts = root["contact"].as_array()) {
    for (const toml::node& node : *contacts) {
      const toml::table* table = node.as_table();
      if (table == nullptr) return absl::DataLossError("contact is not a list of tables");
      Contact contact{Text(*table, "name"), Text(*table, "address")};
      if (contact.name.empty() || contact.address.empty()) {
        return absl::DataLossError("a contact lacks its name or address");
      }
      config.contacts.push_back(std::move(contact));
    }
  }
  return config;
}

absl::StatusOr<client::ClientOptions> ClientOptionsOf(const LedgerEntry& entry, const Io& io) {
  client::ClientOptions options;
  options.target = entry.target;
  options.tls = entry.tls;
  // Without TLS only where `ledger add` has settled that: on this machine, or by --plaintext.
  options.allow_plaintext = !entry.tls;
  options.root_certificates_pem = entry.root_certificates;
  options.timeout = std::chrono::seconds(io.options.timeout_seconds);
  if (!entry.client_certificate_file.empty()) {
    WALLET_ASSIGN_OR_RETURN(options.client_certificate_pem,
                            ReadWholeFile(entry.client_certificate_file, kCertificateBytesMax));
    WALLET_ASSIGN_OR_RETURN(options.client_key_pem,
                            ReadWholeFile(entry.client_key_file, kCertificateBytesMax));
  }
  options.witness_policy.witnesses_needed = entry.witnesses_needed;
  options.witness_policy.age_max = std::chrono::hours(entry.witness_hours);
  if (!entry.ledger_id.empty()) options.ledger_id = LedgerId::FromHex(entry.ledger_id);
  return options;
}

}  // namespace kengred::wallet
