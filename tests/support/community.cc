#include "tests/support/community.h"

#include <cstdio>
#include <cstdlib>

#include "kengred/core/address.h"
#include "kengred/core/charter.h"
#include "kengred/core/hash.h"
#include "kengred/core/side_record.h"
#include "kengred/core/token.h"
#include "kengred/core/transaction_builder.h"

namespace kengred::testing {
namespace {

struct Person {
  const char* name;
  v1::HolderKind kind;
  size_t keys;
  uint32_t threshold;
  std::vector<v1::Role> roles;
};

const std::vector<Person>& People() {
  static const auto* const kPeople = new std::vector<Person>{
      {"issuer", v1::HOLDER_KIND_PERSON, 1, 1, {v1::ROLE_ISSUER}},
      {"treasurer", v1::HOLDER_KIND_PERSON, 1, 1, {v1::ROLE_TREASURER}},
      {"registrar", v1::HOLDER_KIND_PERSON, 1, 1, {v1::ROLE_REGISTRAR}},
      {"committee1", v1::HOLDER_KIND_PERSON, 1, 1, {v1::ROLE_COMMITTEE}},
      {"committee2", v1::HOLDER_KIND_PERSON, 1, 1, {v1::ROLE_COMMITTEE}},
      {"committee3", v1::HOLDER_KIND_PERSON, 1, 1, {v1::ROLE_COMMITTEE}},
      {"validator1", v1::HOLDER_KIND_PERSON, 1, 1, {v1::ROLE_VALIDATOR}},
      {"validator2", v1::HOLDER_KIND_PERSON, 1, 1, {v1::ROLE_VALIDATOR}},
      {"validator3", v1::HOLDER_KIND_PERSON, 1, 1, {v1::ROLE_VALIDATOR}},
      {"auditor", v1::HOLDER_KIND_PERSON, 1, 1, {v1::ROLE_AUDITOR}},
      {"mediator", v1::HOLDER_KIND_PERSON, 1, 1, {v1::ROLE_MEDIATOR}},
      {"alice", v1::HOLDER_KIND_PERSON, 1, 1, {}},
      {"bruno", v1::HOLDER_KIND_PERSON, 1, 1, {}},
      {"chloe", v1::HOLDER_KIND_PERSON, 1, 1, {}},
      {"denis", v1::HOLDER_KIND_PERSON, 1, 1, {}},
      {"biocoop", v1::HOLDER_KIND_PROFESSIONAL, 2, 1, {}},
      {"librairie", v1::HOLDER_KIND_PROFESSIONAL, 1, 1, {}},
      {"assoc", v1::HOLDER_KIND_ASSOCIATION, 3, 2, {}},
      {"choir", v1::HOLDER_KIND_ASSOCIATION, 1, 1, {}},
      {"newcomer", v1::HOLDER_KIND_PERSON, 1, 1, {}},
      {"newshop", v1::HOLDER_KIND_PROFESSIONAL, 1, 1, {}},
  };
  return *kPeople;
}

bool IsNew(const std::string& name) { return name == "newcomer" || name == "newshop"; }

[[noreturn]] void Mistake(const std::string& what, const std::string& name) {
  std::fprintf(stderr, "mistake in a test: %s \"%s\"\n", what.c_str(), name.c_str());
  std::abort();
}

void AddCurrency(v1::Charter* charter, const char* code, v1::CurrencyKind kind, uint32_t decimals,
                 const char* name, const char* backing = "") {
  v1::Currency* currency = charter->add_currencies();
  currency->set_code(code);
  currency->set_kind(kind);
  currency->set_decimals(decimals);
  currency->set_name(name);
  currency->set_backing_currency(backing);
}

std::string BigEndian4(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(number >> shift & 0xff));
  }
  return bytes;
}

// The ids that operations make, as operations.proto says; written apart from server/rules.
std::string_view DerivedId(const Digest& digest) { return digest.view().substr(0, 20); }

}  // namespace

Community::Community(uint64_t seed) : Community(seed, [](v1::Charter*) {}) {}

