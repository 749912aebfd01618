#include "bench/office.h"

#include <ctime>
#include <memory>
#include <utility>

#include "kengred/core/charter.h"
#include "kengred/core/hash.h"
#include "kengred/core/limits.h"

namespace kengred::bench {
namespace {

int32_t TodayHere() { return static_cast<int32_t>(NowSeconds() / 86400); }

// The id of the programme that the first operation of a transaction opens.
AccountId ProgrammeOf(std::string_view transaction_id) {
  constexpr std::string_view kFirstOperation("\0\0\0\0", 4);
  return *AccountId::FromBytes(Sha256({domain::kProgramme, transaction_id, kFirstOperation})
                                   .view()
                                   .substr(0, AccountId::kSize));
}

}  // namespace

int64_t NowSeconds() { return std::time(nullptr); }

TransactionBuilder NewTransaction(const LedgerId& ledger_id) {
  return {ledger_id, NowSeconds() - 60, kValiditySeconds};
}

v1::SubmitTransactionRequest SignBy(const TransactionBuilder& builder,
                                    std::initializer_list<const SecretKey*> keys) {
  v1::SubmitTransactionRequest request;
  *request.mutable_signed_transaction() = builder.Build();
  for (const SecretKey* key : keys) AddSignature(*key, request.mutable_signed_transaction());
  return request;
}

absl::Status SubmitInOrder(client::Client* client,
                           const std::vector<v1::SubmitTransactionRequest>& requests,
                           std::initializer_list<v1::Verdict> harmless,
                           const std::function<void()>& on_accepted) {
  absl::Status first;
  const absl::Status status =
      client->SubmitAll(requests, [&](size_t /*index*/, const v1::SubmitResult& result) {
        if (result.has_accepted()) return on_accepted();
        const v1::SubmitRefusal& refused = result.refused();
        for (const v1::Verdict verdict : harmless) {
          if (refused.verdict() == verdict) return;
        }
        if (!first.ok()) return;
        std::string figures;
        for (const auto& [name, value] : refused.figures()) {
          figures.append(" ").append(name).append("=").append(value);
        }
        first = absl::FailedPreconditionError(VerdictName(refused.verdict()) + ": " +
                                              refused.message() + figures);
      });
  return status.ok() ? first : status;
}

Officials::Officials(uint64_t seed)
    : governance(MakeParty(seed, "governance")),
      registrar(MakeParty(seed, "registrar")),
      issuer(MakeParty(seed, "issuer")),
      validator(MakeParty(seed, "validator")),
      association(MakeParty(seed, "association")),
      auditor(MakeParty(seed, kAuditor)) {}

Office::Office(client::Client* client, uint64_t seed)
    : client_(*client), seed_(seed), officials_(seed) {}

absl::Status Office::CheckLedger() const {
  const auto& keys = client_.charter().governance().public_keys();
  if (keys.size() == 1 && keys[0] == officials_.governance.key.public_key().view())
    return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this ledger was not made for kengred-bench with this seed; make one with "
      "`kengred-bench charter --seed " +
      std::to_string(seed_) + "` and `kengred-server init`");
}

