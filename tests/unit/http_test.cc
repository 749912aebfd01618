// Goal: what C2SP tlog-tiles wants is served, to whom it is for, and nothing else. Method: requests
// to the handler over logs in memory of sizes around 256 and 65,536; what it serves is compared
// with hashes computed apart, literally as RFC 6962 says; every refusal; hostile paths; stores that
// fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "kengred/core/checkpoint.h"
#include "kengred/core/limits.h"
#include "kengred/core/merkle.h"
#include "kengred/core/tiles.h"
#include "kengred/core/token.h"
#include "server/http/log_handler.h"
#include "server/rules/state.h"
#include "server/sequence/batch_builder.h"
#include "server/sequence/tree.h"
#include "server/storage/memory_store.h"
#include "tests/support/community.h"

namespace kengred::http {
namespace {

using testing::Community;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kNowSeconds;
using testing::kToday;
using ::testing::Not;
using ::testing::StartsWith;

// A store whose reads can fail. What it is not asked for here aborts.
class FailingStore : public storage::Store {
 public:
  explicit FailingStore(storage::Store* store) : store_(store) {}

  absl::Status get_failure;
  absl::Status scan_failure;
  absl::Status journal_failure;
  // How many entries the journal pretends to end after.
  uint64_t journal_end = UINT64_MAX;

  absl::StatusOr<storage::Read> get(const std::vector<std::string>& keys) override {
    if (!get_failure.ok()) return get_failure;
    return store_->get(keys);
  }
  absl::StatusOr<storage::Scan> scan(std::string_view prefix, std::string_view after, size_t max,
                                     bool reverse) override {
    EXPECT_LE(max, kTileHashes);
    if (!scan_failure.ok()) return scan_failure;
    return store_->scan(prefix, after, max, reverse);
  }
  absl::StatusOr<storage::JournalPage> journal(uint64_t after, size_t max) override {
    EXPECT_LE(max, kTileHashes);
    if (!journal_failure.ok()) return journal_failure;
    if (after >= journal_end) return storage::JournalPage{};
    return store_->journal(after, max);
  }
  absl::StatusOr<storage::Head> head() override { std::abort(); }
  absl::StatusOr<storage::Head> acquire(std::string_view) override { std::abort(); }
  absl::StatusOr<storage::CommitResult> commit(const storage::Batch&) override { std::abort(); }
  absl::Status renew(uint64_t) override { std::abort(); }
  absl::Status release(uint64_t) override { std::abort(); }
  absl::StatusOr<storage::Head> wait_for(uint64_t, absl::Duration) override { std::abort(); }
  absl::Status erase(const std::vector<std::string>&) override { std::abort(); }

 private:
  storage::Store* const store_;
};

// RFC 6962, section 2.1, on leaf hashes.
Digest Mth(std::span<const Digest> leaves) {
  if (leaves.size() == 1) return leaves.front();
  size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  return NodeHash(Mth(leaves.first(split)), Mth(leaves.subspan(split)));
}

// A log whose entries are any bytes, with a few accounts beside it.
class Log {
 public:
  Log() : store_(storage::NewMemoryStore()), failing_(store_.get()) {
    epoch_ = store_->acquire("test")->epoch;
    std::vector<storage::Write> accounts;
    const auto open = [&](const std::string& name, v1::Role role, int32_t until_day) {
      v1::Account account;
      account.set_account_id(community_.account(name).ToBytes());
      *account.mutable_authority() = community_.holder(name).authority;
      v1::RoleGrant* grant = account.add_roles();
      grant->set_role(role);
      grant->set_until_day(until_day);
      accounts.push_back(
          {rules::key::Account(community_.account(name)), account.SerializeAsString()});
    };
    open("auditor", v1::ROLE_AUDITOR, kToday);
    open("alice", v1::ROLE_TREASURER, 0);
    open("bruno", v1::ROLE_AUDITOR, kToday - 1);
    Commit({"the charter"}, std::move(accounts));
  }

  // Appends entries until there are so many.
  void GrowTo(uint64_t size) {
    while (tree_.size() < size) {
      std::vector<std::string> entries;
      while (tree_.size() + entries.size() < size && entries.size() < kBatchTransactionsMax) {
        entries.push_back("entry " + std::to_string(tree_.size() + entries.size() + 1));
      }
      Commit(std::move(entries), {});
    }
  }
  void Append(std::string entry) { Commit({std::move(entry)}, {}); }

