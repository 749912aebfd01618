// What must be true of a ledger after whatever kept it has died: every acknowledged payment is
// there, none is half there, and the auditor agrees. For tests that break disks and kill servers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kengred/v1/ledger_service.pb.h"
#include "server/storage/store.h"
#include "tests/support/community.h"

namespace kengred::testing {

// A payment on its way, and what is known of it.
struct Sent {
  v1::SubmitTransactionRequest request;
  std::string memo;
  // What it takes and gives, by holder.
  std::map<std::string, int64_t> moves;
  // Its entry, where it has been acknowledged.
  std::optional<uint64_t> sequence;
  // Whether ExpectWholeOrAbsent has found it.
  bool present = false;
};

// In HEOL.
struct Share {
  std::string payee;
  int64_t amount_minor = 0;
};

// A payment of `payer` to two, with a memo of its own: half of it would show. `number` names it,
// and the memo is filled up to `memo_bytes`.
Sent MakePayment(const Community& community, int64_t now_seconds, const std::string& payer,
                 const Share& first, const Share& second, uint64_t number, size_t memo_bytes = 0);

// The auditor goes through all of the store, signatures included, and finds nothing wrong. Answers
// how many entries there are.
uint64_t ExpectAuditAgrees(storage::Store* store, const Community& community);

// Each payment is in the store with its entry, postings and memo, or nothing of it is; what was
// acknowledged is there, at its place. Sets `present`. Threads: none may write meanwhile.
void ExpectWholeOrAbsent(storage::Store* store, const Community& community,
                         std::vector<Sent>* payments);

// The holders' balances in HEOL.
std::map<std::string, int64_t> HeolOf(storage::Store* store, const Community& community,
                                      const std::vector<std::string>& names);

}  // namespace kengred::testing
