#include "server/audit/replay.h"

#include <algorithm>
#include <utility>

#include "kengred/core/charter.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"
#include "kengred/core/side_record.h"
#include "kengred/core/signing.h"
#include "kengred/core/system_accounts.h"
#include "server/rules/rules.h"
#include "server/sequence/batch_builder.h"
#include "server/sequence/log_keys.h"

namespace kengred::audit {
namespace {

constexpr int64_t kSecondsMax = 253402300799;  // the end of year 9999

bool IsWholeMicros(const google::protobuf::Timestamp& time) {
  return time.seconds() >= 0 && time.seconds() <= kSecondsMax && time.nanos() >= 0 &&
         time.nanos() < 1'000'000'000 && time.nanos() % 1000 == 0;
}

// What every entry must be, the charter's too. `entry` holds nothing where it cannot be read.
std::optional<Finding> CheckShape(const std::string& bytes, Sequence sequence,
                                  v1::JournalEntry* entry) {
  if (bytes.size() > kEntryBytesMax) {
    return MakeFinding(Fault::kEntryUnreadable, sequence,
                       "it has " + std::to_string(bytes.size()) + " bytes, more than an entry may");
  }
  if (!entry->ParseFromString(bytes)) {
    entry->Clear();
    return MakeFinding(Fault::kEntryUnreadable, sequence, "its bytes are not a journal entry");
  }
  if (HasUnknownFields(*entry)) {
    return MakeFinding(Fault::kEntryUnreadable, sequence,
                       "it has fields that this program does not know");
  }
  if (entry->sequence() != sequence) {
    return MakeFinding(
        Fault::kSequenceGap, sequence,
        "in its place stands an entry that says it is number " + std::to_string(entry->sequence()));
  }
  if (!entry->has_time() || !IsWholeMicros(entry->time())) {
    return MakeFinding(Fault::kTimeMalformed, sequence, "its time is not in whole microseconds");
  }
  return std::nullopt;
}

Finding FromRefusal(Fault fault, Sequence sequence, const std::string& what,
                    const Refusal& refusal) {
  Finding finding = MakeFinding(fault, sequence, what + VerdictSentence(refusal));
  if (finding.sentence.ends_with('.')) finding.sentence.pop_back();
  finding.verdict = VerdictName(refusal.verdict);
  const char* before = " (";
  for (const auto& [name, figure] : refusal.figures) {
    finding.sentence.append(before).append(name).append(" ").append(figure);
    before = ", ";
  }
  if (!refusal.figures.empty()) finding.sentence += ")";
  return finding;
}

bool SamePostings(const v1::JournalEntry& entry, const std::vector<v1::Posting>& postings) {
  return std::equal(entry.postings().begin(), entry.postings().end(), postings.begin(),
                    postings.end(), [](const v1::Posting& a, const v1::Posting& b) {
                      return a.account_id() == b.account_id() && a.currency() == b.currency() &&
                             a.amount_minor() == b.amount_minor() &&
                             a.operation_index() == b.operation_index();
                    });
}

std::optional<TransactionId> TransactionIdIn(const std::optional<std::string>& entry_bytes) {
  v1::JournalEntry entry;
  if (!entry_bytes || !entry.ParseFromString(*entry_bytes)) return std::nullopt;
  return TransactionIdOf(entry.signed_transaction().transaction());
}

}  // namespace

DecodedEntry Replay::Decode(std::string bytes, Sequence sequence, const LedgerId& ledger_id,
                            bool trusted) {
  DecodedEntry decoded;
  decoded.sequence = sequence;
  decoded.bytes = std::move(bytes);
  decoded.leaf_hash = LeafHash(decoded.bytes);
  decoded.finding = CheckShape(decoded.bytes, sequence, &decoded.entry);
  if (decoded.finding) return decoded;
  if (!decoded.entry.has_signed_transaction()) {
    decoded.finding = MakeFinding(Fault::kEntryUnreadable, sequence, "it holds no transaction");
    return decoded;
  }
  auto parsed = Parse(std::move(*decoded.entry.mutable_signed_transaction()), ledger_id);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    decoded.finding = FromRefusal(Fault::kTransactionMalformed, sequence,
                                  "its transaction could not be accepted by anybody: ", *refusal);
    return decoded;
  }
  ParsedTransaction& transaction = std::get<ParsedTransaction>(parsed);
  if (trusted) {
    VerifiedTransaction verified(std::move(transaction));
    for (const v1::Signature& signature : verified.signed_transaction().signatures()) {
      verified.signers_.push_back(*PublicKey::FromBytes(signature.public_key()));
    }
    std::sort(verified.signers_.begin(), verified.signers_.end());
    decoded.verified = std::move(verified);
    return decoded;
  }
  decoded.signatures = static_cast<size_t>(transaction.signed_transaction().signatures_size());
  auto verified = VerifySignatures(std::move(transaction));
  if (const auto* refusal = std::get_if<Refusal>(&verified)) {
    decoded.finding = FromRefusal(Fault::kSignatureInvalid, sequence, "", *refusal);
    return decoded;
  }
  decoded.verified = std::get<VerifiedTransaction>(std::move(verified));
  return decoded;
}

