#include "server/storage/rocksdb_memtable.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <rocksdb/slice.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <utility>
#include <vector>

namespace kengred::storage {
namespace {

constexpr size_t kSlots = 64;
constexpr size_t kHeightMax = 16;      // with nodes at least half full: more entries than memory
constexpr size_t kInternalBytes = 8;   // RocksDB's sequence and type, after each key of the user
constexpr size_t kSpareIterators = 8;  // kept for reuse by each thread
constexpr size_t kCacheLineBytes = 64;

uint64_t LoadLittleEndian(const char* bytes) {
  uint64_t number = 0;
  std::memcpy(&number, bytes, sizeof(number));
  if constexpr (std::endian::native == std::endian::big) number = __builtin_bswap64(number);
  return number;
}
uint64_t LoadBigEndian(const char* bytes) { return __builtin_bswap64(LoadLittleEndian(bytes)); }

// The first eight bytes of a key as a number: in the same order as the keys where it differs.
uint64_t PrefixOf(const rocksdb::Slice& internal_key) {
  const size_t size = internal_key.size() - kInternalBytes;
  if (size >= sizeof(uint64_t)) return LoadBigEndian(internal_key.data());
  // What follows the key of the user is none of the prefix.
  return size == 0 ? 0 : LoadBigEndian(internal_key.data()) >> (64 - 8 * size) << (64 - 8 * size);
}

// RocksDB's sequence, without the type beside it, which plays no part in the order.
uint64_t SequenceOf(const rocksdb::Slice& internal_key) {
  return LoadLittleEndian(internal_key.data() + internal_key.size() - kInternalBytes) >> 8;
}

// What is searched for.
struct Target {
  explicit Target(const rocksdb::Slice& key)
      : prefix(PrefixOf(key)), internal_key(key), sequence(SequenceOf(key)) {}

  uint64_t prefix;
  rocksdb::Slice internal_key;
  uint64_t sequence;
};

// The internal key of an entry: its length as a varint32, then its bytes.
rocksdb::Slice InternalKeyOf(const char* entry) {
  uint32_t length = static_cast<unsigned char>(*entry++);
  if (length >= 0x80) {
    length &= 0x7f;
    for (int shift = 7;; shift += 7) {
      const uint32_t part = static_cast<unsigned char>(*entry++);
      length |= (part & 0x7f) << shift;
      if (part < 0x80) break;
    }
  }
  return {entry, length};
}

// As RocksDB's comparator has it, by bytes and then the newest first, without its calls: below 0
// where the entry is before the target. Their prefixes must be equal.
int CompareAfterPrefix(const char* entry, const Target& target) {
  const rocksdb::Slice key = InternalKeyOf(entry);
  const size_t key_size = key.size() - kInternalBytes;
  const size_t target_size = target.internal_key.size() - kInternalBytes;
  const size_t common = std::min(key_size, target_size);
  for (size_t at = sizeof(uint64_t); at < common; at += sizeof(uint64_t)) {
    // No load goes past the end: eight bytes follow each key of the user.
    uint64_t a = LoadBigEndian(key.data() + at);
    uint64_t b = LoadBigEndian(target.internal_key.data() + at);
    if (const size_t left = common - at; left < sizeof(uint64_t)) {
      a >>= 64 - 8 * left;
      b >>= 64 - 8 * left;
    }
    if (a != b) return a < b ? -1 : 1;
  }
  if (key_size != target_size) return key_size < target_size ? -1 : 1;
  const uint64_t sequence = SequenceOf(key);
  if (sequence == target.sequence) return 0;
  return sequence > target.sequence ? -1 : 1;
}

// How many of the ascending numbers are below `number`. Without branches, since none of them could
// be foreseen.
size_t CountBelow(const uint64_t* numbers, size_t count, uint64_t number) {
  const uint64_t* begin = numbers;
  while (count > 1) {
    const size_t half = count / 2;
    begin += static_cast<size_t>(begin[half - 1] < number) * half;
    count -= half;
  }
  return static_cast<size_t>(begin - numbers) + (count == 1 && *begin < number ? 1 : 0);
}

// Entries in order, each with its prefix. In an inner node they are those that its children started
// with when they were made; all of child i's are at or after entry i, but for the first child's.
struct alignas(kCacheLineBytes) Node {
  std::array<uint64_t, kSlots> prefixes;
  std::array<const char*, kSlots> entries;
  size_t count = 0;