Community::Community(uint64_t seed, const std::function<void(v1::Charter*)>& edit) : seed_(seed) {
  InitializeCrypto();
  for (const Person& person : People()) {
    AddHolder(person.name, person.kind, person.keys, person.threshold);
    holders_.at(person.name).roles = person.roles;
  }
  charter_.set_name("Heol du Pays de Brest (essai)");
  charter_.set_address_prefix("heol");
  charter_.set_time_zone("Europe/Paris");
  AddCurrency(&charter_, kHeol, v1::CURRENCY_KIND_BACKED, 2, "heol", kEur);
  AddCurrency(&charter_, kEur, v1::CURRENCY_KIND_FIAT, 2, "euro");
  AddCurrency(&charter_, kHours, v1::CURRENCY_KIND_EARNED, 0, "minutes solidaires");
  AddKeys("governance", 3, 2, &governance_, charter_.mutable_governance());
  v1::Policy* policy = charter_.mutable_policy();
  policy->set_effective_day(20454);  // 2026-01-01
  v1::CurrencyLimits* limits = policy->add_limits();
  limits->set_currency(kHeol);
  limits->set_transfer_max_minor(100000);
  limits->set_person_balance_max_minor(300000);
  limits->set_unadmitted_balance_max_minor(15000);
  limits->set_reconversion_min_minor(1000);
  policy->set_commission_bps(500);
  v1::CommissionShare* share = policy->add_commission_shares();
  share->set_account_id(account("choir").ToBytes());
  share->set_share_bps(6000);
  policy->set_membership_grace_days(30);
  policy->set_leaver_reconversion_days(90);
  policy->set_committee_quorum(2);
  policy->set_refund_window_days(60);
  charter_.set_salt(Sha256({"salt", std::to_string(seed_)}).ToBytes().substr(0, 16));
  charter_.set_origin("heol.example/essai");
  charter_.set_log_public_key(log_key().public_key().ToBytes());
  edit(&charter_);
  charter_bytes_ = charter_.SerializeAsString();
  ledger_id_ = LedgerIdOf(charter_bytes_);
}

Digest Community::log_key_seed(int number) const {
  return Sha256({"kengred test key", std::to_string(seed_), "/log/", std::to_string(number)});
}

SecretKey Community::log_key(int number) const {
  return *SecretKey::FromSeed(log_key_seed(number).view());
}

std::vector<std::shared_ptr<const NoteSigner>> Community::log_keys(int count) const {
  std::vector<std::shared_ptr<const NoteSigner>> keys;
  for (int i = 0; i < count; ++i)
    keys.push_back(
        std::make_shared<const NoteSigner>(*NoteSigner::Make(charter_.origin(), log_key(i))));
  return keys;
}

void Community::AddKeys(std::string_view label, size_t count, uint32_t threshold,
                        std::vector<SecretKey>* keys, v1::Authority* authority) const {
  for (size_t i = 0; i < count; ++i) {
    const Digest seed =
        Sha256({"kengred test key", std::to_string(seed_), "/", label, "/", std::to_string(i)});
    keys->push_back(*SecretKey::FromSeed(seed.view()));
    authority->add_public_keys(keys->back().public_key().ToBytes());
  }
  authority->set_threshold(threshold);
}

void Community::AddHolder(const std::string& name, v1::HolderKind kind, size_t keys,
                          uint32_t threshold) {
  Holder& holder = holders_[name];
  holder.kind = kind;
  AddKeys(name, keys, threshold, &holder.keys, &holder.authority);
  holder.account_id = AccountIdOf(holder.authority);
  holder.profile.set_display_name("Profile of " + name);
  if (kind != v1::HOLDER_KIND_PERSON) {
    holder.profile.set_alias(name);
    holder.profile.set_description("What " + name + " offers");
    holder.profile.set_location("Brest");
  }
  names_.push_back(name);
}

const Holder& Community::holder(const std::string& name) const {
  const auto found = holders_.find(name);
  if (found == holders_.end()) Mistake("there is no holder", name);
  return found->second;
}

AccountId Community::account(const std::string& name) const {
  const auto place = places_.find(name);
  return place != places_.end() ? place->second : holder(name).account_id;
}

std::string Community::address(const std::string& name) const {
  return EncodeAddress(charter_.address_prefix(), account(name));
}

const SecretKey& Community::key(const std::string& name) const { return holder(name).keys.front(); }

std::string Community::token(const std::string& name, int64_t now_seconds) const {
  return MakeToken(key(name), account(name), charter_.address_prefix(), ledger_id_, now_seconds);
}

v1::SignedTransaction Community::Transaction(int64_t now_seconds,
                                             const std::vector<v1::Operation>& operations,
                                             const std::vector<std::string>& signers) const {
  TransactionBuilder builder(ledger_id_, now_seconds, 3600);
  builder.set_nonce(Sha256({"nonce", std::to_string(seed_), "/", std::to_string(transactions_++)})
                        .ToBytes()
                        .substr(0, 16));
  for (const v1::Operation& operation : operations) *builder.Add() = operation;
  v1::SignedTransaction transaction = builder.Build();
  for (const std::string& signer : signers) Sign(signer, &transaction);
  return transaction;
}

