// Goal: no sequence of operations, by whomever signed, breaks an invariant or crashes a rule.
// Method: the input chooses operations, the people in them, amounts and signers, on a founded
// community; each is a transaction of its own. Refusals are fine, broken invariants are not.
#include "fuzz.h"
#include "kengred/core/system_accounts.h"
#include "tests/support/community.h"
#include "tests/support/rule_bench.h"

namespace kengred {
namespace {

using fuzz::Choices;
using testing::Community;
using testing::RuleBench;

constexpr size_t kTransactionsMax = 40;

// What happened so far, for operations that name something earlier.
struct Past {
  std::vector<TransactionId> transactions;
  std::vector<ReconversionId> reconversions;
};

template <typename Id>
Id Chosen(Choices& choices, const std::vector<Id>& ids) {
  return ids.empty() ? Id() : ids[choices.Below(std::min<size_t>(ids.size(), 256))];
}

std::string ChosenName(Choices& choices, const Community& community) {
  return community.names()[choices.Below(community.names().size())];
}

std::string ChosenPlace(Choices& choices) { return choices.Below(2) == 0 ? "repair" : "timebank"; }

v1::Operation ChosenOperation(Choices& choices, const RuleBench& bench, const Past& past) {
  const Community& c = bench.community();
  const std::string name = ChosenName(choices, c);
  const int32_t day = bench.today() + static_cast<int32_t>(choices.Byte()) - 2;
  const std::string reference = "REF-" + std::to_string(choices.Byte());
  const v1::Fund fund = choices.Below(2) == 0 ? v1::FUND_DIGITAL : v1::FUND_PAPER;
  const int64_t amount = choices.Amount();
  const std::string& currency = choices.Below(8) == 0 ? testing::kHours : testing::kHeol;
  switch (choices.Below(20)) {
    case 0:
      return c.OpenAccount(name);
    case 1:
      return c.AdmitMember(name, day);
    case 2:
      return c.EndMembership(name);
    case 3:
      return c.ApproveProfessional(name, day);
    case 4:
      return c.SuspendProfessional(name);
    case 5:
      return c.GrantRole(name, static_cast<v1::Role>(choices.Below(9)), day);
    case 6:
      return c.RevokeRole(name, static_cast<v1::Role>(choices.Below(9)));
    case 7:
      return c.EurosIn(fund, amount, reference);
    case 8:
      return c.EurosOut(fund, amount, reference);
    case 9:
      return c.NotesDeposited(name, amount, reference);
    case 10:
      return c.NotesWithdrawn(name, amount, reference);
    case 11:
      return c.Issue(choices.Below(4) == 0 ? ChosenPlace(choices) : name, amount, reference,
                     currency);
    case 12:
      return c.Refund(Chosen(choices, past.transactions), choices.Byte() % 3U, amount);
    case 13:
      return c.RequestReconversion(name, amount);
    case 14:
      return c.SettleReconversion(Chosen(choices, past.reconversions), reference);
    case 15:
      return c.FailReconversion(Chosen(choices, past.reconversions));
    case 16:
      return c.Reward(ChosenPlace(choices),
                      {c.Award(name, choices.Below(2) == 0 ? "minute" : "session", choices.Amount(),
                               reference)});
    case 17:
      return c.CloseProgramme(ChosenPlace(choices));
    case 18:
      return c.Transfer(name, ChosenPlace(choices), amount, currency);
    default:
      return c.Transfer(name, ChosenName(choices, c), amount, currency);
  }
}

// All who could be asked, but never more than 16 signatures.
std::vector<std::string> ChosenSigners(Choices& choices, const Community& community) {
  if (choices.Below(4) == 0) return {ChosenName(choices, community)};
  switch (choices.Below(4)) {
    case 0:
      return {"governance", "registrar", "committee1", "committee2"};
    case 1:
      return {"treasurer", "issuer", "biocoop", "alice"};
    case 2:
      return {"assoc", "validator1", "validator2", "choir"};
    default:
      return {"alice", "bruno", "chloe", "denis", "biocoop", "librairie", "treasurer"};
  }
}

void CheckBacking(const RuleBench& bench) {
  const int64_t circulation = -bench.system_balance(kCirculation, testing::kHeol);
  const int64_t fund = bench.system_balance(kFundDigital, testing::kEur);
  KENGRED_FUZZ_CHECK(0 <= circulation && circulation <= fund);
  for (const std::string& name : bench.community().names()) {
    KENGRED_FUZZ_CHECK(bench.balance(name) >= 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* const community = new Community;
  static const auto* const founded = new RuleBench(RuleBench::Founded(community));
  RuleBench bench = *founded;
  Choices choices(data, size);
  Past past;
  for (size_t i = 0; i < kTransactionsMax && !choices.empty(); ++i) {
    if (choices.Below(16) == 0) bench.AdvanceDays(choices.Byte());
    const v1::Operation operation = ChosenOperation(choices, bench, past);
    const v1::SignedTransaction transaction = community->Transaction(
        bench.now_seconds(), {operation}, ChosenSigners(choices, *community));
    const RuleBench::Result result = bench.Submit(transaction);
    if (!result.ok()) {
      KENGRED_FUZZ_CHECK(result.refusal->verdict != v1::VERDICT_INVARIANT_BROKEN);
      continue;
    }
    const TransactionId id = TransactionIdOf(transaction.transaction());
    past.transactions.push_back(id);
    if (operation.has_request_reconversion()) {
      past.reconversions.push_back(rules::ReconversionIdOf(id, 0));
    }
    CheckBacking(bench);
  }
  return 0;
}

}  // namespace kengred
