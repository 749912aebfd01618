#include "server/main/remote_subject.h"

#include <cstdlib>
#include <utility>

#include "files/small_file.h"
#include "kengred/core/limits.h"
#include "kengred/keys/key_file.h"
#include "kengred/keys/secret_input.h"
#include "server/remote/remote_source.h"

namespace kengred::server {
namespace {

absl::Status About(const std::string& what, const absl::Status& status) {
  return absl::Status(status.code(), what + ": " + std::string(status.message()));
}

// As the wallet looks for it: descriptor, file, KENGRED_PASSPHRASE_FILE, terminal.
absl::StatusOr<keys::SecretString> GetPassphrase(const RemoteOptions& options,
                                                 const std::string& profile) {
  absl::StatusOr<keys::SecretString> passphrase = keys::SecretString();
  const char* variable = std::getenv("KENGRED_PASSPHRASE_FILE");
  std::string file = options.passphrase_file;
  if (file.empty() && variable != nullptr) file = variable;
  if (options.passphrase_fd >= 0) {
    passphrase = keys::ReadSecretFd(options.passphrase_fd, false);
  } else if (!file.empty()) {
    passphrase = keys::ReadSecretFile(file, false);
    if (!passphrase.ok()) return About(file, passphrase.status());
  } else {
    passphrase = keys::AskForSecret("Passphrase of the profile \"" + profile + "\": ");
    if (absl::IsUnavailable(passphrase.status())) {
      return absl::UnavailableError(
          "a passphrase is needed and there is no terminal to ask; give --passphrase-file FILE, "
          "--passphrase-fd N, or set KENGRED_PASSPHRASE_FILE");
    }
  }
  if (!passphrase.ok()) return About("the passphrase", passphrase.status());
  if (passphrase->empty()) return absl::InvalidArgumentError("the passphrase is empty");
  return passphrase;
}

absl::StatusOr<SecretKey> Unlock(const RemoteOptions& options, const keys::KeyFileInfo& info) {
  if (info.cost == keys::kCostMin) {
    auto opened =
        keys::OpenKeyFile(options.auditor_key, keys::SecretString::CopyOf(keys::kNoPassphrase));
    if (opened.ok()) return std::move(opened->key);
  }
  auto passphrase = GetPassphrase(options, info.profile);
  if (!passphrase.ok()) return passphrase.status();
  auto opened = keys::OpenKeyFile(options.auditor_key, *passphrase);
  if (absl::IsUnauthenticated(opened.status())) {
    return absl::UnauthenticatedError("this is not the passphrase of " + options.auditor_key);
  }
  if (!opened.ok()) return opened.status();
  return std::move(opened->key);
}

absl::StatusOr<client::ClientOptions> ClientOptionsOf(const RemoteOptions& options) {
  client::ClientOptions result;
  result.target = options.target;
  result.tls = !options.plaintext && (client::NeedsTls(options.target) || !options.ca_file.empty());
  result.allow_plaintext = options.plaintext;
  result.timeout = std::chrono::seconds(options.timeout_seconds);
  const std::pair<const std::string*, std::string*> files[] = {
      {&options.ca_file, &result.root_certificates_pem},
      {&options.certificate_file, &result.client_certificate_pem},
      {&options.key_file, &result.client_key_pem},
  };
  for (const auto& [file, text] : files) {
    if (file->empty()) continue;
    absl::StatusOr<std::string> content = ReadSmallFile(*file);
    if (!content.ok()) return content.status();
    *text = *std::move(content);
  }
  return result;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RemoteSubject>> OpenRemoteSubject(
    const RemoteOptions& options, const std::optional<LedgerId>& ledger_id, ExitCode* code) {
  *code = kExitUsage;
  if (options.auditor_key.empty()) {
    return absl::InvalidArgumentError(
        "a server shows its journal to auditors only; give the key file of an auditor's wallet "
        "profile: --auditor-key ~/.local/share/kengred/default/key");
  }
  const auto info = keys::ReadKeyFileInfo(options.auditor_key);
  if (!info.ok()) return info.status();
  const auto client_options = ClientOptionsOf(options);
  if (!client_options.ok()) return client_options.status();

  auto client = client::Client::Connect(*client_options);
  *code = absl::IsInvalidArgument(client.status()) ? kExitUsage : kExitStore;
  if (!client.ok()) return client.status();
  auto subject = std::make_unique<RemoteSubject>();
  subject->client = std::make_unique<client::Client>(*std::move(client));
  if (ledger_id && *ledger_id != subject->client->ledger_id()) {
    subject->finding =
        audit::MakeFinding(audit::Fault::kLedgerDiffers, 0,
                           "the server keeps the ledger " + subject->client->ledger_id().ToHex() +
                               ", not " + ledger_id->ToHex());
    return subject;
  }
  auto log = subject->client->CheckLog();
  if (client::IsAlarm(log.status())) {
    subject->finding = audit::MakeFinding(audit::Fault::kCheckpointInvalid, 0,
                                          std::string(log.status().message()));
    return subject;
  }
  if (!log.ok()) return log.status();
  subject->checkpoint = std::move(log->checkpoint);

  // The account first: no passphrase is asked for nothing.
  const auto found = subject->client->GetAccountByKey(info->public_key);
  if (absl::IsNotFound(found.status())) {
    return absl::NotFoundError("the key in " + options.auditor_key +
                               " has no account on this ledger; give the key file of an auditor");
  }
  if (!found.ok()) return found.status();
  const auto account = AccountId::FromBytes(found->account().account_id());
  if (!account) return absl::DataLossError("the server's answer about the key has no account");
  auto key = Unlock(options, *info);
  if (!key.ok()) {
    *code = kExitUsage;
    return key.status();
  }
  subject->reader = std::make_unique<client::Reader>(
      std::make_shared<const SecretKey>(*std::move(key)), *account);
  auto source =
      remote::OpenRemoteSource(subject->client.get(), subject->reader.get(), subject->checkpoint);
  if (!source.ok()) return source.status();
  subject->source = *std::move(source);
  return subject;
}

}  // namespace kengred::server
