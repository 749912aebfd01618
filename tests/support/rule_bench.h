// A bench on which rules are judged alone: a state in memory and a journal, with the sequencer's
// own writes done as the sequencer does them. No thread, no store, no clock but the one the test
// sets.
//
// Copy a bench to try several things from the same state.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kengred/core/verdict.h"
#include "server/rules/rules.h"
#include "tests/support/community.h"

namespace kengred::testing {

class RuleBench : public rules::StateView {
 public:
  // What became of a transaction.
  struct Result {
    // Why it was refused, by verification or by the rules; absent: accepted.
    std::optional<Refusal> refusal;
    Sequence sequence = 0;
    // It had been accepted before; nothing was done.
    bool duplicate = false;
    std::vector<v1::Posting> postings;

    bool ok() const { return !refusal; }
  };

  // An empty ledger: entry 1 is the charter. The community must outlive the bench.
  explicit RuleBench(const Community& community);
  // The same after Community::Found at kNowSeconds. Aborts where a founding transaction is refused.
  static RuleBench Founded(Community* community);

  const Community& community() const { return *community_; }
  // The charter that the rules are given. A test may change its policy; the ledger id stays.
  v1::Charter& charter() { return charter_; }
  v1::Policy& policy() { return *charter_.mutable_policy(); }

  // The time of the next entry and its civil day: at first kNowSeconds and kToday.
  int64_t now_seconds() const { return now_us_ / 1'000'000; }
  int32_t today() const { return civil_day_; }
  // Moves both by whole days.
  void AdvanceDays(int32_t days);
  void AdvanceSeconds(int64_t seconds) { now_us_ += seconds * 1'000'000; }
  // Sets the civil day and the same time on it (10:00 in winter's Paris).
  void SetDay(int32_t civil_day) { AdvanceDays(civil_day - civil_day_); }

  // Parsed, verified and stamped as the next entry; or why it is refused before the rules.
  std::variant<rules::SequencedTransaction, Refusal> Stamp(
      const v1::SignedTransaction& transaction) const;
  // Parses, verifies and judges; changes nothing. Does not look for duplicates.
  rules::Outcome Judge(const v1::SignedTransaction& transaction) const;
  // The same, and applies what is accepted.
  Result Submit(const v1::SignedTransaction& transaction);
  // Makes a transaction of now with these operations and signers, and submits it.
  Result Submit(const std::vector<v1::Operation>& operations,
                const std::vector<std::string>& signers);

  rules::StateReader reader() const { return rules::StateReader(*this); }
  int64_t balance(const std::string& name, const std::string& currency = kHeol) const;
  int64_t system_balance(std::string_view system_account, const std::string& currency,
                         const std::string& served = kHeol) const;
  v1::Account account(const std::string& name) const;
  v1::Programme programme(const std::string& name) const;
  Sequence head() const { return journal_.size(); }

  // Direct access to the state, for what no transaction can bring about.
  std::map<std::string, std::string>& state() { return state_; }
  const std::map<std::string, std::string>& state() const { return state_; }
  const std::vector<std::string>& journal() const { return journal_; }
  // Sets a balance without a posting, as no transaction could.
  void ForceBalance(const AccountId& account, const std::string& currency, int64_t amount_minor);

  // StateView.
  std::optional<std::string> Get(const std::string& key) const override;
  std::optional<std::string> Entry(Sequence sequence) const override;

 private:
  void Append(const v1::JournalEntry& entry);

  const Community* community_;
  v1::Charter charter_;
  int64_t now_us_ = kNowSeconds * 1'000'000;
  int32_t civil_day_ = kToday;
  std::map<std::string, std::string> state_;
  std::vector<std::string> journal_;  // entry n at n - 1
};

}  // namespace kengred::testing
