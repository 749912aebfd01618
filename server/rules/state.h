// The ledger's state as the rules see it: typed reads and writes over sorted keys and values.
//
// Every table is one key prefix; this header is the only place that knows them. Records are the
// protobuf messages of the contract; balances and counters are 8 bytes big-endian.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/verdict.h"
#include "kengred/v1/account.pb.h"
#include "kengred/v1/journal.pb.h"
#include "kengred/v1/programme.pb.h"
#include "kengred/v1/reconversion.pb.h"
#include "server/rules/state_writes.h"

namespace kengred::rules {

// Numbers inside keys and values: 8 bytes big-endian, so that keys sort by number.
std::string EncodeNumber(uint64_t number);
// 0 where `bytes` is not 8 bytes.
uint64_t DecodeNumber(std::string_view bytes);

// ---- the tables ----
namespace key {
std::string Account(const AccountId& account);                             // 'A' -> Account
std::string KeyOwner(const PublicKey& public_key);                         // 'K' -> account id
std::string Balance(const AccountId& account, std::string_view currency);  // 'B' -> number
std::string BalancesOf(const AccountId& account);                          // prefix of the above
std::string Reference(std::string_view euro_reference);                    // 'R' -> sequence
std::string Refunded(const TransactionId& transaction, uint32_t operation_index);  // 'F' -> number
std::string Programme(const AccountId& programme);                          // 'P' -> Programme
std::string Award(const AccountId& programme, std::string_view reference);  // 'Q' -> sequence
std::string PaidInPeriod(const AccountId& programme, const AccountId& beneficiary,
                         int32_t period);  // 'U' -> number
std::string PaidInYear(const AccountId& programme, const AccountId& beneficiary,
                       int32_t year);                          // 'Y' -> number
std::string Reconversion(const ReconversionId& reconversion);  // 'V' -> Reconversion
std::string ReconversionOf(const AccountId& account,
                           const ReconversionId& reconversion);     // 'W' -> empty
std::string Listed(v1::HolderKind kind, const AccountId& account);  // 'G' -> empty
// The log keys that came after the charter's, and since which entry.
std::string LogKey(const PublicKey& public_key);  // 'L' -> sequence, operation index (4 bytes)
// Written by the sequencer, beside the rules' own:
std::string Transaction(const TransactionId& transaction);  // 'T' -> sequence
// 'H' -> the account's balances after the entry, of the currencies it moved: a serialized
// ListBalancesResponse.
std::string History(const AccountId& account, Sequence sequence);
std::string HistoryOf(const AccountId& account);  // prefix of the above
// The Merkle tree over the journal: hash i of a level is the root of the complete subtree of
// 2^level entries from i * 2^level on, for the levels 0, 8, 16, ... (RFC 6962). They are kept in
// runs, as they came: the hashes `first`, `first` + 1, ... of a level, at most to the end of a tile
// of 256.
std::string TreeRun(uint32_t level, uint64_t first);  // 'M' -> 32 bytes each
std::string TreeHashes(uint32_t level);               // prefix of the above
// The checkpoint of that size, a signed note.
std::string Checkpoint(uint64_t size);  // 'C' -> text
// Prefixes for listings.
inline constexpr std::string_view kCheckpoints = "C";
inline constexpr std::string_view kHistories = "H";
inline constexpr std::string_view kLogKeys = "L";
inline constexpr std::string_view kProgrammes = "P";
inline constexpr std::string_view kReconversions = "V";
std::string ReconversionsOf(const AccountId& account);
std::string ListedOfKind(v1::HolderKind kind);
}  // namespace key

// An account's record as it stands in the state, shared with whoever keeps it; null: there is none.
using AccountRecord = std::shared_ptr<const v1::Account>;

// Reads of a state that does not change while the view lives. A read that fails (a disk error) is
// remembered in status() by the implementation and answered as absent: whoever applies rules on a
// view checks its status afterwards, so that a failing machine never becomes a verdict.
class StateView {
 public:
  virtual ~StateView() = default;
  // The value of a key.
  virtual std::optional<std::string> Get(const std::string& key) const = 0;
  // The record at a key of the table of accounts, parsed: a view that keeps what it has parsed
  // lends that.
  virtual AccountRecord GetAccount(const std::string& key) const;
  // The stored bytes of a journal entry.
  virtual std::optional<std::string> Entry(Sequence sequence) const = 0;
  // These are about to be asked for; a view for which many reads at once are cheaper makes them
  // now. Changes nothing else.
  virtual void Expect(const std::vector<std::string>& /*keys*/) const {}
};

// Typed reads over a view.
class StateReader {
 public:
  explicit StateReader(const StateView& view) : view_(view) {}
  virtual ~StateReader() = default;

