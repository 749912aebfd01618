#include "server/main/log_key.h"

#include <sodium.h>

#include "files/small_file.h"
#include "kengred/core/note_secret.h"
#include "kengred/core/signing.h"
#include "server/main/command_status.h"
#include "server/main/json_text.h"
#include "server/main/ledger_file.h"

namespace kengred::server {
namespace {

absl::Status NoKey(const std::string& path) {
  return absl::InvalidArgumentError(path +
                                    " is no log key; give the file that `kengred-server init` or "
                                    "`kengred-server log-key new` has made");
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
  auto line = FormatNoteSecret(origin, KeyType::kEd25519, seed);
  auto key = SecretKey::FromSeed(seed);
  sodium_memzero(seed.data(), seed.size());
  if (!line.ok()) return line.status();
  if (!key.ok()) return key.status();
  *line += '\n';
  const absl::Status status = CreateSecretFile(path, *line);
  sodium_memzero(line->data(), line->size());
  if (!status.ok()) return status;
  absl::StatusOr<NoteSigner> signer = NoteSigner::Make(origin, *std::move(key));
  if (!signer.ok()) return signer.status();
  return std::make_shared<const NoteSigner>(*std::move(signer));
}

absl::StatusOr<std::shared_ptr<const NoteSigner>> ReadLogKeyFile(const std::string& path) {
  absl::StatusOr<std::string> line = ReadSecretFile(path);
  if (absl::IsNotFound(line.status())) {
    return absl::NotFoundError(
        "the log key " + path +
        " is not there; give its file with --log-key. Without it this ledger "
        "can sign no checkpoint");
  }
  if (!line.ok()) return line.status();
  absl::StatusOr<NoteSecret> secret = ParseNoteSecret(*line);
  sodium_memzero(line->data(), line->size());
  if (!secret.ok() || secret->type != KeyType::kEd25519) return NoKey(path);
  absl::StatusOr<NoteSigner> signer = NoteSigner::Make(secret->name, std::move(secret->key));
  if (!signer.ok()) return NoKey(path);
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
