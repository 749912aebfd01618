// A community for tests: a charter, its people with their keys, and builders for what they do.
//
// Everything follows from a seed: the same seed makes the same charter, keys, accounts and bytes,
// so that a failing test can be run again. The people (see People in the .cc):
//
//   governance                      3 keys, 2 sign; no account
//   issuer treasurer registrar      persons with that role
//   committee1 committee2 committee3, validator1 validator2 validator3, auditor, mediator
//   alice bruno chloe denis         citizens, members
//   biocoop librairie               approved shops; biocoop has 2 keys (two tills), either signs
//   assoc                           association, 3 keys, 2 sign; runs the programmes
//   choir                           association, 1 key
//   newcomer newshop                a person and a shop without an account
//
// Currencies: HEOL (backed by EUR, 2 decimals), EUR (fiat, 2 decimals), HOURS (earned, minutes).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kengred/core/ids.h"
#include "kengred/core/signed_note.h"
#include "kengred/core/signing.h"
#include "kengred/v1/charter.pb.h"
#include "kengred/v1/ledger_service.pb.h"
#include "kengred/v1/operations.pb.h"
#include "kengred/v1/side_record.pb.h"
#include "kengred/v1/transaction.pb.h"

namespace kengred::testing {

inline constexpr char kHeol[] = "HEOL";
inline constexpr char kEur[] = "EUR";
inline constexpr char kHours[] = "HOURS";

// 2026-11-24 09:00:00 UTC, 10:00 in Paris: the time of the tests that need no real clock.
inline constexpr int64_t kNowSeconds = 1795510800;
// Its civil day.
inline constexpr int32_t kToday = 20781;

// A private text and what stands in the journal for it.
struct Text {
  v1::SideRecord record;
  v1::Commitment commitment;
};

// Who may sign, and the account that follows from it.
struct Holder {
  v1::HolderKind kind = v1::HOLDER_KIND_UNSPECIFIED;
  std::vector<SecretKey> keys;
  v1::Authority authority;
  AccountId account_id;
  std::vector<v1::Role> roles;
  v1::Profile profile;
};

// Thread-safe, except AddHolder, NamePlace and Found.
class Community {
 public:
  explicit Community(uint64_t seed = 1);
  // With a charter that `edit` changes before its bytes are made.
  Community(uint64_t seed, const std::function<void(v1::Charter*)>& edit);

  const v1::Charter& charter() const { return charter_; }
  const std::string& charter_bytes() const { return charter_bytes_; }
  const LedgerId& ledger_id() const { return ledger_id_; }
  // The key that signs this community's checkpoints; the others are for rotations.
  SecretKey log_key(int number = 0) const;
  Digest log_key_seed(int number = 0) const;
  // Log keys 0 to `count` - 1, as a server holds them.
  std::vector<std::shared_ptr<const NoteSigner>> log_keys(int count = 1) const;

  // Adds somebody: `keys` keys of which `threshold` sign.
  void AddHolder(const std::string& name, v1::HolderKind kind, size_t keys = 1,
                 uint32_t threshold = 1);
  // Somebody by name. Aborts on a name that nobody has: a mistake in a test.
  const Holder& holder(const std::string& name) const;
  const std::vector<std::string>& names() const { return names_; }

  // The account of a holder, or of a place named by NamePlace ("repair", "timebank" after Found).
  AccountId account(const std::string& name) const;
  // Gives an account without keys (a programme) a name.
  void NamePlace(const std::string& name, const AccountId& account) { places_[name] = account; }
  const std::map<std::string, AccountId>& places() const { return places_; }
  // "heol1..."
  std::string address(const std::string& name) const;
  // The first key of a holder.
  const SecretKey& key(const std::string& name) const;
  // A token for private reads, of the holder's first key, valid from `now_seconds` for 300 s.
  std::string token(const std::string& name, int64_t now_seconds) const;

  // ---- transactions ----
  // A transaction with these operations, valid from `now_seconds` for an hour, signed by `signers`:
  //   "alice"         as many of her keys as must sign
  //   "biocoop/2"     the second key alone
  //   "biocoop/all"   every key
  //   "governance", "governance/1", "governance/all"
  // Every call has another nonce; the n-th call of two equal communities makes the same bytes.
  v1::SignedTransaction Transaction(int64_t now_seconds,
                                    const std::vector<v1::Operation>& operations,
                                    const std::vector<std::string>& signers) const;
  // Adds the signatures of one more signer.
  void Sign(const std::string& signer, v1::SignedTransaction* transaction) const;

  // A private text with a salt that follows from the text and the seed.
  Text text(std::string_view content) const;