  bool full() const { return count == kSlots; }
  void Insert(size_t at, uint64_t prefix, const char* entry) {
    std::copy_backward(&prefixes[at], prefixes.data() + count, prefixes.data() + count + 1);
    std::copy_backward(&entries[at], entries.data() + count, entries.data() + count + 1);
    prefixes[at] = prefix;
    entries[at] = entry;
    ++count;
  }
  // Moves what is from `at` on to an empty node.
  void MoveTail(size_t at, Node* to) {
    std::copy(&prefixes[at], prefixes.data() + count, to->prefixes.data());
    std::copy(&entries[at], entries.data() + count, to->entries.data());
    to->count = count - at;
    count = at;
  }
  // Has all of it fetched at once: a search would wait for one part after the other.
  void Prefetch() const {
    for (size_t at = 0; at < sizeof(Node); at += kCacheLineBytes) {
      __builtin_prefetch(reinterpret_cast<const char*>(this) + at);
    }
  }
};

struct Leaf : Node {
  Leaf* previous = nullptr;
  Leaf* next = nullptr;
};

struct Inner : Node {
  std::array<Node*, kSlots> children;
};

// An entry's place; no leaf: before the first or after the last.
struct Place {
  const Leaf* leaf = nullptr;
  size_t index = 0;

  const char* entry() const { return leaf->entries[index]; }
  // After the last of its leaf: the first of the next one.
  Place Settled() const {
    return leaf != nullptr && index == leaf->count ? Place{leaf->next, 0} : *this;
  }
  Place Previous() const {
    if (index > 0) return {leaf, index - 1};
    return leaf->previous == nullptr ? Place() : Place{leaf->previous, leaf->previous->count - 1};
  }
};

class TreeMemTable : public rocksdb::MemTableRep {
 public:
  TreeMemTable(const KeyComparator& compare, rocksdb::Allocator* allocator)
      : MemTableRep(allocator), compare_(compare) {}
  ~TreeMemTable() override { Free(root_, height_); }
  TreeMemTable(const TreeMemTable&) = delete;
  TreeMemTable& operator=(const TreeMemTable&) = delete;

  void Insert(rocksdb::KeyHandle handle) override;
  bool Contains(const char* key) const override;
  void MarkReadOnly() override { read_only_.store(true, std::memory_order_release); }
  size_t ApproximateMemoryUsage() override { return bytes_.load(std::memory_order_relaxed); }
  void Get(const rocksdb::LookupKey& key, void* arguments,
           bool (*callback)(void* arguments, const char* entry)) override;
  Iterator* GetIterator(rocksdb::Arena* arena) override;
  Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override;

 private:
  class TreeIterator;

  // Runs `read` while nothing is inserted.
  template <typename F>
  auto Reading(F read) const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (read_only_.load(std::memory_order_acquire)) return read();
    absl::ReaderMutexLock lock(&mutex_);
    return read();
  }

