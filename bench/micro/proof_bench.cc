// What proof costs, beside what cannot be avoided: one Ed25519 verification for each signature.
// Figures of one run compare; those of two machines do not.
#include <benchmark/benchmark.h>

#include "bench/micro/samples.h"
#include "kengred/core/checkpoint.h"
#include "kengred/core/receipt.h"
#include "kengred/core/signed_note.h"
#include "kengred/core/verification.h"

namespace kengred::bench {
namespace {

constexpr char kOrigin[] = "heol.kengred/0123456789abcdef";

NoteSigner LogKey() {
  InitializeCrypto();
  return *NoteSigner::Make(kOrigin, SecretKey::Generate());
}

// The bare rate: items per second are verifications of one core.
void BM_VerifySignature(benchmark::State& state) {
  InitializeCrypto();
  const SecretKey key = SecretKey::Generate();
  const std::string message(55, 'm');  // the size of what a transaction's signature covers
  const std::string signature = key.Sign(message);
  for (auto _ : state) {
    if (!VerifySignature(key.public_key(), message, signature)) Die("a signature is not valid");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_VerifySignature);

// The cheap half of it, which garbage does not outlive.
void BM_Parse(benchmark::State& state) {
  const Payments payments(64);
  size_t next = 0;
  for (auto _ : state) {
    auto parsed = Parse(payments.signed_transactions()[next++ % 64], payments.ledger_id());
    if (!std::holds_alternative<ParsedTransaction>(parsed)) Die("a payment is refused");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Parse);

// A payment as the verifier sees it: parsed, checked, its signature verified.
void BM_VerifyTransaction(benchmark::State& state) {
  const Payments payments(64);
  size_t next = 0;
  for (auto _ : state) {
    auto parsed = Parse(payments.signed_transactions()[next++ % 64], payments.ledger_id());
    if (!std::holds_alternative<ParsedTransaction>(parsed)) Die("a payment is refused");
    const auto verified = VerifySignatures(std::get<ParsedTransaction>(std::move(parsed)));
    if (!std::holds_alternative<VerifiedTransaction>(verified)) Die("a payment is refused");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_VerifyTransaction);

// The tree and the checkpoint of one commit of so many entries, all that the committer computes for
// it: items are entries.
void BM_TreeOfCommit(benchmark::State& state) {
  const auto entries = static_cast<size_t>(state.range(0));
  const std::vector<std::string> bytes = Payments(entries).Entries(1);
  const NoteSigner key = LogKey();
  TreeFrontier tree = SampleTree::Of(1'000'003).frontier();
  std::vector<Subtree> made;
  for (auto _ : state) {
    made.clear();
    for (const std::string& entry : bytes) tree.Append(LeafHash(entry), &made);
    const auto note = SignCheckpoint({kOrigin, tree.size(), tree.Root(), {}}, key);
    if (!note.ok()) Die("a checkpoint cannot be signed");
    benchmark::DoNotOptimize(note->data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_TreeOfCommit)->Arg(1)->Arg(64)->Arg(1024);

void BM_InclusionProof(benchmark::State& state) {
  SampleTree& tree = SampleTree::Of(static_cast<uint64_t>(state.range(0)));
  uint64_t index = 0;
  for (auto _ : state) {
    const auto proof = InclusionProof(index, tree.frontier().size(), tree);
    if (!proof.ok()) Die("a proof cannot be made");
    index = (index + 7919) % tree.frontier().size();
  }
  state.counters["hashes"] =
      static_cast<double>(InclusionProof(0, tree.frontier().size(), tree)->size());
}
BENCHMARK(BM_InclusionProof)->Arg(1000)->Arg(1'000'003);

void BM_ConsistencyProof(benchmark::State& state) {
  SampleTree& tree = SampleTree::Of(static_cast<uint64_t>(state.range(0)));
  uint64_t old_size = 1;
  for (auto _ : state) {
    const auto proof = ConsistencyProof(old_size, tree.frontier().size(), tree);
    if (!proof.ok()) Die("a proof cannot be made");
    old_size = old_size * 3 % tree.frontier().size() + 1;
  }
}
BENCHMARK(BM_ConsistencyProof)->Arg(1'000'003);

// What somebody offline does with a receipt: two signatures and the proof. The counter is the size
// of the file.
void BM_VerifyReceipt(benchmark::State& state) {
  const NoteSigner key = LogKey();
  const std::vector<VerifierKey> keys = {key.verifier_key()};
  // The payment is the last of a tree of 1,000,003 entries.
  const TreeFrontier& before = SampleTree::Of(1'000'002).frontier();
  TreeFrontier tree = before;
  const std::string entry = Payments(1).Entries(1'000'003).front();
  tree.Append(LeafHash(entry));
  Receipt receipt;
  receipt.entry_bytes = entry;
  receipt.index = 1'000'002;
  // The siblings of the last leaf are the peaks before it, the smallest first.
  receipt.proof.assign(before.peaks().rbegin(), before.peaks().rend());
  receipt.checkpoint = *SignCheckpoint({kOrigin, tree.size(), tree.Root(), {}}, key);
  for (auto _ : state) {
    const auto verified = VerifyReceipt(receipt, keys, {}, 0);
    if (!verified.ok()) Die(verified.status().ToString().c_str());
  }
  state.counters["bytes"] = static_cast<double>(FormatReceipt(receipt)->size());
}
BENCHMARK(BM_VerifyReceipt);

}  // namespace
}  // namespace kengred::bench
