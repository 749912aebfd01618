// What every storage engine must do: one suite, run over each of them.
//
// Goal: whatever stands behind server/storage/store.h keeps the words of that header, so that
// nothing above it can tell engines apart. Method: each test drives one Engine through the public
// seam only; where the expected answer is not a constant it comes from a naive model (a std::map)
// driven with the same calls. To run an engine through it: derive from Engine, and
//
//   INSTANTIATE_TEST_SUITE_P(Name, StorageConformance, testing::Values(EngineMaker{...}));
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "kengred/core/limits.h"
#include "server/storage/store.h"

namespace kengred::storage {

// An engine under test, which starts empty.
class Engine {
 public:
  virtual ~Engine() = default;
  // The open store; a reference is good until Reopen().
  virtual Store& store() = 0;
  // Ends the process without a word and starts another on what was durable.
  virtual void Reopen() = 0;
  // Makes the next commit unknown, with all of it or none of it on disk.
  virtual void FailNextCommit(bool applied) = 0;
  // Whether these bytes stand anywhere in what a process leaves behind.
  virtual bool Holds(std::string_view bytes) = 0;
};

struct EngineMaker {
  std::string name;
  std::function<std::unique_ptr<Engine>()> make;

  friend std::ostream& operator<<(std::ostream& out, const EngineMaker& maker) {
    return out << maker.name;
  }
};

// A chain of hashes good enough for tests: it moves with every entry and never comes back.
inline Hash ChainForTest(Hash hash, const std::vector<std::string>& journal) {
  for (const std::string& entry : journal) {
    for (size_t i = 0; i < hash.size(); ++i) {
      const uint8_t mixed = i < entry.size() ? static_cast<uint8_t>(entry[i]) : 0;
      hash[i] = static_cast<uint8_t>(hash[i] * 31 + mixed + hash[(i + 1) % hash.size()]);
    }
    // The first bytes count, so that two hashes of one chain are never equal.
    for (size_t i = 0; i < 8 && ++hash[i] == 0; ++i) {
    }
    for (size_t i = 8; i < 12; ++i) hash[i] = static_cast<uint8_t>(hash[i] ^ hash[i - 8]);
  }
  return hash;
}

// A good batch on this head.
inline Batch BatchOn(const Head& head, std::vector<std::string> journal,
                     std::vector<Write> writes) {
  Batch batch;
  batch.epoch = head.epoch;
  batch.parent_hash = head.hash;
  batch.first_sequence = head.sequence + 1;
  batch.hash = ChainForTest(head.hash, journal);
  batch.journal = std::move(journal);
  batch.writes = std::move(writes);
  return batch;
}

// The head after this batch.
inline Head HeadAfter(const Batch& batch) {
  return {batch.epoch, batch.first_sequence + batch.journal.size() - 1, batch.hash};
}

inline Write Put(std::string key, std::string value) { return {std::move(key), std::move(value)}; }
inline Write Delete(std::string key) { return {std::move(key), std::nullopt}; }

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Entries = std::vector<std::pair<uint64_t, std::string>>;

MATCHER_P(HasCode, code, "has status code " + ::testing::PrintToString(code)) {
  const absl::Status status = [&] {
    if constexpr (std::is_same_v<std::decay_t<decltype(arg)>, absl::Status>) {
      return arg;
    } else {
      return arg.status();
    }
  }();
  *result_listener << "which is " << status.ToString();
  return status.code() == code;
}

class StorageConformance : public ::testing::TestWithParam<EngineMaker> {
 protected:
  StorageConformance() : engine_(GetParam().make()) {}

  Store& store() { return engine_->store(); }

  Head Acquire(std::string_view writer = "writer") {
    absl::StatusOr<Head> head = store().acquire(writer);
    EXPECT_TRUE(head.ok()) << head.status();
    return head.value_or(Head());
  }

  // Commits a good batch on the head, which must be durable, and moves the head.
  void Commit(Head* head, std::vector<std::string> journal, std::vector<Write> writes) {
    const Batch batch = BatchOn(*head, std::move(journal), std::move(writes));
    absl::StatusOr<CommitResult> result = store().commit(batch);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(*result, CommitResult::kDurable);
    *head = HeadAfter(batch);
  }

