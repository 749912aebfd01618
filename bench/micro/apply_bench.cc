// What the sequencer's thread does with a transaction: the rules, and the bytes of what is written
// and answered. The state is a map in memory, so that reading it costs what a cache would.
#include <benchmark/benchmark.h>

#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bench/micro/samples.h"
#include "kengred/core/ids.h"
#include "kengred/core/verdict.h"
#include "kengred/v1/ledger_service.pb.h"
#include "server/rules/rules.h"
#include "server/rules/state.h"
#include "server/sequence/batch_builder.h"
#include "tests/support/community.h"
#include "tests/support/rule_bench.h"

namespace kengred::bench {
namespace {

using testing::Community;
using testing::RuleBench;

constexpr size_t kPeople = 1000;
constexpr int32_t kYearDays = 365;
constexpr size_t kBatch = 64;

std::string Name(size_t number) { return "person" + std::to_string(number); }

// The tests' community with a thousand more members, who have money.
struct SampleLedger {
  SampleLedger() : bench(RuleBench::Founded(&community)) {
    for (size_t i = 0; i < kPeople; ++i) {
      community.AddHolder(Name(i), v1::HOLDER_KIND_PERSON);
      const bool opened = bench.Submit({community.OpenAccount(Name(i))}, {Name(i)}).ok();
      const bool admitted =
          bench.Submit({community.AdmitMember(Name(i), bench.today() + kYearDays)}, {"registrar"})
              .ok();
      if (!opened || !admitted) Die("a person is refused");
      bench.ForceBalance(community.account(Name(i)), testing::kHeol, 100'000);
    }
    // As many as a transaction can reward.
    v1::Operation programme = community.OpenProgramme(bench.today());
    programme.mutable_open_programme()->mutable_terms()->set_total_cap_minor(1'000'000'000);
    const v1::SignedTransaction opening =
        community.Transaction(bench.now_seconds(), {programme}, {"assoc"});
    if (!bench.Submit(opening).ok()) Die("a programme is refused");
    community.NamePlace("large", rules::ProgrammeIdOf(testing::IdOf(opening), 0));
    bench.ForceBalance(community.account("large"), testing::kHeol, 1'000'000'000);
  }

  v1::SignedTransaction Payment(size_t number) const {
    return community.Transaction(
        bench.now_seconds(),
        {community.Transfer(Name(number % kPeople), Name((7 * number + 1) % kPeople), 1250)},
        {Name(number % kPeople)});
  }
  v1::SignedTransaction Reward(size_t awards) const {
    std::vector<v1::Award> list;
    for (size_t i = 0; i < awards; ++i) {
      list.push_back(community.Award(Name(i % kPeople), "session", 1, std::to_string(i)));
    }
    return community.Transaction(bench.now_seconds(), {community.Reward("large", list)},
                                 {"assoc", "validator1", "validator2"});
  }
  rules::SequencedTransaction Stamp(const v1::SignedTransaction& transaction) const {
    auto stamped = bench.Stamp(transaction);
    if (std::holds_alternative<Refusal>(stamped)) Die("a transaction is refused");
    return std::get<rules::SequencedTransaction>(std::move(stamped));
  }

  // Made once.
  static const SampleLedger& Get() {
    static const auto* ledger = new SampleLedger();
    return *ledger;
  }

  Community community;
  RuleBench bench;
};

void Judge(benchmark::State& state, const std::vector<v1::SignedTransaction>& transactions) {
  const SampleLedger& ledger = SampleLedger::Get();
  std::vector<rules::SequencedTransaction> stamped;
  for (const v1::SignedTransaction& transaction : transactions) {
    stamped.push_back(ledger.Stamp(transaction));
  }
  size_t next = 0;
  for (auto _ : state) {
    const rules::Outcome outcome =
        rules::Apply(ledger.community.charter(), ledger.bench, stamped[next++ % stamped.size()]);
    if (outcome.refusal) Die(VerdictSentence(*outcome.refusal));
  }
}

std::vector<v1::SignedTransaction> SamplePayments() {
  std::vector<v1::SignedTransaction> payments;
  for (size_t i = 0; i < kPeople; ++i) payments.push_back(SampleLedger::Get().Payment(i));
  return payments;
}

void BM_ApplyPayment(benchmark::State& state) {
  Judge(state, SamplePayments());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ApplyPayment);

// Items are rewards; so many are in one transaction.
void BM_ApplyRewards(benchmark::State& state) {
  Judge(state, {SampleLedger::Get().Reward(static_cast<size_t>(state.range(0)))});
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_ApplyRewards)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

// The writes, the entry's bytes and the answer of what was accepted, a batch of the same one after
// the other.
void Encode(benchmark::State& state, const v1::SignedTransaction& transaction) {
  const SampleLedger& ledger = SampleLedger::Get();
  const std::set<AccountId> system_accounts =
      sequence::SystemAccountsOf(ledger.community.charter());
  const rules::SequencedTransaction stamped = ledger.Stamp(transaction);
  const rules::Outcome outcome = rules::Apply(ledger.community.charter(), ledger.bench, stamped);
  if (outcome.refusal) Die("a transaction is refused");
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<std::pair<rules::SequencedTransaction, rules::Outcome>> batch;
    for (size_t i = 0; i < kBatch; ++i) batch.emplace_back(stamped, outcome);
    state.ResumeTiming();
    for (auto& [accepted, change] : batch) {
      v1::SubmitTransactionResponse response;
      const sequence::Addition addition = sequence::MakeAddition(
          std::move(accepted), std::move(change), {}, system_accounts, &response);
      std::string answer = response.SerializeAsString();
      benchmark::DoNotOptimize(answer);
      if (addition.entry_bytes.empty()) Die("an entry is empty");
    }
  }
}

void BM_EncodePayment(benchmark::State& state) {
  Encode(state, SampleLedger::Get().Payment(1));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}
BENCHMARK(BM_EncodePayment);

// Items are rewards; so many are in one transaction.
void BM_EncodeRewards(benchmark::State& state) {
  Encode(state, SampleLedger::Get().Reward(static_cast<size_t>(state.range(0))));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch) * state.range(0));
}
BENCHMARK(BM_EncodeRewards)->Arg(1)->Arg(100);

}  // namespace
}  // namespace kengred::bench
