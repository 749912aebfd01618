// OpenProgramme: a pot with fixed terms.
#include <set>

#include "server/rules/rule.h"

namespace kengred::rules {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kCodeCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-";

bool IsWord(std::string_view word, std::string_view characters, size_t chars_max) {
  return !word.empty() && word.size() <= chars_max &&
         word.find_first_not_of(characters) == std::string_view::npos;
}

Ruling CheckActivities(const v1::ProgrammeTerms& terms) {
  bool good =
      !terms.activities().empty() && terms.activities().size() <= static_cast<int>(kActivitiesMax);
  std::set<std::string> codes;
  for (const v1::Activity& activity : terms.activities()) {
    good = good && IsWord(activity.code(), kCodeCharacters, 32) &&
           codes.insert(activity.code()).second && IsWord(activity.unit(), kLetters, 16) &&
           activity.rate_minor() >= 1 && activity.quantity_max() >= 1;
  }
  if (good) return std::nullopt;
  return Refuse(v1::VERDICT_ACTIVITIES_MALFORMED);
}

Ruling CheckValidators(const v1::ProgrammeTerms& terms) {
  const auto count = static_cast<size_t>(terms.validator_account_ids().size());
  bool good = count >= 1 && count <= kValidatorsMax && terms.validators_required() >= 1 &&
              terms.validators_required() <= count;
  std::set<std::string> seen;
  for (const std::string& id : terms.validator_account_ids()) {
    good = good && AccountId::FromBytes(id) && seen.insert(id).second &&
           id != terms.association_account_id();
  }
  if (good) return std::nullopt;
  return Refuse(v1::VERDICT_VALIDATORS_MALFORMED);
}

}  // namespace

Ruling Apply(const v1::OpenProgramme& operation, const Context& context, Draft& draft) {
  const v1::ProgrammeTerms& terms = operation.terms();
  AccountId association_id;
  KENGRED_RETURN_IF_REFUSED(CheckAccountId(terms.association_account_id(), &association_id));
  KENGRED_RETURN_IF_REFUSED(CheckActivities(terms));
  KENGRED_RETURN_IF_REFUSED(CheckValidators(terms));
  if (terms.total_cap_minor() < 1 || terms.person_period_cap_minor() < 1 ||
      terms.person_yearly_cap_minor() < 1 || !v1::CapPeriod_IsValid(terms.period()) ||
      terms.period() == v1::CAP_PERIOD_UNSPECIFIED) {
    return Refuse(v1::VERDICT_CAPS_MALFORMED);
  }
  KENGRED_RETURN_IF_REFUSED(CheckFutureDay(terms.until_day(), context));
  if (terms.from_day() > terms.until_day() || terms.from_day() < 1) {
    return Refuse(v1::VERDICT_DATE_OUT_OF_RANGE,
                  {{"day", Figure(terms.from_day())}, {"today", Figure(context.today())}});
  }
  KENGRED_RETURN_IF_REFUSED(CheckCommitment(terms.has_profile(), terms.profile(), false));
  const v1::Currency* currency = nullptr;
  KENGRED_RETURN_IF_REFUSED(CheckCurrency(context, terms.currency(), &currency));
  if (currency->kind() == v1::CURRENCY_KIND_FIAT) {
    return Refuse(v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED);
  }
  // Paying volunteers in euro-backed units needs a ground; EARNED units are not convertible.
  if (!v1::LegalGround_IsValid(terms.legal_ground()) ||
      terms.legal_ground() == v1::LEGAL_GROUND_UNSPECIFIED ||
      (terms.legal_ground() == v1::LEGAL_GROUND_NOT_CONVERTIBLE &&
       currency->kind() != v1::CURRENCY_KIND_EARNED)) {
    return Refuse(v1::VERDICT_LEGAL_GROUND_MALFORMED);
  }
  const AccountRecord association = draft.FindAccount(association_id);
  if (!association) {
    return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", association_id.ToHex()}});
  }
  KENGRED_RETURN_IF_REFUSED(CheckSignedByHolder(context, *association));
  if (association->kind() != v1::HOLDER_KIND_ASSOCIATION) {
    return Refuse(v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED);
  }
  KENGRED_RETURN_IF_REFUSED(CheckMember(context, *association));
  for (const std::string& bytes : terms.validator_account_ids()) {
    const AccountId validator_id = *AccountId::FromBytes(bytes);
    const AccountRecord validator = draft.FindAccount(validator_id);
    if (!validator) {
      return Refuse(v1::VERDICT_ACCOUNT_UNKNOWN, {{"account_id", validator_id.ToHex()}});
    }
    if (!HasRole(*validator, v1::ROLE_VALIDATOR, context.today())) {
      return Refuse(v1::VERDICT_VALIDATOR_ROLE_MISSING, {{"account_id", validator_id.ToHex()}});
    }
  }

  const AccountId id = ProgrammeIdOf(context.transaction.verified().id(), context.operation_index);
  v1::Account account;
  account.set_account_id(id.ToBytes());
  account.set_kind(v1::HOLDER_KIND_PROGRAMME);
  account.set_opened_sequence(context.transaction.sequence());
  if (terms.has_profile()) *account.mutable_profile() = terms.profile();
  draft.PutAccount(account);
  draft.Put(key::Listed(v1::HOLDER_KIND_PROGRAMME, id), "");
  v1::Programme programme;
  programme.set_account_id(id.ToBytes());
  *programme.mutable_terms() = terms;
  draft.PutProgramme(programme);
  draft.Touch(association_id);
  return std::nullopt;
}

}  // namespace kengred::rules
