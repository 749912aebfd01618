// Goal: R5, the commission is rounded half up once on the gross; net and commission are the gross;
// the shares are the commission, to the cent. Method: properties over random amounts, rates and
// shares, through the real rules, computed again here by another way.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "kengred/core/system_accounts.h"
#include "rules_table.h"

namespace kengred::testing {
namespace {

__extension__ using Wide = __int128;

// A gross amount that is small, middling or as large as there can be.
int64_t AnyGross() {
  const int64_t most = *rc::gen::element<int64_t>(10, 1000, 1'000'000, 4'000'000'000'000'000'000);
  return 1 + *rc::gen::nonNegative<int64_t>() % most;
}

RC_GTEST_PROP(CommissionProperty, NetAndCommissionAreTheGrossAndSharesTheCommission, ()) {
  RuleBench bench = TownBench();
  v1::Policy& policy = bench.policy();
  policy.mutable_limits(0)->set_reconversion_min_minor(0);
  policy.set_commission_bps(static_cast<uint32_t>(*rc::gen::inRange(0, 10001)));
  policy.clear_commission_shares();
  // Some accounts are open, the last is not.
  const std::vector<std::string> names = {"assoc", "choir", "alice", "trio"};
  const int count = *rc::gen::inRange(0, 5);
  uint32_t left_bps = 10000;
  for (int i = 0; i < count && left_bps > 0; ++i) {
    const auto bps = static_cast<uint32_t>(*rc::gen::inRange(1, static_cast<int>(left_bps) + 1));
    v1::CommissionShare* share = policy.add_commission_shares();
    share->set_account_id(Town().account(names[static_cast<size_t>(i)]).ToBytes());
    share->set_share_bps(bps);
    left_bps -= bps;
  }
  // To the ledger's own account, to a named one, to one that is not open.
  const std::string remainder = *rc::gen::element<std::string>("", "bruno", "newcomer");
  policy.set_commission_remainder_account_id(
      remainder.empty() ? "" : Town().account(remainder).ToBytes());

  const int64_t gross = AnyGross();
  RC_ASSERT(bench.Submit({Town().Issue("biocoop", gross, "RECEIPT")}, {"issuer"}).ok());
  const v1::SignedTransaction request =
      Town().Transaction(kNowSeconds, {Town().RequestReconversion("biocoop", gross)}, {"biocoop"});
  RC_ASSERT(bench.Submit(request).ok());
  const int64_t commission =
      bench.reader().FindReconversion(ReconversionOf(request))->commission_minor();
  // Half up: the whole number nearest to gross * bps / 10000, the larger of two.
  const Wide exact = Wide{gross} * policy.commission_bps();
  const Wide whole = exact / 10000;
  RC_ASSERT(Wide{commission} == whole + (exact % 10000 >= 5000 ? 1 : 0));

  const int64_t fund = bench.system_balance(kFundDigital, kEur);
  const int64_t circulation = rules::CirculationOf(bench.reader(), kHeol);
  std::map<std::string, int64_t> before;
  for (const std::string& name : Town().names()) before[name] = bench.balance(name);
  RC_ASSERT(
      bench.Submit({Town().SettleReconversion(ReconversionOf(request), "SEPA")}, {"treasurer"})
          .ok());
  const int64_t net = fund - bench.system_balance(kFundDigital, kEur);
  RC_ASSERT(net + commission == gross);
  RC_ASSERT(circulation - rules::CirculationOf(bench.reader(), kHeol) == net);
  RC_ASSERT(bench.system_balance(kLocked, kHeol) == 0);

  int64_t shared = bench.system_balance(kCommission, kHeol);
  std::map<std::string, int64_t> got;
  for (const std::string& name : Town().names()) {
    got[name] = bench.balance(name) - before[name];
    RC_ASSERT(got[name] >= 0);
    shared += got[name];
  }
  RC_ASSERT(shared == commission);
  for (int i = 0; i < policy.commission_shares().size(); ++i) {
    const std::string& name = names[static_cast<size_t>(i)];
    const Wide part = Wide{commission} * policy.commission_shares(i).share_bps() / 10000;
    RC_ASSERT(Wide{got[name]} == (name == "trio" ? 0 : part));
  }
  RC_ASSERT(bench.system_balance(kCommission, kHeol) == 0 || remainder != "bruno");
}

// The dated policy of the day of the request decides, whatever has changed until the bank paid.
TEST(CommissionTest, IsFixedWhenItIsRequested) {
  RuleBench bench = TownBench();
  ASSERT_TRUE(bench.Submit({Town().Issue("biocoop", 10000, "RECEIPT")}, {"issuer"}).ok());
  const v1::SignedTransaction request =
      Town().Transaction(kNowSeconds, {Town().RequestReconversion("biocoop", 10000)}, {"biocoop"});
  ASSERT_TRUE(bench.Submit(request).ok());
  bench.policy().set_commission_bps(10000);
  ASSERT_TRUE(
      bench.Submit({Town().SettleReconversion(ReconversionOf(request), "SEPA")}, {"treasurer"})
          .ok());
  EXPECT_EQ(bench.system_balance(kFundDigital, kEur), 135000 + 10000 - 9500);
}

TEST(CommissionTest, OfNothingAndOfAllAreExact) {
  for (const uint32_t bps : {0u, 10000u}) {
    RuleBench bench = TownBench();
    bench.policy().set_commission_bps(bps);
    ASSERT_TRUE(bench.Submit({Town().Issue("biocoop", 10000, "RECEIPT")}, {"issuer"}).ok());
    const v1::SignedTransaction request = Town().Transaction(
        kNowSeconds, {Town().RequestReconversion("biocoop", 10000)}, {"biocoop"});
    ASSERT_TRUE(bench.Submit(request).ok());
    const auto result =
        bench.Submit({Town().SettleReconversion(ReconversionOf(request), "SEPA")}, {"treasurer"});
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(bench.system_balance(kFundDigital, kEur), bps == 0 ? 135000 : 145000);
    for (const v1::Posting& posting : result.postings) EXPECT_NE(posting.amount_minor(), 0);
  }
}

}  // namespace
}  // namespace kengred::testing