  // ---- operations, by names; change what they return where a test needs more ----
  // With the holder's profile.
  v1::Operation OpenAccount(const std::string& name) const;
  v1::Operation AdmitMember(const std::string& name, int32_t until_day) const;
  v1::Operation EndMembership(const std::string& name) const;
  v1::Operation ApproveProfessional(const std::string& name, int32_t until_day) const;
  v1::Operation SuspendProfessional(const std::string& name) const;
  v1::Operation GrantRole(const std::string& name, v1::Role role, int32_t until_day = 0) const;
  v1::Operation RevokeRole(const std::string& name, v1::Role role) const;
  v1::Operation EurosIn(v1::Fund fund, int64_t amount_minor, const std::string& reference) const;
  v1::Operation EurosOut(v1::Fund fund, int64_t amount_minor, const std::string& reference) const;
  v1::Operation NotesDeposited(const std::string& name, int64_t amount_minor,
                               const std::string& reference) const;
  v1::Operation NotesWithdrawn(const std::string& name, int64_t amount_minor,
                               const std::string& reference) const;
  v1::Operation Issue(const std::string& name, int64_t amount_minor, const std::string& reference,
                      const std::string& currency = kHeol) const;
  v1::Operation Transfer(const std::string& payer, const std::string& payee, int64_t amount_minor,
                         const std::string& currency = kHeol) const;
  v1::Operation Refund(const TransactionId& transaction, uint32_t operation_index,
                       int64_t amount_minor) const;
  v1::Operation RequestReconversion(const std::string& name, int64_t amount_minor) const;
  v1::Operation SettleReconversion(const ReconversionId& reconversion,
                                   const std::string& bank_reference) const;
  v1::Operation FailReconversion(const ReconversionId& reconversion) const;
  // Of assoc, in HEOL: activity "session" at 1500 up to 4, and "minute" at 25 up to 240; three
  // validators of whom two sign; caps 50000 in all, 10000 per person and month, 30000 per person
  // and year; from `today` for 365 days; ground PRIZE.
  v1::Operation OpenProgramme(int32_t today) const;
  // The same in HOURS: activity "minute" at 1 up to 600; NOT_CONVERTIBLE.
  v1::Operation OpenTimebank(int32_t today) const;
  // One award; the reference is the hash of `reference`.
  v1::Award Award(const std::string& beneficiary, const std::string& activity, int64_t quantity,
                  const std::string& reference) const;
  v1::Operation Reward(const std::string& programme, const std::vector<v1::Award>& awards) const;
  v1::Operation CloseProgramme(const std::string& programme) const;
  v1::Operation RotateLogKey(int number) const;

  // ---- the founding ----
  // The transactions that bring the community to life, in order, with their side records.
  // Afterwards
  //   everybody above but newcomer and newshop has an account, roles and membership for a year;
  //   the shops are approved for a year;
  //   alice has 200.00 HEOL, bruno 50.00, choir 100.00, assoc 300.00;
  //   "repair" is a programme of assoc (OpenProgramme) with 700.00: 500.00 by assoc, 200.00 by
  //   choir; "timebank" is one in HOURS (OpenTimebank) with 6000 minutes.
  // So 1350.00 HEOL circulate against 1350.00 EUR in the digital fund.
  std::vector<v1::SubmitTransactionRequest> Found(int64_t now_seconds);

 private:
  void AddKeys(std::string_view label, size_t count, uint32_t threshold,
               std::vector<SecretKey>* keys, v1::Authority* authority) const;
  v1::SubmitTransactionRequest Request(int64_t now_seconds,
                                       const std::vector<v1::Operation>& operations,
                                       const std::vector<std::string>& signers,
                                       const std::vector<Text>& texts = {}) const;

  const uint64_t seed_;
  v1::Charter charter_;
  std::string charter_bytes_;
  LedgerId ledger_id_;
  std::vector<SecretKey> governance_;
  std::map<std::string, Holder> holders_;
  std::vector<std::string> names_;  // in the order they were added
  std::map<std::string, AccountId> places_;
  mutable std::atomic<uint64_t> transactions_ = 0;
};

// The id of a transaction.
TransactionId IdOf(const v1::SignedTransaction& transaction);
// The id of the reconversion that an operation makes.
ReconversionId ReconversionOf(const v1::SignedTransaction& transaction,
                              uint32_t operation_index = 0);
// The account of the programme that an operation opens.
AccountId ProgrammeOf(const v1::SignedTransaction& transaction, uint32_t operation_index = 0);

}  // namespace kengred::testing