  AccountRecord FindAccount(const AccountId& account) const;
  // One that may be changed.
  std::optional<v1::Account> CopyAccount(const AccountId& account) const;
  std::optional<AccountId> FindKeyOwner(const PublicKey& public_key) const;
  int64_t Balance(const AccountId& account, std::string_view currency) const;
  std::optional<Sequence> FindReference(std::string_view euro_reference) const;
  int64_t Refunded(const TransactionId& transaction, uint32_t operation_index) const;
  std::optional<v1::Programme> FindProgramme(const AccountId& programme) const;
  std::optional<Sequence> FindAward(const AccountId& programme, std::string_view reference) const;
  int64_t Number(const std::string& key) const;
  std::optional<v1::Reconversion> FindReconversion(const ReconversionId& reconversion) const;
  std::optional<Sequence> FindTransaction(const TransactionId& transaction) const;
  // Since which entry a key has been the log's; nothing for the charter's and for any other key.
  std::optional<Sequence> FindLogKey(const PublicKey& public_key) const;
  // The entry of a committed transaction.
  std::optional<v1::JournalEntry> FindEntry(const TransactionId& transaction) const;

  // As of StateView.
  virtual std::optional<std::string> Get(const std::string& key) const { return view_.Get(key); }
  virtual AccountRecord GetAccount(const std::string& key) const { return view_.GetAccount(key); }
  void Expect(const std::vector<std::string>& keys) const { view_.Expect(keys); }

 protected:
  const StateView& view() const { return view_; }

 private:
  const StateView& view_;
};

// A movement that a rule intends.
struct Move {
  AccountId account;
  std::string currency;
  int64_t amount_minor = 0;
};

// What a transaction would change, on top of a view. Thrown away where a later check refuses.
class Draft : public StateReader {
 public:
  explicit Draft(const StateView& view) : StateReader(view) {}

  std::optional<std::string> Get(const std::string& key) const override;
  AccountRecord GetAccount(const std::string& key) const override;

  void Put(const std::string& key, std::string value);
  void PutAccount(const v1::Account& account);  // and puts the entry into its history
  void PutProgramme(const v1::Programme& programme);
  void PutReconversion(const v1::Reconversion& reconversion);
  void PutNumber(const std::string& key, int64_t number);
  void PutLogKey(const PublicKey& public_key, Sequence since, uint32_t operation_index);
  // Puts the entry into an account's history.
  void Touch(const AccountId& account);

  // AMOUNT_OVERFLOW where a balance, or its negative, would not fit after all the moves.
  std::optional<Refusal> CheckMoves(const std::vector<Move>& moves) const;
  // Applies moves that CheckMoves accepts, as postings of an operation.
  void Post(const std::vector<Move>& moves, uint32_t operation_index);

  // What it comes to, taken out without copying: state to put, movements in order, histories.
  StateWrites TakeWrites() &&;
  std::vector<v1::Posting> TakePostings() && { return std::move(postings_); }
  std::set<AccountId> TakeTouched() && { return std::move(touched_); }

 private:
  // Looked at many times for each key, and sorted once.
  std::unordered_map<std::string, std::string> writes_;
  std::vector<v1::Posting> postings_;
  std::set<AccountId> touched_;
};

// The record that the bytes at a key of the table of accounts stand for; null where they are absent
// or no such record.
AccountRecord ParseAccount(const std::optional<std::string>& bytes);

// The id of a programme or reconversion that an operation makes (operations.proto says how).
AccountId ProgrammeIdOf(const TransactionId& transaction, uint32_t operation_index);
ReconversionId ReconversionIdOf(const TransactionId& transaction, uint32_t operation_index);

}  // namespace kengred::rules