void Community::Sign(const std::string& signer, v1::SignedTransaction* transaction) const {
  const size_t slash = signer.find('/');
  const std::string name = signer.substr(0, slash);
  const std::vector<SecretKey>& keys = name == "governance" ? governance_ : holder(name).keys;
  if (slash == std::string::npos || signer.substr(slash) == "/all") {
    const size_t threshold = name == "governance" ? charter_.governance().threshold()
                                                  : holder(name).authority.threshold();
    const size_t count = slash == std::string::npos ? threshold : keys.size();
    for (size_t i = 0; i < count; ++i) AddSignature(keys[i], transaction);
    return;
  }
  const size_t number = std::strtoul(signer.c_str() + slash + 1, nullptr, 10);
  if (number < 1 || number > keys.size()) Mistake("there is no key", signer);
  AddSignature(keys[number - 1], transaction);
}

Text Community::text(std::string_view content) const {
  Text text;
  text.record.set_salt(Sha256({"text", std::to_string(seed_), "/", content}).ToBytes());
  text.record.set_content(std::string(content));
  text.commitment = MakeCommitment(text.record);
  return text;
}

v1::Operation Community::OpenAccount(const std::string& name) const {
  v1::Operation operation;
  v1::OpenAccount* open = operation.mutable_open_account();
  open->set_kind(holder(name).kind);
  *open->mutable_authority() = holder(name).authority;
  *open->mutable_profile() = text(holder(name).profile.SerializeAsString()).commitment;
  return operation;
}

v1::Operation Community::AdmitMember(const std::string& name, int32_t until_day) const {
  v1::Operation operation;
  operation.mutable_admit_member()->set_account_id(account(name).ToBytes());
  operation.mutable_admit_member()->set_until_day(until_day);
  return operation;
}

v1::Operation Community::EndMembership(const std::string& name) const {
  v1::Operation operation;
  operation.mutable_end_membership()->set_account_id(account(name).ToBytes());
  *operation.mutable_end_membership()->mutable_reason() = text("moved away").commitment;
  return operation;
}

v1::Operation Community::ApproveProfessional(const std::string& name, int32_t until_day) const {
  v1::Operation operation;
  v1::ApproveProfessional* approve = operation.mutable_approve_professional();
  approve->set_account_id(account(name).ToBytes());
  approve->set_until_day(until_day);
  *approve->mutable_reason() = text("sells local vegetables").commitment;
  return operation;
}

v1::Operation Community::SuspendProfessional(const std::string& name) const {
  v1::Operation operation;
  v1::SuspendProfessional* suspend = operation.mutable_suspend_professional();
  suspend->set_account_id(account(name).ToBytes());
  *suspend->mutable_reason() = text("refuses the currency").commitment;
  return operation;
}

v1::Operation Community::GrantRole(const std::string& name, v1::Role role,
                                   int32_t until_day) const {
  v1::Operation operation;
  v1::GrantRole* grant = operation.mutable_grant_role();
  grant->set_account_id(account(name).ToBytes());
  grant->set_role(role);
  grant->set_until_day(until_day);
  return operation;
}

v1::Operation Community::RevokeRole(const std::string& name, v1::Role role) const {
  v1::Operation operation;
  operation.mutable_revoke_role()->set_account_id(account(name).ToBytes());
  operation.mutable_revoke_role()->set_role(role);
  return operation;
}

namespace {

v1::Operation FundOperation(v1::FundMovement movement, v1::Fund fund, int64_t amount_minor,
                            const std::string& reference, const std::string& account_id) {
  v1::Operation operation;
  v1::RecordFund* record = operation.mutable_record_fund();
  record->set_currency(kHeol);
  record->set_movement(movement);
  record->set_fund(fund);
  record->set_amount_minor(amount_minor);
  record->set_reference(reference);
  record->set_account_id(account_id);
  return operation;
}

}  // namespace

v1::Operation Community::EurosIn(v1::Fund fund, int64_t amount_minor,
                                 const std::string& reference) const {
  return FundOperation(v1::FUND_MOVEMENT_EUROS_IN, fund, amount_minor, reference, "");
}

v1::Operation Community::EurosOut(v1::Fund fund, int64_t amount_minor,
                                  const std::string& reference) const {
  return FundOperation(v1::FUND_MOVEMENT_EUROS_OUT, fund, amount_minor, reference, "");
}

v1::Operation Community::NotesDeposited(const std::string& name, int64_t amount_minor,
                                        const std::string& reference) const {
  return FundOperation(v1::FUND_MOVEMENT_NOTES_DEPOSITED, v1::FUND_UNSPECIFIED, amount_minor,
                       reference, account(name).ToBytes());
}

