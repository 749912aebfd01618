#include "server/publish/history.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "kengred/core/charter.h"
#include "kengred/core/side_record.h"
#include "kengred/core/signing.h"
#include "kengred/core/system_accounts.h"
#include "server/rules/state.h"

namespace kengred::publish {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A page grows past this by at most one item, so that it stays well under the message limit.
constexpr size_t kPageBytes = 1024 * 1024;
// What one read looks at, so that filters that match nothing cannot make it walk a whole history.
constexpr size_t kEntriesExaminedMax = 2000;
constexpr size_t kScanPairs = 128;

int64_t MicrosOf(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000 + time.nanos() / 1000;
}

absl::StatusOr<v1::JournalEntry> ReadEntry(storage::Store* store, Sequence sequence) {
  absl::StatusOr<storage::JournalPage> page = store->journal(sequence - 1, 1);
  if (!page.ok()) return page.status();
  v1::JournalEntry entry;
  if (page->entries.empty() || !entry.ParseFromString(page->entries.front().second)) {
    return absl::DataLossError("journal entry " + std::to_string(sequence) + " cannot be read");
  }
  return entry;
}

// Whether a message, or one inside it, names the account: in a field called ..._account_id(s).
bool Names(const Message& message, const AccountId& account) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    const bool is_account =
        field->type() == FieldDescriptor::TYPE_BYTES &&
        (field->name().ends_with("account_id") || field->name().ends_with("account_ids"));
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    for (int i = 0; (is_account || is_message) && i < count; ++i) {
      if (is_message) {
        const Message& part = field->is_repeated()
                                  ? reflection.GetRepeatedMessage(message, field, i)
                                  : reflection.GetMessage(message, field);
        if (Names(part, account)) return true;
      } else {
        std::string scratch;
        const std::string& id =
            field->is_repeated()
                ? reflection.GetRepeatedStringReference(message, field, i, &scratch)
                : reflection.GetStringReference(message, field, &scratch);
        if (id == account.view()) return true;
      }
    }
  }
  return false;
}

// The commitment to the memo or reason of an operation. Found by name, so that an operation added
// later needs no line here.
std::optional<Digest> MemoOf(const v1::Operation& operation) {
  const Reflection& outer = *operation.GetReflection();
  const FieldDescriptor* chosen =
      outer.GetOneofFieldDescriptor(operation, operation.GetDescriptor()->oneof_decl(0));
  if (chosen == nullptr) return std::nullopt;
  const Message& act = outer.GetMessage(operation, chosen);
  for (const char* name : {"memo", "reason"}) {
    const FieldDescriptor* field = act.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || field->message_type() != v1::Commitment::descriptor()) continue;
    const auto& commitment =
        static_cast<const v1::Commitment&>(act.GetReflection()->GetMessage(act, field));
    return Digest::FromBytes(commitment.sha256());
  }
  return std::nullopt;
}

// The postings of an entry by operation.
using PostingIndex = std::map<uint32_t, std::vector<const v1::Posting*>>;

PostingIndex IndexPostings(const v1::JournalEntry& entry, std::string_view currency) {
  PostingIndex index;
  for (const v1::Posting& posting : entry.postings()) {
    if (currency.empty() || posting.currency() == currency) {
      index[posting.operation_index()].push_back(&posting);
    }
  }
  return index;
}

// The accounts on the other side of what an operation moved on this one: in the same currency, with
// the opposite sign. So a beneficiary's is the programme, never the other beneficiaries.
std::set<std::string> CounterpartiesOf(const AccountId& account,
                                       const std::vector<const v1::Posting*>& postings) {
  struct Direction {
    bool gave = false;
    bool received = false;
  };
  std::map<std::string, Direction> moved;
  for (const v1::Posting* posting : postings) {
    if (posting->account_id() != account.view()) continue;
    Direction& direction = moved[posting->currency()];
    (posting->amount_minor() < 0 ? direction.gave : direction.received) = true;
  }
  std::set<std::string> others;
  for (const v1::Posting* posting : postings) {
    const auto found = moved.find(posting->currency());
    if (found == moved.end() || posting->account_id() == account.view()) continue;
    if (posting->amount_minor() < 0 ? found->second.received : found->second.gave) {
      others.insert(posting->account_id());
    }
  }
  return others;
}

