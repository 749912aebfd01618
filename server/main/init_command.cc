#include "server/main/init_command.h"

#include <filesystem>
#include <memory>

#include "files/small_file.h"
#include "kengred/core/charter.h"
#include "server/main/charter_toml.h"
#include "server/main/command_status.h"
#include "server/main/json_text.h"
#include "server/main/log_key.h"
#include "server/sequence/sequencer.h"
#include "server/storage/rocksdb_store.h"

namespace kengred::server {
namespace {

absl::StatusOr<v1::Charter> ReadCharter(const std::string& file) {
  const absl::StatusOr<std::string> text = ReadSmallFile(file);
  if (!text.ok()) return text.status();
  return ParseCharterToml(*text, file);
}

std::string Summary(const v1::Charter& charter) {
  std::string currencies;
  for (const v1::Currency& currency : charter.currencies()) {
    currencies += (currencies.empty() ? "" : ", ") + currency.code();
    if (!currency.backing_currency().empty()) {
      currencies += " (backed by " + currency.backing_currency() + ")";
    }
  }
  return "  name        " + charter.name() + "\n" +                //
         "  addresses   " + charter.address_prefix() + "1...\n" +  //
         "  time zone   " + charter.time_zone() + "\n" +           //
         "  currencies  " + currencies + "\n" +                    //
         "  governance  " + std::to_string(charter.governance().threshold()) + " of " +
         std::to_string(charter.governance().public_keys_size()) + " keys must sign\n";
}

// A key that is there already, from an init that went wrong, say; or a new one.
absl::StatusOr<std::shared_ptr<const NoteSigner>> FindOrMakeLogKey(const std::string& file,
                                                                   const std::string& origin) {
  auto key = ReadLogKeyFile(file);
  if (absl::IsNotFound(key.status())) return MakeLogKeyFile(file, origin);
  if (key.ok() && (*key)->verifier_key().name() != origin) {
    return absl::FailedPreconditionError("the key in " + file + " is of the log \"" +
                                         (*key)->verifier_key().name() +
                                         "\"; choose another file with --log-key");
  }
  return key;
}

absl::StatusOr<LedgerId> MakeLedger(const InitOptions& options, const std::string& charter_bytes,
                                    const std::shared_ptr<const NoteSigner>& log_key,
                                    int64_t now_us) {
  storage::RocksDbOptions store_options;
  store_options.path = options.data;
  store_options.create_if_missing = true;
  absl::StatusOr<std::unique_ptr<storage::Store>> store = storage::OpenRocksDbStore(store_options);
  if (!store.ok()) return store.status();
  // Looked at before anybody writes: becoming the writer would leave a trace.
  const absl::StatusOr<storage::Head> head = (*store)->head();
  if (!head.ok()) return head.status();
  if (head->sequence != 0) return absl::AlreadyExistsError("there is a ledger already");
  return sequence::InitializeLedger(store->get(), charter_bytes, log_key, now_us);
}

}  // namespace

ExitCode RunInit(const InitOptions& options, Io& io) {
  absl::StatusOr<v1::Charter> charter = ReadCharter(options.charter_file);
  if (!charter.ok()) return Complain(charter.status(), kExitUsage, io);
  const std::string log_key_file =
      options.log_key_file.empty() ? DefaultLogKeyFile(options.data) : options.log_key_file;
  const bool had_log_key = std::filesystem::exists(log_key_file);
  const auto log_key = FindOrMakeLogKey(log_key_file, charter->origin());
  if (!log_key.ok()) {
    const bool full = absl::IsResourceExhausted(log_key.status());
    return Complain(log_key.status(), full ? kExitStore : kExitUsage, io);
  }
  charter->set_log_public_key((*log_key)->verifier_key().public_key().ToBytes());
  if (const absl::Status status = ValidateCharter(*charter); !status.ok()) {
    return Complain(status, kExitUsage, io);
  }
  // Serialized once: from here on these bytes are the charter.
  const std::string bytes = charter->SerializeAsString();
  const absl::StatusOr<LedgerId> ledger_id = MakeLedger(options, bytes, *log_key, io.now_us());
  // A key that signs for no ledger is not left behind.
  if (!ledger_id.ok() && !had_log_key) RemoveFile(log_key_file).IgnoreError();
  if (absl::IsAlreadyExists(ledger_id.status())) {
    return Complain(absl::AlreadyExistsError(options.data +
                                             " already holds a ledger; choose another directory, "
                                             "or start it with `kengred-server serve --data " +
                                             options.data + "`"),
                    kExitStore, io);
  }
  if (!ledger_id.ok()) return Complain(ledger_id.status(), kExitStore, io);

  std::error_code ignored;
  const std::filesystem::path absolute = std::filesystem::absolute(options.data, ignored);
  const std::string verifier_key = (*log_key)->verifier_key().Format();
  if (options.json) {
    io.out << JsonObject()
                  .Text("ledger_id", ledger_id->ToHex())
                  .Text("name", charter->name())
                  .Text("address_prefix", charter->address_prefix())
                  .Text("data", absolute.string())
                  .Text("verifier_key", verifier_key)
                  .Text("log_key", log_key_file)
                  .ToString()
           << "\n";
    return kExitOk;
  }
  io.out
      << "The ledger is made.\n\n"
      << "  ledger id   " << ledger_id->ToHex() << "\n"
      << Summary(*charter) << "  data        " << absolute.string() << "\n"
      << "  log key     " << log_key_file << "  keep it out of backups of the ledger\n"
      << "  verify with " << verifier_key << "\n\n"
      << "Next:\n"
      << "  1. start it               kengred-server serve --data " << absolute.string() << "\n"
      << "  2. add it to a wallet     kengred ledger add 127.0.0.1:4365\n"
      << "  3. open the accounts of the issuer, the treasurer, the registrar and the committee,\n"
      << "     and let governance give them their roles: kengred role grant --help\n";
  return kExitOk;
}

ExitCode RunCharterCheck(const CharterCheckOptions& options, Io& io) {
  const absl::StatusOr<v1::Charter> charter = ReadCharter(options.charter_file);
  if (!charter.ok()) return Complain(charter.status(), kExitUsage, io);
  io.out << options.charter_file << " is a good charter.\n\n" << Summary(*charter);
  return kExitOk;
}

ExitCode RunCharterExample(Io& io) {
  io.out << CharterExample();
  return kExitOk;
}

}  // namespace kengred::server
