#include "wallet/passphrase.h"

#include <optional>

#include "kengred/keys/secret_input.h"
#include "wallet/status_macros.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// Where one is given without a person. Nothing where none is.
absl::StatusOr<std::optional<keys::SecretString>> GivenPassphrase(const Io& io) {
  if (io.options.passphrase_fd >= 0) {
    WALLET_ASSIGN_OR_RETURN(keys::SecretString secret,
                            ReadSecretFd(io.options.passphrase_fd, false));
    return std::optional<keys::SecretString>(std::move(secret));
  }
  std::string file = io.options.passphrase_file;
  if (file.empty()) file = io.environment("KENGRED_PASSPHRASE_FILE").value_or("");
  if (!file.empty()) {
    WALLET_ASSIGN_OR_RETURN(keys::SecretString secret, ReadSecretFile(file, false));
    return std::optional<keys::SecretString>(std::move(secret));
  }
  return std::optional<keys::SecretString>();
}

absl::Status TooLong() {
  return Fail(ExitCode::kFile,
              Tr("The secret is longer than {} bytes.", keys::kSecretInputBytesMax),
              _("Check that this is the right file."));
}

absl::Status NoTerminal() {
  return Fail(ExitCode::kPassphrase, _("A passphrase is needed and there is no terminal to ask."),
              _("Give --passphrase-file FILE, --passphrase-fd N, or set KENGRED_PASSPHRASE_FILE."));
}

absl::Status Empty() {
  return Fail(
      ExitCode::kPassphrase, _("The passphrase is empty."),
      _("Give one of a few words. A till or a demonstration may do without: --no-passphrase "
        "when the profile is made."));
}

// Of Terminal's errors.
absl::Status Interrupted() {
  return Fail(ExitCode::kDeclined, _("No passphrase was given. Nothing was done."),
              _("Run the command again."));
}

}  // namespace

absl::StatusOr<keys::SecretString> ReadSecretFd(int fd, bool all) {
  auto secret = keys::ReadSecretFd(fd, all);
  if (secret.ok()) return secret;
  if (absl::IsOutOfRange(secret.status())) return TooLong();
  return Fail(ExitCode::kFile,
              Tr("Cannot read from descriptor {}: {}.", fd, std::string(secret.status().message())),
              _("Open the descriptor in the calling shell, as in 3<FILE."));
}

absl::StatusOr<keys::SecretString> ReadSecretFile(const std::string& path, bool all) {
  auto secret = keys::ReadSecretFile(path, all);
  if (secret.ok()) return secret;
  if (absl::IsOutOfRange(secret.status())) return TooLong();
  if (absl::IsFailedPrecondition(secret.status())) {
    return Fail(ExitCode::kFile, Tr("Others may read the secret in {}.", path),
                Tr("Run: chmod 600 {}", path));
  }
  return Fail(ExitCode::kFile,
              Tr("Cannot read {}: {}.", path, std::string(secret.status().message())),
              _("Check the file's name and that you may read it."));
}

absl::StatusOr<keys::SecretString> GetPassphrase(const Io& io, const std::string& profile_name) {
  WALLET_ASSIGN_OR_RETURN(std::optional<keys::SecretString> given, GivenPassphrase(io));
  if (given.has_value()) {
    if (given->empty()) return Empty();
    return std::move(*given);
  }
  if (!io.terminal->available()) return NoTerminal();
  auto typed = io.terminal->ReadSecret(Tr("Passphrase of the profile “{}”: ", profile_name));
  if (!typed.ok()) return Interrupted();
  if (typed->empty()) return Empty();
  return typed;
}

absl::StatusOr<keys::SecretString> GetNewPassphrase(const Io& io, const std::string& prompt) {
  WALLET_ASSIGN_OR_RETURN(std::optional<keys::SecretString> given, GivenPassphrase(io));
  if (given.has_value()) {
    if (given->empty()) return Empty();
    return std::move(*given);
  }
  if (!io.terminal->available()) return NoTerminal();
  for (;;) {
    auto first = io.terminal->ReadSecret(prompt);
    if (!first.ok()) return Interrupted();
    if (first->empty()) {
      io.terminal->Write(std::string(_("It may not be empty.")) + "\n");
      continue;
    }
    auto second = io.terminal->ReadSecret(_("The same again: "));
    if (!second.ok()) return Interrupted();
    if (first->Equals(*second)) return std::move(*first);
    io.terminal->Write(std::string(_("The two are different. Once more.")) + "\n");
  }
}

}  // namespace kengred::wallet
