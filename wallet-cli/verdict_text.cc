#include "wallet/verdict_text.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "kengred/core/civil_day.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// What to do, where there is more to say than "check the command". By number, so that the table is
// searched by halving; a test holds it against the proto.
struct HintRow {
  v1::Verdict verdict;
  const char* hint;
};

constexpr char kReport[] =
    N_("This should not happen: please report it, with the command and this message.");
constexpr char kCheckId[] = N_("Check the address or id: copy it whole.");
constexpr char kSendAgain[] =
    N_("Run the command again in a moment. A saved transaction can be sent again safely: it counts "
       "once.");
constexpr char kOthersSign[] =
    N_("Save the act with --save FILE, let the others run kengred tx sign FILE, then kengred tx "
       "submit FILE.");
constexpr char kSeeProgramme[] =
    N_("See the programme's terms and budget with: kengred programme show PROGRAMME");
constexpr char kSeeShop[] =
    N_("Ask the association whether the shop is approved; pay in euros meanwhile.");

constexpr HintRow kHints[] = {
    {v1::VERDICT_TRANSACTION_MALFORMED, kReport},
    {v1::VERDICT_TRANSACTION_TOO_LARGE, N_("Split the act into several.")},
    {v1::VERDICT_UNKNOWN_FIELD, N_("Update the wallet or the server: they differ in version.")},
    {v1::VERDICT_WRONG_LEDGER,
     N_("Choose the ledger it was made for with --ledger NAME (kengred ledger list).")},
    {v1::VERDICT_NONCE_MALFORMED, kReport},
    {v1::VERDICT_VALIDITY_MALFORMED, N_("Give --valid-for a duration from 1m to 90d.")},
    {v1::VERDICT_OPERATION_COUNT, N_("Split the act into several.")},
    {v1::VERDICT_OPERATION_EMPTY, kReport},
    {v1::VERDICT_SIGNATURE_COUNT, N_("Let fewer people sign.")},
    {v1::VERDICT_SIGNATURE_MALFORMED, kReport},
    {v1::VERDICT_SIGNATURE_SCHEME_UNSUPPORTED, kReport},
    {v1::VERDICT_SIGNATURE_DUPLICATE, kReport},
    {v1::VERDICT_AUTHORITY_MALFORMED,
     N_("Give each key once, and a threshold between 1 and the number of keys.")},
    {v1::VERDICT_ID_MALFORMED, kCheckId},
    {v1::VERDICT_AMOUNT_NOT_POSITIVE, N_("Give an amount above zero.")},
    {v1::VERDICT_AMOUNT_OVERFLOW, N_("Give a smaller amount.")},
    {v1::VERDICT_REFERENCE_MALFORMED,
     N_("Use at most 64 letters, digits and signs without accents.")},
    {v1::VERDICT_COMMITMENT_MALFORMED, N_("Give the reason this act needs (--reason).")},
    {v1::VERDICT_SELF_PAYMENT, N_("Check who is to be paid: it is your own account.")},
    {v1::VERDICT_DATE_OUT_OF_RANGE, N_("Give a date from today on, at most ten years ahead.")},
    {v1::VERDICT_HOLDER_KIND_NOT_ALLOWED, N_("Choose person, professional or association.")},
    {v1::VERDICT_ROLE_MALFORMED, N_("See the roles with: kengred role grant --help")},
    {v1::VERDICT_FUND_MOVEMENT_MALFORMED, N_("See the movements with: kengred fund record --help")},
    {v1::VERDICT_ACTIVITIES_MALFORMED,
     N_("See how activities are written with: kengred programme open --help")},
    {v1::VERDICT_VALIDATORS_MALFORMED,
     N_("Name each validator once, and require no more than you name.")},
    {v1::VERDICT_CAPS_MALFORMED, N_("Give every cap, each above zero.")},
    {v1::VERDICT_LEGAL_GROUND_MALFORMED, N_("See the grounds with: kengred programme open --help")},
    {v1::VERDICT_AWARD_MALFORMED, N_("Check the quantities: each must be at least 1.")},
    {v1::VERDICT_SIDE_RECORD_MALFORMED, N_("Shorten the text: at most 4096 bytes.")},
    {v1::VERDICT_PROFILE_MALFORMED,
     N_("Give a name of 1 to 128 bytes, an alias of 2 to 32 characters a-z 0-9 -, and a website "
        "that starts with https://.")},
    {v1::VERDICT_PAGE_TOKEN_MALFORMED, kReport},
    {v1::VERDICT_REQUEST_MALFORMED, N_("Check the options of the command with --help.")},
    {v1::VERDICT_LOG_KEY_MALFORMED,
     N_("Copy the key whole, as kengred-server log-key new has shown it.")},
    {v1::VERDICT_SIGNATURE_MISSING, N_("Sign it first with: kengred tx sign FILE")},
    {v1::VERDICT_SIGNATURE_INVALID, N_("The file was damaged or changed: make the act again.")},
    {v1::VERDICT_TOKEN_MISSING, kReport},
    {v1::VERDICT_TOKEN_INVALID,
     N_("Check that this is the right profile (kengred profile list) and the right ledger.")},
    {v1::VERDICT_TOKEN_EXPIRED, N_("Set this machine's clock, then run the command again.")},
    {v1::VERDICT_NOT_SIGNED_BY_HOLDER, kOthersSign},
    {v1::VERDICT_NOT_SIGNED_BY_ROLE, kOthersSign},
    {v1::VERDICT_NOT_SIGNED_BY_GOVERNANCE, kOthersSign},
    {v1::VERDICT_NOT_SIGNED_BY_VALIDATORS, kOthersSign},
    {v1::VERDICT_CONFLICT_OF_INTEREST, N_("Ask somebody else who has the role to sign.")},
    {v1::VERDICT_READ_NOT_ALLOWED, N_("Ask the holder, or an auditor of the association.")},
    {v1::VERDICT_ACCOUNT_UNKNOWN, kCheckId},
    {v1::VERDICT_PAYER_UNKNOWN,
     N_("Open your account first with: kengred account open --kind person --name \"Your Name\"")},
    {v1::VERDICT_PAYEE_UNKNOWN,
     N_("Check the address, or find the shop with: kengred directory list")},
    {v1::VERDICT_CURRENCY_UNKNOWN, N_("See the currencies with: kengred ledger info")},
    {v1::VERDICT_TRANSACTION_UNKNOWN, N_("See your transactions with: kengred history")},
    {v1::VERDICT_PROGRAMME_UNKNOWN, N_("See the programmes with: kengred programme list")},
    {v1::VERDICT_RECONVERSION_UNKNOWN, N_("See them with: kengred reconvert list")},
    {v1::VERDICT_ACTIVITY_UNKNOWN, kSeeProgramme},
    {v1::VERDICT_ALIAS_UNKNOWN, N_("See who has an alias with: kengred directory list")},
    {v1::VERDICT_NOT_YET_VALID, N_("Set this machine's clock, then run the command again.")},
    {v1::VERDICT_EXPIRED,
     N_("Make the act again; --valid-for 7d leaves more time to collect signatures.")},
    {v1::VERDICT_ACCOUNT_EXISTS, N_("See it with: kengred account show")},
    {v1::VERDICT_KEY_IN_USE,
     N_("Use another profile (kengred --profile NAME init): a key belongs to one account.")},
    {v1::VERDICT_ALIAS_IN_USE, N_("Choose another alias.")},
    {v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED,
     N_("See what each currency is for with: kengred ledger info")},
    {v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED,
     N_("Check with kengred account show that this is the account you mean.")},
    {v1::VERDICT_INSUFFICIENT_BALANCE, N_("See what you have with: kengred balance")},
    {v1::VERDICT_PAYEE_NOT_MEMBER,
     N_("The payee can ask the association to be admitted as a member.")},
    {v1::VERDICT_PAYEE_MEMBERSHIP_EXPIRED,
     N_("The payee can ask the association to renew the membership.")},
    {v1::VERDICT_PAYEE_NOT_APPROVED, kSeeShop},
    {v1::VERDICT_PAYEE_SUSPENDED, kSeeShop},
    {v1::VERDICT_TRANSFER_LIMIT, N_("Pay in several parts, or ask the association.")},
    {v1::VERDICT_BALANCE_LIMIT, N_("Pay less; the payee must spend some first.")},
    {v1::VERDICT_REFERENCE_USED,
     N_("Look whether it has been recorded already; a reference counts once, for ever.")},
    {v1::VERDICT_FUND_INSUFFICIENT,
     N_("Record the euros in the guarantee fund first (kengred fund record).")},
    {v1::VERDICT_NOT_MEMBER, N_("The registrar can admit it with: kengred member admit")},
    {v1::VERDICT_NOT_APPROVED,
     N_("The committee can approve the shop with: kengred professional approve")},
    {v1::VERDICT_SUSPENDED, N_("Ask the committee of the association.")},
    {v1::VERDICT_MEMBERSHIP_ENDED, N_("There is nothing more to do.")},
    {v1::VERDICT_ROLE_ALREADY_GRANTED, N_("There is nothing more to do.")},
    {v1::VERDICT_ROLE_NOT_GRANTED, N_("See its roles with: kengred account show ACCOUNT")},
    {v1::VERDICT_NOT_A_TRANSFER,
     N_("Choose a payment that you received: kengred history shows them.")},
    {v1::VERDICT_REFUND_EXCEEDS_ORIGINAL, N_("Refund what is left, or less.")},
    {v1::VERDICT_REFUND_WINDOW_OVER, N_("Make a payment to the person instead: kengred pay")},
    {v1::VERDICT_RECONVERSION_BELOW_MINIMUM, N_("Ask for more at once, or wait.")},
    {v1::VERDICT_RECONVERSION_SETTLED, N_("There is nothing more to do.")},
    {v1::VERDICT_RECONVERSION_FAILED, N_("The shop has its units back and can ask again.")},
    {v1::VERDICT_VALIDATOR_ROLE_MISSING,
     N_("Governance can grant the role with: kengred role grant ACCOUNT validator")},
    {v1::VERDICT_PROGRAMME_NOT_STARTED, kSeeProgramme},
    {v1::VERDICT_PROGRAMME_ENDED, kSeeProgramme},
    {v1::VERDICT_PROGRAMME_CLOSED, kSeeProgramme},
    {v1::VERDICT_PROGRAMME_EXHAUSTED, N_("Fund it first with: kengred programme fund")},
    {v1::VERDICT_TOTAL_CAP, kSeeProgramme},
    {v1::VERDICT_PERSON_CAP, N_("Wait for the next period, or award less.")},
    {v1::VERDICT_YEARLY_CAP, N_("Wait for the next year, or award less.")},
    {v1::VERDICT_QUANTITY_LIMIT, N_("Award less at once.")},
    {v1::VERDICT_AWARD_PAID, N_("There is nothing more to do: a service is paid once.")},
    {v1::VERDICT_BENEFICIARY_IS_VALIDATOR, N_("Leave this person out of the list.")},
    {v1::VERDICT_BENEFICIARY_IS_ASSOCIATION, N_("Leave the association out of the list.")},
    {v1::VERDICT_FUNDERS_LIMIT, N_("Pay one of its funders, who then funds it.")},
    {v1::VERDICT_EFFECT_TOO_LARGE, N_("Split the act into several.")},
    {v1::VERDICT_CURRENCY_MISMATCH, N_("Give the amount in the programme's currency.")},
    {v1::VERDICT_LOG_KEY_USED, N_("Make a new key with: kengred-server log-key new")},
    {v1::VERDICT_LOG_KEY_NOT_HELD,
     N_("Ask whoever runs the server to add the key's file (--log-key) and to restart it.")},
    {v1::VERDICT_QUEUE_FULL, kSendAgain},
    {v1::VERDICT_TOO_MANY_STREAMS, kSendAgain},
    {v1::VERDICT_STORAGE_STOPPED, N_("Tell whoever runs the server to look at its log.")},
    {v1::VERDICT_STOPPING, kSendAgain},
    {v1::VERDICT_INVARIANT_BROKEN, kReport},
};

