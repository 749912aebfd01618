#include "wallet/describe.h"

#include <absl/strings/escaping.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <ctime>

#include "kengred/core/civil_day.h"
#include "wallet/table.h"
#include "wallet/text.h"

namespace kengred::wallet {
namespace {

// How many awards of a reward are shown one by one before the rest is counted.
constexpr int kAwardsShownMax = 20;

std::string AccountText(Session& session, const std::string& bytes) {
  const auto id = AccountId::FromBytes(bytes);
  return id.has_value() ? session.FullName(*id) : std::string("?");
}

std::string TransactionText(const std::string& bytes) {
  const auto id = TransactionId::FromBytes(bytes);
  return id.has_value() ? id->ToHex() : std::string("?");
}

std::string ReconversionText(const std::string& bytes) {
  const auto id = ReconversionId::FromBytes(bytes);
  return id.has_value() ? id->ToHex() : std::string("?");
}

// The text behind a commitment; says so where it is not at hand.
std::string OpenedText(const v1::Commitment& commitment, const Openings& openings) {
  const auto found = openings.find(commitment.sha256());
  return found == openings.end() ? std::string(_("(not sent along)")) : Printable(found->second);
}

void AddText(const v1::Commitment& commitment, bool present, const char* label,
             const Openings& openings, std::vector<Fact>* facts) {
  if (present) facts->push_back({label, OpenedText(commitment, openings)});
}

void AddProfile(const v1::Commitment& commitment, bool present, const Openings& openings,
                std::vector<Fact>* facts) {
  if (!present) return;
  const auto found = openings.find(commitment.sha256());
  if (found == openings.end()) {
    facts->push_back({_("profile"), _("(not sent along)")});
    return;
  }
  const auto profile = ParseProfile(found->second);
  if (!profile.has_value()) {
    facts->push_back({_("profile"), _("(not readable)")});
    return;
  }
  const std::pair<const char*, std::string> rows[] = {
      {_("name"), profile->display_name()},
      {_("alias"), profile->alias().empty() ? "" : "@" + profile->alias()},
      {_("description"), profile->description()},
      {_("location"), profile->location()},
      {_("website"), profile->website()},
  };
  for (const auto& [label, value] : rows) {
    if (!value.empty()) facts->push_back({label, Printable(value)});
  }
}

void AddAuthority(const v1::Authority& authority, std::vector<Fact>* facts) {
  if (authority.public_keys_size() == 1 && authority.threshold() == 1) return;
  facts->push_back(
      {_("signs"), Tr("{} of {} keys", authority.threshold(), authority.public_keys_size())});
}

std::string DayOrOpenEnd(int32_t day) {
  return day == 0 ? std::string(_("without end")) : FormatDay(day);
}

std::string FundText(v1::Fund fund) {
  if (fund == v1::FUND_DIGITAL) return _("digital");
  if (fund == v1::FUND_PAPER) return _("paper");
  return "?";
}

std::string MovementText(v1::FundMovement movement) {
  switch (movement) {
    case v1::FUND_MOVEMENT_EUROS_IN:
      return _("euros in");
    case v1::FUND_MOVEMENT_EUROS_OUT:
      return _("euros out");
    case v1::FUND_MOVEMENT_NOTES_DEPOSITED:
      return _("notes deposited");
    case v1::FUND_MOVEMENT_NOTES_WITHDRAWN:
      return _("notes withdrawn");
    default:
      return "?";
  }
}

std::string PeriodText(v1::CapPeriod period) {
  switch (period) {
    case v1::CAP_PERIOD_DAY:
      return _("day");
    case v1::CAP_PERIOD_MONTH:
      return _("month");
    case v1::CAP_PERIOD_YEAR:
      return _("year");
    case v1::CAP_PERIOD_PROGRAMME:
      return _("programme");
    default:
      return "?";
  }
}

std::string GroundText(v1::LegalGround ground) {
  switch (ground) {
    case v1::LEGAL_GROUND_EXPENSE:
      return _("repayment of expenses");
    case v1::LEGAL_GROUND_PRIZE:
      return _("prize or token of thanks");
    case v1::LEGAL_GROUND_BUSINESS_SERVICE:
      return _("service bought from a business");
    case v1::LEGAL_GROUND_PUBLIC_AID:
      return _("public aid");
    case v1::LEGAL_GROUND_NOT_CONVERTIBLE:
      return _("nothing convertible is paid");
    default:
      return "?";
  }
}

void DescribeTerms(Session& session, const v1::ProgrammeTerms& terms, const Openings& openings,
                   std::vector<Fact>* facts) {
  const Currencies& currencies = session.currencies();
  AddProfile(terms.profile(), terms.has_profile(), openings, facts);
  facts->push_back({_("association"), AccountText(session, terms.association_account_id())});
  for (const v1::Activity& activity : terms.activities()) {
    facts->push_back(
        {_("activity"), Tr("{}: {} per {}, at most {} at once", Printable(activity.code()),
                           currencies.Format(terms.currency(), activity.rate_minor()),
                           Printable(activity.unit()), activity.quantity_max())});
  }
  for (const std::string& validator : terms.validator_account_ids()) {
    facts->push_back({_("validator"), AccountText(session, validator)});
  }
  facts->push_back({_("must agree"), Tr("{} of {} validators", terms.validators_required(),
                                        terms.validator_account_ids_size())});
  facts->push_back({_("total cap"), currencies.Format(terms.currency(), terms.total_cap_minor())});
  facts->push_back(
      {_("cap per person"),
       Tr("{} per {}", currencies.Format(terms.currency(), terms.person_period_cap_minor()),
          PeriodText(terms.period()))});
  facts->push_back({_("yearly cap per person"),
                    currencies.Format(terms.currency(), terms.person_yearly_cap_minor())});
  facts->push_back({_("legal ground"), GroundText(terms.legal_ground())});
  facts->push_back(
      {_("dates"), Tr("{} to {}", FormatDay(terms.from_day()), FormatDay(terms.until_day()))});
}

void DescribeReward(Session& session, const v1::Reward& reward, const Openings& openings,
                    std::vector<Fact>* facts) {
  facts->push_back({_("programme"), AccountText(session, reward.programme_account_id())});
  facts->push_back({_("awards"), std::to_string(reward.awards_size())});
  for (int i = 0; i < std::min(reward.awards_size(), kAwardsShownMax); ++i) {
    const v1::Award& award = reward.awards(i);
    std::string text = Tr("{} x {} to {}", award.quantity(), Printable(award.activity()),
                          AccountText(session, award.beneficiary_account_id()));
    if (award.has_evidence()) text += ": " + OpenedText(award.evidence(), openings);
    facts->push_back({_("award"), std::move(text)});
  }
  if (reward.awards_size() > kAwardsShownMax) {
    facts->push_back({"", Tr("and {} more", reward.awards_size() - kAwardsShownMax)});
  }
}

std::string FormatSeconds(const char* format, const std::tm& parts) {
  char text[64];
  const size_t size = std::strftime(text, sizeof(text), format, &parts);
  return std::string(text, size);
}

}  // namespace

std::string HolderKindText(v1::HolderKind kind) {
  switch (kind) {
    case v1::HOLDER_KIND_PERSON:
      return _("person");
    case v1::HOLDER_KIND_PROFESSIONAL:
      return _("partner shop");
    case v1::HOLDER_KIND_ASSOCIATION:
      return _("association");
    case v1::HOLDER_KIND_PROGRAMME:
      return _("programme");
    case v1::HOLDER_KIND_SYSTEM:
      return _("the ledger's own account");
    default:
      return "?";
  }
}

std::string HolderKindName(v1::HolderKind kind) {
  switch (kind) {
    case v1::HOLDER_KIND_PERSON:
      return "person";
    case v1::HOLDER_KIND_PROFESSIONAL:
      return "professional";
    case v1::HOLDER_KIND_ASSOCIATION:
      return "association";
    case v1::HOLDER_KIND_PROGRAMME:
      return "programme";
    case v1::HOLDER_KIND_SYSTEM:
      return "system";
    default:
      return "unknown";
  }
}

std::string RoleText(v1::Role role) {
  switch (role) {
    case v1::ROLE_ISSUER:
      return _("issuer");
    case v1::ROLE_TREASURER:
      return _("treasurer");
    case v1::ROLE_REGISTRAR:
      return _("registrar");
    case v1::ROLE_COMMITTEE:
      return _("committee member");
    case v1::ROLE_VALIDATOR:
      return _("validator");
    case v1::ROLE_MEDIATOR:
      return _("mediator");
    case v1::ROLE_AUDITOR:
      return _("auditor");
    default:
      return "?";
  }
}

std::string RoleName(v1::Role role) {
  switch (role) {
    case v1::ROLE_ISSUER:
      return "issuer";
    case v1::ROLE_TREASURER:
      return "treasurer";
    case v1::ROLE_REGISTRAR:
      return "registrar";
    case v1::ROLE_COMMITTEE:
      return "committee";
    case v1::ROLE_VALIDATOR:
      return "validator";
    case v1::ROLE_MEDIATOR:
      return "mediator";
    case v1::ROLE_AUDITOR:
      return "auditor";
    default:
      return "unknown";
  }
}

std::string OperationName(const v1::Operation& operation) {
  const auto* field = v1::Operation::descriptor()->FindFieldByNumber(operation.operation_case());
  return field == nullptr ? std::string() : field->name();
}

std::string OperationTitle(const v1::Operation& operation) {
  switch (operation.operation_case()) {
    case v1::Operation::kOpenAccount:
      return _("Opening of an account");
    case v1::Operation::kAdmitMember:
      return _("Admission as a member");
    case v1::Operation::kEndMembership:
      return _("End of a membership");
    case v1::Operation::kApproveProfessional:
      return _("Approval of a partner shop");
    case v1::Operation::kSuspendProfessional:
      return _("Suspension of a partner shop");
    case v1::Operation::kGrantRole:
      return _("Grant of a role");
    case v1::Operation::kRevokeRole:
      return _("Withdrawal of a role");
    case v1::Operation::kRecordFund:
      return _("Guarantee fund movement");
    case v1::Operation::kIssue:
      return _("Issue of units");
    case v1::Operation::kTransfer:
      return _("Payment");
    case v1::Operation::kRefund:
      return _("Refund");
    case v1::Operation::kRequestReconversion:
      return _("Request of a reconversion");
    case v1::Operation::kSettleReconversion:
      return _("Settlement of a reconversion");
    case v1::Operation::kFailReconversion:
      return _("Failure of a reconversion");
    case v1::Operation::kOpenProgramme:
      return _("Opening of a programme");
    case v1::Operation::kReward:
      return _("Reward");
    case v1::Operation::kCloseProgramme:
      return _("Closing of a programme");
    case v1::Operation::kRotateLogKey:
      return _("New key of the log");
    case v1::Operation::OPERATION_NOT_SET:
      break;
  }
  return _("Unknown operation");
}

Description Describe(Session& session, const v1::Operation& operation, const Openings& openings) {
  const Currencies& currencies = session.currencies();
  Description description;
  description.title = OperationTitle(operation);
  std::vector<Fact>& facts = description.facts;
  switch (operation.operation_case()) {
    case v1::Operation::kOpenAccount: {
      const v1::OpenAccount& open = operation.open_account();
      facts.push_back({_("kind"), HolderKindText(open.kind())});
      AddAuthority(open.authority(), &facts);
      AddProfile(open.profile(), open.has_profile(), openings, &facts);
      break;
    }
    case v1::Operation::kAdmitMember:
      facts.push_back({_("member"), AccountText(session, operation.admit_member().account_id())});
      facts.push_back({_("until"), FormatDay(operation.admit_member().until_day())});
      break;
    case v1::Operation::kEndMembership: {
      const v1::EndMembership& end = operation.end_membership();
      facts.push_back({_("member"), AccountText(session, end.account_id())});
      AddText(end.reason(), end.has_reason(), _("reason"), openings, &facts);
      break;
    }
    case v1::Operation::kApproveProfessional: {
      const v1::ApproveProfessional& approve = operation.approve_professional();
      facts.push_back({_("shop"), AccountText(session, approve.account_id())});
      facts.push_back({_("until"), FormatDay(approve.until_day())});
      AddText(approve.reason(), approve.has_reason(), _("reason"), openings, &facts);
      break;
    }
    case v1::Operation::kSuspendProfessional: {
      const v1::SuspendProfessional& suspend = operation.suspend_professional();
      facts.push_back({_("shop"), AccountText(session, suspend.account_id())});
      AddText(suspend.reason(), suspend.has_reason(), _("reason"), openings, &facts);
      break;
    }
    case v1::Operation::kGrantRole: {
      const v1::GrantRole& grant = operation.grant_role();
      facts.push_back({_("role"), RoleText(grant.role())});
      facts.push_back({_("to"), AccountText(session, grant.account_id())});
      facts.push_back({_("until"), DayOrOpenEnd(grant.until_day())});
      break;
    }
    case v1::Operation::kRevokeRole: {
      const v1::RevokeRole& revoke = operation.revoke_role();
      facts.push_back({_("role"), RoleText(revoke.role())});
      facts.push_back({_("from"), AccountText(session, revoke.account_id())});
      AddText(revoke.reason(), revoke.has_reason(), _("reason"), openings, &facts);
      break;
    }
    case v1::Operation::kRecordFund: {
      const v1::RecordFund& record = operation.record_fund();
      facts.push_back({_("movement"), MovementText(record.movement())});
      if (record.fund() != v1::FUND_UNSPECIFIED) {
        facts.push_back({_("fund"), FundText(record.fund())});
      }
      facts.push_back({_("amount"), currencies.Format(record.currency(), record.amount_minor())});
      if (!record.account_id().empty()) {
        facts.push_back({_("holder"), AccountText(session, record.account_id())});
      }
      facts.push_back({_("reference"), Printable(record.reference())});
      break;
    }
    case v1::Operation::kIssue: {
      const v1::Issue& issue = operation.issue();
      facts.push_back({_("to"), AccountText(session, issue.account_id())});
      facts.push_back({_("amount"), currencies.Format(issue.currency(), issue.amount_minor())});
      facts.push_back({_("reference"), Printable(issue.reference())});
      break;
    }
    case v1::Operation::kTransfer: {
      const v1::Transfer& transfer = operation.transfer();
      facts.push_back({_("from"), AccountText(session, transfer.payer_account_id())});
      facts.push_back({_("to"), AccountText(session, transfer.payee_account_id())});
      facts.push_back(
          {_("amount"), currencies.Format(transfer.currency(), transfer.amount_minor())});
      if (!transfer.payee_reference().empty()) {
        facts.push_back({_("reference"), Printable(transfer.payee_reference())});
      }
      AddText(transfer.memo(), transfer.has_memo(), _("for"), openings, &facts);
      break;
    }
    case v1::Operation::kRefund: {
      const v1::Refund& refund = operation.refund();
      facts.push_back({_("payment"), TransactionText(refund.transaction_id())});
      if (refund.operation_index() != 0) {
        facts.push_back({_("operation"), std::to_string(refund.operation_index())});
      }
      // A refund names no currency and no person: they are those of the payment.
      std::optional<v1::Transfer> payment;
      if (const auto id = TransactionId::FromBytes(refund.transaction_id())) {
        payment = session.KnownTransfer(*id, refund.operation_index());
      }
      if (payment.has_value()) {
        facts.push_back({_("to"), AccountText(session, payment->payer_account_id())});
        facts.push_back(
            {_("amount"), currencies.Format(payment->currency(), refund.amount_minor())});
      } else {
        facts.push_back({_("minor units"), std::to_string(refund.amount_minor())});
      }
      AddText(refund.memo(), refund.has_memo(), _("for"), openings, &facts);
      break;
    }
    case v1::Operation::kRequestReconversion: {
      const v1::RequestReconversion& request = operation.request_reconversion();
      facts.push_back({_("shop"), AccountText(session, request.account_id())});
      facts.push_back({_("amount"), currencies.Format(request.currency(), request.amount_minor())});
      break;
    }
    case v1::Operation::kSettleReconversion: {
      const v1::SettleReconversion& settle = operation.settle_reconversion();
      facts.push_back({_("reconversion"), ReconversionText(settle.reconversion_id())});
      facts.push_back({_("bank reference"), Printable(settle.bank_reference())});
      break;
    }
    case v1::Operation::kFailReconversion: {
      const v1::FailReconversion& fail = operation.fail_reconversion();
      facts.push_back({_("reconversion"), ReconversionText(fail.reconversion_id())});
      AddText(fail.reason(), fail.has_reason(), _("reason"), openings, &facts);
      break;
    }
    case v1::Operation::kOpenProgramme:
      DescribeTerms(session, operation.open_programme().terms(), openings, &facts);
      break;
    case v1::Operation::kReward:
      DescribeReward(session, operation.reward(), openings, &facts);
      break;
    case v1::Operation::kCloseProgramme: {
      const v1::CloseProgramme& close = operation.close_programme();
      facts.push_back({_("programme"), AccountText(session, close.programme_account_id())});
      AddText(close.reason(), close.has_reason(), _("reason"), openings, &facts);
      break;
    }
    case v1::Operation::kRotateLogKey:
      facts.push_back(
          {_("key"), absl::BytesToHexString(operation.rotate_log_key().log_public_key())});
      break;
    case v1::Operation::OPERATION_NOT_SET:
      break;
  }
  return description;
}

std::string FormatFacts(const std::vector<Fact>& facts) {
  size_t width = 0;
  for (const Fact& fact : facts) width = std::max(width, DisplayWidth(fact.label));
  std::string text;
  for (const Fact& fact : facts) {
    text += "  " + PadRight(fact.label, width) + "  " + fact.value + "\n";
  }
  return text;
}

std::string FormatDescription(const Description& description, bool color) {
  return Bold(description.title, color) + "\n" + FormatFacts(description.facts);
}

std::string FormatTime(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  localtime_r(&time, &parts);
  return FormatSeconds("%Y-%m-%d %H:%M", parts);
}

std::string FormatTimeUtc(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  return FormatSeconds("%Y-%m-%dT%H:%M:%SZ", parts);
}

}  // namespace kengred::wallet
