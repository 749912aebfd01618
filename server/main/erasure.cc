#include "server/main/erasure.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "kengred/core/charter.h"
#include "kengred/core/merkle.h"
#include "kengred/core/side_record.h"
#include "kengred/core/signing.h"
#include "server/rules/state.h"
#include "server/sequence/side_keys.h"
#include "server/sequence/tree.h"

namespace kengred::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kPageEntries = 1000;

// Whether a message itself, not one inside it, has fields for accounts; and whether one of them is
// this account.
std::pair<bool, bool> NamesAccount(const Message& message, const AccountId& account) {
  bool names_somebody = false;
  bool names_it = false;
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->type() != FieldDescriptor::TYPE_BYTES || field->is_repeated() ||
        !field->name().ends_with("account_id")) {
      continue;
    }
    names_somebody = true;
    names_it = names_it || message.GetReflection()->GetString(message, field) == account.view();
  }
  return {names_somebody, names_it};
}

// Calls visit(container, commitment) for every commitment in a message, with the message that holds
// it.
template <typename Visit>
void ForEachCommitment(const Message& message, const Visit& visit) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const Message& part = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                 : reflection.GetMessage(message, field);
      if (part.GetDescriptor() == v1::Commitment::descriptor()) {
        const auto& commitment = static_cast<const v1::Commitment&>(part);
        if (const auto digest = Digest::FromBytes(commitment.sha256())) visit(message, *digest);
      } else {
        ForEachCommitment(part, visit);
      }
    }
  }
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

absl::StatusOr<std::optional<std::string>> ReadOne(storage::Store* store, const std::string& key) {
  absl::StatusOr<storage::Read> read = store->get({key});
  if (!read.ok()) return read.status();
  return std::move(read->values.front());
}

// Gathers keys, and counts those that are there.
class Planner {
 public:
  explicit Planner(storage::Store* store) : store_(store) {}

  void AddProfile(const Digest& commitment) { profiles_.insert(commitment); }
  void AddText(const Digest& commitment) { texts_.insert(commitment); }
  // Its alias goes.
  void AddNamed(const AccountId& account) { named_.insert(account.ToBytes()); }

  absl::StatusOr<ErasurePlan> Finish() {
    ErasurePlan plan;
    for (const Digest& profile : profiles_) texts_.erase(profile);
    if (absl::Status status = Count(profiles_, &plan.profiles, &plan); !status.ok()) return status;
    if (absl::Status status = Count(texts_, &plan.texts, &plan); !status.ok()) return status;
    // By the index, not by the profile, which may be gone already.
    const std::string prefix = sequence::AliasKey("");
    std::string after;
    while (!named_.empty()) {
      absl::StatusOr<storage::Scan> scan = store_->scan(prefix, after, kPageEntries);
      if (!scan.ok()) return scan.status();
      for (const auto& [key, value] : scan->pairs) {
        if (!named_.contains(value)) continue;
        ++plan.aliases;
        plan.keys.push_back(key);
      }
      if (scan->pairs.size() < kPageEntries) break;
      after = scan->pairs.back().first;
    }
    std::sort(plan.keys.begin(), plan.keys.end());
    return plan;
  }

 private:
  absl::Status Count(const std::set<Digest>& commitments, size_t* count, ErasurePlan* plan) {
    std::vector<std::string> keys;
    for (const Digest& commitment : commitments) {
      keys.push_back(sequence::SideRecordKey(commitment));
      if (keys.size() < kPageEntries) continue;
      if (absl::Status status = CountKeys(keys, count, plan); !status.ok()) return status;
      keys.clear();
    }
    return CountKeys(keys, count, plan);
  }

  absl::Status CountKeys(const std::vector<std::string>& keys, size_t* count, ErasurePlan* plan) {
    const absl::StatusOr<storage::Read> read = store_->get(keys);
    if (!read.ok()) return read.status();
    for (size_t i = 0; i < keys.size(); ++i) {
      if (!read->values[i]) continue;
      ++*count;
      plan->keys.push_back(keys[i]);
    }
    return absl::OkStatus();
  }

  storage::Store* store_;
  std::set<Digest> profiles_;
  std::set<Digest> texts_;
  std::set<std::string> named_;
};

// The transaction of an entry, empty for the charter's.
struct EntryTransaction {
  TransactionId id;
  v1::Transaction transaction;
};

absl::StatusOr<EntryTransaction> TransactionOf(const v1::JournalEntry& entry) {
  EntryTransaction result;
  const std::string& bytes = entry.signed_transaction().transaction();
  if (entry.has_signed_transaction()) result.id = TransactionIdOf(bytes);
  if (!result.transaction.ParseFromString(bytes)) {
    return absl::DataLossError("the transaction of journal entry " +
                               std::to_string(entry.sequence()) + " cannot be read");
  }
  return result;
}

// The account that an operation opens, where it opens one, and the commitment to its profile.
struct OpenedAccount {
  AccountId account;
  std::optional<Digest> profile;
};
std::optional<OpenedAccount> OpenedBy(const TransactionId& transaction, uint32_t operation_index,
                                      const v1::Operation& operation) {
  if (operation.has_open_account()) {
    return OpenedAccount{AccountIdOf(operation.open_account().authority()),
                         Digest::FromBytes(operation.open_account().profile().sha256())};
  }
  if (operation.has_open_programme()) {
    return OpenedAccount{rules::ProgrammeIdOf(transaction, operation_index),
                         Digest::FromBytes(operation.open_programme().terms().profile().sha256())};
  }
  return std::nullopt;
}

}  // namespace