absl::StatusOr<std::unique_ptr<Replay>> Replay::Start(EntrySource* source, const std::string& bytes,
                                                      std::optional<Finding>* finding) {
  v1::JournalEntry entry;
  *finding = CheckShape(bytes, 1, &entry);
  if (*finding) return nullptr;
  const auto invalid = [finding](const std::string& why) {
    *finding = MakeFinding(Fault::kCharterInvalid, 1, why);
    return nullptr;
  };
  v1::Charter charter;
  if (entry.content_case() != v1::JournalEntry::kCharter ||
      !charter.ParseFromString(entry.charter())) {
    return invalid("the first entry is not a charter");
  }
  if (const absl::Status status = ValidateCharter(charter); !status.ok()) {
    return invalid("the charter is not valid: " + std::string(status.message()));
  }
  if (HasUnknownFields(charter)) {
    return invalid("the charter has fields that this program does not know");
  }
  if (entry.postings_size() != 0) return invalid("a charter moves nothing, but this entry does");
  const absl::StatusOr<sequence::CivilClock> clock =
      sequence::CivilClock::Load(charter.time_zone());
  if (!clock.ok()) return clock.status();
  std::unique_ptr<Replay> replay(
      new Replay(source, std::move(charter), LedgerIdOf(entry.charter()), *clock));
  *finding = replay->CheckTime(entry);
  if (*finding) return nullptr;
  replay->last_sequence_ = 1;
  return replay;
}

Replay::Replay(EntrySource* source, v1::Charter charter, const LedgerId& ledger_id,
               const sequence::CivilClock& clock)
    : source_(source),
      charter_(std::move(charter)),
      ledger_id_(ledger_id),
      clock_(clock),
      system_accounts_(sequence::SystemAccountsOf(charter_)),
      transactions_([this](Sequence sequence) { return TransactionIdIn(Entry(sequence)); }) {}

