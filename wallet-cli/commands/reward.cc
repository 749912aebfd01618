// Paying services out of programmes: reward give, import.
#include "kengred/core/amount.h"
#include "kengred/core/signing.h"
#include "wallet/award_list.h"
#include "wallet/commands/commands.h"
#include "wallet/pot.h"
#include "wallet/reward_import.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// ---- reward give ----

struct RewardGiveOptions {
  std::string programme;
  std::string who;
  std::string activity;
  int64_t quantity = 0;
  std::string evidence;
  std::string reference;
  ActOptions act;
};

void BindRewardGive(CLI::App& command, RewardGiveOptions& options) {
  command
      .add_option("PROGRAMME", options.programme,
                  _("the programme: an address, a contact or an @alias"))
      ->required();
  command.add_option("WHO", options.who, _("who is paid: an address, a contact or an @alias"))
      ->required();
  command.add_option("--activity", options.activity, _("the code of the activity"))
      ->type_name(_("CODE"))
      ->required();
  command.add_option("--quantity", options.quantity, _("how many of its units"))
      ->type_name("N")
      ->required()
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}));
  command
      .add_option("--evidence", options.evidence,
                  _("what shows it; kept beside the journal, and can be erased"))
      ->type_name(_("TEXT"));
  command
      .add_option("--ref", options.reference,
                  _("your own id of this service: with it, it is never paid twice"))
      ->type_name("REF");
  AddActOptions(command, options.act);
}

absl::Status RunRewardGive(const RewardGiveOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(const Pot pot, FindPot(*session, options.programme));
  WALLET_ASSIGN_OR_RETURN(const AccountId beneficiary, session->Resolve(options.who));
  const v1::Activity* activity = pot.FindActivity(options.activity);
  if (activity == nullptr) {
    return Fail(ExitCode::kNotFound, Tr("The programme has no activity “{}”.", options.activity),
                Tr("Its activities are: {}.", ActivityList(pot)));
  }
  const auto pay = CheckedMultiply(options.quantity, activity->rate_minor());
  if (!pay.has_value()) {
    return Fail(ExitCode::kUsage, _("The quantity is too large."), _("Give a smaller quantity."));
  }
  Act act;
  v1::Reward* reward = act.Add()->mutable_reward();
  reward->set_programme_account_id(pot.id.ToBytes());
  v1::Award* award = reward->add_awards();
  award->set_beneficiary_account_id(beneficiary.ToBytes());
  award->set_activity(options.activity);
  award->set_quantity(options.quantity);
  award->set_reference(options.reference.empty()
                           ? RandomBytes(Digest::kSize)
                           : AwardReferences(pot.id).OfReference(options.reference));
  if (!options.evidence.empty()) *award->mutable_evidence() = act.Commit(options.evidence);
  const std::string amount = session->currencies().Format(pot.currency(), *pay);
  act.more = {{_("pays"), amount},
              {_("can still be paid"),
               session->currencies().Format(pot.currency(), pot.status.available_minor())}};
  act.needs_others = NeedsValidators(*session, pot);
  act.done = Tr("{} received {} from {}.", session->ShortName(beneficiary), amount,
                session->ShortName(pot.id));
  act.json["programme"] = session->Address(pot.id);
  act.json["beneficiary"] = session->Address(beneficiary);
  act.json["activity"] = options.activity;
  act.json["quantity"] = options.quantity;
  act.json["amount"] = session->currencies().ToJson(pot.currency(), *pay);
  return Perform(*session, options.act, std::move(act)).status();
}

// ---- reward import ----

void BindRewardImport(CLI::App& command, RewardImportOptions& options) {
  command
      .add_option("PROGRAMME", options.programme,
                  _("the programme: an address, a contact or an @alias"))
      ->required();
  command.add_option("FILE", options.file, _("the list, a CSV file"))->required();
  command
      .add_option("--batch", options.batch,
                  _("how many lines one signed transaction pays, 1 to 500 (default: 100)"))
      ->type_name("N")
      ->check(CLI::Range(size_t{1}, kImportBatchMax));
  AddActOptions(command, options.act);
}

}  // namespace

void RegisterRewardCommands(Cli& cli) {
  cli.Section(_("Running an association"));
  CLI::App* reward = cli.Group(
      {"reward",
       _("pay services out of a programme"),
       _("The association and the required number of the programme's validators sign each reward. "
         "Save it for them with --save FILE, or let profiles of this machine sign with "
         "--also-sign."),
       {"kengred reward give @repair-cafe heol1… --activity repair --quantity 2 --also-sign yann",
        "kengred reward import @repair-cafe services.csv --dry-run"}});
  cli.Command<RewardGiveOptions>(
      reward,
      {"give",
       _("pay one service"),
       "",
       {"kengred reward give @repair-cafe heol1… --activity repair --quantity 2 --ref 2027-04-03/7 "
        "--save reward.json",
        "kengred reward give @repair-cafe anne --activity repair --quantity 1 --evidence "
        "\"toaster\" "
        "--also-sign yann"}},
      BindRewardGive, RunRewardGive);
  cli.Command<RewardImportOptions>(
      reward,
      {"import",
       _("pay a list of services from a CSV file"),
       _("The first line names the columns, in any order: beneficiary (an address, a contact or an "
         "@alias), activity, quantity, and optionally reference (your own id of the service) and "
         "evidence. Cells are separated by commas or semicolons. Every line that cannot be used is "
         "named before anything is sent.\n"
         "Running the command again never pays twice: each service has a reference that counts "
         "once, "
         "for ever. Lines without one are known by their content.\n"
         "With --save, each transaction becomes a file: FILE-001, FILE-002, …"),
       {"kengred reward import @repair-cafe services.csv --dry-run",
        "kengred reward import @repair-cafe services.csv --also-sign yann",
        "kengred reward import @repair-cafe services.csv --save rewards"}},
      BindRewardImport, RunRewardImport);
}

}  // namespace kengred::wallet
