// Goal: the memtable keeps every entry, in order, whatever the order they come in, and readers on
// other threads see what was there when they began.
// Method: entries as RocksDB packs them, in patterns that split nodes everywhere (ascending,
// descending, random, runs in the middle, equal first eight bytes), against a std::map; then
// readers that walk while a writer inserts. Seeds are fixed.
#include <gtest/gtest.h>
#include <malloc.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "server/storage/rocksdb_memtable.h"

namespace kengred::storage {
namespace {

// A key of the user and eight bytes, as RocksDB compares them: the later sequence comes first.
std::string InternalKey(const std::string& user_key, uint64_t sequence) {
  std::string key = user_key;
  for (int i = 0; i < 8; ++i) key.push_back(static_cast<char>(sequence << 8 >> (8 * i)));
  return key;
}

uint64_t SequenceOf(const rocksdb::Slice& internal_key) {
  uint64_t number = 0;
  for (size_t i = 8; i > 0; --i) {
    const char byte = internal_key[internal_key.size() - 9 + i];
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  return number >> 8;
}

// An entry: the length of the internal key, seven bits a byte, and the internal key. (Values play
// no part.)
std::string Entry(const std::string& internal_key) {
  std::string entry;
  size_t length = internal_key.size();
  for (; length >= 0x80; length >>= 7) entry.push_back(static_cast<char>(length | 0x80));
  entry.push_back(static_cast<char>(length));
  return entry + internal_key;
}

class InternalOrder : public rocksdb::MemTableRep::KeyComparator {
 public:
  int operator()(const char* a, const char* b) const override {
    return Compare(decode_key(a), decode_key(b));
  }
  int operator()(const char* a, const rocksdb::Slice& b) const override {
    return Compare(decode_key(a), b);
  }
  rocksdb::Slice decode_key(const char* entry) const override {
    size_t length = 0;
    for (int shift = 0;; shift += 7) {
      const auto part = static_cast<unsigned char>(*entry++);
      length |= static_cast<size_t>(part & 0x7f) << shift;
      if (part < 0x80) return {entry, length};
    }
  }
  static int Compare(const rocksdb::Slice& a, const rocksdb::Slice& b) {
    const rocksdb::Slice user_a(a.data(), a.size() - 8);
    const rocksdb::Slice user_b(b.data(), b.size() - 8);
    if (const int order = user_a.compare(user_b); order != 0) return order;
    const uint64_t at_a = SequenceOf(a);
    const uint64_t at_b = SequenceOf(b);
    return at_a > at_b ? -1 : at_a < at_b ? 1 : 0;
  }
};

struct Before {
  bool operator()(const std::string& a, const std::string& b) const {
    return InternalOrder::Compare(a, b) < 0;
  }
};

using Rep = rocksdb::MemTableRep;

class MemTableTest : public ::testing::Test {
 protected:
  MemTableTest()
      : table_(TreeMemTableFactory().CreateMemTableRep(order_, nullptr, nullptr, nullptr)) {}

  void Insert(const std::string& user_key) {
    const std::string key = InternalKey(user_key, ++sequence_);
    // The memtable keeps pointers: a deque moves nothing.
    table_->Insert(entries_.emplace_back(Entry(key)).data());
    model_.emplace(key, entries_.back().data());
  }

  std::unique_ptr<Rep::Iterator> Iterator() {
    return std::unique_ptr<Rep::Iterator>(table_->GetIterator(nullptr));
  }

  void ExpectAsModel() {
    const auto iterator = Iterator();
    iterator->SeekToFirst();
    for (const auto& [key, entry] : model_) {
      ASSERT_TRUE(iterator->Valid());
      ASSERT_EQ(iterator->key(), entry);
      iterator->Next();
    }
    EXPECT_FALSE(iterator->Valid());
    iterator->SeekToLast();
    for (auto expected = model_.rbegin(); expected != model_.rend(); ++expected) {
      ASSERT_TRUE(iterator->Valid());
      ASSERT_EQ(iterator->key(), expected->second);
      iterator->Prev();
    }
    EXPECT_FALSE(iterator->Valid());
  }

  // Seeks both ways to keys that are there and that are not.
  void ExpectFinds(const std::string& user_key) {
    const std::string target = InternalKey(user_key, sequence_ / 2 + 1);
    const auto iterator = Iterator();
    iterator->Seek(target, nullptr);
    auto at = model_.lower_bound(target);
    ASSERT_EQ(iterator->Valid(), at != model_.end());
    if (at != model_.end()) {
      ASSERT_EQ(iterator->key(), at->second);
    }
    EXPECT_EQ(table_->Contains(Entry(target).data()), model_.contains(target));

    iterator->SeekForPrev(target, nullptr);
    at = model_.upper_bound(target);
    ASSERT_EQ(iterator->Valid(), at != model_.begin());
    if (at != model_.begin()) {
      ASSERT_EQ(iterator->key(), std::prev(at)->second);
    }
  }

  const InternalOrder order_;
  std::unique_ptr<Rep> table_;
  std::deque<std::string> entries_;
  std::map<std::string, const char*, Before> model_;
  uint64_t sequence_ = 0;
};

std::string Number(uint64_t number) {
  std::string bytes;
  for (int i = 7; i >= 0; --i) bytes.push_back(static_cast<char>(number >> (8 * i)));
  return bytes;
}

TEST_F(MemTableTest, IsEmptyAtFirst) {
  ExpectAsModel();
  ExpectFinds("anything");
  EXPECT_FALSE(table_->Contains(Entry(InternalKey("a", 1)).data()));
}

TEST_F(MemTableTest, KeepsAscendingKeysInFullNodes) {
  constexpr uint64_t kKeys = 100'000;
  for (uint64_t i = 0; i < kKeys; ++i) Insert(Number(i));
  ExpectAsModel();
  ExpectFinds(Number(kKeys / 2));
  ExpectFinds(Number(kKeys));
  // 16 bytes an entry, and little more.
  EXPECT_LT(table_->ApproximateMemoryUsage(), kKeys * 18);
}

TEST_F(MemTableTest, KeepsDescendingKeys) {
  for (uint64_t i = 20'000; i > 0; --i) Insert(Number(i));
  ExpectAsModel();
  ExpectFinds(Number(0));
}

TEST_F(MemTableTest, KeepsRandomKeysOfEveryLength) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 100'000; ++i) Insert(Number(random()).substr(0, random() % 9));
  ExpectAsModel();
  for (int i = 0; i < 2'000; ++i) ExpectFinds(Number(random()).substr(0, random() % 9));
}

TEST_F(MemTableTest, TellsKeysApartThatBeginAlike) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 30'000; ++i) {
    Insert("a shop with a long history " + Number(random() % 10'000));
    // Zeroes at the end look like nothing in the first eight bytes.
    Insert(std::string("short") + std::string(random() % 6, '\0'));
  }
  ExpectAsModel();
  for (uint64_t i = 0; i < 2'000; ++i) ExpectFinds("a shop with a long history " + Number(i));
  for (size_t i = 0; i < 6; ++i) ExpectFinds(std::string("short") + std::string(i, '\0'));
}

TEST_F(MemTableTest, KeepsLongKeysThatDifferAnywhere) {
  std::mt19937_64 random(8);
  // Lengths around those whose length takes another byte.
  for (const size_t length : {9U, 16U, 17U, 119U, 120U, 121U, 20'000U}) {
    for (int i = 0; i < 200; ++i) {
      std::string key(length - random() % 9, 'k');
      key[random() % key.size()] = static_cast<char>(random());
      Insert(key);
      if (i % 20 == 0) ExpectFinds(key);
    }
  }
  ExpectAsModel();
}

TEST_F(MemTableTest, KeepsVersionsOfFewKeys) {
  std::mt19937_64 random(9);
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < 20; ++i) keys.push_back("the balance of " + Number(random()));
  // Where all bits are set, no prefix is greater.
  keys.push_back(std::string(8, '\xff'));
  keys.push_back(std::string(20, '\xff'));
  std::sort(keys.begin(), keys.end());
  for (int batch = 0; batch < 1'000; ++batch) {
    for (const std::string& key : keys) {
      if (random() % 3 != 0) Insert(key);
    }
  }
  ExpectAsModel();
  for (const std::string& key : keys) ExpectFinds(key);
}

TEST_F(MemTableTest, KeepsSortedBatches) {
  std::mt19937_64 random(6);
  for (int batch = 0; batch < 200; ++batch) {
    std::vector<std::string> keys;
    for (uint64_t i = 0; i < 100; ++i) {
      keys.push_back("H" + Number(random()));
      keys.push_back("H middle" + Number(static_cast<uint64_t>(batch) * 100 + i));
      keys.push_back("T" + Number(static_cast<uint64_t>(batch) * 100 + i));
    }
    std::sort(keys.begin(), keys.end());
    for (const std::string& key : keys) Insert(key);
  }
  ExpectAsModel();
}

TEST_F(MemTableTest, AnIteratorStandsWhileOthersInsert) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 1'000; ++i) Insert(Number(random()));
  const auto iterator = Iterator();
  iterator->SeekToFirst();
  auto at = model_.begin();
  while (at != model_.end()) {
    ASSERT_TRUE(iterator->Valid());
    ASSERT_EQ(iterator->key(), at->second);
    if (model_.size() < 20'000) {
      for (int i = 0; i < 20; ++i) Insert(Number(random()));
    }
    if (random() % 4 == 0 && at != model_.begin()) {
      iterator->Prev();
      --at;
      ASSERT_EQ(iterator->key(), at->second);
    }
    iterator->Next();
    ++at;
  }
  EXPECT_FALSE(iterator->Valid());
}

TEST_F(MemTableTest, ReadersSeeWhatWasThere) {
  constexpr uint64_t kKeys = 20'000;
  // All made before, so that the threads share nothing but the memtable.
  std::vector<std::string> entries;
  for (uint64_t i = 0; i < kKeys; ++i) {
    entries.push_back(Entry(InternalKey(Number(i * 0x9e3779b97f4a7c15), i + 1)));
  }
  std::atomic<uint64_t> inserted = 0;
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      uint64_t before = 0;
      while (before < kKeys) {
        before = inserted.load();
        // Iterators of an arena are destroyed only, not deleted.
        Rep::Iterator* iterator = table_->GetIterator(reinterpret_cast<rocksdb::Arena*>(this));
        std::string last;
        uint64_t count = 0;
        for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
          const std::string key = order_.decode_key(iterator->key()).ToString();
          ASSERT_TRUE(last.empty() || Before()(last, key));
          last = key;
          ++count;
        }
        EXPECT_GE(count, before);
        iterator->~Iterator();
        if (before > 0) {
          ASSERT_TRUE(table_->Contains(entries[before - 1].data()));
        }
      }
    });
  }
  for (uint64_t i = 0; i < kKeys; ++i) {
    table_->Insert(entries[i].data());
    inserted.store(i + 1);
  }
  table_->MarkReadOnly();
  for (std::thread& reader : readers) reader.join();
}