absl::StatusOr<bool> Office::Open() {
  const auto there = client_.GetAccount(officials_.association.account);
  if (there.ok()) return false;
  const auto refusal = client::RefusalOf(there.status());
  if (!refusal || refusal->verdict != v1::VERDICT_ACCOUNT_UNKNOWN) return there.status();

  TransactionBuilder builder = NewTransaction(client_.ledger_id());
  for (const Party* party : {&officials_.registrar, &officials_.issuer, &officials_.validator,
                             &officials_.auditor, &officials_.association}) {
    v1::OpenAccount* open = builder.Add()->mutable_open_account();
    open->set_kind(party == &officials_.association ? v1::HOLDER_KIND_ASSOCIATION
                                                    : v1::HOLDER_KIND_PERSON);
    *open->mutable_authority() = party->authority;
  }
  const std::pair<const Party*, v1::Role> grants[] = {{&officials_.registrar, v1::ROLE_REGISTRAR},
                                                      {&officials_.issuer, v1::ROLE_ISSUER},
                                                      {&officials_.validator, v1::ROLE_VALIDATOR},
                                                      {&officials_.auditor, v1::ROLE_AUDITOR}};
  for (const auto& [party, role] : grants) {
    v1::GrantRole* grant = builder.Add()->mutable_grant_role();
    grant->set_account_id(party->account.ToBytes());
    grant->set_role(role);
  }
  v1::AdmitMember* admit = builder.Add()->mutable_admit_member();
  admit->set_account_id(officials_.association.account.ToBytes());
  admit->set_until_day(TodayHere() + 365);
  const auto opened = client_.Submit(SignBy(
      builder, {&officials_.governance.key, &officials_.registrar.key, &officials_.issuer.key,
                &officials_.validator.key, &officials_.auditor.key, &officials_.association.key}));
  if (!opened.ok()) return opened.status();
  return true;
}

client::Reader Office::auditor() const {
  return {std::make_shared<const SecretKey>(MakeParty(seed_, kAuditor).key),
          officials_.auditor.account};
}

v1::SubmitTransactionRequest Office::Admission(const std::vector<AccountId>& accounts) const {
  TransactionBuilder builder = NewTransaction(client_.ledger_id());
  for (const AccountId& account : accounts) {
    v1::AdmitMember* admit = builder.Add()->mutable_admit_member();
    admit->set_account_id(account.ToBytes());
    admit->set_until_day(TodayHere() + 365);
  }
  return SignBy(builder, {&officials_.registrar.key});
}

v1::SubmitTransactionRequest Office::Issue(const std::vector<AccountId>& accounts, int64_t cents,
                                           const std::string& reference) const {
  TransactionBuilder builder = NewTransaction(client_.ledger_id());
  size_t number = 0;
  for (const AccountId& account : accounts) {
    v1::Issue* issue = builder.Add()->mutable_issue();
    issue->set_account_id(account.ToBytes());
    issue->set_currency(kCurrency);
    issue->set_amount_minor(cents);
    issue->set_reference(reference + "/" + std::to_string(number++));
  }
  return SignBy(builder, {&officials_.issuer.key});
}

absl::StatusOr<AccountId> Office::OpenProgramme(int64_t cents) {
  TransactionBuilder builder = NewTransaction(client_.ledger_id());
  v1::ProgrammeTerms* terms = builder.Add()->mutable_open_programme()->mutable_terms();
  terms->set_association_account_id(officials_.association.account.ToBytes());
  terms->set_currency(kCurrency);
  v1::Activity* activity = terms->add_activities();
  activity->set_code(kActivity);
  activity->set_unit("cent");
  activity->set_rate_minor(1);
  activity->set_quantity_max(cents);
  terms->add_validator_account_ids(officials_.validator.account.ToBytes());
  terms->set_validators_required(1);
  terms->set_total_cap_minor(cents);
  terms->set_person_period_cap_minor(cents);
  terms->set_person_yearly_cap_minor(cents);
  terms->set_period(v1::CAP_PERIOD_PROGRAMME);
  terms->set_legal_ground(v1::LEGAL_GROUND_PRIZE);
  // Yesterday, since the server's civil day may lag behind this machine's.
  terms->set_from_day(TodayHere() - 1);
  terms->set_until_day(TodayHere() + 365);
  const auto opened = client_.Submit(SignBy(builder, {&officials_.association.key}));
  if (!opened.ok()) return opened.status();
  const AccountId programme = ProgrammeOf(opened->transaction_id());
  const auto issued = client_.Submit(Issue({programme}, cents, "programme " + programme.ToHex()));
  if (!issued.ok()) return issued.status();
  return programme;
}

}  // namespace kengred::bench
