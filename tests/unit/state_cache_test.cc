// The sequencer's cache of the state.
//
// Goal: whatever its bound, it shows the newest value of every key, durable or not; it reads each
// key of the store once as long as there is room, but for those that are written once; and a failed
// read is remembered, never an absence. Method: known cases, then a random history next to a plain
// map, with bounds from nothing to plenty.
#include "server/sequence/state_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "server/storage/memory_store.h"
#include "tests/support/forwarding_store.h"

namespace kengred::sequence {
namespace {

using ::testing::Eq;
using ::testing::Optional;

constexpr size_t kPlenty = 1 << 20;

// A store that counts what is read, and can break.
class Store : public testing::ForwardingStore {
 public:
  Store() : ForwardingStore(storage::NewMemoryStore()) {}

  absl::StatusOr<storage::Read> get(const std::vector<std::string>& keys) override {
    ++calls;
    reads += keys.size();
    if (broken) return absl::UnavailableError("the disk is gone");
    return ForwardingStore::get(keys);
  }

  // Commits an entry that gives the keys these values.
  void Commit(const std::map<std::string, std::string>& writes) {
    if (epoch_ == 0) epoch_ = acquire("test")->epoch;
    storage::Batch batch;
    batch.epoch = epoch_;
    batch.parent_hash = head()->hash;
    batch.first_sequence = head()->sequence + 1;
    batch.journal = {"entry"};
    batch.hash[0] = static_cast<uint8_t>(batch.first_sequence % 255 + 1);
    for (const auto& [key, value] : writes) batch.writes.push_back({key, value});
    const auto result = commit(batch);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(*result, storage::CommitResult::kDurable);
  }

  size_t calls = 0;
  size_t reads = 0;
  bool broken = false;