  // An answer, with what holds for each.
  net::HttpResponse Ask(const std::string& method, const std::string& target,
                        const std::vector<net::HttpHeader>& headers = {}) {
    net::HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers = headers;
    const access::TokenCheck tokens({community_.ledger_id(), community_.charter().address_prefix(),
                                     [this] { return now_seconds; }, [] { return kToday; }});
    LogHandlerOptions options;
    options.serve_entries = serve_entries;
    options.on_failure = [this](const std::string& why) { failures.push_back(why); };
    net::HttpResponse response = LogHandler(options, &failing_, &tokens).Handle(request);
    EXPECT_EQ(response.Header("X-Content-Type-Options"), "nosniff");
    EXPECT_TRUE(response.Header("Cache-Control").has_value());
    if (response.status != 200) {
      EXPECT_EQ(response.Header("Cache-Control"), "no-store") << target;
      EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
      EXPECT_TRUE(response.body.ends_with(".\n") || response.body.ends_with(")\n"))
          << response.body;
    }
    return response;
  }
  net::HttpResponse Get(const std::string& target) { return Ask("GET", target); }
  net::HttpResponse GetAs(const std::string& name, const std::string& target) {
    return Ask("GET", target, {{"authorization", Bearer(community_.token(name, kNowSeconds))}});
  }
  static std::string Bearer(const std::string& token) { return "Bearer " + token; }

  Community& community() { return community_; }
  FailingStore& store() { return failing_; }
  const std::vector<std::string>& entries() const { return entries_; }
  const std::vector<Digest>& leaves() const { return leaves_; }
  const std::string& checkpoint() const { return checkpoint_; }
  uint64_t size() const { return tree_.size(); }
  Digest root() const { return tree_.Root(); }

  int64_t now_seconds = kNowSeconds;
  bool serve_entries = true;
  std::vector<std::string> failures;

 private:
  void Commit(std::vector<std::string> entries, std::vector<storage::Write> writes) {
    storage::Batch batch;
    batch.epoch = epoch_;
    batch.first_sequence = tree_.size() + 1;
    batch.parent_hash = hash_;
    batch.journal = std::move(entries);
    sequence::AppendToTree(&tree_, &batch);
    const auto signer = community_.log_keys().front();
    checkpoint_ =
        *SignCheckpoint({signer->verifier_key().name(), tree_.size(), tree_.Root(), {}}, *signer);
    writes.push_back({rules::key::Checkpoint(tree_.size()), checkpoint_});
    std::move(writes.begin(), writes.end(), std::back_inserter(batch.writes));
    sequence::SortWrites(&batch.writes);
    const auto result = store_->commit(batch);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(*result, storage::CommitResult::kDurable);
    hash_ = batch.hash;
    for (const std::string& entry : batch.journal) {
      entries_.push_back(entry);
      leaves_.push_back(LeafHash(entry));
    }
  }

  Community community_;
  const std::unique_ptr<storage::Store> store_;
  FailingStore failing_;
  uint64_t epoch_ = 0;
  TreeFrontier tree_;
  storage::Hash hash_{};
  std::string checkpoint_;
  std::vector<std::string> entries_;
  std::vector<Digest> leaves_;
};

std::string Path(std::optional<uint32_t> level, uint64_t number, uint32_t width) {
  return "/" + *FormatTilePath({level, number, width});
}

// ---- what is served ----

TEST(Checkpoint, IsTheLastOne) {
  Log log;
  for (const uint64_t size : {1U, 2U, 300U}) {
    log.GrowTo(size);
    const net::HttpResponse response = log.Get("/checkpoint");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, log.checkpoint());
    EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
    EXPECT_EQ(response.Header("Cache-Control"), "no-cache");
    const VerifierKey key = log.community().log_keys().front()->verifier_key();
    const auto opened = OpenCheckpoint(response.body, {&key, 1});
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->checkpoint.size, size);
    EXPECT_EQ(opened->checkpoint.root, log.root());
  }
}

