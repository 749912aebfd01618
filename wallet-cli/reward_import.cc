#include "wallet/reward_import.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "kengred/core/amount.h"
#include "kengred/core/limits.h"
#include "kengred/core/signing.h"
#include "wallet/award_list.h"
#include "wallet/describe.h"
#include "wallet/files.h"
#include "wallet/pot.h"
#include "wallet/progress.h"
#include "wallet/reward_report.h"
#include "wallet/session.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"
#include "wallet/transaction_file.h"

namespace kengred::wallet {
namespace {

// A transaction and all it changes must fit one commit of 768 KiB, evidence included.
constexpr size_t kBatchEvidenceBytesMax = 256 * 1024;

// Whether the ledger said that signatures are missing, and nothing else.
bool LacksSignatures(const absl::Status& status) {
  const auto refusal = client::RefusalOf(status);
  return refusal.has_value() && (refusal->verdict == v1::VERDICT_NOT_SIGNED_BY_HOLDER ||
                                 refusal->verdict == v1::VERDICT_NOT_SIGNED_BY_VALIDATORS);
}

// What is wrong with the list, line by line.
absl::Status LinesError(const std::string& file, std::vector<LineProblem> problems) {
  std::stable_sort(problems.begin(), problems.end(),
                   [](const LineProblem& a, const LineProblem& b) { return a.line < b.line; });
  std::string message = TrN("{} line of {} cannot be used. Nothing was sent.",
                            "{} lines of {} cannot be used. Nothing was sent.", problems.size(),
                            problems.size(), file);
  for (const LineProblem& problem : problems) {
    message += "\n  " + Tr("line {}: {}", problem.line, problem.what);
  }
  return Fail(ExitCode::kFile, message,
              _("Correct the file and run the command again; kengred reward import --help has the "
                "form."));
}

// An import from the reading of the file to the last batch.
class Import {
 public:
  Import(Session& session, const RewardImportOptions& options, Pot pot)
      : session_(session), options_(options), pot_(std::move(pot)) {
    result_.file = options.file;
    result_.dry_run = options.act.dry_run;
  }

  absl::Status Run() {
    WALLET_RETURN_IF_ERROR(CheckOptions());
    WALLET_RETURN_IF_ERROR(ReadFile());
    WALLET_RETURN_IF_ERROR(FindPaid());
    if (options_.act.dry_run) {
      if (result_.Count(RewardItem::State::kToPay) > 0) WALLET_RETURN_IF_ERROR(SendAll());
      return ReportImport(session_, pot_, result_);
    }
    if (result_.Count(RewardItem::State::kToPay) == 0) return ReportImport(session_, pot_, result_);
    WALLET_RETURN_IF_ERROR(session_.io().Confirm(
        Summary(), options_.act.save_file.empty() ? _("Sign and send?") : _("Sign and save?")));
    WALLET_RETURN_IF_ERROR(SendAll());
    return ReportImport(session_, pot_, result_);
  }

 private:
  using Batch = std::vector<RewardItem*>;

  bool saving() const { return !options_.act.save_file.empty(); }
  std::string Amount(int64_t minor) const {
    return session_.currencies().Format(pot_.currency(), minor);
  }

  absl::Status CheckOptions() {
    if (options_.act.dry_run && saving()) {
      return Fail(ExitCode::kUsage, _("--dry-run and --save exclude each other."),
                  _("Give one of them."));
    }
    if (!options_.act.valid_for.empty()) {
      WALLET_RETURN_IF_ERROR(ParseDuration(options_.act.valid_for).status());
    }
    return CheckSigners(options_.act, NeedsValidators(session_, pot_));
  }