std::vector<Digest> CommitmentsAbout(const AccountId& account, const v1::JournalEntry& entry,
                                     const TransactionId& transaction, uint32_t operation_index,
                                     const v1::Operation& operation) {
  const std::optional<OpenedAccount> opened = OpenedBy(transaction, operation_index, operation);
  const bool moves_it = std::any_of(entry.postings().begin(), entry.postings().end(),
                                    [&](const v1::Posting& posting) {
                                      return posting.operation_index() == operation_index &&
                                             posting.account_id() == account.view();
                                    });
  std::vector<Digest> about;
  ForEachCommitment(operation, [&](const Message& container, const Digest& commitment) {
    if (opened && opened->profile == commitment) {
      if (opened->account == account) about.push_back(commitment);
      return;
    }
    const auto [names_somebody, names_it] = NamesAccount(container, account);
    if (names_somebody ? names_it : moves_it) about.push_back(commitment);
  });
  return about;
}

absl::StatusOr<ErasurePlan> PlanAccountErasure(storage::Store* store, const AccountId& account) {
  const auto record = ReadOne(store, rules::key::Account(account));
  if (!record.ok()) return record.status();
  if (!*record) return absl::NotFoundError("this ledger has no such account; look at the address");
  v1::Account holder;
  if (!holder.ParseFromString(**record)) {
    return absl::DataLossError("the record of the account cannot be read");
  }
  Planner planner(store);
  planner.AddNamed(account);
  if (const auto profile = Digest::FromBytes(holder.profile().sha256())) {
    planner.AddProfile(*profile);
  }
  const std::string prefix = rules::key::HistoryOf(account);
  std::string after;
  while (true) {
    absl::StatusOr<storage::Scan> scan = store->scan(prefix, after, kPageEntries);
    if (!scan.ok()) return scan.status();
    for (const auto& [key, value] : scan->pairs) {
      const absl::StatusOr<v1::JournalEntry> entry =
          ReadEntry(store, rules::DecodeNumber(std::string_view(key).substr(prefix.size())));
      if (!entry.ok()) return entry.status();
      const absl::StatusOr<EntryTransaction> read = TransactionOf(*entry);
      if (!read.ok()) return read.status();
      for (int i = 0; i < read->transaction.operations_size(); ++i) {
        const auto index = static_cast<uint32_t>(i);
        const v1::Operation& operation = read->transaction.operations(i);
        for (const Digest& commitment :
             CommitmentsAbout(account, *entry, read->id, index, operation)) {
          const std::optional<OpenedAccount> opened = OpenedBy(read->id, index, operation);
          opened && opened->profile == commitment ? planner.AddProfile(commitment)
                                                  : planner.AddText(commitment);
        }
      }
    }
    if (scan->pairs.size() < kPageEntries) break;
    after = scan->pairs.back().first;
  }
  return planner.Finish();
}

absl::StatusOr<ErasurePlan> PlanTransactionErasure(storage::Store* store,
                                                   const TransactionId& transaction) {
  const auto sequence = ReadOne(store, rules::key::Transaction(transaction));
  if (!sequence.ok()) return sequence.status();
  if (!*sequence) return absl::NotFoundError("this ledger has no such transaction; look at the id");
  const absl::StatusOr<v1::JournalEntry> entry = ReadEntry(store, rules::DecodeNumber(**sequence));
  if (!entry.ok()) return entry.status();
  const absl::StatusOr<EntryTransaction> read = TransactionOf(*entry);
  if (!read.ok()) return read.status();
  Planner planner(store);
  for (const Digest& commitment : CommitmentsIn(read->transaction)) planner.AddText(commitment);
  for (int i = 0; i < read->transaction.operations_size(); ++i) {
    const std::optional<OpenedAccount> opened =
        OpenedBy(read->id, static_cast<uint32_t>(i), read->transaction.operations(i));
    if (!opened || !opened->profile) continue;
    planner.AddProfile(*opened->profile);
    planner.AddNamed(opened->account);
  }
  return planner.Finish();
}

absl::StatusOr<storage::Head> CheckJournal(storage::Store* store) {
  const absl::StatusOr<storage::Head> head = store->head();
  if (!head.ok()) return head.status();
  TreeFrontier tree;
  Sequence sequence = 0;
  while (sequence < head->sequence) {
    const absl::StatusOr<storage::JournalPage> page = store->journal(sequence, kPageEntries);
    if (!page.ok()) return page.status();
    for (const auto& [number, bytes] : page->entries) {
      if (number > head->sequence) break;
      tree.Append(LeafHash(bytes));
      sequence = number;
    }
  }
  if (sequence::HashOf(tree.Root()) == head->hash) return head;
  return absl::DataLossError(
      "the journal is not what was committed: its root is not the head's; restore the store from a "
      "backup, or look for the damage with `kengred-server audit`");
}

}  // namespace kengred::server