// Every tile of trees on both sides of each boundary, against the definition.
TEST(Tiles, AreTheHashesOfTheTree) {
  Log log;
  for (const uint64_t size :
       {1U, 2U, 255U, 256U, 257U, 511U, 512U, 65535U, 65536U, 65537U, 70000U}) {
    SCOPED_TRACE(size);
    log.GrowTo(size);
    TreeFrontier rebuilt;
    uint64_t below = 1;  // leaves below one hash of the level
    for (uint32_t level = 0; level <= kTileLevelMax; ++level) {
      const uint64_t hashes = level < 4 ? size / below : 0;
      uint64_t number = 0;
      for (; number * kTileHashes < hashes; ++number) {
        const auto width =
            static_cast<uint32_t>(std::min<uint64_t>(kTileHashes, hashes - number * kTileHashes));
        const net::HttpResponse response = log.Get(Path(level, number, width));
        ASSERT_EQ(response.status, 200) << level << " " << number << " " << width;
        EXPECT_EQ(response.content_type, "application/octet-stream");
        EXPECT_EQ(response.Header("Cache-Control"), "public, max-age=31536000, immutable");
        const auto tile = ParseTile(response.body);
        ASSERT_TRUE(tile.ok()) << tile.status();
        ASSERT_EQ(tile->size(), width);
        for (uint64_t i = 0; i < width; ++i) {
          const uint64_t first = (number * kTileHashes + i) * below;
          if (level == 0) {
            ASSERT_EQ((*tile)[i], log.leaves()[first]);
            rebuilt.Append((*tile)[i]);
          } else {
            ASSERT_EQ((*tile)[i], Mth(std::span(log.leaves()).subspan(first, below)));
          }
        }
        if (width == kTileHashes) continue;
        EXPECT_EQ(log.Get(Path(level, number, width + 1)).status, 404);
        EXPECT_EQ(log.Get(Path(level, number, kTileHashes)).status, 404);
      }
      EXPECT_EQ(log.Get(Path(level, number, 1)).status, 404);
      EXPECT_EQ(log.Get(Path(level, number, kTileHashes)).status, 404);
      EXPECT_EQ(log.Get(Path(level, number + 1, 1)).status, 404);
      EXPECT_EQ(log.Get(Path(level, kTileNumberMax, 1)).status, 404);
      if (level < 4) below *= kTileHashes;
    }
    EXPECT_EQ(rebuilt.size(), size);
    EXPECT_EQ(rebuilt.Root(), log.root());
  }
}

TEST(Tiles, StayWhenTheTreeHasGrownPastThem) {
  Log log;
  log.GrowTo(300);
  const std::string narrow = log.Get("/tile/0/001.p/44").body;
  ASSERT_EQ(narrow.size(), 44 * Digest::kSize);
  log.GrowTo(600);
  EXPECT_EQ(log.Get("/tile/0/001.p/44").body, narrow);
  EXPECT_EQ(log.Get("/tile/0/001.p/1").body, narrow.substr(0, Digest::kSize));
  const std::string full = log.Get("/tile/0/001").body;
  ASSERT_EQ(full.size(), kTileHashes * Digest::kSize);
  EXPECT_THAT(full, StartsWith(narrow));
}

TEST(Tiles, SayHowFarTheTreeReaches) {
  Log log;
  log.GrowTo(300);
  EXPECT_EQ(log.Get("/tile/0/001").body,
            "The tree of 300 entries does not reach there: this tile has 44 of the 256 asked "
            "for.\n");
  EXPECT_EQ(log.Get("/tile/5/000.p/1").body,
            "The tree of 300 entries does not reach there: this tile has 0 of the 1 asked for.\n");
}

TEST(Bundles, HoldTheEntriesOfTheLeaves) {
  Log log;
  log.GrowTo(600);
  for (const auto& [number, width] :
       std::vector<std::pair<uint64_t, uint32_t>>{{0, 256}, {1, 256}, {2, 88}, {2, 1}, {0, 255}}) {
    const net::HttpResponse response = log.GetAs("auditor", Path(std::nullopt, number, width));
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.content_type, "application/octet-stream");
    EXPECT_EQ(response.Header("Cache-Control"), "private, no-store");
    const auto entries = ParseEntryBundle(response.body);
    ASSERT_TRUE(entries.ok()) << entries.status();
    ASSERT_EQ(entries->size(), width);
    const auto tile = ParseTile(log.Get(Path(0, number, width)).body);
    for (uint32_t i = 0; i < width; ++i) {
      EXPECT_EQ((*entries)[i], log.entries()[number * kTileHashes + i]);
      EXPECT_EQ(LeafHash((*entries)[i]), (*tile)[i]);
    }
  }
  for (const char* path : {"/tile/entries/002", "/tile/entries/002.p/89", "/tile/entries/003.p/1",
                           "/tile/entries/x999/x999/x999/x999/x999/999"}) {
    EXPECT_EQ(log.GetAs("auditor", path).status, 404) << path;
  }
}

