#include "server/main/erase_command.h"

#include "kengred/core/address.h"
#include "server/main/command_status.h"
#include "server/main/erasure.h"
#include "server/main/json_text.h"
#include "server/main/ledger_file.h"

namespace kengred::server {
namespace {

// "1 profile, 1 alias and 3 texts"
std::string Counts(const ErasurePlan& plan) {
  const auto count = [](size_t number, const std::string& one, const std::string& many) {
    return std::to_string(number) + " " + (number == 1 ? one : many);
  };
  return count(plan.profiles, "profile", "profiles") + ", " +
         count(plan.aliases, "alias", "aliases") + " and " +
         count(plan.texts, "text (memo, reason or evidence)", "texts (memos, reasons, evidence)");
}

JsonObject CountsJson(const ErasurePlan& plan) {
  JsonObject json;
  json.Number("profiles", uint64_t{plan.profiles})
      .Number("aliases", uint64_t{plan.aliases})
      .Number("texts", uint64_t{plan.texts});
  return json;
}

absl::StatusOr<ErasurePlan> MakePlan(const EraseOptions& options, const LedgerFile& ledger) {
  if (options.account.empty()) {
    const auto transaction = TransactionId::FromHex(options.transaction);
    if (!transaction) {
      return absl::InvalidArgumentError("\"" + options.transaction +
                                        "\" is no transaction id; write its 64 hexadecimal digits");
    }
    return PlanTransactionErasure(ledger.store.get(), *transaction);
  }
  const absl::StatusOr<AccountId> account =
      DecodeAddress(ledger.charter.address_prefix(), options.account);
  if (!account.ok()) return account.status();
  return PlanAccountErasure(ledger.store.get(), *account);
}

// Whether to go on.
bool Confirm(const EraseOptions& options, Io& io) {
  if (options.yes) return true;
  io.err << "They cannot be brought back. Erase them? Type yes: " << std::flush;
  std::string answer;
  std::getline(io.in, answer);
  return answer == "yes";
}

absl::Status Erase(const ErasurePlan& plan, storage::Store* store) {
  const absl::StatusOr<storage::Head> writer = store->acquire("kengred-server erase");
  if (!writer.ok()) return writer.status();
  if (absl::Status status = store->erase(plan.keys); !status.ok()) return status;
  return store->release(writer->epoch);
}

}  // namespace

ExitCode RunErase(const EraseOptions& options, Io& io) {
  if (options.account.empty() == options.transaction.empty()) {
    return Complain(
        absl::InvalidArgumentError("say what to erase: --account ADDRESS, or --transaction HEX"),
        kExitUsage, io);
  }
  if (!options.dry_run && !options.yes && !io.in_is_terminal) {
    return Complain(absl::InvalidArgumentError(
                        "nobody is there to confirm; give --yes, or --dry-run to only count"),
                    kExitUsage, io);
  }
  const absl::StatusOr<LedgerFile> ledger = OpenLedgerFile(options.data, options.dry_run);
  if (!ledger.ok()) return Complain(ledger.status(), kExitStore, io);
  const absl::StatusOr<ErasurePlan> plan = MakePlan(options, *ledger);
  if (absl::IsInvalidArgument(plan.status())) return Complain(plan.status(), kExitUsage, io);
  if (absl::IsNotFound(plan.status())) return Complain(plan.status(), kExitNo, io);
  if (!plan.ok()) return Complain(plan.status(), kExitStore, io);

  const std::string before = HashHex(ledger->head.hash);
  if (options.dry_run) {
    if (options.json) {
      io.out << CountsJson(*plan).Boolean("erased", false).Text("head_hash", before).ToString()
             << "\n";
    } else {
      io.out << "There are " << Counts(*plan) << " to erase. Nothing was changed.\n";
    }
    return kExitOk;
  }
  io.err << "About to erase " << Counts(*plan) << ".\n";
  if (!Confirm(options, io)) {
    return Complain(absl::CancelledError("not confirmed; nothing was changed"), kExitNo, io);
  }
  if (const absl::Status status = Erase(*plan, ledger->store.get()); !status.ok()) {
    return Complain(status, kExitStore, io);
  }
  // The journal, read anew from its first entry to its last.
  const absl::StatusOr<storage::Head> after = CheckJournal(ledger->store.get());
  if (!after.ok()) return Complain(after.status(), kExitStore, io);
  if (after->hash != ledger->head.hash || after->sequence != ledger->head.sequence) {
    return Complain(
        absl::InternalError("the journal's head has moved from " + before + " to " +
                            HashHex(after->hash) +
                            "; please report this, and restore the store from a backup"),
        kExitInternal, io);
  }
  if (options.json) {
    io.out << CountsJson(*plan)
                  .Boolean("erased", true)
                  .Number("entries", uint64_t{after->sequence})
                  .Text("head_hash_before", before)
                  .Text("head_hash_after", HashHex(after->hash))
                  .ToString()
           << "\n";
    return kExitOk;
  }
  io.out << "Erased " << Counts(*plan) << ". The journal is as it was:\n"
         << "  entries      " << after->sequence << "\n"
         << "  head before  " << before << "\n"
         << "  head after   " << HashHex(after->hash) << " (computed again from all entries)\n"
         << "Copies of the store, such as backups, still hold what was erased here.\n";
  return kExitOk;
}

}  // namespace kengred::server
