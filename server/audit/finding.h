// What an audit finds wrong: one thing, at one place of the journal.
#pragma once

#include <string>
#include <string_view>

#include "kengred/core/ids.h"

namespace kengred::audit {

// Why a journal, or what a store made of it, is not what it should be.
enum class Fault {
  kEntryUnreadable,       // not a journal entry, or one with parts that this build does not know
  kCharterInvalid,        // entry 1 holds no charter that a ledger could start with
  kLedgerDiffers,         // it is another ledger than the one asked for
  kSequenceGap,           // an entry does not have the number of its place
  kTimeMalformed,         // the time is none, or not in whole microseconds
  kTimeBackwards,         // before the entry before
  kDayWrong,              // not the civil day of the time in the charter's time zone
  kTransactionMalformed,  // size, shape, ledger or validity: what verification refuses
  kSignatureInvalid,      // a signature does not verify
  kDuplicateTransaction,  // it has taken effect in an earlier entry
  kRuleRefuses,           // the rules do not accept it
  kPostingsDiffer,        // the rules make other postings
  kCheckpointInvalid,     // missing, unreadable, of another log, or not signed by whom it should
  kRootDiffers,           // the entries do not lead to the root that was signed or committed
  kTreeDiffers,           // a stored hash of the tree
  kStateDiffers,          // a stored value, missing or too many
  kBalanceNotZero,        // the balances of a currency do not sum to zero
  kBackingBroken,         // more circulates than its guarantee fund holds
};

// "ENTRY_UNREADABLE": for programs; frozen.
std::string_view NameOf(Fault fault);

struct Finding {
  Fault fault = Fault::kEntryUnreadable;
  // The bad entry, or the last one of those among which it is, from `first_sequence` on: where only
  // a root differs, nobody can say more. 0: no entry at all.
  Sequence sequence = 0;
  Sequence first_sequence = 0;
  // One sentence for people, without its full stop.
  std::string sentence;
  // RULE_REFUSES, TRANSACTION_MALFORMED and SIGNATURE_INVALID: the verdict's name.
  std::string verdict;
};

// About one entry.
Finding MakeFinding(Fault fault, Sequence sequence, std::string sentence);

}  // namespace kengred::audit
