#include "server/rules/invariants.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "kengred/core/amount.h"
#include "kengred/core/charter.h"
#include "kengred/core/system_accounts.h"

namespace kengred::rules {
namespace {

// The state with the outcome in it.
class After : public StateView {
 public:
  After(const StateView& before, const Outcome& outcome) : before_(before), outcome_(outcome) {}
  std::optional<std::string> Get(const std::string& key) const override {
    const auto write = outcome_.writes.find(key);
    return write == outcome_.writes.end() ? before_.Get(key) : write->second;
  }
  std::optional<std::string> Entry(Sequence sequence) const override {
    return before_.Entry(sequence);
  }

 private:
  const StateView& before_;
  const Outcome& outcome_;
};

struct Subject {
  const v1::Charter& charter;
  const StateView& before;
  const After& after;
  const v1::Transaction& transaction;
  const Outcome& outcome;
};

// I1: the postings sum to zero per currency, and the balances changed by exactly the postings.
struct BalanceInvariant {
  static constexpr std::string_view kName = "BALANCE";
  static bool Holds(const Subject& s) {
    std::vector<std::pair<std::string_view, int64_t>> sums;  // of the few currencies
    std::vector<std::pair<std::string, int64_t>> moves;      // by key, then added up
    for (const v1::Posting& posting : s.outcome.postings) {
      const auto account = AccountId::FromBytes(posting.account_id());
      if (!account) return false;
      const auto known = std::find_if(sums.begin(), sums.end(), [&posting](const auto& sum) {
        return sum.first == posting.currency();
      });
      auto& total =
          (known == sums.end() ? sums.emplace_back(posting.currency(), 0) : *known).second;
      const auto sum = CheckedAdd(total, posting.amount_minor());
      if (!sum) return false;
      total = *sum;
      moves.emplace_back(key::Balance(*account, posting.currency()), posting.amount_minor());
    }
    // Of one key they stay in their order, since a sum that overflows on the way is refused.
    std::stable_sort(moves.begin(), moves.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    auto last = moves.begin();
    for (auto move = moves.begin(); move != moves.end(); ++move) {
      if (move == last) continue;
      if (move->first != last->first) {
        if (++last != move) *last = std::move(*move);
        continue;
      }
      const auto sum = CheckedAdd(last->second, move->second);
      if (!sum) return false;
      last->second = *sum;
    }
    if (!moves.empty()) moves.erase(last + 1, moves.end());

    // Both in order of key: every balance that is written must have moved.
    const std::string prefix = key::BalancesOf(AccountId()).substr(0, 1);
    auto move = moves.begin();
    for (auto write = s.outcome.writes.lower_bound(prefix);
         write != s.outcome.writes.end() && write->first.starts_with(prefix); ++write) {
      while (move != moves.end() && move->first < write->first) ++move;
      if (move == moves.end() || move->first != write->first) return false;
    }
    const StateReader before(s.before);
    const StateReader after(s.after);
    return std::all_of(sums.begin(), sums.end(), [](const auto& sum) { return sum.second == 0; }) &&
           std::all_of(moves.begin(), moves.end(), [&](const auto& moved) {
             return CheckedAdd(before.Number(moved.first), moved.second) ==
                    after.Number(moved.first);
           });
  }
};

// I2: units of a BACKED currency in circulation never exceed the euros in its digital fund.
struct BackingInvariant {
  static constexpr std::string_view kName = "BACKING";
  static bool Holds(const Subject& s) {
    const StateReader after(s.after);
    for (const v1::Currency& currency : s.charter.currencies()) {
      if (currency.kind() != v1::CURRENCY_KIND_BACKED) continue;
      // A transfer moves neither: spare it the reads.
      const AccountId circulation = SystemAccountId(kCirculation, currency.code());
      const AccountId fund = SystemAccountId(kFundDigital, currency.code());
      const bool moved = std::any_of(s.outcome.postings.begin(), s.outcome.postings.end(),
                                     [&](const v1::Posting& posting) {
                                       return posting.account_id() == circulation.view() ||
                                              posting.account_id() == fund.view();
                                     });
      if (moved && CirculationOf(after, currency.code()) >
                       after.Balance(fund, currency.backing_currency())) {
        return false;
      }
    }
    return true;
  }
};

// I3: nobody's balance goes below zero, but circulation's in the currency it serves and the bank's
// in the one that backs it. FIAT stays on system accounts.
struct NoOverdraftInvariant {
  static constexpr std::string_view kName = "NO_OVERDRAFT";
  static bool Holds(const Subject& s) {
    const StateReader after(s.after);
    return std::all_of(
        s.outcome.postings.begin(), s.outcome.postings.end(), [&](const v1::Posting& posting) {
          const AccountId account = *AccountId::FromBytes(posting.account_id());
          const bool negative = after.Balance(account, posting.currency()) < 0;
          const v1::Currency* currency = FindCurrency(s.charter, posting.currency());
          if (currency == nullptr) return false;
          const bool fiat = currency->kind() == v1::CURRENCY_KIND_FIAT;
          if (!negative && !fiat) return true;
          return std::any_of(
              s.charter.currencies().begin(), s.charter.currencies().end(),
              [&](const v1::Currency& served) {
                const std::string_view name = SystemAccountName(account, served.code());
                const std::string& own = name == kBank ? served.backing_currency() : served.code();
                return !name.empty() &&
                       (!negative || (MayBeNegative(name) && posting.currency() == own));
              });
        });
  }
};

// I5: references and awards are written once, for ever.
struct OnceInvariant {
  static constexpr std::string_view kName = "ONCE";
  static bool Holds(const Subject& s) {
    const char reference = key::Reference("").front();
    const char award = key::Award(AccountId(), "").front();
    return std::all_of(s.outcome.writes.begin(), s.outcome.writes.end(), [&](const auto& write) {
      const char table = write.first.front();
      return (table != reference && table != award) || !s.before.Get(write.first);
    });
  }
};

// I9: a programme pays only by Reward and CloseProgramme, counts what it rewards, and never rewards
// more than its total cap.
struct FundedInvariant {
  static constexpr std::string_view kName = "FUNDED";
  static bool Holds(const Subject& s) {
    const StateReader before(s.before);
    const StateReader after(s.after);
    std::map<AccountId, int64_t> rewarded;
    // Each is read once: a list of rewards has as many postings of one programme.
    std::map<AccountId, std::optional<v1::Programme>> programmes;
    for (const v1::Posting& posting : s.outcome.postings) {
      if (posting.amount_minor() > 0) continue;
      const AccountId id = *AccountId::FromBytes(posting.account_id());
      const auto [known, is_new] = programmes.try_emplace(id);
      if (is_new) known->second = after.FindProgramme(id);
      const std::optional<v1::Programme>& programme = known->second;
      if (!programme) continue;
      const auto index = static_cast<int>(posting.operation_index());
      if (index >= s.transaction.operations().size()) return false;
      const v1::Operation& operation = s.transaction.operations(index);
      if (!operation.has_reward() && !operation.has_close_programme()) return false;
      if (programme->paid_minor() > programme->terms().total_cap_minor()) return false;
      if (!operation.has_reward()) continue;
      const auto sum = CheckedSubtract(rewarded[id], posting.amount_minor());
      if (!sum) return false;
      rewarded[id] = *sum;
    }
    return std::all_of(rewarded.begin(), rewarded.end(), [&](const auto& reward) {
      const auto known = before.FindProgramme(reward.first);
      return CheckedAdd(known ? known->paid_minor() : 0, reward.second) ==
             after.FindProgramme(reward.first)->paid_minor();
    });
  }
};

template <typename... Invariants>
std::string_view FirstBroken(const Subject& subject) {
  std::string_view broken;
  (void)((Invariants::Holds(subject) ? false : (broken = Invariants::kName, true)) || ...);
  return broken;
}

}  // namespace

std::string_view FindBrokenInvariant(const v1::Charter& charter, const StateView& before,
                                     const v1::Transaction& transaction, const Outcome& outcome) {
  const After after(before, outcome);
  return FirstBroken<BalanceInvariant, BackingInvariant, NoOverdraftInvariant, OnceInvariant,
                     FundedInvariant>({charter, before, after, transaction, outcome});
}

}  // namespace kengred::rules
