#include "kengred/core/verdict.h"

#include <algorithm>
#include <array>

namespace kengred {
namespace {

struct Row {
  v1::Verdict verdict;
  std::string_view sentence;
};

// In the order of their numbers; a test holds it against the proto.
constexpr Row kRows[] = {
    {v1::VERDICT_TRANSACTION_MALFORMED, "These bytes are not a transaction."},
    {v1::VERDICT_TRANSACTION_TOO_LARGE,
     "The transaction is too large: {given} bytes, at most {limit}. Split it."},
    {v1::VERDICT_UNKNOWN_FIELD,
     "The transaction has a field this server does not know. Use the same version as the server."},
    {v1::VERDICT_WRONG_LEDGER, "The transaction was made for another ledger."},
    {v1::VERDICT_NONCE_MALFORMED, "The transaction's nonce is not 16 bytes."},
    {v1::VERDICT_VALIDITY_MALFORMED,
     "The transaction's validity is missing, reversed, not in whole seconds, or longer than 90 "
     "days."},
    {v1::VERDICT_OPERATION_COUNT,
     "The transaction has {given} operations; 1 to {limit} are allowed."},
    {v1::VERDICT_OPERATION_EMPTY, "An operation of the transaction is empty."},
    {v1::VERDICT_SIGNATURE_COUNT,
     "The transaction has {given} signatures; at most {limit} are allowed."},
    {v1::VERDICT_SIGNATURE_MALFORMED, "A signature or public key has the wrong length."},
    {v1::VERDICT_SIGNATURE_SCHEME_UNSUPPORTED, "Only Ed25519 signatures are accepted."},
    {v1::VERDICT_SIGNATURE_DUPLICATE, "The same key has signed twice."},
    {v1::VERDICT_AUTHORITY_MALFORMED, "The authority's keys or threshold are not acceptable."},
    {v1::VERDICT_ID_MALFORMED, "An id has the wrong length."},
    {v1::VERDICT_AMOUNT_NOT_POSITIVE, "The amount must be more than zero."},
    {v1::VERDICT_AMOUNT_OVERFLOW, "The amount is too large to be added up."},
    {v1::VERDICT_REFERENCE_MALFORMED,
     "The reference is empty, longer than 64 characters, or not plain ASCII."},
    {v1::VERDICT_COMMITMENT_MALFORMED, "A commitment is missing or not 32 bytes."},
    {v1::VERDICT_SELF_PAYMENT, "Payer and payee are the same account."},
    {v1::VERDICT_DATE_OUT_OF_RANGE, "The date is in the past or too far ahead."},
    {v1::VERDICT_HOLDER_KIND_NOT_ALLOWED, "An account of this kind cannot be opened so."},
    {v1::VERDICT_ROLE_MALFORMED, "There is no such role."},
    {v1::VERDICT_FUND_MOVEMENT_MALFORMED,
     "The fund movement is unknown or its fields do not belong together."},
    {v1::VERDICT_ACTIVITIES_MALFORMED,
     "The programme's activities are missing, repeated or out of bounds."},
    {v1::VERDICT_VALIDATORS_MALFORMED,
     "The programme's validators are missing, repeated, or fewer than required."},
    {v1::VERDICT_CAPS_MALFORMED, "A cap of the programme is missing or not positive."},
    {v1::VERDICT_LEGAL_GROUND_MALFORMED,
     "The programme's legal ground is missing or does not fit its currency."},
    {v1::VERDICT_AWARD_MALFORMED,
     "An award is missing, has no quantity, or there are more than 1000."},
    {v1::VERDICT_SIDE_RECORD_MALFORMED,
     "A private text sent along belongs to no commitment of the transaction, or is out of bounds."},
    {v1::VERDICT_PROFILE_MALFORMED, "A profile's name, alias or texts are out of bounds."},
    {v1::VERDICT_PAGE_TOKEN_MALFORMED, "The page token does not belong to this list."},
    {v1::VERDICT_REQUEST_MALFORMED, "The request's {field} is out of bounds."},
    {v1::VERDICT_LOG_KEY_MALFORMED, "The new log key is no Ed25519 public key. Copy it again."},
    {v1::VERDICT_SIGNATURE_MISSING, "The transaction is not signed."},
    {v1::VERDICT_SIGNATURE_INVALID, "A signature does not verify."},
    {v1::VERDICT_TOKEN_MISSING, "This is private: it needs the holder's token."},
    {v1::VERDICT_TOKEN_INVALID, "The token is not valid for this account and ledger."},
    {v1::VERDICT_TOKEN_EXPIRED, "The token has expired. Check the clock."},
    {v1::VERDICT_NOT_SIGNED_BY_HOLDER,
     "The account's holder must sign: {needed} key(s) needed, {signed} signed."},
    {v1::VERDICT_NOT_SIGNED_BY_ROLE,
     "{needed} person(s) with the role {role} must sign; {signed} signed."},
    {v1::VERDICT_NOT_SIGNED_BY_GOVERNANCE,
     "{needed} governance key(s) must sign; {signed} signed."},
    {v1::VERDICT_NOT_SIGNED_BY_VALIDATORS,
     "{needed} of the programme's validators must sign; {signed} signed."},
    {v1::VERDICT_CONFLICT_OF_INTEREST,
     "Nobody decides about themselves: somebody else with the role must sign."},
    {v1::VERDICT_READ_NOT_ALLOWED, "Only the holder or an auditor may read this."},
    {v1::VERDICT_ACCOUNT_UNKNOWN, "There is no such account."},
    {v1::VERDICT_PAYER_UNKNOWN, "The payer has no account here."},
    {v1::VERDICT_PAYEE_UNKNOWN, "The payee has no account here."},
    {v1::VERDICT_CURRENCY_UNKNOWN, "This ledger has no such currency."},
    {v1::VERDICT_TRANSACTION_UNKNOWN, "There is no such transaction."},
    {v1::VERDICT_PROGRAMME_UNKNOWN, "There is no such programme."},
    {v1::VERDICT_RECONVERSION_UNKNOWN, "There is no such reconversion."},
    {v1::VERDICT_ACTIVITY_UNKNOWN, "The programme has no such activity."},
    {v1::VERDICT_ALIAS_UNKNOWN, "Nobody has this alias."},
    {v1::VERDICT_NOT_YET_VALID, "The transaction is not valid yet. Check the clock."},
    {v1::VERDICT_EXPIRED, "The transaction has expired. Make and sign it again."},
    {v1::VERDICT_ACCOUNT_EXISTS, "This account is already open."},
    {v1::VERDICT_KEY_IN_USE, "A key already belongs to an account or to governance."},
    {v1::VERDICT_ALIAS_IN_USE, "This alias belongs to somebody else. Choose another."},
    {v1::VERDICT_CURRENCY_KIND_NOT_ALLOWED, "This kind of currency cannot be used so."},
    {v1::VERDICT_ACCOUNT_KIND_NOT_ALLOWED, "An account of this kind cannot do this."},
    {v1::VERDICT_INSUFFICIENT_BALANCE,
     "The balance is too small: {needed} needed, {available} available."},
    {v1::VERDICT_PAYEE_NOT_MEMBER, "The payee is not a member yet and may hold at most {limit}."},
    {v1::VERDICT_PAYEE_MEMBERSHIP_EXPIRED, "The payee's membership ended on {until_day}."},
    {v1::VERDICT_PAYEE_NOT_APPROVED, "The payee is not approved as a partner shop today."},
    {v1::VERDICT_PAYEE_SUSPENDED, "The payee was suspended as a partner shop on {suspended_day}."},
    {v1::VERDICT_TRANSFER_LIMIT, "One payment may move at most {limit}; this one is {given}."},
    {v1::VERDICT_BALANCE_LIMIT,
     "The payee may hold at most {limit}; it would hold {balance_after}."},
    {v1::VERDICT_REFERENCE_USED, "This reference has been used, by entry {sequence}."},
    {v1::VERDICT_FUND_INSUFFICIENT,
     "The guarantee fund would hold {fund} against {circulation} in circulation."},
    {v1::VERDICT_NOT_MEMBER, "The account is not a member today."},
    {v1::VERDICT_NOT_APPROVED, "The professional is not approved today."},
    {v1::VERDICT_SUSPENDED, "The professional was suspended on {suspended_day}."},
    {v1::VERDICT_MEMBERSHIP_ENDED, "The membership has already ended."},
    {v1::VERDICT_ROLE_ALREADY_GRANTED, "The account already has this role."},
    {v1::VERDICT_ROLE_NOT_GRANTED, "The account does not have this role."},
    {v1::VERDICT_NOT_A_TRANSFER, "The operation named is not a payment."},
    {v1::VERDICT_REFUND_EXCEEDS_ORIGINAL,
     "Only {left} of the payment is left to refund; {given} asked."},
    {v1::VERDICT_REFUND_WINDOW_OVER, "The payment could be refunded until {last_day}."},
    {v1::VERDICT_RECONVERSION_BELOW_MINIMUM,
     "At least {limit} must be reconverted at once; {given} asked."},
    {v1::VERDICT_RECONVERSION_SETTLED, "The reconversion has already been settled."},
    {v1::VERDICT_RECONVERSION_FAILED, "The reconversion has already failed."},
    {v1::VERDICT_VALIDATOR_ROLE_MISSING, "A named validator does not have the role VALIDATOR."},
    {v1::VERDICT_PROGRAMME_NOT_STARTED, "The programme starts on {from_day}."},
    {v1::VERDICT_PROGRAMME_ENDED, "The programme ended on {until_day}."},
    {v1::VERDICT_PROGRAMME_CLOSED, "The programme was closed on {closed_day}."},
    {v1::VERDICT_PROGRAMME_EXHAUSTED,
     "The programme's pot is too small: {needed} needed, {available} available."},
    {v1::VERDICT_TOTAL_CAP,
     "The programme may pay {limit} in all and has paid {paid}; {given} more is too much."},
    {v1::VERDICT_PERSON_CAP,
     "One person may be paid {limit} in this period and has had {paid}; {given} more is too much."},
    {v1::VERDICT_YEARLY_CAP,
     "One person may be paid {limit} in a year and has had {paid}; {given} more is too much."},
    {v1::VERDICT_QUANTITY_LIMIT, "One award counts at most {limit}; {given} was asked."},
    {v1::VERDICT_AWARD_PAID, "This service has been paid, by entry {sequence}."},
    {v1::VERDICT_BENEFICIARY_IS_VALIDATOR,
     "A validator of the programme cannot be its beneficiary."},
    {v1::VERDICT_BENEFICIARY_IS_ASSOCIATION,
     "The programme's association cannot be its beneficiary."},
    {v1::VERDICT_FUNDERS_LIMIT,
     "The programme has as many funders as it can have. Pay through one of them."},
    {v1::VERDICT_EFFECT_TOO_LARGE, "The transaction changes too much at once. Split it."},
    {v1::VERDICT_CURRENCY_MISMATCH, "The programme is kept in {currency}."},
    {v1::VERDICT_LOG_KEY_USED, "That key is, or was, the log's key already. Make a new one."},
    {v1::VERDICT_LOG_KEY_NOT_HELD,
     "The server does not hold the new log key. Its operator adds the key's file and restarts."},
    {v1::VERDICT_QUEUE_FULL, "The server is busy. Send the same transaction again in a moment."},
    {v1::VERDICT_TOO_MANY_STREAMS, "The server has too many open streams. Try again in a moment."},
    {v1::VERDICT_STORAGE_STOPPED,
     "The server's storage has stopped accepting writes. Tell the operator; send the same "
     "transaction again later."},
    {v1::VERDICT_STOPPING, "The server is stopping. Send the same transaction again in a moment."},
    {v1::VERDICT_INVARIANT_BROKEN,
     "The server refused to break an invariant. Nothing was done; please report this."},
};

constexpr std::string_view kPrefix = "VERDICT_";

}  // namespace

std::string VerdictName(v1::Verdict verdict) {
  const std::string& name = v1::Verdict_Name(verdict);
  if (name.size() <= kPrefix.size()) return "UNKNOWN_VERDICT";
  return name.substr(kPrefix.size());
}

v1::Verdict VerdictOfName(std::string_view name) {
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  v1::Verdict_Parse(std::string(kPrefix) + std::string(name), &verdict);
  return verdict;
}

absl::StatusCode StatusCodeOf(v1::Verdict verdict) {
  const int number = verdict;
  if (number < 1) return absl::StatusCode::kUnknown;
  if (number < 100) return absl::StatusCode::kInvalidArgument;
  if (number < 200) return absl::StatusCode::kUnauthenticated;
  if (number < 300) return absl::StatusCode::kPermissionDenied;
  if (number < 400) return absl::StatusCode::kNotFound;
  if (number < 800) return absl::StatusCode::kFailedPrecondition;
  if (number < 900) return absl::StatusCode::kResourceExhausted;
  if (number < 950) return absl::StatusCode::kUnavailable;
  return absl::StatusCode::kInternal;
}

std::string_view VerdictTemplate(v1::Verdict verdict) {
  const auto* row = std::lower_bound(std::begin(kRows), std::end(kRows), verdict,
                                     [](const Row& r, v1::Verdict v) { return r.verdict < v; });
  if (row == std::end(kRows) || row->verdict != verdict) return "The ledger refused.";
  return row->sentence;
}

std::string FillTemplate(std::string_view sentence,
                         const std::map<std::string, std::string>& figures) {
  std::string text;
  for (size_t i = 0; i < sentence.size(); ++i) {
    const size_t end = sentence[i] == '{' ? sentence.find('}', i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      text.push_back(sentence[i]);
      continue;
    }
    const auto figure = figures.find(std::string(sentence.substr(i + 1, end - i - 1)));
    text += figure == figures.end() ? "?" : figure->second;
    i = end;
  }
  return text;
}

std::string VerdictSentence(const Refusal& refusal) {
  return FillTemplate(VerdictTemplate(refusal.verdict), refusal.figures);
}

}  // namespace kengred
