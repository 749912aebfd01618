// What became of the lines of a list of rewards, told to people and to scripts.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kengred/core/ids.h"
#include "wallet/award_list.h"
#include "wallet/pot.h"
#include "wallet/session.h"

namespace kengred::wallet {

// One line of a list on its way.
struct RewardItem {
  enum class State {
    kToPay,
    kAlreadyPaid,
    kPaid,
    kAcceptable,  // a dry run: the ledger would pay
    kSaved,
    kRefused,
    kUnanswered,  // sent, but it is not known what became of it
    kNotSent,
  };

  AwardLine line;
  AccountId beneficiary;
  std::string reference;
  int64_t pay_minor = 0;
  State state = State::kToPay;
  uint64_t sequence = 0;  // of the entry that paid it
  std::string verdict;    // why it was refused
  std::string message;
};

struct ImportResult {
  std::string file;
  bool dry_run = false;
  std::vector<RewardItem> items;
  std::vector<std::string> transactions;  // hexadecimal ids of what was paid
  std::vector<std::string> files;         // what was saved
  // The ledger could not be asked, since signatures are missing.
  bool lacks_signatures = false;
  // Why the import ended before its end.
  absl::Status stopped;

  size_t Count(RewardItem::State state) const;
  int64_t Sum(RewardItem::State state) const;
};

// Prints the result. Ends with an error code where a line was refused or left.
absl::Status ReportImport(Session& session, const Pot& pot, const ImportResult& result);

}  // namespace kengred::wallet