// Reads the state that says who stands behind an id. One per read of a page, since most entries of
// a page ask about the same few.
class Relations {
 public:
  explicit Relations(storage::Store* store) : store_(store) {}

  // The association that runs a programme; empty where there is no such programme.
  absl::StatusOr<std::string> AssociationOf(const std::string& programme_id) {
    const auto known = associations_.find(programme_id);
    if (known != associations_.end()) return known->second;
    v1::Programme programme;
    const auto id = AccountId::FromBytes(programme_id);
    if (id) {
      const absl::Status status = Get(rules::key::Programme(*id), &programme);
      if (!status.ok()) return status;
    }
    return associations_[programme_id] = programme.terms().association_account_id();
  }

  // The professional of a reconversion; empty where there is none.
  absl::StatusOr<std::string> ProfessionalOf(const std::string& reconversion_id) {
    v1::Reconversion reconversion;
    if (const auto id = ReconversionId::FromBytes(reconversion_id)) {
      const absl::Status status = Get(rules::key::Reconversion(*id), &reconversion);
      if (!status.ok()) return status;
    }
    return reconversion.account_id();
  }

 private:
  absl::Status Get(const std::string& key, google::protobuf::MessageLite* record) {
    const absl::StatusOr<storage::Read> read = store_->get({key});
    if (!read.ok()) return read.status();
    const std::optional<std::string>& value = read->values.front();
    if (value && !record->ParseFromString(*value)) {
      return absl::DataLossError("a record of the state cannot be read");
    }
    return absl::OkStatus();
  }

  storage::Store* store_;
  std::map<std::string, std::string> associations_;
};

// Whether an operation touches the account though it neither moves nor names it.
absl::StatusOr<bool> TouchesIndirectly(const AccountId& account, const TransactionId& transaction,
                                       uint32_t index, const v1::Operation& operation,
                                       Relations& relations) {
  absl::StatusOr<std::string> behind = std::string();
  switch (operation.operation_case()) {
    case v1::Operation::kOpenAccount:
      return AccountIdOf(operation.open_account().authority()) == account;
    case v1::Operation::kOpenProgramme:
      return rules::ProgrammeIdOf(transaction, index) == account;
    case v1::Operation::kReward:
      behind = relations.AssociationOf(operation.reward().programme_account_id());
      break;
    case v1::Operation::kCloseProgramme:
      behind = relations.AssociationOf(operation.close_programme().programme_account_id());
      break;
    case v1::Operation::kSettleReconversion:
      behind = relations.ProfessionalOf(operation.settle_reconversion().reconversion_id());
      break;
    case v1::Operation::kFailReconversion:
      behind = relations.ProfessionalOf(operation.fail_reconversion().reconversion_id());
      break;
    default:
      return false;
  }
  if (!behind.ok()) return behind.status();
  return *behind == account.view();
}

