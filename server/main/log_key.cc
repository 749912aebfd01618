#include "server/main/log_key.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "kengred/core/base64.h"
#include "kengred/core/signing.h"
#include "server/main/command_status.h"
#include "server/main/files.h"
#include "server/main/json_text.h"
#include "server/main/ledger_file.h"

namespace kengred::server {
namespace {

constexpr std::string_view kPrefix = "PRIVATE+KEY+";
constexpr char kAlgorithm = '\x01';  // Ed25519

absl::Status NoKey(const std::string& path) {
  return absl::InvalidArgumentError(path +
                                    " is no log key; give the file that `kengred-server init` or "
                                    "`kengred-server log-key new` has made");
}

// Why a key's file could not be made, by errno.
absl::Status NotWritten(const std::string& path, int error) {
  if (error == EEXIST) return absl::AlreadyExistsError(path + " is there already");
  const std::string what = "cannot write " + path + ": " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) {
    return absl::ResourceExhaustedError(what + "; free space on that disk");
  }
  return absl::PermissionDeniedError(what + "; choose another place for the log key");
}

// Creates the file; it never holds half a key, since its name is made last.
absl::Status WriteSecretFile(const std::string& path, std::string_view content) {
  const std::string draft = path + ".new-" + std::to_string(::getpid());
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return NotWritten(path, errno);
  // A link fails where the name is taken: a key is never replaced.
  const bool named =
      ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      ::fsync(file) == 0 && ::link(draft.c_str(), path.c_str()) == 0;
  const int error = errno;
  ::close(file);
  ::unlink(draft.c_str());
  return named ? absl::OkStatus() : NotWritten(path, error);
}

}  // namespace

std::string DefaultLogKeyFile(const std::string& data) {
  std::string path = data;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path + ".log-key";
}

absl::StatusOr<std::shared_ptr<const NoteSigner>> MakeLogKeyFile(const std::string& path,
                                                                 const std::string& origin) {
  std::string seed = RandomBytes(kSeedBytes);
  absl::StatusOr<SecretKey> key = SecretKey::FromSeed(seed);
  if (!key.ok()) return key.status();
  absl::StatusOr<NoteSigner> signer = NoteSigner::Make(origin, *std::move(key));
  if (!signer.ok()) return signer.status();
  // "name+id+..." of the verifier key, with the secret half in place of the public one. Counted
  // from the front, since "+" is also a sign of base64.
  const std::string verifier_key = signer->verifier_key().Format();
  std::string secret = kAlgorithm + seed;
  std::string line = std::string(kPrefix) + verifier_key.substr(0, origin.size() + 10) +
                     EncodeBase64(secret) + "\n";
  const absl::Status status = WriteSecretFile(path, line);
  for (std::string* wiped : {&seed, &secret, &line}) sodium_memzero(wiped->data(), wiped->size());
  if (!status.ok()) return status;
  return std::make_shared<const NoteSigner>(*std::move(signer));
}

absl::StatusOr<std::shared_ptr<const NoteSigner>> ReadLogKeyFile(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 && errno == ENOENT) {
    return absl::NotFoundError(
        "the log key " + path +
        " is not there; give its file with --log-key. Without it this ledger "
        "can sign no checkpoint");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError("others may read the log key " + path +
                                         "; run: chmod 600 " + path);
  }
  absl::StatusOr<std::string> content = ReadSmallFile(path);
  if (!content.ok()) return content.status();
  std::string_view line = *content;
  if (line.ends_with('\n')) line.remove_suffix(1);
  // From the end, since "+" is also a sign of base64: the id has eight digits, and what follows it
  // is of one length.
  constexpr size_t kSecretChars = 44;
  constexpr size_t kTailChars = 1 + 8 + 1 + kSecretChars;
  if (!line.starts_with(kPrefix) || line.size() <= kPrefix.size() + kTailChars ||
      line[line.size() - kTailChars] != '+' || line[line.size() - kSecretChars - 1] != '+') {
    return NoKey(path);
  }
  const std::string_view name =
      line.substr(kPrefix.size(), line.size() - kPrefix.size() - kTailChars);
  std::optional<std::string> secret = DecodeBase64(line.substr(line.size() - kSecretChars));
  if (!secret || secret->size() != 1 + kSeedBytes || secret->front() != kAlgorithm) {
    return NoKey(path);
  }
  absl::StatusOr<SecretKey> key = SecretKey::FromSeed(std::string_view(*secret).substr(1));
  sodium_memzero(secret->data(), secret->size());
  if (!key.ok()) return NoKey(path);
  absl::StatusOr<NoteSigner> signer = NoteSigner::Make(name, *std::move(key));
  if (!signer.ok()) return NoKey(path);
  // The id must follow from the key: a mistyped character is noticed.
  const std::string verifier_key = signer->verifier_key().Format();
  const bool same_id = line.substr(kPrefix.size(), name.size() + 10) ==
                       std::string_view(verifier_key).substr(0, name.size() + 10);
  sodium_memzero(content->data(), content->size());
  if (!same_id) return NoKey(path);
  return std::make_shared<const NoteSigner>(*std::move(signer));
}

ExitCode RunLogKeyNew(const LogKeyNewOptions& options, Io& io) {
  const absl::StatusOr<LedgerFile> ledger = OpenLedgerFile(options.data, /*read_only=*/true);
  if (!ledger.ok()) return Complain(ledger.status(), kExitStore, io);
  const auto key = MakeLogKeyFile(options.file, ledger->charter.origin());
  if (!key.ok()) return Complain(key.status(), kExitUsage, io);
  const std::string verifier_key = (*key)->verifier_key().Format();
  if (options.json) {
    io.out << JsonObject()
                  .Text("verifier_key", verifier_key)
                  .Text("public_key", (*key)->verifier_key().public_key().ToHex())
                  .Text("file", options.file)
                  .ToString()
           << "\n";
    return kExitOk;
  }
  io.out << "The key is made: " << options.file << "\n\n  verifier key  " << verifier_key
         << "\n\nNext:\n"
         << "  1. give it to the server beside the one in use, and restart:\n"
         << "       kengred-server serve --log-key OLD --log-key " << options.file << " ...\n"
         << "  2. let governance decide:\n"
         << "       kengred ledger rotate-log-key '" << verifier_key << "' --save rotation.json\n"
         << "  3. keep the old key until every checkpoint since is signed with the new one.\n";
  return kExitOk;
}

ExitCode RunLogKeyShow(const LogKeyShowOptions& options, Io& io) {
  const auto key = ReadLogKeyFile(options.file);
  if (!key.ok()) return Complain(key.status(), kExitUsage, io);
  io.out << (*key)->verifier_key().Format() << "\n";
  return kExitOk;
}

}  // namespace kengred::server
