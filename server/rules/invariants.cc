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
  AccountRecord GetAccount(const std::string& key) const override {
    const auto write = outcome_.writes.find(key);
    return write == outcome_.writes.end() ? before_.GetAccount(key) : ParseAccount(write->second);
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
    struct Moved {
      std::string key;  // of the balance
      size_t place;     // among the postings
      int64_t amount_minor;
    };
    std::vector<std::pair<std::string_view, int64_t>> sums;  // of the few currencies
    std::vector<Moved> moves;                                // by key, then added up
    moves.reserve(s.outcome.postings.size());
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
      moves.push_back(
          {key::Balance(*account, posting.currency()), moves.size(), posting.amount_minor()});
    }
    // Of one key they stay in their order, since a sum that overflows on the way is refused.
    std::sort(moves.begin(), moves.end(), [](const Moved& a, const Moved& b) {
      const int order = a.key.compare(b.key);
      return order != 0 ? order < 0 : a.place < b.place;
    });
    auto last = moves.begin();
    for (auto move = moves.begin(); move != moves.end(); ++move) {
      if (move == last) continue;
      if (move->key != last->key) {
        if (++last != move) *last = std::move(*move);
        continue;
      }
      const auto sum = CheckedAdd(last->amount_minor, move->amount_minor);
      if (!sum) return false;
      last->amount_minor = *sum;
    }
    if (!moves.empty()) moves.erase(last + 1, moves.end());

    // Both in order of key: every balance that is written must have moved.
    const std::string prefix = key::BalancesOf(AccountId()).substr(0, 1);
    auto move = moves.begin();
    for (auto write = s.outcome.writes.lower_bound(prefix);
         write != s.outcome.writes.end() && write->first.starts_with(prefix); ++write) {
      while (move != moves.end() && move->key < write->first) ++move;
      if (move == moves.end() || move->key != write->first) return false;
    }
    const StateReader before(s.before);
    const StateReader after(s.after);
    return std::all_of(sums.begin(), sums.end(), [](const auto& sum) { return sum.second == 0; }) &&
           std::all_of(moves.begin(), moves.end(), [&](const Moved& moved) {
             return CheckedAdd(before.Number(moved.key), moved.amount_minor) ==
                    after.Number(moved.key);
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
    // Read once for all the postings of one programme that a list of rewards has. An account, which
    // is at hand, says whether it is a programme's; the store would have to be asked for each
    // payer.
    std::optional<AccountId> read;
    std::optional<v1::Programme> programme;
    for (const v1::Posting& posting : s.outcome.postings) {
      if (posting.amount_minor() > 0) continue;
      const AccountId id = *AccountId::FromBytes(posting.account_id());
      if (read != id) {
        read = id;
        const AccountRecord account = after.FindAccount(id);
        const bool is_one = account && account->kind() == v1::HOLDER_KIND_PROGRAMME;
        programme = is_one ? after.FindProgramme(id) : std::nullopt;
        if (is_one && !programme) return false;
      }
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