  // Of two with the same prefix, as CompareAfterPrefix.
  int Compare(const char* entry, const Target& target) const {
    const int order = CompareAfterPrefix(entry, target);
    assert(order == Sign(compare_(entry, target.internal_key)));
    return order;
  }
  static int Sign(int number) { return number < 0 ? -1 : number > 0 ? 1 : 0; }
  // Up to which index the entries of the node are before the target, or are the target where
  // `and_equal`; those below `from` are not looked at.
  size_t CountBefore(const Node& node, const Target& target, size_t from, bool and_equal) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool IsBefore(const Node& node, size_t index, const Target& target) const {
    return node.prefixes[index] != target.prefix ? node.prefixes[index] < target.prefix
                                                 : Compare(node.entries[index], target) < 0;
  }
  bool IsTarget(const Place& place, const Target& target) const {
    return place.leaf->prefixes[place.index] == target.prefix &&
           Compare(place.entry(), target) == 0;
  }
  // Which child has the place of the target: the last that starts with it or before it, or the
  // first, whose entry says nothing.
  size_t ChildOf(const Inner& inner, const Target& target) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return CountBefore(inner, target, /*from=*/1, /*and_equal=*/true) - 1;
  }
  // The first entry at or after the target.
  Place Find(const Target& target) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  Place Edge(bool last) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  bool InsertAtHint(const Target& target, const char* entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void InsertFromRoot(const Target& target, const char* entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Puts an entry into a leaf; makes a second leaf where the first is full, and returns it.
  Leaf* InsertIntoLeaf(Leaf* leaf, size_t at, uint64_t prefix, const char* entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Inner* InsertIntoInner(Inner* inner, size_t at, Node* child)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  template <typename T>
  T* New() {
    bytes_.fetch_add(sizeof(T), std::memory_order_relaxed);
    return new T;
  }
  static void Free(Node* node, size_t height);

  [[maybe_unused]] const KeyComparator& compare_;  // what our own order must be, for assertions
  std::atomic<bool> read_only_ = false;
  std::atomic<size_t> bytes_ = 0;
  mutable absl::Mutex mutex_;
  Node* root_ ABSL_GUARDED_BY(mutex_) = New<Leaf>();
  size_t height_ ABSL_GUARDED_BY(mutex_) = 0;  // of inner nodes above the leaves
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  // Where the last entry was inserted.
  Leaf* hint_leaf_ ABSL_GUARDED_BY(mutex_) = nullptr;
  size_t hint_index_ ABSL_GUARDED_BY(mutex_) = 0;
  // Whether of keys that begin alike the last one inserted came after the others.
  bool newest_last_ ABSL_GUARDED_BY(mutex_) = true;
};

// ---- finding ----

size_t TreeMemTable::CountBefore(const Node& node, const Target& target, size_t from,
                                 bool and_equal) const {
  const uint64_t* prefixes = node.prefixes.data();
  size_t low = from + CountBelow(prefixes + from, node.count - from, target.prefix);
  if (low == node.count || prefixes[low] != target.prefix) return low;
  size_t high = node.count;
  if (target.prefix != std::numeric_limits<uint64_t>::max()) {
    high = low + CountBelow(prefixes + low, node.count - low, target.prefix + 1);
  }
  // Each look at an entry waits for memory. Among those that begin alike the place is nearly always
  // at one end: a history grows at its last, versions of one key at the first.
  const int limit = and_equal ? 1 : 0;
  const auto is_before = [&](size_t index) { return Compare(node.entries[index], target) < limit; };
  size_t middle = newest_last_ ? high - 1 : low;
  while (low < high) {
    if (is_before(middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
    middle = (low + high) / 2;
  }
  return low;
}

Place TreeMemTable::Find(const Target& target) const {
  const Node* node = root_;
  for (size_t level = height_; level > 0; --level) {
    const auto* inner = static_cast<const Inner*>(node);
    node = inner->children[ChildOf(*inner, target)];
    node->Prefetch();
  }
  const auto* leaf = static_cast<const Leaf*>(node);
  return Place{leaf, CountBefore(*leaf, target, /*from=*/0, /*and_equal=*/false)}.Settled();
}

Place TreeMemTable::Edge(bool last) const {
  const Node* node = root_;
  for (size_t level = height_; level > 0; --level) {
    node = static_cast<const Inner*>(node)->children[last ? node->count - 1 : 0];
  }
  if (node->count == 0) return {};  // the root, as long as nothing is in it
  return {static_cast<const Leaf*>(node), last ? node->count - 1 : 0};
}

bool TreeMemTable::Contains(const char* key) const {
  const Target target(InternalKeyOf(key));
  return Reading([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const Place place = Find(target);
    return place.leaf != nullptr && IsTarget(place, target);
  });
}

// ---- inserting ----

void TreeMemTable::Insert(rocksdb::KeyHandle handle) {
  const auto* entry = static_cast<const char*>(handle);
  const Target target(InternalKeyOf(entry));
  absl::MutexLock lock(&mutex_);
  ++version_;
  if (!InsertAtHint(target, entry)) InsertFromRoot(target, entry);
}

bool TreeMemTable::InsertAtHint(const Target& target, const char* entry) {
  if (hint_leaf_ == nullptr || hint_leaf_->full()) return false;
  if (!IsBefore(*hint_leaf_, hint_index_, target)) return false;
  const size_t at = hint_index_ + 1;
  if (at < hint_leaf_->count) {
    if (IsBefore(*hint_leaf_, at, target)) return false;
  } else if (hint_leaf_->next != nullptr && IsBefore(*hint_leaf_->next, 0, target)) {
    return false;
  }
  hint_leaf_->Insert(at, target.prefix, entry);
  hint_index_ = at;
  return true;
}

void TreeMemTable::InsertFromRoot(const Target& target, const char* entry) {
  struct Step {
    Inner* inner;
    size_t child;
  };
  std::array<Step, kHeightMax> path;
  Node* node = root_;
  for (size_t level = height_; level > 0; --level) {
    auto* inner = static_cast<Inner*>(node);
    path[level] = {inner, ChildOf(*inner, target)};
    node = inner->children[path[level].child];
    node->Prefetch();
  }
  auto* leaf = static_cast<Leaf*>(node);
  const size_t at = CountBefore(*leaf, target, /*from=*/0, /*and_equal=*/false);
  if (at < leaf->count && leaf->prefixes[at] == target.prefix) {
    newest_last_ = false;
  } else if (at > 0 && leaf->prefixes[at - 1] == target.prefix) {
    newest_last_ = true;
  }
  Node* made = InsertIntoLeaf(leaf, at, target.prefix, entry);
  for (size_t level = 1; made != nullptr && level <= height_; ++level) {
    made = InsertIntoInner(path[level].inner, path[level].child + 1, made);
  }
  if (made == nullptr) return;
  auto* root = New<Inner>();
  for (Node* child : {root_, made}) {
    root->children[root->count] = child;
    root->Insert(root->count, child->prefixes[0], child->entries[0]);
  }
  root_ = root;
  ++height_;
  assert(height_ < kHeightMax);
}

Leaf* TreeMemTable::InsertIntoLeaf(Leaf* leaf, size_t at, uint64_t prefix, const char* entry) {
  Leaf* made = nullptr;
  if (leaf->full()) {
    made = New<Leaf>();
    made->previous = leaf;
    made->next = leaf->next;
    if (made->next != nullptr) made->next->previous = made;
    leaf->next = made;
    // What is appended will go on being appended: it leaves a full leaf behind.
    if (at < kSlots) leaf->MoveTail(kSlots / 2, made);
    if (at >= leaf->count && (at > leaf->count || made->count == 0)) {
      at -= leaf->count;
      leaf = made;
    }
  }
  leaf->Insert(at, prefix, entry);
  hint_leaf_ = leaf;
  hint_index_ = at;
  return made;
}

Inner* TreeMemTable::InsertIntoInner(Inner* inner, size_t at, Node* child) {
  Inner* made = nullptr;
  if (inner->full()) {
    made = New<Inner>();
    const size_t left = at < kSlots ? kSlots / 2 : kSlots;
    std::copy(inner->children.begin() + static_cast<std::ptrdiff_t>(left), inner->children.end(),
              made->children.begin());
    inner->MoveTail(left, made);
    if (at > left || left == kSlots) {
      at -= left;
      inner = made;
    }
  }
  std::copy_backward(inner->children.data() + at, inner->children.data() + inner->count,
                     inner->children.data() + inner->count + 1);
  inner->children[at] = child;
  inner->Insert(at, child->prefixes[0], child->entries[0]);
  return made;
}

void TreeMemTable::Free(Node* node, size_t height) {
  if (height == 0) {
    delete static_cast<Leaf*>(node);
    return;
  }
  auto* inner = static_cast<Inner*>(node);
  for (size_t i = 0; i < inner->count; ++i) Free(inner->children[i], height - 1);
  delete inner;
}

// ---- iterating ----

// Stands on an entry, which stays where it is as long as the memtable lives; its place in the tree
// is looked up again where something was inserted meanwhile.
class TreeMemTable::TreeIterator : public rocksdb::MemTableRep::Iterator {
 public:
  TreeIterator(const TreeMemTable* table, bool returns_memory)
      : table_(table), returns_memory_(returns_memory) {}
  ~TreeIterator() override;
  TreeIterator(const TreeIterator&) = delete;
  TreeIterator& operator=(const TreeIterator&) = delete;

  bool Valid() const override { return entry_ != nullptr; }
  const char* key() const override { return entry_; }
  void Next() override {
    Move([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      Refresh();
      return Place{place_.leaf, place_.index + 1}.Settled();
    });
  }
  void Prev() override {
    Move([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      Refresh();
      return place_.Previous();
    });
  }
  void Seek(const rocksdb::Slice& internal_key, const char* /*memtable_key*/) override {
    const Target target(internal_key);
    Move([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return table_->Find(target); });
  }
  void SeekForPrev(const rocksdb::Slice& internal_key, const char* /*memtable_key*/) override {
    const Target target(internal_key);
    Move([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      const Place found = table_->Find(target);
      if (found.leaf == nullptr) return table_->Edge(/*last=*/true);
      return table_->IsTarget(found, target) ? found : found.Previous();
    });
  }
  void SeekToFirst() override {
    Move([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return table_->Edge(/*last=*/false); });
  }
  void SeekToLast() override {
    Move([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return table_->Edge(/*last=*/true); });
  }

 private:
  // Goes where `place` says, which nothing is inserted into meanwhile.
  template <typename F>
  void Move(F place) {
    table_->Reading([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      place_ = place();
      version_ = table_->version_;
      entry_ = place_.leaf == nullptr ? nullptr : place_.entry();
    });
  }
  void Refresh() ABSL_SHARED_LOCKS_REQUIRED(table_->mutex_) {
    if (version_ != table_->version_) place_ = table_->Find(Target(InternalKeyOf(entry_)));
  }

  const TreeMemTable* const table_;
  const bool returns_memory_;
  Place place_;
  uint64_t version_ = 0;
  const char* entry_ = nullptr;
};

// What a Get on this thread lends to RocksDB.
thread_local rocksdb::MemTableRep::Iterator* lent_iterator = nullptr;

// A LookupKey's bytes are none of RocksDB's public headers' business: its own Get seeks them, with
// an iterator which it asks for and leaves behind (memtable/memtablerep.cc of 7.8; its own
// memtables all have another Get). It gets one that ends here.
void TreeMemTable::Get(const rocksdb::LookupKey& key, void* arguments,
                       bool (*callback)(void* arguments, const char* entry)) {
  TreeIterator iterator(this, /*returns_memory=*/false);
  lent_iterator = &iterator;
  MemTableRep::Get(key, arguments, callback);
  lent_iterator = nullptr;
}

rocksdb::MemTableRep::Iterator* TreeMemTable::GetDynamicPrefixIterator(rocksdb::Arena* arena) {
  if (lent_iterator != nullptr) return std::exchange(lent_iterator, nullptr);
  return GetIterator(arena);
}

// RocksDB destroys some iterators without giving their memory back: it expects that to be in its
// arena, whose header it does not publish. Their memory is therefore kept by the thread that
// destroys them, for the next one it makes: nobody else can have it before the destructor has
// returned.
class SpareMemory {
 public:
  SpareMemory() = default;
  SpareMemory(const SpareMemory&) = delete;
  SpareMemory& operator=(const SpareMemory&) = delete;
  ~SpareMemory() {
    for (void* memory : spare_) ::operator delete(memory);
  }
  void* Take(size_t bytes) {
    if (spare_.empty()) return ::operator new(bytes);
    void* memory = spare_.back();
    spare_.pop_back();
    return memory;
  }
  void Keep(void* memory) {
    if (spare_.size() >= kSpareIterators) {
      ::operator delete(spare_.back());
      spare_.pop_back();
    }
    spare_.push_back(memory);
  }

 private:
  std::vector<void*> spare_;
};

thread_local SpareMemory spare_iterators;

TreeMemTable::TreeIterator::~TreeIterator() {
  if (returns_memory_) spare_iterators.Keep(this);
}

rocksdb::MemTableRep::Iterator* TreeMemTable::GetIterator(rocksdb::Arena* arena) {
  if (arena == nullptr) return new TreeIterator(this, /*returns_memory=*/false);
  return new (spare_iterators.Take(sizeof(TreeIterator)))
      TreeIterator(this, /*returns_memory=*/true);
}

}  // namespace

rocksdb::MemTableRep* TreeMemTableFactory::CreateMemTableRep(
    const rocksdb::MemTableRep::KeyComparator& compare, rocksdb::Allocator* allocator,
    const rocksdb::SliceTransform* /*prefix*/, rocksdb::Logger* /*logger*/) {
  return new TreeMemTable(compare, allocator);
}

}  // namespace kengred::storage