  // The store must refuse the batch as `want` says, and be as it was.
  void ExpectRefused(const Batch& batch, absl::StatusOr<CommitResult> want) {
    const std::string before = Everything();
    const absl::StatusOr<CommitResult> got = store().commit(batch);
    EXPECT_EQ(got.status().code(), want.status().code()) << got.status();
    if (got.ok() && want.ok()) {
      EXPECT_EQ(*got, *want);
    }
    EXPECT_EQ(Everything(), before);
  }

  std::optional<std::string> Get(const std::string& key) {
    absl::StatusOr<Read> read = store().get({key});
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() ? read->values.at(0) : std::nullopt;
  }

  Pairs ScanAll(std::string_view prefix = "", std::string_view after = "", size_t max = 1'000'000,
                bool reverse = false) {
    absl::StatusOr<Scan> scan = store().scan(prefix, after, max, reverse);
    EXPECT_TRUE(scan.ok()) << scan.status();
    return scan.ok() ? scan->pairs : Pairs();
  }

  Entries Journal(uint64_t after = 0, size_t max = 1'000'000) {
    absl::StatusOr<JournalPage> page = store().journal(after, max);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? page->entries : Entries();
  }

  Head CurrentHead() {
    absl::StatusOr<Head> head = store().head();
    EXPECT_TRUE(head.ok()) << head.status();
    return head.value_or(Head());
  }

  // All that a store shows, in one string.
  std::string Everything() {
    const Head head = CurrentHead();
    std::string all = std::to_string(head.epoch) + "/" + std::to_string(head.sequence) + "/" +
                      std::string(head.hash.begin(), head.hash.end());
    for (const auto& [key, value] : ScanAll()) all += "\n" + key + "=" + value;
    for (const auto& [sequence, entry] : Journal()) {
      all += "\n" + std::to_string(sequence) + ":" + entry;
    }
    return all;
  }

  const std::unique_ptr<Engine> engine_;
};

// ---- opening ----

TEST_P(StorageConformance, AFreshStoreIsEmpty) {
  EXPECT_EQ(CurrentHead(), Head());
  absl::StatusOr<Read> read = store().get({"account", "Sname"});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->sequence, 0U);
  EXPECT_THAT(read->values, ::testing::ElementsAre(std::nullopt, std::nullopt));
  EXPECT_THAT(ScanAll(), ::testing::IsEmpty());
  EXPECT_THAT(Journal(), ::testing::IsEmpty());
}

TEST_P(StorageConformance, ReopeningKeepsEverything) {
  Head head = Acquire();
  Commit(&head, {"one", "two"}, {Put("Sname", "Maëlle"), Put("a", "1"), Put("b", "2")});
  Commit(&head, {"three"}, {Delete("a"), Put("c", "3")});
  const std::string before = Everything();
  engine_->Reopen();
  EXPECT_EQ(Everything(), before);
  EXPECT_EQ(CurrentHead(), head);
  EXPECT_THAT(Journal(),
              ::testing::ElementsAre(::testing::Pair(1U, "one"), ::testing::Pair(2U, "two"),
                                     ::testing::Pair(3U, "three")));
}

// ---- the writer ----

TEST_P(StorageConformance, EveryAcquireGivesAGreaterEpoch) {
  EXPECT_EQ(Acquire().epoch, 1U);
  EXPECT_EQ(Acquire().epoch, 2U);
  EXPECT_EQ(CurrentHead().epoch, 2U);
  engine_->Reopen();
  EXPECT_EQ(CurrentHead().epoch, 2U);
  EXPECT_EQ(Acquire().epoch, 3U);
}

TEST_P(StorageConformance, AcquireAnswersWhereTheStoreStands) {
  Head head = Acquire();
  Commit(&head, {"one", "two"}, {});
  const Head again = Acquire();
  EXPECT_EQ(again.sequence, 2U);
  EXPECT_EQ(again.hash, head.hash);
}