// RocksDB's own way to look a key up makes an iterator and forgets it.
TEST(MemTableInRocksDb, LookingKeysUpLeavesNothingBehind) {
  const std::unique_ptr<rocksdb::Env> memory(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  rocksdb::Options options;
  options.env = memory.get();
  options.create_if_missing = true;
  options.memtable_factory = std::make_shared<TreeMemTableFactory>();
  options.allow_concurrent_memtable_write = false;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, "/store", &opened).ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  constexpr uint64_t kKeys = 1'000;
  for (uint64_t i = 0; i < kKeys; ++i) {
    ASSERT_TRUE(db->Put({}, Number(2 * i), std::to_string(i)).ok());
  }

  const auto look_all_up = [&] {
    std::string value;
    for (uint64_t i = 0; i < kKeys; ++i) {
      ASSERT_TRUE(db->Get({}, Number(2 * i), &value).ok());
      ASSERT_EQ(value, std::to_string(i));
      ASSERT_TRUE(db->Get({}, Number(2 * i + 1), &value).IsNotFound());
    }
  };
  look_all_up();
  const size_t before = ::mallinfo2().uordblks;
  for (int round = 0; round < 50; ++round) look_all_up();
  // An iterator each would be some 6 MB.
  EXPECT_LT(::mallinfo2().uordblks, before + (1U << 20));
}

}  // namespace
}  // namespace kengred::storage
