// A commit to a real store: how much longer the tree makes it. Each is one synced write.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "bench/micro/samples.h"
#include "kengred/core/checkpoint.h"
#include "kengred/core/hash.h"
#include "server/rules/state.h"
#include "server/sequence/batch_builder.h"
#include "server/sequence/tree.h"
#include "server/storage/rocksdb_store.h"
#include "server/storage/store.h"

namespace kengred::bench {
namespace {

// A folder of this process's own, where the disk is (/tmp may be memory: set TMPDIR).
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "kengred-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) Die("no folder can be made for the store");
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string store() const { return (path_ / "store").string(); }

 private:
  std::filesystem::path path_;
};

// The writes of a payment but for the tree: two balances, two histories, the transaction's index.
void AddPaymentWrites(uint64_t sequence, storage::Batch* batch) {
  for (const char* side : {"payer", "payee"}) {
    const AccountId account =
        *AccountId::FromBytes(Sha256({side, std::to_string(sequence % 1000)}).view().substr(0, 20));
    batch->writes.push_back({rules::key::Balance(account, "HEOL"), std::string(8, 'b')});
    batch->writes.push_back({rules::key::History(account, sequence), std::string(16, 'h')});
  }
  const Digest id = Sha256({"transaction", std::to_string(sequence)});
  batch->writes.push_back(
      {rules::key::Transaction(*TransactionId::FromBytes(id.view())), std::string(8, 's')});
}

// Items are entries. Arguments: entries in a commit, and whether with the tree and its checkpoint.
void BM_Commit(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const bool with_tree = state.range(1) != 0;
  const std::vector<std::string> entries = Payments(count).Entries(1);
  const NoteSigner key = *NoteSigner::Make("heol.kengred/0123456789abcdef", SecretKey::Generate());
  const Folder folder;
  storage::RocksDbOptions options;
  options.path = folder.store();
  options.create_if_missing = true;
  auto store = storage::OpenRocksDbStore(options);
  if (!store.ok()) Die(store.status().ToString());
  const auto head = (*store)->acquire("bench");
  if (!head.ok()) Die(head.status().ToString());

  TreeFrontier tree;
  storage::Hash parent{};
  uint64_t sequence = 0;
  for (auto _ : state) {
    storage::Batch batch;
    batch.epoch = head->epoch;
    batch.first_sequence = sequence + 1;
    batch.journal = entries;
    for (size_t i = 0; i < count; ++i) AddPaymentWrites(++sequence, &batch);
    if (with_tree) {
      sequence::AppendToTree(&tree, &batch);
      const auto note =
          SignCheckpoint({key.verifier_key().name(), tree.size(), tree.Root(), {}}, key);
      if (!note.ok()) Die(note.status().ToString());
      batch.writes.push_back({rules::key::Checkpoint(tree.size()), *note});
    } else {
      batch.parent_hash = parent;
      parent = sequence::HashOf(Sha256({std::to_string(sequence)}));
      batch.hash = parent;
    }
    // Balances of the same account come once.
    sequence::SortWrites(&batch.writes);
    const auto result = (*store)->commit(batch);
    if (!result.ok() || *result != storage::CommitResult::kDurable) Die("a commit failed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Commit)->ArgsProduct({{1, 64, 512}, {0, 1}})->UseRealTime();

}  // namespace
}  // namespace kengred::bench