v1::Operation Community::NotesWithdrawn(const std::string& name, int64_t amount_minor,
                                        const std::string& reference) const {
  return FundOperation(v1::FUND_MOVEMENT_NOTES_WITHDRAWN, v1::FUND_UNSPECIFIED, amount_minor,
                       reference, account(name).ToBytes());
}

v1::Operation Community::Issue(const std::string& name, int64_t amount_minor,
                               const std::string& reference, const std::string& currency) const {
  v1::Operation operation;
  v1::Issue* issue = operation.mutable_issue();
  issue->set_account_id(account(name).ToBytes());
  issue->set_currency(currency);
  issue->set_amount_minor(amount_minor);
  issue->set_reference(reference);
  return operation;
}

v1::Operation Community::Transfer(const std::string& payer, const std::string& payee,
                                  int64_t amount_minor, const std::string& currency) const {
  v1::Operation operation;
  v1::Transfer* transfer = operation.mutable_transfer();
  transfer->set_payer_account_id(account(payer).ToBytes());
  transfer->set_payee_account_id(account(payee).ToBytes());
  transfer->set_currency(currency);
  transfer->set_amount_minor(amount_minor);
  return operation;
}

v1::Operation Community::Refund(const TransactionId& transaction, uint32_t operation_index,
                                int64_t amount_minor) const {
  v1::Operation operation;
  v1::Refund* refund = operation.mutable_refund();
  refund->set_transaction_id(transaction.ToBytes());
  refund->set_operation_index(operation_index);
  refund->set_amount_minor(amount_minor);
  return operation;
}

v1::Operation Community::RequestReconversion(const std::string& name, int64_t amount_minor) const {
  v1::Operation operation;
  v1::RequestReconversion* request = operation.mutable_request_reconversion();
  request->set_account_id(account(name).ToBytes());
  request->set_currency(kHeol);
  request->set_amount_minor(amount_minor);
  return operation;
}

v1::Operation Community::SettleReconversion(const ReconversionId& reconversion,
                                            const std::string& bank_reference) const {
  v1::Operation operation;
  operation.mutable_settle_reconversion()->set_reconversion_id(reconversion.ToBytes());
  operation.mutable_settle_reconversion()->set_bank_reference(bank_reference);
  return operation;
}

v1::Operation Community::FailReconversion(const ReconversionId& reconversion) const {
  v1::Operation operation;
  operation.mutable_fail_reconversion()->set_reconversion_id(reconversion.ToBytes());
  *operation.mutable_fail_reconversion()->mutable_reason() = text("IBAN refused").commitment;
  return operation;
}

v1::Operation Community::OpenProgramme(int32_t today) const {
  v1::Operation operation;
  v1::ProgrammeTerms* terms = operation.mutable_open_programme()->mutable_terms();
  terms->set_association_account_id(account("assoc").ToBytes());
  terms->set_currency(kHeol);
  v1::Activity* session = terms->add_activities();
  session->set_code("session");
  session->set_unit("session");
  session->set_rate_minor(1500);
  session->set_quantity_max(4);
  v1::Activity* minute = terms->add_activities();
  minute->set_code("minute");
  minute->set_unit("minute");
  minute->set_rate_minor(25);
  minute->set_quantity_max(240);
  for (const char* name : {"validator1", "validator2", "validator3"}) {
    terms->add_validator_account_ids(account(name).ToBytes());
  }
  terms->set_validators_required(2);
  terms->set_total_cap_minor(50000);
  terms->set_person_period_cap_minor(10000);
  terms->set_period(v1::CAP_PERIOD_MONTH);
  terms->set_person_yearly_cap_minor(30000);
  terms->set_legal_ground(v1::LEGAL_GROUND_PRIZE);
  terms->set_from_day(today);
  terms->set_until_day(today + 365);
  return operation;
}

v1::Operation Community::OpenTimebank(int32_t today) const {
  v1::Operation operation = OpenProgramme(today);
  v1::ProgrammeTerms* terms = operation.mutable_open_programme()->mutable_terms();
  terms->set_currency(kHours);
  terms->clear_activities();
  v1::Activity* minute = terms->add_activities();
  minute->set_code("minute");
  minute->set_unit("minute");
  minute->set_rate_minor(1);
  minute->set_quantity_max(600);
  terms->set_legal_ground(v1::LEGAL_GROUND_NOT_CONVERTIBLE);
  return operation;
}

v1::Award Community::Award(const std::string& beneficiary, const std::string& activity,
                           int64_t quantity, const std::string& reference) const {
  v1::Award award;
  award.set_beneficiary_account_id(account(beneficiary).ToBytes());
  award.set_activity(activity);
  award.set_quantity(quantity);
  award.set_reference(Sha256({reference}).ToBytes());
  return award;
}