  // Reads all lines and judges what can be judged here: nothing is sent while one cannot be used.
  absl::Status ReadFile() {
    WALLET_ASSIGN_OR_RETURN(const std::string text,
                            ReadWholeFile(options_.file, kAwardListBytesMax));
    AwardList list = ParseAwardList(text);
    for (const std::string& column : list.ignored_columns) {
      session_.io().Say(Tr("Column “{}” is not used.", Printable(column)));
    }
    std::vector<LineProblem> problems = std::move(list.problems);
    AwardReferences references(pot_.id);
    int64_t total = 0;
    for (AwardLine& line : list.lines) {
      RewardItem item;
      item.line = std::move(line);
      WALLET_ASSIGN_OR_RETURN(std::string problem, Judge(&item));
      const auto sum = CheckedAdd(total, item.pay_minor);
      if (problem.empty() && !sum.has_value()) problem = _("The amounts are too large.");
      if (!problem.empty()) {
        problems.push_back({item.line.line, std::move(problem)});
        continue;
      }
      total = *sum;
      item.reference = item.line.reference.empty()
                           ? references.OfContent(item.beneficiary, item.line.activity,
                                                  item.line.quantity, item.line.evidence)
                           : references.OfReference(item.line.reference);
      result_.items.push_back(std::move(item));
    }
    if (!problems.empty()) return LinesError(options_.file, std::move(problems));
    return absl::OkStatus();
  }

  // What is wrong with a line, or nothing. An error where the network fails.
  absl::StatusOr<std::string> Judge(RewardItem* item) {
    const AwardLine& line = item->line;
    const auto known = resolved_.find(line.beneficiary);
    if (known != resolved_.end()) {
      item->beneficiary = known->second;
    } else {
      const auto found = session_.Resolve(line.beneficiary);
      if (!found.ok()) {
        const ErrorReport report = Explain(found.status(), session_.io());
        if (report.exit == ExitCode::kUnavailable || report.exit == ExitCode::kInternal) {
          return found.status();
        }
        return report.message;
      }
      item->beneficiary = *found;
      resolved_.emplace(line.beneficiary, *found);
    }
    if (pot_.IsValidator(item->beneficiary)) {
      return std::string(_("A validator of the programme cannot be its beneficiary."));
    }
    if (item->beneficiary.view() == pot_.terms().association_account_id()) {
      return std::string(_("The programme's association cannot be its beneficiary."));
    }
    const v1::Activity* activity = pot_.FindActivity(line.activity);
    if (activity == nullptr) {
      return Tr("The programme has no activity “{}”; its activities are: {}.",
                Printable(line.activity), ActivityList(pot_));
    }
    if (line.quantity > activity->quantity_max()) {
      return Tr("One award counts at most {}; {} was asked.", activity->quantity_max(),
                line.quantity);
    }
    const auto pay = CheckedMultiply(line.quantity, activity->rate_minor());
    if (!pay.has_value()) return std::string(_("The amounts are too large."));
    item->pay_minor = *pay;
    return std::string();
  }

  // Marks the lines that have been paid already.
  absl::Status FindPaid() {
    WALLET_ASSIGN_OR_RETURN(const client::Reader* reader, session_.reader());
    Progress progress(session_.io(), _("Checking"), result_.items.size());
    for (size_t begin = 0; begin < result_.items.size(); begin += kAwardsMax) {
      const size_t end = std::min(begin + kAwardsMax, result_.items.size());
      v1::CheckAwardsRequest request;
      request.set_programme_account_id(pot_.id.ToBytes());
      for (size_t i = begin; i < end; ++i) request.add_references(result_.items[i].reference);
      WALLET_ASSIGN_OR_RETURN(const v1::CheckAwardsResponse response,
                              session_.ledger().CheckAwards(*reader, request));
      if (response.sequences_size() != request.references_size()) {
        return Fail(ExitCode::kInternal, _("The server's answer is incomplete."),
                    _("Please report this, with the command and this message."));
      }
      for (size_t i = begin; i < end; ++i) {
        const uint64_t sequence = response.sequences(static_cast<int>(i - begin));
        if (sequence == 0) continue;
        result_.items[i].state = RewardItem::State::kAlreadyPaid;
        result_.items[i].sequence = sequence;
      }
      progress.Advance(end - begin);
    }
    return absl::OkStatus();
  }

  // Cuts what is to be paid into batches.
  std::vector<Batch> Batches() {
    std::vector<Batch> batches;
    size_t evidence_bytes = 0;
    for (RewardItem& item : result_.items) {
      if (item.state != RewardItem::State::kToPay) continue;
      evidence_bytes += item.line.evidence.size();
      if (batches.empty() || batches.back().size() >= options_.batch ||
          evidence_bytes > kBatchEvidenceBytesMax) {
        batches.emplace_back();
        evidence_bytes = item.line.evidence.size();
      }
      batches.back().push_back(&item);
    }
    return batches;
  }

