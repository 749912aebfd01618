#include "server/main/init_command.h"

#include <filesystem>
#include <memory>

#include "kengred/core/charter.h"
#include "server/main/charter_toml.h"
#include "server/main/command_status.h"
#include "server/main/files.h"
#include "server/main/json_text.h"
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

absl::StatusOr<LedgerId> MakeLedger(const InitOptions& options, const std::string& charter_bytes,
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
  return sequence::InitializeLedger(store->get(), charter_bytes, now_us);
}

}  // namespace

ExitCode RunInit(const InitOptions& options, Io& io) {
  const absl::StatusOr<v1::Charter> charter = ReadCharter(options.charter_file);
  if (!charter.ok()) return Complain(charter.status(), kExitUsage, io);
  // Serialized once: from here on these bytes are the charter.
  const std::string bytes = charter->SerializeAsString();
  const absl::StatusOr<LedgerId> ledger_id = MakeLedger(options, bytes, io.now_us());
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
  if (options.json) {
    io.out << JsonObject()
                  .Text("ledger_id", ledger_id->ToHex())
                  .Text("name", charter->name())
                  .Text("address_prefix", charter->address_prefix())
                  .Text("data", absolute.string())
                  .ToString()
           << "\n";
    return kExitOk;
  }
  io.out
      << "The ledger is made.\n\n"
      << "  ledger id   " << ledger_id->ToHex() << "\n"
      << Summary(*charter) << "  data        " << absolute.string() << "\n\n"
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
