// Reward: services confirmed by validators are paid out of a programme, within its caps.
#include <algorithm>

#include "kengred/core/civil_day.h"
#include "server/rules/rule.h"

namespace kengred::rules {
namespace {

Ruling CheckAwardShape(const v1::Award& award) {
  AccountId beneficiary;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(award.beneficiary_account_id(), &beneficiary));
  if (award.quantity() < 1) return Refuse(v1::VERDICT_AWARD_MALFORMED);
  if (award.reference().size() < kAwardReferenceBytesMin ||
      award.reference().size() > kAwardReferenceBytesMax) {
    return Refuse(v1::VERDICT_REFERENCE_MALFORMED,
                  {{"limit", Figure(static_cast<int64_t>(kAwardReferenceBytesMax))}});
  }
  return CheckCommitment(award.has_evidence(), award.evidence(), false);
}

// Distinct validators of the programme, still holding the role, that have signed.
Ruling CheckSignedByValidators(const Context& context, const Draft& draft,
                               const v1::ProgrammeTerms& terms) {
  uint32_t count = 0;
  const auto& validators = terms.validator_account_ids();
  for (const AccountRecord& account : SigningAccounts(context, draft)) {
    if (HasRole(*account, v1::ROLE_VALIDATOR, context.today()) &&
        std::find(validators.begin(), validators.end(), account->account_id()) !=
            validators.end()) {
      ++count;
    }
  }
  if (count >= terms.validators_required()) return std::nullopt;
  return Refuse(v1::VERDICT_NOT_SIGNED_BY_VALIDATORS,
                {{"needed", Figure(terms.validators_required())}, {"signed", Figure(count)}});
}

// Which period a day falls in, as a number that differs between periods.
int32_t PeriodOf(v1::CapPeriod period, int32_t day) {
  const CivilDate date = DateOfDay(day);
  switch (period) {
    case v1::CAP_PERIOD_DAY:
      return day;
    case v1::CAP_PERIOD_MONTH:
      return date.year * 12 + date.month;
    case v1::CAP_PERIOD_YEAR:
      return date.year;
    default:
      return 0;  // CAP_PERIOD_PROGRAMME: one period
  }
}

// A cap with `paid` used and `pay` to come.
Ruling CheckCap(v1::Verdict verdict, int64_t limit, int64_t paid, int64_t pay,
                const std::string& currency) {
  const auto sum = CheckedAdd(paid, pay);
  if (sum && *sum <= limit) return std::nullopt;
  return Refuse(verdict, {{"limit", Figure(limit)},
                          {"paid", Figure(paid)},
                          {"given", Figure(pay)},
                          {"currency", currency}});
}

// One award, on top of those before it.
Ruling PayAward(const v1::Award& award, const Context& context, Draft& draft,
                v1::Programme* programme) {
  const v1::ProgrammeTerms& terms = programme->terms();
  const AccountId programme_id = *AccountId::FromBytes(programme->account_id());
  const AccountId id = *AccountId::FromBytes(award.beneficiary_account_id());
  const AccountRecord beneficiary = draft.FindAccount(id);
  if (!beneficiary) return Refuse(v1::VERDICT_PAYEE_UNKNOWN, {{"account_id", id.ToHex()}});
  if (beneficiary->kind() == v1::HOLDER_KIND_PROGRAMME) {
    return Refuse(v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED);
  }
  const auto& validators = terms.validator_account_ids();
  if (std::find(validators.begin(), validators.end(), id.view()) != validators.end()) {
    return Refuse(v1::VERDICT_BENEFICIARY_IS_VALIDATOR);
  }
  if (terms.association_account_id() == id.view()) {
    return Refuse(v1::VERDICT_BENEFICIARY_IS_ASSOCIATION);
  }
  const auto activity =
      std::find_if(terms.activities().begin(), terms.activities().end(),
                   [&award](const v1::Activity& a) { return a.code() == award.activity(); });
  if (activity == terms.activities().end()) return Refuse(v1::VERDICT_ACTIVITY_UNKNOWN);
  if (award.quantity() > activity->quantity_max()) {
    return Refuse(v1::VERDICT_QUANTITY_LIMIT, {{"limit", Figure(activity->quantity_max())},
                                               {"given", Figure(award.quantity())}});
  }
  if (const auto paid = draft.FindAward(programme_id, award.reference())) {
    return Refuse(v1::VERDICT_AWARD_PAID, {{"sequence", std::to_string(*paid)}});
  }
  const auto pay = CheckedMultiply(award.quantity(), activity->rate_minor());
  if (!pay) return Refuse(v1::VERDICT_AMOUNT_OVERFLOW);
  const std::string& currency = terms.currency();
  KENGRED_RETURN_IF_REFUSED(
      CheckPayable(context.charter, draft, *beneficiary, currency, *pay, context.today()));
  KENGRED_RETURN_IF_REFUSED(CheckCap(v1::VERDICT_TOTAL_CAP, terms.total_cap_minor(),
                                     programme->paid_minor(), *pay, currency));
  const std::string period_key =
      key::PaidInPeriod(programme_id, id, PeriodOf(terms.period(), context.today()));
  const int64_t period_paid = draft.Number(period_key);
  KENGRED_RETURN_IF_REFUSED(CheckCap(v1::VERDICT_PERSON_CAP, terms.person_period_cap_minor(),
                                     period_paid, *pay, currency));
  const bool natural_person = beneficiary->kind() == v1::HOLDER_KIND_PERSON;
  const std::string year_key = key::PaidInYear(programme_id, id, DateOfDay(context.today()).year);
  const int64_t year_paid = draft.Number(year_key);
  if (natural_person) {
    KENGRED_RETURN_IF_REFUSED(CheckCap(v1::VERDICT_YEARLY_CAP, terms.person_yearly_cap_minor(),
                                       year_paid, *pay, currency));
  }
  const int64_t available = draft.Balance(programme_id, currency);
  if (available < *pay) {
    return Refuse(
        v1::VERDICT_PROGRAMME_EXHAUSTED,
        {{"needed", Figure(*pay)}, {"available", Figure(available)}, {"currency", currency}});
  }
  const std::vector<Move> moves = {{programme_id, currency, -*pay}, {id, currency, *pay}};
  KENGRED_RETURN_IF_REFUSED(draft.CheckMoves(moves));

  programme->set_paid_minor(programme->paid_minor() + *pay);
  draft.PutNumber(period_key, period_paid + *pay);
  if (natural_person) draft.PutNumber(year_key, year_paid + *pay);
  draft.PutNumber(key::Award(programme_id, award.reference()),
                  static_cast<int64_t>(context.transaction.sequence()));
  draft.Post(moves, context.operation_index);
  return std::nullopt;
}

// What the awards will read, for a view that reads many at once for less.
std::vector<std::string> KeysOf(const v1::Reward& operation, const Context& context,
                                const v1::ProgrammeTerms& terms) {
  const AccountId programme = *AccountId::FromBytes(operation.programme_account_id());
  const int32_t period = PeriodOf(terms.period(), context.today());
  const int32_t year = DateOfDay(context.today()).year;
  std::vector<std::string> keys;
  for (const v1::Award& award : operation.awards()) {
    const AccountId id = *AccountId::FromBytes(award.beneficiary_account_id());
    keys.push_back(key::Account(id));
    keys.push_back(key::Balance(id, terms.currency()));
    keys.push_back(key::Award(programme, award.reference()));
    keys.push_back(key::PaidInPeriod(programme, id, period));
    keys.push_back(key::PaidInYear(programme, id, year));
  }
  return keys;
}

// A refusal of one award says which.
Ruling AtAward(Ruling ruling, int index) {
  if (ruling) ruling->figures["award_index"] = std::to_string(index);
  return ruling;
}

}  // namespace