  Act ActOf(const Batch& batch) const {
    Act act;
    v1::Reward* reward = act.Add()->mutable_reward();
    reward->set_programme_account_id(pot_.id.ToBytes());
    for (const RewardItem* item : batch) {
      v1::Award* award = reward->add_awards();
      award->set_beneficiary_account_id(item->beneficiary.ToBytes());
      award->set_activity(item->line.activity);
      award->set_quantity(item->line.quantity);
      award->set_reference(item->reference);
      if (!item->line.evidence.empty()) {
        *award->mutable_evidence() = act.Commit(item->line.evidence);
      }
    }
    return act;
  }

  absl::Status SendAll() {
    const std::vector<Batch> batches = Batches();
    // Before any file is written: none is overwritten half way.
    for (size_t i = 0; saving() && i < batches.size(); ++i) {
      if (FileExists(FileOf(i))) {
        return Fail(ExitCode::kFile, Tr("{} exists already.", FileOf(i)),
                    _("Choose another name, or move the file away."));
      }
    }
    // The passphrases are asked before the bar is drawn.
    WALLET_RETURN_IF_ERROR(session_.key().status());
    for (const std::string& profile : options_.act.also_sign) {
      WALLET_RETURN_IF_ERROR(session_.KeyOf(profile).status());
    }
    const char* label = options_.act.dry_run ? _("Asking") : saving() ? _("Saving") : _("Paying");
    Progress progress(session_.io(), label, result_.Count(RewardItem::State::kToPay));
    for (size_t i = 0; i < batches.size(); ++i) {
      const absl::Status status = saving() ? Save(batches[i], FileOf(i)) : Send(batches[i]);
      if (!status.ok()) {
        // What has been paid is paid: the report says what became of each line.
        result_.stopped = status;
        const ExitCode exit = Explain(status, session_.io()).exit;
        if (!saving() && (exit == ExitCode::kUnavailable || exit == ExitCode::kInternal)) {
          for (RewardItem* item : batches[i]) {
            if (item->state == RewardItem::State::kToPay) {
              item->state = RewardItem::State::kUnanswered;
            }
          }
        }
        for (const Batch& rest : batches) {
          for (RewardItem* item : rest) {
            if (item->state == RewardItem::State::kToPay) item->state = RewardItem::State::kNotSent;
          }
        }
        return absl::OkStatus();
      }
      progress.Advance(batches[i].size());
    }
    return absl::OkStatus();
  }

  // Sends one batch. A line that the ledger refuses is left out and the rest sent again, so that
  // one person's cap does not keep the others waiting. An error ends the import.
  absl::Status Send(Batch batch) {
    while (!batch.empty()) {
      const Act act = ActOf(batch);
      WALLET_ASSIGN_OR_RETURN(v1::SubmitTransactionRequest request,
                              BuildAndSign(session_, options_.act, act));
      request.set_validate_only(options_.act.dry_run);
      // Unlike other acts, a batch without an answer needs not be kept: its references make it safe
      // to make it anew.
      const auto response = session_.ledger().Submit(request);
      if (response.ok()) {
        for (RewardItem* item : batch) {
          item->state =
              options_.act.dry_run ? RewardItem::State::kAcceptable : RewardItem::State::kPaid;
          item->sequence = response->sequence();
        }
        if (!options_.act.dry_run) {
          result_.transactions.push_back(
              TransactionIdOf(request.signed_transaction().transaction()).ToHex());
        }
        return absl::OkStatus();
      }
      if (options_.act.dry_run && LacksSignatures(response.status())) {
        result_.lacks_signatures = true;
        return absl::OkStatus();
      }
      const std::optional<size_t> refused = RefusedAward(response.status(), batch.size());
      if (!refused.has_value()) return response.status();
      Refuse(batch[*refused], response.status());
      batch.erase(batch.begin() + static_cast<Batch::difference_type>(*refused));
    }
    return absl::OkStatus();
  }

