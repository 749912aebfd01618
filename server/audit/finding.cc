#include "server/audit/finding.h"

#include <utility>

namespace kengred::audit {

std::string_view NameOf(Fault fault) {
  switch (fault) {
    case Fault::kEntryUnreadable:
      return "ENTRY_UNREADABLE";
    case Fault::kCharterInvalid:
      return "CHARTER_INVALID";
    case Fault::kLedgerDiffers:
      return "LEDGER_DIFFERS";
    case Fault::kSequenceGap:
      return "SEQUENCE_GAP";
    case Fault::kTimeMalformed:
      return "TIME_MALFORMED";
    case Fault::kTimeBackwards:
      return "TIME_BACKWARDS";
    case Fault::kDayWrong:
      return "DAY_WRONG";
    case Fault::kTransactionMalformed:
      return "TRANSACTION_MALFORMED";
    case Fault::kSignatureInvalid:
      return "SIGNATURE_INVALID";
    case Fault::kDuplicateTransaction:
      return "DUPLICATE_TRANSACTION";
    case Fault::kRuleRefuses:
      return "RULE_REFUSES";
    case Fault::kPostingsDiffer:
      return "POSTINGS_DIFFER";
    case Fault::kCheckpointInvalid:
      return "CHECKPOINT_INVALID";
    case Fault::kRootDiffers:
      return "ROOT_DIFFERS";
    case Fault::kTreeDiffers:
      return "TREE_DIFFERS";
    case Fault::kStateDiffers:
      return "STATE_DIFFERS";
    case Fault::kBalanceNotZero:
      return "BALANCE_NOT_ZERO";
    case Fault::kBackingBroken:
      return "BACKING_BROKEN";
  }
  return "";
}

Finding MakeFinding(Fault fault, Sequence sequence, std::string sentence) {
  return {fault, sequence, sequence, std::move(sentence), {}};
}

}  // namespace kengred::audit