v1::Operation Community::Reward(const std::string& programme,
                                const std::vector<v1::Award>& awards) const {
  v1::Operation operation;
  operation.mutable_reward()->set_programme_account_id(account(programme).ToBytes());
  for (const v1::Award& award : awards) *operation.mutable_reward()->add_awards() = award;
  return operation;
}

v1::Operation Community::CloseProgramme(const std::string& programme) const {
  v1::Operation operation;
  operation.mutable_close_programme()->set_programme_account_id(account(programme).ToBytes());
  return operation;
}

v1::Operation Community::RotateLogKey(int number) const {
  v1::Operation operation;
  operation.mutable_rotate_log_key()->set_log_public_key(log_key(number).public_key().ToBytes());
  return operation;
}

v1::SubmitTransactionRequest Community::Request(int64_t now_seconds,
                                                const std::vector<v1::Operation>& operations,
                                                const std::vector<std::string>& signers,
                                                const std::vector<Text>& texts) const {
  v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() = Transaction(now_seconds, operations, signers);
  for (const Text& one : texts) *request.add_side_records() = one.record;
  return request;
}

std::vector<v1::SubmitTransactionRequest> Community::Found(int64_t now_seconds) {
  const auto today = static_cast<int32_t>(now_seconds / 86400);
  // A day more than the year, since Paris may be a day ahead.
  const int32_t in_a_year = today + 366;
  std::vector<v1::SubmitTransactionRequest> requests;

  // A transaction carries at most 16 signatures, so the accounts are opened in several.
  std::vector<v1::Operation> openings;
  std::vector<std::string> openers;
  std::vector<Text> profiles;
  size_t signatures = 0;
  std::vector<v1::Operation> admissions;
  std::vector<v1::Operation> grants;
  const auto open = [&] {
    requests.push_back(Request(now_seconds, openings, openers, profiles));
    openings.clear();
    openers.clear();
    profiles.clear();
    signatures = 0;
  };
  for (const Person& person : People()) {
    const std::string name = person.name;
    if (IsNew(name)) continue;
    if (signatures + person.keys > 16) open();
    signatures += person.keys;
    openings.push_back(OpenAccount(name));
    openers.push_back(name + "/all");
    profiles.push_back(text(holder(name).profile.SerializeAsString()));
    admissions.push_back(AdmitMember(name, in_a_year));
    for (const v1::Role role : person.roles) grants.push_back(GrantRole(name, role));
  }
  open();
  requests.push_back(Request(now_seconds, grants, {"governance"}));
  requests.push_back(Request(now_seconds, admissions, {"registrar"}));
  requests.push_back(Request(
      now_seconds,
      {ApproveProfessional("biocoop", in_a_year), ApproveProfessional("librairie", in_a_year)},
      {"committee1", "committee2"}, {text("sells local vegetables")}));
  requests.push_back(
      Request(now_seconds,
              {Issue("alice", 20000, "FOUND-ALICE"), Issue("bruno", 5000, "FOUND-BRUNO"),
               Issue("choir", 30000, "FOUND-CHOIR"), Issue("assoc", 80000, "FOUND-ASSOC")},
              {"issuer"}));
  requests.push_back(Request(now_seconds, {OpenProgramme(today), OpenTimebank(today)}, {"assoc"}));
  const v1::SignedTransaction& programmes = requests.back().signed_transaction();
  NamePlace("repair", ProgrammeOf(programmes, 0));
  NamePlace("timebank", ProgrammeOf(programmes, 1));
  requests.push_back(
      Request(now_seconds,
              {Transfer("assoc", "repair", 50000), Transfer("choir", "repair", 20000),
               Issue("timebank", 6000, "FOUND-HOURS", kHours)},
              {"assoc", "choir", "issuer"}));
  return requests;
}

TransactionId IdOf(const v1::SignedTransaction& transaction) {
  return TransactionIdOf(transaction.transaction());
}

ReconversionId ReconversionOf(const v1::SignedTransaction& transaction, uint32_t operation_index) {
  return *ReconversionId::FromBytes(DerivedId(
      Sha256({domain::kReconversion, IdOf(transaction).view(), BigEndian4(operation_index)})));
}

AccountId ProgrammeOf(const v1::SignedTransaction& transaction, uint32_t operation_index) {
  return *AccountId::FromBytes(DerivedId(
      Sha256({domain::kProgramme, IdOf(transaction).view(), BigEndian4(operation_index)})));
}

}  // namespace kengred::testing