TEST_P(StorageConformance, AWriterHasAName) {
  EXPECT_THAT(store().acquire(""), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(store().acquire(std::string(kWriterBytesMax + 1, 'w')),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(CurrentHead().epoch, 0U);
  EXPECT_EQ(Acquire(std::string(kWriterBytesMax, 'w')).epoch, 1U);
}

TEST_P(StorageConformance, AcquireFencesTheEarlierWriter) {
  Head first = Acquire("first");
  Commit(&first, {"one"}, {Put("k", "1")});
  Head second = Acquire("second");

  ExpectRefused(BatchOn(first, {"two"}, {Put("k", "2")}), CommitResult::kFenced);
  const absl::Status renewed = store().renew(first.epoch);
  EXPECT_THAT(renewed, HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(renewed.message()), ::testing::HasSubstr("second"));
  EXPECT_THAT(store().release(first.epoch), HasCode(absl::StatusCode::kFailedPrecondition));

  EXPECT_TRUE(store().renew(second.epoch).ok());
  Commit(&second, {"two"}, {Put("k", "3")});
  EXPECT_EQ(Get("k"), "3");
}

TEST_P(StorageConformance, NobodyCommitsBeforeAcquiring) {
  Batch batch = BatchOn(Head(), {"one"}, {});
  ExpectRefused(batch, absl::InvalidArgumentError(""));
  batch.epoch = 1;
  ExpectRefused(batch, CommitResult::kFenced);
}

TEST_P(StorageConformance, AReleasedEpochIsFenced) {
  Head head = Acquire("first");
  Commit(&head, {"one"}, {});
  EXPECT_THAT(store().release(head.epoch + 1), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_TRUE(store().release(head.epoch).ok());

  ExpectRefused(BatchOn(head, {"two"}, {}), CommitResult::kFenced);
  EXPECT_THAT(store().renew(head.epoch), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(store().release(head.epoch), HasCode(absl::StatusCode::kFailedPrecondition));
  engine_->Reopen();
  ExpectRefused(BatchOn(head, {"two"}, {}), CommitResult::kFenced);

  Head next = Acquire("second");
  EXPECT_GT(next.epoch, head.epoch);
  Commit(&next, {"two"}, {});
}

// ---- commit ----

TEST_P(StorageConformance, ACommitWritesEverythingAtOnce) {
  Head head = Acquire();
  Commit(&head, {"one", "two"}, {Put("Sname", "Maëlle"), Put("a", "1")});
  EXPECT_EQ(CurrentHead(), head);
  EXPECT_EQ(head.sequence, 2U);
  absl::StatusOr<Read> read = store().get({"a", "Sname", "missing", "a"});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->sequence, 2U);
  EXPECT_THAT(read->values, ::testing::ElementsAre("1", "Maëlle", std::nullopt, "1"));
  EXPECT_THAT(Journal(),
              ::testing::ElementsAre(::testing::Pair(1U, "one"), ::testing::Pair(2U, "two")));

  Commit(&head, {}, {Delete("Sname"), Put("a", "2"), Delete("never was")});
  EXPECT_EQ(CurrentHead().sequence, 2U);
  EXPECT_THAT(ScanAll(), ::testing::ElementsAre(::testing::Pair("a", "2")));
}

TEST_P(StorageConformance, KeysAndValuesAreBytes) {
  const std::string zero("a\0b", 3);
  const std::string high("\xff\xff", 2);
  Head head = Acquire();
  Commit(&head, {std::string("\0\n\xff", 3), ""},
         {Put("a", ""), Put(zero, zero), Put("b", high), Put(high, std::string(1, '\0'))});
  engine_->Reopen();
  EXPECT_THAT(ScanAll(),
              ::testing::ElementsAre(::testing::Pair("a", ""), ::testing::Pair(zero, zero),
                                     ::testing::Pair("b", high),
                                     ::testing::Pair(high, std::string(1, '\0'))));
  EXPECT_THAT(Journal(), ::testing::ElementsAre(::testing::Pair(1U, std::string("\0\n\xff", 3)),
                                                ::testing::Pair(2U, "")));
}

TEST_P(StorageConformance, ACommitOnAnotherHeadIsFenced) {
  Head head = Acquire();
  const Head empty = head;
  Commit(&head, {"one"}, {Put("k", "1")});
  ExpectRefused(BatchOn(empty, {"other one"}, {Put("k", "2")}), CommitResult::kFenced);

  Batch batch = BatchOn(head, {"two"}, {Put("k", "2")});
  ++batch.epoch;
  ExpectRefused(batch, CommitResult::kFenced);
  batch = BatchOn(head, {"two"}, {Put("k", "2")});
  batch.parent_hash[31] ^= 1;
  ExpectRefused(batch, CommitResult::kFenced);
  // The same commit twice is one built on another head, too.
  batch = BatchOn(head, {"two"}, {Put("k", "2")});
  Commit(&head, {"two"}, {Put("k", "2")});
  ExpectRefused(batch, CommitResult::kFenced);
}

TEST_P(StorageConformance, AGapInTheJournalIsRefused) {
  Head head = Acquire();
  Commit(&head, {"one", "two"}, {});
  for (uint64_t wrong : {0U, 1U, 2U, 4U}) {
    Batch batch = BatchOn(head, {"three"}, {});
    batch.first_sequence = wrong;
    ExpectRefused(batch, absl::InvalidArgumentError(""));
  }
  Commit(&head, {"three"}, {});
}

TEST_P(StorageConformance, UnsortedWritesAreRefused) {
  const Head head = Acquire();
  const auto invalid = absl::InvalidArgumentError("");
  ExpectRefused(BatchOn(head, {"one"}, {Put("b", "1"), Put("a", "1")}), invalid);
  ExpectRefused(BatchOn(head, {"one"}, {Put("a", "1"), Put("a", "2")}), invalid);
  ExpectRefused(BatchOn(head, {"one"}, {Put("a", "1"), Delete("a")}), invalid);
  // Bytes compare unsigned.
  ExpectRefused(BatchOn(head, {"one"}, {Put("\x80", "1"), Put("\x7f", "2")}), invalid);
}

TEST_P(StorageConformance, KeysOfNobodyAndOfTheEngineAreRefused) {
  const Head head = Acquire();
  const std::string engine_key = std::string(1, kEnginePrefix) + "head";
  const auto invalid = absl::InvalidArgumentError("");
  ExpectRefused(BatchOn(head, {"one"}, {Put("", "1")}), invalid);
  ExpectRefused(BatchOn(head, {"one"}, {Put(engine_key, "1")}), invalid);
  ExpectRefused(BatchOn(head, {"one"}, {Delete(engine_key)}), invalid);
  EXPECT_THAT(store().get({"a", ""}), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(store().get({engine_key}), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ScanAll(std::string(1, kEnginePrefix)), ::testing::IsEmpty());
}

TEST_P(StorageConformance, TheHashMovesWithTheJournal) {
  const Head head = Acquire();
  const auto invalid = absl::InvalidArgumentError("");
  Batch batch = BatchOn(head, {"one"}, {});
  batch.hash = batch.parent_hash;
  ExpectRefused(batch, invalid);
  batch = BatchOn(head, {}, {Put("a", "1")});
  batch.hash[0] ^= 1;
  ExpectRefused(batch, invalid);
}

TEST_P(StorageConformance, ABatchHasALimit) {
  Head head = Acquire();
  // Keys, values and entries count alike: 1 + 1 + the rest.
  const std::string rest(kBatchBytesMax - 2, 'v');
  ExpectRefused(BatchOn(head, {"e"}, {Put("k", rest + "v")}), absl::InvalidArgumentError(""));
  ExpectRefused(BatchOn(head, {rest + "e"}, {Put("k", "v")}), absl::InvalidArgumentError(""));
  ExpectRefused(BatchOn(head, {"e"}, {Delete("k" + rest + "k")}), absl::InvalidArgumentError(""));
  Commit(&head, {"e"}, {Put("k", rest)});
  engine_->Reopen();
  EXPECT_EQ(Get("k"), rest);
}

// ---- reading ----

TEST_P(StorageConformance, GetOfNothing) {
  absl::StatusOr<Read> read = store().get({});
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(read->values, ::testing::IsEmpty());
}

TEST_P(StorageConformance, ScanBounds) {
  Head head = Acquire();
  Commit(&head, {"one"},
         {Put("R1", "r"), Put("S1", "s1"), Put("S2", "s2"), Put("T1", "t"), Put("a", "-"),
          Put("a1", "1"), Put("a2", "2"), Put("a3", "3"), Put("b", "-"), Put("\xff", "f"),
          Put("\xff\xff", "ff"), Put("\xff\xff\xff", "fff")});
  auto keys = [this](std::string_view prefix, std::string_view after, size_t max, bool reverse) {
    std::string found;
    for (const auto& [key, value] : ScanAll(prefix, after, max, reverse)) found += key + " ";
    return found;
  };
  // By prefix.
  EXPECT_EQ(keys("a", "", 100, false), "a a1 a2 a3 ");
  EXPECT_EQ(keys("a", "", 100, true), "a3 a2 a1 a ");
  EXPECT_EQ(keys("S", "", 100, false), "S1 S2 ");
  EXPECT_EQ(keys("c", "", 100, false), "");
  EXPECT_EQ(keys("\xff\xff", "", 100, false), "\xff\xff \xff\xff\xff ");
  EXPECT_EQ(keys("\xff\xff", "", 100, true), "\xff\xff\xff \xff\xff ");
  // All, side records in their place.
  EXPECT_EQ(keys("", "", 100, false), "R1 S1 S2 T1 a a1 a2 a3 b \xff \xff\xff \xff\xff\xff ");
  EXPECT_EQ(keys("", "", 100, true), "\xff\xff\xff \xff\xff \xff b a3 a2 a1 a T1 S2 S1 R1 ");
  EXPECT_EQ(keys("", "R1", 3, false), "S1 S2 T1 ");
  EXPECT_EQ(keys("", "a", 3, true), "T1 S2 S1 ");
  // After, which need not exist, and max.
  EXPECT_EQ(keys("a", "a1", 100, false), "a2 a3 ");
  EXPECT_EQ(keys("a", "a1", 1, false), "a2 ");
  EXPECT_EQ(keys("a", "a1x", 100, false), "a2 a3 ");
  EXPECT_EQ(keys("a", "a3", 100, false), "");
  EXPECT_EQ(keys("a", "a2", 100, true), "a1 a ");
  EXPECT_EQ(keys("a", "a2", 1, true), "a1 ");
  EXPECT_EQ(keys("a", "a1x", 100, true), "a1 a ");
  EXPECT_EQ(keys("a", "a", 100, true), "");
  EXPECT_EQ(keys("a", "", 0, false), "");
  // After outside of the prefix.
  EXPECT_EQ(keys("a", "S1", 100, false), "a a1 a2 a3 ");
  EXPECT_EQ(keys("a", "z", 100, false), "");
  EXPECT_EQ(keys("a", "S1", 100, true), "");
  EXPECT_EQ(keys("a", "z", 100, true), "a3 a2 a1 a ");

  absl::StatusOr<Scan> scan = store().scan("a", "", 100);
  ASSERT_TRUE(scan.ok());
  EXPECT_EQ(scan->sequence, 1U);
}

TEST_P(StorageConformance, TheJournalComesInPages) {
  Head head = Acquire();
  for (int i = 0; i < 10; ++i) {
    Commit(&head,
           {"entry " + std::to_string(3 * i + 1), "entry " + std::to_string(3 * i + 2),
            "entry " + std::to_string(3 * i + 3)},
           {});
  }
  EXPECT_THAT(Journal(0, 2), ::testing::ElementsAre(::testing::Pair(1U, "entry 1"),
                                                    ::testing::Pair(2U, "entry 2")));
  EXPECT_THAT(Journal(28, 100), ::testing::ElementsAre(::testing::Pair(29U, "entry 29"),
                                                       ::testing::Pair(30U, "entry 30")));
  EXPECT_THAT(Journal(30, 100), ::testing::IsEmpty());
  EXPECT_THAT(Journal(31, 100), ::testing::IsEmpty());
  EXPECT_THAT(Journal(UINT64_MAX, 100), ::testing::IsEmpty());
  EXPECT_THAT(Journal(0, 0), ::testing::IsEmpty());

  Entries all;
  while (true) {
    const Entries page = Journal(all.size(), 7);
    if (page.empty()) break;
    all.insert(all.end(), page.begin(), page.end());
  }
  ASSERT_EQ(all.size(), 30U);
  for (uint64_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].first, i + 1);
    EXPECT_EQ(all[i].second, "entry " + std::to_string(i + 1));
  }
}

TEST_P(StorageConformance, APageOfTheJournalHasALimitOfBytes) {
  constexpr size_t kEntryBytes = kBatchBytesMax - 1024;
  constexpr size_t kPerPage = kJournalPageBytesMax / kEntryBytes;
  Head head = Acquire();
  for (size_t i = 0; i < kPerPage + 2; ++i) {
    Commit(&head, {std::string(kEntryBytes, static_cast<char>('a' + i))}, {});
  }
  const Entries page = Journal(0);
  EXPECT_EQ(page.size(), kPerPage);
  EXPECT_EQ(Journal(page.size()).size(), 2U);
}

TEST_P(StorageConformance, EveryReadIsOfOneMomentAndSaysWhich) {
  // Each commit writes its sequence under three keys, of state and side; readers must never see two
  // different ones together, nor one that is not the sequence they are told.
  constexpr uint64_t kCommits = 300;
  std::atomic<bool> done = false;
  auto read = [this, &done] {
    uint64_t reads = 0;
    for (uint64_t last = 0; !done || reads < 10; ++reads) {
      absl::StatusOr<Read> got = store().get({"a", "Sx", "z"});
      ASSERT_TRUE(got.ok()) << got.status();
      const std::optional<std::string> want =
          got->sequence == 0 ? std::nullopt : std::make_optional(std::to_string(got->sequence));
      EXPECT_THAT(got->values, ::testing::Each(want));
      EXPECT_GE(got->sequence, last);
      last = got->sequence;

      absl::StatusOr<Scan> scanned = store().scan("", "", 100, reads % 2 == 0);
      ASSERT_TRUE(scanned.ok()) << scanned.status();
      EXPECT_GE(scanned->sequence, last);
      last = scanned->sequence;
      EXPECT_EQ(scanned->pairs.size(), last == 0 ? 0U : 3U);
      for (const auto& [key, value] : scanned->pairs) EXPECT_EQ(value, std::to_string(last));

      absl::StatusOr<JournalPage> page = store().journal(0, 1'000'000);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_GE(page->entries.size(), last);
      absl::StatusOr<Head> head = store().head();
      ASSERT_TRUE(head.ok());
      EXPECT_GE(head->sequence, page->entries.size());
    }
  };
  std::thread first(read);
  std::thread second(read);
  Head head = Acquire();
  for (uint64_t i = 1; i <= kCommits; ++i) {
    const std::string value = std::to_string(i);
    Commit(&head, {value}, {Put("Sx", value), Put("a", value), Put("z", value)});
  }
  done = true;
  first.join();
  second.join();
}

// ---- waiting ----

TEST_P(StorageConformance, WaitForAnswersAtOnceWhatIsReached) {
  Head head = Acquire();
  Commit(&head, {"one", "two"}, {});
  for (uint64_t sequence : {0U, 1U, 2U}) {
    absl::StatusOr<Head> reached = store().wait_for(sequence, absl::ZeroDuration());
    ASSERT_TRUE(reached.ok()) << reached.status();
    EXPECT_EQ(*reached, head);
  }
}

TEST_P(StorageConformance, WaitForTimesOut) {
  EXPECT_THAT(store().wait_for(1, absl::ZeroDuration()),
              HasCode(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(store().wait_for(1, absl::Milliseconds(5)),
              HasCode(absl::StatusCode::kDeadlineExceeded));
}

TEST_P(StorageConformance, WaitForIsWokenByTheCommit) {
  Head head = Acquire();
  std::vector<std::thread> waiters;
  std::atomic<int> woken = 0;
  for (int i = 0; i < 4; ++i) {
    waiters.emplace_back([this, &woken] {
      absl::StatusOr<Head> reached = store().wait_for(2, absl::InfiniteDuration());
      EXPECT_TRUE(reached.ok()) << reached.status();
      EXPECT_GE(reached.value_or(Head()).sequence, 2U);
      ++woken;
    });
  }
  Commit(&head, {"one"}, {});
  EXPECT_EQ(woken, 0);
  Commit(&head, {"two"}, {});
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(woken, 4);
}

TEST_P(StorageConformance, WaitForIsWokenByAFault) {
  Head head = Acquire();
  Commit(&head, {"one"}, {});
  std::thread waiter([this] {
    EXPECT_THAT(store().wait_for(2, absl::InfiniteDuration()),
                HasCode(absl::StatusCode::kUnavailable));
  });
  engine_->FailNextCommit(/*applied=*/true);
  EXPECT_THAT(store().commit(BatchOn(head, {"two"}, {})).value_or(CommitResult::kDurable),
              CommitResult::kUnknown);
  waiter.join();
  // What was reached before is still so.
  absl::StatusOr<Head> reached = store().wait_for(1, absl::ZeroDuration());
  ASSERT_TRUE(reached.ok()) << reached.status();
  EXPECT_EQ(*reached, head);
}

// ---- faults ----

TEST_P(StorageConformance, AfterAFaultNothingIsAcceptedUntilOpenedAgain) {
  for (const bool applied : {false, true}) {
    SCOPED_TRACE(applied ? "applied" : "not applied");
    Head head = Acquire();
    Commit(&head, {"known"}, {Put("Sside", "known"), Put("k", "known")});
    const Pairs pairs = ScanAll();
    const Entries entries = Journal();

    engine_->FailNextCommit(applied);
    const Batch unknown =
        BatchOn(head, {"unknown"}, {Put("Sside", "unknown"), Put("k", "unknown")});
    absl::StatusOr<CommitResult> result = store().commit(unknown);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(*result, CommitResult::kUnknown);

    // For good, whatever is asked.
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(store().commit(unknown).value_or(CommitResult::kDurable), CommitResult::kUnknown);
      EXPECT_THAT(store().renew(head.epoch), HasCode(absl::StatusCode::kUnavailable));
      EXPECT_THAT(store().release(head.epoch), HasCode(absl::StatusCode::kUnavailable));
      EXPECT_THAT(store().acquire("another"), HasCode(absl::StatusCode::kUnavailable));
      EXPECT_THAT(store().erase({"Sside"}), HasCode(absl::StatusCode::kUnavailable));
      EXPECT_THAT(store().head(), HasCode(absl::StatusCode::kUnavailable));
    }
    // What is known to be durable is still shown, and nothing else.
    EXPECT_EQ(ScanAll(), pairs);
    EXPECT_EQ(Journal(), entries);
    EXPECT_EQ(Get("k"), "known");

    engine_->Reopen();
    EXPECT_EQ(CurrentHead(), applied ? HeadAfter(unknown) : head);
    EXPECT_EQ(Get("k"), applied ? "unknown" : "known");
    EXPECT_EQ(Get("Sside"), applied ? "unknown" : "known");
    EXPECT_EQ(Journal().size(), entries.size() + (applied ? 1 : 0));
  }
}

// ---- erasure ----

TEST_P(StorageConformance, ErasureLeavesNoTrace) {
  Head head = Acquire();
  const std::string key = "Sprofile-of-Gwenola";
  Commit(&head, {"admitted"},
         {Put("S0", "an earlier neighbour"), Put(key, "Gwenola Le Bihan, first address"),
          Put("Szz", "a later neighbour"), Put("k", "state")});
  engine_->Reopen();
  Commit(&head, {"moved"}, {Put(key, "Gwenola Le Bihan, second address")});
  // Tests that would pass on an engine that hides its bytes prove nothing.
  ASSERT_TRUE(engine_->Holds("second address"));
  ASSERT_TRUE(engine_->Holds("neighbour"));

  ASSERT_TRUE(store().erase({key}).ok());
  for (std::string_view trace : {"Gwenola", "first address", "second address"}) {
    EXPECT_FALSE(engine_->Holds(trace)) << trace;
  }
  EXPECT_THAT(ScanAll(), ::testing::ElementsAre(::testing::Pair("S0", "an earlier neighbour"),
                                                ::testing::Pair("Szz", "a later neighbour"),
                                                ::testing::Pair("k", "state")));
  EXPECT_EQ(CurrentHead(), head);
  EXPECT_EQ(Journal().size(), 2U);

  // Again, and of what never was.
  EXPECT_TRUE(store().erase({key, "Snobody"}).ok());
  EXPECT_TRUE(store().erase({}).ok());
  Commit(&head, {"after"}, {Put("Sab", "a new neighbour")});
  engine_->Reopen();
  EXPECT_FALSE(engine_->Holds("Gwenola"));
  EXPECT_EQ(CurrentHead(), head);
  EXPECT_EQ(Get("S0"), "an earlier neighbour");
}

TEST_P(StorageConformance, OnlySideRecordsAreErased) {
  Head head = Acquire();
  Commit(&head, {"one"}, {Put("Sx", "side"), Put("k", "state")});
  const std::string before = Everything();
  for (const std::string& key : {std::string("k"), std::string(), std::string(1, kEnginePrefix)}) {
    EXPECT_THAT(store().erase({"Sx", key}), HasCode(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_EQ(Everything(), before);
}

TEST_P(StorageConformance, ErasureAmongReaders) {
  // Readers hold old moments of the store; what they hold must not keep erased bytes in files.
  Head head = Acquire();
  std::atomic<bool> done = false;
  auto read = [this, &done] {
    while (!done) {
      absl::StatusOr<Scan> scan = store().scan("S", "", 1000);
      ASSERT_TRUE(scan.ok()) << scan.status();
      absl::StatusOr<Read> got = store().get({"Sperson", "Sother"});
      ASSERT_TRUE(got.ok()) << got.status();
    }
  };
  std::thread first(read);
  std::thread second(read);
  for (int i = 0; i < 5; ++i) {
    const std::string secret = "secret number " + std::to_string(i) + ";";
    Commit(&head, {"entry"}, {Put("Sother", "stays"), Put("Sperson", secret)});
    EXPECT_TRUE(engine_->Holds(secret));
    EXPECT_TRUE(store().erase({"Sperson"}).ok());
    EXPECT_FALSE(engine_->Holds(secret));
  }
  done = true;
  first.join();
  second.join();
  EXPECT_EQ(Get("Sother"), "stays");
}

// ---- all of it together ----

TEST_P(StorageConformance, RandomLifeAgainstAModel) {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    auto below = [&random](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
    // A few hundred keys over four first bytes, side records among them.
    auto some_key = [&below] {
      return std::string(1, "RSTa"[below(4)]) + std::to_string(below(100));
    };
    std::map<std::string, std::string> model;
    for (const auto& [key, value] : ScanAll()) model[key] = value;
    Entries model_journal = Journal();
    Head head = Acquire();

    for (int step = 0; step < 250; ++step) {
      const uint32_t choice = below(100);
      if (choice < 70) {
        std::map<std::string, std::optional<std::string>> changes;
        for (uint32_t i = below(20); i > 0; --i) {
          changes[some_key()] =
              below(4) == 0
                  ? std::nullopt
                  : std::make_optional(std::string(below(600), static_cast<char>(random())));
        }
        std::vector<std::string> journal;
        for (uint32_t i = below(4); i > 0; --i) journal.emplace_back(below(400), 'j');
        std::vector<Write> writes;
        for (const auto& [key, value] : changes) writes.push_back({key, value});

        const uint32_t fault = below(20);
        const Batch batch = BatchOn(head, journal, writes);
        if (fault < 2) engine_->FailNextCommit(/*applied=*/fault == 0);
        const CommitResult want = fault < 2 ? CommitResult::kUnknown : CommitResult::kDurable;
        ASSERT_EQ(store().commit(batch).value_or(CommitResult::kFenced), want);
        if (fault != 1) {
          for (const auto& [key, value] : changes) {
            if (value) {
              model[key] = *value;
            } else {
              model.erase(key);
            }
          }
          for (const std::string& entry : journal) {
            model_journal.emplace_back(model_journal.size() + 1, entry);
          }
          head = HeadAfter(batch);
        }
        if (fault < 2) {
          engine_->Reopen();
          ASSERT_EQ(CurrentHead(), head);
          head = Acquire();
        }
      } else if (choice < 90) {
        const std::string prefix = below(2) == 0 ? "" : some_key().substr(0, 1 + below(2));
        const std::string after = below(3) == 0 ? "" : some_key();
        const size_t max = below(50);
        const bool reverse = below(2) == 0;
        Pairs want;
        for (const auto& [key, value] : model) {
          const bool in =
              key.starts_with(prefix) && (after.empty() || (reverse ? key < after : after < key));
          if (in) want.emplace_back(key, value);
        }
        if (reverse) std::reverse(want.begin(), want.end());
        if (want.size() > max) want.resize(max);
        ASSERT_EQ(ScanAll(prefix, after, max, reverse), want);
      } else if (choice < 92) {
        const std::string key = "S" + std::to_string(below(100));
        ASSERT_TRUE(store().erase({key}).ok());
        model.erase(key);
      } else if (choice < 96) {
        engine_->Reopen();
        head = Acquire();
      } else {
        head = Acquire();
      }
      ASSERT_EQ(CurrentHead(), head);
    }
    EXPECT_EQ(ScanAll(), Pairs(model.begin(), model.end()));
    EXPECT_EQ(Journal(), model_journal);
  }
}

}  // namespace kengred::storage
