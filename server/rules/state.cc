#include "server/rules/state.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "kengred/core/amount.h"
#include "kengred/core/hash.h"

namespace kengred::rules {
namespace {

template <typename Message>
std::optional<Message> ParseRecord(const std::optional<std::string>& bytes) {
  std::optional<Message> message;
  if (bytes && !message.emplace().ParseFromString(*bytes)) message.reset();
  return message;
}

std::optional<Sequence> ParseSequence(const std::optional<std::string>& bytes) {
  if (!bytes) return std::nullopt;
  return DecodeNumber(*bytes);
}

std::string Key(char table, std::string_view a, std::string_view b = {}, std::string_view c = {}) {
  std::string key(1 + a.size() + b.size() + c.size(), table);
  char* end = key.data() + 1;
  for (const std::string_view part : {a, b, c}) end += part.copy(end, part.size());
  return key;
}

// 4 bytes big-endian.
std::string EncodeIndex(uint32_t index) { return EncodeNumber(index).substr(4); }

std::string IdBytes(std::string_view tag, const TransactionId& transaction,
                    uint32_t operation_index) {
  return std::string(Sha256({tag, transaction.view(), EncodeIndex(operation_index)})
                         .view()
                         .substr(0, AccountId::kSize));
}

}  // namespace

std::string EncodeNumber(uint64_t number) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(number >> (56 - 8 * i) & 0xff);
  return bytes;
}

