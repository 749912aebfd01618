// The one way to act: show what will be signed, ask, sign, send or save. Every command that signs
// ends here, so that every one of them has --save, --dry-run and --valid-for.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kengred/v1/ledger_service.pb.h"
#include "wallet/describe.h"
#include "wallet/manners.h"
#include "wallet/session.h"

namespace kengred::wallet {

// The options of every command that signs; AddActOptions (command.h) binds them.
struct ActOptions {
  bool dry_run = false;
  std::string save_file;
  // "30m", "1h", "7d"; at most 90 days. Empty: one hour, or seven days with --save.
  std::string valid_for;
  // Other profiles of this machine that sign as well: people at one desk.
  std::vector<std::string> also_sign;
};

// What to do. Fill `operations`; commit private texts with Commit.
struct Act {
  std::vector<v1::Operation> operations;
  std::vector<v1::SideRecord> side_records;
  // Shown after the operations and before the question: "left after".
  std::vector<Fact> more;
  // What to say when it is done: "Paid 12.50 HEOL to Biocoop."
  std::string done;
  // Put into the JSON of the result.
  Json json = Json::object();
  // More keys than the profile's own must sign: the act is refused here unless it is saved or other
  // profiles sign too. Empty: the profile's key is enough, as far as the command knows.
  std::string needs_others;
  // What follows from the transaction's id: adds fields to the JSON and returns whole lines for
  // people. Called once the id is fixed, unless nothing comes of it (--dry-run). May be empty.
  std::function<std::string(const TransactionId&, Json*)> outcome;

  v1::Operation* Add() { return &operations.emplace_back(); }
  // Makes a side record of a text and returns the commitment to put into an operation. An empty
  // text gives an empty commitment: do not set the field then.
  v1::Commitment Commit(std::string_view content);
};

// What became of it. Exactly one of `response` and `saved_file` is set.
struct ActResult {
  TransactionId transaction_id;
  std::optional<v1::SubmitTransactionResponse> response;  // its sequence is 0 after --dry-run
  std::string saved_file;
};

// Does it all and prints the result. Declined, refused, unavailable: as the error says.
absl::StatusOr<ActResult> Perform(Session& session, const ActOptions& options, Act act);

// The pieces, for commands that send many at once. The signed bytes are made here and nowhere else.
absl::StatusOr<v1::SubmitTransactionRequest> BuildAndSign(Session& session,
                                                          const ActOptions& options,
                                                          const Act& act);

// Refused, as the ledger would, where others must sign (Act::needs_others) and nothing is done
// about it.
absl::Status CheckSigners(const ActOptions& options, const std::string& needs_others);

// Act::needs_others of what governance signs; empty where one key is enough.
std::string NeedsGovernance(const Session& session);

// Sends one, and does not lose it when the answer never comes: it is kept as a transaction file in
// the profile's folder until there is one. The same bytes can be sent again safely (they count
// once); a new act in their place would not be the same. The error then says how.
absl::StatusOr<v1::SubmitTransactionResponse> Send(Session& session,
                                                   const v1::SubmitTransactionRequest& request);
// The files of acts without an answer, in the order of their names.
std::vector<std::string> PendingFiles(const Profile& profile);

// "30m", "1h", "7d" in seconds, 60 to 90 days.
absl::StatusOr<int64_t> ParseDuration(std::string_view text);

}  // namespace kengred::wallet