// Figures that are amounts in minor units, unless the verdict counts something else.
constexpr std::string_view kAmountFigures[] = {"needed",        "available", "limit",
                                               "given",         "left",      "paid",
                                               "balance_after", "fund",      "circulation"};

bool CountsAmounts(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_TRANSACTION_TOO_LARGE:
    case v1::VERDICT_OPERATION_COUNT:
    case v1::VERDICT_SIGNATURE_COUNT:
    case v1::VERDICT_NOT_SIGNED_BY_HOLDER:
    case v1::VERDICT_NOT_SIGNED_BY_ROLE:
    case v1::VERDICT_NOT_SIGNED_BY_GOVERNANCE:
    case v1::VERDICT_NOT_SIGNED_BY_VALIDATORS:
    case v1::VERDICT_QUANTITY_LIMIT:
      return false;
    default:
      return true;
  }
}

std::optional<int64_t> ParseInteger(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool IsDay(const std::string& figure) {
  return figure == "today" || figure == "day" ||
         (figure.size() > 4 && figure.compare(figure.size() - 4, 4, "_day") == 0);
}

}  // namespace

std::string RefusalSentence(const Refusal& refusal, const Currencies* currencies) {
  std::map<std::string, std::string> figures;
  const auto named = refusal.figures.find("currency");
  const std::string currency = named != refusal.figures.end() ? named->second
                               : currencies != nullptr        ? currencies->default_code()
                                                              : std::string();
  for (const auto& [name, value] : refusal.figures) {
    const auto number = ParseInteger(value);
    const bool amount = std::find(std::begin(kAmountFigures), std::end(kAmountFigures), name) !=
                        std::end(kAmountFigures);
    if (number && amount && currencies != nullptr && CountsAmounts(refusal.verdict)) {
      figures[name] = currencies->Format(currency, *number);
    } else if (number && IsDay(name)) {
      figures[name] = FormatDay(static_cast<int32_t>(*number));
    } else {
      figures[name] = Printable(value);
    }
  }
  // The templates are English sentences of core; the catalogue has them under the same text.
  const std::string sentence(VerdictTemplate(refusal.verdict));
  return FillTemplate(gettext(sentence.c_str()), figures);
}

std::string RefusalHint(v1::Verdict verdict) {
  const auto* row = std::lower_bound(std::begin(kHints), std::end(kHints), verdict,
                                     [](const HintRow& r, v1::Verdict v) { return r.verdict < v; });
  if (row == std::end(kHints) || row->verdict != verdict) {
    return _("Update the wallet: the server knows rules that it does not.");
  }
  return gettext(row->hint);
}

}  // namespace kengred::wallet