Ruling Apply(const v1::Reward& operation, const Context& context, Draft& draft) {
  AccountId programme_id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(operation.programme_account_id(), &programme_id));
  if (operation.awards().empty() || operation.awards().size() > static_cast<int>(kAwardsMax)) {
    return Refuse(v1::VERDICT_AWARD_MALFORMED,
                  {{"limit", Figure(static_cast<int64_t>(kAwardsMax))}});
  }
  for (int i = 0; i < operation.awards().size(); ++i) {
    KENGRED_RETURN_IF_REFUSED(AtAward(CheckAwardShape(operation.awards(i)), i));
  }
  std::optional<v1::Programme> programme = draft.FindProgramme(programme_id);
  if (!programme) return Refuse(v1::VERDICT_PROGRAMME_UNKNOWN);
  const v1::ProgrammeTerms& terms = programme->terms();
  const AccountId association_id = *AccountId::FromBytes(terms.association_account_id());
  const AccountRecord association = draft.FindAccount(association_id);
  if (!association) return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN);
  KENGRED_RETURN_IF_REFUSED(CheckSignedByHolder(context, *association));
  KENGRED_RETURN_IF_REFUSED(CheckSignedByValidators(context, draft, terms));
  if (programme->closed_day() != 0) {
    return Refuse(v1::VERDICT_PROGRAMME_CLOSED, {{"closed_day", Figure(programme->closed_day())}});
  }
  if (context.today() < terms.from_day()) {
    return Refuse(v1::VERDICT_PROGRAMME_NOT_STARTED, {{"from_day", Figure(terms.from_day())}});
  }
  if (context.today() > terms.until_day()) {
    return Refuse(v1::VERDICT_PROGRAMME_ENDED, {{"until_day", Figure(terms.until_day())}});
  }

  draft.Expect(KeysOf(operation, context, terms));
  // Awards are judged one on top of the other, since caps count what came just before; the first
  // refusal throws the whole draft away.
  for (int i = 0; i < operation.awards().size(); ++i) {
    KENGRED_RETURN_IF_REFUSED(
        AtAward(PayAward(operation.awards(i), context, draft, &*programme), i));
  }
  draft.PutProgramme(*programme);
  draft.Touch(association_id);
  return std::nullopt;
}

}  // namespace kengred::rules
