#include "rules_table.h"

#include <limits>

#include "kengred/core/system_accounts.h"

namespace kengred::testing {
namespace {

struct Place {
  Community community;
  std::optional<RuleBench> bench;
};

Place* MakeTown() {
  auto* town = new Place;
  Community& community = town->community;
  community.AddHolder("treasurer2", v1::HOLDER_KIND_PERSON);
  community.AddHolder("trio", v1::HOLDER_KIND_PERSON, 3, 2);
  community.AddHolder("friend", v1::HOLDER_KIND_PERSON);
  community.AddHolder("corner", v1::HOLDER_KIND_PROFESSIONAL);
  RuleBench bench = RuleBench::Founded(&community);
  const auto must = [](const RuleBench::Result& result) {
    if (!result.ok()) std::abort();
  };
  must(bench.Submit({community.OpenAccount("treasurer2"), community.OpenAccount("friend"),
                     community.OpenAccount("corner")},
                    {"treasurer2", "friend", "corner"}));
  must(bench.Submit({community.GrantRole("treasurer2", v1::ROLE_TREASURER)}, {"governance"}));
  must(bench.Submit({community.AdmitMember("treasurer2", kToday + 366),
                     community.AdmitMember("corner", kToday + 366)},
                    {"registrar"}));
  const v1::SignedTransaction opening =
      community.Transaction(kNowSeconds, {community.OpenProgramme(kToday)}, {"assoc"});
  must(bench.Submit(opening));
  community.NamePlace("closed", ProgrammeOf(opening));
  must(bench.Submit({community.CloseProgramme("closed")}, {"assoc"}));
  town->bench = bench;
  return town;
}

const Place& TheTown() {
  static const Place* const kTown = MakeTown();
  return *kTown;
}

std::string Number(int64_t number) { return std::to_string(number); }

}  // namespace

RuleBench TownBench() { return *TheTown().bench; }
const Community& Town() { return TheTown().community; }

std::vector<Fault> MalformedIds(const std::string& spoils,
                                const std::function<void(Attempt&, std::string)>& set_id) {
  std::vector<Fault> faults;
  for (const size_t size : {0u, 19u, 21u, 31u, 33u}) {
    faults.push_back(
        {spoils + " of " + std::to_string(size) + " bytes",
         spoils,
         v1::VERDICT_ID_MALFORMED,
         {},
         [size, set_id](Attempt& attempt) { set_id(attempt, std::string(size, 'i')); }});
  }
  return faults;
}

std::vector<Fault> BadAmounts(const std::function<void(Attempt&, int64_t)>& set_amount) {
  std::vector<Fault> faults;
  for (const int64_t amount : {int64_t{0}, int64_t{-5}, std::numeric_limits<int64_t>::min()}) {
    faults.push_back({"an amount of " + Number(amount),
                      "amount",
                      v1::VERDICT_AMOUNT_NOT_POSITIVE,
                      {{"given", Number(amount)}},
                      [amount, set_amount](Attempt& attempt) { set_amount(attempt, amount); }});
  }
  return faults;
}

std::vector<Fault> BadReferences(const std::function<void(Attempt&, std::string)>& set_reference,
                                 bool required) {
  std::vector<Fault> faults;
  std::vector<std::string> references = {std::string(65, 'r'), "caf\xc3\xa9", "a\nb", "a\x7f"};
  if (required) references.push_back("");
  for (const std::string& reference : references) {
    faults.push_back(
        {"the reference \"" + reference + "\"",
         "reference",
         v1::VERDICT_REFERENCE_MALFORMED,
         {{"limit", "64"}},
         [reference, set_reference](Attempt& attempt) { set_reference(attempt, reference); }});
  }
  return faults;
}

std::vector<Fault> BadCommitments(
    const std::function<v1::Commitment*(Attempt&)>& mutable_commitment,
    const std::function<void(Attempt&)>& clear, bool required) {
  std::vector<Fault> faults;
  for (const size_t size : {0u, 31u, 33u}) {
    faults.push_back({"a commitment of " + std::to_string(size) + " bytes",
                      "commitment",
                      v1::VERDICT_COMMITMENT_MALFORMED,
                      {},
                      [size, mutable_commitment](Attempt& attempt) {
                        mutable_commitment(attempt)->set_sha256(std::string(size, 'c'));
                      }});
  }
  if (required) {
    faults.push_back({"no commitment", "commitment", v1::VERDICT_COMMITMENT_MALFORMED, {}, clear});
  }
  return faults;
}

std::vector<Fault> UnpayableHolders(
    int64_t amount, const std::function<void(Attempt&, const std::string&)>& set_payee) {
  return {
      {"a payee whose balance would overflow",
       "payee",
       v1::VERDICT_AMOUNT_OVERFLOW,
       {},
       [=](Attempt& a) {
         set_payee(a, "biocoop");
         a.bench.ForceBalance(a.community().account("biocoop"), kHeol,
                              std::numeric_limits<int64_t>::max() - amount + 1);
       }},
      {"a person that is not a member and would hold too much",
       "payee",
       v1::VERDICT_PAYEE_NOT_MEMBER,
       {{"limit", "15000"}, {"balance_after", "15001"}, {"currency", kHeol}},
       [=](Attempt& a) {
         set_payee(a, "friend");
         a.bench.ForceBalance(a.community().account("friend"), kHeol, 15001 - amount);
       }},
      {"a person that is not a member where only members are paid",
       "payee",
       v1::VERDICT_PAYEE_NOT_MEMBER,
       {{"limit", "0"}, {"balance_after", Number(amount)}, {"currency", kHeol}},
       [=](Attempt& a) {
         set_payee(a, "friend");
         a.bench.policy().mutable_limits(0)->set_unadmitted_balance_max_minor(0);
       }},
      {"a shop that is not a member",
       "payee",
       v1::VERDICT_PAYEE_NOT_MEMBER,
       {{"limit", "15000"}, {"balance_after", Number(amount)}, {"currency", kHeol}},
       [=](Attempt& a) {
         set_payee(a, "newshop");
         a.bench.Submit({a.community().OpenAccount("newshop")}, {"newshop"});
       }},
      {"a member whose membership was ended today",
       "payee",
       v1::VERDICT_PAYEE_MEMBERSHIP_EXPIRED,
       {{"until_day", Number(kToday - 1)}},
       [=](Attempt& a) {
         set_payee(a, "chloe");
         a.bench.Submit({a.community().EndMembership("chloe")}, {"registrar"});
       }},
      {"a member whose year and grace are over",
       "payee today",
       v1::VERDICT_PAYEE_MEMBERSHIP_EXPIRED,
       {{"until_day", Number(kToday + 10 + 30)}},
       [=](Attempt& a) {
         set_payee(a, "chloe");
         a.bench.Submit({a.community().AdmitMember("chloe", kToday + 10)}, {"registrar"});
         a.bench.AdvanceDays(10 + 30 + 1);
       }},
      {"a suspended shop",
       "payee",
       v1::VERDICT_PAYEE_SUSPENDED,
       {{"suspended_day", Number(kToday)}},
       [=](Attempt& a) {
         set_payee(a, "librairie");
         a.bench.Submit({a.community().SuspendProfessional("librairie")},
                        {"committee1", "committee3"});
       }},
      {"a shop that was never approved",
       "payee",
       v1::VERDICT_PAYEE_NOT_APPROVED,
       {{"until_day", "0"}},
       [=](Attempt& a) { set_payee(a, "corner"); }},
      {"a shop whose approval is over",
       "payee today",
       v1::VERDICT_PAYEE_NOT_APPROVED,
       {{"until_day", Number(kToday + 10)}},
       [=](Attempt& a) {
         set_payee(a, "librairie");
         a.bench.Submit({a.community().ApproveProfessional("librairie", kToday + 10)},
                        {"committee1", "committee3"});
         a.bench.AdvanceDays(11);
       }},
      {"a person that would hold too much",
       "payee",
       v1::VERDICT_BALANCE_LIMIT,
       {{"limit", "300000"}, {"balance_after", "300001"}, {"currency", kHeol}},
       [=](Attempt& a) {
         set_payee(a, "chloe");
         a.bench.ForceBalance(a.community().account("chloe"), kHeol, 300001 - amount);
       }},
  };
}

std::vector<Fault> UnpayableProgrammes(
    const std::function<void(Attempt&, const std::string&)>& set_payee) {
  return {
      {"a closed programme",
       "payee",
       v1::VERDICT_PROGRAMME_CLOSED,
       {{"closed_day", Number(kToday)}},
       [=](Attempt& a) { set_payee(a, "closed"); }},
      {"a programme that is over",
       "payee today",
       v1::VERDICT_PROGRAMME_ENDED,
       {{"until_day", Number(kToday + 365)}},
       [=](Attempt& a) {
         set_payee(a, "repair");
         a.bench.AdvanceDays(366);
       }},
      {"a programme in another currency",
       "payee",
       v1::VERDICT_CURRENCY_MISMATCH,
       {{"currency", kHours}},
       [=](Attempt& a) { set_payee(a, "timebank"); }},
  };
}

void FillFunders(RuleBench* bench, const std::string& programme) {
  v1::Programme record = bench->programme(programme);
  record.clear_funders();
  for (int i = 0; i < 128; ++i) {
    v1::ProgrammeFunder* funder = record.add_funders();
    funder->set_account_id(std::string(19, 'f') + static_cast<char>(i));
    funder->set_amount_minor(1);
  }
  bench->state()[rules::key::Programme(bench->community().account(programme))] =
      record.SerializeAsString();
}

std::vector<Fault> operator+(std::vector<Fault> one, const std::vector<Fault>& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

const std::vector<RuleTable>& AllTables() {
  static const auto* const kTables = [] {
    auto* tables = new std::vector<RuleTable>;
    for (const auto& part :
         {MemberTables(), FundTables(), PaymentTables(), ReconversionTables(), ProgrammeTables()}) {
      tables->insert(tables->end(), part.begin(), part.end());
    }
    return tables;
  }();
  return *kTables;
}

std::vector<std::string> Show(const Community& community,
                              const std::vector<v1::Posting>& postings) {
  const auto name_of = [&community](const AccountId& account) -> std::string {
    for (const std::string& name : community.names()) {
      if (community.account(name) == account) return name;
    }
    for (const auto& [name, place] : community.places()) {
      if (place == account) return name;
    }
    for (const v1::Currency& currency : community.charter().currencies()) {
      const std::string_view system = SystemAccountName(account, currency.code());
      if (!system.empty()) return std::string(system) + "(" + currency.code() + ")";
    }
    return account.ToHex();
  };
  std::vector<std::string> shown;
  for (const v1::Posting& posting : postings) {
    const std::string sign = posting.amount_minor() > 0 ? " +" : " ";
    shown.push_back(name_of(*AccountId::FromBytes(posting.account_id())) + sign +
                    Number(posting.amount_minor()) + " " + posting.currency());
  }
  return shown;
}

}  // namespace kengred::testing