  // Which award of a batch a refusal is about. Nothing where it is about the batch as a whole: the
  // signatures, the programme's dates, its budget.
  static std::optional<size_t> RefusedAward(const absl::Status& status, size_t batch_size) {
    const auto refusal = client::RefusalOf(status);
    if (!refusal.has_value()) return std::nullopt;
    switch (refusal->verdict) {
      case v1::VERDICT_PROGRAMME_EXHAUSTED:
      case v1::VERDICT_TOTAL_CAP:
        return std::nullopt;
      default:
        break;
    }
    const auto figure = refusal->figures.find("award_index");
    if (figure == refusal->figures.end() || figure->second.empty() || figure->second.size() > 4 ||
        figure->second.find_first_not_of("0123456789") != std::string::npos) {
      return std::nullopt;
    }
    const size_t index = std::stoul(figure->second);
    if (index >= batch_size) return std::nullopt;
    return index;
  }

  void Refuse(RewardItem* item, const absl::Status& status) {
    const ErrorReport report = Explain(status, session_.io());
    const auto refusal = client::RefusalOf(status);
    // Somebody paid it between the check and now.
    if (refusal.has_value() && refusal->verdict == v1::VERDICT_AWARD_PAID) {
      item->state = RewardItem::State::kAlreadyPaid;
      const auto sequence = refusal->figures.find("sequence");
      if (sequence != refusal->figures.end()) {
        item->sequence = std::strtoull(sequence->second.c_str(), nullptr, 10);
      }
      return;
    }
    item->state = RewardItem::State::kRefused;
    item->verdict = report.verdict;
    item->message = report.message;
  }

  // "FILE-001"
  std::string FileOf(size_t batch) const {
    return fmt::format("{}-{:03}", options_.act.save_file, batch + 1);
  }

  absl::Status Save(const Batch& batch, const std::string& path) {
    Act act = ActOf(batch);
    WALLET_ASSIGN_OR_RETURN(const v1::SubmitTransactionRequest request,
                            BuildAndSign(session_, options_.act, act));
    TransactionFile file;
    file.community = session_.charter().name();
    file.signed_transaction = request.signed_transaction();
    file.side_records = std::move(act.side_records);
    int64_t sum = 0;
    for (const RewardItem* item : batch) sum += item->pay_minor;
    file.summary = {Tr("Rewards of {}", session_.FullName(pot_.id)),
                    Tr("lines {} to {} of {}", batch.front()->line.line, batch.back()->line.line,
                       options_.file),
                    Tr("{} awards, {} in all", batch.size(), Amount(sum))};
    WALLET_RETURN_IF_ERROR(WriteTransactionFile(path, file, false));
    for (RewardItem* item : batch) item->state = RewardItem::State::kSaved;
    result_.files.push_back(path);
    return absl::OkStatus();
  }

  std::string Summary() {
    const int64_t total = result_.Sum(RewardItem::State::kToPay);
    const int64_t available = pot_.status.available_minor();
    std::set<AccountId> persons;
    for (const RewardItem& item : result_.items) {
      if (item.state == RewardItem::State::kToPay) persons.insert(item.beneficiary);
    }
    std::vector<Fact> facts = {
        {_("programme"), session_.FullName(pot_.id)},
        {_("file"), options_.file},
        {_("lines to pay"), std::to_string(result_.Count(RewardItem::State::kToPay))}};
    if (const size_t paid = result_.Count(RewardItem::State::kAlreadyPaid); paid > 0) {
      facts.push_back({_("paid already"), std::to_string(paid)});
    }
    facts.push_back({_("beneficiaries"), std::to_string(persons.size())});
    facts.push_back({_("transactions"), std::to_string(Batches().size())});
    facts.push_back({_("total"), Amount(total)});
    facts.push_back({_("can still be paid"), Amount(available)});
    if (total > available) facts.push_back({_("missing"), Amount(total - available)});
    return Bold(_("Rewards from a list"), session_.io().color_err) + "\n" + FormatFacts(facts);
  }

  Session& session_;
  const RewardImportOptions& options_;
  const Pot pot_;
  std::map<std::string, AccountId> resolved_;
  ImportResult result_;
};

}  // namespace

absl::Status RunRewardImport(const RewardImportOptions& options, Io& io) {
  WALLET_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Open(io));
  WALLET_ASSIGN_OR_RETURN(Pot pot, FindPot(*session, options.programme));
  return Import(*session, options, std::move(pot)).Run();
}

}  // namespace kengred::wallet