// A page of the journal ends at 4 MiB, a bundle does not.
TEST(Bundles, MayBeLargerThanAPageOfTheJournal) {
  Log log;
  for (int i = 0; i < 100; ++i) {
    log.Append(std::string(kBundleEntryBytesMax, static_cast<char>('a' + i % 26)));
  }
  const net::HttpResponse response = log.GetAs("auditor", "/tile/entries/000.p/101");
  ASSERT_EQ(response.status, 200);
  EXPECT_GT(response.body.size(), storage::kJournalPageBytesMax);
  const auto entries = ParseEntryBundle(response.body);
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(*entries, log.entries());
}

TEST(Bundles, CannotHoldALargeEntry) {
  Log log;
  log.Append(std::string(kBundleEntryBytesMax, 'a'));
  log.Append(std::string(kBundleEntryBytesMax + 1, 'b'));
  const net::HttpResponse response = log.GetAs("auditor", "/tile/entries/000.p/3");
  EXPECT_EQ(response.status, 422);
  EXPECT_THAT(response.body, StartsWith("Entry 3 has 65536 bytes"));
  EXPECT_THAT(response.body, HasSubstr("StreamEntries"));
  // A narrower one ends before it, and the hashes know no such limit.
  EXPECT_EQ(log.GetAs("auditor", "/tile/entries/000.p/2").status, 200);
  EXPECT_EQ(log.Get("/tile/0/000.p/3").status, 200);
}

// ---- how it is asked ----

TEST(Requests, HeadIsGetWithoutTheBody) {
  Log log;
  const std::string token = Log::Bearer(log.community().token("auditor", kNowSeconds));
  for (const char* path :
       {"/checkpoint", "/tile/0/000.p/1", "/tile/entries/000.p/1", "/tile/0/000", "/nothing"}) {
    const net::HttpResponse get = log.Ask("GET", path, {{"Authorization", token}});
    const net::HttpResponse head = log.Ask("HEAD", path, {{"Authorization", token}});
    EXPECT_EQ(head.status, get.status) << path;
    EXPECT_EQ(head.body, get.body) << path;
    EXPECT_EQ(head.headers, get.headers) << path;
  }
}

