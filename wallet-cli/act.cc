#include "wallet/act.h"

#include <algorithm>
#include <utility>

#include "kengred/core/limits.h"
#include "kengred/core/side_record.h"
#include "kengred/core/transaction_builder.h"
#include "wallet/files.h"
#include "wallet/status_macros.h"
#include "wallet/table.h"
#include "wallet/text.h"
#include "wallet/transaction_file.h"

namespace kengred::wallet {
namespace {

constexpr int64_t kValidSeconds = 3600;
// A saved act travels to other people first.
constexpr int64_t kValidSecondsSaved = 7 * 24 * 3600;
constexpr int64_t kValidSecondsMin = 60;
// How far before this machine's clock an act begins to hold, for a server whose clock is behind.
constexpr int64_t kClockMarginSeconds = 60;

// Operations shown one by one before the rest is counted.
constexpr size_t kOperationsShownMax = 20;

absl::StatusOr<int64_t> ValidSeconds(const ActOptions& options) {
  if (!options.valid_for.empty()) return ParseDuration(options.valid_for);
  return options.save_file.empty() ? kValidSeconds : kValidSecondsSaved;
}

std::string DescribeAct(Session& session, const Act& act, bool color) {
  const Openings openings = OpeningsOf(act.side_records);
  std::string text;
  for (size_t i = 0; i < std::min(act.operations.size(), kOperationsShownMax); ++i) {
    Description description = Describe(session, act.operations[i], openings);
    // Of a single operation, all facts are one list.
    if (act.operations.size() == 1) {
      description.facts.insert(description.facts.end(), act.more.begin(), act.more.end());
    }
    text += FormatDescription(description, color);
  }
  if (act.operations.size() == 1) return text;
  if (act.operations.size() > kOperationsShownMax) {
    text += Tr("… and {} more operations", act.operations.size() - kOperationsShownMax) + "\n";
  }
  return text + FormatFacts(act.more);
}

Json PostingsToJson(Session& session, const v1::SubmitTransactionResponse& response) {
  Json list = Json::array();
  for (const v1::Posting& posting : response.postings()) {
    const auto id = AccountId::FromBytes(posting.account_id());
    Json item;
    item["account"] = id.has_value() ? session.Address(*id) : std::string();
    item["amount"] = session.currencies().ToJson(posting.currency(), posting.amount_minor());
    list.push_back(std::move(item));
  }
  return list;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

absl::StatusOr<ActResult> SaveAct(Session& session, const ActOptions& options, const Act& act,
                                  const v1::SubmitTransactionRequest& request) {
  TransactionFile file;
  file.community = session.charter().name();
  file.signed_transaction = request.signed_transaction();
  file.side_records = act.side_records;
  file.summary = Lines(DescribeAct(session, act, false));
  WALLET_RETURN_IF_ERROR(WriteTransactionFile(options.save_file, file, false));
  ActResult result;
  result.transaction_id = file.transaction_id();
  result.saved_file = options.save_file;
  Json json = act.json;
  json["saved_file"] = options.save_file;
  json["transaction_id"] = result.transaction_id.ToHex();
  json["signatures"] = request.signed_transaction().signatures_size();
  const int signatures = request.signed_transaction().signatures_size();
  std::string text = (signatures == 1 ? Tr("Saved to {}, with your signature. Nothing was sent.",
                                           options.save_file)
                                      : Tr("Saved to {}, with {} signatures. Nothing was sent.",
                                           options.save_file, signatures)) +
                     "\n";
  if (act.outcome) text += act.outcome(result.transaction_id, &json);
  session.io().Result(json, text);
  session.io().Say(
      Tr("Others sign it with: kengred tx sign {0}\nThen send it with: kengred tx "
         "submit {0}",
         options.save_file));
  return result;
}

std::string PendingFolder(const Profile& profile) { return profile.folder() + "/pending"; }

// Whether an error leaves open what became of the transaction.
bool LeavesOpen(const absl::Status& status, const Io& io) {
  const ExitCode exit = Explain(status, io).exit;
  return exit == ExitCode::kUnavailable || exit == ExitCode::kInternal;
}

}  // namespace

v1::Commitment Act::Commit(std::string_view content) {
  if (content.empty()) return {};
  side_records.push_back(MakeSideRecord(content));
  return MakeCommitment(side_records.back());
}

absl::StatusOr<int64_t> ParseDuration(std::string_view text) {
  const auto bad = [text] {
    return Fail(ExitCode::kUsage, Tr("“{}” is not a duration.", text),
                _("Write a number and a unit: 30m, 1h or 7d; from 1m to 90d."));
  };
  if (text.size() < 2 || text.size() > 8) return bad();
  int64_t unit = 0;
  switch (text.back()) {
    case 'm':
      unit = 60;
      break;
    case 'h':
      unit = 3600;
      break;
    case 'd':
    case 'j':  // jours
      unit = 24 * 3600;
      break;
    default:
      return bad();
  }
  int64_t count = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return bad();
    count = count * 10 + (c - '0');
  }
  const int64_t seconds = count * unit;
  if (seconds < kValidSecondsMin || seconds > kValiditySecondsMax) return bad();
  return seconds;
}

absl::StatusOr<v1::SubmitTransactionRequest> BuildAndSign(Session& session,
                                                          const ActOptions& options,
                                                          const Act& act) {
  WALLET_ASSIGN_OR_RETURN(const int64_t seconds, ValidSeconds(options));
  WALLET_ASSIGN_OR_RETURN(const std::shared_ptr<const SecretKey> key, session.key());
  const int64_t margin = std::min(kClockMarginSeconds, kValiditySecondsMax - seconds);
  TransactionBuilder builder(session.ledger().ledger_id(), session.io().now_seconds() - margin,
                             seconds + margin);
  for (const v1::Operation& operation : act.operations) *builder.Add() = operation;
  v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() = builder.Build();
  const size_t bytes = request.signed_transaction().transaction().size();
  if (bytes > kTransactionBytesMax) {
    return Fail(ExitCode::kUsage,
                Tr("The act is too large for one transaction: {} bytes, at most {}.", bytes,
                   kTransactionBytesMax),
                _("Split it into several."));
  }
  AddSignature(*key, request.mutable_signed_transaction());
  for (const std::string& profile : options.also_sign) {
    WALLET_ASSIGN_OR_RETURN(const std::shared_ptr<const SecretKey> other, session.KeyOf(profile));
    AddSignature(*other, request.mutable_signed_transaction());
  }
  for (const v1::SideRecord& record : act.side_records) *request.add_side_records() = record;
  return request;
}

absl::Status CheckSigners(const ActOptions& options, const std::string& needs_others) {
  if (needs_others.empty() || options.dry_run || !options.save_file.empty() ||
      !options.also_sign.empty()) {
    return absl::OkStatus();
  }
  return Fail(
      ExitCode::kRefused, needs_others,
      _("Save it for the others with --save FILE (they sign with: kengred tx sign FILE), or "
        "let profiles of this machine sign with --also-sign PROFILE."));
}

std::string NeedsGovernance(const Session& session) {
  const uint32_t threshold = session.charter().governance().threshold();
  if (threshold <= 1) return {};
  return Tr("{} of the {} governance keys must sign this.", threshold,
            session.charter().governance().public_keys_size());
}

std::vector<std::string> PendingFiles(const Profile& profile) {
  return ListFiles(PendingFolder(profile), ".json");
}

absl::StatusOr<v1::SubmitTransactionResponse> Send(Session& session,
                                                   const v1::SubmitTransactionRequest& request) {
  TransactionFile file;
  file.community = session.charter().name();
  file.signed_transaction = request.signed_transaction();
  file.side_records = {request.side_records().begin(), request.side_records().end()};
  const std::string path =
      PendingFolder(session.profile()) + "/" + file.transaction_id().ToHex() + ".json";
  WALLET_RETURN_IF_ERROR(MakePrivateFolder(PendingFolder(session.profile())));
  WALLET_RETURN_IF_ERROR(WriteTransactionFile(path, file, true));
  auto response = session.ledger().Submit(request);
  if (!response.ok() && LeavesOpen(response.status(), session.io())) {
    const ErrorReport report = Explain(response.status(), session.io());
    return Fail(
        report.exit,
        Tr("No answer: it is not known whether the ledger accepted this. {}", report.message),
        Tr("Do not do it again. Ask with the same transaction, which counts once: kengred tx "
           "submit {}",
           path));
  }
  RemoveFile(path);
  return response;
}

absl::StatusOr<ActResult> Perform(Session& session, const ActOptions& options, Act act) {
  Io& io = session.io();
  // Before anything is asked, so that a mistyped option costs nothing.
  WALLET_RETURN_IF_ERROR(ValidSeconds(options).status());
  if (options.dry_run && !options.save_file.empty()) {
    return Fail(ExitCode::kUsage, _("--dry-run and --save exclude each other."),
                _("Give one of them."));
  }
  WALLET_RETURN_IF_ERROR(CheckSigners(options, act.needs_others));
  for (const std::string& path : PendingFiles(session.profile())) {
    io.Warn(Tr("an earlier act has had no answer yet: kengred tx submit {}", path));
  }
  const std::string details = DescribeAct(session, act, io.color_err);
  if (options.dry_run) {
    io.Say(details.substr(0, details.size() - (details.empty() ? 0 : 1)));
  } else {
    WALLET_RETURN_IF_ERROR(
        io.Confirm(details, options.save_file.empty() ? _("Sign and send?") : _("Sign and save?")));
  }
  WALLET_ASSIGN_OR_RETURN(v1::SubmitTransactionRequest request,
                          BuildAndSign(session, options, act));
  if (!options.save_file.empty()) return SaveAct(session, options, act, request);

  request.set_validate_only(options.dry_run);
  ActResult result;
  result.transaction_id = TransactionIdOf(request.signed_transaction().transaction());
  if (options.dry_run) {
    WALLET_ASSIGN_OR_RETURN(result.response, session.ledger().Submit(request));
  } else {
    WALLET_ASSIGN_OR_RETURN(result.response, Send(session, request));
  }
  const v1::SubmitTransactionResponse& response = *result.response;
  Json json = act.json;
  json["transaction_id"] = result.transaction_id.ToHex();
  json["dry_run"] = options.dry_run;
  std::string text;
  if (options.dry_run) {
    text = std::string(_("The ledger would accept this. Nothing was done.")) + "\n";
  } else {
    json["sequence"] = response.sequence();
    json["time"] = FormatTimeUtc(response.time().seconds());
    json["duplicate"] = response.duplicate();
    text = act.done + " " +
           Tr("Entry {}, transaction {}.", response.sequence(), result.transaction_id.ToHex()) +
           "\n";
    if (act.outcome) text += act.outcome(result.transaction_id, &json);
  }
  json["postings"] = PostingsToJson(session, response);
  io.Result(json, text);
  return result;
}

}  // namespace kengred::wallet
