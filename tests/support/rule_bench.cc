#include "tests/support/rule_bench.h"

#include <cstdio>
#include <cstdlib>

#include "kengred/core/system_accounts.h"
#include "kengred/core/verification.h"

namespace kengred::testing {
namespace {

google::protobuf::Timestamp TimeOf(int64_t time_us) {
  google::protobuf::Timestamp time;
  time.set_seconds(time_us / 1'000'000);
  time.set_nanos(static_cast<int32_t>(time_us % 1'000'000 * 1000));
  return time;
}

}  // namespace

RuleBench::RuleBench(const Community& community)
    : community_(&community), charter_(community.charter()) {
  v1::JournalEntry entry;
  entry.set_charter(community.charter_bytes());
  Append(entry);
}

RuleBench RuleBench::Founded(Community* community) {
  RuleBench bench(*community);
  for (const v1::SubmitTransactionRequest& request : community->Found(kNowSeconds)) {
    const Result result = bench.Submit(request.signed_transaction());
    if (!result.ok()) {
      std::fprintf(stderr, "the founding is refused: %s\n",
                   VerdictSentence(*result.refusal).c_str());
      std::abort();
    }
  }
  return bench;
}

void RuleBench::AdvanceDays(int32_t days) {
  civil_day_ += days;
  now_us_ += int64_t{days} * 86400 * 1'000'000;
}

std::variant<rules::SequencedTransaction, Refusal> RuleBench::Stamp(
    const v1::SignedTransaction& transaction) const {
  auto parsed = Parse(transaction, community_->ledger_id());
  if (auto* refusal = std::get_if<Refusal>(&parsed)) return std::move(*refusal);
  auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
  if (auto* refusal = std::get_if<Refusal>(&verified)) return std::move(*refusal);
  return rules::SequencedTransaction(std::get<VerifiedTransaction>(std::move(verified)), head() + 1,
                                     now_us_, civil_day_);
}

rules::Outcome RuleBench::Judge(const v1::SignedTransaction& transaction) const {
  auto stamped = Stamp(transaction);
  if (auto* refusal = std::get_if<Refusal>(&stamped)) {
    rules::Outcome refused;
    refused.refusal = std::move(*refusal);
    return refused;
  }
  return rules::Apply(charter_, *this, std::get<rules::SequencedTransaction>(stamped));
}

RuleBench::Result RuleBench::Submit(const v1::SignedTransaction& transaction) {
  Result result;
  const TransactionId id = IdOf(transaction);
  if (const auto known = reader().FindTransaction(id)) {
    v1::JournalEntry entry;
    entry.ParseFromString(*Entry(*known));
    result.sequence = *known;
    result.duplicate = true;
    result.postings.assign(entry.postings().begin(), entry.postings().end());
    return result;
  }
  rules::Outcome outcome = Judge(transaction);
  if (outcome.refusal) {
    result.refusal = std::move(outcome.refusal);
    return result;
  }
  result.sequence = head() + 1;
  result.postings = outcome.postings;
  for (const auto& [key, value] : outcome.writes) state_[key] = value;
  state_[rules::key::Transaction(id)] = rules::EncodeNumber(result.sequence);
  for (const AccountId& account : outcome.touched) {
    state_[rules::key::History(account, result.sequence)] = "";
  }
  v1::JournalEntry entry;
  *entry.mutable_signed_transaction() = transaction;
  for (const v1::Posting& posting : outcome.postings) *entry.add_postings() = posting;
  Append(entry);
  return result;
}

RuleBench::Result RuleBench::Submit(const std::vector<v1::Operation>& operations,
                                    const std::vector<std::string>& signers) {
  return Submit(community_->Transaction(now_seconds(), operations, signers));
}

void RuleBench::Append(const v1::JournalEntry& entry) {
  v1::JournalEntry stamped = entry;
  stamped.set_sequence(head() + 1);
  *stamped.mutable_time() = TimeOf(now_us_);
  stamped.set_civil_day(civil_day_);
  journal_.push_back(stamped.SerializeAsString());
}

int64_t RuleBench::balance(const std::string& name, const std::string& currency) const {
  return reader().Balance(community_->account(name), currency);
}

int64_t RuleBench::system_balance(std::string_view system_account, const std::string& currency,
                                  const std::string& served) const {
  return reader().Balance(SystemAccountId(system_account, served), currency);
}

v1::Account RuleBench::account(const std::string& name) const {
  return reader().CopyAccount(community_->account(name)).value_or(v1::Account());
}

v1::Programme RuleBench::programme(const std::string& name) const {
  return reader().FindProgramme(community_->account(name)).value_or(v1::Programme());
}

void RuleBench::ForceBalance(const AccountId& account, const std::string& currency,
                             int64_t amount_minor) {
  state_[rules::key::Balance(account, currency)] =
      rules::EncodeNumber(static_cast<uint64_t>(amount_minor));
}

std::optional<std::string> RuleBench::Get(const std::string& key) const {
  const auto found = state_.find(key);
  if (found == state_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> RuleBench::Entry(Sequence sequence) const {
  if (sequence < 1 || sequence > journal_.size()) return std::nullopt;
  return journal_[sequence - 1];
}

}  // namespace kengred::testing