 private:
  uint64_t epoch_ = 0;
};

TEST(StateCacheTest, ReadsEachKeyOnceAlsoThoseThatAreAbsent) {
  Store store;
  store.Commit({{"Aa", "1"}, {"Ab", "2"}});
  StateCache cache(&store, kPlenty);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(cache.Get("Aa"), Optional(Eq("1")));
    EXPECT_THAT(cache.Get("Ac"), Eq(std::nullopt));
  }
  EXPECT_EQ(store.reads, 2U);
}

TEST(StateCacheTest, FetchesWhatIsNotThereInOneCall) {
  Store store;
  store.Commit({{"Aa", "1"}, {"Ab", "2"}, {"Ac", "3"}});
  StateCache cache(&store, kPlenty);
  EXPECT_THAT(cache.Get("Aa"), Optional(Eq("1")));
  cache.Fetch({"Ab", "Aa", "Ac", "Ab", "Ad"});
  EXPECT_EQ(store.calls, 2U);
  EXPECT_EQ(store.reads, 5U);  // one of them twice
  EXPECT_THAT(cache.Get("Ac"), Optional(Eq("3")));
  EXPECT_THAT(cache.Get("Ad"), Eq(std::nullopt));
  cache.Fetch({"Ab", "Ad"});
  EXPECT_EQ(store.calls, 2U);
}

TEST(StateCacheTest, KeepsWhatIsNotDurableWhateverItsBound) {
  Store store;
  StateCache cache(&store, 0);
  for (int i = 0; i < 100; ++i) {
    cache.Put("A" + std::to_string(i), std::to_string(i), static_cast<Sequence>(i + 1));
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(cache.Get("A" + std::to_string(i)), Optional(Eq(std::to_string(i))));
  }
  EXPECT_EQ(store.reads, 0U);
}

TEST(StateCacheTest, GivesUpWhatIsDurableAndNotUsed) {
  Store store;
  StateCache cache(&store, 3000);
  std::map<std::string, std::string> writes;
  for (int i = 0; i < 1000; ++i) writes["A" + std::to_string(i)] = std::to_string(i);
  for (const auto& [key, value] : writes) cache.Put(key, value, 1);
  EXPECT_GT(cache.bytes(), 100'000U);
  store.Commit(writes);
  cache.SetDurable(1);
  for (const auto& [key, value] : writes) EXPECT_THAT(cache.Get(key), Optional(Eq(value)));
  EXPECT_THAT(cache.Get("B"), Eq(std::nullopt));
  EXPECT_LT(cache.bytes(), 3500U);
}

TEST(StateCacheTest, GivesUpWhatIsWrittenOnceAsSoonAsItIsDurable) {
  Store store;
  StateCache cache(&store, kPlenty);
  cache.Put("Aa", "1", 1);
  cache.Put("Ta", "1", 1);
  cache.Put("Tb", "1", 1);
  cache.Put("Ta", "2", 2);  // it is not, but the cache need not count on it
  const size_t before = cache.bytes();
  store.Commit({{"Aa", "1"}, {"Ta", "1"}, {"Tb", "1"}});
  cache.SetDurable(1);
  EXPECT_LT(cache.bytes(), before);
  EXPECT_THAT(cache.Get("Aa"), Optional(Eq("1")));
  EXPECT_THAT(cache.Get("Ta"), Optional(Eq("2")));
  EXPECT_EQ(store.reads, 0U);
  EXPECT_THAT(cache.Get("Tb"), Optional(Eq("1")));
  EXPECT_EQ(store.reads, 1U);
  store.Commit({{"Ta", "2"}});
  cache.SetDurable(2);
  EXPECT_THAT(cache.Get("Ta"), Optional(Eq("2")));
  EXPECT_EQ(store.reads, 2U);
}

std::string AccountOpenedAt(uint64_t sequence) {
  v1::Account account;
  account.set_opened_sequence(sequence);
  return account.SerializeAsString();
}

TEST(StateCacheTest, KeepsTheParsedRecordOfAnAccountThatIsAskedForAgain) {
  Store store;
  store.Commit({{"Aa", AccountOpenedAt(7)}, {"Ab", "no account"}});
  StateCache cache(&store, kPlenty);
  EXPECT_EQ(cache.GetAccount("Aa")->opened_sequence(), 7U);
  const size_t before = cache.bytes();
  const rules::AccountRecord kept = cache.GetAccount("Aa");
  EXPECT_EQ(cache.GetAccount("Aa"), kept);
  EXPECT_GT(cache.bytes(), before);
  cache.Put("Aa", AccountOpenedAt(8), 2);
  EXPECT_EQ(cache.bytes(), before);
  EXPECT_EQ(cache.GetAccount("Aa")->opened_sequence(), 8U);
  EXPECT_EQ(kept->opened_sequence(), 7U);
  EXPECT_EQ(cache.GetAccount("Ab"), nullptr);
  EXPECT_EQ(cache.GetAccount("Ac"), nullptr);
  store.broken = true;
  EXPECT_EQ(cache.GetAccount("Ad"), nullptr);
  EXPECT_FALSE(cache.status().ok());
}

TEST(StateCacheTest, KeepsAnAccountInUseWhileOthersCome) {
  Store store;
  store.Commit({{"Aa", AccountOpenedAt(7)}});
  StateCache cache(&store, 3000);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(cache.GetAccount("Aa")->opened_sequence(), 7U);
    cache.Get("B" + std::to_string(i));
  }
  EXPECT_LT(store.reads, 1010U);
}

TEST(StateCacheTest, RemembersAFailedRead) {
  Store store;
  store.Commit({{"Aa", "1"}});
  StateCache cache(&store, kPlenty);
  store.broken = true;
  EXPECT_THAT(cache.Get("Aa"), Eq(std::nullopt));
  EXPECT_EQ(cache.status(), absl::UnavailableError("the disk is gone"));
  store.broken = false;
  EXPECT_THAT(cache.Get("Aa"), Optional(Eq("1")));
  EXPECT_FALSE(cache.status().ok());
}

TEST(StateCacheTest, ShowsTheNewestValueWhateverItsBound) {
  for (const size_t bound : {size_t{0}, size_t{500}, size_t{2000}, size_t{10'000}, kPlenty}) {
    SCOPED_TRACE(bound);
    std::mt19937_64 random(bound + 1);
    Store store;
    StateCache cache(&store, bound);
    std::map<std::string, std::string> newest;
    std::map<std::string, std::string> pending;
    for (int step = 0; step < 5000; ++step) {
      const auto some_key = [&random] {
        return (random() % 2 == 0 ? "A" : "T") + std::to_string(random() % 30);
      };
      const std::string key = some_key();
      const Sequence next = store.head()->sequence + 1;
      switch (random() % 5) {
        case 0:
          newest[key] = pending[key] = AccountOpenedAt(random());
          cache.Put(key, newest[key], next);
          break;
        case 1:
          cache.Fetch({key, some_key()});
          break;
        case 2: {
          const auto known = newest.find(key);
          ASSERT_EQ(cache.Get(key),
                    known == newest.end() ? std::nullopt : std::optional(known->second));
          break;
        }
        case 3: {
          const auto known = newest.find(key);
          const rules::AccountRecord account = cache.GetAccount(key);
          ASSERT_EQ(account == nullptr, known == newest.end());
          if (account) {
            ASSERT_EQ(account->SerializeAsString(), known->second);
          }
          break;
        }
        default:
          if (random() % 10 != 0) break;
          store.Commit(pending);
          pending.clear();
          cache.SetDurable(next);
      }
    }
    EXPECT_TRUE(cache.status().ok());
    store.Commit(pending);
    cache.SetDurable(store.head()->sequence);
    cache.Get("Z");
    EXPECT_LT(cache.bytes(), bound + 500);
  }
}

}  // namespace
}  // namespace kengred::sequence
