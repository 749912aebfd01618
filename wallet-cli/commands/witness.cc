// How many witnesses a person demands of a ledger: ledger witnesses.
#include "wallet/witness.h"

#include <optional>

#include "kengred/core/limits.h"
#include "wallet/commands/commands.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

struct LedgerWitnessesOptions {
  std::optional<size_t> needed;
  size_t hours = kWitnessHoursDefault;
};

void BindLedgerWitnesses(CLI::App& command, LedgerWitnessesOptions& options) {
  auto* needed = command
                     .add_option("NUMBER", options.needed,
                                 _("how many must vouch from now on; 0: none (default: show)"))
                     ->check(CLI::Range(size_t{0}, kWitnessesMax));
  command
      .add_option("--within", options.hours, _("how many hours a cosignature counts (default: 24)"))
      ->type_name(_("HOURS"))
      ->check(CLI::Range(size_t{1}, kWitnessHoursMax))
      ->needs(needed);
}

absl::Status RunLedgerWitnesses(const LedgerWitnessesOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(Profile profile, Profile::Load(io));
  WALLET_ASSIGN_OR_RETURN(const LedgerEntry* chosen, profile.ChosenLedger(io));
  LedgerEntry entry = *chosen;
  if (options.needed.has_value()) {
    entry.witnesses_needed = *options.needed;
    entry.witness_hours = options.hours;
  }
  WALLET_ASSIGN_OR_RETURN(client::ClientOptions client_options, ClientOptionsOf(entry, io));
  // What is demanded may be more than there is: this command says so, and changes it.
  client_options.witness_policy.witnesses_needed = 0;
  client_options.log_memory = client::NewFileLogMemory(profile.log_folder());
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, io.connect(client_options));
  WALLET_ASSIGN_OR_RETURN(const client::LogState log, ledger->CheckLog());
  const size_t named = log.witnesses.size();
  if (options.needed.has_value()) {
    if (entry.witnesses_needed > named) {
      return Fail(ExitCode::kUsage,
                  Tr("You ask for {} witnesses; the charter of {} names {}.",
                     entry.witnesses_needed, Printable(ledger->charter().name()), named),
                  Tr("Give a number from 0 to {}.", named));
    }
    *profile.config().FindLedger(entry.name) = entry;
    WALLET_RETURN_IF_ERROR(profile.Save());
  }
  const size_t vouching = CountVouching(log.witnesses);
  Json json;
  json["ledger"] = entry.name;
  json["witnesses_needed"] = entry.witnesses_needed;
  json["hours"] = entry.witness_hours;
  json["vouching"] = vouching;
  json["witnesses"] = WitnessesJson(log.witnesses);
  std::string text =
      entry.witnesses_needed == 0
          ? std::string(_("You demand no witness of this ledger."))
          : Tr("You demand that {} of the {} witnesses have cosigned within {} hours.",
               entry.witnesses_needed, named, entry.witness_hours);
  text += "\n";
  if (named > 0) text += WitnessesTable(log.witnesses, io.color_out);
  io.Result(json, text);
  if (named == 0) io.Say(_("The charter of this ledger names no witness."));
  if (vouching < entry.witnesses_needed) {
    io.Warn(
        Tr("Today {} vouch: the wallet does not use this ledger until there are more.", vouching));
  }
  return absl::OkStatus();
}

}  // namespace

void RegisterWitnessCommands(Cli& cli, CLI::App* ledger) {
  cli.Command<LedgerWitnessesOptions>(
      ledger,
      {"witnesses",
       _("show who watches over the ledger, and how many of them you demand"),
       _("A witness is another association's program that cosigns what the ledger shows, after "
         "checking that nothing was taken back. With a number the wallet uses the ledger only "
         "while so many of the charter's witnesses have cosigned what it shows."),
       {"kengred ledger witnesses", "kengred ledger witnesses 2",
        "kengred ledger witnesses 1 --within 72"}},
      BindLedgerWitnesses, RunLedgerWitnesses);
}

}  // namespace kengred::wallet