std::optional<std::string> Replay::Get(const std::string& key) const {
  static const char table = rules::key::Transaction(TransactionId()).front();
  if (key.front() == table) {
    const auto sequence =
        transactions_.Find(*TransactionId::FromBytes(std::string_view(key).substr(1)));
    if (!sequence) return std::nullopt;
    return rules::EncodeNumber(*sequence);
  }
  const auto found = state_.find(key);
  if (found == state_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Replay::Entry(Sequence sequence) const {
  // What comes later is not there yet, whatever the source has of it.
  if (sequence < 1 || sequence > last_sequence_) return std::nullopt;
  absl::StatusOr<std::vector<std::string>> entries = source_->Entries(sequence - 1, 1);
  if (!entries.ok()) {
    if (status_.ok()) status_ = entries.status();
    return std::nullopt;
  }
  return std::move(entries->front());
}

std::optional<Finding> Replay::CheckTime(const v1::JournalEntry& entry) {
  const int64_t time_us = sequence::MicrosOf(entry.time());
  if (time_us < last_time_us_) {
    return MakeFinding(Fault::kTimeBackwards, entry.sequence(),
                       "it is from before the entry before it");
  }
  const int32_t day = clock_.DayOf(time_us);
  if (entry.civil_day() != day) {
    return MakeFinding(Fault::kDayWrong, entry.sequence(),
                       "it says day " + std::to_string(entry.civil_day()) + ", and in " +
                           charter_.time_zone() + " it was day " + std::to_string(day));
  }
  last_time_us_ = time_us;
  return std::nullopt;
}

std::optional<Finding> Replay::Apply(DecodedEntry decoded, ReplayedEntry* replayed) {
  const Sequence sequence = decoded.sequence;
  if (decoded.finding) return decoded.finding;
  if (auto finding = CheckTime(decoded.entry)) return finding;
  const TransactionId id = decoded.verified->id();
  if (const auto earlier = transactions_.Find(id)) {
    return MakeFinding(Fault::kDuplicateTransaction, sequence,
                       "its transaction has taken effect in entry " + std::to_string(*earlier));
  }
  const rules::SequencedTransaction transaction(*std::move(decoded.verified), sequence,
                                                last_time_us_, decoded.entry.civil_day());
  rules::Outcome outcome = rules::Apply(charter_, *this, transaction);
  if (outcome.refusal) {
    return FromRefusal(Fault::kRuleRefuses, sequence, "the rules refuse it: ", *outcome.refusal);
  }
  if (!SamePostings(decoded.entry, outcome.postings)) {
    return MakeFinding(Fault::kPostingsDiffer, sequence,
                       "its postings are not those that the rules make of its transaction");
  }
  for (const auto& [key, value] : outcome.writes) state_[key] = value;
  transactions_.Add(id, sequence);
  last_sequence_ = sequence;
  replayed->writes = sequence::WritesOf(transaction, std::move(outcome), system_accounts_);
  replayed->rotations = sequence::RotationsIn(transaction.verified().transaction());
  return std::nullopt;
}

std::vector<Replay::CurrencyTotals> Replay::Totals() const {
  const rules::StateReader reader(*this);
  const char balances = rules::key::BalancesOf(AccountId()).front();
  std::map<std::string, uint64_t> accounts;
  for (const auto& [key, value] : state_) {
    if (key.front() == balances && rules::DecodeNumber(value) != 0) {
      ++accounts[key.substr(1 + AccountId::kSize)];
    }
  }
  std::vector<CurrencyTotals> totals;
  for (const v1::Currency& currency : charter_.currencies()) {
    CurrencyTotals total;
    total.currency = currency.code();
    total.decimals = currency.decimals();
    total.accounts = accounts[currency.code()];
    if (currency.kind() != v1::CURRENCY_KIND_FIAT) {
      total.circulation_minor = rules::CirculationOf(reader, currency.code());
    }
    if (currency.kind() == v1::CURRENCY_KIND_BACKED) {
      total.backing_currency = currency.backing_currency();
      total.fund_minor = reader.Balance(SystemAccountId(kFundDigital, currency.code()),
                                        currency.backing_currency());
    }
    totals.push_back(std::move(total));
  }
  return totals;
}

std::optional<Finding> Replay::CheckTotals() const {
  const char balances = rules::key::BalancesOf(AccountId()).front();
  // Modulo 2^64: a sum of zero is zero, and one that is a multiple of 2^64 would need as many
  // units.
  std::map<std::string, uint64_t> sums;
  for (const auto& [key, value] : state_) {
    if (key.front() == balances)
      sums[key.substr(1 + AccountId::kSize)] += rules::DecodeNumber(value);
  }
  for (const auto& [currency, sum] : sums) {
    if (sum == 0) continue;
    return MakeFinding(Fault::kBalanceNotZero, last_sequence_,
                       "the balances of " + currency + " do not sum to zero");
  }
  for (const CurrencyTotals& total : Totals()) {
    if (total.backing_currency.empty() || total.circulation_minor <= total.fund_minor) continue;
    return MakeFinding(Fault::kBackingBroken, last_sequence_,
                       "more " + total.currency + " circulates than its guarantee fund holds " +
                           total.backing_currency);
  }
  return std::nullopt;
}

}  // namespace kengred::audit