uint64_t DecodeNumber(std::string_view bytes) {
  if (bytes.size() != 8) return 0;
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

namespace key {
std::string Account(const AccountId& account) { return Key('A', account.view()); }
std::string KeyOwner(const PublicKey& public_key) { return Key('K', public_key.view()); }
std::string Balance(const AccountId& account, std::string_view currency) {
  return Key('B', account.view(), currency);
}
std::string BalancesOf(const AccountId& account) { return Key('B', account.view()); }
std::string Reference(std::string_view euro_reference) { return Key('R', euro_reference); }
std::string Refunded(const TransactionId& transaction, uint32_t operation_index) {
  return Key('F', transaction.view(), EncodeIndex(operation_index));
}
std::string Programme(const AccountId& programme) { return Key('P', programme.view()); }
std::string Award(const AccountId& programme, std::string_view reference) {
  return Key('Q', programme.view(), reference);
}
std::string PaidInPeriod(const AccountId& programme, const AccountId& beneficiary, int32_t period) {
  return Key('U', programme.view(), beneficiary.view(), EncodeIndex(static_cast<uint32_t>(period)));
}
std::string PaidInYear(const AccountId& programme, const AccountId& beneficiary, int32_t year) {
  return Key('Y', programme.view(), beneficiary.view(), EncodeIndex(static_cast<uint32_t>(year)));
}
std::string Reconversion(const ReconversionId& reconversion) {
  return Key('V', reconversion.view());
}
std::string ReconversionOf(const AccountId& account, const ReconversionId& reconversion) {
  return Key('W', account.view(), reconversion.view());
}
std::string ReconversionsOf(const AccountId& account) { return Key('W', account.view()); }
std::string Listed(v1::HolderKind kind, const AccountId& account) {
  return ListedOfKind(kind).append(account.view());
}
std::string ListedOfKind(v1::HolderKind kind) {
  const char number = static_cast<char>(kind);
  return Key('G', std::string_view(&number, 1));
}
std::string LogKey(const PublicKey& public_key) { return Key('L', public_key.view()); }
std::string TreeRun(uint32_t level, uint64_t first) {
  return TreeHashes(level).append(EncodeNumber(first));
}
std::string TreeHashes(uint32_t level) {
  const char number = static_cast<char>(level);
  return Key('M', std::string_view(&number, 1));
}
std::string Checkpoint(uint64_t size) { return Key('C', EncodeNumber(size)); }
std::string Transaction(const TransactionId& transaction) { return Key('T', transaction.view()); }
std::string History(const AccountId& account, Sequence sequence) {
  return Key('H', account.view(), EncodeNumber(sequence));
}
std::string HistoryOf(const AccountId& account) { return Key('H', account.view()); }
}  // namespace key

AccountRecord ParseAccount(const std::optional<std::string>& bytes) {
  if (!bytes) return nullptr;
  auto account = std::make_shared<v1::Account>();
  if (!account->ParseFromString(*bytes)) return nullptr;
  return account;
}

AccountRecord StateView::GetAccount(const std::string& key) const { return ParseAccount(Get(key)); }

AccountRecord StateReader::FindAccount(const AccountId& account) const {
  return GetAccount(key::Account(account));
}

std::optional<v1::Account> StateReader::CopyAccount(const AccountId& account) const {
  return ParseRecord<v1::Account>(Get(key::Account(account)));
}

std::optional<AccountId> StateReader::FindKeyOwner(const PublicKey& public_key) const {
  const std::optional<std::string> owner = Get(key::KeyOwner(public_key));
  if (!owner) return std::nullopt;
  return AccountId::FromBytes(*owner);
}

int64_t StateReader::Balance(const AccountId& account, std::string_view currency) const {
  return Number(key::Balance(account, currency));
}

std::optional<Sequence> StateReader::FindReference(std::string_view euro_reference) const {
  return ParseSequence(Get(key::Reference(euro_reference)));
}

int64_t StateReader::Refunded(const TransactionId& transaction, uint32_t operation_index) const {
  return Number(key::Refunded(transaction, operation_index));
}

std::optional<v1::Programme> StateReader::FindProgramme(const AccountId& programme) const {
  return ParseRecord<v1::Programme>(Get(key::Programme(programme)));
}

std::optional<Sequence> StateReader::FindAward(const AccountId& programme,
                                               std::string_view reference) const {
  return ParseSequence(Get(key::Award(programme, reference)));
}

int64_t StateReader::Number(const std::string& key) const {
  const std::optional<std::string> bytes = Get(key);
  return bytes ? static_cast<int64_t>(DecodeNumber(*bytes)) : 0;
}

std::optional<v1::Reconversion> StateReader::FindReconversion(
    const ReconversionId& reconversion) const {
  return ParseRecord<v1::Reconversion>(Get(key::Reconversion(reconversion)));
}

std::optional<Sequence> StateReader::FindTransaction(const TransactionId& transaction) const {
  return ParseSequence(Get(key::Transaction(transaction)));
}

std::optional<Sequence> StateReader::FindLogKey(const PublicKey& public_key) const {
  const std::optional<std::string> since = Get(key::LogKey(public_key));
  if (!since) return std::nullopt;
  return DecodeNumber(std::string_view(*since).substr(0, 8));
}

std::optional<v1::JournalEntry> StateReader::FindEntry(const TransactionId& transaction) const {
  const std::optional<Sequence> sequence = FindTransaction(transaction);
  if (!sequence) return std::nullopt;
  return ParseRecord<v1::JournalEntry>(view().Entry(*sequence));
}

std::optional<std::string> Draft::Get(const std::string& key) const {
  if (const auto write = writes_.find(key); write != writes_.end()) return write->second;
  return view().Get(key);
}

AccountRecord Draft::GetAccount(const std::string& key) const {
  if (const auto write = writes_.find(key); write != writes_.end()) {
    return ParseAccount(write->second);
  }
  return view().GetAccount(key);
}

void Draft::Put(const std::string& key, std::string value) { writes_[key] = std::move(value); }

StateWrites Draft::TakeWrites() && {
  std::vector<StateWrites::Write> writes;
  writes.reserve(writes_.size());
  while (!writes_.empty()) {
    auto write = writes_.extract(writes_.begin());
    writes.emplace_back(std::move(write.key()), std::move(write.mapped()));
  }
  return StateWrites(std::move(writes));
}

void Draft::PutAccount(const v1::Account& account) {
  const AccountId id = *AccountId::FromBytes(account.account_id());
  Put(key::Account(id), account.SerializeAsString());
  Touch(id);
}

void Draft::PutProgramme(const v1::Programme& programme) {
  const AccountId id = *AccountId::FromBytes(programme.account_id());
  Put(key::Programme(id), programme.SerializeAsString());
  Touch(id);
}

void Draft::PutReconversion(const v1::Reconversion& reconversion) {
  const auto id = *ReconversionId::FromBytes(reconversion.reconversion_id());
  const auto account = *AccountId::FromBytes(reconversion.account_id());
  Put(key::Reconversion(id), reconversion.SerializeAsString());
  Put(key::ReconversionOf(account, id), "");
  Touch(account);
}

void Draft::PutNumber(const std::string& key, int64_t number) {
  Put(key, EncodeNumber(static_cast<uint64_t>(number)));
}

void Draft::PutLogKey(const PublicKey& public_key, Sequence since, uint32_t operation_index) {
  Put(key::LogKey(public_key), EncodeNumber(since) + EncodeIndex(operation_index));
}

void Draft::Touch(const AccountId& account) { touched_.insert(account); }

std::optional<Refusal> Draft::CheckMoves(const std::vector<Move>& moves) const {
  // There are a handful of moves.
  std::vector<std::pair<std::string, int64_t>> after;
  after.reserve(moves.size());
  for (const Move& move : moves) {
    std::string key = key::Balance(move.account, move.currency);
    auto known = std::find_if(after.begin(), after.end(),
                              [&key](const auto& balance) { return balance.first == key; });
    if (known == after.end()) {
      const int64_t before = Number(key);
      known = after.emplace(after.end(), std::move(key), before);
    }
    const auto sum = CheckedAdd(known->second, move.amount_minor);
    // The least int64 has no negative, and circulation is minus a balance.
    if (!sum || *sum == std::numeric_limits<int64_t>::min()) {
      return Refusal{v1::VERDICT_AMOUNT_OVERFLOW, {}};
    }
    known->second = *sum;
  }
  return std::nullopt;
}

void Draft::Post(const std::vector<Move>& moves, uint32_t operation_index) {
  // Most transactions have one operation.
  if (postings_.empty()) postings_.reserve(moves.size());
  for (const Move& move : moves) {
    if (move.amount_minor == 0) continue;
    const std::string key = key::Balance(move.account, move.currency);
    PutNumber(key, Number(key) + move.amount_minor);
    Touch(move.account);
    v1::Posting& posting = postings_.emplace_back();
    posting.set_account_id(move.account.ToBytes());
    posting.set_currency(move.currency);
    posting.set_amount_minor(move.amount_minor);
    posting.set_operation_index(operation_index);
  }
}

AccountId ProgrammeIdOf(const TransactionId& transaction, uint32_t operation_index) {
  return *AccountId::FromBytes(IdBytes(domain::kProgramme, transaction, operation_index));
}

ReconversionId ReconversionIdOf(const TransactionId& transaction, uint32_t operation_index) {
  return *ReconversionId::FromBytes(IdBytes(domain::kReconversion, transaction, operation_index));
}

}  // namespace kengred::rules