TEST(Requests, NothingCanBeChanged) {
  Log log;
  for (const char* method :
       {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", ""}) {
    for (const char* path : {"/checkpoint", "/tile/0/000.p/1", "/tile/entries/000.p/1"}) {
      const net::HttpResponse response = log.Ask(method, path);
      EXPECT_EQ(response.status, 405) << method << " " << path;
      EXPECT_EQ(response.Header("Allow"), "GET, HEAD");
    }
    EXPECT_EQ(log.Ask(method, "/nothing").status, 404);
  }
}

TEST(Requests, QueriesAreIgnored) {
  Log log;
  for (const char* query : {"?", "?x", "?x=/../tile/entries/000", "?a?b"}) {
    EXPECT_EQ(log.Get(std::string("/checkpoint") + query).body, log.checkpoint()) << query;
    EXPECT_EQ(log.Get(std::string("/tile/0/000.p/1") + query).status, 200) << query;
    EXPECT_EQ(log.Get(std::string("/tile/entries/000.p/1") + query).status, 401) << query;
  }
}

TEST(Requests, PathsThatAreNone) {
  Log log;
  log.GrowTo(600);
  std::vector<std::string> paths = {"", "/tile/0/ 01", "/tile/0/\xd9\xa0\xd9\xa0\xd9\xa0"};
  std::istringstream more(R"(
    / // * checkpoint tile/0/000 /checkpoint/ //checkpoint /Checkpoint /checkpoint.
    /checkpoint%20 /checkpoin%74 /./checkpoint http://localhost/checkpoint /tile /tile/
    /tile/0 /tile/0/ /tile//000 /tile/0/000/ /tile/0//000 //tile/0/000 /tile/0/../..
    /tile/0/../0/000 /tile/../checkpoint /tile/0/..%2f.. /tile/0/%2e%2e/%2e%2e
    /tile/0/000%2ep/1 /tile/%30/000 /tile/0/0 /tile/0/00 /tile/0/0000 /tile/0/x1 /tile/0/x001
    /tile/0/x000/000 /tile/0/001/000 /tile/0/x001/ /tile/0/X001/000 /tile/0/-01 /tile/0/+01
    /tile/0/1e1 /tile/0/0x1 /tile/-1/000 /tile/+0/000 /tile/00/000 /tile/01/000 /tile/64/000
    /tile/256/000 /tile/18446744073709551616/000 /tile/99999999999999999999999/000 /tile/a/000
    /tile/entries /tile/entries/ /tile/Entries/000 /tile/data/000 /tile/8/0/000 /tile/0/000.p
    /tile/0/000.p/ /tile/0/000.p/0 /tile/0/000.p/00 /tile/0/000.p/01 /tile/0/000.p/-1
    /tile/0/000.p/256 /tile/0/000.p/257 /tile/0/000.p/4294967297
    /tile/0/000.p/18446744073709551617 /tile/0/000.p/1/ /tile/0/000.p/1.p/1 /tile/0/000.p/x1
    /tile/0/000.P/1 /tile/0/000p/1 /tile/entries/000.p/0 /tile/entries/000.p/256
    /tile/entries/../0/000 /tile/0/x999/x999/x999/x999/x999/x999/999 /metrics /favicon.ico
    /index.html)");
  for (std::string path; more >> path;) paths.push_back(path);
  paths.push_back("/" + std::string(10'000, 'a'));
  paths.push_back("/tile/0/" + std::string(10'000, '0'));
  paths.push_back("/tile/" + std::string(10'000, '9') + "/000");
  paths.push_back("/tile/0/000.p/" + std::string(10'000, '1'));
  std::string deep = "/tile/0/";
  for (int i = 0; i < 2000; ++i) deep += "x001/";
  paths.push_back(deep + "000");
  paths.push_back(std::string("/tile/0/000\0", 12));
  paths.push_back(std::string("/checkpoint\0x", 13));
  for (const std::string& path : paths) {
    const net::HttpResponse response = log.Get(path);
    EXPECT_EQ(response.status, 404) << path;
    // What was asked is not said again: it may be anything.
    EXPECT_THAT(response.body, StartsWith("There is nothing here."));
    EXPECT_LT(response.body.size(), 300u);
  }
  EXPECT_THAT(log.failures, IsEmpty());
}

// ---- who may read entries ----

TEST(Auditors, OthersAreToldWhatToShow) {
  Log log;
  const std::string path = "/tile/entries/000.p/1";
  net::HttpResponse response = log.Get(path);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.Header("WWW-Authenticate"), "Bearer realm=\"entries\"");
  EXPECT_THAT(response.body, HasSubstr("(TOKEN_MISSING)"));

  for (const char* name : {"alice", "bruno"}) {  // somebody, and one whose role ended yesterday
    response = log.GetAs(name, path);
    EXPECT_EQ(response.status, 403) << name;
    EXPECT_EQ(response.Header("WWW-Authenticate"),
              "Bearer realm=\"entries\", error=\"insufficient_scope\"");
    EXPECT_THAT(response.body, HasSubstr("(READ_NOT_ALLOWED)"));
  }
  // Whether there is such a bundle is not theirs to know either.
  EXPECT_EQ(log.Get("/tile/entries/999").status, 401);
  EXPECT_EQ(log.GetAs("alice", "/tile/entries/999").status, 403);
}

TEST(Auditors, TokensThatAreNone) {
  Log log;
  const Community& community = log.community();
  const std::string good = community.token("auditor", kNowSeconds);
  const std::string prefix = community.charter().address_prefix();
  const AccountId auditor = community.account("auditor");
  std::vector<std::string> shown = {
      "", "Bearer", "Bearer ", "bearer", good, "Basic " + good, "Bearer  " + good,
      "Bearer " + good + " ", "Bearer " + good + "," + good, "Bearer " + good.substr(1),
      "Bearer " + good.substr(0, good.size() - 1), "Bearer " + std::string(8000, 'a'),
      // With a key that is not the account's, and for another ledger.
      Log::Bearer(
          MakeToken(community.key("alice"), auditor, prefix, community.ledger_id(), kNowSeconds)),
      Log::Bearer(MakeToken(community.key("auditor"), auditor, prefix, LedgerId(), kNowSeconds)),
      // Of an account that is not there.
      Log::Bearer(community.token("chloe", kNowSeconds))};
  for (const std::string& header : shown) {
    const net::HttpResponse response =
        log.Ask("GET", "/tile/entries/000.p/1", {{"Authorization", header}});
    EXPECT_EQ(response.status, 401) << header;
    EXPECT_EQ(response.Header("WWW-Authenticate"),
              "Bearer realm=\"entries\", error=\"invalid_token\"");
    EXPECT_THAT(response.body, HasSubstr("(TOKEN_INVALID)"));
  }
  // Two are ambiguous, even where both are good.
  EXPECT_EQ(log.Ask("GET", "/tile/entries/000.p/1",
                    {{"Authorization", Log::Bearer(good)}, {"AUTHORIZATION", Log::Bearer(good)}})
                .status,
            401);
  EXPECT_EQ(log.Ask("GET", "/tile/entries/000.p/1", {{"aUTHORIZATION", "bEARER " + good}}).status,
            200);

  log.now_seconds = kNowSeconds + 300;
  const net::HttpResponse late = log.GetAs("auditor", "/tile/entries/000.p/1");
  EXPECT_EQ(late.status, 401);
  EXPECT_THAT(late.body, HasSubstr("(TOKEN_EXPIRED)"));
  log.now_seconds = kNowSeconds + 299;
  EXPECT_EQ(log.GetAs("auditor", "/tile/entries/000.p/1").status, 200);
}

TEST(Auditors, WhatIsPublicNeedsNoTokenAndNoneHarms) {
  Log log;
  EXPECT_EQ(log.Ask("GET", "/checkpoint", {{"Authorization", "nonsense"}}).status, 200);
  EXPECT_EQ(log.Ask("GET", "/tile/0/000.p/1", {{"Authorization", "nonsense"}}).status, 200);
}

TEST(Auditors, NobodyReadsEntriesWhereOthersCouldListen) {
  Log log;
  log.serve_entries = false;
  const net::HttpResponse response = log.GetAs("auditor", "/tile/entries/000.p/1");
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body, HasSubstr("allow_plaintext"));
  EXPECT_EQ(log.Get("/tile/entries/000.p/1").status, 403);
  EXPECT_EQ(log.Get("/checkpoint").status, 200);
  EXPECT_EQ(log.Get("/tile/0/000.p/1").status, 200);
}

// ---- a machine that fails ----

TEST(Failures, AreToldApartAndNotInDetail) {
  Log log;
  log.GrowTo(300);
  const auto expect = [&log](const std::string& path, int status) {
    log.failures.clear();
    const net::HttpResponse response = log.GetAs("auditor", path);
    EXPECT_EQ(response.status, status) << path;
    EXPECT_THAT(response.body, Not(HasSubstr("secret.sst")));
    EXPECT_EQ(log.failures.size(), 1u) << path;
  };
  const std::vector<std::string> paths = {"/checkpoint", "/tile/0/000", "/tile/entries/000"};
  log.store().scan_failure = absl::UnavailableError("cannot read secret.sst");
  for (const std::string& path : paths) expect(path, 503);
  EXPECT_THAT(log.failures, ElementsAre(HasSubstr("secret.sst")));
  log.store().scan_failure = absl::DataLossError("secret.sst is damaged");
  for (const std::string& path : paths) expect(path, 500);
  log.store().scan_failure = absl::OkStatus();

  log.store().journal_failure = absl::ResourceExhaustedError("secret.sst");
  expect("/tile/entries/000", 503);
  log.store().journal_failure = absl::DataLossError("secret.sst");
  expect("/tile/entries/000", 500);
  log.store().journal_failure = absl::OkStatus();
  log.store().journal_end = 0;
  expect("/tile/entries/000", 500);

  // An account that cannot be read is not an account that is not there.
  log.store().get_failure = absl::DeadlineExceededError("secret.sst");
  expect("/tile/entries/000", 503);
  log.store().get_failure = absl::InternalError("secret.sst");
  expect("/tile/entries/000", 500);
}

TEST(Failures, AStoreWithoutHashesOrCheckpoint) {
  Community community;
  const std::unique_ptr<storage::Store> store = storage::NewMemoryStore();
  const access::TokenCheck tokens({community.ledger_id(), community.charter().address_prefix(),
                                   [] { return kNowSeconds; }, [] { return kToday; }});
  const LogHandler handler({}, store.get(), &tokens);
  net::HttpRequest request;
  request.method = "GET";
  request.target = "/checkpoint";
  EXPECT_EQ(handler.Handle(request).status, 500);

  storage::Batch batch;
  batch.epoch = store->acquire("test")->epoch;
  batch.first_sequence = 1;
  batch.journal = {"the charter"};
  batch.hash[0] = 1;
  batch.writes = {{rules::key::Checkpoint(1), "a note"}};
  ASSERT_EQ(*store->commit(batch), storage::CommitResult::kDurable);
  EXPECT_EQ(handler.Handle(request).status, 200);
  request.target = "/tile/0/000.p/1";
  EXPECT_EQ(handler.Handle(request).status, 500);
}

}  // namespace
}  // namespace kengred::http