// Leaves out of a Reward what is not a beneficiary's business: the awards to others.
absl::Status LeaveOutOthers(const AccountId& account, Relations& relations, v1::Reward* reward) {
  if (reward->programme_account_id() == account.view()) return absl::OkStatus();
  const absl::StatusOr<std::string> association =
      relations.AssociationOf(reward->programme_account_id());
  if (!association.ok()) return association.status();
  if (*association == account.view()) return absl::OkStatus();
  auto* awards = reward->mutable_awards();
  awards->erase(std::remove_if(awards->begin(), awards->end(),
                               [&account](const v1::Award& award) {
                                 return award.beneficiary_account_id() != account.view();
                               }),
                awards->end());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::HistoryOperation>> FindOperations(const AccountId& account,
                                                                 const v1::JournalEntry& entry,
                                                                 const PostingIndex& postings,
                                                                 bool moved_only,
                                                                 Relations& relations) {
  std::vector<v1::HistoryOperation> seen;
  const std::string& bytes = entry.signed_transaction().transaction();
  v1::Transaction transaction;
  if (!transaction.ParseFromString(bytes)) {
    return absl::DataLossError("journal entry " + std::to_string(entry.sequence()) +
                               " holds no transaction");
  }
  const TransactionId id = TransactionIdOf(bytes);
  for (int i = 0; i < transaction.operations().size(); ++i) {
    const auto index = static_cast<uint32_t>(i);
    v1::HistoryOperation view;
    view.set_operation_index(index);
    if (const auto moved = postings.find(index); moved != postings.end()) {
      for (const v1::Posting* posting : moved->second) {
        if (posting->account_id() == account.view()) *view.add_postings() = *posting;
      }
    }
    if (view.postings().empty()) {
      if (moved_only) continue;
      if (!Names(transaction.operations(i), account)) {
        const absl::StatusOr<bool> touches =
            TouchesIndirectly(account, id, index, transaction.operations(i), relations);
        if (!touches.ok()) return touches.status();
        if (!*touches) continue;
      }
    }
    view.mutable_operation()->Swap(transaction.mutable_operations(i));
    if (view.operation().has_reward()) {
      const absl::Status status =
          LeaveOutOthers(account, relations, view.mutable_operation()->mutable_reward());
      if (!status.ok()) return status;
    }
    seen.push_back(std::move(view));
  }
  return seen;
}

// The balances after an entry, of the currencies that an operation moved.
void AddBalances(const v1::ListBalancesResponse& balances, v1::HistoryOperation* operation) {
  for (const v1::Balance& balance : balances.balances()) {
    const bool moved = std::any_of(
        operation->postings().begin(), operation->postings().end(),
        [&balance](const v1::Posting& p) { return p.currency() == balance.currency(); });
    if (moved) *operation->add_balances_after() = balance;
  }
}

// Fills in the private texts and public names of a page with three reads in all.
absl::Status AddTexts(storage::Store* store, SideRecordKeyOf side_record_key,
                      std::vector<v1::HistoryItem>* items) {
  std::set<std::string> side_keys;
  std::set<std::string> account_keys;
  const auto account_key = [](const std::string& id) {
    return rules::key::Account(*AccountId::FromBytes(id));
  };
  for (const v1::HistoryItem& item : *items) {
    for (const v1::HistoryOperation& operation : item.operations()) {
      if (const auto memo = MemoOf(operation.operation())) side_keys.insert(side_record_key(*memo));
      if (!operation.counterparty_account_id().empty()) {
        account_keys.insert(account_key(operation.counterparty_account_id()));
      }
    }
  }
  const auto get = [store](const std::set<std::string>& keys,
                           std::map<std::string, std::string>* values) {
    if (keys.empty()) return absl::OkStatus();
    const absl::StatusOr<storage::Read> read = store->get({keys.begin(), keys.end()});
    if (!read.ok()) return read.status();
    size_t i = 0;
    for (const std::string& key : keys) {
      if (const auto& value = read->values[i++]) values->emplace(key, *value);
    }
    return absl::OkStatus();
  };
  std::map<std::string, std::string> accounts;
  if (const absl::Status status = get(account_keys, &accounts); !status.ok()) return status;
  std::map<std::string, std::string> profile_keys;  // key of the account -> key of its profile
  for (const auto& [key, bytes] : accounts) {
    v1::Account account;
    if (!account.ParseFromString(bytes)) return absl::DataLossError("an account cannot be read");
    const auto profile = Digest::FromBytes(account.profile().sha256());
    // A person's name is nobody's business.
    if (!profile || account.kind() == v1::HOLDER_KIND_PERSON) continue;
    side_keys.insert(profile_keys[key] = side_record_key(*profile));
  }
  std::map<std::string, std::string> side;
  if (const absl::Status status = get(side_keys, &side); !status.ok()) return status;

  const auto content = [&side](const std::string& key) {
    v1::SideRecord record;
    const auto found = side.find(key);
    if (found == side.end() || !record.ParseFromString(found->second)) return std::string();
    return record.content();
  };
  for (v1::HistoryItem& item : *items) {
    for (v1::HistoryOperation& operation : *item.mutable_operations()) {
      if (const auto memo = MemoOf(operation.operation())) {
        std::string text = content(side_record_key(*memo));
        if (IsPrintableUtf8(text)) operation.set_memo(std::move(text));
      }
      if (operation.counterparty_account_id().empty()) continue;
      const auto profile_key = profile_keys.find(account_key(operation.counterparty_account_id()));
      if (profile_key == profile_keys.end()) continue;
      if (const auto profile = ParseProfile(content(profile_key->second))) {
        operation.set_counterparty_name(profile->display_name());
      }
    }
  }
  return absl::OkStatus();
}

// The first entry at or after a time; the head's successor where there is none. The journal's times
// never go backwards, so that halving finds it.
absl::StatusOr<Sequence> FirstAtOrAfter(storage::Store* store, int64_t time_us, Sequence head) {
  Sequence low = 1;
  Sequence high = head + 1;
  while (low < high) {
    const Sequence middle = low + (high - low) / 2;
    const absl::StatusOr<v1::JournalEntry> entry = ReadEntry(store, middle);
    if (!entry.ok()) return entry.status();
    if (MicrosOf(entry->time()) < time_us) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The sequences a query is about: from `first` to before `end`.
struct Range {
  Sequence first = 1;
  Sequence end = std::numeric_limits<Sequence>::max();
};

absl::StatusOr<Range> RangeOf(storage::Store* store, const HistoryQuery& query, Sequence cursor,
                              Sequence head) {
  Range range;
  if (query.from_us) {
    const absl::StatusOr<Sequence> first = FirstAtOrAfter(store, *query.from_us, head);
    if (!first.ok()) return first.status();
    range.first = *first;
  }
  if (query.until_us) {
    const absl::StatusOr<Sequence> end = FirstAtOrAfter(store, *query.until_us, head);
    if (!end.ok()) return end.status();
    range.end = *end;
  }
  if (cursor != 0) {
    if (query.newest_first) {
      range.end = std::min(range.end, cursor);
    } else {
      range.first = std::max(range.first, cursor + 1);
    }
  }
  return range;
}

// The item of one entry; no operations where the query leaves it out.
absl::StatusOr<v1::HistoryItem> MakeItem(const HistoryQuery& query, const v1::JournalEntry& entry,
                                         const v1::ListBalancesResponse& balances,
                                         const std::set<AccountId>& system_accounts,
                                         Relations& relations) {
  v1::HistoryItem item;
  const PostingIndex postings = IndexPostings(entry, query.currency);
  absl::StatusOr<std::vector<v1::HistoryOperation>> operations =
      FindOperations(query.account, entry, postings, !query.currency.empty(), relations);
  if (!operations.ok()) return operations.status();
  bool with_counterparty = !query.counterparty;
  for (v1::HistoryOperation& operation : *operations) {
    if (const auto moved = postings.find(operation.operation_index()); moved != postings.end()) {
      std::set<std::string> others = CounterpartiesOf(query.account, moved->second);
      with_counterparty = with_counterparty || others.contains(query.counterparty->ToBytes());
      // The ledger's own accounts are nobody's counterparty.
      std::erase_if(others, [&system_accounts](const std::string& id) {
        return system_accounts.contains(*AccountId::FromBytes(id));
      });
      if (others.size() == 1) operation.set_counterparty_account_id(*others.begin());
    }
    AddBalances(balances, &operation);
  }
  if (!with_counterparty || operations->empty()) return item;
  item.set_sequence(entry.sequence());
  item.set_transaction_id(TransactionIdOf(entry.signed_transaction().transaction()).ToBytes());
  *item.mutable_time() = entry.time();
  item.set_civil_day(entry.civil_day());
  for (v1::HistoryOperation& operation : *operations) {
    item.add_operations()->Swap(&operation);
  }
  return item;
}

}  // namespace

HistoryReader::HistoryReader(storage::Store* store, const v1::Charter& charter,
                             SideRecordKeyOf side_record_key)
    : store_(store), side_record_key_(side_record_key) {
  for (const v1::Currency& currency : charter.currencies()) {
    for (const std::string_view name : kSystemAccountNames) {
      system_accounts_.insert(SystemAccountId(name, currency.code()));
    }
  }
}

absl::StatusOr<HistoryPage> HistoryReader::Read(const HistoryQuery& query, Sequence cursor,
                                                size_t items_max) const {
  const std::string prefix = rules::key::HistoryOf(query.account);
  const absl::StatusOr<storage::Read> read = store_->get({prefix});
  if (!read.ok()) return read.status();
  HistoryPage page;
  page.head = read->sequence;
  page.cursor = cursor;
  const absl::StatusOr<Range> range = RangeOf(store_, query, cursor, page.head);
  if (!range.ok()) return range.status();
  std::string after;
  if (!query.newest_first) {
    after = rules::key::History(query.account, range->first - 1);
  } else if (range->end != std::numeric_limits<Sequence>::max()) {
    after = rules::key::History(query.account, range->end);
  }
  Relations relations(store_);
  size_t bytes = 0;
  size_t examined = 0;
  while (true) {
    const size_t pairs_max = std::min(items_max - page.items.size() + 1, kScanPairs);
    absl::StatusOr<storage::Scan> scan = store_->scan(prefix, after, pairs_max, query.newest_first);
    if (!scan.ok()) return scan.status();
    page.head = scan->sequence;
    for (const auto& [key, value] : scan->pairs) {
      const Sequence sequence = rules::DecodeNumber(std::string_view(key).substr(prefix.size()));
      if (sequence < range->first || sequence >= range->end) return Finished(std::move(page));
      if (page.items.size() >= items_max || bytes >= kPageBytes ||
          examined >= kEntriesExaminedMax) {
        page.more = true;
        return Finished(std::move(page));
      }
      const absl::StatusOr<v1::JournalEntry> entry = ReadEntry(store_, sequence);
      if (!entry.ok()) return entry.status();
      v1::ListBalancesResponse balances;
      if (!balances.ParseFromString(value)) {
        return absl::DataLossError("the history index cannot be read");
      }
      absl::StatusOr<v1::HistoryItem> item =
          MakeItem(query, *entry, balances, system_accounts_, relations);
      if (!item.ok()) return item.status();
      ++examined;
      page.cursor = sequence;
      if (item->operations().empty()) continue;
      bytes += item->ByteSizeLong();
      page.items.push_back(*std::move(item));
    }
    if (scan->pairs.size() < pairs_max) return Finished(std::move(page));
    after = scan->pairs.back().first;
  }
}

absl::StatusOr<HistoryPage> HistoryReader::Finished(HistoryPage page) const {
  const absl::Status status = AddTexts(store_, side_record_key_, &page.items);
  if (!status.ok()) return status;
  return page;
}

absl::StatusOr<std::vector<v1::HistoryOperation>> HistoryReader::OperationsOf(
    const AccountId& account, const v1::JournalEntry& entry) const {
  Relations relations(store_);
  return FindOperations(account, entry, IndexPostings(entry, {}), false, relations);
}

}  // namespace kengred::publish
